"""Asking the bot tier what a text means, where it is away, too slow or answers nonsense."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tenin.desk import understanding
from tenin.desk.understanding import (
    TIMEOUT_SECONDS,
    NotExplainedError,
    Understood,
    asks_for_person,
    explanation,
    understand,
)
from tenin.keys import bot_token
from tenin.settings import Settings, load_settings
from tests.unit.desk.bot_on_a_port import serving

ANSWER = {
    "language": "zh-Hans",
    "intent": "human_agent",
    "confidence": 0.9,
    "ranking": [{"need": "human_agent", "confidence": 0.9}, {"need": "greet", "confidence": 0.1}],
    "entities": [],
}
Serve = Callable[..., Settings]


@pytest.fixture
def serve(tmp_path: Path) -> Iterator[Serve]:
    """Have one answer given on the bot's port; `serve.asked` is what it was asked."""
    with serving() as bot:

        def start(answer: Any = ANSWER, status: int = 200, delay: float = 0.0) -> Settings:
            bot.answer, bot.status, bot.delay = answer, status, delay
            return load_settings(tmp_path, {"TENIN_BOT_PORT": str(bot.port)})

        start.asked = bot.asked  # type: ignore[attr-defined]
        yield start


def test_what_the_bot_understood(serve: Serve) -> None:
    settings = serve()
    found = asyncio.run(understand(settings, "转人工", "zh-Hans"))
    assert found == Understood(
        "zh-Hans", "human_agent", 0.9, (("human_agent", 0.9), ("greet", 0.1)), ()
    )
    [(path, body, secret)] = serve.asked  # type: ignore[attr-defined]
    assert path == "/webhooks/inbox/parse"
    assert body == {"text": "转人工", "language": "zh-Hans"}
    assert secret == f"Bearer {bot_token(settings)}"


def test_a_text_that_is_too_long_is_cut(serve: Serve) -> None:
    asyncio.run(understand(serve(), "啊" * 9000))
    [(_, body, _)] = serve.asked  # type: ignore[attr-defined]
    assert len(body["text"]) == 4000


@pytest.mark.parametrize(
    ("answer", "status"),
    [
        (b"nonsense", 200),
        (b"[]", 200),
        (b"null", 200),
        ({}, 200),
        ({**ANSWER, "confidence": "high"}, 200),
        ({**ANSWER, "ranking": [{}]}, 200),
        ({"error": {"code": "no_secret"}}, 401),
        ({"error": {"code": "no_model"}}, 503),
        (b"", 302),
    ],
)
def test_whatever_else_it_answers_is_nothing(serve: Serve, answer: Any, status: int) -> None:
    assert asyncio.run(understand(serve(answer, status), "hello")) is None


def test_with_the_bot_away_there_is_nothing_at_once(tmp_path: Path) -> None:
    settings = load_settings(tmp_path, {"TENIN_BOT_PORT": "9"})
    assert asyncio.run(understand(settings, "hello")) is None
    assert asyncio.run(asks_for_person(settings, "转人工")) is False


def test_a_bot_that_hangs_holds_up_nobody_else(serve: Serve) -> None:
    settings = serve(delay=TIMEOUT_SECONDS + 4)

    async def both() -> tuple[Understood | None, int]:
        ticks = 0
        asking = asyncio.create_task(understand(settings, "hello"))
        while not asking.done():
            await asyncio.sleep(0.05)
            ticks += 1
        return await asking, ticks

    began = time.monotonic()
    found, ticks = asyncio.run(both())
    assert found is None
    assert time.monotonic() - began < TIMEOUT_SECONDS + 3
    assert ticks > 5


@pytest.mark.parametrize(
    ("intent", "confidence", "asks"),
    [
        ("human_agent", 0.9, True),
        ("human_agent", 0.5, False),
        ("track_order", 0.99, False),
        ("nlu_fallback", 0.9, False),
    ],
)
def test_only_who_surely_asks_for_a_person_does(
    serve: Serve, intent: str, confidence: float, asks: bool
) -> None:
    settings = serve({**ANSWER, "intent": intent, "confidence": confidence})
    assert asyncio.run(asks_for_person(settings, "转人工")) is asks


def test_an_explanation_is_asked_for(serve: Serve) -> None:
    settings = serve({**ANSWER, "explained": {"need": "human_agent"}})
    found = asyncio.run(explanation(settings, "转人工", "zh-Hans"))
    assert found == {"need": "human_agent"}
    [(path, body, secret)] = serve.asked  # type: ignore[attr-defined]
    assert path == "/webhooks/inbox/parse"
    assert body == {"text": "转人工", "language": "zh-Hans", "explain": True}
    assert secret == f"Bearer {bot_token(settings)}"


@pytest.mark.parametrize(
    ("answer", "status", "code"),
    [
        (b"nonsense", 200, "bot_failed"),
        (b"null", 200, "bot_failed"),
        (ANSWER, 200, "bot_failed"),
        ({**ANSWER, "explained": 3}, 200, "bot_failed"),
        ({"error": {"code": "no_model"}}, 503, "no_model"),
        ({"error": {"code": "not_explainable"}}, 422, "not_explainable"),
        (b"", 302, "bot_failed"),
    ],
)
def test_why_there_is_no_explanation(serve: Serve, answer: Any, status: int, code: str) -> None:
    with pytest.raises(NotExplainedError) as caught:
        asyncio.run(explanation(serve(answer, status), "hello"))
    assert caught.value.code == code


def test_a_bot_that_is_away_or_hangs_explains_nothing(
    serve: Serve, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(NotExplainedError, match="bot_away"):
        asyncio.run(explanation(load_settings(tmp_path, {"TENIN_BOT_PORT": "9"}), "hello"))
    monkeypatch.setattr(understanding, "EXPLAINING_SECONDS", 0.3)
    with pytest.raises(NotExplainedError, match="bot_too_slow"):
        asyncio.run(explanation(serve(delay=3.0), "hello"))
