"""Why a person is wanted, and what about: from what Rasa remembers, whichever way it is asked."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from tenin.conversation import tracker
from tenin.conversation.queue import FAST_LANE, SOONER
from tenin.conversation.wish import TALK, Wish, need_said, wish_of
from tenin.database import write_transaction
from tenin.language.languages import load_languages
from tests.unit.conversation.room import ATTEMPTS, Room, after

PROJECT = Path(__file__).parents[3]
Event = dict[str, Any]


def said(need: str, text: str = "said", **parsed: Any) -> Event:
    intent, _, answer = need.partition("/")
    data: dict[str, Any] = {"intent": {"name": intent, "confidence": 1.0}, **parsed}
    if answer:
        data["response_selector"] = {intent: {"response": {"intent_response_key": need}}}
    return {"event": "user", "timestamp": 1.0, "text": text, "parse_data": data}


def slot(name: str, value: Any) -> Event:
    return {"event": "slot", "timestamp": 1.0, "name": name, "value": value}


def did(name: str) -> Event:
    return {"event": "action", "timestamp": 1.0, "name": name}


def loop(name: str | None) -> Event:
    return {"event": "active_loop", "timestamp": 1.0, "name": name}


def bot(response: str) -> Event:
    return {
        "event": "bot",
        "timestamp": 1.0,
        "text": "Said.",
        "metadata": {"utter_action": response},
    }


MISSED = [said("nlu_fallback"), did("action_not_understood")]
COMPLAINT = [said("complaint"), did("utter_complaint")]
ANGER = [said("frustration"), did("utter_frustration")]
FAILED = [said("cancel_order"), slot("order_request", {"need": "cancel_order"})]
SORRY = [said("track_order"), bot("utter_action_failed")]
OTHER = [said("faq/shipping_time"), did("utter_faq")]
ASKS = said("human_agent")


@pytest.mark.parametrize(
    ("before", "reason", "signs"),
    [
        ([], "asked", ()),
        (OTHER, "asked", ()),
        (COMPLAINT, "complaint", ("complaint",)),
        (ANGER, "anger", ("anger",)),
        (FAILED, "action_failed", ("action_failed",)),
        (SORRY, "action_failed", ("action_failed",)),
        (MISSED, "asked", ()),
        ([*MISSED, *OTHER, *MISSED], "asked", ()),
        ([*MISSED, *MISSED], "not_understood", ("not_understood",)),
        ([*MISSED, *MISSED, *OTHER], "not_understood", ("not_understood",)),
        ([*ANGER, *COMPLAINT, *FAILED], "complaint", ("complaint", "action_failed", "anger")),
    ],
    ids=lambda each: each if isinstance(each, str) else None,
)
def test_reason_and_signs_are_what_led_to_it(
    before: list[Event], reason: str, signs: tuple[str, ...]
) -> None:
    wish = wish_of([*before, ASKS])
    assert (wish.reason, wish.signs) == (reason, signs)
    assert set(wish.signs) <= FAST_LANE | SOONER


@pytest.mark.parametrize("before", [COMPLAINT, ANGER, FAILED, SORRY])
def test_what_was_long_ago_is_no_sign_any_more(before: list[Event]) -> None:
    assert wish_of([*before, *OTHER * 2, ASKS]).signs
    assert wish_of([*before, *OTHER * 3, ASKS]).signs == ()


@pytest.mark.parametrize("before", [COMPLAINT, ANGER, FAILED, SORRY, [*MISSED, *MISSED]])
def test_what_a_person_has_seen_to_is_no_sign_of_the_next_wish(before: list[Event]) -> None:
    handed_back = tracker.fresh_start({})
    assert wish_of([*before, ASKS, *handed_back, ASKS]) == Wish("asked", None, ())


def test_the_turn_that_fails_is_a_sign_itself() -> None:
    assert wish_of([ASKS], failed=True) == Wish("action_failed", None, ("action_failed",))


@pytest.mark.parametrize(
    ("text", "angry"),
    [
        ("转人工😡", True),
        ("人を出して💢", True),
        ("转人工！！！", True),
        ("HELLO?!?!", True),
        ("GIVE ME A PERSON NOW", True),
        ("Human please!", False),
        ("ASAP", False),
        ("ORDER SF1234567890123", False),
        ("谢谢😊！！", False),
        ("担当者につないでください", False),
    ],
)
def test_anger_that_can_be_seen(text: str, angry: bool) -> None:
    assert ("anger" in wish_of([said("human_agent", text)]).signs) is angry


@pytest.mark.parametrize(
    ("events", "category"),
    [
        ([ASKS], None),
        ([said("greet"), said("thanks"), *MISSED, ASKS], None),
        ([*OTHER, said("thanks"), ASKS], "faq/shipping_time"),
        ([said("return_item"), said("inform"), ASKS], "return_item"),
        ([*COMPLAINT, ASKS], "complaint"),
        ([said("human_agent", about="refund_request")], "refund_request"),
        ([*OTHER, said("track_order", second_need="invoice"), ASKS], "track_order"),
        # asked in the middle of a form, which the handoff closes
        (
            [slot("order_need", "cancel_order"), loop("order_form"), *OTHER, ASKS, loop(None)],
            "cancel_order",
        ),
        ([loop("track_order_form"), said("inform"), ASKS, loop(None)], "track_order"),
        ([loop("recommend_form"), said("inform"), ASKS], "recommend_product"),
        ([loop("restock_form"), said("deny"), ASKS], "restock_wish"),
        # by a button: no message of its own, the form still open
        (
            [said("cancel_order"), slot("order_need", "cancel_order"), loop("order_form")],
            "cancel_order",
        ),
        # a form that came to its end
        (
            [
                said("return_item"),
                loop("order_form"),
                said("affirm"),
                loop(None),
                slot("order_need", None),
                ASKS,
            ],
            "return_item",
        ),
        # an empty tracker
        ([], None),
    ],
)
def test_the_category_is_the_need_in_hand_or_the_last_one(
    events: list[Event], category: str | None
) -> None:
    assert wish_of(events).category == category


def test_a_snapshot_says_the_same_as_the_whole() -> None:
    """What is remembered is bounded; the form stays open."""
    events = [said("cancel_order"), slot("order_need", "cancel_order"), loop("order_form")]
    for _ in range(30):
        events += [did("action_listen"), said("faq/shipping_time"), did("utter_faq")]
    events += [*COMPLAINT, did("action_listen"), ASKS]
    assert wish_of(tracker.bound(events, 12)) == wish_of(events)
    assert wish_of(events) == Wish("complaint", "cancel_order", ("complaint",))


def test_a_button_s_need_is_known_too() -> None:
    data = {"intent": {"name": "faq", "full_retrieval_intent_name": "faq/warranty_repair"}}
    assert need_said({"event": "user", "parse_data": data}) == "faq/warranty_repair"
    assert need_said({"event": "user"}) is None


def test_talk_is_what_config_yml_calls_so_and_a_few_more() -> None:
    config = yaml.safe_load((PROJECT / "config.yml").read_text(encoding="utf-8"))
    [talk] = [set(part["talk"]) for part in config["pipeline"] if "talk" in part]
    domain = yaml.safe_load((PROJECT / "domain.yml").read_text(encoding="utf-8"))
    intents = {next(iter(each)) for each in domain["intents"]}
    assert talk <= TALK <= intents | {"nlu_fallback"}


@pytest.mark.parametrize("language", load_languages(PROJECT / "languages.yml").ready)
def test_every_category_has_a_title(language: str) -> None:
    """The desk's page shows it."""
    titles = yaml.safe_load((PROJECT / "menus.yml").read_text(encoding="utf-8"))["titles"]
    domain = yaml.safe_load((PROJECT / "domain.yml").read_text(encoding="utf-8"))
    intents = {next(iter(each)) for each in domain["intents"]}
    assert {need for need in intents - TALK - {"faq"} if language not in titles[need]} == set()


