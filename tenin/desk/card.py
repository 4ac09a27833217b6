"""The case card: what an agent sees of a customer beside the transcript.

`known` reads the conversation's database, `case_card` asks the shop, live and within a limit. An
agent sees orders of this conversation's customer alone: all of them where the customer is signed
in, else those that were proved here.
"""

from __future__ import annotations

import asyncio
import contextvars
import logging
import time
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any, TypeVar

from sqlalchemy import select
from sqlalchemy.orm import Session

from tenin.conversation import tracker
from tenin.conversation.consent import consented_address
from tenin.conversation.identity import customer_of, proved_orders
from tenin.conversation.models import Conversation, Handoff, InboxRow, TrackerEvent
from tenin.conversation.page_views import views_of
from tenin.conversation.transcript import NoSuchConversation
from tenin.conversation.wish import APOLOGY, NOT_UNDERSTOOD, need_said
from tenin.language.menus import Menus
from tenin.shop.catalogue import products_by_sku
from tenin.shop.deadline import until
from tenin.shop.interface import Order, Shop, ShopError

MOST_TRIED = 12
MOST_EVENTS = 600  # of a tracker, for the turns that are shown
MOST_ORDERS = 10
MOST_EARLIER = 10
MOST_PAGES = 10
SHOP_SECONDS = 3.0
# The bot asks for a new proof after an hour; an agent who answers later still sees the order.
PROVED = timedelta(days=30)
ANSWERED, FAILED, MISSED = "answered", "failed", "not_understood"
NO_SHOP = "shop_unreachable"
# What says something of the customer's case, in the order it is shown.
SHOWN_SLOTS = (
    "order_number",
    "order",
    "contact",
    "order_need",
    "product",
    "purpose",
    "budget",
    "preference",
    "notice_mail",
)
NO_NEED = {"page_lingering", "page_opened", "nlu_fallback", "out_of_scope"}

T = TypeVar("T")
logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Known:
    """What the conversation's own database says: the card without the shop, and whom to ask for."""

    card: dict[str, Any]
    customer_id: str | None
    proved: frozenset[str]
    language: str


def known(
    session: Session,
    conversation_id: str,
    menus: Menus,
    reader: str,
) -> Known:
    """Read what is known of a case.

    Args:
        session: of the conversations' database.
        reader: the agent's language, for titles.

    Raises:
        NoSuchConversation: if there is none of that id.
    """
    conversation = session.get(Conversation, conversation_id)
    if conversation is None or conversation.erased_at is not None:
        raise NoSuchConversation(conversation_id)
    customer_id = customer_of(session, conversation_id)
    slots = tracker.slots(tracker.load(session, conversation_id))
    card = {
        "customer": {
            "signed_in": customer_id is not None,
            "id": customer_id,
            "name": None,
            "address": consented_address(session, conversation_id),
        },
        "category": conversation.category,
        "category_title": _title(menus, conversation.category, reader),
        "language": conversation.language,
        "slots": [
            {"name": name, "value": _plain(slots[name])}
            for name in SHOWN_SLOTS
            if slots.get(name) not in (None, "", [], {})
        ],
        "orders": [],
        "tried": _tried(session, conversation_id, menus, reader),
        "priority": conversation.priority,
        "signs": list(conversation.signs or []),
        "reason": conversation.reason,
        "pages": _pages(session, conversation_id),
        "earlier": _earlier(session, conversation),
    }
    proved = proved_orders(session, conversation_id, PROVED)
    return Known(card, customer_id, proved, conversation.language)


def with_products(session: Session, found: Known, reader: str) -> Known:
    """The card with the products looked at named as the catalogue does, in the agent's language.

    Args:
        session: of the shop's goods.
    """
    skus = [page["sku"] for page in found.card["pages"] if page["sku"]]
    names = {good.sku: good.name for good in products_by_sku(session, skus, reader)}
    pages = [{**page, "product": names.get(page["sku"])} for page in found.card["pages"]]
    return replace(found, card={**found.card, "pages": pages})


async def case_card(shop: Shop, found: Known, reader: str) -> dict[str, Any]:
    """The whole card; with a shop that is slow or down, an error in place of the orders.

    Args:
        shop: asked off the event loop, for three seconds at most.
        found: what `known` read.
        reader: the agent's language, in which goods are named.
    """
    card = {**found.card, "customer": dict(found.card["customer"])}
    if found.customer_id is None and not found.proved:
        return card
    try:
        name, orders = await in_time(lambda: _asked(shop, found, reader))
    except (ShopError, asyncio.TimeoutError) as error:
        logger.warning("the shop could not be asked for a case card: %r", error)
        return {**card, "orders": NO_SHOP}
    except Exception:
        logger.exception("the shop could not be asked for a case card")
        return {**card, "orders": NO_SHOP}
    card["customer"]["name"] = name
    return {**card, "orders": [shown_order(order) for order in orders]}


async def in_time(work: Callable[[], T], seconds: float = SHOP_SECONDS) -> T:
    """Run blocking work of the shop off the event loop. Raises asyncio.TimeoutError."""
    end = time.monotonic() + seconds

    def run() -> T:
        with until(end):
            return work()

    called = contextvars.copy_context().run
    running = asyncio.get_running_loop().run_in_executor(_threads(), called, run)
    return await asyncio.wait_for(running, seconds)


