"""Customers of the demo shop for one test alone: what one does to an order, no other test sees."""

from __future__ import annotations

import itertools
import uuid
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import Table, insert, select
from sqlalchemy.engine import Engine
from sqlalchemy.orm import Session

from tenin.channels.customer_token import issue_token, load_rules
from tenin.database import make_engine, read_transaction, write_transaction
from tenin.settings import load_settings
from tenin.shop.models import customers, order_items, order_refunds, order_returns, orders
from tenin.shop.sample_data import demo_order
from tests.system import System

# Behind the serials of the sample data, which are at most 2399.
_serials = itertools.count(5000)
TOKEN_LASTS = timedelta(hours=1)


@dataclass(frozen=True)
class OwnOrders:
    """A customer with orders like those of the demo page's customer, in every status."""

    customer_id: str
    email: str
    numbers: dict[str, str]  # the newest order of each status

    def facts(self) -> dict[str, str]:
        """What a dialogue may name: `order` on its way, `paid` and the like, and `email`."""
        return {**self.numbers, "order": self.numbers["shipped"], "email": self.email}


def own_orders(system: System, language: str, name: str | None = None) -> OwnOrders:
    """A new customer of this language, as a copy of the one whom the demo page asks about."""
    engine = _shop(system)
    try:
        with read_transaction(engine) as session:
            _, email = demo_order(session)
        with write_transaction(engine) as session:
            return _copied(session, email, language, name)
    finally:
        engine.dispose()


def token_of(system: System, customer_id: str) -> str:
    """The demo shop's word that this customer is signed in."""
    rules = load_rules(load_settings(system.root, system.environ))
    assert rules is not None
    return issue_token(customer_id, rules, TOKEN_LASTS)


def _shop(system: System) -> Engine:
    return make_engine(f"sqlite:///{system.root}/var/shop.db")


def _copied(session: Session, email: str, language: str, name: str | None) -> OwnOrders:
    found = session.execute(select(customers).where(customers.c.email == email)).one()
    own = f"{uuid.uuid4().hex[:12]}@example.com"
    other = {"email": own, "phone": None, "language": language, "name": name or found.name}
    customer_id = _copy(session, customers, found, **other)
    mine = select(orders).where(orders.c.customer_id == found.id).order_by(orders.c.placed_at)
    numbers = {}
    for order in session.execute(mine).all():
        number = f"{order.number[:8]}{next(_serials)}"
        numbers[str(order.status)] = number
        _copy_order(session, order, number=number, customer_id=customer_id)
    return OwnOrders(str(customer_id), own, numbers)


def _copy_order(session: Session, order: Any, **other: Any) -> None:
    order_id = _copy(session, orders, order, **other)
    for item in session.execute(
        select(order_items).where(order_items.c.order_id == order.id)
    ).all():
        item_id = _copy(session, order_items, item, order_id=order_id)
        mine = select(order_returns).where(order_returns.c.item_id == item.id)
        for each in session.execute(mine).all():
            reference = f"R-{other['number']}"
            _copy(session, order_returns, each, item_id=item_id, reference=reference)
    of_order = select(order_refunds).where(order_refunds.c.order_id == order.id)
    for each in session.execute(of_order).all():
        reference = f"F-{other['number']}"
        _copy(session, order_refunds, each, order_id=order_id, reference=reference)


def _copy(session: Session, table: Table, row: Any, **other: Any) -> int:
    values = {name: value for name, value in row._mapping.items() if name != "id"}
    done = session.execute(insert(table).values({**values, **other}))
    return int(done.inserted_primary_key[0])
