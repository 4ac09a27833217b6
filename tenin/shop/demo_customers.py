"""The demo shop's invented customers, whom anybody may sign in as on its page.

Only those that the sample data names: a shop's own customers are never found here.
"""

from dataclasses import dataclass
from functools import cache
from typing import Any

import yaml
from sqlalchemy import select
from sqlalchemy.orm import Session

from tenin.shop.models import customers
from tenin.shop.sample_data import SAMPLE


@dataclass(frozen=True)
class DemoCustomer:
    """An invented customer; `id` is theirs in the shop."""

    id: str
    name: str
    email: str


def demo_customers(session: Session, language: str) -> list[DemoCustomer]:
    """Return the sample's customers who speak `language`, in the order of the sample."""
    found = _found(session, customers.c.language == language)
    order = list(_emails())
    return sorted(found, key=lambda customer: order.index(customer.email))


def demo_customer(session: Session, email: str) -> DemoCustomer | None:
    """Return the sample's customer of this e-mail address."""
    email = email.strip().lower()
    if email not in _emails():  # PostgreSQL wouldn't even look for some texts
        return None
    return next(iter(_found(session, customers.c.email == email)), None)


def demo_customer_by_id(session: Session, customer_id: str) -> DemoCustomer | None:
    """Return the sample's customer of this id, None if it isn't one of them (any more)."""
    if not customer_id.isascii() or not customer_id.isdigit() or len(customer_id) > 9:
        return None
    return next(iter(_found(session, customers.c.id == int(customer_id))), None)


def _found(session: Session, which: Any) -> list[DemoCustomer]:
    rows = session.execute(
        select(customers.c.id, customers.c.name, customers.c.email).where(
            which, customers.c.email.in_(_emails())
        )
    )
    return [DemoCustomer(str(row.id), row.name, row.email) for row in rows]


@cache
def _emails() -> tuple[str, ...]:
    content = yaml.safe_load((SAMPLE / "customers.yml").read_text(encoding="utf-8"))
    return tuple(customer["email"] for customer in content["customers"])
