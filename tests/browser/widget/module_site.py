"""A small site for the tests of the pages' modules: the static files, and answers by order.

It stands in for the server where a test needs it to fail in a given way: a stream that
breaks or falls silent, a message that is refused or left without an answer.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import threading
import time
from collections.abc import AsyncIterator, Iterator
from typing import Any

import uvicorn
from playwright.sync_api import Page
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response, StreamingResponse
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from tenin.pages.rendering import STATIC

START_SECONDS = 30.0
LINES = 7
PATIENCE = 60_000  # milliseconds; longer than a stream may be silent


class ModuleSite:
    """The site; `posts` and `streams` tell what was asked, `answers` says what is answered.

    `answers` is what the next messages get: a status, or "never" for no answer at all;
    where it is empty a message is accepted; `retry_after` goes with each refusal.
    `connections` is what the next streams do:
    a status, "two" (two lines and the end), "silent" (a line, then nothing), or "all".
    """

    def __init__(self) -> None:
        """Nothing asked yet."""
        self.url = ""
        self.posts: list[tuple[str, dict[str, Any]]] = []
        self.streams: list[str] = []
        self.answers: list[int | str] = []
        self.connections: list[int | str] = []
        self.retry_after: int | None = None
        self.closing = False

    def reset(self) -> None:
        """Forget what another test asked and ordered."""
        self.posts, self.streams, self.answers, self.connections = [], [], [], []
        self.retry_after = None

    async def post(self, request: Request) -> Response:
        """Take a message."""
        body = await request.json()
        self.posts.append((request.headers["idempotency-key"], body))
        answer = self.answers.pop(0) if self.answers else 202
        if answer == "never":
            await request.receive()  # until the browser lets go
            answer = 503
        assert isinstance(answer, int)
        if answer >= 400:
            error = {"code": "made_up", "message": "No.", "remedy": ""}
            headers = {} if self.retry_after is None else {"retry-after": str(self.retry_after)}
            return JSONResponse({"error": error}, status_code=answer, headers=headers)
        line = None if "event" in body else len({key for key, _ in self.posts})
        return JSONResponse({"line": line}, status_code=answer)

    async def stream(self, request: Request) -> Response:
        """Send lines, after the browser's last, in the way ordered."""
        after = request.headers.get("last-event-id", "")
        self.streams.append(after)
        order = self.connections.pop(0) if self.connections else "all"
        if isinstance(order, int):
            return Response(status_code=order)
        lines = self._lines(order, int(after or 0))
        return StreamingResponse(lines, media_type="text/event-stream")

    async def _lines(self, order: str, after: int) -> AsyncIterator[str]:
        last = {"two": after + 2, "silent": after + 1, "all": LINES}[order]
        yield ": here\n\n"
        for number in range(after + 1, min(last, LINES) + 1):
            yield f"id: {number}\nevent: line\ndata: {number}\n\n"
        if order == "two":
            yield "id: 99\nevent: line\ndata: cut off by the e"
            return
        while not self.closing:
            await asyncio.sleep(0.05)
            if order == "all":
                yield ": here\n\n"

    def app(self) -> Starlette:
        """The site as an ASGI app."""
        page = HTMLResponse("<!doctype html><html lang='en'><title>blank</title></html>")

        async def blank(_: Request) -> Response:
            return page

        return Starlette(
            routes=[
                Route("/", blank),
                Route("/post", self.post, methods=["POST"]),
                Route("/stream", self.stream),
                Mount("/static", StaticFiles(directory=STATIC)),
            ]
        )


@contextlib.contextmanager
def module_site() -> Iterator[ModuleSite]:
    """Open the site on a free loopback port; closed afterwards."""
    site = ModuleSite()
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        site.url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        config = uvicorn.Config(
            site.app(), log_config=None, access_log=False, ws="none", timeout_graceful_shutdown=1
        )
        server = uvicorn.Server(config)
        thread = threading.Thread(target=server.run, args=([listener],))
        thread.start()
        try:
            deadline = time.monotonic() + START_SECONDS
            while not server.started:
                assert time.monotonic() < deadline, "the site did not open"
                assert thread.is_alive(), "the site failed to open"
                time.sleep(0.02)
            yield site
        finally:
            site.closing = True
            server.should_exit = True
            thread.join()


def wait_until(page: Page, condition: str) -> None:
    """Wait until a JavaScript expression is true."""
    page.wait_for_function(condition, timeout=PATIENCE)
