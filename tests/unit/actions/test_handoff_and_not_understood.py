"""The two actions that need no database, and what actions there are."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml
from rasa.shared.core.events import (
    ActionExecuted,
    ActiveLoop,
    BotUttered,
    Event,
    SlotSet,
    UserUttered,
    deserialise_events,
)
from rasa.shared.core.trackers import DialogueStateTracker

from actions.answers import PROPOSE_A_PERSON
from tenin.language.languages import configured
from tests.unit.actions.counter import VOICE, Counter, payloads, said, shown, words
from tests.unit.bot.inbox_side import PROJECT, domain
from tests.unit.house.tree import content, yaml_files


def test_the_actions_are_those_of_the_domain(counter: Counter) -> None:
    file = Path(__file__).parents[3] / "domain.yml"
    listed = yaml.safe_load(file.read_text(encoding="utf-8"))["actions"]
    assert set(counter.executor.actions) == set(listed)


def test_a_wish_for_a_person_closes_what_was_open(counter: Counter) -> None:
    answer = counter.run("action_handoff", need="human_agent", language="en")
    assert answer["responses"] == []  # the commit says it, with the place in the queue
    tracker = DialogueStateTracker("c1", domain().slots)
    asking = [ActiveLoop("track_order_form"), SlotSet("requested_slot", "contact")]
    for each in (*asking, *deserialise_events(answer["events"])):
        tracker.update(each, domain())
    assert tracker.get_slot("person_wanted") == "asked"
    assert tracker.active_loop_name is None
    assert tracker.get_slot("requested_slot") is None
    assert [each["event"] for each in answer["events"]] == ["slot", "active_loop", "slot"]


def heard(need: str) -> UserUttered:
    return UserUttered("said", {"name": need, "confidence": 1.0})


LISTEN = ActionExecuted("action_listen")
MISSED = [heard("nlu_fallback"), ActionExecuted("action_not_understood"), LISTEN]
UNDERSTOOD = [heard("greet"), ActionExecuted("utter_greet"), LISTEN]


@pytest.mark.parametrize("need", ["nlu_fallback", "affirm"])
@pytest.mark.parametrize(
    ("before", "again"),
    [
        ([], False),
        ([LISTEN, *UNDERSTOOD], False),
        ([LISTEN, *MISSED], True),
        ([LISTEN, *UNDERSTOOD, *MISSED], True),
        ([LISTEN, *MISSED, *MISSED], True),
        ([LISTEN, *MISSED, *UNDERSTOOD], False),
        ([LISTEN, *MISSED, heard("thanks"), LISTEN], False),
    ],
)
def test_not_understood_twice_in_a_row_is_said_otherwise(
    counter: Counter, before: list[ActionExecuted], again: bool, need: str
) -> None:
    answer = counter.run("action_not_understood", need=need, before=before, language="en")
    expected = "utter_not_understood_again" if again else "utter_not_understood"
    assert said(answer) == [expected]
    assert all(words(answer, each) for each in configured().ready)


def test_a_rule_goes_on_after_what_the_nlu_did_not_understand(counter: Counter) -> None:
    """It is the rule that asks a form's question again."""
    answer = counter.run("action_not_understood", need="nlu_fallback")
    assert answer["events"] == []


def test_where_no_rule_or_story_goes_on_it_listens(counter: Counter) -> None:
    """Or it would be predicted again until Rasa's limit."""
    [followup] = counter.run("action_not_understood", need="affirm")["events"]
    assert (followup["event"], followup["name"]) == ("followup", "action_listen")


READY = configured().ready
TOPICS = ["faq/shipping_cost", "track_order", "recommend_product"]


@pytest.mark.parametrize("language", READY)
@pytest.mark.parametrize("near", [TOPICS[:1], TOPICS[:2], TOPICS])
def test_the_nearest_topics_are_offered_with_a_person(
    counter: Counter, near: list[str], language: str
) -> None:
    answer = counter.run("action_not_understood", need="nlu_fallback", near=near, language=language)
    assert said(answer) == ["utter_clarify"]
    assert answer["events"] == []
    [message] = shown(answer, language)
    assert message.text
    assert payloads(message) == [*(f"/{need}" for need in near), "/human_agent"]


def test_a_person_among_the_nearest_is_offered_once(counter: Counter) -> None:
    near = ["human_agent", "track_order"]
    answer = counter.run("action_not_understood", need="nlu_fallback", near=near, language="en")
    assert payloads(shown(answer, "en")[0]) == ["/human_agent", "/track_order"]


@pytest.mark.parametrize("language", READY)
def test_the_second_time_a_person_comes_before_the_nearest(counter: Counter, language: str) -> None:
    answer = counter.run(
        "action_not_understood",
        need="nlu_fallback",
        near=TOPICS,
        before=[LISTEN, *MISSED],
        language=language,
    )
    assert said(answer) == ["utter_not_understood_again"]
    assert payloads(shown(answer, language)[0])[0] == "/human_agent"


@pytest.mark.parametrize("language", READY)
def test_every_topic_can_be_offered(counter: Counter, language: str) -> None:
    """Whatever the classifier finds near has a title in the language, or the turn would fail."""
    pipeline = content(PROJECT / "config.yml")["pipeline"]
    talk = {need for component in pipeline for need in component.get("talk", ())}
    needs = {
        str(entry["intent"])
        for path in yaml_files("data/nlu")
        for entry in content(path).get("nlu", [])
        if "intent" in entry
    }
    topics = sorted(needs - talk)
    assert len(topics) > 50
    answer = counter.run(
        "action_not_understood", need="nlu_fallback", near=topics, language=language
    )
    [message] = shown(answer, language)
    assert set(payloads(message)) == {f"/{need}" for need in topics}


def answered_with(response: str) -> list[Event]:
    reply = BotUttered("Said.", metadata={"utter_action": response})
    return [LISTEN, heard("complaint"), ActionExecuted(response), reply, LISTEN]


@pytest.mark.parametrize(
    "response",
    [
        "utter_action_failed",
        "utter_complaint",
        "utter_frustration",
        "utter_not_understood_again",
        "utter_order_shop_failed",
    ],
)
def test_a_yes_to_the_person_who_was_proposed_asks_for_one(counter: Counter, response: str) -> None:
    answer = counter.run("action_affirm", need="affirm", before=answered_with(response))
    assert said(answer) == []
    slots = {each["name"]: each["value"] for each in answer["events"] if each["event"] == "slot"}
    assert slots["person_wanted"] == "asked"


@pytest.mark.parametrize("response", ["utter_thanks", "utter_clarify", "utter_greet"])
def test_a_yes_to_anything_else_does_not(counter: Counter, response: str) -> None:
    answer = counter.run("action_affirm", need="affirm", before=answered_with(response))
    assert said(answer) == ["utter_affirm"]
    later = [*answered_with("utter_complaint"), *answered_with("utter_thanks")]
    answer = counter.run("action_affirm", need="affirm", before=later)
    assert said(answer) == ["utter_affirm"]


@pytest.mark.parametrize("language", READY)
def test_what_proposes_a_person_has_a_button_for_one(counter: Counter, language: str) -> None:
    for response in PROPOSE_A_PERSON:
        reply = VOICE.reply(response, language, "web", order_number="202610140026")
        assert reply.buttons[0][1] == "/human_agent"
