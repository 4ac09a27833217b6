"""Whatever customers change, and in whatever order: stock, money and states add up."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test
from sqlalchemy import event, func, select
from sqlalchemy.exc import OperationalError

from tenin.database import read_transaction
from tenin.shop.interface import (
    Cancel,
    Change,
    ChangeAddress,
    ChangeItem,
    Done,
    Exchange,
    NotAllowedError,
    Return,
    ShopError,
    Urge,
)
from tenin.shop.models import order_changes, order_items, order_returns, orders
from tests.contract.shops import TODAY, Placed, World, world
from tests.databases import postgres_url

__all__ = ["postgres_url", "world"]

NEXT = {"paid": "packed", "packed": "shipped", "shipped": "delivered"}
STOCK = 3


@dataclass
class Book:
    """What must be true of an order, kept beside the shop."""

    placed: Placed
    status: str
    pieces: dict[int, int]  # a product's pieces, in stock and in the order
    paid: Decimal
    fees: Decimal = Decimal(0)
    back: dict[str, int] = field(default_factory=dict)


def machine(world: World) -> type[RuleBasedStateMachine]:
    """The customers of a shop, who do what they like."""

    class Customers(RuleBasedStateMachine):
        def __init__(self) -> None:
            super().__init__()
            self.books: list[Book] = []
            self.done: dict[str, tuple[Change, Done]] = {}
            self.start("paid", [1, 3])
            self.start("delivered", [2])

        def start(self, status: str, quantities: list[int]) -> None:
            items = [(f"{10 * (i + 1)}.50", quantity) for i, quantity in enumerate(quantities)]
            placed = world.place(status, items, stock=STOCK)
            pieces = {
                product: STOCK + quantity
                for product, quantity in zip(placed.products, quantities, strict=True)
            }
            paid = sum((Decimal(price) * quantity for price, quantity in items), Decimal(0))
            self.books.append(Book(placed, status, pieces, paid))

        @rule(
            data=st.data(),
            kind=st.sampled_from([Cancel, ChangeAddress, ChangeItem, Return, Exchange, Urge]),
            quantity=st.integers(-1, 6),
            size=st.sampled_from([None, "39", "40", "41"]),
            repeated=st.booleans(),
        )
        def change(
            self, data: Any, kind: Any, quantity: int, size: str | None, repeated: bool
        ) -> None:
            book = data.draw(st.sampled_from(self.books))
            number, item = book.placed.number, data.draw(st.sampled_from(book.placed.items))
            asked: Change = {
                Cancel: lambda: Cancel(number),
                ChangeAddress: lambda: ChangeAddress(number, f"{quantity} Test Street"),
                ChangeItem: lambda: ChangeItem(number, item, size, None, quantity),
                Return: lambda: Return(number, item, quantity),
                Exchange: lambda: Exchange(number, item, size),
                Urge: lambda: Urge(number),
            }[kind]()
            if repeated and self.done:
                key = data.draw(st.sampled_from(sorted(self.done)))
                before, done = self.done[key]
                assert world.shop.change(before, key) == done
                if before != asked:
                    with pytest.raises(ShopError):
                        world.shop.change(asked, key)
                return
            key = f"{self.books[0].placed.number} {len(self.done)}"
            quote = world.shop.quote(asked)
            if not quote.allowed:
                with pytest.raises(NotAllowedError) as raised:
                    world.shop.change(asked, key)
                assert raised.value.quote == quote
                return
            done = world.shop.change(asked, key)
            assert done.quote == quote
            self.done[key] = asked, done
            book.paid += quote.extra - quote.refund
            book.fees += quote.fee

        @rule(data=st.data())
        def the_warehouse_goes_on(self, data: Any) -> None:
            book = data.draw(st.sampled_from(self.books))
            order = world.shop.order(book.placed.number, "en")
            assert order is not None
            following = NEXT.get(order.status)
            if following:
                days = {"delivered_on": TODAY} if following == "delivered" else {}
                world.set(orders, book.placed.id, status=following, **days)

        @invariant()
        def every_piece_is_somewhere(self) -> None:
            for book in self.books:
                order = world.shop.order(book.placed.number, "en")
                assert order is not None
                out = dict.fromkeys(book.placed.skus, 0)
                if order.status != "cancelled":
                    for item in order.items:
                        out[item.sku] += item.quantity
                for sku, product in zip(book.placed.skus, book.placed.products, strict=True):
                    taken = exchanged(world, product)
                    assert world.stock(product) + out[sku] + taken == book.pieces[product]

        @invariant()
        def every_amount_is_somewhere(self) -> None:
            for book in self.books:
                order = world.shop.order(book.placed.number, "en")
                assert order is not None
                owed = Decimal(0) if order.status == "cancelled" else order.total
                assert book.paid == owed + book.fees - returned(world, book.placed.id)
                refunded = sum(each.amount for each in world.shop.refunds(order.number))
                asked = [
                    done.quote.refund
                    for change, done in self.done.values()
                    if change.order == order.number
                ]
                assert refunded == sum(asked)
                assert len({done.reference for _, done in self.done.values()}) == len(self.done)

        @invariant()
        def every_key_is_done_once(self) -> None:
            mine = [book.placed.id for book in self.books]
            assert world.count(order_changes, order_changes.c.order_id.in_(mine)) == len(self.done)

    return Customers


def exchanged(world: World, product: int) -> int:
    """How many pieces of a product were taken for exchanges."""
    statement = (
        select(func.coalesce(func.sum(order_returns.c.quantity), 0))
        .join(order_items, order_items.c.id == order_returns.c.item_id)
        .where(order_items.c.product_id == product, order_returns.c.kind == "exchange")
    )
    with read_transaction(world.engine) as session:
        return int(session.execute(statement).scalar_one())


def returned(world: World, order: int) -> Decimal:
    """What is given back for the pieces that are returned."""
    statement = (
        select(order_returns.c.quantity, order_items.c.price, order_items.c.quantity.label("all"))
        .join(order_items, order_items.c.id == order_returns.c.item_id)
        .where(order_items.c.order_id == order, order_returns.c.kind == "return")
    )
    with read_transaction(world.engine) as session:
        rows = session.execute(statement).all()
    return sum((row.quantity * row.price for row in rows), Decimal(0))


def test_stock_money_and_states_add_up(world: World) -> None:
    run_state_machine_as_test(
        machine(world),
        settings=settings(
            max_examples=6,
            stateful_step_count=15,
            suppress_health_check=list(HealthCheck),
        ),
    )


@pytest.mark.parametrize(
    ("status", "make", "all_writes"),
    [
        ("paid", lambda p: Cancel(p.number), 5),
        ("packed", lambda p: ChangeAddress(p.number, "1 Other Road"), 2),
        ("paid", lambda p: ChangeItem(p.number, p.items[0], quantity=0), 4),
        ("paid", lambda p: ChangeItem(p.number, p.items[0], "40", None, 1), 4),
        ("delivered", lambda p: Return(p.number, p.items[0]), 3),
        ("delivered", lambda p: Exchange(p.number, p.items[0], "40"), 3),
        ("shipped", lambda p: Urge(p.number), 2),
    ],
)
def test_a_change_that_fails_half_way_is_undone_whole(
    world: World, status: str, make: Any, all_writes: int
) -> None:
    """Each of its writes fails once, the first, the second and so on; then it goes through."""
    placed = world.place(status)
    change, key = make(placed), f"half {placed.number}"
    before = world.everything()
    for failing in range(1, 20):
        writes = 0

        def fail(_c: Any, _cursor: Any, statement: str, *_rest: Any, at: int = failing) -> None:
            nonlocal writes
            writing = statement.startswith(("INSERT", "UPDATE", "DELETE"))
            writes += writing
            if writing and writes == at:
                raise OperationalError(statement, {}, Exception("made to fail"))

        event.listen(world.engine, "before_cursor_execute", fail)
        try:
            # Behind the API the second or third try goes through: ask the shop behind it.
            done = world.direct().change(change, key)
            break
        except ShopError:
            assert world.everything() == before
        finally:
            event.remove(world.engine, "before_cursor_execute", fail)
    else:
        raise AssertionError("never went through")
    assert failing == all_writes + 1
    assert world.everything() != before
    assert world.shop.change(change, key) == done
