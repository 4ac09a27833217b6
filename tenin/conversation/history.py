"""One customer's conversations on all their devices, as one history; and all that is kept of them.

Both are for whoever is signed in now by the shop's word: a session alone opens its own
conversation, never the customer's others (`tenin.channels.privacy`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from tenin.clock import utcnow
from tenin.conversation.consent import answers_of
from tenin.conversation.files import files_of
from tenin.conversation.identity import customer_of, owner_of
from tenin.conversation.models import (
    Conversation,
    Handoff,
    Line,
    MailConsent,
    PageConsent,
    ProvedOrder,
    RestockWish,
    SignedIn,
    Visibility,
)
from tenin.conversation.page_views import views_of

PAGE = 50
LARGEST_ID = 2**63 - 1


class NotSignedInError(Exception):
    """The conversation is a customer's, or one is asked for, and nobody is signed in now."""


@dataclass(frozen=True)
class Page:
    """Lines of earlier conversations, oldest first; `before` asks for those before them, if any.

    `until` is when the customer's being signed in ends.
    """

    lines: list[Line]
    before: int | None
    until: datetime


def own_conversations(
    session: Session, conversation_id: str, now: datetime | None = None
) -> list[str]:
    """What whoever holds this conversation may see and erase: it, or all of the customer's.

    Raises:
        NotSignedInError: if it is a customer's who isn't signed in (any more).
    """
    customer = customer_of(session, conversation_id, now)
    if customer is not None:
        return _conversations_of(session, customer)
    if owner_of(session, conversation_id) is not None:
        raise NotSignedInError(conversation_id)
    return [conversation_id]


def earlier_lines(
    session: Session,
    conversation_id: str,
    before: int | None = None,
    limit: int = PAGE,
    now: datetime | None = None,
) -> Page:
    """What the customer of a conversation saw in their others, the latest before a line.

    Args:
        before: the number, over all conversations, of a line that is known already.

    Raises:
        NotSignedInError: if nobody is signed in now.
    """
    now = now or utcnow()
    customer = customer_of(session, conversation_id, now)
    signed_in = session.get(SignedIn, conversation_id)
    if customer is None or signed_in is None:
        raise NotSignedInError(conversation_id)
    others = [each for each in _conversations_of(session, customer) if each != conversation_id]
    wanted = (
        select(Line)
        .where(
            Line.conversation_id.in_(others),
            Line.visibility == Visibility.ALL.value,
            Line.id < (before if before is not None else LARGEST_ID),
        )
        .order_by(Line.id.desc())
        .limit(limit + 1)
    )
    found = list(session.execute(wanted).scalars())
    lines = found[:limit][::-1]
    more = len(found) > limit
    return Page(lines, int(lines[0].id) if more else None, signed_in.until)


def kept_of(session: Session, conversation_ids: Sequence[str]) -> dict[str, Any]:
    """All that is kept of these conversations' customer, in plain values."""
    holders = [
        holder for each in conversation_ids for holder in (f"conversation:{each}", answers_of(each))
    ]
    owners = {owner for each in conversation_ids if (owner := owner_of(session, each)) is not None}
    holders += [f"customer:{owner}" for owner in owners]
    of_wishes = [MailConsent.holder.startswith(f"restock:{each}:") for each in conversation_ids]
    mail = select(MailConsent).where(or_(MailConsent.holder.in_(holders), *of_wishes))
    return {
        "customer": next(iter(owners), None),
        "mail_addresses": [
            {
                "address": row.address,
                "given_at": _moment(row.given_at),
                "withdrawn_at": _moment(row.withdrawn_at),
            }
            for row in session.execute(mail.order_by(MailConsent.given_at)).scalars()
        ],
        "conversations": [_conversation(session, each) for each in conversation_ids],
    }


def _conversations_of(session: Session, customer: str) -> list[str]:
    wanted = (
        select(Conversation.id)
        .join(SignedIn, SignedIn.conversation_id == Conversation.id)
        .where(SignedIn.customer_id == customer, Conversation.erased_at.is_(None))
        .order_by(Conversation.created_at, Conversation.id)
    )
    return [str(each) for each in session.execute(wanted).scalars()]


def _conversation(session: Session, conversation_id: str) -> dict[str, Any]:
    conversation = session.get(Conversation, conversation_id)
    consent = session.get(PageConsent, conversation_id)

    def of(model: Any, order: Any, *also: Any) -> list[Any]:
        rows = select(model).where(model.conversation_id == conversation_id, *also)
        return list(session.execute(rows.order_by(order)).scalars())

    return {
        "begun_at": _moment(conversation.created_at),
        "language": conversation.language,
        "lines": [
            {
                "author": line.author,
                "name": line.name,
                "text": line.text,
                "cards": line.cards,
                "at": _moment(line.at),
            }
            for line in of(Line, Line.number, Line.visibility == Visibility.ALL.value)
        ],
        "pages_agreed": None if consent is None else consent.agreed,
        "pages": [
            {
                "path": view.path,
                "title": view.title,
                "sku": view.sku,
                "kind": view.kind,
                "seconds": view.seconds,
                "at": _moment(view.at),
            }
            for view in views_of(session, conversation_id)
        ],
        "ratings": [
            {"rating": each.rating, "word": each.rating_word, "at": _moment(each.rated_at)}
            for each in of(Handoff, Handoff.id, Handoff.rated_at.is_not(None))
        ],
        "files": files_of(session, [conversation_id]),
        "orders_proved": [row.order_number for row in of(ProvedOrder, ProvedOrder.at)],
        "restock_wishes": [
            {
                "sku": wish.sku,
                "wished_at": _moment(wish.wished_at),
                "told_at": _moment(wish.told_at),
            }
            for wish in of(RestockWish, RestockWish.id)
        ],
    }


def _moment(at: datetime | None) -> str | None:
    return None if at is None else at.isoformat().replace("+00:00", "Z")
