"""The second wish of a message: asked about once, when no form is open; then it is over."""

from __future__ import annotations

import itertools
from typing import Any

import pytest

from tenin.bot.replies import SECOND_NEED, SECOND_NEED_WAITING, outcome_of
from tenin.conversation.turns import Outcome
from tenin.language.languages import load_languages
from tests.unit.bot.inbox_side import PROJECT
from tests.unit.bot.test_replies import (
    TURNS,
    VOICE,
    Event,
    action,
    bot,
    listen,
    loop,
    running_turn,
    slot,
    user,
)

READY = load_languages(PROJECT / "languages.yml").ready
FORM = "track_order_form"


class Talk:
    """A conversation, turn by turn: what is committed of one is the memory of the next."""

    def __init__(self, language: str = "en") -> None:
        self.language = language
        self.memory: list[Event] = [listen()]
        self.recent: tuple[str, ...] = ()

    def turn(
        self,
        *did: Event,
        need: str = "greet",
        second: str | None = None,
        said: str | None = "Said.",
        failed: str | None = None,
    ) -> Outcome:
        """A message with what it was understood as, and what was done about it."""
        heard = user(need)
        if second:
            heard["parse_data"] = {**heard["parse_data"], SECOND_NEED: second}
        messages = [{"text": said}] if said else []
        turn = running_turn(*messages, failed=failed, language=self.language, recent=self.recent)
        turn.base = self.memory
        new = [heard, *did, *(bot(each["text"]) for each in messages), listen()]
        outcome = outcome_of(turn, new, VOICE, TURNS)
        self.memory = list(outcome.snapshot)
        self.recent += tuple(reply.text for reply in outcome.replies)
        return outcome

    def slots(self) -> dict[str, Any]:
        """The slots of the second wish, as Rasa would find them."""
        found = {each["name"]: each["value"] for each in self.memory if each["event"] == "slot"}
        return {name: found.get(name) for name in (SECOND_NEED, SECOND_NEED_WAITING)}


def settings(outcome: Outcome) -> dict[str, Any]:
    """What a turn set of the slots of the second wish."""
    return {
        each["name"]: each["value"]
        for each in outcome.events
        if each["event"] == "slot" and each["name"] in (SECOND_NEED, SECOND_NEED_WAITING)
    }


def wordings(language: str, need: str) -> set[str]:
    """All ways to ask about a need."""
    topic = VOICE.menus.button(need, language).title
    return {
        said.text.replace("{topic}", topic)
        for said in VOICE.responses.variations["utter_second_need"]
        if said.language == language
    }


@pytest.mark.parametrize("language", READY)
@pytest.mark.parametrize("need", ["track_order", "faq/refund_policy"])
def test_it_is_asked_about_after_the_first_answer(language: str, need: str) -> None:
    talk = Talk(language)
    outcome = talk.turn(need="cancel_order", second=need, said="First.")
    answer, question = outcome.replies
    assert answer.text == "First."
    assert question.text in wordings(language, need)
    yes, no = (VOICE.menus.button(each, language).title for each in ("affirm", "deny"))
    assert question.buttons == [(yes, f"/{need}"), (no, "/deny")]
    assert settings(outcome) == {SECOND_NEED: need}
    assert talk.slots() == {SECOND_NEED: need, SECOND_NEED_WAITING: None}
    assert outcome.events == outcome.snapshot[1:]


def test_a_message_with_one_wish_has_nothing_asked_or_set() -> None:
    outcome = Talk().turn(need="cancel_order")
    assert [reply.text for reply in outcome.replies] == ["Said."]
    assert settings(outcome) == {}


@pytest.mark.parametrize("need", ["affirm", "deny", "greet", "track_order"])
def test_after_the_next_turn_it_is_forgotten_whatever_was_said(need: str) -> None:
    talk = Talk()
    talk.turn(need="cancel_order", second="track_order")
    outcome = talk.turn(need=need)
    assert [reply.text for reply in outcome.replies] == ["Said."]
    assert settings(outcome) == {SECOND_NEED: None}
    assert settings(talk.turn(need=need)) == {}
    assert talk.slots() == {SECOND_NEED: None, SECOND_NEED_WAITING: None}


