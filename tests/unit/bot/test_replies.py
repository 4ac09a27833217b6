"""What is committed of a turn: its replies, an apology, or the queue; never half of an action."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import pytest

from tenin.bot.payloads import parse
from tenin.bot.replies import outcome_of
from tenin.bot.runtime import RunningTurn
from tenin.conversation.transcript import Reply
from tenin.conversation.turns import Turn
from tenin.conversation.voice import Voice

VOICE = Voice.load(Path(__file__).parents[3])
APOLOGIES = VOICE.responses.variations["utter_action_failed"]
TURNS = 12

Event = dict[str, Any]


def running_turn(
    *said: Event,
    failed: str | None = None,
    language: str = "en",
    recent: tuple[str, ...] = (),
    kind: str = "text",
) -> RunningTurn:
    turn = Turn(
        inbox_id=7,
        conversation_id="c1",
        channel="web",
        kind=kind,
        text="hello",
        payload=None,
        language=language,
        address=None,
        attempt=1,
        epoch=0,
        token="t1",
        recent=recent,
    )
    return RunningTurn(turn, base=[listen()], messages=list(said), failed=failed)


def user(need: str = "greet") -> Event:
    data = parse(f"/{need}", "hello")
    return {"event": "user", "timestamp": 1.0, "text": "hello", "parse_data": data}


def slot(name: str, value: Any) -> Event:
    return {"event": "slot", "timestamp": 1.0, "name": name, "value": value}


def action(name: str) -> Event:
    return {"event": "action", "timestamp": 1.0, "name": name}


def listen() -> Event:
    return action("action_listen")


def bot(text: str) -> Event:
    return {"event": "bot", "timestamp": 1.0, "text": text}


def loop(name: str | None) -> Event:
    return {"event": "active_loop", "timestamp": 1.0, "name": name}


def test_a_turn_that_went_well_is_committed_as_it_is() -> None:
    card = {"kind": "product", "title": "Coat"}
    said = [
        {"text": "A coat?", "buttons": [{"title": "Yes", "payload": "/affirm"}], "custom": None},
        {"text": "Here", "buttons": None, "custom": {"cards": [card], "menu": "start"}},
    ]
    new = [slot("language", "en"), user(), slot("menu", "start"), action("utter_x"), bot("A coat?")]
    new += [bot("Here"), listen()]
    outcome = outcome_of(running_turn(*said), new, VOICE, TURNS)
    assert outcome.replies == [
        Reply("A coat?", [("Yes", "/affirm")], []),
        Reply("Here", [], [card]),
    ]
    assert outcome.events == new
    assert outcome.snapshot == [listen(), *new]
    assert outcome.loaded == 1
    assert outcome.person_wanted is None


def test_the_snapshot_is_bounded() -> None:
    turn = running_turn({"text": "hi"})
    turn.base = [slot("language", "en"), *(user() for _ in range(9))]
    outcome = outcome_of(turn, [user("thanks"), listen()], VOICE, 3)
    assert [event["event"] for event in outcome.snapshot] == ["slot", *["user"] * 3, "action"]
    assert outcome.loaded == 10


def test_a_person_wanted_by_slot() -> None:
    new = [user("faq/contact_hours"), action("x"), slot("person_wanted", "complaint"), listen()]
    assert outcome_of(running_turn(), new, VOICE, TURNS).person_wanted == "complaint"


def test_the_last_word_of_the_slot_counts() -> None:
    new = [user(), slot("person_wanted", "asked"), slot("person_wanted", None), listen()]
    assert outcome_of(running_turn({"text": "hi"}), new, VOICE, TURNS).person_wanted is None


def test_a_wish_of_an_earlier_turn_is_no_wish_of_this_one() -> None:
    turn = running_turn({"text": "You're welcome"})
    turn.base = [user("human_agent"), slot("person_wanted", "asked"), listen()]
    outcome = outcome_of(turn, [user("thanks"), bot("You're welcome"), listen()], VOICE, TURNS)
    assert outcome.person_wanted is None


def test_who_asks_for_a_person_gets_one_wherever_the_dialogue_went() -> None:
    """A wrong rule, a policy that went astray: the intent alone is enough."""
    said = {"text": "Which order?", "buttons": []}
    new = [user("human_agent"), action("track_order_form"), bot("Which order?"), listen()]
    outcome = outcome_of(running_turn(said), new, VOICE, TURNS)
    assert outcome.person_wanted == "asked"
    assert [reply.text for reply in outcome.replies] == ["Which order?"]


def test_the_reason_of_the_slot_goes_before_the_intent() -> None:
    new = [user("human_agent"), action("x"), slot("person_wanted", "complaint"), listen()]
    assert outcome_of(running_turn(), new, VOICE, TURNS).person_wanted == "complaint"


@pytest.mark.parametrize("language", ["en", "zh-Hans"])
def test_a_failed_turn_apologises_and_forgets_what_its_actions_did(language: str) -> None:
    began = time.time()
    heard = [slot("language", language), user("track_order"), slot("order_number", "1042")]
    did = [
        action("track_order_form"),
        loop("track_order_form"),
        slot("requested_slot", "contact"),
        bot("Let me see"),
        action("action_track_order"),
        slot("contact", None),
        listen(),
    ]
    turn = running_turn({"text": "Let me see"}, failed="action_track_order", language=language)
    outcome = outcome_of(turn, [*heard, *did], VOICE, TURNS)

    [reply] = outcome.replies
    assert reply.text in {said.text for said in APOLOGIES if said.language == language}
    assert [payload for _, payload in reply.buttons] == ["/human_agent"]
    assert outcome.events[:3] == heard
    said, listens = outcome.events[3:]
    assert (said["event"], said["text"]) == ("bot", reply.text)
    assert (listens["event"], listens["name"]) == ("action", "action_listen")
    assert began <= said["timestamp"] <= listens["timestamp"] <= time.time()
    assert outcome.snapshot == [listen(), *outcome.events]
    assert outcome.person_wanted is None


def test_all_slots_directly_after_the_message_stay_and_no_later_ones() -> None:
    heard = [user("inform"), slot("order_number", "1042"), slot("contact", "a@example.com")]
    did = [action("action_track_order"), slot("order_number", None), listen()]
    turn = running_turn(failed="action_track_order")
    outcome = outcome_of(turn, [*heard, *did], VOICE, TURNS)
    assert [event for event in outcome.events if event["event"] in ("user", "slot")] == heard


def test_the_beginning_of_a_conversation_stays() -> None:
    begin = [action("action_session_start"), {"event": "session_started"}, listen()]
    turn = running_turn(failed="utter_welcome")
    outcome = outcome_of(turn, [*begin, user("page_opened"), listen()], VOICE, TURNS)
    assert outcome.events[:4] == [*begin, user("page_opened")]


def test_a_message_that_ends_the_turn_s_events() -> None:
    outcome = outcome_of(running_turn(failed="x"), [user()], VOICE, TURNS)
    assert [event["event"] for event in outcome.events] == ["user", "bot", "action"]


@pytest.mark.parametrize("language", ["en", "zh-Hans"])
def test_no_two_apologies_in_a_row_are_the_same(language: str) -> None:
    recent: tuple[str, ...] = ()
    for _ in range(6):
        turn = running_turn(failed="x", language=language, recent=recent[-8:])
        [reply] = outcome_of(turn, [user(), listen()], VOICE, TURNS).replies
        assert not recent or reply.text != recent[-1]
        recent += (reply.text,)
    assert len(set(recent)) == sum(said.language == language for said in APOLOGIES) > 1


def test_a_turn_that_would_leave_the_customer_without_a_word_has_failed() -> None:
    """Rasa swallowed an exception in an action of its own, or went round in circles."""
    new = [user("faq/returns_policy"), slot("menu", "x"), action("utter_faq"), listen()]
    outcome = outcome_of(running_turn(), new, VOICE, TURNS)
    [reply] = outcome.replies
    assert reply.text in {said.text for said in APOLOGIES if said.language == "en"}
    assert [event["event"] for event in outcome.events] == ["user", "slot", "bot", "action"]


def test_an_event_of_the_page_may_go_without_an_answer() -> None:
    new = [user("page_opened"), listen()]
    outcome = outcome_of(running_turn(kind="event"), new, VOICE, TURNS)
    assert outcome.replies == []
    assert outcome.events == new


def test_a_wish_for_a_person_needs_no_words_of_the_bot() -> None:
    new = [user("human_agent"), action("action_handoff"), slot("person_wanted", "asked"), listen()]
    outcome = outcome_of(running_turn(), new, VOICE, TURNS)
    assert outcome.replies == []
    assert outcome.events == new
    assert outcome.person_wanted == "asked"


def test_a_failed_turn_that_asked_for_a_person_goes_to_the_queue_without_an_apology() -> None:
    heard = [user("human_agent")]
    did = [action("action_handoff"), slot("person_wanted", "asked"), listen()]
    turn = running_turn({"text": "half a reply"}, failed="action_handoff")
    outcome = outcome_of(turn, [*heard, *did], VOICE, TURNS)
    assert outcome.person_wanted == "asked"
    assert outcome.replies == []
    assert outcome.events[0] == heard[0]
    assert [event.get("name") for event in outcome.events[1:]] == ["action_listen"]


def test_a_wish_made_before_something_else_failed_stands() -> None:
    new = [user("track_order"), action("action_handoff"), slot("person_wanted", "complaint")]
    outcome = outcome_of(running_turn(failed="utter_x"), [*new, listen()], VOICE, TURNS)
    assert outcome.person_wanted == "complaint"
    assert outcome.replies == []
    assert [event["event"] for event in outcome.events] == ["user", "action"]


def test_why_a_person_is_wanted_is_committed_with_the_wish() -> None:
    turn = running_turn()
    turn.base = [
        slot("order_need", "cancel_order"),
        loop("order_form"),
        user("complaint"),
        bot("I'm sorry"),
        listen(),
    ]
    new = [user("human_agent"), action("action_handoff"), slot("person_wanted", "asked")]
    outcome = outcome_of(turn, [*new, loop(None), listen()], VOICE, TURNS)
    assert outcome.person_wanted == "complaint"
    assert outcome.category == "cancel_order"
    assert list(outcome.signs) == ["complaint"]


def test_why_is_known_also_when_the_action_for_it_failed() -> None:
    turn = running_turn(failed="action_track_order")
    turn.base = [user("faq/warranty_repair"), listen()]
    outcome = outcome_of(turn, [user("human_agent"), listen()], VOICE, TURNS)
    assert outcome.person_wanted == "action_failed"
    assert outcome.category == "faq/warranty_repair"
    assert list(outcome.signs) == ["action_failed"]


def test_after_an_apology_the_next_turn_knows_that_something_failed() -> None:
    failed = outcome_of(running_turn(failed="x"), [user("track_order"), listen()], VOICE, TURNS)
    turn = running_turn()
    turn.base = list(failed.snapshot)
    outcome = outcome_of(turn, [user("human_agent"), listen()], VOICE, TURNS)
    assert (outcome.person_wanted, outcome.category) == ("action_failed", "track_order")


def test_who_wants_no_person_gives_no_reasons() -> None:
    turn = running_turn({"text": "I'm sorry"})
    outcome = outcome_of(turn, [user("complaint"), bot("I'm sorry"), listen()], VOICE, TURNS)
    assert (outcome.person_wanted, outcome.category, outcome.signs) == (None, None, ())
