"""Said again: the replies of the turn before, as they were, in the words they were said in."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest
from rasa.shared.core.events import (
    ActionExecuted,
    ActiveLoop,
    BotUttered,
    Event,
    SlotSet,
    UserUttered,
)

from tenin.language.languages import configured
from tests.unit.actions.counter import Answer, Counter, cards, payloads, said, shown, titles

READY = configured().ready
LISTEN = ActionExecuted("action_listen")


def heard(need: str) -> UserUttered:
    return UserUttered("said", {"name": need, "confidence": 1.0})


def again(counter: Counter, before: Sequence[Event], **slots: Any) -> Answer:
    return counter.run("action_repeat", need="repeat", before=before, **slots)


def turn(counter: Counter, need: str, language: str, **rest: Any) -> list[Event]:
    """A turn in which an action answered as the customer saw it."""
    answer = counter.run(f"action_{need}", need=need, language=language, **rest)
    return [heard(need), ActionExecuted(f"action_{need}"), *shown(answer, language), LISTEN]


def replies(events: Sequence[Event]) -> list[BotUttered]:
    return [event for event in events if isinstance(event, BotUttered)]


@pytest.mark.parametrize("language", READY)
def test_cards_are_shown_again(counter: Counter, language: str) -> None:
    events = turn(counter, "recommend_product", language)
    [first] = replies(events)
    assert len(cards(first)) == 3
    [message] = shown(again(counter, [LISTEN, *events], language=language), language)
    assert (message.text, cards(message)) == (first.text, cards(first))


@pytest.mark.parametrize("language", READY)
def test_buttons_are_offered_again(counter: Counter, language: str) -> None:
    events = turn(counter, "stock_availability", language)
    [first] = replies(events)
    assert titles(first)
    [message] = shown(again(counter, [LISTEN, *events], language=language), language)
    assert message.text == first.text
    assert (titles(message), payloads(message)) == (titles(first), payloads(first))


def test_several_replies_come_in_their_order(counter: Counter) -> None:
    named = [("product", good.sku) for good in counter.goods("en")[:3]]
    events = turn(counter, "stock_availability", "en", named=named)
    first = [reply.text for reply in replies(events)]
    assert len(set(first)) == 3
    answer = again(counter, [LISTEN, *events], language="en")
    assert [message.text for message in shown(answer, "en")] == first


def test_only_the_last_turn_is_said_again(counter: Counter) -> None:
    old = turn(counter, "recommend_product", "en")
    new = turn(counter, "compare_products", "en")
    answer = again(counter, [LISTEN, *old, *new], language="en")
    assert [message.text for message in shown(answer, "en")] == [replies(new)[0].text]


def test_a_turn_without_a_reply_is_passed_over(counter: Counter) -> None:
    """The page's own events are turns, too."""
    old = turn(counter, "recommend_product", "en")
    answer = again(counter, [LISTEN, *old, heard("page_opened"), LISTEN], language="en")
    assert [message.text for message in shown(answer, "en")] == [replies(old)[0].text]


def test_asked_twice_it_is_the_same_again(counter: Counter) -> None:
    events = turn(counter, "stock_availability", "en")
    once = shown(again(counter, [LISTEN, *events], language="en"), "en")
    repeated = [heard("repeat"), ActionExecuted("action_repeat"), *once, LISTEN]
    twice = shown(again(counter, [LISTEN, *events, *repeated], language="en"), "en")
    assert [(m.text, payloads(m)) for m in twice] == [(m.text, payloads(m)) for m in once]


def test_signs_of_a_placeholder_in_what_was_said_stay(counter: Counter) -> None:
    text = "Size {M} or {said}, {0} and {"
    before = [LISTEN, heard("greet"), BotUttered(text), LISTEN]
    [message] = shown(again(counter, before, language="en"), "en")
    assert message.text == text


@pytest.mark.parametrize("language", READY)
@pytest.mark.parametrize(
    "before",
    [[], [LISTEN], [LISTEN, heard("page_opened"), LISTEN], [BotUttered(None, {"custom": {}})]],
)
def test_where_nothing_was_said_it_says_so(
    counter: Counter, before: list[Event], language: str
) -> None:
    answer = again(counter, before, language=language)
    assert said(answer) == ["utter_repeat_nothing"]
    [message] = shown(answer, language)
    assert message.text
    assert payloads(message) == ['/show_menu{"menu": "start"}']


# In the order form, which asks its question itself after whatever is said in between.

FORM = "track_order_form"


def question(slot: str, language: str = "en") -> BotUttered:
    """The form's question, as the bot tier notes it."""
    key = f"utter_ask_{FORM}_{slot}"
    [message] = shown({"responses": [{"response": key}], "events": []}, language)
    assert message.metadata["utter_action"] == key
    return message


def in_form(*said_before: Event, slot: str = "order_number") -> list[Event]:
    return [
        LISTEN,
        heard("track_order"),
        ActionExecuted(FORM),
        ActiveLoop(FORM),
        SlotSet("requested_slot", slot),
        *said_before,
        LISTEN,
    ]


@pytest.mark.parametrize("slot", ["order_number", "contact"])
@pytest.mark.parametrize("language", READY)
def test_the_question_of_a_form_is_left_to_it(counter: Counter, slot: str, language: str) -> None:
    """Or it would be asked twice."""
    answer = again(counter, in_form(question(slot, language), slot=slot), language=language)
    assert answer["responses"] == []
    assert answer["events"] == []


def test_what_was_answered_in_a_form_is_said_again_without_its_question(counter: Counter) -> None:
    [_, _, answered, _] = turn(counter, "recommend_product", "en")
    before = [*in_form(question("order_number")), heard("recommend_product"), answered]
    before += [ActionExecuted(FORM), question("order_number"), LISTEN]
    [message] = shown(again(counter, before, language="en"), "en")
    assert message.text == answered.text
    assert len(cards(message)) == 3


def test_the_question_of_a_form_that_is_closed_is_said_again(counter: Counter) -> None:
    """Nobody else would say it."""
    asked = question("order_number")
    before = [*in_form(asked), ActiveLoop(None), SlotSet("requested_slot", None)]
    [message] = shown(again(counter, before, language="en"), "en")
    assert message.text == asked.text
