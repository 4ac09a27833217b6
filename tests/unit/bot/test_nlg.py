"""Rasa's replies in the shop's words: the right language, no echo, menus, and no silent gap."""

from __future__ import annotations

import itertools
import json
import re
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml
from rasa.core.nlg.generator import NaturalLanguageGenerator
from rasa.shared.core.events import BotUttered, SlotSet, UserUttered
from rasa.shared.core.trackers import DialogueStateTracker
from rasa.utils.endpoints import read_endpoint_config

from tenin.bot.nlg import WordingGenerator
from tenin.bot.runtime import RunningTurn, running
from tenin.clock import utcnow
from tenin.conversation.consent import NO_MAIL, MailWanted
from tenin.conversation.people import Kind
from tenin.conversation.turns import Turn
from tenin.conversation.voice import Voice
from tenin.database import make_engine, write_transaction
from tenin.desk.hours import SAID_AS, tells_hours
from tenin.desk.models import DeskSetting
from tenin.desk.schedule import DAYS
from tenin.language.fill import placeholders
from tenin.language.languages import load_languages
from tests.unit.bot.conftest import LINKED
from tests.unit.bot.inbox_side import PROJECT, domain

VOICE = Voice.load(PROJECT)
READY = load_languages(PROJECT / "languages.yml").ready
RESPONSES = sorted(VOICE.responses.variations)
# Pieces of the hours: numbers in one language are no others than in another.
PIECES = {key for key in RESPONSES if key.startswith("utter_hours_")}
SENSITIVE = (
    "utter_action_failed",
    "utter_bot_slow",
    *(f"utter_handoff_{kind.value}" for kind in Kind),
    "utter_handoff_waiting",
    "utter_not_understood",
    "utter_not_understood_again",
    "utter_turn_failed",
)
VALUES = {
    "clock": "2026-11-23T09:00:00+08:00",
    "date": "2026-11-22",
    "days": 3,
    "list": ["x1", "x2"],
    "minutes": 3,
    "moment": "2026-11-23T09:00:00+08:00",
    "money": ["9.90", "CNY"],
    "number": "3",
    "zone": "2026-11-23T09:00:00+08:00",
    "": "x1",
}
# A question in each language, to be answered in another.
SAID = {
    "en": "where is my order",
    "ja": "注文した商品は今どこですか",
    "zh-Hans": "我的订单到哪了",
    "zh-Hant": "我的訂單到哪裡了",
}


@pytest.fixture(scope="module")
def nlg(tmp_path_factory: pytest.TempPathFactory, migrated_file: Path) -> WordingGenerator:
    """The generator that endpoints.yml names, made as Rasa makes it; it only reads."""
    root = tmp_path_factory.mktemp("nlg")
    for name in LINKED:
        (root / name).symlink_to(PROJECT / name)
    (root / "var").mkdir()
    shutil.copy(migrated_file, root / "var" / "tenin.db")
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("TENIN_ROOT", str(root))
        environment.setenv("TENIN_ACTION_URL", "http://127.0.0.1:9/webhook")
        made = NaturalLanguageGenerator.create(
            read_endpoint_config(str(PROJECT / "endpoints.yml"), "nlg"), domain()
        )
    assert type(made) is WordingGenerator
    return made


def tracker(*events: Any, language: str | None = None, text: str = "") -> DialogueStateTracker:
    """A conversation in which `text` was said last."""
    made = DialogueStateTracker("c1", domain().slots)
    if language:
        made.update(SlotSet("language", language), domain())
    made.update(UserUttered(text), domain())
    for event in events:
        made.update(event, domain())
    return made


def begin_turn(language: str, recent: tuple[str, ...] = ()) -> RunningTurn:
    turn = Turn(
        inbox_id=1,
        conversation_id="c1",
        channel="web",
        kind="text",
        text="",
        payload=None,
        language=language,
        address=None,
        attempt=1,
        epoch=0,
        token="t",
        recent=recent,
    )
    state = RunningTurn(turn)
    running.set(state)
    return state


