"""A change that got through, whose answer was lost, is made once however often a yes is said."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from actions.order_agreed import Agreed, agreed_of, read_agreed
from tenin.database import make_engine
from tenin.shop.interface import Cancel, ChangeItem
from tenin.shop.models import order_changes, order_returns, order_urges, orders
from tests.contract.shops import NOW, Placed, World
from tests.unit.actions.counter import Counter
from tests.unit.actions.errand import QUESTION, Errand
from tests.unit.actions.shop_api import Api, connected

MOST_TURNS = 8
# What may become of a turn: the change's answer is lost, or the change; every answer is nonsense;
# the bot gives the action up, so that nothing of the turn is kept; that after it got through.
FAULTS = ("lost", "dropped", "spoilt", "given up", "lost and given up", "none")


@dataclass(frozen=True)
class Wish:
    """A need, what is named with it, and what is said when it is done, or was before."""

    need: str
    status: str
    done: str
    named: tuple[tuple[str, str], ...] = ()
    before: str = ""


WISHES = (
    Wish("cancel_order", "paid", "utter_done_cancel"),
    Wish("refund_request", "packed", "utter_done_cancel"),
    Wish("change_address", "paid", "utter_done_address"),
    Wish("change_order", "paid", "utter_done_change", (("quantity", "1"),)),
    Wish("change_order", "packed", "utter_done_change", (("size", "40"),)),
    Wish("return_item", "delivered", "utter_done_return", (("quantity", "1"),)),
    Wish("exchange_item", "delivered", "utter_done_exchange", (("size", "40"),)),
    # Done without a question before, so that there is no turn that a key could be kept in.
    Wish("delivery_urge", "shipped", "utter_done_urge", before="utter_not_allowed_asked"),
)
ADDRESS = "Flat 2, 18 Caoxi Road North, Shanghai 200030"


class Customer:
    """One who wants one thing, and goes on until it is done."""

    def __init__(self, counter: Counter, api: Api, wish: Wish, number: str) -> None:
        self.api, self.wish, self.errand = api, wish, Errand(counter)
        self.errand.proves(number)

    def turn(self, fault: str = "none") -> list[str]:
        """Say what comes next in such a turn."""
        errand, api = self.errand, self.api
        before = dict(errand.slots), errand.open
        api.lost, api.dropped = int(fault.startswith("lost")), int(fault == "dropped")
        api.spoilt = fault == "spoilt"
        asked = errand.slots.get("requested_slot") if errand.open else None
        if asked == "order_confirmed":
            answer = errand.says("affirm", "yes")
        elif asked == "order_detail":
            answer = errand.says("inform", ADDRESS)
        else:
            answer = errand.says(self.wish.need, named=self.wish.named)
        api.lost = api.dropped = 0
        api.spoilt = False
        if fault.endswith("given up"):
            errand.slots, errand.open = before
            return []
        return answer


@pytest.fixture
def world(
    root: Path, shop_of_today: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[tuple[Counter, Api, World]]:
    """The actions, the shop's API, and what is behind it."""
    with connected(root, shop_of_today, "", monkeypatch, lambda: NOW) as (counter, api):
        engine = make_engine(f"sqlite:///{root}/var/theirs.db")
        yield counter, api, World(engine)
        engine.dispose()


def made(behind: World, placed: Placed) -> tuple[int, int, int]:
    """How many changes, pieces sent back and urgings there are of an order."""
    return (
        behind.count(order_changes, order_changes.c.order_id == placed.id),
        behind.count(order_returns, order_returns.c.item_id == int(placed.items[0])),
        behind.count(order_urges, order_urges.c.order_id == placed.id),
    )


@settings(
    max_examples=20,
    # Each example places an order of its own in the one shop.
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@example(wish=WISHES[0], faults=["lost", "given up", "spoilt"])
@given(wish=st.sampled_from(WISHES), faults=st.lists(st.sampled_from(FAULTS), max_size=4))
def test_a_change_is_made_once_whatever_becomes_of_the_turns(
    world: tuple[Counter, Api, World], wish: Wish, faults: list[str]
) -> None:
    counter, api, behind = world
    placed = behind.place(wish.status, items=(("100.00", 3),))
    customer, answer = Customer(counter, api, wish, placed.number), ["nothing yet"]
    for fault in [*faults, *["none"] * MOST_TURNS]:
        answer = customer.turn(fault)
        if answer in ([wish.done], [wish.before]):
            break
    assert answer == [wish.done] or (
        answer == [wish.before] and any("given up" in f for f in faults)
    )
    sent_back = wish.need in ("return_item", "exchange_item")
    assert made(behind, placed) == (1, int(sent_back), int(wish.need == "delivery_urge"))


@pytest.mark.parametrize("wish", WISHES, ids=lambda wish: f"{wish.need}-{wish.status}")
def test_a_lost_answer_and_the_same_again(world: tuple[Counter, Api, World], wish: Wish) -> None:
    """The plain case of each: apology, the same wish, and the reference of what was made."""
    counter, api, behind = world
    placed = behind.place(wish.status, items=(("100.00", 3),))
    customer = Customer(counter, api, wish, placed.number)
    while (answer := customer.turn("lost")) != ["utter_order_shop_failed"]:
        assert answer
    assert made(behind, placed)[0] == 1
    while (answer := customer.turn()) != [wish.done]:
        assert answer[-1] == QUESTION or answer == ["utter_ask_order_detail_address"]
    assert made(behind, placed)[0] == 1
    assert customer.errand.slots["order_agreed"] is None
    assert customer.errand.slots["order_request"] is None


def test_another_piece_afterwards_is_another_return(world: tuple[Counter, Api, World]) -> None:
    """The key is forgotten when the errand has ended well."""
    counter, api, behind = world
    wish = Wish("return_item", "delivered", "utter_done_return", (("quantity", "1"),))
    placed = behind.place(wish.status, items=(("100.00", 3),))
    customer = Customer(counter, api, wish, placed.number)
    for often in (1, 2):
        customer.turn()
        assert customer.turn() == [wish.done]
        assert made(behind, placed)[:2] == (often, often)


def test_what_was_tried_and_is_not_allowed_now_is_refused(
    world: tuple[Counter, Api, World],
) -> None:
    """It did not get through, and meanwhile the parcel has left."""
    counter, api, behind = world
    wish = WISHES[0]
    placed = behind.place("paid")
    customer = Customer(counter, api, wish, placed.number)
    customer.turn()
    assert customer.turn("dropped") == ["utter_order_shop_failed"]
    behind.set(orders, placed.id, status="shipped")
    assert customer.turn() == ["utter_not_allowed_shipped"]
    assert made(behind, placed)[0] == 0
    assert customer.errand.slots["order_agreed"] is None


@pytest.mark.parametrize("change", [Cancel("T1"), ChangeItem("T1", "2", size="40", quantity=0)])
def test_a_slot_keeps_what_was_agreed(change: Any) -> None:
    agreed = Agreed(change, "key").after_trial()
    assert read_agreed(agreed.written()) == agreed
    assert agreed_of(change, agreed, "new") == agreed
    assert agreed_of(Cancel("T2"), agreed, "new") == Agreed(Cancel("T2"), "new")
    assert agreed_of(change, None, "new") == Agreed(change, "new")
    assert read_agreed(None) is None
