"""A shop that keeps its orders itself: chosen by settings, asked over HTTP on loopback.

The reference API stands for it, with a database of its own; the one of the settings has the goods.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from actions import context
from tenin.language.languages import configured
from tenin.shop.database_shop import DatabaseShop
from tenin.shop.http_shop import HttpShop
from tenin.shop.interface import Order
from tests.unit.actions.counter import Counter, said, words
from tests.unit.actions.errand import MINE, QUESTION, Errand, order_of
from tests.unit.actions.shop_api import Api, connected

READY = configured().ready


@pytest.fixture
def world(
    root: Path, shop_of_today: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[tuple[Counter, Api]]:
    """The actions, and the API that their settings name."""
    with connected(root, shop_of_today, "", monkeypatch) as made:
        yield made


@pytest.fixture
def counter(world: tuple[Counter, Api]) -> Counter:
    """The actions of a shop whose settings name its API."""
    return world[0]


@pytest.fixture
def behind(world: tuple[Counter, Api]) -> DatabaseShop:
    """What the shop's API answers from."""
    return world[1].behind


def of_tables(number: str) -> Order | None:
    """An order as the database of the settings has it."""
    return DatabaseShop(context.shop(), context.terms()).order(number, "en")


@pytest.mark.parametrize("language", READY)
def test_an_order_is_cancelled_at_the_shop_itself(
    counter: Counter, behind: DatabaseShop, language: str
) -> None:
    assert isinstance(context.shop_of_orders(), HttpShop)
    errand, number = Errand(counter, language), order_of(counter, MINE, "paid")
    errand.says("cancel_order")
    errand.says("inform", number, [("order_number", number)])
    answer = errand.says("inform", MINE, [("email", MINE)])
    assert answer == ["utter_plan_cancel", "utter_quote_refund", QUESTION]
    assert errand.says("affirm") == ["utter_done_cancel"]
    theirs, ours = behind.order(number, "en"), of_tables(number)
    assert theirs is not None
    assert ours is not None
    assert (theirs.status, ours.status) == ("cancelled", "paid")


def test_a_category_is_the_catalogues_and_the_order_the_shops(counter: Counter) -> None:
    errand = Errand(counter)
    errand.signs_in(MINE)
    answer = errand.says("return_item", named=[("category", "shoes")])
    assert answer == ["utter_plan_return", "utter_quote_refund", QUESTION]
    assert errand.says("affirm") == ["utter_done_return"]


@pytest.mark.parametrize("language", READY)
def test_an_order_is_found_at_the_shop_itself(
    counter: Counter, behind: DatabaseShop, language: str
) -> None:
    number = order_of(counter, MINE, "shipped")
    order = behind.order(number, language)
    assert order is not None
    answer = counter.track(number, MINE, language=language)
    assert said(answer) == ["utter_order_shipped"]
    assert str(order.tracking_number) in words(answer, language)
    wrong = counter.track(number, "nobody@example.com", language=language, sender="c2")
    assert said(wrong) == ["utter_order_not_proved"]


def test_a_token_that_the_api_does_not_take_is_an_apology_with_the_request_kept(
    counter: Counter, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TENIN_SHOP_API_TOKEN", "another")
    counter.restart()
    errand = Errand(counter)
    errand.signs_in(MINE)
    assert errand.says("cancel_order") == ["utter_order_shop_failed"]
    assert errand.offered == ["/human_agent"]
    assert errand.slots["order_request"]["need"] == "cancel_order"
