"""What a change of an order would do and cost: from the order's state and the shop's terms alone.

`changes` reads the state and makes what is allowed here; `DatabaseShop` calls both. Orders can be
changed until they have left, and sent back within the terms after they have come.
"""

import unicodedata
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from tenin.shop.addresses import clean
from tenin.shop.interface import (
    Cancel,
    Change,
    ChangeAddress,
    ChangeItem,
    Exchange,
    Quote,
    Reason,
    Return,
    Urge,
)
from tenin.shop.terms import Terms

MAX_OPTION = {"size": 16, "colour": 32}


@dataclass(frozen=True)
class Line:
    """An item of an order, how many of its product are in stock, and how many pieces come back."""

    id: int
    product_id: int
    size: str | None
    colour: str | None
    quantity: int
    price: Decimal
    stock: int
    back: int
    sizes: frozenset[str]
    colours: frozenset[str]


@dataclass(frozen=True)
class State:
    """An order as far as changes go by it."""

    id: int
    number: str
    status: str
    address: str | None
    delivered_on: date | None
    urged_today: bool
    lines: tuple[Line, ...]

    @property
    def total(self) -> Decimal:
        """What all items cost."""
        return sum((line.price * line.quantity for line in self.lines), Decimal(0))

    def line(self, item: str) -> Line | None:
        """The item of that id."""
        return next((line for line in self.lines if str(line.id) == item), None)


def quote_change(change: Change, state: State | None, terms: Terms, today: date) -> Quote:
    """Return what a change would do to an order in this state, on this day."""
    if state is None:
        return refused(terms, "unknown_order")
    if state.status == "cancelled":
        return refused(terms, "already_cancelled", "refund_status")
    if isinstance(change, Cancel):
        return _cancel(state, terms, today)
    if isinstance(change, ChangeAddress):
        return _address(change, state, terms)
    if isinstance(change, ChangeItem):
        return _item(change, state, terms, today)
    if isinstance(change, Return):
        return _return(change, state, terms, today)
    if isinstance(change, Exchange):
        return _exchange(change, state, terms, today)
    return _urge(change, state, terms)


def refused(terms: Terms, reason: Reason, *instead: str) -> Quote:
    """Return the quote of what is not allowed, and the needs that can be seen to instead."""
    return Quote(False, reason, currency=terms.currency, instead=instead)


def wanted(change: ChangeItem | Exchange, line: Line) -> tuple[str | None, str | None] | None:
    """Return the size and colour that an item would have, or None if it doesn't come in them."""
    size, colour = line.size, line.colour
    if change.size is not None:
        size = _option("size", change.size, line)
    if change.colour is not None:
        colour = _option("colour", change.colour, line)
    if (change.size is not None and size is None) or (change.colour is not None and colour is None):
        return None
    return size, colour


def _option(kind: str, given: str, line: Line) -> str | None:
    """Return a size or colour as the shop writes it; None if the product doesn't come in it."""
    given = clean(given)
    if not line.sizes and not line.colours:
        return given if 0 < len(given) <= MAX_OPTION[kind] else None
    options = line.sizes if kind == "size" else line.colours
    return next((option for option in options if _folded(option) == _folded(given)), None)


def _folded(text: str) -> str:
    return unicodedata.normalize("NFKC", text).casefold()


def _cancel(state: State, terms: Terms, today: date) -> Quote:
    if state.status == "shipped":
        return refused(terms, "already_shipped", "return_item")
    if state.status == "delivered":
        return refused(terms, "already_delivered", *_after_delivery(state, terms, today))
    fee = min(terms.cancellation_fee, state.total)
    return _allowed(terms, fee=fee, refund=state.total - fee)


def _address(change: ChangeAddress, state: State, terms: Terms) -> Quote:
    if state.status == "shipped":
        return refused(terms, "already_shipped", "human_agent")
    if state.status == "delivered":
        return refused(terms, "already_delivered")
    address = clean(change.address)
    if not address or address == state.address:
        return refused(terms, "nothing_changes")
    return _allowed(terms)


