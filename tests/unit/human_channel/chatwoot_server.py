"""Chatwoot as its tests see it: a small server that follows its published API, strictly.

Written after the application API's description (contacts, conversations, messages, status) and
the signing of webhooks. Whatever that doesn't name is refused: an unknown field, a wrong type, a
missing one, an id that isn't there, a wrong token. Webhooks go out one after the other, once,
as an API inbox's do. A test may break it: `down`, `slow`, `failing`, `losing`, `refusing`.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import queue
import re
import threading
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timezone
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx

LOOPBACK = "127.0.0.1"
TOKEN = "a-token-of-the-tests"
SECRET = "a-secret-of-the-tests"
ACCOUNT, INBOX = 3, 7
TIMEOUT = 3.0  # seconds that Tenin waits for an answer
STATUSES = ("open", "resolved", "pending", "snoozed")
PAGE = 20
LONGEST_CONTENT = 150_000
TYPES = {"incoming": 0, "outgoing": 1, "activity": 2, "template": 3}
# What the API describes, by name and type. `source_id` of a message isn't in the description but
# in the code that serves it (Messages::MessageBuilder), and in what is listed.
CONTACT = {"inbox_id": int, "name": str, "email": str, "phone_number": str, "identifier": str}
CONVERSATION = {"source_id": str, "inbox_id": int, "contact_id": int, "status": str}
MESSAGE = {
    "content": str,
    "message_type": str,
    "private": bool,
    "content_type": str,
    "source_id": str,
}

Answer = tuple[int, dict[str, Any]]


class Fault(Exception):
    """A request that Chatwoot refuses."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.answer: Answer = (status, {"message": message})


@dataclass
class Delivery:
    """A webhook call as it was sent, and what came of it."""

    event: str
    headers: dict[str, str]
    body: bytes
    status: int = 0
    seconds: float = 0.0


@dataclass(frozen=True)
class Person:
    """An agent of Chatwoot's."""

    id: int
    name: str

    def told(self) -> dict[str, Any]:
        return {"id": self.id, "name": self.name, "email": "a@shop.example", "type": "user"}


SAM, RIO = Person(11, "Sam"), Person(12, "Rio")


