"""Chatwoot's application API, as far as it is needed: contacts, conversations, messages, status.

Whatever may pass by itself (no answer, 5xx, too many requests, a token that was withdrawn, an
answer that is none) is `Unreachable`; what will be refused again and again is `Refused`.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import requests
from requests.adapters import HTTPAdapter
from urllib3.exceptions import HTTPError

from tenin.settings_desk import ChatwootSettings

CONNECT_SECONDS = 3.05
MOST_ANSWERED = 5_000_000  # bytes
MOST_PAGES = 10  # of messages that are looked through
AT_ONCE = 8
_CHUNK = 65_536
# Of the 4xx these are about us or the moment, not about the conversation.
_PASSING = frozenset({401, 402, 403, 408, 425, 429})
_OK = range(200, 300)


class Unreachable(Exception):
    """Chatwoot can't be reached, or can't serve now: try later."""


class Refused(Exception):
    """Chatwoot won't take this, however often it is tried."""

    def __init__(self, status: int, reason: str) -> None:
        """Hold the status and what was said with it."""
        super().__init__(f"Chatwoot answered {status}: {reason}")
        self.status = status


@dataclass(frozen=True)
class Contact:
    """A person as Chatwoot knows them: their id, and that of their way into the inbox."""

    id: str
    source: str