def customer_name(shop: Shop, customer_id: str | None) -> str | None:
    """The name of a signed-in customer; None if nobody is, or it isn't known. Blocks."""
    customer = shop.customer(customer_id) if customer_id is not None else None
    return None if customer is None else customer.name


def shown_order(order: Order) -> dict[str, Any]:
    """An order as the card shows it; days as ISO dates, an amount as a text."""
    return {
        "number": order.number,
        "status": order.status,
        "placed_at": order.placed_on.isoformat(),
        "total": {"amount": str(order.total), "currency": order.currency},
        "items": [
            {
                "sku": item.sku,
                "name": item.name,
                "size": item.size,
                "colour": item.colour,
                "quantity": item.quantity,
                "price": str(item.price),
            }
            for item in order.items
        ],
        "carrier": order.carrier,
        "tracking": order.tracking_number,
        "expected": order.expected_on.isoformat() if order.expected_on else None,
        "delivered": order.delivered_on.isoformat() if order.delivered_on else None,
        "destination": order.destination,
    }


@lru_cache(maxsize=1)
def _threads() -> ThreadPoolExecutor:
    """Threads of their own: a shop that hangs must not take those of the database."""
    return ThreadPoolExecutor(8, "card")


def _asked(shop: Shop, found: Known, reader: str) -> tuple[str | None, list[Order]]:
    orders: dict[str, Order] = {}
    if found.customer_id is not None:
        for order in shop.orders(found.customer_id, reader, MOST_ORDERS):
            orders[order.number] = order
    for number in sorted(found.proved - orders.keys()):
        one = shop.order(number, reader)
        if one is not None:
            orders[one.number] = one
    newest = sorted(orders.values(), key=lambda each: (each.placed_on, each.number), reverse=True)
    return customer_name(shop, found.customer_id), newest[:MOST_ORDERS]


def _tried(
    session: Session, conversation_id: str, menus: Menus, reader: str
) -> list[dict[str, Any]]:
    """What the customer wanted of the bot and what came of it, the oldest first."""
    rows = session.execute(
        select(TrackerEvent.event, TrackerEvent.inbox_id, InboxRow.received_at)
        .outerjoin(InboxRow, InboxRow.id == TrackerEvent.inbox_id)
        .where(TrackerEvent.conversation_id == conversation_id)
        .order_by(TrackerEvent.id.desc())
        .limit(MOST_EVENTS)
    ).all()
    turns: list[tuple[datetime | None, list[dict[str, Any]]]] = []
    for event, _, received_at in reversed(rows):
        if event["event"] == "user":
            turns.append((received_at, []))
        if turns:
            turns[-1][1].append(event)
    found = []
    for at, events in turns:
        need = need_said(events[0])
        outcome = _outcome(events)
        if need in NO_NEED and outcome == ANSWERED:
            continue
        found.append(
            {
                "at": None if at is None else at.isoformat().replace("+00:00", "Z"),
                "need": None if need in NO_NEED else need,
                "title": _title(menus, None if need in NO_NEED else need, reader),
                "outcome": outcome,
            }
        )
    return found[-MOST_TRIED:]


def _pages(session: Session, conversation_id: str) -> list[dict[str, Any]]:
    """The pages and products that the customer agreed to tell of, the newest first, each once."""
    found: dict[tuple[str, str | None], dict[str, Any]] = {}
    for view in views_of(session, conversation_id):
        known = found.setdefault(
            (view.path, view.sku),
            {
                "path": view.path,
                "title": view.title,
                "sku": view.sku,
                "product": None,
                "seconds": 0,
                "at": view.at.isoformat().replace("+00:00", "Z"),
            },
        )
        known["seconds"] += view.seconds or 0
    return list(found.values())[:MOST_PAGES]


def _outcome(events: Sequence[dict[str, Any]]) -> str:
    for event in events:
        said = (event.get("metadata") or {}).get("utter_action")
        if event["event"] == "bot" and said in (APOLOGY, "utter_order_shop_failed"):
            return FAILED
    missed = any(
        event["event"] == "action" and event.get("name") == NOT_UNDERSTOOD for event in events
    )
    return MISSED if missed else ANSWERED


def _earlier(session: Session, conversation: Conversation) -> list[dict[str, Any]]:
    """The services that ended before, the newest first."""
    rows: Iterable[Handoff] = session.execute(
        select(Handoff)
        .where(Handoff.conversation_id == conversation.id, Handoff.ended_at.is_not(None))
        .order_by(Handoff.ended_at.desc(), Handoff.id.desc())
        .limit(MOST_EARLIER)
    ).scalars()
    return [
        {
            "agent": row.agent_name,
            "ended_at": row.ended_at.isoformat().replace("+00:00", "Z") if row.ended_at else None,
            "outcome": row.outcome,
            "resolution": row.resolution,
            "rating": row.rating,
        }
        for row in rows
    ]


def _title(menus: Menus, need: str | None, reader: str) -> str | None:
    return menus.titles[need].get(reader) if need is not None and need in menus.titles else None


def _plain(value: Any) -> str:
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)