def _item(change: ChangeItem, state: State, terms: Terms, today: date) -> Quote:
    if state.status == "shipped":
        return refused(terms, "already_shipped", "exchange_item", "return_item")
    if state.status == "delivered":
        return refused(terms, "already_delivered", *_after_delivery(state, terms, today))
    line = state.line(change.item)
    if line is None:
        return refused(terms, "unknown_item")
    quantity = line.quantity if change.quantity is None else change.quantity
    if quantity < 0:
        return refused(terms, "nothing_changes")
    if quantity == 0:
        # An order with nothing in it is none.
        if len(state.lines) == 1:
            return _cancel(state, terms, today)
        return _allowed(terms, refund=line.price * line.quantity)
    if quantity > max(terms.most_pieces, line.quantity):
        return refused(terms, "too_many")
    kind = wanted(change, line)
    if kind is None:
        return refused(terms, "not_in_stock")
    varied = kind != (line.size, line.colour)
    if not varied and quantity == line.quantity:
        return refused(terms, "nothing_changes")
    if (quantity if varied else quantity - line.quantity) > line.stock:
        return refused(terms, "not_in_stock")
    dearer = line.price * (quantity - line.quantity)
    return _allowed(terms, extra=max(dearer, Decimal(0)), refund=max(-dearer, Decimal(0)))


def _return(change: Return, state: State, terms: Terms, today: date) -> Quote:
    refusal, line = _coming_back(change, state, terms, today, terms.return_days)
    if line is None:
        return refusal
    if change.quantity < 1:
        return refused(terms, "nothing_changes")
    if change.quantity > line.quantity - line.back:
        return refused(terms, "too_many")
    return _allowed(terms, refund=line.price * change.quantity)


def _exchange(change: Exchange, state: State, terms: Terms, today: date) -> Quote:
    refusal, line = _coming_back(change, state, terms, today, terms.exchange_days)
    if line is None:
        return refusal
    kind = wanted(change, line)
    if kind == (line.size, line.colour):
        return refused(terms, "nothing_changes")
    if kind is None or line.stock < 1:
        returning = "return_item" in _after_delivery(state, terms, today)
        return refused(terms, "not_in_stock", *(("return_item",) if returning else ()))
    return _allowed(terms)


def _urge(_change: Urge, state: State, terms: Terms) -> Quote:
    if state.status == "delivered":
        return refused(terms, "already_delivered", "missing_or_wrong_item")
    if state.urged_today:
        return refused(terms, "already_asked", "track_order", "human_agent")
    return _allowed(terms)


def _coming_back(
    change: Return | Exchange, state: State, terms: Terms, today: date, days: int
) -> tuple[Quote, Line | None]:
    """Return the item, if pieces of it can come back at all; or else the refusal alone."""
    line = state.line(change.item)
    if state.status in ("paid", "packed"):
        return refused(terms, "not_delivered", "cancel_order", "change_order"), None
    if state.status == "shipped":
        return refused(terms, "not_delivered", "track_order"), None
    if line is None:
        return refused(terms, "unknown_item"), None
    if line.back >= line.quantity:
        return refused(terms, "already_asked", "refund_status", "human_agent"), None
    if not _within(state, today, days):
        return refused(terms, "return_time_over", "warranty_repair", "human_agent"), None
    return refused(terms, "unknown_item"), line


def _after_delivery(state: State, terms: Terms, today: date) -> tuple[str, ...]:
    ways = (("return_item", terms.return_days), ("exchange_item", terms.exchange_days))
    return tuple(way for way, days in ways if _within(state, today, days)) or ("human_agent",)


def _within(state: State, today: date, days: int) -> bool:
    return state.delivered_on is None or (today - state.delivered_on).days <= days


def _allowed(
    terms: Terms,
    fee: Decimal = Decimal(0),
    refund: Decimal = Decimal(0),
    extra: Decimal = Decimal(0),
) -> Quote:
    return Quote(
        True,
        fee=fee,
        refund=refund,
        extra=extra,
        currency=terms.currency,
        refund_days=terms.refund_working_days if refund else None,
    )
