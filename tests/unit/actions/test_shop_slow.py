"""A shop that is slow, down or answers nonsense: an apology in time, whatever a turn asks of it."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from rasa.core.actions.forms import FormAction
from rasa.core.channels.channel import CollectingOutputChannel
from rasa.shared.core.events import ActiveLoop, SlotSet, UserUttered
from rasa.shared.core.trackers import DialogueStateTracker
from rasa.utils.endpoints import EndpointConfig

from actions import context
from tenin.bot.payloads import parse
from tests.unit.actions.counter import Counter, nlg, said
from tests.unit.actions.errand import MINE, QUESTION, Errand, order_of
from tests.unit.actions.shop_api import Api, connected
from tests.unit.bot.inbox_side import domain

DEADLINE = 1.2
IN_TIME = DEADLINE + 0.6  # the executor and a busy machine
SETTINGS = f"actions:\n  deadline_seconds: {DEADLINE}\n  give_up_seconds: {DEADLINE + 1}"


@pytest.fixture
def world(
    root: Path, shop_of_today: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[tuple[Counter, Api]]:
    """The actions with little time, and the API that their settings name."""
    nlg()  # the wording is read once, before the clock runs
    with connected(root, shop_of_today, SETTINGS, monkeypatch) as made:
        yield made


def mine(counter: Counter, status: str = "paid") -> tuple[Errand, str]:
    errand, number = Errand(counter), order_of(counter, MINE, status)
    errand.proves(number)
    return errand, number


def assert_kept(errand: Errand, need: str, number: str) -> None:
    assert errand.offered == ["/human_agent"]
    request = errand.slots["order_request"]
    assert (request["need"], request["order"]) == (need, number)
    assert not errand.open


# One question takes too long; two of one action do; that of the form and that of the question do.
@pytest.mark.parametrize("seconds", [3.0, 0.8, 0.5])
def test_the_questions_of_a_turn_share_its_time(world: tuple[Counter, Api], seconds: float) -> None:
    counter, api = world
    errand, number = mine(counter)
    api.before = seconds
    began = time.monotonic()
    assert errand.says("cancel_order", named=[("order_number", number)]) == [
        "utter_order_shop_failed"
    ]
    assert time.monotonic() - began < IN_TIME
    assert_kept(errand, "cancel_order", number)


@pytest.mark.parametrize("seconds", [3.0, 0.8, 0.5])
def test_so_do_those_after_a_yes(world: tuple[Counter, Api], seconds: float) -> None:
    counter, api = world
    errand, number = mine(counter)
    assert errand.says("cancel_order")[-1] == QUESTION
    api.before = seconds
    began = time.monotonic()
    assert errand.says("affirm") == ["utter_order_shop_failed"]
    assert time.monotonic() - began < IN_TIME
    assert_kept(errand, "cancel_order", number)


def test_what_was_wished_for_is_kept(world: tuple[Counter, Api]) -> None:
    counter, api = world
    errand, number = mine(counter, "packed")
    wish = [("product", "KC-301"), ("quantity", "1")]
    assert errand.says("change_order", named=wish)[-1] == QUESTION
    item = errand.slots["order_item"]
    api.spoilt = True
    assert errand.says("affirm") == ["utter_order_shop_failed"]
    assert errand.slots["order_request"]["item"] == item
    assert errand.slots["order_request"]["detail"]["quantity"] == ["1"]
    assert_kept(errand, "change_order", number)


def test_nothing_is_begun_after_the_apology(world: tuple[Counter, Api]) -> None:
    """What is left running when the time is up ends without a change."""
    counter, api = world
    errand, number = mine(counter)
    errand.says("cancel_order")
    api.asked.clear()
    api.before = DEADLINE - 0.1
    assert errand.says("affirm") == ["utter_order_shop_failed"]
    context._threads().shutdown()
    assert "/changes" not in api.asked
    order = api.behind.order(number, "en")
    assert order is not None
    assert order.status == "paid"


@pytest.mark.parametrize("fault", ["spoilt", "down"])
def test_a_shop_that_is_down_or_talks_nonsense(
    world: tuple[Counter, Api], monkeypatch: pytest.MonkeyPatch, fault: str
) -> None:
    counter, api = world
    errand, number = mine(counter)
    if fault == "down":
        monkeypatch.setenv("TENIN_SHOP_API_URL", "http://127.0.0.1:9")
        counter.restart()
    api.spoilt = True
    began = time.monotonic()
    assert errand.says("cancel_order", named=[("order_number", number)]) == [
        "utter_order_shop_failed"
    ]
    assert time.monotonic() - began < IN_TIME
    assert_kept(errand, "cancel_order", number)


def test_an_old_message_has_no_time_left(world: tuple[Counter, Api]) -> None:
    counter, api = world
    _, number = mine(counter)
    api.asked.clear()
    with pytest.raises(asyncio.TimeoutError):
        counter.track(number, MINE, said_at=time.time() - DEADLINE - 1)
    assert api.asked == []
    # A clock that was set back gives no more time than there is, and no less.
    assert said(counter.track(number, MINE, said_at=time.time() + 3600)) == ["utter_order_paid"]


def test_those_who_wait_for_the_shop_leave_room_for_others(world: tuple[Counter, Api]) -> None:
    _, api = world
    api.before = 3.0
    at_once = context.settings().bot.workers_at_once

    async def all_at_once() -> float:
        shop = context.shop_of_orders()
        slow = [
            asyncio.create_task(context.in_time(lambda: shop.customer("1"))) for _ in range(at_once)
        ]
        await asyncio.sleep(0.1)
        began = time.monotonic()
        await context.in_time(lambda: None)
        quick = time.monotonic() - began
        assert not any(task.done() for task in slow)
        await asyncio.gather(*slow, return_exceptions=True)
        return quick

    assert asyncio.run(all_at_once()) < 0.5


class _Actions(EndpointConfig):  # type: ignore[misc]
    """The action server's executor, without a socket; the API is slow from some action on."""

    def __init__(self, counter: Counter, api: Api, slow_from: str) -> None:
        super().__init__("http://127.0.0.1:9/webhook")
        self.counter, self.api, self.slow_from = counter, api, slow_from

    async def request(self, *_: Any, **kwargs: Any) -> Any:
        call = json.loads(json.dumps(kwargs["json"]))
        if call["next_action"] == self.slow_from:
            self.api.before = 3.0
        return await self.counter.executor.run(call)


