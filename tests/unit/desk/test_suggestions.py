"""What is suggested to an agent, and what a search finds: the shop's own words, in good time."""

from __future__ import annotations

import time
from typing import Any

import pytest
from sqlalchemy.engine import Engine

from tenin.conversation.voice import Voice
from tenin.database import read_transaction
from tenin.desk.hours import voice_now
from tenin.desk.knowledge import answers, facts, knowledge_of
from tenin.desk.suggestions import Case, suggestions
from tenin.desk.understanding import Understood
from tenin.language.languages import configured
from tests.answers import is_wording_of, voice

READY = configured().ready
CANNED: list[dict[str, Any]] = [
    {"id": 1, "shortcut": "look", "skill": None, "text": "稍等，我先看一下前面的对话"},
    {"id": 2, "shortcut": "photo", "skill": "returns", "text": "麻烦拍张商品的照片发给我"},
    {"id": 3, "shortcut": "fee", "skill": None, "text": "运费由我们承担"},
    {"id": 4, "shortcut": "card", "skill": "payment", "text": "请换一张卡再付"},
]


def case(**values: Any) -> Case:
    known: dict[str, Any] = {
        "id": "c1",
        "language": "zh-Hans",
        "skill": None,
        "last": "运费怎么算",
        "unanswered": False,
        "agent": "Mei",
        "customer_id": None,
        "order": None,
    }
    return Case(**{**known, **values})


@pytest.fixture(scope="module")
def spoken(sqlite_engine: Engine) -> Voice:
    """The project's wording, with the hours that hold now."""
    with read_transaction(sqlite_engine) as session:
        return voice_now(session, voice())


def understood(*ranking: tuple[str, float]) -> Understood:
    return Understood("zh-Hans", ranking[0][0], ranking[0][1], ranking)


@pytest.mark.parametrize("language", READY)
@pytest.mark.parametrize("reader", READY)
def test_titles_are_in_the_agents_language_and_answers_in_the_customers(
    spoken: Voice, language: str, reader: str
) -> None:
    found = suggestions(
        spoken,
        case(language=language),
        understood(("faq/shipping_cost", 0.8), ("track_order", 0.15), ("greet", 0.02)),
        [],
        reader,
    )
    titles = spoken.menus.titles
    assert found["understood"] == [
        {
            "need": "faq/shipping_cost",
            "title": titles["faq/shipping_cost"][reader],
            "confidence": 0.8,
        },
        {"need": "track_order", "title": titles["track_order"][reader], "confidence": 0.15},
    ]
    [reply] = found["replies"]  # what needs an action has no ready words
    assert (reply["source"], reply["id"]) == ("faq", "utter_faq/shipping_cost")
    assert is_wording_of("utter_faq/shipping_cost", language, reply["text"])
    assert "{" not in reply["text"]


def test_talk_is_shown_as_understood_and_not_answered(spoken: Voice) -> None:
    found = suggestions(spoken, case(), understood(("thanks", 0.9)), [], "en")
    assert [each["need"] for each in found["understood"]] == ["thanks"]
    assert found["replies"] == []


def test_while_the_bot_is_away_answers_are_found_by_words(spoken: Voice) -> None:
    found = suggestions(spoken, case(), None, [], "en")
    assert found["understood"] == []
    assert found["replies"][0]["id"] == "utter_faq/shipping_cost"
    assert suggestions(spoken, case(last=None), None, [], "en")["replies"] == []


@pytest.mark.parametrize(
    ("about", "wanted"),
    [
        ({"unanswered": True, "last": "你好"}, ["look"]),
        ({"last": "你好"}, []),
        ({"skill": "returns", "unanswered": True, "last": "你好"}, ["look", "photo"]),
        ({"last": "运费怎么算"}, ["fee"]),
        ({"last": "换一张卡"}, []),  # another skill's
        ({"skill": "payment", "last": "你好"}, ["card"]),
    ],
)
def test_ready_replies_that_suit(spoken: Voice, about: dict[str, Any], wanted: list[str]) -> None:
    found = suggestions(spoken, case(**about), understood(("thanks", 0.9)), CANNED, "en")
    assert [reply["title"] for reply in found["replies"]] == wanted


@pytest.mark.parametrize("language", READY)
def test_all_answers_and_all_terms_are_there_ready_to_send(spoken: Voice, language: str) -> None:
    said, told = (
        list(answers(spoken, language)),
        list(facts(spoken, language)),
    )
    faq = {key for key in spoken.responses.variations if key.startswith("utter_faq/")}
    assert faq <= {entry.id for entry in said}
    policy = spoken.responses.policy
    assert policy is not None
    assert {entry.id for entry in told} == set(policy.values(language, "en"))
    for entry in [*said, *told]:
        assert entry.text
        assert entry.title
        assert "{" not in entry.text


@pytest.mark.parametrize("language", READY)
def test_a_search_after_the_first_takes_no_time(spoken: Voice, language: str) -> None:
    known = knowledge_of(spoken, language)
    took = []
    for number in range(20):
        began = time.perf_counter()
        known.search(f"退货 returns 返品 {number}", 12)
        took.append(time.perf_counter() - began)
    assert sorted(took)[len(took) // 2] < 0.05


def test_knowledge_is_made_once_for_a_voice(spoken: Voice) -> None:
    assert knowledge_of(spoken, "en") is knowledge_of(spoken, "en")
    assert knowledge_of(spoken, "en") is not knowledge_of(voice(), "en")
    found = knowledge_of(spoken, "en").search("when is somebody there, hours", 5)
    assert "utter_faq/contact_hours" in [entry.id for entry in found]
