"""Calls to the action server: a deadline, failures that are seen, and nothing asked after one.

The server is real, on loopback; it answers as the test tells it.
"""

from __future__ import annotations

import asyncio
import socket
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest
from aiohttp import web
from rasa.utils.endpoints import ClientResponseError, EndpointConfig

from tenin.bot.action_endpoint import ActionEndpoint
from tenin.bot.runtime import RunningTurn, running
from tenin.conversation.turns import Turn

GIVE_UP = 20.0  # seconds: what is answered is answered, on a busy machine too
LITTLE = 0.4  # that is left of a turn
WELL = {
    "events": [{"event": "slot", "timestamp": None, "name": "contact", "value": None}],
    "responses": [{"response": "utter_order_paid", "order_number": "1", "text": None}],
}
NOTHING: dict[str, Any] = {"events": [], "responses": []}

Answer = Callable[[web.Request], Awaitable[web.StreamResponse]]


class ActionServer:
    """An action server that answers as `answer` does, and counts its calls."""

    def __init__(self) -> None:
        self.port = 0
        self.calls: list[dict[str, Any]] = []
        self.answer: Answer = well

    async def webhook(self, request: web.Request) -> web.StreamResponse:
        self.calls.append(await request.json())
        return await self.answer(request)


async def well(_request: web.Request) -> web.StreamResponse:
    return web.json_response(WELL)


def answering(body: str | bytes, status: int = 200, kind: str = "application/json") -> Answer:
    async def answer(_request: web.Request) -> web.StreamResponse:
        content = body.encode() if isinstance(body, str) else body
        return web.Response(body=content, status=status, content_type=kind)

    return answer


async def hang(_request: web.Request) -> web.StreamResponse:
    await asyncio.sleep(30)
    return web.json_response(WELL)


async def trickle(request: web.Request) -> web.StreamResponse:
    """A byte now and then: never silent for long, and never done."""
    response = web.StreamResponse(headers={"content-type": "application/json"})
    await response.prepare(request)
    while True:
        await response.write(b" ")
        await asyncio.sleep(0.05)


async def hang_up(request: web.Request) -> web.StreamResponse:
    assert request.transport is not None
    request.transport.abort()
    return web.Response()