def test_what_the_yes_has_cleared_is_not_cleared_again() -> None:
    talk = Talk()
    talk.turn(need="cancel_order", second="invoice")
    done = [action("action_second_need"), slot(SECOND_NEED, None)]
    outcome = talk.turn(*done, need="affirm")
    cleared = [each for each in outcome.events if each.get("name") == SECOND_NEED]
    assert cleared == done[1:]


def test_it_waits_while_a_form_asks_and_is_asked_about_once_that_has_ended() -> None:
    talk = Talk()
    opened = talk.turn(
        action(FORM), loop(FORM), slot("requested_slot", "order_number"), second="invoice"
    )
    assert len(opened.replies) == 1
    assert settings(opened) == {SECOND_NEED_WAITING: "invoice"}

    between = talk.turn(action(FORM), need="inform")
    assert len(between.replies) == 1
    assert settings(between) == {}
    assert talk.slots() == {SECOND_NEED: None, SECOND_NEED_WAITING: "invoice"}

    ended = talk.turn(action(FORM), loop(None), action("action_track_order"), need="inform")
    assert [reply.text in wordings("en", "invoice") for reply in ended.replies] == [False, True]
    assert settings(ended) == {SECOND_NEED: "invoice", SECOND_NEED_WAITING: None}

    assert settings(talk.turn(need="affirm")) == {SECOND_NEED: None}


def test_a_form_that_another_takes_the_place_of_is_led_back_to() -> None:
    talk = Talk()
    talk.turn(action("recommend_form"), loop("recommend_form"), need="recommend_product")
    aside = talk.turn(action(FORM), loop(FORM), need="track_order")
    assert len(aside.replies) == 1
    assert settings(aside) == {SECOND_NEED_WAITING: "recommend_product"}
    ended = talk.turn(action(FORM), loop(None), action("action_track_order"), need="inform")
    assert ended.replies[-1].text in wordings("en", "recommend_product")


def test_an_errand_that_another_form_takes_the_place_of_is_led_back_to_by_its_need() -> None:
    talk = Talk()
    begun = [action("order_form"), loop("order_form"), slot("order_need", "return_item")]
    talk.turn(*begun, need="return_item")
    aside = talk.turn(action("recommend_form"), loop("recommend_form"), need="recommend_product")
    assert settings(aside) == {SECOND_NEED_WAITING: "return_item"}
    ended = talk.turn(loop(None), action("action_recommend_product"), need="inform")
    assert ended.replies[-1].text in wordings("en", "return_item")


def test_a_form_that_was_left_is_not_led_back_to() -> None:
    talk = Talk()
    talk.turn(action("recommend_form"), loop("recommend_form"), need="recommend_product")
    talk.turn(action("action_deactivate_loop"), loop(None), need="deny")
    assert settings(talk.turn(action(FORM), loop(FORM), need="track_order")) == {}


def test_it_outlives_a_form_that_is_longer_than_the_memory() -> None:
    talk = Talk()
    talk.turn(action(FORM), loop(FORM), second="invoice")
    for _ in range(TURNS + 3):
        talk.turn(action(FORM), need="inform")
    assert len(talk.memory) < 4 * (TURNS + 3)
    ended = talk.turn(loop(None), need="inform")
    assert ended.replies[-1].text in wordings("en", "invoice")


def test_a_form_that_begins_and_ends_in_the_turn_is_not_in_the_way() -> None:
    outcome = Talk().turn(action(FORM), loop(FORM), loop(None), second="invoice")
    assert settings(outcome) == {SECOND_NEED: "invoice"}


def test_the_newer_of_two_goes_before_the_one_that_waits_or_was_asked_about() -> None:
    talk = Talk()
    talk.turn(action(FORM), loop(FORM), second="invoice")
    newer = talk.turn(action(FORM), second="return_item")
    assert settings(newer) == {SECOND_NEED_WAITING: "return_item"}
    ended = talk.turn(loop(None))
    assert ended.replies[-1].text in wordings("en", "return_item")
    again = talk.turn(second="invoice")
    assert again.replies[-1].text in wordings("en", "invoice")
    assert settings(again) == {SECOND_NEED: "invoice"}


