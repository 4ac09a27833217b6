"""The demo shop: complete in every language, with orders whose days make sense on any day."""

import re
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml
from sqlalchemy import func, select
from sqlalchemy.engine import Engine
from sqlalchemy.orm import Session

from tenin.database import read_transaction, write_transaction
from tenin.language.goods import Matcher
from tenin.language.languages import Languages
from tenin.shop import sample_data
from tenin.shop.catalogue import list_products
from tenin.shop.models import (
    ORDER_STATUSES,
    carrier_text,
    category_alias,
    category_text,
    customers,
    order_items,
    order_refunds,
    order_returns,
    orders,
    product_alias,
    product_options,
    product_text,
    products,
)
from tenin.shop.names import read_names
from tenin.shop.orders import SHOP_TIME_ZONE, find_proved_order
from tenin.shop.sample_data import demo_order, load_sample_data, sample_languages, shop_name

ROOT = Path(__file__).parents[3]
FICTIONAL_PHONE = re.compile(
    r"(86)?1540000\d{4}|(886|0)900000\d{3}|(81|0)9000000\d{3}|4420794601\d\d|447700900\d{3}"
    r"|1?\d{3}55501\d\d"
)
EAST_ASIAN = re.compile("[\u3041-\u30fa\u4e00-\u9fff]")


def all_orders(session: Session) -> list[Any]:
    return list(session.execute(select(orders).order_by(orders.c.number)))


def test_the_sizes_of_the_shop(session: Session) -> None:
    for table, size in ((products, 36), (customers, 24), (orders, 66)):
        assert session.execute(select(func.count()).select_from(table)).scalar_one() == size
    sold_out = select(products.c.sku).where(products.c.stock == 0)
    assert len(session.execute(sold_out).all()) == 4


def test_the_sample_speaks_every_language_ready_or_not() -> None:
    languages = yaml.safe_load((ROOT / "languages.yml").read_text(encoding="utf-8"))["languages"]
    assert sample_languages() == tuple(languages)


def test_the_sample_is_loaded_in_the_listed_languages_only(
    empty_shop: Engine, today: date, monkeypatch: pytest.MonkeyPatch
) -> None:
    listed = Languages("en", {"ja": "Japanese", "en": "English", "xx": "Other"}, ("en",))
    monkeypatch.setattr(sample_data, "configured", lambda: listed)
    with write_transaction(empty_shop) as session:
        assert load_sample_data(session, today) == 36
    with read_transaction(empty_shop) as session:
        for table in (product_text, product_alias, category_text, category_alias, carrier_text):
            there = session.execute(select(table.c.language).distinct()).scalars()
            assert set(there) == {"en", "ja"}


def test_the_shop_has_a_name_in_every_language() -> None:
    names = {"en": "Kodama", "zh-Hans": "木灵", "zh-Hant": "木靈", "ja": "こだま"}
    assert {language: shop_name(language) for language in names} == names


def test_every_text_is_in_its_language(session: Session) -> None:
    texts = {language: list_products(session, language) for language in sample_languages()}
    assert {len(goods) for goods in texts.values()} == {36}
    for language, goods in texts.items():
        for product in goods:
            for words in (product.name, product.description, product.reason):
                assert words == words.strip()
                assert bool(EAST_ASIAN.search(words)) == (language != "en")
            assert product.description.endswith(("。", "."))
            assert product.reason.endswith(("。", "."))
        for field in ("name", "description", "reason"):
            assert len({getattr(product, field) for product in goods}) == 36


def test_two_to_six_aliases_in_every_language(session: Session) -> None:
    for table, owner, size in (
        (product_alias, product_alias.c.product_id, 36),
        (category_alias, category_alias.c.category, 6),
    ):
        statement = select(owner, table.c.language, func.count()).group_by(owner, table.c.language)
        rows = session.execute(statement).all()
        assert len(rows) == size * len(sample_languages())
        assert {count for _, _, count in rows} <= {2, 3, 4, 5, 6}


def test_every_name_and_alias_finds_what_it_names_and_nothing_else(session: Session) -> None:
    names = read_names(session)
    matcher = Matcher(names)
    for name in names:
        found = matcher.find(name.text, words=[(0, len(name.text))])
        assert [each[:2] for each in found] == [name[:2]], name
        # A closing bracket at its end is no letter of a name.
        assert (found[0].start, found[0].end) == (0, len(name.text.rstrip("）"))), name


def test_loading_again_changes_nothing(empty_shop: Engine, today: date) -> None:
    with write_transaction(empty_shop) as session:
        assert load_sample_data(session, today) == 36
    with read_transaction(empty_shop) as session:
        before = all_orders(session)
    with write_transaction(empty_shop) as session:
        assert load_sample_data(session, today + timedelta(days=30)) == 0
    with read_transaction(empty_shop) as session:
        assert all_orders(session) == before


def test_two_at_once_load_it_once(empty_shop: Engine, today: date) -> None:
    def load(_: int) -> int:
        with write_transaction(empty_shop) as session:
            return load_sample_data(session, today)

    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(load, range(2))) == [0, 36]


