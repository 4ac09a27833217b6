"""Changes of orders in the shop's tables: read the state, make what `quotes` allows, once by key.

Everything here runs in a transaction of the caller (`DatabaseShop`), who commits it whole or not
at all. Stock moves with the order: what is cancelled or taken out goes back, what is put in or
exchanged is taken.
"""

import hashlib
import json
import secrets
from collections.abc import Iterable
from dataclasses import asdict, replace
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import delete, func, insert, select, update
from sqlalchemy.orm import Session

from tenin.shop.addresses import clean, destination_of
from tenin.shop.interface import (
    Cancel,
    Change,
    ChangeAddress,
    ChangeItem,
    Done,
    Exchange,
    NotAllowedError,
    Quote,
    Return,
    ShopError,
    Urge,
)
from tenin.shop.models import (
    order_changes,
    order_items,
    order_refunds,
    order_returns,
    order_urges,
    orders,
    product_options,
    products,
)
from tenin.shop.orders import normal_order_number
from tenin.shop.quotes import Line, State, quote_change, refused, wanted
from tenin.shop.terms import Terms

MAX_KEY = 128


class KeyMisusedError(ShopError):
    """A key that is none, or that was used for another change; asking again is no use."""


_KINDS: dict[type, str] = {
    Cancel: "cancel",
    ChangeAddress: "address",
    ChangeItem: "item",
    Return: "return",
    Exchange: "exchange",
    Urge: "urge",
}
_LETTERS = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"  # none that is taken for another
_REFUND = "F"


def read_state(session: Session, number: str, today: date, lock: bool = False) -> State | None:
    """Return the state of an order, or None if there is none of that number.

    With `lock`, nobody else changes the order before the transaction ends.
    """
    statement = select(orders).where(orders.c.number == normal_order_number(number))
    row = session.execute(statement.with_for_update() if lock else statement).one_or_none()
    if row is None:
        return None
    urged = select(order_urges).where(
        order_urges.c.order_id == row.id, order_urges.c.urged_on == today
    )
    return State(
        id=row.id,
        number=row.number,
        status=row.status,
        address=row.address,
        delivered_on=row.delivered_on,
        urged_today=session.execute(urged).first() is not None,
        lines=tuple(_lines(session, row.id)),
    )


def _lines(session: Session, order_id: int) -> Iterable[Line]:
    back = (
        select(func.coalesce(func.sum(order_returns.c.quantity), 0))
        .where(order_returns.c.item_id == order_items.c.id)
        .scalar_subquery()
    )
    rows = session.execute(
        select(order_items, products.c.stock, back.label("back"))
        .join(products, products.c.id == order_items.c.product_id)
        .where(order_items.c.order_id == order_id)
        .order_by(order_items.c.id)
    ).all()
    found: dict[tuple[int, str], set[str]] = {}
    statement = select(product_options).where(
        product_options.c.product_id.in_([row.product_id for row in rows])
    )
    for option in session.execute(statement):
        found.setdefault((option.product_id, option.kind), set()).add(option.value)
    for row in rows:
        yield Line(
            id=row.id,
            product_id=row.product_id,
            size=row.size,
            colour=row.colour,
            quantity=row.quantity,
            price=row.price,
            stock=row.stock,
            back=int(row.back),
            sizes=frozenset(found.get((row.product_id, "size"), ())),
            colours=frozenset(found.get((row.product_id, "colour"), ())),
        )


def change_once(
    session: Session, change: Change, key: str, terms: Terms, now: datetime, today: date
) -> Done:
    """Make a change, or return what was made under the same key before.

    Raises NotAllowedError when it isn't allowed, KeyMisusedError when the key is none or was
    another change's.
    """
    if not 0 < len(key) <= MAX_KEY or not key.isprintable():
        raise KeyMisusedError(f"a key has 1 to {MAX_KEY} printable characters")
    state = read_state(session, change.order, today, lock=True)
    done = _done_before(session, change, key)
    if done is not None:
        return done
    quote = quote_change(change, state, terms, today)
    if not quote.allowed or state is None:
        raise NotAllowedError(quote)
    reference = _new_reference(_KINDS[type(change)][0].upper())
    session.execute(
        insert(order_changes).values(
            key=key,
            fingerprint=_fingerprint(change),
            order_id=state.id,
            kind=_KINDS[type(change)],
            reference=reference,
            made_at=now,
            fee=quote.fee,
            refund=quote.refund,
            extra=quote.extra,
            currency=quote.currency,
            refund_days=quote.refund_days,
        )
    )
    _make(session, change, state, reference, terms, today)
    if quote.refund:
        _refund(session, change, state, quote, today)
    return Done(reference, quote)