def values_for(key: str) -> dict[str, Any]:
    """A value for each placeholder of a response, but those that the menu or policy.yml fills."""
    assert VOICE.responses.policy is not None
    filled = {"menu_prompt", *SAID_AS, *VOICE.responses.policy.values("en", "en")}
    return {
        name: VALUES[form or ""]
        for variation in VOICE.responses.variations[key]
        for name, form in placeholders(variation.text)
        if name not in filled
    }


def is_wording(text: str, key: str, language: str) -> bool:
    """Whether a text is a wording of a response in a language, its gaps filled with anything."""
    return any(
        re.fullmatch(re.sub(r"\\\{.*?\\\}", ".+", re.escape(said.text)), text, re.DOTALL)
        for said in VOICE.responses.variations[key]
        if said.language == language
    )


def wordings(key: str, language: str) -> int:
    return sum(said.language == language for said in VOICE.responses.variations[key])


@pytest.mark.parametrize("language", READY)
@pytest.mark.parametrize("key", RESPONSES)
async def test_every_response_is_said_in_the_language_of_the_slot(
    nlg: WordingGenerator, key: str, language: str
) -> None:
    other = READY[(READY.index(language) + 1) % len(READY)]
    state = begin_turn(language)
    asked = tracker(language=language, text=SAID[other])
    message = await nlg.generate(key, asked, "web", **values_for(key))
    assert message is not None
    assert state.failed is None
    assert is_wording(message["text"], key, language)
    han = any("\u4e00" <= sign <= "\u9fff" for sign in message["text"])
    kana = any("\u3041" <= sign <= "\u30ff" for sign in message["text"])
    if key not in {"utter_language_changed", *PIECES} and values_for(key).keys().isdisjoint(
        ("said", "languages")
    ):
        assert kana is (language == "ja")
        assert (han or kana) is (language != "en")
    assert "{" not in message["text"]
    assert state.said == [message["text"]]


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("where is my order", "en"),
        ("我的订单到哪了", "zh-Hans"),
        ("我的訂單到哪裡了", "zh-Hant"),
        ("注文した商品は今どこですか", "ja"),
        ("12345", "en"),  # languages.yml's default
        ("", "en"),
    ],
)
async def test_without_the_slot_the_message_tells_the_language(
    nlg: WordingGenerator, text: str, language: str
) -> None:
    """`rasa shell`: no turn, no slot."""
    message = await nlg.generate("utter_goodbye", tracker(text=text), "cmdline")
    assert message is not None
    texts = VOICE.responses.variations["utter_goodbye"]
    assert message["text"] in {said.text for said in texts if said.language == language}


async def test_nobody_has_said_anything_yet(nlg: WordingGenerator) -> None:
    message = await nlg.generate(
        "utter_goodbye", DialogueStateTracker("c1", domain().slots), "cmdline"
    )
    assert message is not None


@pytest.mark.parametrize("language", READY)
@pytest.mark.parametrize("key", [key for key in RESPONSES if wordings(key, "en") > 1])
async def test_no_two_in_a_row_are_alike_from_turn_to_turn(
    nlg: WordingGenerator, key: str, language: str
) -> None:
    recent: list[str] = []
    for _ in range(2 * wordings(key, language) + 1):
        begin_turn(language, tuple(recent[-8:]))
        message = await nlg.generate(key, tracker(language=language), "web", **values_for(key))
        assert message is not None
        assert not recent or message["text"] != recent[-1]
        recent.append(message["text"])
    assert len(set(recent)) == wordings(key, language)


@pytest.mark.parametrize("language", READY)
@pytest.mark.parametrize("key", SENSITIVE)
def test_what_must_never_be_said_twice_in_a_row_has_other_words(key: str, language: str) -> None:
    assert wordings(key, language) >= 2


