"""What a text means, asked of the bot tier: with the secret, within limits, without a tracker."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import threading
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import httpx
import pytest
from sanic import Sanic
from sanic.request import Request
from sanic.response import HTTPResponse

from tenin.bot import parsing
from tenin.bot.explaining import NotExplainableError
from tenin.bot.parsing import understood
from tenin.keys import bot_token
from tenin.settings import Settings, load_settings

Parsed = dict[str, Any]
Ask = Callable[..., httpx.Response]

TYPED: Parsed = {
    "text": "how much is shipping",
    "intent": {"name": "faq", "confidence": 0.9},
    "intent_ranking": [
        {"name": "faq", "confidence": 0.9},
        {"name": "track_order", "confidence": 0.06},
        {"name": "greet", "confidence": 0.04},
    ],
    "entities": [
        {"entity": "size", "value": "M", "start": 0, "end": 1, "extractor": "SpacyEntityExtractor"}
    ],
    "response_selector": {
        "all_retrieval_intents": ["faq"],
        "faq": {
            "response": {"intent_response_key": "faq/shipping_cost"},
            "ranking": [
                {"confidence": 0.9, "intent_response_key": "faq/shipping_cost"},
                {"confidence": 0.1, "intent_response_key": "faq/shipping_time"},
            ],
        },
    },
}
REFUSED: Parsed = {
    "intent": {"name": "nlu_fallback", "confidence": 0.7},
    "intent_ranking": [
        {"name": "nlu_fallback", "confidence": 0.7},
        {"name": "greet", "confidence": 0.3},
    ],
    "entities": [],
}


class Agent:
    """Answers what it is told to, and keeps what it was asked."""

    def __init__(self, parsed: Parsed = TYPED) -> None:
        self.parsed, self.asked = parsed, [""][:0]

    async def parse_message(self, message_data: str) -> Parsed:
        self.asked.append(message_data)
        return self.parsed


class Served:
    """A real server of the route; whose agent and settings each request gets."""

    def __init__(self) -> None:
        self.agent: Agent | None = None
        self.settings: Settings
        self.explain: parsing.Explain | None = None
        self.url = ""

    @contextlib.contextmanager
    def open(self) -> Iterator[Served]:
        """Serve in a thread: Sanic starts once in a process."""
        app, listening = Sanic("parse"), socket.socket()
        listening.bind(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{listening.getsockname()[1]}/parse"
        loop, ready = asyncio.new_event_loop(), threading.Event()
        stopping = asyncio.Event()

        @app.route("/parse", methods=["POST"])  # type: ignore[misc]
        async def parse(request: Request) -> HTTPResponse:
            return await parsing.parse(request, self.agent, self.settings, self.explain)

        async def serve() -> None:
            server = await app.create_server(
                sock=listening, return_asyncio_server=True, access_log=False
            )
            assert server is not None
            await server.startup()
            ready.set()
            await stopping.wait()
            server.close()
            await server.wait_closed()

        def run() -> None:
            asyncio.set_event_loop(loop)
            loop.run_until_complete(serve())
            loop.run_until_complete(loop.shutdown_asyncgens())
            loop.close()

        thread = threading.Thread(target=run)
        thread.start()
        assert ready.wait(30)
        try:
            yield self
        finally:
            loop.call_soon_threadsafe(stopping.set)
            thread.join()
            listening.close()


@pytest.fixture(scope="module")
def served() -> Iterator[Served]:
    with Served().open() as it:
        yield it


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """Settings of a root of its own, with a secret in it."""
    return load_settings(tmp_path_factory.mktemp("parse"), {})


@pytest.fixture
def ask(served: Served, settings: Settings) -> Ask:
    """Send one request, with the secret unless other headers are given."""

    def send(
        agent: Agent | None,
        body: Any = None,
        headers: Mapping[str, str | bytes] | None = None,
        content: bytes | None = None,
        explain: parsing.Explain | None = None,
    ) -> httpx.Response:
        served.settings, served.agent, served.explain = settings, agent, explain
        with httpx.Client(trust_env=False, verify=False) as client:
            return client.post(
                served.url,
                json=body,
                content=content,
                headers=secret(settings) if headers is None else headers,  # type: ignore[arg-type]
            )

    return send


def secret(settings: Settings) -> dict[str, str]:
    return {"authorization": f"Bearer {bot_token(settings)}"}


def test_a_text_is_understood(ask: Ask) -> None:
    agent = Agent()
    answer = ask(agent, {"text": "how much is shipping", "language": "en"})
    assert answer.status_code == 200
    body = answer.json()
    assert body["language"] == "en"
    assert (body["intent"], body["confidence"]) == ("faq/shipping_cost", 0.9)
    assert [entry["need"] for entry in body["ranking"]] == [
        "faq/shipping_cost",
        "faq/shipping_time",
        "track_order",
        "greet",
    ]
    assert [entry["confidence"] for entry in body["ranking"]] == pytest.approx(
        [0.81, 0.09, 0.06, 0.04]
    )
    assert body["entities"] == [{"entity": "size", "value": "M", "start": 0, "end": 1}]
    assert agent.asked == ["how much is shipping"]


@pytest.mark.parametrize(
    ("said", "language"),
    [({"text": "运费多少"}, "zh-Hans"), ({"text": "hello", "language": "tlh"}, "en")],
)
def test_the_language_is_found_where_none_is_given(
    ask: Ask, said: dict[str, str], language: str
) -> None:
    assert ask(Agent(), said).json()["language"] == language


def test_what_is_not_understood_says_so_and_what_it_might_be() -> None:
    found = understood(REFUSED)
    assert found["intent"] == "nlu_fallback"
    assert found["ranking"] == [{"need": "greet", "confidence": 0.3}]


def test_there_are_five_at_most() -> None:
    many = [{"name": f"need_{n}", "confidence": 1 / n} for n in range(1, 9)]
    found = understood({"intent": many[0], "intent_ranking": many, "entities": []})
    assert [entry["need"] for entry in found["ranking"]] == [f"need_{n}" for n in range(1, 6)]


def test_a_text_is_only_text(ask: Ask) -> None:
    agent = Agent()
    ask(agent, {"text": "/restart"})
    assert agent.asked == ["／restart"]


@pytest.mark.parametrize(
    "given",
    ["", "Bearer", "Bearer wrong", "Basic dXNlcjpw", "bearer é".encode().decode("latin-1")],
)
def test_nothing_without_the_secret(ask: Ask, given: str) -> None:
    agent = Agent()
    headers = {"authorization": given.encode("latin-1")} if given else {}
    answer = ask(agent, {"text": "hello"}, headers)
    assert (answer.status_code, answer.json()["error"]["code"]) == (401, "no_secret")
    assert agent.asked == []


def test_the_operator_s_own_secret_is_the_one(settings: Settings) -> None:
    own = load_settings(settings.root, {"TENIN_BOT_TOKEN": "an operator's own token"})
    assert bot_token(own) == "an operator's own token"
    assert len(bot_token(settings)) == 64
    assert bot_token(load_settings(settings.root, {})) == bot_token(settings)


@pytest.mark.parametrize(
    ("content", "status", "code"),
    [
        (b"", 422, "no_text"),
        (b"nonsense", 422, "no_text"),
        (b"[1]", 422, "no_text"),
        (b"{}", 422, "no_text"),
        (b'{"text": 7}', 422, "no_text"),
        (b'{"text": "  "}', 422, "no_text"),
        (b'{"text": "' + b"a" * 4001 + b'"}', 422, "text_too_long"),
        (b'{"text": "' + b"a" * 70_000 + b'"}', 413, "too_large"),
        (b"[" * 50_000, 422, "no_text"),
    ],
    ids=["empty", "nonsense", "list", "object", "number", "blank", "long", "large", "deep"],
)
def test_what_is_no_text_is_refused(ask: Ask, content: bytes, status: int, code: str) -> None:
    agent = Agent()
    answer = ask(agent, content=content)
    assert (answer.status_code, answer.json()["error"]["code"]) == (status, code)
    assert answer.json()["error"]["remedy"]
    assert agent.asked == []


def test_without_a_model_it_says_so(ask: Ask) -> None:
    answer = ask(None, {"text": "hello"})
    assert (answer.status_code, answer.json()["error"]["code"]) == (503, "no_model")


def test_a_failure_of_the_model_is_an_answer(ask: Ask) -> None:
    class Broken(Agent):
        async def parse_message(self, message_data: str) -> Parsed:
            raise RuntimeError("the pipeline is broken")

    answer = ask(Broken(), {"text": "hello"})
    assert (answer.status_code, answer.json()["error"]["code"]) == (500, "failed")
    assert "broken" not in answer.text


async def because(_: Any, text: str, parsed: Mapping[str, Any], language: str) -> dict[str, Any]:
    return {"text": text, "intent": parsed["intent"]["name"], "language": language}


def test_why_it_is_understood_so_comes_where_it_is_asked_for(ask: Ask) -> None:
    body = ask(Agent(), {"text": "/restart", "explain": True}, explain=because).json()
    assert body["explained"] == {"text": "／restart", "intent": "faq", "language": "en"}
    assert body["intent"] == "faq/shipping_cost"
    for given in ({}, {"explain": False}, {"explain": "yes"}):
        assert "explained" not in ask(Agent(), {"text": "hello", **given}, explain=because).json()


def test_a_classifier_that_gives_no_reasons_is_told(ask: Ask) -> None:
    async def unknown(*_: Any) -> dict[str, Any]:
        raise NotExplainableError

    answer = ask(Agent(), {"text": "hello", "explain": True}, explain=unknown)
    assert (answer.status_code, answer.json()["error"]["code"]) == (422, "not_explainable")
    assert "config.yml" in answer.json()["error"]["remedy"]
    assert ask(Agent(), {"text": "hello"}, explain=unknown).status_code == 200