@pytest.fixture
async def server() -> AsyncIterator[ActionServer]:
    made = ActionServer()
    app = web.Application()
    app.router.add_post("/webhook", made.webhook)
    runner = web.AppRunner(app, handler_cancellation=True, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    made.port = runner.addresses[0][1]
    yield made
    await runner.cleanup()


@pytest.fixture
def endpoint(server: ActionServer) -> ActionEndpoint:
    configured = EndpointConfig("http://127.0.0.1:9/elsewhere", enable_selective_domain=True)
    return ActionEndpoint(configured, server.port, GIVE_UP)


def begin_turn() -> RunningTurn:
    turn = Turn(
        inbox_id=1,
        conversation_id="c1",
        channel="web",
        kind="text",
        text="",
        payload=None,
        language="en",
        address=None,
        attempt=1,
        epoch=0,
        token="t",
        recent=(),
    )
    state = RunningTurn(turn)
    running.set(state)
    return state


async def ask(endpoint: ActionEndpoint, name: str = "action_track_order") -> Any:
    """Call as Rasa's RemoteAction does."""
    body = {"next_action": name, "sender_id": "c1", "tracker": {}, "version": "3.6.21"}
    return await endpoint.request(json=body, method="post", timeout=300, compress=False)


async def test_a_good_answer_passes_through(server: ActionServer, endpoint: ActionEndpoint) -> None:
    state = begin_turn()
    assert await ask(endpoint) == WELL
    assert state.failed is None
    assert [call["next_action"] for call in server.calls] == ["action_track_order"]
    assert endpoint.kwargs == {"enable_selective_domain": True}


@pytest.mark.parametrize(
    "answer",
    [
        answering("{}"),
        answering('{"events": [], "responses": []}'),
        answering('{"events": [{"event": "followup", "name": "action_listen"}]}'),
        answering('{"responses": [{"response": "utter_greet"}], "more": 1}'),
    ],
)
async def test_an_answer_may_leave_things_out(
    server: ActionServer, endpoint: ActionEndpoint, answer: Answer
) -> None:
    state = begin_turn()
    server.answer = answer
    await ask(endpoint)
    assert state.failed is None


GARBAGE = {
    "not JSON": answering('{"events": ['),
    "empty": answering(""),
    "no text": answering(b"\xff\xfe\x00"),
    "a page": answering("<h1>hello</h1>", kind="text/html"),
    "null": answering("null"),
    "a list": answering("[]"),
    "a number": answering("7"),
    "events are text": answering('{"events": "none"}'),
    "events are null": answering('{"events": null}'),
    "responses are an object": answering('{"responses": {}}'),
    "an event that is text": answering('{"events": ["slot"]}'),
    "an event without a name": answering('{"events": [{"name": "contact", "value": 1}]}'),
    "an event that nobody knows": answering('{"events": [{"event": "celebration"}]}'),
    "a slot without a value": answering('{"events": [{"event": "slot", "name": "contact"}]}'),
    "a response that is text": answering('{"responses": ["utter_greet"]}'),
}


@pytest.mark.parametrize("what", GARBAGE)
async def test_garbage_is_a_failure(
    server: ActionServer, endpoint: ActionEndpoint, what: str
) -> None:
    """Whatever Rasa would stumble over later, where it swallows it, is seen here."""
    state = begin_turn()
    server.answer = GARBAGE[what]
    assert await ask(endpoint) == NOTHING
    assert state.failed == "action_track_order"


@pytest.mark.parametrize("status", [401, 404, 429, 500, 503])
async def test_an_error_is_a_failure(
    server: ActionServer, endpoint: ActionEndpoint, status: int
) -> None:
    state = begin_turn()
    server.answer = answering('{"error": "no"}', status)
    assert await ask(endpoint) == NOTHING
    assert state.failed == "action_track_order"


@pytest.mark.parametrize("answer", [hang, trickle])
async def test_there_is_a_deadline(
    server: ActionServer, endpoint: ActionEndpoint, answer: Answer
) -> None:
    state = begin_turn()
    state.began -= GIVE_UP - LITTLE
    server.answer = answer
    assert await ask(endpoint) == NOTHING
    assert GIVE_UP <= time.monotonic() - state.began < 1.5 * GIVE_UP
    assert state.failed == "action_track_order"


async def test_the_actions_of_a_turn_share_its_time(
    server: ActionServer, endpoint: ActionEndpoint
) -> None:
    for _ in range(2):  # the next turn has all its time again
        state = begin_turn()
        server.answer = well
        assert await ask(endpoint) == WELL
        state.began -= GIVE_UP - LITTLE
        server.answer = hang
        assert await ask(endpoint, "action_recommend_product") == NOTHING
        assert time.monotonic() - state.began < 1.5 * GIVE_UP
        assert state.failed == "action_recommend_product"


async def test_a_turn_whose_time_is_up_asks_nothing_more(
    server: ActionServer, endpoint: ActionEndpoint
) -> None:
    state = begin_turn()
    state.began -= GIVE_UP
    assert await ask(endpoint) == NOTHING
    assert state.failed == "action_track_order"


async def test_a_connection_cut_is_a_failure(
    server: ActionServer, endpoint: ActionEndpoint
) -> None:
    state = begin_turn()
    server.answer = hang_up
    assert await ask(endpoint) == NOTHING
    assert state.failed == "action_track_order"


async def test_nobody_there_is_a_failure() -> None:
    state = begin_turn()
    with socket.socket() as probe:  # bound and not listening: the port stays free of others
        probe.bind(("127.0.0.1", 0))
        endpoint = ActionEndpoint(EndpointConfig(), probe.getsockname()[1], GIVE_UP)
        assert await ask(endpoint) == NOTHING
    assert state.failed == "action_track_order"


async def test_a_rejection_passes_through(server: ActionServer, endpoint: ActionEndpoint) -> None:
    """The action server's 400 lets Rasa's policies decide otherwise."""
    state = begin_turn()
    rejected = '{"action_name": "validate_track_order_form", "error": "rejected"}'
    server.answer = answering(rejected, 400)
    with pytest.raises(ClientResponseError) as refused:
        await ask(endpoint)
    assert (refused.value.status, refused.value.text) == (400, rejected.encode())
    assert state.failed is None
    server.answer = well
    assert await ask(endpoint) == WELL


@pytest.mark.parametrize("body", ["", "[]", "{}", "<h1>Bad request</h1>", '{"action_name": 1}'])
async def test_a_400_that_rejects_nothing_is_a_failure(
    server: ActionServer, endpoint: ActionEndpoint, body: str
) -> None:
    state = begin_turn()
    server.answer = answering(body, 400)
    assert await ask(endpoint) == NOTHING
    assert state.failed == "action_track_order"


async def test_after_a_failure_nothing_more_is_asked_in_the_turn(
    server: ActionServer, endpoint: ActionEndpoint
) -> None:
    state = begin_turn()
    server.answer = answering("", 500)
    await ask(endpoint)
    server.answer = well
    assert await ask(endpoint, "action_recommend_product") == NOTHING
    assert await ask(endpoint) == NOTHING
    assert len(server.calls) == 1
    assert state.failed == "action_track_order"

    begin_turn()  # the next one asks again
    assert await ask(endpoint) == WELL


async def test_what_was_given_after_a_failure_may_be_changed(
    server: ActionServer, endpoint: ActionEndpoint
) -> None:
    begin_turn()
    server.answer = answering("", 500)
    (await ask(endpoint))["responses"].append({"response": "utter_greet"})
    assert await ask(endpoint) == NOTHING


async def test_one_turn_s_failure_is_not_another_s(
    server: ActionServer, endpoint: ActionEndpoint
) -> None:
    async def answer_by_name(_request: web.Request) -> web.StreamResponse:
        name = server.calls[-1]["next_action"]
        await asyncio.sleep(0.05)
        return web.Response(status=500) if name == "action_handoff" else web.json_response(WELL)

    async def turn(name: str) -> str | None:
        state = begin_turn()
        await ask(endpoint, name)
        return state.failed

    server.answer = answer_by_name
    names = ["action_track_order", "action_handoff", "action_recommend_product"]
    assert await asyncio.gather(*(turn(name) for name in names)) == [None, "action_handoff", None]


async def test_outside_a_turn_it_is_rasa_s_own(
    server: ActionServer, endpoint: ActionEndpoint
) -> None:
    running.set(None)
    assert await ask(endpoint) == WELL
    server.answer = answering("", 500)
    with pytest.raises(ClientResponseError):
        await ask(endpoint)
