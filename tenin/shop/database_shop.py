"""The shop behind its own tables: what the demo shop is, and a shop whose orders we keep.

Implements `interface.Shop`; `http_shop` is the other implementation, and one suite of tests
(`tests/contract/test_shop_contract.py`) holds both to the same.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import and_, func, insert, select
from sqlalchemy.engine import Engine
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session, aliased

from tenin.clock import utcnow
from tenin.database import read_transaction, write_transaction
from tenin.shop.addresses import clean
from tenin.shop.changes import change_once, read_state
from tenin.shop.contact import MAX_CONTACT
from tenin.shop.interface import (
    Change,
    Customer,
    Done,
    Invoice,
    Order,
    OrderItem,
    Quote,
    Refund,
    ShopError,
)
from tenin.shop.invoice import write_invoice
from tenin.shop.models import (
    carrier_text,
    customers,
    invoices,
    order_items,
    order_refunds,
    orders,
    product_text,
    products,
    restock_wishes,
)
from tenin.shop.orders import SHOP_TIME_ZONE, find_proved_order, normal_order_number
from tenin.shop.quotes import quote_change
from tenin.shop.terms import Terms

FALLBACK = "en"  # a text that isn't there in the wished language


class DatabaseShop:
    """A shop in a database; `now` tells the time."""

    def __init__(self, engine: Engine, terms: Terms, now: Callable[[], datetime] = utcnow) -> None:
        """Keep the shop's database and its terms; nothing is asked of them yet."""
        self._engine, self._terms, self._now = engine, terms, now

    def proved(self, number: str, contact: str) -> str | None:
        """Return the order's stored number if `contact` is its customer's."""
        with self._reading() as session:
            found = find_proved_order(session, number, contact)
        return found.number if found else None

    def customer(self, customer_id: str) -> Customer | None:
        """Return a customer, or None if there is none of that id."""
        number = _id(customer_id)
        if number is None:
            return None
        with self._reading() as session:
            statement = select(customers).where(customers.c.id == number)
            row = session.execute(statement).one_or_none()
        return Customer(str(row.id), row.name, row.language) if row else None

    def orders(self, customer_id: str, language: str, limit: int = 10) -> list[Order]:
        """Return a customer's orders, the newest first."""
        number = _id(customer_id)
        if number is None or limit < 1:
            return []
        with self._reading() as session:
            return self._orders(session, orders.c.customer_id == number, language, limit)

    def order(self, number: str, language: str) -> Order | None:
        """Return one order, or None if there is none of that number."""
        with self._reading() as session:
            same = orders.c.number == normal_order_number(number)
            return next(iter(self._orders(session, same, language, 1)), None)

    def quote(self, change: Change) -> Quote:
        """Return what a change would do and cost."""
        today = self._today()
        with self._reading() as session:
            state = read_state(session, change.order, today)
            return quote_change(change, state, self._terms, today)

    def change(self, change: Change, key: str) -> Done:
        """Make a change whole, once by `key`.

        Raises NotAllowedError when it is not allowed, ShopError when the database fails or the
        key was another change's; nothing is changed then.
        """
        with self._writing() as session:
            return change_once(session, change, key, self._terms, self._now(), self._today())

    def refunds(self, number: str) -> list[Refund]:
        """Return the refunds of an order, the newest first."""
        statement = (
            select(order_refunds, orders.c.number)
            .join(orders, orders.c.id == order_refunds.c.order_id)
            .where(orders.c.number == normal_order_number(number))
            .order_by(order_refunds.c.requested_on.desc(), order_refunds.c.id.desc())
        )
        with self._reading() as session:
            return [
                Refund(
                    reference=row.reference,
                    order=row.number,
                    state=row.state,
                    amount=row.amount,
                    currency=row.currency,
                    requested_on=row.requested_on,
                    expected_on=row.expected_on,
                    paid_on=row.paid_on,
                )
                for row in session.execute(statement)
            ]

    def invoice(self, number: str, language: str) -> Invoice | None:
        """Return the invoice of an order, under the number of its first asking."""
        with self._writing() as session:
            same = orders.c.number == normal_order_number(number)
            statement = (
                select(orders.c.id, customers.c.name)
                .join(customers, customers.c.id == orders.c.customer_id)
                .where(same, orders.c.status != "cancelled")
                .with_for_update(of=orders)
            )
            row = session.execute(statement).one_or_none()
            if row is None:
                return None
            [order] = self._orders(session, same, language, 1)
            own_number, issued_on = self._issue(session, row.id, order.number)
        document = write_invoice(order, row.name, own_number, issued_on, self._terms, language)
        return Invoice(own_number, order.number, issued_on, document)

    def wish_restock(self, sku: str, contact: str, language: str) -> bool:
        """Note a wish, once for each contact; False if the product is in stock or not there."""
        contact = clean(contact)[:MAX_CONTACT]
        with self._writing() as session:
            # Locked, so that two wishes at once are one.
            statement = select(products.c.id, products.c.stock).where(products.c.sku == clean(sku))
            row = session.execute(statement.with_for_update()).one_or_none()
            if row is None or row.stock > 0:
                return False
            same = and_(restock_wishes.c.product_id == row.id, restock_wishes.c.contact == contact)
            there = session.execute(select(restock_wishes).where(same)).first()
            values = {"language": language, "wished_at": self._now(), "told_at": None}
            session.execute(
                restock_wishes.update().where(same).values(values)
                if there
                else insert(restock_wishes).values(product_id=row.id, contact=contact, **values)
            )
        return True

    def _today(self) -> date:
        return self._now().astimezone(SHOP_TIME_ZONE).date()

    @contextmanager
    def _reading(self) -> Iterator[Session]:
        with _as_shop_errors(), read_transaction(self._engine) as session:
            yield session

    @contextmanager
    def _writing(self) -> Iterator[Session]:
        with _as_shop_errors(), write_transaction(self._engine) as session:
            yield session

    def _issue(self, session: Session, order_id: int, number: str) -> tuple[str, date]:
        """Return number and day of an order's invoice, which it gets when first asked for."""
        statement = select(invoices).where(invoices.c.order_id == order_id)
        row = session.execute(statement).one_or_none()
        if row is not None:
            return row.number, row.issued_on
        own_number, issued_on = f"INV-{number}", self._today()
        values = {"order_id": order_id, "number": own_number, "issued_on": issued_on}
        session.execute(insert(invoices).values(values))
        return own_number, issued_on

    def _orders(self, session: Session, which: Any, language: str, limit: int) -> list[Order]:
        statement = (
            select(
                orders, func.coalesce(carrier_text.c.name, orders.c.carrier).label("carrier_name")
            )
            .outerjoin(
                carrier_text,
                and_(
                    carrier_text.c.carrier == orders.c.carrier, carrier_text.c.language == language
                ),
            )
            .where(which)
            .order_by(orders.c.placed_at.desc(), orders.c.id.desc())
            .limit(limit)
        )
        rows = session.execute(statement).all()
        items = _items(session, [row.id for row in rows], language)
        return [self._order(row, tuple(items.get(row.id, ()))) for row in rows]

    def _order(self, row: Any, items: tuple[OrderItem, ...]) -> Order:
        return Order(
            number=row.number,
            status=row.status,
            placed_on=row.placed_at.astimezone(SHOP_TIME_ZONE).date(),
            items=items,
            total=sum((item.price * item.quantity for item in items), start=Decimal(0)),
            currency=self._terms.currency,
            carrier=row.carrier_name,
            tracking_number=row.tracking_number,
            shipped_on=row.shipped_on,
            expected_on=row.expected_on,
            delivered_on=row.delivered_on,
            destination=row.destination,
        )


