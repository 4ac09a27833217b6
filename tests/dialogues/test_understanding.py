"""What the running bot tier understands of a text, asked by the web tier's client."""

from __future__ import annotations

import asyncio

import httpx
import pytest
from sqlalchemy import func, select

from tenin.conversation.models import TrackerEvent, TrackerSnapshot
from tenin.database import make_engine, read_transaction
from tenin.desk.understanding import asks_for_person, explanation, understand
from tenin.settings import load_settings
from tests.system import System


def remembered(system: System) -> list[int]:
    """How much Rasa remembers, of all conversations."""
    engine = make_engine(load_settings(system.root, system.environ).database.url)
    try:
        with read_transaction(engine) as session:
            return [
                session.execute(select(func.count()).select_from(table)).scalar_one()
                for table in (TrackerEvent, TrackerSnapshot)
            ]
    finally:
        engine.dispose()


@pytest.mark.parametrize(
    ("text", "language", "need"),
    [
        ("how much is shipping to Germany", "en", "faq/shipping_cost"),
        ("我的订单到哪了", "zh-Hans", "track_order"),
        ("我想退貨", "zh-Hant", "return_item"),
        ("返品したいのですが", "ja", "return_item"),
    ],
)
def test_a_text_is_understood_and_nothing_remembered(
    system: System, text: str, language: str, need: str
) -> None:
    settings, before = load_settings(system.root, system.environ), remembered(system)
    found = asyncio.run(understand(settings, text, language))
    assert found is not None
    assert (found.intent, found.language) == (need, language)
    assert found.ranking[0][0] == need
    assert len(found.ranking) == 5
    assert remembered(system) == before


@pytest.mark.parametrize(
    ("text", "language", "need", "action", "said"),
    [
        ("how much is shipping", "en", "faq/shipping_cost", "utter_faq/shipping_cost", "199"),
        ("我想退货", "zh-Hans", "return_item", "order_form", None),
        ("請幫我轉接真人", "zh-Hant", "human_agent", "action_handoff", None),
        ("くぁｗせｄｒｆｔｇｙ", "ja", None, "action_not_understood", "申し訳"),
    ],
    ids=["faq", "form", "person", "nonsense"],
)
def test_the_running_bot_tells_why(
    system: System, text: str, language: str, need: str | None, action: str, said: str | None
) -> None:
    settings, before = load_settings(system.root, system.environ), remembered(system)
    found = asyncio.run(explanation(settings, text))
    plain = asyncio.run(understand(settings, text))
    assert plain is not None
    assert (found["language"], found["need"], found["action"]) == (language, need, action)
    assert found["refused"] is (need is None)
    assert plain.intent == (need or "nlu_fallback")
    shown = [(each["need"], each["confidence"]) for each in found["ranking"][:5]]
    assert [name for name, _ in shown] == [name for name, _ in plain.ranking]
    if said:
        assert said in found["reply"]
    if need:
        assert found["nearest"][0]["need"] == need
        assert found["words"][0]["weight"] > 0
    for near in found["nearest"]:
        line = (system.root / near["file"]).read_text(encoding="utf-8").splitlines()
        assert line[near["line"] - 1].strip() == f"- {near['text']}"
    assert remembered(system) == before


def test_goods_are_told_and_another_language_is_answered_in(system: System) -> None:
    settings = load_settings(system.root, system.environ)
    found = asyncio.run(explanation(settings, "how much is the Nest 2 Tent", "ja"))
    assert "product" in {each["entity"] for each in found["entities"]}
    [tent] = [each for each in found["entities"] if each["entity"] == "product"]
    assert tent["text"] == "Nest 2 Tent"
    assert found["language"] == "ja"


@pytest.mark.parametrize(
    ("text", "asks"),
    [
        ("get me a person please", True),
        ("转人工！", True),
        ("請幫我轉接真人", True),
        ("担当者につないでください", True),
        ("where is my order", False),
        ("谢谢", False),
        ("/restart", False),
    ],
)
def test_who_asks_for_a_person_again(system: System, text: str, asks: bool) -> None:
    settings = load_settings(system.root, system.environ)
    assert asyncio.run(asks_for_person(settings, text)) is asks


def test_without_the_secret_the_bot_tier_says_nothing(system: System) -> None:
    url = f"http://127.0.0.1:{system.ports['bot']}/webhooks/inbox/parse"
    with httpx.Client(trust_env=False, verify=False) as client:
        answer = client.post(url, json={"text": "hello"})
    assert (answer.status_code, answer.json()["error"]["code"]) == (401, "no_secret")