@pytest.mark.parametrize("language", READY)
@pytest.mark.parametrize(
    ("host", "mail", "urged", "asked"),
    [
        ("", NO_MAIL, [], []),
        ("mx.example", NO_MAIL, ["/mail_notices"], ["/mail_notices"]),
        ("mx.example", MailWanted(True, True), [], ["/mail_stop"]),
        # An address for one wish alone: more may be had, and all be stopped.
        ("mx.example", MailWanted(False, True), ["/mail_notices"], ["/mail_stop", "/mail_notices"]),
        ("", MailWanted(True, True), [], ["/mail_stop"]),
    ],
)
async def test_mail_is_offered_where_it_is_sent_and_its_end_to_who_gets_it(
    host: str, mail: MailWanted, urged: list[str], asked: list[str], language: str
) -> None:
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("TENIN_ROOT", str(PROJECT))
        environment.setenv("TENIN_EMAIL_HOST", host)
        environment.setenv("TENIN_EMAIL_SENDER", "service@kodama.example")
        nlg = WordingGenerator()
    offers = {"utter_done_urge": urged, "utter_done_return": urged, "utter_faq/newsletter": asked}
    for key, expected in offers.items():
        state = begin_turn(language)
        running.set(replace(state, turn=replace(state.turn, mail=mail)))
        message = await nlg.generate(key, tracker(language=language), "web", **values_for(key))
        assert message is not None
        shown = [button["payload"] for button in message.get("buttons", [])]
        assert [each for each in shown if "mail" in each] == expected, key


async def test_no_two_are_alike_within_a_turn(nlg: WordingGenerator) -> None:
    state = begin_turn("en")
    for _ in range(3):
        await nlg.generate("utter_greet", tracker(language="en"), "web")
    assert len(set(state.said)) == 3


async def test_no_two_in_a_row_are_alike_without_a_turn(nlg: WordingGenerator) -> None:
    """`rasa shell`: the tracker says what was said."""
    said: list[str] = []
    for _ in range(6):
        asked = tracker(*(BotUttered(text) for text in said), language="zh-Hans")
        message = await nlg.generate("utter_greet", asked, "cmdline")
        assert message is not None
        said.append(message["text"])
    assert all(one != other for one, other in itertools.pairwise(said))
    assert len(set(said)) == 3


HOURS = {
    "zone": "Europe/Berlin",
    "week": {**{day: [["09:00", "17:30"]] for day in DAYS[:5]}, "sat": [["10:00", "24:00"]]},
}
TELLING = sorted(key for key in RESPONSES if tells_hours(VOICE.responses, key))


@pytest.mark.parametrize(
    ("language", "by_policy", "by_leads", "zones"),
    [
        (
            "en",
            "every day 9:00–21:00",
            "Monday to Friday 9:00–17:30, Saturday 10:00–24:00",
            ("Beijing time", "Central European Time"),
        ),
        (
            "zh-Hans",
            "每天9:00–21:00",
            "周一至周五9:00–17:30，周六10:00–24:00",
            ("北京时间", "中欧时间"),
        ),
        (
            "zh-Hant",
            "每天9:00–21:00",
            "週一到週五9:00–17:30，週六10:00–24:00",
            ("北京時間", "中歐時間"),
        ),
        (
            "ja",
            "毎日9:00～21:00",
            "月曜日から金曜日 9:00～17:30、土曜日 10:00～24:00",
            ("中国時間", "中央ヨーロッパ時間"),
        ),
    ],
    ids=READY,
)
async def test_the_hours_are_told_as_leads_have_set_them(
    root: Path, language: str, by_policy: str, by_leads: str, zones: tuple[str, str]
) -> None:
    assert {"utter_faq/contact_hours", "utter_doubt_after_sales"} <= set(TELLING)
    nlg = WordingGenerator()
    told = []
    for saved in (None, HOURS):
        if saved is not None:
            engine = make_engine(f"sqlite:///{root / 'var' / 'tenin.db'}")
            with write_transaction(engine) as session:
                session.add(DeskSetting(name="hours", value=saved, updated_at=utcnow()))
            engine.dispose()
        begin_turn(language)
        message = await nlg.generate("utter_faq/contact_hours", tracker(language=language), "web")
        assert message is not None
        told.append(message["text"])
    for text, week, zone in zip(told, (by_policy, by_leads), zones, strict=True):
        assert week in text
        assert zone in text


