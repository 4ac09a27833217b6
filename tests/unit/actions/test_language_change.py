"""Another language: taken up at once, in its own words; what we don't speak is not promised."""

from __future__ import annotations

import pytest

from tenin.bot.payloads import parse
from tenin.language.languages import configured
from tests.unit.actions.counter import (
    Answer,
    Counter,
    payloads,
    said,
    shown,
    slots_set,
    titles,
    words,
)

LANGUAGES = configured()
READY = LANGUAGES.ready


def ask(counter: Counter, text: str, language: str | None, **rest: object) -> Answer:
    slots = {"language": language} if language else {}
    return counter.run(
        "action_language_change",
        need="language_change",
        text=text,
        **slots,
        **rest,  # type: ignore[arg-type]
    )


def changed_to(answer: Answer, present: str) -> str | None:
    """The language that an answer changes to, said in that language; None if it offers some."""
    if said(answer) == ["utter_language_unknown"]:
        assert answer["events"] == []
        return None
    assert said(answer) == ["utter_language_changed"]
    wanted: str = slots_set(answer)["language"]
    assert len(answer["events"]) == 1
    # The bot tier words it before the slot is set.
    texts = {v.text for v in wordings("utter_language_changed", wanted)}
    assert words(answer, present) in texts
    return wanted


def wordings(key: str, language: str) -> list[object]:
    from tests.unit.actions.counter import VOICE

    return [each for each in VOICE.responses.variations[key] if each.language == language]


# A language named in each language, and what it is asked to be.
NAMED = [
    ("English, please", "en"),
    ("can we speak english", "en"),
    ("请用英文回复", "en"),
    ("可以講英語嗎", "en"),
    ("英語でお願いします", "en"),
    ("could you write in Japanese", "ja"),
    ("能说日语吗", "ja"),
    ("請用日文", "ja"),
    ("日本語でお願いします", "ja"),
    ("simplified chinese please", "zh-Hans"),
    ("请说简体中文", "zh-Hans"),
    ("可以用簡體嗎", "zh-Hans"),
    ("簡体字でお願いします", "zh-Hans"),
    ("traditional chinese please", "zh-Hant"),
    ("请用繁体中文", "zh-Hant"),
    ("請改用繁體", "zh-Hant"),
    ("繁体字でお願いします", "zh-Hant"),
]


@pytest.mark.parametrize("present", READY)
@pytest.mark.parametrize(("text", "wanted"), NAMED)
def test_a_language_named_is_taken_up_from_any(
    counter: Counter, text: str, wanted: str, present: str
) -> None:
    assert changed_to(ask(counter, text, present), present) == wanted


@pytest.mark.parametrize(
    ("text", "present", "wanted"),
    [
        ("中文", "zh-Hant", "zh-Hant"),
        ("中文", "zh-Hans", "zh-Hans"),
        ("中文", "en", "zh-Hans"),
        ("請說中文", "en", "zh-Hant"),
        ("请说中文", "en", "zh-Hans"),
        ("Chinese please", "zh-Hant", "zh-Hant"),
        ("Chinese please", "ja", "zh-Hans"),
        ("no Chinese please, English", "zh-Hans", "en"),
    ],
)
def test_a_name_of_several_languages_is_that_of_the_conversation(
    counter: Counter, text: str, present: str, wanted: str
) -> None:
    assert changed_to(ask(counter, text, present), present) == wanted


@pytest.mark.parametrize("present", READY)
@pytest.mark.parametrize(
    "text",
    [
        "parlez-vous français?",
        "Spanish please",
        "说韩语可以吗",
        "フランス語でお願いします",
        "another one",
        "ok",
    ],
)
def test_what_we_do_not_speak_is_answered_with_what_we_do(
    counter: Counter, text: str, present: str
) -> None:
    answer = ask(counter, text, present)
    assert changed_to(answer, present) is None
    [message] = shown(answer, present)
    assert titles(message) == [LANGUAGES.names[code] for code in READY]
    assert all(LANGUAGES.names[code] in str(message.text) for code in READY)


@pytest.mark.parametrize("present", READY)
def test_each_button_changes_to_its_language(counter: Counter, present: str) -> None:
    [message] = shown(ask(counter, "Spanish please", present), present)
    reached = []
    for title, payload in zip(titles(message), payloads(message), strict=True):
        assert parse(payload, title)["intent"]["name"] == "language_change"
        answer = counter.run(
            "action_language_change", need=payload[1:], text=title, language=present
        )
        reached.append(changed_to(answer, present))
    assert tuple(reached) == READY


def test_a_button_goes_before_what_it_says(counter: Counter) -> None:
    pressed = 'language_change{"language": "ja"}'
    answer = counter.run("action_language_change", need=pressed, text="English", language="en")
    assert changed_to(answer, "en") == "ja"


@pytest.mark.parametrize("unknown", ["fr", "", "EN", "zh"])
def test_a_button_of_a_language_that_is_not_ready_offers_those_that_are(
    counter: Counter, unknown: str
) -> None:
    pressed = f'language_change{{"language": "{unknown}"}}'
    answer = counter.run("action_language_change", need=pressed, text="Français", language="en")
    assert changed_to(answer, "en") is None


def test_the_language_of_the_conversation_asked_for_again(counter: Counter) -> None:
    assert changed_to(ask(counter, "English please", "en"), "en") == "en"


def test_where_the_conversation_has_no_language_yet_it_is_the_default(counter: Counter) -> None:
    assert changed_to(ask(counter, "日本語で", None), LANGUAGES.default) == "ja"
    answer = ask(counter, "Spanish please", None)
    assert changed_to(answer, LANGUAGES.default) is None
