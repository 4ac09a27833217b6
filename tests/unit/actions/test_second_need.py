"""The second wish of a message, said yes to: answered, done, or begun; never met with silence."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from rasa.shared.core.events import deserialise_events
from rasa.shared.core.trackers import DialogueStateTracker

from actions import context
from actions.second_need import ACTIONS, FORMS
from tenin.language.languages import configured
from tests.unit.actions.counter import (
    VOICE,
    Answer,
    Counter,
    cards,
    payloads,
    said,
    shown,
    slots_set,
    words,
)
from tests.unit.bot.inbox_side import PROJECT, domain
from tests.unit.house.tree import content, yaml_files

READY = configured().ready
TALK = {
    name
    for component in content(PROJECT / "config.yml")["pipeline"]
    for name in component.get("talk", ())
}
# What the classifier can find as a second wish: all that is neither talk nor a person.
WISHES = sorted(
    str(entry["intent"])
    for path in yaml_files("data/nlu/en")
    for entry in content(path).get("nlu", [])
    if "intent" in entry and entry["intent"] not in {*TALK, "human_agent"}
)


def agree(counter: Counter, need: str | None, language: str = "en", **slots: object) -> Answer:
    """Say yes to the question whether to go on with `need`."""
    answer = counter.run(
        "action_second_need",
        need="affirm",
        text="yes",
        second_need=need,
        language=language,
        **slots,  # type: ignore[arg-type]
    )
    assert "second_need" not in slots_set(answer)  # its rule would not hold any more
    return answer


def test_there_are_wishes_of_each_kind() -> None:
    """Or the tests below would hold less than they say."""
    assert {"affirm", "repeat"} <= TALK
    assert len(WISHES) > 50
    assert {"faq/shipping_cost", "cancel_order", *ACTIONS, *FORMS} - {
        "human_agent",
        "language_change",
    } <= set(WISHES)


@pytest.mark.parametrize("need", WISHES)
def test_every_wish_ends_in_something(counter: Counter, need: str) -> None:
    """In words in each language, or in a form of the domain; and not in 'what shall I do?'."""
    for language in READY:
        answer = agree(counter, need, language)
        assert "utter_affirm" not in said(answer)
        if need in FORMS and need != "restock_wish":  # which asks nothing where no mail is sent
            [followup] = [each for each in answer["events"] if each["event"] == "followup"]
            assert followup["name"] in domain().form_names
        else:
            assert words(answer, language)


@pytest.mark.parametrize("language", READY)
@pytest.mark.parametrize("need", ["faq/shipping_cost", "faq/returns_policy", "complaint"])
def test_a_question_with_a_fixed_answer_is_answered(
    counter: Counter, need: str, language: str
) -> None:
    answer = agree(counter, need, language)
    assert said(answer) == [f"utter_{need}"]
    assert words(answer, language)
    assert answer["events"] == []


@pytest.mark.parametrize("language", READY)
def test_goods_are_recommended(counter: Counter, language: str) -> None:
    known = {"purpose": "open", "budget": "open", "preference": "open"}
    answer = agree(counter, "recommend_product", language, **known)
    assert said(answer) == ["utter_recommend"]
    assert len(cards(shown(answer, language)[0])) == 3


@pytest.mark.parametrize("language", READY)
def test_it_is_about_the_product_of_the_message_before(counter: Counter, language: str) -> None:
    good = counter.goods(language)[4]
    answer = agree(counter, "stock_availability", language, product=good.sku)
    assert good.name in words(answer, language)
    [message] = shown(agree(counter, "product_info", language, product=good.sku), language)
    assert [card["title"] for card in cards(message)] == [good.name]
    assert said(agree(counter, "product_info", language)) == ["utter_product_info_which"]


@pytest.mark.parametrize("need", [need for need in FORMS if need != "restock_wish"])
@pytest.mark.parametrize(
    "known", [{}, {"order_number": "202603020001"}, {"order_number": "1", "contact": "a@b.example"}]
)
def test_a_form_is_left_to_itself(counter: Counter, need: str, known: dict[str, str]) -> None:
    """It asks its first question, or what isn't known yet, or nothing and looks the order up."""
    answer = agree(counter, need, **known)
    assert answer["responses"] == []
    tracker = DialogueStateTracker("c1", domain().slots)
    for each in deserialise_events(answer["events"]):
        tracker.update(each, domain())
    assert tracker.followup_action == FORMS[need]


def test_a_wish_to_hear_of_stock_is_noted_at_once_where_no_mail_is_sent(
    counter: Counter,
) -> None:
    gone = counter.goods("en")[0]
    counter.sell_out([gone.sku])
    own = counter.room.begin("en")
    answer = agree(counter, "restock_wish", product=gone.sku, sender=own)
    assert said(answer) == ["utter_restock_noted"]


def test_the_forms_are_those_of_the_rules() -> None:
    """Also what each need does: as data/rules has it."""
    done: dict[str, str] = {}
    for path in yaml_files("data/rules"):
        for rule in content(path)["rules"]:
            steps = rule["steps"]
            for step in steps[0].get("or", steps[:1]):
                if "intent" in step and not rule.get("condition") and "action" in steps[1]:
                    done[step["intent"]] = steps[1]["action"]
    for need, form in FORMS.items():
        assert done[need] == form
    for need, action in ACTIONS.items():
        assert done[need] == action().name()
    special = {need for need in WISHES if done.get(need, "utter_").startswith("action_")}
    assert special <= set(ACTIONS)
    assert {need for need in WISHES if done.get(need, "").endswith("_form")} == set(FORMS)


def test_a_person_is_wished_for(counter: Counter) -> None:
    answer = agree(counter, "human_agent")
    assert answer["responses"] == []  # the commit says it, with the place in the queue
    assert slots_set(answer)["person_wanted"] == "asked"


@pytest.mark.parametrize("language", READY)
def test_a_change_of_language_offers_what_there_is(counter: Counter, language: str) -> None:
    """The yes itself names none."""
    answer = agree(counter, "language_change", language)
    assert said(answer) == ["utter_language_unknown"]
    assert len(payloads(shown(answer, language)[0])) == len(READY)


@pytest.mark.parametrize("language", READY)
@pytest.mark.parametrize("need", ["no_such_need", "faq/no_such_need", "", "order_{status}", None])
def test_a_need_that_is_gone_is_asked_after(
    counter: Counter, need: str | None, language: str
) -> None:
    """An update may take a need away between the question and the yes."""
    answer = agree(counter, need, language)
    assert said(answer) == ["utter_affirm"]
    [message] = shown(answer, language)
    assert message.text
    assert '/show_menu{"menu": "orders"}' in payloads(message)


def test_it_is_gone_when_its_wording_is(counter: Counter, root: Path) -> None:
    """The same need, with its file and without it."""
    need = "faq/shipping_cost"
    assert said(agree(counter, need)) == [f"utter_{need}"]
    (root / "data").unlink()
    shutil.copytree(PROJECT / "data" / "responses", root / "data" / "responses")
    file = VOICE.responses.files[f"utter_{need}"]
    (root / "data" / "responses" / file.name).unlink()
    counter.restart()
    try:
        assert said(agree(counter, need)) == ["utter_affirm"]
        assert said(agree(counter, "faq/returns_policy")) == ["utter_faq/returns_policy"]
    finally:
        context.answers.cache_clear()  # of a root with less wording than the others
