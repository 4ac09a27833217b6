"""Which orders a week names: those placed in it, else those that left or arrived in it."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from actions.order_details import orders_meant
from tenin.shop.interface import Order, OrderItem

LAST_WEEK = "2026-11-16/2026-11-22"


def placed(number: str, *days: str | None, sku: str = "K", status: str = "delivered") -> Order:
    """An order by its days: placed, shipped, delivered."""
    first, shipped, delivered = (day and date.fromisoformat(day) for day in days)
    assert first is not None
    return Order(
        number=number,
        status=status,
        placed_on=first,
        items=(OrderItem("1", sku, "n", None, None, 1, Decimal(1)),),
        total=Decimal(1),
        currency="CNY",
        carrier=None,
        tracking_number=None,
        shipped_on=shipped,
        expected_on=None,
        delivered_on=delivered,
        destination=None,
    )


@pytest.mark.parametrize(
    ("named", "orders", "meant"),
    [
        (  # the first and the last day are of the week
            [],
            [
                placed("1", "2026-11-23", None, None),
                placed("2", "2026-11-22", None, None),
                placed("3", "2026-11-16", None, None),
                placed("4", "2026-11-15", None, None),
            ],
            ["2", "3"],
        ),
        (  # placed in it rather than delivered in it
            [],
            [
                placed("1", "2026-11-17", "2026-11-24", None),
                placed("2", "2026-11-02", "2026-11-03", "2026-11-18"),
            ],
            ["1"],
        ),
        (  # delivered in it, if that is what is named, or what there is
            [("product", "KS")],
            [
                placed("1", "2026-11-17", "2026-11-24", None),
                placed("2", "2026-11-02", "2026-11-03", "2026-11-18", sku="KS"),
            ],
            ["2"],
        ),
        (  # what can be sent back, before when it was placed
            [],
            [
                placed("1", "2026-11-17", None, None, status="paid"),
                placed("2", "2026-11-02", "2026-11-03", "2026-11-18"),
            ],
            ["2"],
        ),
        (  # none: whatever there is
            [],
            [placed("1", "2026-10-01", None, None), placed("2", "2026-09-01", None, None)],
            ["1", "2"],
        ),
    ],
)
def test_a_week_names_the_orders_placed_in_it(
    named: list[tuple[str, str]], orders: list[Order], meant: list[str]
) -> None:
    found = orders_meant([("date", LAST_WEEK), *named], orders, {"delivered"}, lambda _: ())
    assert [order.number for order in found] == meant
