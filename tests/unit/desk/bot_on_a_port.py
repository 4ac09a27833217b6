"""A port that answers as a bot tier does, or as it does not: one answer to whatever is asked."""

from __future__ import annotations

import contextlib
import json
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any


class BotOnAPort:
    """What is answered (bytes as they are, else as JSON) and when, and what was asked."""

    def __init__(self) -> None:
        """Answer nothing yet."""
        self.status, self.delay = 200, 0.0
        self.asked: list[tuple[str, Any, str | None]] = []
        self.port = 0
        self.answer: Any = b""


@contextlib.contextmanager
def serving() -> Iterator[BotOnAPort]:
    """Serve on a free port while the block runs."""
    bot = BotOnAPort()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            bot.asked.append((self.path, json.loads(body), self.headers["authorization"]))
            time.sleep(bot.delay)
            given = bot.answer
            content = given if isinstance(given, bytes) else json.dumps(given).encode()
            self.send_response(bot.status)
            if bot.status == 302:
                self.send_header("location", "/elsewhere")
            self.send_header("content-length", str(len(content)))
            self.end_headers()
            with contextlib.suppress(ConnectionError):  # who asked may have given up
                self.wfile.write(content)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads, server.block_on_close = True, False
    bot.port = server.server_address[1]
    Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield bot
    finally:
        server.shutdown()
        server.server_close()