@pytest.mark.parametrize(
    ("need", "status", "slow_from"),
    [
        ("cancel_order", "paid", "validate_order_form"),
        ("cancel_order", "paid", "action_ask_order_confirmed"),
        ("return_item", "delivered", "action_ask_order_item"),
        ("cancel_order", "", "action_ask_order"),
    ],
)
async def test_rasa_s_form_ends_with_the_question_that_could_not_be_put(
    world: tuple[Counter, Api], need: str, status: str, slow_from: str
) -> None:
    """Rasa's own form: what its rules do next is `action_order`, which apologises."""
    counter, api = world
    errand = Errand(counter)
    if status:
        errand.proves(order_of(counter, MINE, status))
    else:
        errand.signs_in(MINE)
    tracker = DialogueStateTracker(errand.sender, domain().slots)
    tracker.update(SlotSet("language", "en"), domain())
    data = parse(f"/{need}", "said")
    tracker.update(UserUttered("said", data["intent"], [], data, message_id="m1"), domain())
    form = FormAction("order_form", _Actions(counter, api, slow_from))
    events = await form.run(CollectingOutputChannel(), nlg(), tracker, domain())
    for event in events:
        tracker.update(event, domain())
    assert SlotSet("requested_slot", None) in events
    assert events[-1] == ActiveLoop(None)
    assert tracker.active_loop is None
    assert tracker.get_slot("order_ending") == {"response": "utter_order_shop_failed"}
    assert tracker.get_slot("order_request")["need"] == need
