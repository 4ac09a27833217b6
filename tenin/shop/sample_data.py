"""Kodama, the demo shop: loads the files in `sample/` into an empty shop.

Used by the set-up of `make run` and by the tests; a shop with products of its own is left alone.
"""

from datetime import date, datetime, time, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any, NamedTuple

import yaml
from sqlalchemy import Table, delete, func, insert, select, text
from sqlalchemy.orm import Session

from tenin.language.languages import configured
from tenin.shop.goods_files import store_goods
from tenin.shop.models import (
    carrier_text,
    customers,
    order_items,
    order_refunds,
    order_returns,
    orders,
    products,
)
from tenin.shop.orders import SHOP_TIME_ZONE

SAMPLE = Path(__file__).parent / "sample"
CURRENCY = "CNY"
DEMO_CUSTOMER = "lin.xiaoyu@example.com"
_REFUND_STEPS = ("requested", "expected", "paid")


class _Person(NamedTuple):
    """A customer's id, and where their orders go: the columns of an order."""

    id: int
    where: dict[str, str]


def load_sample_data(session: Session, today: date) -> int:
    """Fill an empty shop, with orders dated relative to `today`; return the number of products.

    Returns 0, and changes nothing, if the shop has products already. The session's transaction
    must be able to write.
    """
    if session.get_bind().dialect.name == "postgresql":
        # Two set-ups at once: the second waits here, then finds the products of the first.
        session.execute(text("LOCK TABLE products IN SHARE ROW EXCLUSIVE MODE"))
    if session.execute(select(func.count()).select_from(products)).scalar_one():
        return 0
    _load_carriers(session)
    goods = _load_products(session)
    people = _load_customers(session)
    _load_orders(session, today, goods, people)
    return len(goods)


def demo_order(session: Session) -> tuple[str, str]:
    """Return number and e-mail address of the order that the demo page asks about.

    It is on its way, with a carrier and an expected day. Raises LookupError if the sample data is
    not in the database.
    """
    statement = (
        select(orders.c.number)
        .join(customers, customers.c.id == orders.c.customer_id)
        .where(customers.c.email == DEMO_CUSTOMER, orders.c.status == "shipped")
        .order_by(orders.c.placed_at.desc())
        .limit(1)
    )
    number = session.execute(statement).scalar_one_or_none()
    if number is None:
        raise LookupError("the demo order is not in the database: load the sample data first")
    return number, DEMO_CUSTOMER


def forget_demo(session: Session) -> int:
    """Remove the demo shop's customers and their orders; return how many customers there were."""
    emails = [customer["email"] for customer in _read("customers.yml")["customers"]]
    mine = select(customers.c.id).where(customers.c.email.in_(emails))
    session.execute(delete(orders).where(orders.c.customer_id.in_(mine)))
    return int(session.execute(delete(customers).where(customers.c.email.in_(emails))).rowcount)


def sample_languages() -> tuple[str, ...]:
    """Return the languages that the sample is loaded in: those of languages.yml that it has."""
    return tuple(code for code in configured().names if code in _read("shop.yml")["name"])


def shop_name(language: str) -> str:
    """Return the demo shop's name in `language`; raises KeyError for a language it lacks."""
    return str(_read("shop.yml")["name"][language])


def _read(name: str) -> dict[str, Any]:
    content: dict[str, Any] = yaml.safe_load((SAMPLE / name).read_text(encoding="utf-8"))
    return content


def _insert(session: Session, table: Table, **values: Any) -> int:
    """Insert a row; return its number."""
    return int(session.execute(insert(table).values(**values)).inserted_primary_key[0])


def _load_carriers(session: Session) -> None:
    languages = sample_languages()
    rows = [
        {"carrier": carrier, "language": language, "name": names[language]}
        for carrier, names in _read("shop.yml")["carriers"].items()
        for language in languages
    ]
    session.execute(insert(carrier_text), rows)


def _load_products(session: Session) -> dict[str, tuple[int, Decimal]]:
    """Insert categories and products; return each SKU's product id and price."""
    groups = [_read(file.name) for file in sorted(SAMPLE.glob("products-*.yml"))]
    store_goods(session, [_in_our_languages(group) for group in groups], rest_goes=False)
    rows = session.execute(select(products.c.sku, products.c.id, products.c.price))
    return {sku: (product_id, price) for sku, product_id, price in rows}


def _in_our_languages(group: dict[str, Any]) -> dict[str, Any]:
    """Leave out the languages that languages.yml doesn't have."""
    left_out = set(_read("shop.yml")["name"]) - set(sample_languages())

    def without(said: dict[str, Any]) -> dict[str, Any]:
        return {key: value for key, value in said.items() if key not in left_out}

    return {
        **group,
        "name": without(group["name"]),
        "products": [without(product) for product in group["products"]],
    }


def _load_customers(session: Session) -> dict[str, _Person]:
    """Insert the customers; return each one's id and where their orders go, by e-mail address."""
    people = {}
    for customer in _read("customers.yml")["customers"]:
        where = {name: customer.pop(name) for name in ("address", "destination")}
        people[customer["email"]] = _Person(_insert(session, customers, **customer), where)
    return people


def _load_orders(
    session: Session,
    today: date,
    goods: dict[str, tuple[int, Decimal]],
    people: dict[str, _Person],
) -> None:
    for order in _read("orders.yml")["orders"]:
        placed_on = today + timedelta(days=order["placed"]["day"])
        placed_at = datetime.combine(
            placed_on, time.fromisoformat(order["placed"]["at"]), SHOP_TIME_ZONE
        )
        parcel = order.get("parcel", {})
        person = people[order["customer"]]
        number = f"{placed_on:%Y%m%d}{order['placed']['serial']}"
        order_id = _insert(
            session,
            orders,
            number=number,
            customer_id=person.id,
            placed_at=placed_at,
            status=order["status"],
            carrier=parcel.get("carrier"),
            tracking_number=parcel.get("tracking"),
            **person.where,
            **_days(today, order.get("days", {})),
        )
        items: dict[str, tuple[int, Decimal]] = {}
        total = Decimal(0)
        for item in order["items"]:
            product_id, price = goods[item["sku"]]
            item_id = _insert(
                session,
                order_items,
                order_id=order_id,
                product_id=product_id,
                size=item.get("size"),
                colour=item.get("colour"),
                quantity=item["quantity"],
                price=price,
            )
            items[item["sku"]] = item_id, price
            total += price * item["quantity"]
        for each in order.get("returns", ()):
            _insert(
                session,
                order_returns,
                reference=f"R-{number}",
                item_id=items[each["sku"]][0],
                kind="return",
                state="requested",
                quantity=each["quantity"],
                **_days(today, {"requested": each["requested"]}),
            )
        if refund := order.get("refund"):
            steps = {name: refund[name] for name in _REFUND_STEPS if name in refund}
            _insert(
                session,
                order_refunds,
                reference=f"F-{number}",
                order_id=order_id,
                state=refund["state"],
                amount=items[refund["sku"]][1] if "sku" in refund else total,
                currency=CURRENCY,
                **_days(today, steps),
            )


def _days(today: date, steps: dict[str, int]) -> dict[str, date]:
    return {f"{step}_on": today + timedelta(days=day) for step, day in steps.items()}