class ChatwootAPI:
    """The calls. Safe to share between threads; each ends within twice `timeout_seconds`."""

    def __init__(self, settings: ChatwootSettings, token: str) -> None:
        """Keep where it is; nothing is asked yet."""
        self._base = f"{settings.url}/api/v1/accounts/{settings.account_id}"
        self._inbox, self._timeout = settings.inbox_id, settings.timeout_seconds
        self._session = requests.Session()
        for scheme in ("http://", "https://"):
            self._session.mount(scheme, HTTPAdapter(pool_maxsize=AT_ONCE, max_retries=0))
        self._session.auth = _Token(token)

    def close(self) -> None:
        """Give back the connections."""
        self._session.close()

    def contact(self, identifier: str, name: str) -> Contact:
        """The contact of this identifier, made if there is none. May be repeated."""
        body = {"inbox_id": self._inbox, "name": name, "identifier": identifier}
        try:
            made = _member(self._ask("POST", "/contacts", body), "payload", dict)
            source = _member(_member(made, "contact_inbox", dict), "source_id", str)
            return Contact(_id(_member(made, "contact", dict)), source)
        except Refused as refusal:
            if refusal.status != 422:
                raise
            found = self._found_contact(identifier)  # the identifier has been taken
            if found is None:
                raise
            return found

    def _found_contact(self, identifier: str) -> Contact | None:
        answer = self._ask("GET", "/contacts/search", asked={"q": identifier})
        for each in _member(answer, "payload", list):
            if isinstance(each, dict) and each.get("identifier") == identifier:
                return Contact(_id(each), self._source(each))
        return None

    def _source(self, contact: dict[str, Any]) -> str:
        for way in contact.get("contact_inboxes") or ():
            if (way.get("inbox") or {}).get("id") == self._inbox:
                return str(_member(way, "source_id", str))
        body = {"inbox_id": self._inbox}
        made = self._ask("POST", f"/contacts/{_id(contact)}/contact_inboxes", body)
        return str(_member(made, "source_id", str))

    def found_conversation(self, contact: Contact) -> str | None:
        """The newest conversation of a contact in our inbox, if there is any."""
        answer = self._ask("GET", f"/contacts/{contact.id}/conversations")
        found = [
            int(_id(each))
            for each in _member(answer, "payload", list)
            if isinstance(each, dict) and each.get("inbox_id") == self._inbox
        ]
        return str(max(found)) if found else None

    def make_conversation(self, contact: Contact) -> str:
        """Begin a conversation, open to agents. Not to be repeated."""
        body = {
            "source_id": contact.source,
            "inbox_id": self._inbox,
            "contact_id": int(contact.id),
            "status": "open",
        }
        return _id(self._ask("POST", "/conversations", body))

    def write(self, conversation: str, text: str, source: str, *, note: bool = False) -> None:
        """Add the customer's message, or a private note. Not to be repeated.

        `source` is kept with the message as its `source_id`; `source_of` finds it by that.
        """
        body = {
            "content": text,
            "message_type": "outgoing" if note else "incoming",
            "private": note,
            "content_type": "text",
            "source_id": source,
        }
        self._ask("POST", f"/conversations/{conversation}/messages", body)

    def source_of(self, conversation: str, beginning: str, *, whole: bool = False) -> str | None:
        """The source of a message that begins so (or is `whole` that), among the latest."""
        for page in self._pages(conversation):
            for each in page:
                source = str(each.get("source_id") or "")
                if source == beginning or (not whole and source.startswith(beginning)):
                    return source
        return None

    def messages_since(self, conversation: str, since: datetime) -> list[dict[str, Any]]:
        """The latest messages, the oldest first, as far back as that moment at least."""
        found: list[dict[str, Any]] = []
        for page in self._pages(conversation):
            found = [*page, *found]
            oldest = page[0].get("created_at")
            if not isinstance(oldest, int | float) or oldest < since.timestamp():
                break
        return found

    def _pages(self, conversation: str) -> Iterator[list[dict[str, Any]]]:
        """Messages, the oldest of a page first and the latest page first."""
        asked: dict[str, str] = {}
        for _ in range(MOST_PAGES):
            path = f"/conversations/{conversation}/messages"
            answer = self._ask("GET", path, asked=asked)
            page = [each for each in _member(answer, "payload", list) if isinstance(each, dict)]
            if not page:
                return
            yield page
            asked = {"before": str(min(int(_id(each)) for each in page))}

    def conversation(self, conversation: str) -> dict[str, Any]:
        """A conversation as it is: `status`, `meta` with the assignee, `updated_at`."""
        return self._ask("GET", f"/conversations/{conversation}")

    def set_status(self, conversation: str, status: str) -> None:
        """Make it `open` or `resolved`. May be repeated."""
        path = f"/conversations/{conversation}/toggle_status"
        self._ask("POST", path, {"status": status})

    def _ask(
        self,
        method: str,
        path: str,
        body: dict[str, Any] | None = None,
        asked: dict[str, str] | None = None,
    ) -> dict[str, Any]:
        try:
            status, content = self._send(method, path, body, asked)
        except (requests.RequestException, HTTPError, OSError) as error:
            raise Unreachable(f"{method} {path}: {type(error).__name__}") from error
        if 400 <= status < 500 and status not in _PASSING:
            raise Refused(status, content[:200].decode("utf-8", "replace"))
        if status not in _OK:
            raise Unreachable(f"{method} {path}: answered with status {status}")
        try:
            answer = json.loads(content)
        except (ValueError, RecursionError):
            raise Unreachable(f"{method} {path}: answered with no JSON") from None
        if not isinstance(answer, dict):
            raise Unreachable(f"{method} {path}: answered with no JSON object")
        return answer

    def _send(
        self, method: str, path: str, body: dict[str, Any] | None, asked: dict[str, str] | None
    ) -> tuple[int, bytes]:
        deadline = time.monotonic() + self._timeout
        with self._session.request(
            method,
            self._base + path,
            params=asked,
            json=body,
            headers={"Accept": "application/json"},
            timeout=(min(CONNECT_SECONDS, self._timeout), self._timeout),
            allow_redirects=False,
            stream=True,
        ) as response:
            content = bytearray()
            while chunk := response.raw.read1(_CHUNK, decode_content=True):
                content += chunk
                if len(content) > MOST_ANSWERED or time.monotonic() > deadline:
                    raise OSError("the answer is too long, or too slow")
            return response.status_code, bytes(content)


class _Token(requests.auth.AuthBase):
    """As `auth`, not as a header: else a .netrc of the machine would add its own."""

    def __init__(self, token: str) -> None:
        self._token = token

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        request.headers["api_access_token"] = self._token
        return request


def _member(answer: dict[str, Any], name: str, kind: type) -> Any:
    value = answer.get(name)
    if not isinstance(value, kind):
        raise Unreachable(f"Chatwoot answered without {name!r}")
    return value


def _id(answer: dict[str, Any]) -> str:
    value = answer.get("id")
    if not isinstance(value, int) or isinstance(value, bool):
        raise Unreachable("Chatwoot answered without an id")
    return str(value)