def _items(session: Session, ids: list[int], language: str) -> dict[int, list[OrderItem]]:
    wished, fallback = aliased(product_text), aliased(product_text)
    statement = select(
        order_items,
        products.c.sku,
        func.coalesce(wished.c.name, fallback.c.name, products.c.sku).label("name"),
    ).join(products, products.c.id == order_items.c.product_id)
    for text, code in ((wished, language), (fallback, FALLBACK)):
        same = and_(text.c.product_id == products.c.id, text.c.language == code)
        statement = statement.outerjoin(text, same)
    found: dict[int, list[OrderItem]] = {}
    statement = statement.where(order_items.c.order_id.in_(ids)).order_by(order_items.c.id)
    for row in session.execute(statement):
        item = OrderItem(
            id=str(row.id),
            sku=row.sku,
            name=row.name,
            size=row.size,
            colour=row.colour,
            quantity=row.quantity,
            price=row.price,
        )
        found.setdefault(row.order_id, []).append(item)
    return found


def _id(text: str) -> int | None:
    """Return the number of a row; None if it can't be one."""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else None


@contextmanager
def _as_shop_errors() -> Iterator[None]:
    try:
        yield
    except SQLAlchemyError as error:
        raise ShopError(f"the shop's database failed: {type(error).__name__}") from error
