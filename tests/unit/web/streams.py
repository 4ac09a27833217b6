"""An event stream that stays open, read in a thread of its own as a browser reads it.

Lines end with a line feed and nothing else, so that a character Python takes for the end of a
line (U+2028, U+0085) stays part of what was said.
"""

from __future__ import annotations

import contextlib
import http.client
import json
import socket
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from types import TracebackType
from typing import Any
from urllib.parse import urlsplit

PATIENCE = 10.0


@dataclass(frozen=True)
class Event:
    """One event: its name, what it says, its id, and when it came. A comment's name is ``:``."""

    name: str
    data: dict[str, Any]
    id: int | None
    at: float


class Stream:
    """An open stream; what has come is in `events`."""

    def __init__(self, url: str, path: str, headers: dict[str, str]) -> None:
        """Ask for it; raises AssertionError unless it is given."""
        host = urlsplit(url)
        self._connection = http.client.HTTPConnection(host.hostname or "", host.port, timeout=60)
        self._connection.request("GET", path, headers=headers)
        self._answer = self._connection.getresponse()
        self.headers = self._answer.headers
        assert self._answer.status == 200, self._answer.read()
        assert self.headers["content-type"] == "text/event-stream; charset=utf-8"
        self.events: list[Event] = []
        self.ended = False
        self._news = threading.Condition()
        self._thread = threading.Thread(target=self._read, name="stream", daemon=True)
        self._thread.start()

    def __enter__(self) -> Stream:
        """Itself."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        where: TracebackType | None,
    ) -> None:
        """Go away."""
        self.close()

    def close(self) -> None:
        """Break the connection off, as a closed tab does."""
        if self._connection.sock is not None:
            with contextlib.suppress(OSError):
                self._connection.sock.shutdown(socket.SHUT_RDWR)
        self._thread.join(PATIENCE)
        self._answer.close()
        self._connection.close()

    def wait(self, enough: Callable[[Stream], bool], seconds: float = PATIENCE) -> Stream:
        """Wait until enough has come."""
        deadline = time.monotonic() + seconds
        with self._news:
            while not enough(self):
                left = deadline - time.monotonic()
                assert left > 0, f"waited {seconds} s: {self.events}"
                assert not self.ended, f"the stream ended: {self.events}"
                self._news.wait(left)
        return self

    def wait_for_text(self, text: str, seconds: float = PATIENCE) -> Event:
        """The event of the line that says `text`, once it has come."""
        self.wait(lambda _: text in self.texts(), seconds)
        return next(event for event in self.events if event.data.get("text") == text)

    def wait_for_state(self, seconds: float = PATIENCE, **wanted: Any) -> Event:
        """The latest state, once it is as `wanted`."""

        def is_so(_: Stream) -> bool:
            return bool(self.states()) and wanted.items() <= self.states()[-1].items()

        self.wait(is_so, seconds)
        return next(event for event in reversed(self.events) if event.name == "state")

    def lines(self) -> list[dict[str, Any]]:
        """The lines so far."""
        return [event.data for event in list(self.events) if event.name == "line"]

    def texts(self) -> list[str]:
        """What was said so far."""
        return [line["text"] for line in self.lines()]

    def states(self) -> list[dict[str, Any]]:
        """The states so far."""
        return [event.data for event in list(self.events) if event.name == "state"]

    def count(self, name: str) -> int:
        """How many events (or comments, ``:``) of this name have come."""
        return sum(event.name == name for event in list(self.events))

    def _read(self) -> None:
        fields: dict[str, str] = {}
        try:
            while raw := self._answer.readline():
                line = raw.decode("utf-8").removesuffix("\n")
                if line:
                    name, _, value = line.partition(":")
                    fields[name or ":"] = value.removeprefix(" ")
                elif fields:
                    self._add(fields)
                    fields = {}
        except (OSError, ValueError, AttributeError, http.client.HTTPException):
            pass  # broken off, by either side
        with self._news:
            self.ended = True
            self._news.notify_all()

    def _add(self, fields: dict[str, str]) -> None:
        name = fields.get("event", ":")
        number = int(fields["id"]) if "id" in fields else None
        event = Event(name, json.loads(fields.get("data", "{}")), number, time.monotonic())
        with self._news:
            self.events.append(event)
            self._news.notify_all()
