"""Wishes to hear that a product is back: kept by conversation, told there, each once.

`tenin.restock_watch` looks at the shop and calls `tell`; a welcome that names a wish tells it
with the commit of its turn (`tenin.conversation.turns`). What is told and that it was told are
one transaction, so that neither a crash nor a second process says it twice.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import String, and_, cast, exists, literal, select
from sqlalchemy.orm import Session

from tenin.clock import utcnow
from tenin.conversation.consent import address_given_for_wish, give_consent, withdraw_for_wish
from tenin.conversation.delivery import EMAIL
from tenin.conversation.models import (
    Conversation,
    DeliveryStatus,
    Line,
    OutboxRow,
    RestockWish,
    SignedIn,
)
from tenin.conversation.notices import notify
from tenin.conversation.transcript import lock_conversation
from tenin.conversation.voice import Voice

# A slot of the turn that named wishes in a welcome: their numbers.
TOLD_SLOT = "restock_told"


@dataclass(frozen=True)
class Wish:
    """A wish, and the language of the conversation that it was made in."""

    id: int
    conversation_id: str
    sku: str
    language: str


def reference(conversation_id: str) -> str:
    """What stands for a contact in the shop's own list, where a customer gave none."""
    return f"chat:{conversation_id}"


def wish(
    session: Session,
    conversation_id: str,
    sku: str,
    address: str | None = None,
    now: datetime | None = None,
) -> None:
    """Note that a conversation's customer wants to hear of a product, once for each product.

    Wished again the newest word on the address counts; wished again after it was told, it will
    be told again.

    Args:
        address: where to mail the notice to, besides telling it in the conversation.

    Raises:
        BadAddressError: if it is no address.
        NoSuchConversation: if there is none of that id.
    """
    now = now or utcnow()
    lock_conversation(session, conversation_id)
    row = session.execute(
        select(RestockWish).where(
            RestockWish.conversation_id == conversation_id, RestockWish.sku == sku
        )
    ).scalar_one_or_none()
    if row is None:
        session.add(RestockWish(conversation_id=conversation_id, sku=sku, times=1, wished_at=now))
    elif row.told_at is not None:
        row.times += 1
        row.wished_at, row.told_at, row.welcomed_at = now, None, None
    session.flush()
    if address is None:
        withdraw_for_wish(session, conversation_id, sku, now)
    else:
        give_consent(session, conversation_id, address, now, wish=sku)


def take_back(session: Session, conversation_id: str, sku: str) -> None:
    """Forget a wish that nobody needs to be told of."""
    lock_conversation(session, conversation_id)
    row = session.execute(
        select(RestockWish).where(
            RestockWish.conversation_id == conversation_id, RestockWish.sku == sku
        )
    ).scalar_one_or_none()
    if row is not None:
        withdraw_for_wish(session, conversation_id, sku)
        session.delete(row)
        session.flush()


def waiting_for(session: Session) -> dict[str, list[str]]:
    """The products that untold wishes are for, by the language they are to be told in."""
    found: dict[str, list[str]] = {}
    rows = session.execute(
        select(Conversation.language, RestockWish.sku)
        .join(Conversation, Conversation.id == RestockWish.conversation_id)
        .where(RestockWish.told_at.is_(None))
        .distinct()
    )
    for language, sku in rows:
        found.setdefault(str(language), []).append(str(sku))
    return found


def untold(
    session: Session, skus: Collection[str], *, after: int = 0, limit: int = 100
) -> list[Wish]:
    """Wishes for these products that nobody was told of, numbered above `after`, oldest first."""
    return _wishes(
        session,
        RestockWish.told_at.is_(None),
        RestockWish.sku.in_(list(skus)),
        RestockWish.id > after,
        limit=limit,
    )


def of_customer(session: Session, customer_id: str, limit: int = 20) -> list[Wish]:
    """What a customer wished for in any of their conversations, and has not been shown since.

    Neither as a notice that reached their browser, nor in a welcome.
    """
    key = literal("restock:") + cast(RestockWish.id, String) + ":" + cast(RestockWish.times, String)
    read = exists().where(
        and_(
            Line.conversation_id == RestockWish.conversation_id,
            Line.key == key,
            OutboxRow.conversation_id == Line.conversation_id,
            OutboxRow.line_number == Line.number,
            OutboxRow.channel != EMAIL,
            OutboxRow.status == DeliveryStatus.DELIVERED.value,
        )
    )
    return _wishes(
        session,
        RestockWish.conversation_id.in_(
            select(SignedIn.conversation_id).where(SignedIn.customer_id == customer_id)
        ),
        RestockWish.welcomed_at.is_(None),
        ~read,
        limit=limit,
    )


def contacts(session: Session, wishes: Iterable[Wish]) -> list[tuple[str, str]]:
    """Product and contact of each wish as the shop's own list has it."""
    found = []
    for each in wishes:
        address = address_given_for_wish(session, each.conversation_id, each.sku)
        known = [reference(each.conversation_id)] + ([address] if address else [])
        found += [(each.sku, contact) for contact in known]
    return found


def tell(
    session: Session,
    wished: Wish,
    names: Mapping[str, str],
    voice: Voice,
    now: datetime | None = None,
) -> bool:
    """Tell a wish in its conversation, and by mail where that was agreed to; once.

    Args:
        names: the product's name by language.

    Returns:
        Whether it was told now; False if it was before, is gone, or has no name in its language.
    """
    now = now or utcnow()
    # The conversation before the wish, as everywhere, so that no two wait for each other.
    conversation = lock_conversation(session, wished.conversation_id)
    row = session.execute(
        select(RestockWish)
        .where(RestockWish.id == wished.id)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).scalar_one_or_none()
    if row is None or row.told_at is not None or conversation.language not in names:
        return False
    notify(
        session,
        conversation.id,
        "utter_restock_back",
        {"product": names[conversation.language]},
        voice,
        key=f"restock:{row.id}:{row.times}",
        wish=row.sku,
        now=now,
    )
    row.told_at = now
    session.flush()
    return True


def named_in_welcome(session: Session, ids: Iterable[int], now: datetime | None = None) -> None:
    """A welcome named these wishes: no other will, and who was not told yet is told by it."""
    now = now or utcnow()
    rows = session.execute(
        select(RestockWish)
        .where(RestockWish.id.in_(list(ids)))
        .order_by(RestockWish.id)
        .with_for_update()
    ).scalars()
    for row in rows:
        row.welcomed_at = now
        row.told_at = row.told_at or now
    session.flush()


def told_in(events: Iterable[Mapping[str, Any]]) -> list[int]:
    """The wishes that the welcome of a turn named, by the turn's events."""
    told: list[int] = []
    for event in events:
        if event.get("event") == "slot" and event.get("name") == TOLD_SLOT:
            told = [int(each) for each in event.get("value") or ()]
    return told


def _wishes(session: Session, *conditions: Any, limit: int) -> list[Wish]:
    rows = session.execute(
        select(RestockWish.id, RestockWish.conversation_id, RestockWish.sku, Conversation.language)
        .join(Conversation, Conversation.id == RestockWish.conversation_id)
        .where(*conditions)
        .order_by(RestockWish.id)
        .limit(limit)
    )
    return [Wish(*row) for row in rows]
