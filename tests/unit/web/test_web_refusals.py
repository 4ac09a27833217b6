"""Whatever a browser sends wrongly is a clear 4xx; nothing is written and nothing crashes."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from tests.customer import Customer
from tests.unit.web.refusals import assert_error, refused
from tests.unit.web.served import Site, plain_client

LONG_NUMBER = "1" * 5_000  # more digits than Python turns into a number


@pytest.fixture(scope="module")
def known(open_site: Site) -> Customer:
    """A customer with a session on the shared site."""
    return open_site.customer()


@pytest.fixture
def chat(open_site: Site, known: Customer) -> Iterator[httpx.Client]:
    """A client that carries the customer's token and a key nobody has used."""
    headers = {"authorization": f"Bearer {known.token}", "idempotency-key": "a-key"}
    with plain_client(open_site.url, headers) as client:
        yield client


def nested(depth: int, opening: str, closing: str) -> str:
    return opening * depth + "1" + closing * depth


@pytest.mark.parametrize(
    ("text", "code"),
    [
        pytest.param("x" * 20_000, "text_too_long", id="20,000 characters"),
        pytest.param("字" * 4_001, "text_too_long", id="one too many"),
        pytest.param("😀" * 4_001, "text_too_long", id="one too many beyond the BMP"),
        pytest.param("a\0b", "text_not_characters", id="NUL"),
        pytest.param("\0", "text_not_characters", id="only NUL"),
        pytest.param("a\x1bb", "text_not_characters", id="escape"),
        pytest.param("a\ud800b", "text_not_characters", id="lone high surrogate"),
        pytest.param("a\udfffb", "text_not_characters", id="lone low surrogate"),
        pytest.param("\udc00\ud800", "text_not_characters", id="pair the wrong way round"),
        pytest.param(7, "text_not_text", id="number"),
        pytest.param(7.5, "text_not_text", id="fraction"),
        pytest.param(float("nan"), "text_not_text", id="NaN"),
        pytest.param(True, "text_not_text", id="true"),
        pytest.param(None, "text_not_text", id="null"),
        pytest.param(["hello"], "text_not_text", id="list"),
        pytest.param({"text": "hello"}, "text_not_text", id="object"),
        pytest.param("", "text_empty", id="empty"),
        pytest.param(" \t\r\n ", "text_empty", id="blank"),
        pytest.param("\u3000\u2003\xa0", "text_empty", id="blank in Unicode"),
    ],
)
def test_a_text_that_is_none(open_site: Site, chat: httpx.Client, text: object, code: str) -> None:
    with refused(open_site, 422, code, chat) as send:
        send("POST", "/chat/messages", content=json.dumps({"text": text}))


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"texts": "hello"},
        {"text": "hello", "button": "0" * 32},
        {"text": "hello", "event": "opened"},
        {"text": "hello", "button": None},
        {"text": "a", "button": "b", "event": "opened"},
    ],
    ids=str,
)
def test_a_message_that_is_not_one_thing(
    open_site: Site, chat: httpx.Client, body: dict[str, Any]
) -> None:
    with refused(open_site, 422, "not_one_kind", chat) as send:
        send("POST", "/chat/messages", json=body)


@pytest.mark.parametrize(
    "button",
    ["", "0" * 32, "x" * 20_000, "a\0b", "\ud800", "' OR 1=1 --", "/human_agent", 1, None, ["a"]],
    ids=lambda value: ascii(value)[:20],
)
def test_a_button_that_was_never_offered(
    open_site: Site, chat: httpx.Client, button: object
) -> None:
    with refused(open_site, 404, "no_such_button", chat) as send:
        send("POST", "/chat/messages", content=json.dumps({"button": button}))


@pytest.mark.parametrize("event", ["", "closed", "/page_opened", "a\0b", "\ud800", 1, None, [], {}])
def test_an_event_that_no_page_has(open_site: Site, chat: httpx.Client, event: object) -> None:
    with refused(open_site, 422, "no_such_event", chat) as send:
        send("POST", "/chat/messages", content=json.dumps({"event": event}))


@pytest.mark.parametrize(
    "key",
    [None, "", "x" * 65, "x" * 20_000, "a b", "a.b", "a/b", "ключ", "a\tb", "a,b"],
    ids=lambda value: ascii(value)[:20],
)
@pytest.mark.parametrize("body", [{"text": "hello"}, {"event": "opened"}], ids=str)
def test_a_key_that_is_none(
    open_site: Site, known: Customer, key: str | None, body: dict[str, str]
) -> None:
    headers = {"authorization": f"Bearer {known.token}"}
    if key is not None:
        headers["idempotency-key"] = key
    with refused(open_site, 400, "no_idempotency_key") as send:
        send("POST", "/chat/messages", headers=headers, json=body)


NO_JSON = [
    pytest.param(b"", id="nothing"),
    pytest.param(b"{", id="half"),
    pytest.param(b'{"text": "hello"', id="cut off"),
    pytest.param(b'{"text": "hello"} and more', id="and more"),
    pytest.param(b"text=hello", id="a form"),
    pytest.param(b"<p>hello</p>", id="HTML"),
    pytest.param(b"{'text': 'hello'}", id="single quotes"),
    pytest.param(b'{"text": "a\x00b"}', id="a control character as it is"),
    pytest.param(b"\x00\x01\x02", id="bytes"),
    pytest.param(b'{"text": "\xff\xfe"}', id="not UTF-8"),
    pytest.param(b'{"text": "\xed\xa0\x80"}', id="a surrogate in UTF-8"),
    pytest.param('{"text": "hello"}'.encode("utf-16"), id="UTF-16"),
    pytest.param(('{"text": ' + nested(30_000, "[", "]") + "}").encode(), id="deep lists"),
    pytest.param(nested(5_000, '{"text":', "}").encode(), id="deep objects"),
    pytest.param(b"[" * 60_000, id="deep and open"),
    pytest.param(f'{{"text": {LONG_NUMBER}}}'.encode(), id="a long number"),
    pytest.param(f'{{"line": -{LONG_NUMBER}}}'.encode(), id="a long negative number"),
]
NO_OBJECT = [b"[]", b'["text"]', b'"text"', b"7", b"null", b"true", b"NaN", b"[{}]"]
CALLS = ["/chat/session", "/chat/messages", "/chat/received", "/chat/rating", "/chat/contact"]


