"""An agent for the tests, who speaks to the desk's calls as its page does."""

from __future__ import annotations

import re
import uuid
from typing import Any
from urllib.parse import urlsplit

import httpx


def form_token(page: str) -> str:
    """The token in a form of the desk's pages."""
    found = re.search(r'name="token" value="([^"]*)"', page)
    assert found, page
    return found[1]


def sign_in(http: httpx.Client, login: str, password: str, wanted: str = "") -> httpx.Response:
    """Fill in the form to sign in and send it, as a browser without scripts does."""
    page = http.get("/desk/sign-in", params={"next": wanted} if wanted else None)
    assert page.status_code == 200, page.text
    form = {"token": form_token(page.text), "next": wanted, "login": login, "password": password}
    return http.post("/desk/sign-in", data=form)


class DeskAgent:
    """One agent at the desk, let in by a one-time link or by a password."""

    def __init__(self, url: str, link: str = "", login: str = "", password: str = "") -> None:
        """Go in by the link, or sign in."""
        self.http = httpx.Client(base_url=url, timeout=30, trust_env=False, verify=False)
        if link:
            parts = urlsplit(link)
            answer = self.http.get(f"{parts.path}?{parts.query}")
        else:
            answer = sign_in(self.http, login, password)
        assert answer.status_code == 303, answer.text
        self.http.headers["x-tenin-desk"] = "1"

    def be(self, presence: str) -> None:
        """Turn the switch to `online`, `busy` or `away`."""
        answer = self.http.post("/desk/api/me/presence", json={"presence": presence})
        assert answer.status_code == 200, answer.text

    def conversations(self) -> list[dict[str, Any]]:
        """The list as the agent sees it."""
        answer = self.http.get("/desk/api/conversations")
        answer.raise_for_status()
        found: list[dict[str, Any]] = answer.json()["conversations"]
        return found

    def look(self, conversation_id: str) -> dict[str, Any]:
        """One conversation with its transcript."""
        answer = self.http.get(f"/desk/api/conversations/{conversation_id}")
        answer.raise_for_status()
        found: dict[str, Any] = answer.json()
        return found

    def change(self, conversation_id: str, what: str, body: dict[str, Any]) -> httpx.Response:
        """Take, hand back, or send a message."""
        return self.http.post(
            f"/desk/api/conversations/{conversation_id}/{what}",
            json=body,
            headers={"idempotency-key": uuid.uuid4().hex},
        )

    def take(self, conversation_id: str) -> dict[str, Any]:
        """Take a conversation as it is now."""
        epoch = self.look(conversation_id)["epoch"]
        answer = self.change(conversation_id, "take", {"epoch": epoch})
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()
        return found

    def write(self, conversation_id: str, text: str) -> None:
        """Write to the customer."""
        answer = self.change(conversation_id, "messages", {"text": text})
        assert answer.status_code == 202, answer.text

    def hand_back(self, conversation_id: str) -> None:
        """Give the conversation back to the bot."""
        epoch = self.look(conversation_id)["epoch"]
        answer = self.change(conversation_id, "handback", {"epoch": epoch})
        assert answer.status_code == 200, answer.text

    def find(self, words: str) -> str:
        """The id of the conversation whose transcript holds these words."""
        for conversation in self.conversations():
            lines = self.look(conversation["id"])["lines"]
            if any(words in line["text"] for line in lines):
                return str(conversation["id"])
        raise AssertionError(f"no conversation with {words!r}")
