"""Which order, which item and which change a message means, by what it names."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from datetime import date
from typing import Any

from tenin.shop.interface import Order, OrderItem

Entities = Sequence[tuple[str, str]]
# Of a category that a message names ("the shoes"), the goods by their SKU.
GoodsOf = Callable[[Collection[str]], Collection[str]]
WISHES = ("size", "colour", "quantity")
FEWEST_OF_ADDRESS = 8
# A message that is understood as one of these may be an address; another only with a number in it.
MAY_BE_ADDRESS = frozenset({"inform", "nlu_fallback", "out_of_scope", "change_address"})
QUESTION_MARKS = frozenset("?\uff1f")


def named(entities: Entities, kind: str) -> list[str]:
    """The values of one kind of entity, each once."""
    return list(dict.fromkeys(value for entity, value in entities if entity == kind))


def orders_meant(
    entities: Entities, orders: Sequence[Order], statuses: Collection[str], goods_of: GoodsOf
) -> list[Order]:
    """The orders that a message may mean, newest first: by product, category or date named in it.

    Of those the ones with one of `statuses`, if there are any; and of these the ones placed in
    the week or month that is named, rather than those that left or arrived in it.
    """
    meant = list(orders)
    for holds in _tests(entities, goods_of):
        meant = [order for order in meant if holds(order)] or meant
    meant = [order for order in meant if order.status in statuses] or meant
    long = [(first, last) for first, last in _days(entities) if first != last]
    return [order for order in meant if _within(order.placed_on, long)] or meant


def _tests(entities: Entities, goods_of: GoodsOf) -> Iterable[Callable[[Order], bool]]:
    if _days(entities):
        yield lambda order: dated(entities, order)
    goods = goods_named(entities, goods_of)
    if goods:
        yield lambda order: any(item.sku in goods for item in order.items)


def dated(entities: Entities, order: Order) -> bool:
    """Whether an order was placed, left or arrived on a day or in a week or month named."""
    days = (order.placed_on, order.shipped_on, order.delivered_on)
    return any(_within(day, _days(entities)) for day in days)


def _days(entities: Entities) -> list[tuple[str, str]]:
    """The first and the last day of each date: 2026-11-24, or 2026-11-16/2026-11-22."""
    dates = [value.partition("/") for value in named(entities, "date")]
    return [(first, last or first) for first, _, last in dates]


def _within(day: date | None, days: Sequence[tuple[str, str]]) -> bool:
    return day is not None and any(first <= day.isoformat() <= last for first, last in days)


def goods_named(entities: Entities, goods_of: GoodsOf) -> set[str]:
    """The SKUs that a message names, by product, else by category."""
    skus, categories = named(entities, "product"), named(entities, "category")
    return set(skus) or (set(goods_of(categories)) if categories else set())


def item_meant(
    entities: Entities, text: str, order: Order, chosen: str | None, goods_of: GoodsOf
) -> OrderItem | None:
    """The item that a message means: by button, by product or name, or the only one there is."""
    ids = named(entities, "order_item")
    if ids:
        return next((item for item in order.items if item.id == ids[0]), None)
    goods = goods_named(entities, goods_of)
    said = text.casefold().strip()
    for found in (
        [item for item in order.items if item.sku in goods],
        [item for item in order.items if said and item.name.casefold() in said],
    ):
        if len(found) == 1:
            return found[0]
    if chosen is not None:
        return next((item for item in order.items if item.id == chosen), None)
    return order.items[0] if len(order.items) == 1 else None


def wishes(
    entities: Entities, words: Mapping[str, str], before: Mapping[str, Any]
) -> dict[str, Any]:
    """What was wished for until now, with all sizes, colours and quantities of a new message.

    `words` are the customer's own for a value: a colour is said back as they called it.
    """
    found: dict[str, Any] = {kind: named(entities, kind) for kind in WISHES}
    new = {kind: values for kind, values in found.items() if values}
    if not new:
        return dict(before)
    said = {value: words[value] for values in new.values() for value in values if value in words}
    return {**before, **new, "words": {**before.get("words", {}), **said}}


def wished(detail: Mapping[str, Any], item: OrderItem | None) -> dict[str, Any]:
    """The wish for an item: of several values the last that it doesn't have already.

    "In 42 and too tight, the 43 please" is a wish for 43 if the item is a 42.
    """
    own = {
        kind: ((getattr(item, kind) if item else None) or "").casefold()
        for kind in ("size", "colour")
    }
    other = {
        kind: [value for value in detail.get(kind, ()) if value.casefold() != own[kind]]
        for kind in own
    }
    return last_wish({**detail, **other}, item)


def last_wish(detail: Mapping[str, Any], item: OrderItem | None) -> dict[str, Any]:
    """The wish for an item: of several values the last, whatever it has already."""
    wish: dict[str, Any] = {}
    if detail.get("address"):
        wish["address"] = detail["address"]
    if item is None:
        return wish
    wish |= {kind: detail[kind][-1] for kind in ("size", "colour") if detail.get(kind)}
    numbers = [int(value) for value in detail.get("quantity", ()) if str(value).isdecimal()]
    if numbers:
        wish["quantity"] = numbers[-1]
    return wish


def is_address(text: str, intent: str) -> bool:
    """Whether an answer to the question for an address is one, and not a question of its own."""
    said = text.strip()
    if len(said) < FEWEST_OF_ADDRESS or QUESTION_MARKS.intersection(said):
        return False
    return intent in MAY_BE_ADDRESS or any(sign.isdigit() for sign in said)
