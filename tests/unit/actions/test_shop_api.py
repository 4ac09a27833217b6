"""A shop that keeps its orders itself: chosen by settings, asked over HTTP on loopback.

The reference API stands for it, with a database of its own; the one of the settings has the goods.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from actions import context
from tenin.database import make_engine
from tenin.language.languages import configured
from tenin.shop.database_shop import DatabaseShop
from tenin.shop.http_shop import HttpShop
from tenin.shop.interface import Order
from tenin.shop.reference_api import demo_terms, make_app
from tests.contract.shops import served
from tests.unit.actions.counter import Counter, said, words
from tests.unit.actions.errand import MINE, QUESTION, Errand, order_of

TOKEN = "a-token-of-the-tests"
READY = configured().ready


@pytest.fixture
def behind(tmp_path: Path, shop_of_today: Path) -> Iterator[DatabaseShop]:
    """What the shop's API answers from."""
    shutil.copy(shop_of_today, tmp_path / "theirs.db")
    engine = make_engine(f"sqlite:///{tmp_path}/theirs.db")
    yield DatabaseShop(engine, demo_terms())
    engine.dispose()


@pytest.fixture
def counter(
    root: Path, shop_of_today: Path, behind: DatabaseShop, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Counter]:
    """The actions of a shop whose settings name its API."""
    shutil.copy(shop_of_today, root / "var" / "shop.db")
    with served(make_app(behind, TOKEN)) as url:
        (root / "tenin.yml").write_text(f"shop:\n  api_url: {url}/\n", encoding="utf-8")
        monkeypatch.setenv("TENIN_SHOP_API_TOKEN", TOKEN)
        with Counter() as opened:
            yield opened


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
