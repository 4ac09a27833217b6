"""What a customer was about with an order, for the agent who takes over.

Read from the slots that order_form keeps: the errand it was last open for, and what the shop's
system failed to do, which is for a person. The desk's page puts it into the agent's words.
"""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from tenin.conversation import tracker
from tenin.conversation.identity import REMEMBERED, proved_orders
from tenin.conversation.models import Offer
from tenin.shop.orders import normal_order_number

WISHES = ("size", "colour", "quantity")


def errands(
    session: Session, conversation_id: str, remembered: timedelta = REMEMBERED
) -> list[dict[str, Any]]:
    """What was asked for, what the shop failed to do first; nothing: an empty list.

    Args:
        session: of the conversations' database.
        conversation_id: whose.
        remembered: how long an order that was proved counts as that.

    Returns:
        For each `need` whether the shop `failed` to do it, its `order` (None if none was named),
        whether that is `proved` (None: it isn't known), the `item` by the button it was chosen
        with, and `wish`: lists of texts.
    """
    slots = tracker.slots(tracker.load(session, conversation_id))
    proved = proved_orders(session, conversation_id, remembered)
    found = []
    request = slots.get("order_request")
    if isinstance(request, dict) and request.get("need"):
        number = _number(request.get("order"))
        # A number that the customer only said, or one that was theirs: the slot doesn't tell.
        known = number in proved or None
        found.append({"failed": True, **_errand(session, conversation_id, request, number, known)})
    if slots.get("order_need"):
        open_errand = {
            "need": slots["order_need"],
            "item": slots.get("order_item"),
            "detail": slots.get("order_detail"),
        }
        number = _number(slots.get("order") or slots.get("order_number"))
        theirs = "order" in slots or number in proved
        errand = _errand(session, conversation_id, open_errand, number, theirs)
        found.append({"failed": False, **errand})
    return found


def _errand(
    session: Session,
    conversation_id: str,
    errand: dict[str, Any],
    number: str | None,
    proved: bool | None,
) -> dict[str, Any]:
    return {
        "need": str(errand["need"]),
        "order": number,
        "proved": None if number is None else proved,
        "item": _item(session, conversation_id, str(errand["need"]), errand.get("item")),
        "wish": _wish(errand.get("detail") or {}),
    }


def _number(said: object) -> str | None:
    return normal_order_number(str(said)) if said else None


def _item(session: Session, conversation_id: str, need: str, item: object) -> str | None:
    """An item is known by its id in the shop; the button it was chosen with names it."""
    if not item:
        return None
    payload = f"/{need}{json.dumps({'order_item': item})}"
    wanted = select(Offer.title).where(
        Offer.conversation_id == conversation_id, Offer.payload == payload
    )
    title: str | None = session.execute(wanted.limit(1)).scalar_one_or_none()
    return title


def _wish(detail: dict[str, Any]) -> dict[str, list[str]]:
    """What is to be different, a value in the customer's own words where they are known."""
    words = detail.get("words") or {}
    wish = {
        kind: [str(words.get(str(value), value)) for value in detail[kind]]
        for kind in WISHES
        if detail.get(kind)
    }
    return {**wish, "address": [str(detail["address"])]} if detail.get("address") else wish