# the ways to a person that need no turn of the bot


def remembers(room: Room, conversation: str, *events: Event) -> None:
    with write_transaction(room.engine) as session:
        tracker.append(session, conversation, list(events))


def test_the_button_for_a_person_says_why_too(room: Room) -> None:
    conversation = room.begin()
    remembers(room, conversation, said("return_item"), *COMPLAINT)
    room.click_person(conversation)
    row = room.conversation(conversation)
    assert (row.reason, row.category, row.priority) == ("complaint", "complaint", 2)
    assert "complaint" in row.signs


def test_the_button_pressed_out_of_the_blue_is_only_asked(room: Room) -> None:
    conversation = room.begin()
    room.click_person(conversation)
    row = room.conversation(conversation)
    assert (row.reason, row.category, row.priority) == ("asked", None, 0)


def test_a_message_that_was_given_up_says_what_it_was_about(room: Room) -> None:
    conversation = room.begin()
    remembers(room, conversation, said("cancel_order"), *ANGER)
    room.accept(conversation, "hello")
    for attempt in range(ATTEMPTS):
        assert room.claim(after(100 * attempt)) is not None
    assert room.claim(after(100 * ATTEMPTS)) is None
    row = room.conversation(conversation)
    assert (row.owner, row.reason, row.category) == ("queue", "turn_failed", "cancel_order")
    assert {"turn_failed", "anger"} <= set(row.signs)