def _done_before(session: Session, change: Change, key: str) -> Done | None:
    row = session.execute(select(order_changes).where(order_changes.c.key == key)).one_or_none()
    if row is None:
        return None
    if row.fingerprint != _fingerprint(change):
        raise KeyMisusedError("this key was used for another change")
    quote = Quote(
        True,
        fee=row.fee,
        refund=row.refund,
        extra=row.extra,
        currency=row.currency,
        refund_days=row.refund_days,
    )
    return Done(row.reference, quote)


def _fingerprint(change: Change) -> str:
    """Return a digest of what is asked for: the address of it is kept in the order alone."""
    asked = asdict(replace(change, order=normal_order_number(change.order)))
    text = json.dumps([_KINDS[type(change)], asked], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()


def _new_reference(letter: str) -> str:
    return f"{letter}-{''.join(secrets.choice(_LETTERS) for _ in range(10))}"


def _make(
    session: Session, change: Change, state: State, reference: str, terms: Terms, today: date
) -> None:
    """Do what a change does to the order, its items and the stock; money is seen to elsewhere."""
    if isinstance(change, Cancel):
        _cancel(session, state, terms)
    elif isinstance(change, ChangeAddress):
        address = clean(change.address)
        values = {"address": address, "destination": destination_of(address)}
        session.execute(update(orders).where(orders.c.id == state.id).values(values))
    elif isinstance(change, ChangeItem):
        _change_item(session, change, state, terms)
    elif isinstance(change, Urge):
        session.execute(insert(order_urges).values(order_id=state.id, urged_on=today))
    else:
        _send_back(session, change, state, reference, terms, today)


def _cancel(session: Session, state: State, terms: Terms) -> None:
    values = {"status": "cancelled", "expected_on": None}
    session.execute(update(orders).where(orders.c.id == state.id).values(values))
    # In one order of the products, so that two orders never wait for each other's.
    for line in sorted(state.lines, key=lambda line: line.product_id):
        _move_stock(session, line, line.quantity, terms)


def _change_item(session: Session, change: ChangeItem, state: State, terms: Terms) -> None:
    line = _line(state, change.item)
    quantity = line.quantity if change.quantity is None else change.quantity
    if quantity == 0 and len(state.lines) == 1:
        _cancel(session, state, terms)
        return
    this = order_items.c.id == line.id
    if quantity == 0:
        session.execute(delete(order_items).where(this))
    else:
        size, colour = wanted(change, line) or (line.size, line.colour)
        values = {"quantity": quantity, "size": size, "colour": colour}
        session.execute(update(order_items).where(this).values(values))
    _move_stock(session, line, line.quantity - quantity, terms)


def _send_back(
    session: Session,
    change: Return | Exchange,
    state: State,
    reference: str,
    terms: Terms,
    today: date,
) -> None:
    line = _line(state, change.item)
    row: dict[str, Any] = {"kind": "return", "reason": None, "size": None, "colour": None}
    if isinstance(change, Return):
        row |= {"quantity": change.quantity, "reason": clean(change.reason or "") or None}
    else:
        size, colour = wanted(change, line) or (line.size, line.colour)
        row |= {"kind": "exchange", "quantity": 1, "size": size, "colour": colour}
        _move_stock(session, line, -1, terms)
    row |= {"reference": reference, "item_id": line.id, "state": "requested"}
    session.execute(insert(order_returns).values(**row, requested_on=today))


def _refund(session: Session, change: Change, state: State, quote: Quote, today: date) -> None:
    """Note the money that goes back: at once, or for goods when they have arrived."""
    waiting = isinstance(change, Return)
    session.execute(
        insert(order_refunds).values(
            reference=_new_reference(_REFUND),
            order_id=state.id,
            state="requested" if waiting else "approved",
            amount=quote.refund,
            currency=quote.currency,
            requested_on=today,
            expected_on=None if waiting else _working_days_after(today, quote.refund_days or 0),
        )
    )


def _move_stock(session: Session, line: Line, pieces: int, terms: Terms) -> None:
    """Add pieces to the stock of an item's product, or take them if there are so many."""
    if pieces == 0:
        return
    statement = (
        update(products)
        .where(products.c.id == line.product_id, products.c.stock + pieces >= 0)
        .values(stock=products.c.stock + pieces)
    )
    if session.execute(statement).rowcount != 1:
        raise NotAllowedError(refused(terms, "not_in_stock"))


def _line(state: State, item: str) -> Line:
    line = state.line(item)
    if line is None:
        raise ShopError("the item went while it was changed")
    return line


def _working_days_after(day: date, days: int) -> date:
    while days > 0:
        day += timedelta(days=1)
        days -= day.weekday() < 5
    return day
