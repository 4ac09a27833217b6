"""What every shop answers, whether it stands in a database or behind an API."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta
from decimal import Decimal

import pytest
from sqlalchemy import select

from tenin.database import read_transaction
from tenin.shop.interface import (
    Cancel,
    Change,
    ChangeAddress,
    ChangeItem,
    Customer,
    Done,
    Exchange,
    NotAllowedError,
    Quote,
    Return,
    Shop,
    ShopError,
    Urge,
)
from tenin.shop.models import (
    order_changes,
    order_refunds,
    order_returns,
    orders,
    products,
    restock_wishes,
)
from tenin.shop.sample_data import demo_order
from tests.contract.shops import ADDRESS, NOW, TODAY, World, shop, world
from tests.databases import postgres_url

__all__ = ["postgres_url", "shop", "world"]

HOSTILE = ["", " ", "\0", "\ud800", "' OR '1'='1", "%", "../order", "x" * 5000, "٠" * 12]


def refusal(shop: Shop, change: Change, key: str = "refused") -> tuple[str | None, tuple[str, ...]]:
    """The reason why a change is refused, said by the quote and by the change alike."""
    quote = shop.quote(change)
    assert not quote.allowed
    with pytest.raises(NotAllowedError) as raised:
        shop.change(change, key)
    assert raised.value.quote == quote
    return quote.reason, quote.instead


def test_an_order_is_proved_by_its_customers_contact(shop: Shop, world: World) -> None:
    placed = world.place()
    assert shop.proved(placed.number.lower(), f" {placed.email.upper()}") == placed.number
    assert shop.proved(placed.number, "other@example.com") is None
    assert shop.proved("T99999999", placed.email) is None


@pytest.mark.parametrize("text", HOSTILE)
def test_whatever_is_typed_is_only_text(shop: Shop, world: World, text: str) -> None:
    assert shop.proved(text, text) is None
    assert shop.customer(text) is None
    assert shop.orders(text, "en") == []
    assert shop.order(text, "en") is None
    assert shop.refunds(text) == []
    assert shop.invoice(text, "en") is None
    assert shop.wish_restock(text, text, "en") is False
    assert refusal(shop, Cancel(text))[0] == "unknown_order"
    placed = world.place("delivered")
    assert refusal(shop, Return(placed.number, text))[0] == "unknown_item"
    assert refusal(shop, Exchange(placed.number, placed.items[0], size=text))[0] == "not_in_stock"
    shop.change(Return(placed.number, placed.items[0], reason=text), f"text {placed.number}")


def test_a_customer_and_their_orders_the_newest_first(shop: Shop, world: World) -> None:
    first = world.place(placed_at=NOW - timedelta(days=9))
    last = world.place("shipped", customer=first.customer, placed_at=NOW - timedelta(days=1))
    middle = world.place("cancelled", customer=first.customer, placed_at=NOW - timedelta(days=5))
    assert shop.customer(first.customer) == Customer(first.customer, "<b>Test & Co.</b>", "en")
    found = shop.orders(first.customer, "en")
    assert [order.number for order in found] == [last.number, middle.number, first.number]
    assert shop.orders(first.customer, "en", limit=1) == found[:1]
    assert shop.orders(first.customer, "en", limit=0) == []
    assert [shop.order(order.number, "en") for order in found] == found
    assert shop.customer("999999999") is None


def test_the_demo_order_in_each_language(shop: Shop, world: World) -> None:
    with read_transaction(world.engine) as session:
        number, email = demo_order(session)
    assert shop.proved(number, email) == number
    names = set()
    for language in ("en", "zh-Hans", "zh-Hant", "ja", "xx"):
        order = shop.order(number, language)
        assert order is not None
        assert (order.status, order.currency, order.destination) == ("shipped", "CNY", "上海 …040")
        assert order.total == Decimal("938.00")
        assert [(item.sku, item.quantity, item.price) for item in order.items] == [
            ("KJ-201", 1, Decimal("799.00")),
            ("KW-501", 1, Decimal("139.00")),
        ]
        assert order.placed_on < order.shipped_on < TODAY < order.expected_on  # type: ignore[operator]
        names.add((order.items[0].name, order.carrier))
    assert len(names) == 5  # unknown languages have the English name and the carrier's code
    assert ("Drizzle Three-Layer Rain Jacket", "SF Express") in names
    assert ("Drizzle Three-Layer Rain Jacket", "sf_express") in names


@pytest.mark.parametrize("status", ["paid", "packed"])
def test_cancelling_gives_back_the_money_but_the_fee_and_the_goods(
    shop: Shop, world: World, status: str
) -> None:
    placed = world.place(status)
    quote = shop.quote(Cancel(placed.number))
    assert quote == Quote(
        True, None, Decimal("5.00"), Decimal("235.00"), Decimal(0), "CNY", refund_days=5
    )
    done = shop.change(Cancel(placed.number.lower()), f"cancel {placed.number}")
    assert done.quote == quote
    assert done.reference.startswith("C-")
    order = shop.order(placed.number, "en")
    assert order is not None
    assert (order.status, order.expected_on) == ("cancelled", None)
    assert [world.stock(product) for product in placed.products] == [7, 6]
    [refund] = shop.refunds(placed.number)
    assert (refund.order, refund.state) == (placed.number, "approved")
    assert (refund.amount, refund.currency) == (Decimal("235.00"), "CNY")
    assert (refund.requested_on, refund.expected_on) == (TODAY, date(2026, 3, 9))
    assert shop.invoice(placed.number, "en") is None
    assert refusal(shop, Cancel(placed.number)) == ("already_cancelled", ("refund_status",))


def test_the_fee_is_never_more_than_the_order(shop: Shop, world: World) -> None:
    placed = world.place(items=[("3.00", 1)])
    done = shop.change(Cancel(placed.number), f"fee {placed.number}")
    assert (done.quote.fee, done.quote.refund, done.quote.refund_days) == (3, 0, None)
    assert shop.refunds(placed.number) == []


def test_what_has_left_is_changed_no_more(shop: Shop, world: World) -> None:
    shipped, delivered = world.place("shipped"), world.place("delivered")
    late = world.place("delivered", delivered=25)
    old = world.place("delivered", delivered=31)
    both = ("return_item", "exchange_item")
    for make, after, before in (
        (lambda p: Cancel(p.number), both, ("return_item",)),
        (
            lambda p: ChangeItem(p.number, p.items[0], quantity=1),
            both,
            ("exchange_item", "return_item"),
        ),
    ):
        assert refusal(shop, make(shipped)) == ("already_shipped", before)
        assert refusal(shop, make(delivered)) == ("already_delivered", after)
        assert refusal(shop, make(late)) == ("already_delivered", ("return_item",))
        assert refusal(shop, make(old)) == ("already_delivered", ("human_agent",))
    to_leeds = "1 Test Road, Leeds LS1 0AA"
    assert refusal(shop, ChangeAddress(shipped.number, to_leeds))[0] == "already_shipped"
    assert refusal(shop, ChangeAddress(delivered.number, to_leeds))[0] == "already_delivered"


def test_an_address_is_changed_and_never_told(shop: Shop, world: World) -> None:
    placed = world.place("packed")
    new = "  7 Other\nStreet,\0 Leeds ls1 1zz "
    assert refusal(shop, ChangeAddress(placed.number, f" {ADDRESS} "))[0] == "nothing_changes"
    assert refusal(shop, ChangeAddress(placed.number, " \n"))[0] == "nothing_changes"
    done = shop.change(ChangeAddress(placed.number, new), f"address {placed.number}")
    assert done.quote == Quote(True, currency="CNY")
    order = shop.order(placed.number, "en")
    assert order is not None
    assert order.destination == "…1ZZ"
    with read_transaction(world.engine) as session:
        statement = select(orders.c.address).where(orders.c.id == placed.id)
        assert session.execute(statement).scalar_one() == "7 Other Street, Leeds ls1 1zz"
    assert "Street" not in repr(order) + repr(done) + repr(shop.invoice(placed.number, "en"))


def test_more_and_fewer_pieces(shop: Shop, world: World) -> None:
    placed = world.place()
    item, product = placed.items[0], placed.products[0]
    more = shop.change(ChangeItem(placed.number, item, quantity=6), f"more {placed.number}")
    assert (more.quote.extra, more.quote.refund, more.quote.refund_days) == (400, 0, None)
    assert world.stock(product) == 1
    assert refusal(shop, ChangeItem(placed.number, item, quantity=8))[0] == "not_in_stock"
    assert refusal(shop, ChangeItem(placed.number, item, quantity=11))[0] == "too_many"
    assert refusal(shop, ChangeItem(placed.number, item, quantity=6))[0] == "nothing_changes"
    assert refusal(shop, ChangeItem(placed.number, item, quantity=-1))[0] == "nothing_changes"
    assert refusal(shop, ChangeItem(placed.number, item))[0] == "nothing_changes"
    fewer = shop.change(ChangeItem(placed.number, item, quantity=1), f"fewer {placed.number}")
    assert (fewer.quote.extra, fewer.quote.refund, fewer.quote.refund_days) == (0, 500, 5)
    assert world.stock(product) == 6
    order = shop.order(placed.number, "en")
    assert order is not None
    assert order.total == Decimal("140.00")
    assert [refund.amount for refund in shop.refunds(placed.number)] == [500]


def test_another_size_and_colour_before_dispatch(shop: Shop, world: World) -> None:
    placed = world.place()
    change = ChangeItem(placed.number, placed.items[0], size=" ４０ ", colour="Sand")
    assert shop.change(change, f"kind {placed.number}").quote == Quote(True, currency="CNY")
    order = shop.order(placed.number, "en")
    assert order is not None
    assert (order.items[0].size, order.items[0].colour) == ("40", "sand")
    assert world.stock(placed.products[0]) == 5
    for other in (
        ChangeItem(placed.number, placed.items[0], size="47"),
        ChangeItem(placed.number, placed.items[0], colour="pink"),
    ):
        assert refusal(shop, other)[0] == "not_in_stock"
    world.set(products, placed.products[0], stock=1)  # two are wanted
    again = ChangeItem(placed.number, placed.items[0], size="39")
    assert refusal(shop, again)[0] == "not_in_stock"


def test_an_item_is_taken_out_and_the_last_one_cancels(shop: Shop, world: World) -> None:
    placed = world.place()
    out = ChangeItem(placed.number, placed.items[0], quantity=0)
    assert shop.change(out, f"out {placed.number}").quote.refund == 200
    order = shop.order(placed.number, "en")
    assert order is not None
    assert [item.id for item in order.items] == [placed.items[1]]
    assert refusal(shop, out)[0] == "unknown_item"
    last = ChangeItem(placed.number, placed.items[1], quantity=0)
    assert shop.quote(last) == shop.quote(Cancel(placed.number))
    shop.change(last, f"last {placed.number}")
    order = shop.order(placed.number, "en")
    assert order is not None
    assert (order.status, len(order.items)) == ("cancelled", 1)
    assert [world.stock(product) for product in placed.products] == [7, 6]
    assert [refund.amount for refund in shop.refunds(placed.number)] == [35, 200]


def test_a_return_within_the_terms(shop: Shop, world: World) -> None:
    placed = world.place("delivered", delivered=30)
    item = placed.items[0]
    assert refusal(shop, Return(placed.number, item, 3))[0] == "too_many"
    assert refusal(shop, Return(placed.number, item, 0))[0] == "nothing_changes"
    done = shop.change(Return(placed.number, item, reason="too small"), f"one {placed.number}")
    assert done.quote == Quote(True, refund=Decimal("100.00"), currency="CNY", refund_days=5)
    assert refusal(shop, Return(placed.number, item, 2))[0] == "too_many"
    shop.change(Return(placed.number, item), f"two {placed.number}")
    assert refusal(shop, Return(placed.number, item)) == (
        "already_asked",
        ("refund_status", "human_agent"),
    )
    assert [(each.state, each.amount) for each in shop.refunds(placed.number)] == [
        ("requested", 100),
        ("requested", 100),
    ]
    assert shop.refunds(placed.number)[0].expected_on is None  # not before the goods are back
    assert world.stock(placed.products[0]) == 5
    order = shop.order(placed.number, "en")
    assert order is not None
    assert (order.status, order.total) == ("delivered", 240)


def test_a_return_too_early_or_too_late(shop: Shop, world: World) -> None:
    for status, instead in (
        ("paid", ("cancel_order", "change_order")),
        ("packed", ("cancel_order", "change_order")),
        ("shipped", ("track_order",)),
    ):
        placed = world.place(status)
        for change in (
            Return(placed.number, placed.items[0]),
            Exchange(placed.number, placed.items[0], size="40"),
        ):
            assert refusal(shop, change) == ("not_delivered", instead)
    placed = world.place("delivered", delivered=31)
    assert refusal(shop, Return(placed.number, placed.items[0])) == (
        "return_time_over",
        ("warranty_repair", "human_agent"),
    )
    placed = world.place("delivered", delivered=21)
    exchange = Exchange(placed.number, placed.items[0], size="40")
    assert refusal(shop, exchange)[0] == "return_time_over"


def test_an_exchange_takes_the_new_piece(shop: Shop, world: World) -> None:
    placed = world.place("delivered", stock=1)
    item = placed.items[0]
    assert refusal(shop, Exchange(placed.number, item))[0] == "nothing_changes"
    assert refusal(shop, Exchange(placed.number, item, size="39"))[0] == "nothing_changes"
    assert refusal(shop, Exchange(placed.number, item, size="47")) == (
        "not_in_stock",
        ("return_item",),
    )
    done = shop.change(Exchange(placed.number, item, size="40"), f"exchange {placed.number}")
    assert done.quote == Quote(True, currency="CNY")
    assert world.stock(placed.products[0]) == 0
    assert shop.refunds(placed.number) == []
    assert refusal(shop, Exchange(placed.number, item, colour="sand"))[0] == "not_in_stock"
    assert refusal(shop, Return(placed.number, item, 2))[0] == "too_many"
    with read_transaction(world.engine) as session:
        statement = select(order_returns).where(order_returns.c.item_id == int(item))
        row = session.execute(statement).one()
    assert (row.kind, row.size, row.colour, row.quantity) == ("exchange", "40", "black", 1)
    assert row.reference == done.reference


def test_an_urge_once_a_day(shop: Shop, world: World) -> None:
    placed = world.place("shipped")
    shop.change(Urge(placed.number), f"urge {placed.number}")
    assert refusal(shop, Urge(placed.number))[0] == "already_asked"
    try:
        world.now = NOW + timedelta(days=1)
        shop.change(Urge(placed.number), f"urge again {placed.number}")
    finally:
        world.now = NOW
    delivered = world.place("delivered")
    assert refusal(shop, Urge(delivered.number)) == (
        "already_delivered",
        ("missing_or_wrong_item",),
    )


def test_an_item_of_another_order_is_none(shop: Shop, world: World) -> None:
    mine, other = world.place(), world.place()
    assert refusal(shop, ChangeItem(mine.number, other.items[0], quantity=1))[0] == "unknown_item"
    mine, other = world.place("delivered"), world.place("delivered")
    assert refusal(shop, Return(mine.number, other.items[0]))[0] == "unknown_item"


def test_a_change_is_done_once_by_its_key(shop: Shop, world: World) -> None:
    placed, other = world.place("delivered"), world.place()
    change, key = Return(placed.number, placed.items[0]), f"once {placed.number}"
    done = shop.change(change, key)
    assert shop.change(change, key) == done
    same = Return(f" {placed.number[0]}-{placed.number[1:]}", placed.items[0])  # as it is typed
    assert shop.change(same, key) == done
    assert world.count(order_changes, order_changes.c.key == key) == 1
    assert len(shop.refunds(placed.number)) == 1
    for wrong in (Return(placed.number, placed.items[0], 2), Cancel(other.number)):
        with pytest.raises(ShopError):
            shop.change(wrong, key)
    order = shop.order(other.number, "en")
    assert order is not None
    assert order.status == "paid"
    # A repeated key is the same answer also when the change would not be allowed any more.
    shop.change(Cancel(other.number), f"once {other.number}")
    again = shop.change(Cancel(other.number), f"once {other.number}")
    assert again.quote.refund == 235


@pytest.mark.parametrize("key", ["", "k" * 129, "a\0b", "a\nb", "\ud800"])
def test_a_key_that_is_none(shop: Shop, world: World, key: str) -> None:
    placed = world.place()
    with pytest.raises(ShopError):
        shop.change(Cancel(placed.number), key)
    assert world.count(order_changes, order_changes.c.order_id == placed.id) == 0


def test_what_was_refused_may_be_asked_again_with_its_key(shop: Shop, world: World) -> None:
    placed = world.place("shipped")
    change = Return(placed.number, placed.items[0])
    assert refusal(shop, change, f"early {placed.number}")[0] == "not_delivered"
    world.set(orders, placed.id, status="delivered", delivered_on=TODAY)
    assert shop.change(change, f"early {placed.number}").quote.allowed


def at_once(shop: Shop, asked: list[tuple[Change, str]]) -> list[Done | Quote]:
    """What many changes give that begin together: what was done, or why not."""
    barrier = threading.Barrier(len(asked))

    def one(pair: tuple[Change, str]) -> Done | Quote:
        barrier.wait()
        try:
            return shop.change(*pair)
        except NotAllowedError as error:
            return error.quote

    with ThreadPoolExecutor(len(asked)) as pool:
        return list(pool.map(one, asked))


def test_the_same_key_many_times_at_once_is_done_once(shop: Shop, world: World) -> None:
    placed = world.place("delivered", stock=4)
    change = Exchange(placed.number, placed.items[0], size="40")
    found = at_once(shop, [(change, f"together {placed.number}")] * 6)
    assert len(set(found)) == 1
    assert isinstance(found[0], Done)
    assert world.stock(placed.products[0]) == 3


def test_only_one_of_many_cancels_an_order(shop: Shop, world: World) -> None:
    placed = world.place()
    found = at_once(shop, [(Cancel(placed.number), f"{i} {placed.number}") for i in range(6)])
    done = [each for each in found if isinstance(each, Done)]
    assert len(done) == 1
    assert {each.reason for each in found if isinstance(each, Quote)} == {"already_cancelled"}
    assert [world.stock(product) for product in placed.products] == [7, 6]
    assert world.count(order_refunds, order_refunds.c.order_id == placed.id) == 1


def test_the_last_piece_goes_to_one_of_two_items(shop: Shop, world: World) -> None:
    placed = world.place("delivered", items=[("10.00", 3)], stock=1)
    change = Exchange(placed.number, placed.items[0], size="40")
    found = at_once(shop, [(change, f"{i} {placed.number}") for i in range(3)])
    assert len([each for each in found if isinstance(each, Done)]) == 1
    assert {each.reason for each in found if isinstance(each, Quote)} == {"not_in_stock"}
    assert world.stock(placed.products[0]) == 0


def test_an_invoice_keeps_its_number(shop: Shop, world: World) -> None:
    placed = world.place("shipped")
    invoice = shop.invoice(placed.number, "en")
    assert invoice is not None
    assert (invoice.order, invoice.issued_on) == (placed.number, TODAY)
    try:
        world.now = NOW + timedelta(days=40)
        later = shop.invoice(placed.number.lower(), "en")
    finally:
        world.now = NOW
    assert later == invoice
    japanese = shop.invoice(placed.number, "ja")
    assert japanese is not None
    assert (japanese.number, japanese.issued_on) == (invoice.number, invoice.issued_on)
    assert "こだま" in japanese.document
    assert "2026年3月2日" in japanese.document
    for said in ("March 2, 2026", "CNY\xa0240.00", "CNY\xa0100.00", "39, black", placed.number):
        assert said in invoice.document
    assert "&lt;b&gt;Test &amp; Co.&lt;/b&gt;" in invoice.document
    for hidden in ("<b>", ADDRESS, placed.email):
        assert hidden not in invoice.document
    assert shop.invoice(world.place("cancelled").number, "en") is None


def test_a_restock_wish_once_for_each_contact(shop: Shop, world: World) -> None:
    placed = world.place(stock=0)
    sku, product = placed.skus[0], placed.products[0]
    assert shop.wish_restock(sku, "a@example.com", "ja") is True
    assert shop.wish_restock(sku, " a@example.com", "en") is True
    assert shop.wish_restock(sku, "b@example.com", "en") is True
    of_it = restock_wishes.c.product_id == product
    assert world.count(restock_wishes, of_it) == 2
    assert world.count(restock_wishes, of_it, restock_wishes.c.language == "en") == 2
    world.set(products, product, stock=1)
    assert shop.wish_restock(sku, "c@example.com", "en") is False
    assert shop.wish_restock("no such product", "c@example.com", "en") is False
    assert world.count(restock_wishes, of_it) == 2
