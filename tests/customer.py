"""A customer for the tests, who speaks to the web channel as the widget does."""

from __future__ import annotations

import ipaddress
import json
import random
import time
import uuid
from collections.abc import Callable, Iterator
from typing import Any

import httpx

PATIENCE = 30.0


def _an_address() -> str:
    """An address that no other customer of the tests is likely to have."""
    return str(ipaddress.IPv6Address((0x20010DB8 << 96) + random.getrandbits(64)))


class Customer:
    """One browser's session: sends, and reads the stream from its beginning."""

    def __init__(
        self,
        url: str,
        language: str = "en",
        token: str | None = None,
        shops_word: str | None = None,
    ) -> None:
        """Begin a session, with the shop's word on who it is; or go on with that of `token`."""
        self.http = httpx.Client(base_url=url, timeout=PATIENCE, trust_env=False, verify=False)
        self.http.headers["x-forwarded-for"] = _an_address()
        if token is None:
            body = {"language": language, "customer": shops_word}
            answer = self.http.post("/chat/session", json=body)
            answer.raise_for_status()
            token = answer.json()["token"]
        self.token = str(token)
        self.http.headers["authorization"] = f"Bearer {self.token}"
        self.seen = 0

    def post(self, body: dict[str, Any], key: str | None = None) -> httpx.Response:
        """Send a message as it is, with a key of its own unless one is given."""
        headers = {"idempotency-key": key or uuid.uuid4().hex}
        return self.http.post("/chat/messages", json=body, headers=headers)

    def send(self, **body: Any) -> int | None:
        """Send a text, button or event that must be accepted; its line's number."""
        answer = self.post(body)
        assert answer.status_code == 202, answer.text
        line: int | None = answer.json()["line"]
        return line

    def events(
        self, after: int = 0, seconds: float = PATIENCE
    ) -> Iterator[tuple[str, dict[str, Any]]]:
        """The stream's events after a line, as (name, data); ends when it is silent for long."""
        headers = {"last-event-id": str(after)}
        patience = httpx.Timeout(PATIENCE, read=seconds)
        with self.http.stream("GET", "/chat/stream", headers=headers, timeout=patience) as answer:
            answer.raise_for_status()
            name, heard = "", time.monotonic()
            for line in answer.iter_lines():
                if line.startswith(":") and time.monotonic() - heard > seconds:
                    return  # a comment, which keeps the connection, is no event
                if line.startswith("event: "):
                    name = line[7:]
                elif line.startswith("data: "):
                    heard = time.monotonic()
                    yield name, json.loads(line[6:])

    def lines(self) -> list[dict[str, Any]]:
        """Every line the customer can see now."""
        found = []
        for name, data in self.events():
            if name == "state":
                return found
            found.append(data)
        return found

    def read_until(
        self,
        enough: Callable[[list[dict[str, Any]], dict[str, Any]], bool],
        seconds: float = PATIENCE,
    ) -> list[dict[str, Any]]:
        """New lines of others until `enough(lines, state)`; remembers what was read."""
        deadline = time.monotonic() + seconds
        lines: list[dict[str, Any]] = []
        state: dict[str, Any] = {}
        seen = self.seen
        for name, data in self.events(self.seen):
            if name == "state":
                state = data
            else:
                seen = data["id"]
                if data["author"] != "customer":
                    lines.append(data)
            if state and enough(lines, state):
                self.seen = seen
                return lines
            assert time.monotonic() < deadline, f"waited {seconds} s: {lines} {state}"
        raise AssertionError(f"the stream ended: {lines} {state}")

    def ask(self, seconds: float = PATIENCE, **body: Any) -> list[dict[str, Any]]:
        """Send something and read the answer to the end of the bot's turn."""
        self.send(**body)
        return self.read_until(lambda lines, state: bool(lines) and not state["working"], seconds)

    def say(self, text: str, seconds: float = PATIENCE) -> str:
        """Say something; all that was answered, in one text."""
        return "\n".join(line["text"] for line in self.ask(seconds, text=text))

    def click(self, title: str, seconds: float = PATIENCE) -> list[dict[str, Any]]:
        """Click the newest button of this title and read the answer."""
        for line in reversed(self.lines()):
            for button in line["buttons"]:
                if button["title"] == title:
                    return self.ask(seconds, button=button["id"])
        raise AssertionError(f"no button {title!r}")

    def close(self) -> None:
        """Leave."""
        self.http.close()