async def test_where_there_is_no_database_the_hours_of_policy_are_told(root: Path) -> None:
    """As in `rasa test`."""
    (root / "var" / "tenin.db").unlink()
    begin_turn("en")
    message = await WordingGenerator().generate(
        "utter_faq/contact_hours", tracker(language="en"), "web"
    )
    assert message is not None
    assert "every day 9:00–21:00" in message["text"]


@pytest.mark.parametrize("language", READY)
@pytest.mark.parametrize("menu", VOICE.menus.menus)
async def test_the_menu_of_the_slot_is_shown(
    nlg: WordingGenerator, menu: str, language: str
) -> None:
    begin_turn(language)
    asked = tracker(SlotSet("menu", menu), language=language)
    message = await nlg.generate("utter_menu", asked, "web")
    assert message is not None
    expected = VOICE.menus.buttons(menu, language)
    assert message["text"] == VOICE.menus.prompt(menu, language)
    assert message["buttons"] == [{"title": b.title, "payload": b.payload} for b in expected]
    assert message["custom"] == {"menu": menu}
    ways = {"/human_agent", "/show_menu" + json.dumps({"menu": "start"})}
    assert ways & {button.payload for button in expected}  # a person, or the menu that has one
    assert "/human_agent" in {button.payload for button in VOICE.menus.buttons("start", language)}


async def test_a_response_brings_the_start_menu_along(nlg: WordingGenerator) -> None:
    begin_turn("en")
    message = await nlg.generate("utter_greet", tracker(language="en"), "web")
    assert message is not None
    titles = [button["title"] for button in message["buttons"]]
    assert titles == [button.title for button in VOICE.menus.buttons("start", "en")]


async def test_what_rasa_and_its_sdk_send_along_is_no_value(nlg: WordingGenerator) -> None:
    begin_turn("en")
    sent = {"text": None, "template": "utter_order_locked", "custom": {}, "minutes": 7}
    message = await nlg.generate(
        "utter_order_locked", tracker(language="en"), "web", domain_responses={}, **sent
    )
    assert message is not None
    assert "7 min" in message["text"]


@pytest.mark.parametrize("language", READY)
async def test_topics_that_an_action_offers_come_first_in_the_language_of_the_conversation(
    nlg: WordingGenerator, language: str
) -> None:
    """Where a message is refused: the near topics, then a person."""
    begin_turn(language)
    near = ["faq/refund_policy", "track_order"]
    message = await nlg.generate("utter_clarify", tracker(language=language), "web", offer=near)
    assert message is not None
    expected = [VOICE.menus.button(each, language) for each in (*near, "human_agent")]
    assert message["buttons"] == [
        {"title": button.title, "payload": button.payload} for button in expected
    ]


async def test_what_is_offered_twice_is_one_button(nlg: WordingGenerator) -> None:
    begin_turn("en")
    message = await nlg.generate(
        "utter_clarify", tracker(language="en"), "web", offer=["human_agent", "track_order"]
    )
    assert message is not None
    payloads = [button["payload"] for button in message["buttons"]]
    assert payloads == ["/human_agent", "/track_order"]


async def test_a_topic_without_a_title_is_no_silent_gap(nlg: WordingGenerator) -> None:
    state = begin_turn("en")
    asked = tracker(language="en")
    assert await nlg.generate("utter_clarify", asked, "web", offer=["no_such_need"]) is None
    assert state.failed == "utter_clarify"


async def test_choices_of_an_action_stand_before_the_buttons_of_the_wording(
    nlg: WordingGenerator,
) -> None:
    begin_turn("en")
    choices = [{"title": "Hat, blue", "payload": '/product_info{"product": "H-1"}'}]
    message = await nlg.generate("utter_greet", tracker(language="en"), "web", choices=choices)
    assert message is not None
    menu = [{"title": b.title, "payload": b.payload} for b in VOICE.menus.buttons("start", "en")]
    assert message["buttons"] == [*choices, *menu]


