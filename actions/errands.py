"""What can be done about an order: one errand for each need, read by the form and its end.

A need is the name of an intent. What a change does and costs is the shop's to say
(`tenin.shop.interface`); here stands only what has to be asked before.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from tenin.shop.interface import (
    Cancel,
    Change,
    ChangeAddress,
    ChangeItem,
    Exchange,
    Order,
    OrderItem,
    Return,
    Urge,
)

TRACK = "track_order"
WAITING = frozenset({"paid", "packed"})
ON_ITS_WAY = frozenset({"paid", "packed", "shipped"})
ARRIVED = frozenset({"delivered"})
ANY = frozenset({*ON_ITS_WAY, *ARRIVED, "cancelled"})

Detail = Mapping[str, Any]
Make = Callable[[Order, OrderItem | None, Detail], Change]


@dataclass(frozen=True)
class Errand:
    """What a need is about and asks for; without `make` it only looks something up.

    `statuses` are those of the orders that it is likely meant for: they are offered before
    others. Responses: `terms` states the shop's, `detail` asks for one, `plan` says what will
    happen (None: it is done without asking), `done` that it has.
    """

    statuses: frozenset[str] = ANY
    make: Make | None = None
    item: bool = False
    terms: str | None = None
    detail: str | None = None
    plan: str | None = None
    done: str | None = None


def _item(item: OrderItem | None) -> OrderItem:
    if item is None:
        raise ValueError("this errand is about an item, and none is chosen")
    return item


def _cancel(order: Order, _: OrderItem | None, __: Detail) -> Change:
    return Cancel(order.number)


def _change_address(order: Order, _: OrderItem | None, detail: Detail) -> Change:
    return ChangeAddress(order.number, str(detail.get("address") or ""))


def _change_item(order: Order, item: OrderItem | None, detail: Detail) -> Change:
    return ChangeItem(
        order.number,
        _item(item).id,
        detail.get("size"),
        detail.get("colour"),
        detail.get("quantity"),
    )


def _return(order: Order, item: OrderItem | None, detail: Detail) -> Change:
    wanted = detail.get("quantity")
    quantity = _item(item).quantity if wanted is None else wanted
    return Return(order.number, _item(item).id, quantity)


def _exchange(order: Order, item: OrderItem | None, detail: Detail) -> Change:
    return Exchange(order.number, _item(item).id, detail.get("size"), detail.get("colour"))


def _urge(order: Order, _: OrderItem | None, __: Detail) -> Change:
    return Urge(order.number)


_CANCEL = Errand(
    WAITING,
    _cancel,
    terms="utter_cancel_order",
    plan="utter_plan_cancel",
    done="utter_done_cancel",
)
_RETURN = Errand(
    ARRIVED,
    _return,
    item=True,
    terms="utter_return_item",
    plan="utter_plan_return",
    done="utter_done_return",
)

ERRANDS: Mapping[str, Errand] = {
    "cancel_order": _CANCEL,
    "change_address": Errand(
        WAITING,
        _change_address,
        terms="utter_change_address",
        detail="utter_ask_order_detail_address",
        plan="utter_plan_address",
        done="utter_done_address",
    ),
    "change_order": Errand(
        WAITING,
        _change_item,
        item=True,
        terms="utter_change_order",
        detail="utter_ask_order_detail",
        plan="utter_plan_change",
        done="utter_done_change",
    ),
    "delivery_urge": Errand(ON_ITS_WAY, _urge, terms="utter_delivery_urge", done="utter_done_urge"),
    "exchange_item": Errand(
        ARRIVED,
        _exchange,
        item=True,
        terms="utter_exchange_item",
        detail="utter_ask_order_detail",
        plan="utter_plan_exchange",
        done="utter_done_exchange",
    ),
    "invoice": Errand(terms="utter_invoice"),
    "refund_request": Errand(WAITING | ARRIVED, terms="utter_refund_request"),
    "refund_status": Errand(terms="utter_refund_status"),
    "return_item": _RETURN,
}


def errand_of(need: str, order: Order, agreed: Change | None = None) -> Errand:
    """The errand of a need for an order: money back is a return or, before it has left, a cancel.

    What was `agreed` may be done already, and tells it by itself. What can't be done with the
    order is still an errand; the shop says why not.
    """
    if need == "refund_request":
        if isinstance(agreed, Cancel | Return):
            return _CANCEL if isinstance(agreed, Cancel) else _RETURN
        return _CANCEL if order.status in WAITING else _RETURN
    return ERRANDS.get(need, Errand())


def statuses_of(need: str | None) -> frozenset[str]:
    """The statuses of the orders that a need is likely meant for."""
    return ERRANDS[need].statuses if need and need in ERRANDS else ON_ITS_WAY
