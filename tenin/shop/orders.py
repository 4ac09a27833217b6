"""Orders as a customer may see them: only with proof, and with nothing learnt without it.

Called by the order actions. A wrong contact and an order that does not exist take one path: the
same statement, the same comparisons, the same answer.
"""

import re
import unicodedata
from dataclasses import dataclass
from datetime import date, timedelta, timezone

from sqlalchemy import and_, func, literal, select
from sqlalchemy.orm import Session

from tenin.shop.contact import same_contact
from tenin.shop.models import carrier_text, customers, orders

MAX_NUMBER = 32
SHOP_TIME_ZONE = timezone(timedelta(hours=8), "Asia/Shanghai")

# Compared with when there is no such order; no contact can be the same as these.
_NO_EMAIL = "nobody at no address"
_NO_PHONE = "000 0000 0000"


@dataclass(frozen=True)
class OrderStatus:
    """What a customer who has proved an order is told of it; days are the shop's."""

    number: str
    status: str
    carrier: str | None
    tracking_number: str | None
    placed_on: date
    shipped_on: date | None
    expected_on: date | None
    delivered_on: date | None


def normal_order_number(number: str) -> str:
    """Return an order number as it is stored: ASCII digits and letters, in upper case."""
    text = unicodedata.normalize("NFKC", number[: MAX_NUMBER * 4])
    return re.sub("[^0-9A-Za-z]", "", text).upper()[:MAX_NUMBER]


def find_proved_order(
    session: Session, number: str, contact: str, language: str = "en"
) -> OrderStatus | None:
    """Return an order if `contact` is its customer's e-mail address or phone number.

    The carrier is named in `language`. None means that the number or the contact is wrong, and
    does not say which.
    """
    order_id, email, phone = _claimed(session, normal_order_number(number))
    proved = same_contact(contact, email or _NO_EMAIL, phone or _NO_PHONE)
    if order_id is None or not proved:
        return None
    return _status(session, order_id, language)


def _claimed(session: Session, number: str) -> tuple[int | None, str | None, str | None]:
    """Return an order's id, e-mail address and phone number.

    The statement gives one row whether or not there is such an order, so that reading its answer
    takes as long.
    """
    wanted = select(literal(number).label("number")).subquery()
    statement = select(orders.c.id, customers.c.email, customers.c.phone).select_from(
        wanted.outerjoin(orders, orders.c.number == wanted.c.number).outerjoin(
            customers, customers.c.id == orders.c.customer_id
        )
    )
    order_id, email, phone = session.execute(statement).one()
    return order_id, email, phone


def _status(session: Session, order_id: int, language: str) -> OrderStatus:
    statement = (
        select(orders, func.coalesce(carrier_text.c.name, orders.c.carrier).label("carrier_name"))
        .outerjoin(
            carrier_text,
            and_(carrier_text.c.carrier == orders.c.carrier, carrier_text.c.language == language),
        )
        .where(orders.c.id == order_id)
    )
    row = session.execute(statement).one()
    return OrderStatus(
        number=row.number,
        status=row.status,
        carrier=row.carrier_name,
        tracking_number=row.tracking_number,
        placed_on=row.placed_at.astimezone(SHOP_TIME_ZONE).date(),
        shipped_on=row.shipped_on,
        expected_on=row.expected_on,
        delivered_on=row.delivered_on,
    )