@pytest.mark.parametrize("day", [date(2024, 2, 29), date(2025, 12, 31), date(2027, 1, 1)])
def test_orders_make_sense_on_any_day(empty_shop: Engine, day: date) -> None:
    with write_transaction(empty_shop) as session:
        load_sample_data(session, day)
    with read_transaction(empty_shop) as session:
        rows = all_orders(session)
        number, email = demo_order(session)
        demo = find_proved_order(session, number, email)
    assert set(Counter(row.status for row in rows)) == set(ORDER_STATUSES)
    for row in rows:
        placed_on = row.placed_at.astimezone(SHOP_TIME_ZONE).date()
        assert re.fullmatch(r"\d{12}", row.number)
        assert row.number.startswith(f"{placed_on:%Y%m%d}")
        assert day - timedelta(days=60) <= placed_on < day
        check_days(row, placed_on, day)
    assert demo is not None
    assert demo.status == "shipped"
    assert demo.carrier
    assert demo.expected_on is not None
    assert demo.expected_on > day


def check_days(row: Any, placed_on: date, today: date) -> None:
    """Hold that an order's days are those that its status has, and in their order."""
    on_its_way = row.status in ("shipped", "delivered")
    for value in (row.carrier, row.tracking_number, row.shipped_on):
        assert (value is not None) == on_its_way
    assert (row.delivered_on is not None) == (row.status == "delivered")
    assert (row.expected_on is None) == (row.status == "cancelled")
    if row.status in ("paid", "packed", "shipped"):
        assert row.expected_on >= today
    if on_its_way:
        assert placed_on < row.shipped_on <= today
        assert row.shipped_on < row.expected_on
    if row.status == "delivered":
        assert row.shipped_on < row.delivered_on <= today


def test_the_same_day_gives_the_same_orders(
    empty_shop: Engine, session: Session, today: date
) -> None:
    with write_transaction(empty_shop) as own:
        load_sample_data(own, today)
    with read_transaction(empty_shop) as own:
        assert all_orders(own) == all_orders(session)
        assert demo_order(own) == demo_order(session)


def test_every_order_has_items_at_the_price_of_the_product(session: Session) -> None:
    statement = select(order_items, products.c.price.label("listed")).join(products)
    items = session.execute(statement).all()
    assert {item.order_id for item in items} == {row.id for row in all_orders(session)}
    assert all(item.price == item.listed for item in items)


def test_every_carrier_has_a_name_in_every_language(session: Session) -> None:
    named = set(session.execute(select(carrier_text.c.carrier, carrier_text.c.language)).all())
    used = {row.carrier for row in all_orders(session)} - {None}
    assert len(used) > 2
    assert {(carrier, language) for carrier in used for language in sample_languages()} <= named


def test_customers_are_invented(session: Session) -> None:
    people = session.execute(select(customers)).all()
    assert {person.language for person in people} == {"en", "zh-Hans", "zh-Hant", "ja"}
    for person in people:
        assert re.fullmatch(r"[a-z.]+@example\.(com|org)", person.email)
        if person.phone is not None:
            assert FICTIONAL_PHONE.fullmatch(re.sub(r"\D", "", person.phone)), person.phone


def test_without_the_sample_there_is_no_demo_order(empty_shop: Engine) -> None:
    with read_transaction(empty_shop) as session, pytest.raises(LookupError, match="load"):
        demo_order(session)


def test_one_customer_of_each_language_has_orders_in_every_state(
    session: Session, today: date
) -> None:
    languages = set()
    statement = select(orders, customers.c.email, customers.c.language).join(customers)
    placed: dict[str, list[Any]] = {}
    for row in session.execute(statement):
        placed.setdefault(row.email, []).append(row)
    refunds = dict(session.execute(select(order_refunds.c.order_id, order_refunds.c.state)).all())
    for rows in placed.values():
        if {row.status for row in rows} != set(ORDER_STATUSES):
            continue
        languages.add(rows[0].language)
        ages = {(today - row.delivered_on).days for row in rows if row.delivered_on}
        assert min(ages) < 7
        assert max(ages) > 30
        assert {"requested", "paid"} <= {refunds.get(row.id) for row in rows}
    assert languages == {"en", "zh-Hans", "zh-Hant", "ja"}


def test_every_order_has_an_address_and_a_destination_that_hides_it(session: Session) -> None:
    for row in all_orders(session):
        city, end = row.destination.split(" …")
        assert city in row.address
        assert end.isalnum()
        assert len(row.destination) < len(row.address) / 1.5


def test_refunds_and_returns_are_of_what_was_paid(session: Session) -> None:
    paid = select(func.sum(order_items.c.price * order_items.c.quantity)).where(
        order_items.c.order_id == orders.c.id
    )
    statement = select(order_refunds, orders.c.status, paid.scalar_subquery().label("paid"))
    rows = session.execute(statement.join(orders)).all()
    assert {row.state for row in rows} == {"requested", "paid"}
    for row in rows:
        assert row.amount == row.paid if row.status == "cancelled" else row.amount <= row.paid
        assert (row.paid_on is not None) == (row.state == "paid")
    back = select(order_returns.c.quantity, order_items.c.quantity.label("bought"))
    for row in session.execute(back.join(order_items)):
        assert row.quantity <= row.bought


def test_what_was_bought_comes_in_that_size_and_colour(session: Session) -> None:
    listed = {
        (row.product_id, row.kind, row.value) for row in session.execute(select(product_options))
    }
    for item in session.execute(select(order_items)):
        for kind in ("size", "colour"):
            value = getattr(item, kind)
            assert value is None or (item.product_id, kind, value) in listed, item