@pytest.mark.parametrize("path", CALLS)
@pytest.mark.parametrize("body", NO_JSON)
def test_a_body_that_is_not_json(
    open_site: Site, chat: httpx.Client, path: str, body: bytes
) -> None:
    with refused(open_site, 400, "not_json", chat) as send:
        send("POST", path, content=body)


@pytest.mark.parametrize("path", CALLS)
@pytest.mark.parametrize("body", NO_OBJECT)
def test_a_body_that_is_not_an_object(
    open_site: Site, chat: httpx.Client, path: str, body: bytes
) -> None:
    with refused(open_site, 400, "not_an_object", chat) as send:
        send("POST", path, content=body)


@pytest.mark.parametrize("path", CALLS)
@pytest.mark.parametrize("in_chunks", [False, True])
def test_a_body_that_is_too_large(
    open_site: Site, chat: httpx.Client, path: str, in_chunks: bool
) -> None:
    body = json.dumps({"text": "x" * (64 * 1024), "line": 1}).encode()
    content = iter([body[:1000], body[1000:]]) if in_chunks else body
    with refused(open_site, 413, "body_too_large", chat) as send:
        send("POST", path, content=content)


@pytest.mark.parametrize(
    "given",
    [
        "-1",
        "+1",
        "1.5",
        "0x10",
        "1 2",
        "1,2",
        "abc",
        "２",
        "NaN",
        "2147483648",
        "9" * 20,
        "9" * 5_000,
        "0" * 20 + "9" * 20,
        "0" * 20 + "9" * 5_000,
    ],
    ids=lambda value: ascii(value)[:30],
)
def test_a_last_event_id_that_is_no_line(open_site: Site, chat: httpx.Client, given: str) -> None:
    with refused(open_site, 400, "bad_event_id", chat) as send:
        send("GET", "/chat/stream", headers={"last-event-id": given})


@pytest.mark.parametrize(
    "line", [None, "1", 1.5, True, -1, 2**31, 10**30, [1], {}, float("nan"), float("inf")], ids=str
)
def test_a_receipt_for_no_line(open_site: Site, chat: httpx.Client, line: object) -> None:
    with refused(open_site, 422, "bad_line", chat) as send:
        send("POST", "/chat/received", content=json.dumps({"line": line}))
        send("POST", "/chat/received", json={})


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/chat/session"),
        ("PUT", "/chat/session"),
        ("GET", "/chat/messages"),
        ("DELETE", "/chat/messages"),
        ("POST", "/chat/stream"),
        ("GET", "/chat/received"),
        ("PATCH", "/chat/received"),
        ("GET", "/chat/typing"),
        ("GET", "/chat/rating"),
        ("GET", "/chat/contact"),
        ("PUT", "/chat/continue/abc"),
        ("POST", "/"),
        ("POST", "/health"),
        ("POST", "/static/widget/widget.js"),
        ("POST", "/widget.js"),
        ("OPTIONS", "/chat/messages"),
    ],
)
def test_another_method(open_site: Site, chat: httpx.Client, method: str, path: str) -> None:
    with refused(open_site, 405, "http_405", chat) as send:
        send(method, path)


@pytest.mark.parametrize(
    "path",
    [
        "/chat",
        "/chat/nothing",
        "/nothing",
        "/favicon.ico",
        "/static/nothing.js",
        "/static/widget",
        "/static/%2e%2e/rendering.py",
        "/static/..%2frendering.py",
        "/static/%2fetc%2fpasswd",
        "/static/a%00b.js",
        "/static/" + "x" * 1_000,
        "/%ff%fe",
        "/webhooks/inbox/health",
    ],
    ids=lambda value: value[:30],
)
def test_an_address_where_nothing_is(open_site: Site, chat: httpx.Client, path: str) -> None:
    with refused(open_site, 404, "not_found", chat) as send:
        send("GET", path)


def test_a_browser_gets_a_page_where_nothing_is(open_site: Site) -> None:
    http = open_site.http({"accept": "text/html,*/*;q=0.8", "accept-language": "zh-CN,zh;q=0.9"})
    answer = http.get("/nothing")
    assert answer.status_code == 404
    assert answer.headers["content-type"].startswith("text/html")
    assert 'lang="zh-Hans"' in answer.text


def test_a_failure_of_the_site_itself_has_the_same_form(site: Site, customer: Customer) -> None:
    customer.send(text="before")
    with site.engine.begin() as connection:
        connection.exec_driver_sql("ALTER TABLE inbox RENAME TO elsewhere")
    assert_error(customer.post({"text": "during"}), 500, "http_500")
    assert site.http().get("/").status_code == 200  # the shop has a database of its own
    with site.engine.begin() as connection:
        connection.exec_driver_sql("ALTER TABLE elsewhere RENAME TO inbox")
    customer.send(text="after")
    assert [line["text"] for line in customer.lines()] == ["before", "after"]
    assert any("Exception in ASGI application" in error for error in site.errors)
    site.errors.clear()
