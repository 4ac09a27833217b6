"""What a shop answers, as values for the wording: quotes, refusals, choices."""

from __future__ import annotations

import json
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from tenin.shop.interface import Order, OrderItem, Quote

MOST_SHOWN = 5
REFUSALS = {
    "unknown_order": "utter_not_allowed",
    "unknown_item": "utter_not_allowed",
    "already_shipped": "utter_not_allowed_shipped",
    "already_cancelled": "utter_not_allowed_cancelled",
    "already_delivered": "utter_not_allowed_delivered",
    "not_delivered": "utter_not_allowed_not_delivered",
    "return_time_over": "utter_not_allowed_time_over",
    "already_asked": "utter_not_allowed_asked",
    "not_in_stock": "utter_not_allowed_stock",
    "nothing_changes": "utter_not_allowed_same",
    "too_many": "utter_not_allowed_many",
}


def quote_in_words(quote: Quote) -> list[dict[str, Any]]:
    """The responses that say what a change costs and brings back, with their values."""
    said: list[dict[str, Any]] = []
    if quote.fee:
        said.append({"response": "utter_quote_fee", "fee": money(quote.fee, quote)})
    if quote.extra:
        said.append({"response": "utter_quote_extra", "extra": money(quote.extra, quote)})
    if quote.refund and quote.refund_days is not None:
        said.append(
            {
                "response": "utter_quote_refund",
                "refund": money(quote.refund, quote),
                "refund_days": quote.refund_days,
            }
        )
    return said or [{"response": "utter_quote_free"}]


def refusal(quote: Quote) -> dict[str, Any]:
    """Why a change can't be made, with what can be done instead as buttons."""
    response = REFUSALS.get(str(quote.reason), "utter_not_allowed")
    return {"response": response, "offer": [*quote.instead, "human_agent"]}


def money(amount: Decimal, quote: Quote) -> list[str]:
    """An amount as the wording takes it."""
    return [str(amount), quote.currency]


def order_choices(orders: Sequence[Order], need: str) -> list[dict[str, str]]:
    """A button for each of the newest orders, by number and goods."""
    return [
        _choice(f"{order.number}: {_goods(order)}", need, {"order_number": order.number})
        for order in orders[:MOST_SHOWN]
    ]


def item_choices(items: Sequence[OrderItem], need: str) -> list[dict[str, str]]:
    """A button for each item of an order."""
    return [_choice(item_name(item), need, {"order_item": item.id}) for item in items]


def item_name(item: OrderItem) -> str:
    """An item with its size."""
    return f"{item.name} ({item.size})" if item.size else item.name


def _goods(order: Order) -> str:
    first, *others = order.items
    return f"{first.name} +{len(others)}" if others else first.name


def _choice(title: str, need: str, entities: dict[str, str]) -> dict[str, str]:
    return {"title": title, "payload": f"/{need}{json.dumps(entities)}"}