@dataclass
class Chatwoot:
    """One installation with one account, an API inbox, and agents who write."""

    webhook_url: str = ""
    contacts: dict[int, dict[str, Any]] = field(default_factory=dict)
    conversations: dict[int, dict[str, Any]] = field(default_factory=dict)
    messages: dict[int, dict[str, Any]] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    deliveries: list[Delivery] = field(default_factory=list)
    down: bool = False
    slow: float = 0.0
    failing: int = 0  # so many requests end with `status`
    status: int = 500
    losing: int = 0  # of so many requests that change something the answer is lost
    refusing: Callable[[str, str], Answer | None] = lambda method, path: None
    deaf: bool = False  # webhooks are lost
    held: list[tuple[str, dict[str, Any]]] | None = None  # or kept back here

    def __post_init__(self) -> None:
        self._lock = threading.RLock()
        self._ids = iter(range(1000, 1_000_000))
        self._displayed = iter(range(1, 1_000_000))
        self._queue: queue.Queue[tuple[str, dict[str, Any]] | None] = queue.Queue()
        self._http = httpx.Client(timeout=5, trust_env=False, verify=False)
        self._server: ThreadingHTTPServer | None = None
        self.port = 0

    # the installation

    def start(self) -> None:
        chatwoot = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            timeout = 10

            def log_message(self, *_: Any) -> None:
                """Say nothing."""

            def do_GET(self) -> None:
                chatwoot._serve(self)

            def do_POST(self) -> None:
                chatwoot._serve(self)

        self._server = ThreadingHTTPServer((LOOPBACK, self.port), Handler)
        self._server.daemon_threads = True
        self.port = self._server.server_address[1]
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()

    def stop(self) -> None:
        """Nobody listens any more; `start` opens it again, on the same port."""
        if self._server is not None:
            self._server.shutdown()
            self._server.server_close()
            self._server = None

    def run_webhooks(self) -> None:
        self._worker = threading.Thread(target=self._send_all, daemon=True)
        self._worker.start()

    def close(self) -> None:
        self.stop()
        self._queue.put(None)
        self._worker.join(10)
        self._http.close()

    def mend(self) -> None:
        """Nothing is broken any more."""
        self.down, self.slow, self.failing, self.losing = False, 0.0, 0, 0
        self.refusing = lambda method, path: None
        self.deaf, self.held = False, None
        if self._server is None:
            self.start()
        self.settle()

    def environ(self) -> dict[str, object]:
        """The settings of a Tenin that this one serves."""
        return {
            "DESK_SERVES": "chatwoot",
            "CHATWOOT_URL": f"http://{LOOPBACK}:{self.port}",
            "CHATWOOT_ACCOUNT_ID": ACCOUNT,
            "CHATWOOT_INBOX_ID": INBOX,
            "CHATWOOT_TIMEOUT_SECONDS": TIMEOUT,
            "CHATWOOT_TOKEN": TOKEN,
            "CHATWOOT_WEBHOOK_SECRET": SECRET,
        }

    # its agents

    def write(self, conversation: int, who: Person, text: str, **more: Any) -> dict[str, Any]:
        """An agent writes to the customer, or with `private=True` to colleagues."""
        with self._lock:
            return self._add(conversation, "outgoing", text, who.told(), **more)

    def set_status(self, conversation: int, status: str) -> None:
        with self._lock:
            found = self.conversations[conversation]
            if found["status"] == status:
                return
            before, found["status"] = found["status"], status
            self._touch(conversation)
            changed = {"status": {"previous_value": before, "current_value": status}}
            self._tell_of(conversation, "conversation_status_changed", changed)

    def assign(self, conversation: int, who: Person | None) -> None:
        with self._lock:
            found = self.conversations[conversation]
            before, found["assignee"] = found["assignee"], who
            changed = {
                "assignee_id": {
                    "previous_value": before.id if before else None,
                    "current_value": who.id if who else None,
                }
            }
            self._touch(conversation)
            self._tell_of(conversation, "conversation_updated", changed)

    def delete(self, conversation: int) -> None:
        with self._lock:
            del self.conversations[conversation]

    def said(self, conversation: int, kind: str = "incoming") -> list[str]:
        """The texts of a kind of message: `incoming`, `outgoing`, or `note`, oldest first."""
        with self._lock:
            return [
                str(each["content"])
                for each in self.messages.values()
                if each["conversation_id"] == conversation
                and (each["private"] if kind == "note" else each["message_type"] == kind)
            ]

    # webhooks

    def settle(self, seconds: float = 10.0) -> None:
        """Wait until every webhook that is not held back was answered."""
        deadline = time.monotonic() + seconds
        while self._queue.unfinished_tasks:
            assert time.monotonic() < deadline, "webhooks are stuck"
            time.sleep(0.01)

    def release(self, *, backwards: bool = False) -> None:
        """Send what was held back, in the order of events or the other way round."""
        held, self.held = self.held or [], None
        for each in held[::-1] if backwards else held:
            self._queue.put(each)
        self.settle()

    def post(
        self,
        body: bytes,
        *,
        secret: str = SECRET,
        at: float | None = None,
        delivery: str | None = None,
        **headers: str,
    ) -> httpx.Response:
        """Call the webhook with any body, signed as Chatwoot signs."""
        timestamp = str(int(time.time() if at is None else at))
        signed = hmac.new(secret.encode(), f"{timestamp}.".encode() + body, hashlib.sha256)
        given: dict[str, Any] = {
            "content-type": "application/json",
            "x-chatwoot-timestamp": timestamp,
            "x-chatwoot-signature": f"sha256={signed.hexdigest()}",
            "x-chatwoot-delivery": delivery or str(uuid.uuid4()),
            **{name.replace("_", "-"): value for name, value in headers.items()},
        }
        given = {name: value.encode("latin-1") for name, value in given.items() if value}
        return self._http.post(self.webhook_url, content=body, headers=given)

    def body(self, event: str, payload: dict[str, Any]) -> bytes:
        return json.dumps({"event": event, **payload}).encode()

    def _send_all(self) -> None:
        while (each := self._queue.get()) is not None:
            event, payload = each
            body = self.body(event, payload)
            began = time.monotonic()
            delivery = Delivery(event, {}, body)
            try:
                answer = self.post(body)
                delivery.status = answer.status_code
                delivery.headers = dict(answer.request.headers)
            except httpx.HTTPError:
                delivery.status = 0
            delivery.seconds = time.monotonic() - began
            self.deliveries.append(delivery)
            self._queue.task_done()

    def _tell(self, event: str, payload: dict[str, Any]) -> None:
        if self.deaf or not self.webhook_url:
            return
        frozen = json.loads(json.dumps(payload))
        if self.held is not None:
            self.held.append((event, frozen))
        else:
            self._queue.put((event, frozen))

    def _tell_of(self, conversation: int, event: str, changed: dict[str, Any]) -> None:
        told = {**self._told(conversation), "changed_attributes": [changed]}
        self._tell(event, told)

    def _told(self, conversation: int) -> dict[str, Any]:
        """A conversation as webhooks and the API tell of it."""
        found = self.conversations[conversation]
        assignee = found["assignee"]
        return {
            "additional_attributes": {},
            "can_reply": True,
            "channel": "Channel::Api",
            "contact_inbox": {"source_id": found["source_id"], "inbox_id": INBOX},
            "id": conversation,
            "inbox_id": INBOX,
            "labels": [],
            "meta": {
                "sender": {"id": found["contact_id"], "type": "contact"},
                "assignee": assignee.told() if assignee else None,
            },
            "status": found["status"],
            "custom_attributes": {},
            "timestamp": int(found["updated_at"]),
            "created_at": int(found["created_at"]),
            "updated_at": found["updated_at"],
        }

    def _add(
        self,
        conversation: int,
        kind: str,
        content: str | None,
        sender: dict[str, Any] | None,
        *,
        private: bool = False,
        source_id: str | None = None,
        attachments: list[str] | None = None,
    ) -> dict[str, Any]:
        message = {
            "id": next(self._ids),
            "content": content,
            "inbox_id": INBOX,
            "conversation_id": conversation,
            "message_type": kind,
            "content_type": "text",
            "content_attributes": {},
            "created_at": time.time(),
            "private": private,
            "source_id": source_id,
            "sender": sender,
            "attachments": [
                {"id": next(self._ids), "file_type": "file", "data_url": url}
                for url in attachments or ()
            ],
        }
        self.messages[int(str(message["id"]))] = message
        self._touch(conversation)
        if kind == "incoming" and self.conversations[conversation]["status"] == "resolved":
            self.set_status(conversation, "open")
        at = datetime.fromtimestamp(float(str(message["created_at"])), timezone.utc)
        told = {
            **message,
            "created_at": at.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            "account": {"id": ACCOUNT, "name": "Shop"},
            "inbox": {"id": INBOX, "name": "Chat"},
            "conversation": self._told(conversation),
        }
        del told["inbox_id"], told["conversation_id"]
        self._tell("message_created", told)
        return message

    def _touch(self, conversation: int) -> None:
        self.conversations[conversation]["updated_at"] = time.time()

    # the API

    def _serve(self, request: BaseHTTPRequestHandler) -> None:
        length = int(request.headers.get("content-length") or 0)
        body = request.rfile.read(length)
        method, parts = request.command, urlsplit(request.path)
        self.asked.append(f"{method} {parts.path}")
        if self.down:
            request.close_connection = True
            return
        if self.slow:
            time.sleep(self.slow)
        with self._lock:
            status, answer = self._answer(request, method, parts.path, parts.query, body)
            if method == "POST" and self.losing > 0:
                self.losing -= 1
                request.close_connection = True
                return
        content = json.dumps(answer).encode()
        try:
            request.send_response(status)
            request.send_header("content-type", "application/json; charset=utf-8")
            request.send_header("content-length", str(len(content)))
            request.end_headers()
            request.wfile.write(content)
        except OSError:
            request.close_connection = True  # nobody waited so long

    def _answer(
        self, request: BaseHTTPRequestHandler, method: str, path: str, query: str, body: bytes
    ) -> Answer:
        if request.headers.get("api_access_token") != TOKEN:
            return 401, {"error": "Invalid Access Token"}
        if self.failing > 0:
            self.failing -= 1
            return self.status, {"error": "broken by the test"}
        refused = self.refusing(method, path)
        if refused is not None:
            return refused
        base = f"/api/v1/accounts/{ACCOUNT}"
        if not path.startswith(f"{base}/"):
            return 404, {"error": "Resource could not be found"}
        try:
            given: dict[str, Any] = {}
            if method == "POST":
                if "application/json" not in request.headers.get("content-type", ""):
                    raise Fault(415, "a JSON body is needed")
                given = json.loads(body)
            asked = {name: values[-1] for name, values in parse_qs(query).items()}
            return self._route(method, path.removeprefix(base), given, asked)
        except Fault as fault:
            return fault.answer

    def _route(
        self, method: str, path: str, given: dict[str, Any], asked: dict[str, str]
    ) -> Answer:
        routes: list[tuple[str, str, Callable[..., Answer]]] = [
            ("POST", r"/contacts", self._make_contact),
            ("GET", r"/contacts/search", self._search_contacts),
            ("GET", r"/contacts/(\d+)/conversations", self._conversations_of),
            ("POST", r"/contacts/(\d+)/contact_inboxes", self._make_way),
            ("POST", r"/conversations", self._make_conversation),
            ("GET", r"/conversations/(\d+)", self._show),
            ("POST", r"/conversations/(\d+)/toggle_status", self._toggle),
            ("GET", r"/conversations/(\d+)/messages", self._list_messages),
            ("POST", r"/conversations/(\d+)/messages", self._make_message),
        ]
        for verb, pattern, answer in routes:
            found = re.fullmatch(pattern, path)
            if verb == method and found:
                numbers = [int(each) for each in found.groups()]
                return answer(*numbers, given=given, asked=asked)
        raise Fault(404, f"no route {method} {path}")

    def _make_contact(self, *, given: dict[str, Any], asked: dict[str, str]) -> Answer:
        _check(given, CONTACT, ["inbox_id"])
        _require_inbox(given["inbox_id"])
        identifier = given.get("identifier")
        if identifier and any(each["identifier"] == identifier for each in self.contacts.values()):
            raise Fault(422, "Identifier has already been taken")
        contact = {
            "id": next(self._ids),
            "name": given.get("name"),
            "identifier": identifier,
            "contact_inboxes": [],
        }
        self.contacts[int(str(contact["id"]))] = contact
        way = self._way(contact)
        return 200, {"payload": {"contact": contact, "contact_inbox": way}}

    def _make_way(self, number: int, *, given: dict[str, Any], asked: dict[str, str]) -> Answer:
        _check(given, {"inbox_id": int, "source_id": str}, ["inbox_id"])
        _require_inbox(given["inbox_id"])
        return 200, self._way(self._contact(number))

    def _way(self, contact: dict[str, Any]) -> dict[str, Any]:
        way = {"source_id": str(uuid.uuid4()), "inbox": {"id": INBOX, "name": "Chat"}}
        contact["contact_inboxes"].append(way)
        return way

    def _search_contacts(self, *, given: dict[str, Any], asked: dict[str, str]) -> Answer:
        words = asked.get("q", "").strip()
        if not words:
            raise Fault(422, "Specify search string with parameter q")
        found = [
            each
            for each in self.contacts.values()
            if words in (each["identifier"] or "") or words.lower() in (each["name"] or "").lower()
        ]
        return 200, {"meta": {"count": len(found), "current_page": 1}, "payload": found}

    def _conversations_of(
        self, number: int, *, given: dict[str, Any], asked: dict[str, str]
    ) -> Answer:
        self._contact(number)
        found = [
            self._told(each)
            for each, row in self.conversations.items()
            if row["contact_id"] == number
        ]
        return 200, {"payload": found}

    def _make_conversation(self, *, given: dict[str, Any], asked: dict[str, str]) -> Answer:
        _check(given, CONVERSATION, ["source_id"])
        _require_inbox(given.get("inbox_id", INBOX))
        if given.get("status", "open") not in STATUSES:
            raise Fault(422, "Status is not included in the list")
        owner = next(
            (
                contact
                for contact in self.contacts.values()
                for way in contact["contact_inboxes"]
                if way["source_id"] == given["source_id"]
            ),
            None,
        )
        if owner is None or given.get("contact_id", owner["id"]) != owner["id"]:
            raise Fault(404, "Resource could not be found")
        number = next(self._displayed)
        self.conversations[number] = {
            "contact_id": owner["id"],
            "source_id": given["source_id"],
            "status": given.get("status", "open"),
            "assignee": None,
            "created_at": time.time(),
            "updated_at": time.time(),
        }
        self._tell("conversation_created", self._told(number))
        return 200, self._told(number)

    def _show(self, number: int, *, given: dict[str, Any], asked: dict[str, str]) -> Answer:
        self._conversation(number)
        return 200, self._told(number)

    def _toggle(self, number: int, *, given: dict[str, Any], asked: dict[str, str]) -> Answer:
        self._conversation(number)
        _check(given, {"status": str}, ["status"])
        if given["status"] not in STATUSES:
            raise Fault(422, "Status is not included in the list")
        self.set_status(number, given["status"])
        payload = {"success": True, "current_status": given["status"], "conversation_id": number}
        return 200, {"meta": {}, "payload": payload}

    def _list_messages(
        self, number: int, *, given: dict[str, Any], asked: dict[str, str]
    ) -> Answer:
        self._conversation(number)
        if set(asked) - {"before", "after"}:
            raise Fault(422, f"unknown parameters {asked}")
        before = int(asked.get("before", 10**9))
        found = [
            {
                **each,
                "message_type": TYPES[each["message_type"]],
                "created_at": int(each["created_at"]),
            }
            for each in self.messages.values()
            if each["conversation_id"] == number and each["id"] < before
        ]
        return 200, {"meta": {}, "payload": found[-PAGE:]}

    def _make_message(self, number: int, *, given: dict[str, Any], asked: dict[str, str]) -> Answer:
        self._conversation(number)
        _check(given, MESSAGE, ["content"])
        if not given["content"].strip():
            raise Fault(422, "Content can't be blank")
        if len(given["content"]) > LONGEST_CONTENT:
            raise Fault(422, "Content is too long (maximum is 150000 characters)")
        kind = given.get("message_type", "outgoing")
        if kind not in ("incoming", "outgoing") or given.get("content_type", "text") != "text":
            raise Fault(422, "is not included in the list")
        contact = {"id": self.conversations[number]["contact_id"], "type": "contact"}
        sender = contact if kind == "incoming" else Person(1, "API").told()
        message = self._add(
            number,
            kind,
            given["content"],
            sender,
            private=given.get("private", False),
            source_id=given.get("source_id"),
        )
        listed = {**message, "message_type": TYPES[kind], "created_at": int(time.time())}
        return 200, listed

    def _contact(self, number: int) -> dict[str, Any]:
        if number not in self.contacts:
            raise Fault(404, "Resource could not be found")
        return self.contacts[number]

    def _conversation(self, number: int) -> dict[str, Any]:
        if number not in self.conversations:
            raise Fault(404, "Resource could not be found")
        return self.conversations[number]


def _require_inbox(number: int) -> None:
    if number != INBOX:
        raise Fault(404, "Resource could not be found")


def _check(given: dict[str, Any], known: dict[str, type], required: list[str]) -> None:
    """Every field known and of its type, and what is required there."""
    unknown = sorted(set(given) - set(known))
    if unknown:
        raise Fault(422, f"unknown fields {unknown}")
    for name in required:
        if name not in given:
            raise Fault(422, f"{name} is missing")
    for name, value in given.items():
        if type(value) is not known[name]:
            raise Fault(422, f"{name} is a {type(value).__name__}")
