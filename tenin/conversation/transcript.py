"""The transcript: what was said, in order, and by whom.

Every line of a conversation, in or out, is added here and nowhere else, so that
its number, the offers behind its buttons and its place in the outbox agree.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from tenin.clock import utcnow
from tenin.conversation.models import (
    Author,
    Conversation,
    DeliveryStatus,
    Line,
    Offer,
    OutboxRow,
    Visibility,
)

FILE = "file"  # the type of a card that is a file


class NoSuchConversation(LookupError):
    """There is no conversation with this id, or nothing is left of it."""


@dataclass(frozen=True)
class Reply:
    """Something to say to the customer.

    `buttons` are (title, payload) pairs; the payload stays on the server and the
    customer's side is given an id for it.
    """

    text: str
    buttons: Sequence[tuple[str, str]] = ()
    cards: Sequence[Mapping[str, Any]] = field(default=())


def new_conversation(
    session: Session, channel: str, language: str, now: datetime | None = None
) -> Conversation:
    """Begin a conversation, owned by the bot."""
    now = now or utcnow()
    conversation = Conversation(
        id=uuid.uuid4().hex, channel=channel, language=language, created_at=now, updated_at=now
    )
    session.add(conversation)
    session.flush()
    return conversation


def lock_conversation(session: Session, conversation_id: str) -> Conversation:
    """The conversation, held until the transaction ends.

    On PostgreSQL by a row lock; on SQLite the write transaction itself is the lock.

    Raises:
        NoSuchConversation: if there is none.
    """
    conversation = session.execute(
        select(Conversation)
        .where(Conversation.id == conversation_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).scalar_one_or_none()
    if conversation is None:
        raise NoSuchConversation(conversation_id)
    found: Conversation = conversation
    return found


def lock_for_customer(session: Session, conversation_id: str) -> Conversation:
    """As `lock_conversation`, for what a customer does: nobody goes on with what was erased.

    Raises:
        NoSuchConversation: if there is none, or it was erased.
    """
    conversation = lock_conversation(session, conversation_id)
    if conversation.erased_at is not None:
        raise NoSuchConversation(conversation_id)
    return conversation


def add_line(
    session: Session,
    conversation: Conversation,
    author: Author,
    reply: Reply,
    *,
    name: str | None = None,
    key: str | None = None,
    visibility: Visibility = Visibility.ALL,
    inbox_id: int | None = None,
    now: datetime | None = None,
) -> Line:
    """Add a line to a locked conversation, its offers, and its outbox row if it goes out.

    A line of the bot, an agent or the system is pending delivery; with visibility
    `desk` it is suppressed: agents see it, the customer never does. A note goes nowhere.
    """
    now = now or utcnow()
    conversation.last_line += 1
    conversation.updated_at = now
    number = conversation.last_line
    offers = [
        Offer(
            id=uuid.uuid4().hex,
            conversation_id=conversation.id,
            line_number=number,
            title=title,
            payload=payload,
        )
        for title, payload in reply.buttons
    ]
    line = Line(
        conversation_id=conversation.id,
        number=number,
        author=author.value,
        name=name,
        text=reply.text,
        buttons=[{"id": offer.id, "title": offer.title} for offer in offers],
        cards=[dict(card) for card in reply.cards],
        key=key,
        visibility=visibility.value,
        at=now,
    )
    session.add(line)
    if visibility is Visibility.ALL:
        session.add_all(offers)
    if author not in (Author.CUSTOMER, Author.NOTE):
        status = (
            DeliveryStatus.PENDING if visibility is Visibility.ALL else DeliveryStatus.SUPPRESSED
        )
        session.add(
            OutboxRow(
                conversation_id=conversation.id,
                line_number=number,
                channel=conversation.channel,
                inbox_id=inbox_id,
                epoch=conversation.epoch,
                status=status.value,
                at=now,
            )
        )
    session.flush()
    return line


def lines_after(
    session: Session, conversation_id: str, number: int, limit: int = 500, desk: bool = False
) -> list[Line]:
    """Lines numbered above `number`, oldest first; without `desk` only the customer's to see."""
    wanted = (
        select(Line)
        .where(Line.conversation_id == conversation_id, Line.number > number)
        .order_by(Line.number)
        .limit(limit)
    )
    if not desk:
        wanted = wanted.where(Line.visibility == Visibility.ALL.value)
    return list(session.execute(wanted).scalars())


def words_of(line: Line) -> str:
    """A line in words alone, for whoever can't be shown the file that it carries: then its name."""
    names = [str(card["name"]) for card in line.cards if card.get("type") == FILE]
    return "\n".join(filter(None, [str(line.text), *names]))


def recent_texts(session: Session, conversation_id: str, count: int = 8) -> list[str]:
    """What was last said to the customer, oldest first."""
    texts = session.execute(
        select(Line.text)
        .where(
            Line.conversation_id == conversation_id,
            Line.author != Author.CUSTOMER.value,
            Line.visibility == Visibility.ALL.value,
        )
        .order_by(Line.number.desc())
        .limit(count)
    ).scalars()
    return list(texts)[::-1]


def find_offer(session: Session, conversation_id: str, offer_id: str) -> Offer | None:
    """The offer of this id if it was made in this conversation."""
    offer = session.get(Offer, offer_id)
    return offer if offer is not None and offer.conversation_id == conversation_id else None
