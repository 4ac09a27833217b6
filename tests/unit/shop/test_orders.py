"""An order is shown with proof only, and without it nothing is learnt."""

import hmac
from collections.abc import Iterator
from datetime import date, datetime, timedelta, timezone
from typing import Any

import pytest
from sqlalchemy import event, select
from sqlalchemy.engine import Engine
from sqlalchemy.orm import Session

from tenin.database import read_transaction, write_transaction
from tenin.shop.models import customers, orders
from tenin.shop.orders import OrderStatus, find_proved_order, normal_order_number
from tenin.shop.sample_data import demo_order

UNKNOWN_NUMBER = "202601019999"
STRANGER = "stranger@example.com"
HOSTILE = [
    "",
    " ",
    "@",
    "0",
    "\0",
    "\ud800",
    "nobody at no address",
    "000 0000 0000",
    "' OR '1'='1",
    "%",
    "x" * 20_000,
    "٠" * 12,
]


@pytest.fixture
def demo(session: Session) -> tuple[str, str]:
    return demo_order(session)


@pytest.fixture
def statements(demo_shop: Engine) -> Iterator[list[tuple[str, Any]]]:
    """The statements that reach the database, with their parameters."""
    issued: list[tuple[str, Any]] = []

    def note(_c: Any, _cursor: Any, statement: str, parameters: Any, *_rest: Any) -> None:
        issued.append((statement, parameters))

    event.listen(demo_shop, "before_cursor_execute", note)
    yield issued
    event.remove(demo_shop, "before_cursor_execute", note)


def test_the_demo_order_is_told_with_its_carrier_and_days(
    session: Session, demo: tuple[str, str], today: date
) -> None:
    number, email = demo
    assert find_proved_order(session, number, email) == OrderStatus(
        number=number,
        status="shipped",
        carrier="SF Express",
        tracking_number="SF1493234043345",
        placed_on=today - timedelta(days=3),
        shipped_on=today - timedelta(days=2),
        expected_on=today + timedelta(days=2),
        delivered_on=None,
    )


@pytest.mark.parametrize(
    ("language", "carrier"), [("en", "SF Express"), ("zh-Hans", "顺丰速运"), ("xx", "sf_express")]
)
def test_the_carrier_is_named_in_the_customers_language(
    session: Session, demo: tuple[str, str], language: str, carrier: str
) -> None:
    order = find_proved_order(session, *demo, language=language)
    assert order is not None
    assert order.carrier == carrier


def test_every_order_is_found_by_its_customers_address_and_phone(session: Session) -> None:
    rows = session.execute(select(orders, customers.c.email, customers.c.phone).join(customers))
    found = 0
    for row in rows.all():
        for contact in filter(None, (row.email, row.phone)):
            order = find_proved_order(session, row.number, contact)
            assert order is not None
            assert (order.number, order.status) == (row.number, row.status)
            assert order.delivered_on == row.delivered_on
            found += 1
    assert found > 70


@pytest.mark.parametrize(
    "form",
    [
        "{n}",
        "#{n}",
        " {n}\n",
        "订单号：{n}",
        "{n[0]}{n[1]}{n[2]}{n[3]}-{n[4]}{n[5]}{n[6]}{n[7]} {n[8]}{n[9]}{n[10]}{n[11]}",
    ],
)
@pytest.mark.parametrize("wide", [False, True])
def test_a_number_may_be_written_in_many_ways(
    session: Session, demo: tuple[str, str], form: str, wide: bool
) -> None:
    number, email = demo
    if wide:
        number = number.translate({ord(str(digit)): 0xFF10 + digit for digit in range(10)})
    assert find_proved_order(session, form.format(n=number), email) is not None


def test_a_number_of_letters_is_stored_in_upper_case() -> None:
    assert normal_order_number("ｋd-2026 0001") == "KD20260001"
    assert len(normal_order_number("ﷺ" * 20_000 + "7" * 20_000)) <= 32


def test_another_customers_contact_proves_nothing(session: Session, demo: tuple[str, str]) -> None:
    number, email = demo
    others = session.execute(select(customers.c.email, customers.c.phone)).all()
    for other in others:
        if other.email != email:
            assert find_proved_order(session, number, other.email) is None
            assert find_proved_order(session, number, other.phone or "") is None


@pytest.mark.parametrize("contact", HOSTILE)
def test_hostile_contacts_prove_nothing(
    session: Session, demo: tuple[str, str], contact: str
) -> None:
    assert find_proved_order(session, demo[0], contact) is None
    assert find_proved_order(session, UNKNOWN_NUMBER, contact) is None


@pytest.mark.parametrize("number", HOSTILE)
def test_hostile_numbers_find_nothing(session: Session, demo: tuple[str, str], number: str) -> None:
    assert find_proved_order(session, number, demo[1]) is None


@pytest.mark.parametrize("contact", HOSTILE)
def test_a_customer_without_a_phone_is_not_proved_by_none(session: Session, contact: str) -> None:
    statement = (
        select(orders.c.number, customers.c.email)
        .join(customers)
        .where(customers.c.phone.is_(None))
    )
    number, email = session.execute(statement).first()
    assert find_proved_order(session, number, contact) is None
    assert find_proved_order(session, number, email) is not None


@pytest.mark.parametrize("contact", [STRANGER, "154 0000 9999", "", "x" * 20_000])
def test_wrong_and_unknown_issue_the_same_statements(
    session: Session, demo: tuple[str, str], statements: list[tuple[str, Any]], contact: str
) -> None:
    statements.clear()
    assert find_proved_order(session, demo[0], contact) is None
    wrong = list(statements)
    statements.clear()
    assert find_proved_order(session, UNKNOWN_NUMBER, contact) is None
    unknown = list(statements)
    assert [statement for statement, _ in wrong] == [statement for statement, _ in unknown]
    assert str(wrong).replace(demo[0], UNKNOWN_NUMBER) == str(unknown)
    assert len(wrong) == 1


@pytest.mark.parametrize("contact", [STRANGER, "154 0000 9999", "", "lin.xiaoyu@example.com"])
def test_wrong_and_unknown_make_the_same_comparisons(
    session: Session, demo: tuple[str, str], contact: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    compare = hmac.compare_digest
    lengths: list[tuple[int, int]] = []

    def noting(one: bytes, other: bytes) -> bool:
        lengths.append((len(one), len(other)))
        return compare(one, other)

    monkeypatch.setattr("tenin.shop.contact.hmac.compare_digest", noting)
    find_proved_order(session, demo[0], contact)
    for_an_order = list(lengths)
    lengths.clear()
    assert find_proved_order(session, UNKNOWN_NUMBER, contact) is None
    assert lengths == for_an_order == [(32, 32), (32, 32)]


def test_an_order_of_the_small_hours_was_placed_on_the_shops_day(empty_shop: Engine) -> None:
    placed_at = datetime(2026, 2, 28, 16, 30, tzinfo=timezone.utc)  # half past midnight in China
    with write_transaction(empty_shop) as session:
        session.execute(
            customers.insert().values(id=1, name="A", email="a@example.com", language="en")
        )
        session.execute(
            orders.insert().values(
                number="202603010001", customer_id=1, placed_at=placed_at, status="paid"
            )
        )
    with read_transaction(empty_shop) as session:
        order = find_proved_order(session, "202603010001", "a@example.com")
    assert order is not None
    assert order.placed_on == date(2026, 3, 1)
    assert (order.carrier, order.tracking_number, order.shipped_on) == (None, None, None)
