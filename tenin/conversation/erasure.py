"""Taking away what a customer said: their words, their pages, what Rasa remembers of them.

Rows that others are counted by or linked to stay without words: that there was a conversation,
when, in which language, how long a person was waited for and what mark was given. A turn that
runs is waited for, so that what it did to an order is said and done first; whoever serves finds
the conversation ended. Nobody gets into it any more.

Other rooms' rows (examples marked at the desk) are taken away beside it by `tenin.forgetting`.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import delete, or_, select, update
from sqlalchemy.orm import Session

from tenin.clock import utcnow
from tenin.conversation import ownership
from tenin.conversation.consent import answers_of
from tenin.conversation.identity import owner_of
from tenin.conversation.models import (
    Conversation,
    DeliveryStatus,
    Handoff,
    InboxRow,
    InboxStatus,
    Line,
    MailConsent,
    MailContent,
    Offer,
    OutboxRow,
    Owner,
    PageConsent,
    PageView,
    ProvedOrder,
    RestockWish,
    SignedIn,
    TrackerEvent,
    TrackerSnapshot,
    WebSession,
)
from tenin.conversation.transcript import lock_conversation

SUPPRESSED_BY = "erased"


class TurnRunsError(Exception):
    """The bot is in the middle of an answer: to be tried again when that is over."""


def erase(session: Session, conversation_ids: Sequence[str], now: datetime | None = None) -> None:
    """Take away what was said in these conversations, and end them and their sessions.

    Erased again, nothing changes. Either all of them are erased, or none.

    Raises:
        NoSuchConversation: if there is none of one of the ids.
        TurnRunsError: while a turn of the bot runs in one of them.
    """
    now = now or utcnow()
    # In one order, so that two who erase the same never wait for each other.
    for conversation_id in sorted(conversation_ids):
        conversation = lock_conversation(session, conversation_id)
        if conversation.erased_at is None:
            _erase(session, conversation, now)


def _erase(session: Session, conversation: Conversation, now: datetime) -> None:
    if conversation.lease_until is not None and conversation.lease_until > now:
        raise TurnRunsError(conversation.id)
    if conversation.owner != Owner.BOT.value:
        ownership.abandon(session, conversation, now)
    session.flush()
    customer = owner_of(session, conversation.id)
    _words(session, conversation.id, now)
    _mail(session, conversation.id, now)
    for model in (
        Offer,
        PageConsent,
        PageView,
        ProvedOrder,
        RestockWish,
        SignedIn,
        TrackerEvent,
        TrackerSnapshot,
        WebSession,
    ):
        _delete(session, model, model.conversation_id == conversation.id)
    if customer is not None:
        _mail_of(session, customer)
    # A turn whose lease ran out finds by both that it is too late.
    conversation.lease_token = conversation.lease_until = None
    conversation.epoch += 1
    conversation.signs, conversation.told = [], None
    conversation.updated_at = conversation.erased_at = now
    session.flush()


def _words(session: Session, conversation_id: str, now: datetime) -> None:
    _update(session, Line, conversation_id, text="", buttons=[], cards=[])
    _update(session, InboxRow, conversation_id, text="", payload=None, address=None, error=None)
    _update(session, Handoff, conversation_id, rating_word=None)
    session.execute(
        update(InboxRow)
        .where(
            InboxRow.conversation_id == conversation_id,
            InboxRow.status == InboxStatus.WAITING.value,
        )
        .values(status=InboxStatus.ERASED.value, done_at=now)
        .execution_options(synchronize_session="fetch")
    )


def _mail(session: Session, conversation_id: str, now: datetime) -> None:
    """No mail is left, neither sent nor to be sent, nor an address that was given here."""
    outbox = select(OutboxRow.id).where(OutboxRow.conversation_id == conversation_id)
    _delete(session, MailContent, MailContent.outbox_id.in_(outbox))
    _update(session, OutboxRow, conversation_id, error=None)
    session.execute(
        update(OutboxRow)
        .where(
            OutboxRow.conversation_id == conversation_id,
            OutboxRow.status == DeliveryStatus.PENDING.value,
        )
        .values(status=DeliveryStatus.SUPPRESSED.value, error=SUPPRESSED_BY)
        .execution_options(synchronize_session="fetch")
    )
    own = [f"conversation:{conversation_id}", answers_of(conversation_id)]
    of_wishes = MailConsent.holder.startswith(f"restock:{conversation_id}:")
    _delete(session, MailConsent, or_(MailConsent.holder.in_(own), of_wishes))


def _mail_of(session: Session, customer: str) -> None:
    """An address for all conversations of a customer goes with the last of them."""
    others = select(SignedIn.conversation_id).where(SignedIn.customer_id == customer).limit(1)
    if session.execute(others).first() is None:
        _delete(session, MailConsent, MailConsent.holder == f"customer:{customer}")


def _update(session: Session, model: Any, conversation_id: str, **values: Any) -> None:
    session.execute(
        update(model)
        .where(model.conversation_id == conversation_id)
        .values(**values)
        .execution_options(synchronize_session="fetch")
    )


def _delete(session: Session, model: Any, condition: Any) -> None:
    session.execute(delete(model).where(condition).execution_options(synchronize_session="fetch"))