@pytest.mark.parametrize("in_form", [True, False])
@pytest.mark.parametrize("how", ["intent", "slot"])
def test_who_wants_a_person_is_asked_nothing(how: str, in_form: bool) -> None:
    wish = [slot("person_wanted", "complaint")] if how == "slot" else []
    form = [loop(FORM)] if in_form else []
    need = "human_agent" if how == "intent" else "complaint"
    outcome = Talk().turn(*form, *wish, need=need, second="invoice")
    assert outcome.person_wanted == ("complaint" if how == "slot" else "asked")
    assert [reply.text for reply in outcome.replies] == ["Said."]
    assert settings(outcome) == {}


@pytest.mark.parametrize("failed", [None, "action_handoff"])
@pytest.mark.parametrize("asked", [True, False])
def test_a_wish_for_a_person_drops_what_was_kept(asked: bool, failed: str | None) -> None:
    """Whoever hands back has dealt with it; it must not come up again."""
    talk = Talk()
    talk.turn(*([] if asked else [loop(FORM)]), second="invoice")
    kept = SECOND_NEED if asked else SECOND_NEED_WAITING
    assert talk.slots()[kept] == "invoice"
    outcome = talk.turn(slot("person_wanted", "asked"), need="human_agent", failed=failed)
    assert outcome.person_wanted == "asked"
    assert settings(outcome) == {kept: None}
    assert set(talk.slots().values()) == {None}


@pytest.mark.parametrize("said", ["half an answer", None])
def test_a_failed_turn_asks_nothing_and_leaves_what_was_kept(said: str | None) -> None:
    """The customer may say yes once more, or what the question was about."""
    talk = Talk()
    talk.turn(second="invoice")
    failed = "action_second_need" if said else None
    outcome = talk.turn(slot("language", "en"), said=said, failed=failed, second="return_item")
    apologies = {each.text for each in VOICE.responses.variations["utter_action_failed"]}
    assert [reply.text in apologies for reply in outcome.replies] == [True]
    assert settings(outcome) == {}
    assert talk.slots() == {SECOND_NEED: "invoice", SECOND_NEED_WAITING: None}


@pytest.mark.parametrize(("before", "after"), [("en", "ja"), ("ja", "zh-Hant"), ("zh-Hans", "en")])
def test_it_is_asked_in_the_language_that_the_turn_changed_to(before: str, after: str) -> None:
    outcome = Talk(before).turn(slot("language", after), need="language_change", second="invoice")
    assert outcome.language == after
    question = outcome.replies[-1]
    assert question.text in wordings(after, "invoice")
    titles = [VOICE.menus.button(each, after).title for each in ("affirm", "deny")]
    assert [title for title, _ in question.buttons] == titles


@pytest.mark.parametrize("language", READY)
def test_no_two_questions_in_a_row_are_alike(language: str) -> None:
    talk = Talk(language)
    asked = [talk.turn(second="invoice").replies[-1].text for _ in range(4)]
    assert set(asked) == wordings(language, "invoice")
    assert all(one != other for one, other in itertools.pairwise(asked))


@pytest.mark.parametrize(
    ("set_to", "becomes"),
    [
        (["ja"], "ja"),
        (["en"], None),  # the store says so at the beginning of a turn
        (["en", "ja"], "ja"),
        (["ja", "en"], None),
        ([None], None),
        ([], None),
    ],
)
def test_the_language_is_changed_only_to_another(
    set_to: list[str | None], becomes: str | None
) -> None:
    outcome = Talk("en").turn(*(slot("language", each) for each in set_to))
    assert outcome.language == becomes


def test_a_language_of_an_earlier_turn_changes_nothing() -> None:
    """The customer wrote in another language since: the turn's own is what counts."""
    talk = Talk("en")
    talk.turn(slot("language", "ja"), need="language_change")
    assert talk.turn().language is None


def test_a_failed_turn_changes_no_language() -> None:
    outcome = Talk("en").turn(slot("language", "ja"), failed="utter_x", said=None)
    assert outcome.language is None
    apologies = VOICE.responses.variations["utter_action_failed"]
    assert outcome.replies[0].text in {each.text for each in apologies if each.language == "en"}