async def test_neither_choices_nor_topics_are_values_of_a_wording(
    root: Path, nlg: WordingGenerator
) -> None:
    begin_turn("en")
    asked = tracker(language="en")
    assert (await nlg.generate("utter_repeat", asked, "web", said="Once.", choices=[])) == {
        "text": "Once."
    }
    wording = {
        "responses": {
            "utter_x": [
                {
                    "text": "{choices} {offer}",
                    "condition": [{"type": "slot", "name": "language", "value": "en"}],
                }
            ]
        }
    }
    (root / "data").unlink()
    (root / "data" / "responses").mkdir(parents=True)
    (root / "data" / "responses" / "x.yml").write_text(yaml.safe_dump(wording), encoding="utf-8")
    made = WordingGenerator()
    assert (
        await made.generate("utter_x", asked, "web", choices=["a"], offer=["track_order"]) is None
    )


@pytest.mark.parametrize("wanted", READY)
@pytest.mark.parametrize("present", READY)
async def test_an_action_may_speak_another_language_than_the_conversation_s(
    nlg: WordingGenerator, present: str, wanted: str
) -> None:
    begin_turn(present)
    message = await nlg.generate(
        "utter_language_changed", tracker(language=present), "web", language=wanted
    )
    assert message is not None
    assert is_wording(message["text"], "utter_language_changed", wanted)


async def test_topics_are_offered_in_the_language_that_the_action_speaks(
    nlg: WordingGenerator,
) -> None:
    begin_turn("en")
    message = await nlg.generate(
        "utter_clarify", tracker(language="en"), "web", language="ja", offer=["track_order"]
    )
    assert message is not None
    assert message["buttons"][0]["title"] == VOICE.menus.button("track_order", "ja").title


async def test_values_of_the_action_go_before_slots(nlg: WordingGenerator) -> None:
    begin_turn("en")
    asked = tracker(SlotSet("order_number", "from the slot"), language="en")
    kept = await nlg.generate("utter_order_cancelled", asked, "web")
    given = await nlg.generate("utter_order_cancelled", asked, "web", order_number="given")
    assert kept is not None
    assert given is not None
    assert "from the slot" in kept["text"]
    assert "given" in given["text"]
    assert "from the slot" not in given["text"]


@pytest.mark.parametrize(
    ("key", "values"),
    [
        ("utter_nothing_of_the_kind", {}),
        ("utter_order_shipped", {"order_number": "1"}),  # no carrier, no day
        ("utter_order_paid", {"order_number": "1", "expected": "soon"}),  # no day
    ],
)
async def test_without_wording_the_turn_has_failed(
    nlg: WordingGenerator, key: str, values: dict[str, str]
) -> None:
    state = begin_turn("en")
    assert await nlg.generate(key, tracker(language="en"), "web", **values) is None
    assert state.failed == key
    assert state.said == []


async def test_the_first_failure_keeps_its_name(nlg: WordingGenerator) -> None:
    state = begin_turn("en")
    state.failed = "action_track_order"
    assert await nlg.generate("utter_nothing", tracker(language="en"), "web") is None
    assert state.failed == "action_track_order"


async def test_outside_a_turn_there_is_nothing_to_mark(nlg: WordingGenerator) -> None:
    assert await nlg.generate("utter_nothing", tracker(language="en"), "cmdline") is None
    assert running.get() is None


async def test_a_wording_for_one_channel_never_brings_another_language(root: Path) -> None:
    """Rasa's own generator would: for it the channel goes before the language."""
    wording = {
        "version": "3.1",
        "responses": {
            "utter_goodbye": [
                {"text": text, "condition": [{"type": "slot", "name": "language", "value": code}]}
                | ({"channel": channel} if channel else {})
                for text, code, channel in (
                    ("Bye", "en", None),
                    ("Bye, line", "en", "line"),
                    ("再见", "zh-Hans", None),
                )
            ]
        },
    }
    (root / "data").unlink()
    (root / "data" / "responses").mkdir(parents=True)
    file = root / "data" / "responses" / "goodbye.yml"
    file.write_text(yaml.safe_dump(wording, allow_unicode=True), encoding="utf-8")
    nlg = WordingGenerator()
    for language, channel, expected in (
        ("en", "web", "Bye"),
        ("en", "line", "Bye, line"),
        ("zh-Hans", "line", "再见"),
    ):
        message = await nlg.generate("utter_goodbye", tracker(language=language), channel)
        assert message == {"text": expected}
