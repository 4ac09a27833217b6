"""The benchmark's visitors: of our chat, and of Rasa's SocketIO channel by the least client."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import socketio
import uvicorn
from playwright.sync_api import Browser

from benchmarks import widget
from tenin.conversation.transcript import Reply
from tests.browser.widget.shop_site import shop_site
from tests.unit.web.conftest import SiteMaker, databases, make_site

__all__ = ["databases", "make_site"]

PAUSE = 0.2
TIMES_OUT = 30.0


@pytest.fixture
def channel() -> Iterator[str]:
    """A server of the library and the events that Rasa's channel uses; it answers after a pause."""
    server = socketio.AsyncServer(async_mode="asgi", cors_allowed_origins=[])
    said: list[str] = []

    @server.on("session_request")
    async def confirm(sid: str, _: dict[str, Any]) -> None:
        await server.emit("session_confirm", "a session", room=sid)

    @server.on("user_uttered")
    async def answer(sid: str, data: dict[str, Any]) -> None:
        said.append(f"{data['session_id']}: {data['message']}")
        await server.sleep(PAUSE)
        await server.emit("bot_uttered", {"text": "Hey!"}, room=sid)

    listening = socket.socket()
    listening.bind(("127.0.0.1", 0))
    # Rasa's pin of websockets is older than what uvicorn can load.
    config = uvicorn.Config(socketio.ASGIApp(server), ws="wsproto", log_config=None)
    tier = uvicorn.Server(config)
    thread = threading.Thread(target=tier.run, args=([listening],))
    thread.start()
    yield f"http://127.0.0.1:{listening.getsockname()[1]}"
    tier.should_exit = True
    thread.join()
    assert said == ["a session: hello"]


def test_a_visitor_of_the_stock_channel(browser: Browser, channel: str) -> None:
    with widget.client_site() as client:
        found = widget.visited(
            browser, f"{client}/?server={channel}", client, widget.wait_for_box, widget.STOCK
        )
    assert PAUSE * 1000 <= found["milliseconds"] < TIMES_OUT * 1000
    assert list(found["weights"]) == ["/client.js"]
    assert 500 < found["weights"]["/client.js"] < 1500


def test_a_visitor_of_ours(browser: Browser, make_site: SiteMaker) -> None:
    with shop_site() as shop:
        site = make_site(WEB_SITES=shop.url)
        shop.shows(site.url)

        def answer() -> None:
            for number, text in enumerate(("Hello.", "What may it be?")):
                until(lambda least=number + 1: len(site.rows()["inbox"]) == least)  # type: ignore[misc]
                time.sleep(PAUSE)
                site.commit(site.claim(), Reply(text))

        bot = threading.Thread(target=answer)
        bot.start()
        found = widget.visited(browser, shop.url, site.url, widget.open_chat, widget.OURS)
        bot.join()
    assert PAUSE * 1000 <= found["milliseconds"] < TIMES_OUT * 1000
    assert set(found["weights"]) >= {"/widget.js", "/static/joined/widget/widget.js"}


def until(found: Callable[[], bool]) -> None:
    deadline = time.monotonic() + TIMES_OUT
    while not found():
        assert time.monotonic() < deadline
        time.sleep(0.01)
