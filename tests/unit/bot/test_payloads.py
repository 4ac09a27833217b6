"""Payloads: each that the project offers is understood; what a customer types never is one."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import example, given
from hypothesis import strategies as st

from tenin.bot.payloads import PayloadError, as_plain_text, parse
from tenin.conversation.inbox import ASK_FOR_PERSON
from tenin.conversation.voice import Voice
from tenin.language.languages import load_languages

PROJECT = Path(__file__).parents[3]
VOICE = Voice.load(PROJECT)
DOMAIN = yaml.safe_load((PROJECT / "domain.yml").read_text(encoding="utf-8"))
INTENTS = {name for entry in DOMAIN["intents"] for name in entry}

# What Python's strip() takes away, as Rasa does with every text: line breaks, wide and thin blanks.
BLANKS = "\t\n\v\f\r\x1c\x1d\x1e\x1f \x85\xa0\u1680\u2000\u2003\u2009\u2028\u2029\u202f\u205f\u3000"


def offered() -> dict[str, str]:
    """Every payload that a response or a menu offers, with its title in some language."""
    found = {
        button.payload: button.title
        for variations in VOICE.responses.variations.values()
        for variation in variations
        for button in variation.buttons
    }
    for language in load_languages(PROJECT / "languages.yml").ready:
        for menu in VOICE.menus.menus:
            buttons = VOICE.menus.buttons(menu, language)
            found.update({button.payload: button.title for button in buttons})
    return found


OFFERED = offered()


def test_the_project_offers_payloads_of_every_form() -> None:
    """So that the test below has something to hold."""
    assert ASK_FOR_PERSON in OFFERED
    assert {"/show_menu" + '{"menu": "start"}', "/faq/returns_policy"} <= set(OFFERED)
    assert len(OFFERED) > 10


@pytest.mark.parametrize("payload", OFFERED)
def test_each_payload_of_the_project_is_understood(payload: str) -> None:
    title = OFFERED[payload]
    data = parse(payload, title)
    assert data["text"] == title
    assert data["intent"]["name"] in INTENTS
    assert data["intent"]["confidence"] == 1.0
    assert data["intent_ranking"] == [data["intent"]]
    for entity in data["entities"]:
        assert entity["entity"] in DOMAIN["entities"]
        assert title[entity["start"] : entity["end"]] == title
        if entity["entity"] == "menu":
            assert entity["value"] in VOICE.menus.menus
    is_retrieval = any(key.startswith(f"utter_{data['intent']['name']}/") for key in KEYS)
    assert ("response_selector" in data) is is_retrieval
    if is_retrieval:
        chosen = data["response_selector"][data["intent"]["name"]]["response"]
        assert chosen["utter_action"] in KEYS
        assert f"utter_{chosen['intent_response_key']}" == chosen["utter_action"]
        assert data["intent"]["full_retrieval_intent_name"] == chosen["intent_response_key"]
        assert payload == f"/{chosen['intent_response_key']}"


KEYS = set(VOICE.responses.variations)


def test_values_become_entities_of_the_whole_title() -> None:
    data = parse('/inform{"order_number": "202603020001", "email": "a@example.com"}', "这一单")
    assert [(e["entity"], e["value"]) for e in data["entities"]] == [
        ("order_number", "202603020001"),
        ("email", "a@example.com"),
    ]
    assert {(e["start"], e["end"], e["confidence"]) for e in data["entities"]} == {(0, 3, 1.0)}
    assert "response_selector" not in data


@pytest.mark.parametrize(
    "payload",
    [
        "",
        "/",
        "/ ",
        "greet",
        " /greet",
        "／greet",
        "Where is my order?",
        '{"menu": "start"}',
        '/{"menu": "start"}',
        "/faq/",
        "//faq",
        "/faq//returns_policy",
        "/faq/returns/policy",
        "/track order",
        '/show_menu{"menu": "start"',
        '/show_menu{"menu": "start"} and more',
        "/show_menu{menu: start}",
        "/show_menu{'menu': 'start'}",
    ],
)
def test_a_payload_of_another_form_is_refused(payload: str) -> None:
    with pytest.raises(PayloadError) as refused:
        parse(payload, "title")
    assert repr(payload) in str(refused.value)


@given(st.text(st.one_of(st.sampled_from(BLANKS + "/／\\a文"), st.characters()), max_size=30))
@example("/restart")
@example('/human_agent{"a": 1}')
@example("//")
def test_plain_text_is_only_text(text: str) -> None:
    plain = as_plain_text(text)
    assert not plain.strip().startswith("/")
    core = text.strip()
    if core.startswith("/"):
        assert plain == "／" + core[1:]
    else:
        assert plain == core
    assert as_plain_text(plain) == plain


@pytest.mark.parametrize("blank", BLANKS)
@pytest.mark.parametrize("command", ["/restart", "/faq/returns_policy", "/EXTERNAL_x"])
def test_a_leading_blank_hides_no_command(blank: str, command: str) -> None:
    assert as_plain_text(blank * 2 + command + blank) == "／" + command[1:]


def test_what_is_no_leading_slash_stays() -> None:
    for text in ("either/or", "1/2 price?", "／already", "\\restart", "see https://example.com/a"):
        assert as_plain_text(text) == text


def test_rasa_takes_none_of_it_for_a_command() -> None:
    """Rasa's own message, as the worker makes it: what its NLU looks at has no slash in front."""
    from rasa.core.channels.channel import UserMessage
    from rasa.shared.constants import INTENT_MESSAGE_PREFIX

    for blank in BLANKS:
        message: Any = UserMessage(text=as_plain_text(f"{blank}/restart{blank}"))
        assert message.text == "／restart"
        assert not message.text.startswith(INTENT_MESSAGE_PREFIX)
