"""What all routes of the web tier share: errors as JSON, bodies with limits, addresses, headers.

Whatever a browser sends wrongly becomes a `Problem`: a 4xx with a code, what is
wrong, and the remedy.
"""

from __future__ import annotations

import ipaddress
import json
import re
from collections.abc import Awaitable, Callable, MutableMapping
from functools import lru_cache
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response

from tenin.settings import Settings

LARGEST_BODY = 64 * 1024  # bytes; 4,000 characters of four bytes each, escaped, fit
KEY = re.compile(r"[A-Za-z0-9_-]{1,64}")
CONTENT_SECURITY_POLICY = (
    "default-src 'self'; img-src 'self' data:; style-src 'self'; script-src 'self'; "
    "object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)
SECURITY_HEADERS = {
    "content-security-policy": CONTENT_SECURITY_POLICY,
    "x-content-type-options": "nosniff",
    "referrer-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
}
# Said behind TLS alone, where a browser heeds it. Not for subdomains: they are the shop's to say.
HTTPS_HEADERS = {"strict-transport-security": "max-age=31536000"}

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
ASGIApp = Callable[[Scope, Receive, Send], Awaitable[None]]


class Problem(Exception):
    """A request that can't be served: a status, a code for programs, words for people."""

    def __init__(
        self, status: int, code: str, message: str, remedy: str, retry_after: int | None = None
    ) -> None:
        """Hold what the answer will say; `retry_after`: in how many seconds to come again."""
        super().__init__(f"{code}: {message}")
        self.status, self.code, self.message, self.remedy = status, code, message, remedy
        self.retry_after = retry_after


async def problem_response(_: Request, error: Exception) -> Response:
    """The JSON answer to a `Problem`."""
    if not isinstance(error, Problem):
        raise error
    body = {"code": error.code, "message": error.message, "remedy": error.remedy}
    headers = {} if error.retry_after is None else {"retry-after": str(error.retry_after)}
    return JSONResponse({"error": body}, status_code=error.status, headers=headers)


def fresh(body: dict[str, Any]) -> Response:
    """An answer in JSON that nobody keeps."""
    return JSONResponse(body, headers={"cache-control": "no-store"})


async def json_body(request: Request) -> dict[str, Any]:
    """The request's body as a JSON object.

    Raises:
        Problem: 413 if it is too large, 400 if it isn't JSON or not an object.
    """
    body = await whole_body(request)
    try:
        found = json.loads(body.decode("utf-8"))
    except (ValueError, RecursionError):  # not UTF-8, not JSON, or a number of endless digits
        raise Problem(
            400, "not_json", "The request's body is not JSON.", "Send a JSON object in UTF-8."
        ) from None
    if not isinstance(found, dict):
        raise Problem(
            400, "not_an_object", "The request's body is not a JSON object.", "Send an object."
        )
    return found


async def form_body(request: Request) -> dict[str, str]:
    """The fields of a plain HTML form; of several of one name the last.

    Raises:
        Problem: 413 if it is too large, 400 if it isn't such a form.
    """
    body = await whole_body(request)
    try:
        return dict(parse_qsl(body.decode("utf-8"), keep_blank_values=True, max_num_fields=50))
    except ValueError:
        raise Problem(
            400, "not_a_form", "The request's body is not a form.", "Send the page's own form."
        ) from None


async def whole_body(request: Request, largest: int = LARGEST_BODY) -> bytes:
    """The request's body as it is.

    Raises:
        Problem: 413 if it is larger than `largest` bytes, 400 if it breaks off.
    """
    body = b""
    try:
        async for chunk in request.stream():
            body += chunk
            if len(body) > largest:
                raise Problem(
                    413, "body_too_large", "The request is too large.", "Send a shorter message."
                )
    except ClientDisconnect:
        raise Problem(400, "disconnected", "The request broke off.", "Send it again.") from None
    return body


def idempotency_key(request: Request) -> str:
    """The key by which the same message sent twice is known.

    Raises:
        Problem: 400 if it is missing or has another form.
    """
    key = request.headers.get("idempotency-key", "")
    if not KEY.fullmatch(key):
        raise Problem(
            400,
            "no_idempotency_key",
            "The header Idempotency-Key is missing or not of the form expected.",
            "Send 1 to 64 letters, digits, hyphens or underscores, new for each message.",
        )
    return key


def text_of(value: object, longest: int) -> str:
    """A customer's or agent's text, without the blanks around it.

    Raises:
        Problem: 422 if it is no text, empty, too long, or has characters that are none.
    """
    if not isinstance(value, str):
        raise Problem(422, "text_not_text", "The text is not a string.", "Send text as a string.")
    text = value.strip()
    if not text:
        raise Problem(422, "text_empty", "The text is empty.", "Write something first.")
    if len(text) > longest:
        raise Problem(
            422,
            "text_too_long",
            f"The text has {len(text)} characters; at most {longest} can be sent at once.",
            "Send it in several messages.",
        )
    if any(ord(c) < 32 and c not in "\t\n\r" for c in text) or not _is_unicode(text):
        raise Problem(
            422,
            "text_not_characters",
            "The text has control characters or broken Unicode in it.",
            "Remove them and send it again.",
        )
    return text


def _is_unicode(text: str) -> bool:
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True


def client_address(request: Request, settings: Settings) -> str | None:
    """The client's address; forwarded headers count only from configured proxies.

    From a trusted proxy, the last address of X-Forwarded-For that isn't itself one
    is the client: what stands before it the client may have written.
    """
    if request.client is None:
        return None
    address = _parsed(request.client.host)
    if address is None:
        return request.client.host
    forwarded = [
        part.strip()
        for value in request.headers.getlist("x-forwarded-for")
        for part in value.split(",")
    ]
    while forwarded and any(address in net for net in settings.web.trusted_proxies):
        candidate = _parsed(forwarded.pop())
        if candidate is None:
            break
        address = candidate
    return str(address)


def came_by_https(request: Request, settings: Settings) -> bool:
    """Whether the client came by https; X-Forwarded-Proto counts only from configured proxies."""
    if request.url.scheme == "https":
        return True
    peer = _parsed(request.client.host) if request.client else None
    if peer is None or not any(peer in net for net in settings.web.trusted_proxies):
        return False
    said = ",".join(request.headers.getlist("x-forwarded-proto"))
    return said.rpartition(",")[2].strip().lower() == "https"


def asked_by_own_page(request: Request, settings: Settings) -> bool:
    """Whether the browser says that a page of this very address is asking.

    Sec-Fetch-Site decides where it is sent; else Origin, which must be this address or
    `web.public_url`. A program sends neither, and has nothing it didn't ask for itself.
    """
    came_from = request.headers.get("sec-fetch-site")
    if came_from is not None:
        return came_from in ("same-origin", "none")
    origin = request.headers.get("origin")
    if origin is None:
        return True
    own = {request.headers.get("host"), urlsplit(settings.web.public_url).netloc}
    asking = origin.partition("://")[2]
    return bool(asking) and asking in own


@lru_cache(4096)
def _parsed(address: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    """The address in its one form: no zone, and IPv4 as such where a socket of both shows it."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return None
    if isinstance(parsed, ipaddress.IPv6Address):
        return parsed.ipv4_mapped or ipaddress.IPv6Address(int(parsed))
    return parsed


class SecurityHeaders:
    """ASGI middleware: adds the headers that keep pages to themselves."""

    def __init__(self, app: ASGIApp, settings: Settings) -> None:
        """Wrap `app`; by the settings it is known who comes by https."""
        self.app, self._settings = app, settings

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on, with the headers added to each answer."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        added = SECURITY_HEADERS
        if came_by_https(Request(scope), self._settings):
            added = added | HTTPS_HEADERS

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = message.setdefault("headers", [])
                present = {name.lower() for name, _ in headers}
                headers.extend(
                    (name.encode(), value.encode())
                    for name, value in added.items()
                    if name.encode() not in present
                )
            await send(message)

        await self.app(scope, receive, send_with_headers)
