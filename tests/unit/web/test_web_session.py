"""A session: the token is all that proves it, and it opens one conversation."""

from __future__ import annotations

import hashlib
import json
import re
from typing import Any

import pytest

from tenin.channels.web import routes
from tests.customer import Customer
from tests.unit.web.refusals import refused
from tests.unit.web.served import Site

CALLS: dict[str, tuple[str, dict[str, Any]]] = {
    "/chat/sign-in": ("POST", {"customer": "x"}),
    "/chat/sign-out": ("POST", {}),
    "/chat/mail": ("POST", {"address": "a@shop.example"}),
    "/chat/messages": ("POST", {"text": "hello"}),
    "/chat/stream": ("GET", {}),
    "/chat/received": ("POST", {"line": 1}),
}


@pytest.fixture(scope="module")
def known(open_site: Site) -> Customer:
    """A customer with a session on the shared site."""
    return open_site.customer()


def test_tokens_are_unguessable_and_only_their_hash_is_kept(site: Site) -> None:
    http = site.http()
    answers = [http.post("/chat/session", json={}) for _ in range(20)]
    assert {answer.status_code for answer in answers} == {201}
    tokens = [answer.json()["token"] for answer in answers]
    assert len(set(tokens)) == 20
    assert len({token[:8] for token in tokens}) == 20
    assert all(re.fullmatch(r"[A-Za-z0-9_-]{43,}", token) for token in tokens)  # 256 bits
    rows = site.rows()
    kept = {row["token_hash"] for row in rows["web_session"]}
    assert kept == {hashlib.sha256(token.encode()).hexdigest() for token in tokens}
    assert not any(token in str(rows) for token in tokens)
    assert len(rows["conversation"]) == 20


@pytest.mark.parametrize(
    ("given", "language"),
    [
        ("zh-CN", "zh-Hans"),
        ("zh", "zh-Hans"),
        ("en-GB", "en"),
        ("fr-FR", "en"),
        ("", "en"),
        (None, "en"),
        (5, "en"),
        (["zh-CN"], "en"),
        ({"a": 1}, "en"),
        ("\ud800", "en"),
        ("zh" + "-" * 30_000, "zh-Hans"),
    ],
    ids=str,
)
def test_the_language_is_the_browsers_where_the_shop_speaks_it(
    open_site: Site, given: object, language: str
) -> None:
    body = json.dumps({"language": given})
    answer = open_site.http().post("/chat/session", content=body)
    assert answer.status_code == 201
    assert answer.json()["language"] == language


def test_the_language_may_be_left_out(open_site: Site) -> None:
    answer = open_site.http().post("/chat/session", json={})
    assert (answer.status_code, answer.json()["language"]) == (201, "en")


def test_every_call_of_the_chat_but_the_first_is_tried_with_strangers_tokens() -> None:
    paths = {route.path: route.methods - {"HEAD"} for route in routes}
    assert paths.pop("/chat/session") == {"POST"}
    assert paths == {path: {method} for path, (method, _) in CALLS.items()}


@pytest.mark.parametrize("path", CALLS)
@pytest.mark.parametrize(
    "given",
    [
        None,
        "",
        "Bearer",
        "Bearer garbage",
        "Bearer {changed}",
        "Bearer {token}x",
        "Bearer {hash}",
        "Bearer {conversation}",
        "Bearer {token} {token}",
        "Basic {token}",
        "{token}",
        "Bearer " + "x" * 8_000,
        "Bearer ÿþ",
        "Bearer ' OR 1=1 --",
        "Bearer null",
    ],
    ids=str,
)
def test_a_strangers_token_opens_nothing(
    open_site: Site, known: Customer, path: str, given: str | None
) -> None:
    token = known.token
    changed = ("A" if token[0] != "A" else "B") + token[1:]
    method, body = CALLS[path]
    headers = {"idempotency-key": "a-key"}
    if given is not None:
        headers["authorization"] = given.format(
            token=token,
            changed=changed,
            hash=hashlib.sha256(token.encode()).hexdigest(),
            conversation=open_site.conversation(known).id,
        )
    with refused(open_site, 401, "no_session") as send:
        send(method, path, headers=headers, json=body if method == "POST" else None)


@pytest.mark.parametrize("path", CALLS)
def test_a_token_elsewhere_than_in_its_header_opens_nothing(
    open_site: Site, known: Customer, path: str
) -> None:
    method, body = CALLS[path]
    for headers, query in (
        ({"cookie": f"token={known.token}"}, ""),
        ({"x-token": known.token}, ""),
        ({}, f"?token={known.token}&authorization=Bearer+{known.token}"),
    ):
        with refused(open_site, 401, "no_session") as send:
            send(
                method,
                path + query,
                headers={"idempotency-key": "a-key", **headers},
                json={**body, "token": known.token} if method == "POST" else None,
            )


def test_a_token_never_opens_anothers_conversation(site: Site) -> None:
    ours, theirs = site.customer(), site.customer()
    ours.send(text="our secret")
    conversation = site.answer("Our answer", buttons=[("Yes", "/affirm")])
    [button] = [b for line in ours.lines() for b in line["buttons"]]

    # Neither lines, nor buttons, nor receipts.
    for after in (None, 0, 1):
        stream = site.stream(theirs, after)
        stream.wait_for_state(owner="bot")
        assert stream.lines() == []
    before = site.rows()
    answer = theirs.post({"button": button["id"]})
    assert (answer.status_code, answer.json()["error"]["code"]) == (404, "no_such_button")
    assert theirs.http.post("/chat/received", json={"line": 2}).status_code == 204
    assert site.rows() == before
    assert site.outbox(conversation) == {2: "pending"}

    # And what is said later reaches one of them alone.
    mine, others = site.stream(ours, 2), site.stream(theirs)
    others.wait_for_state(owner="bot")
    assert ours.send(button=button["id"]) == 3
    site.answer("For you alone")
    mine.wait_for_text("For you alone")
    assert theirs.send(text="and I?") == 1
    others.wait_for_text("and I?")
    assert others.texts() == ["and I?"]
    assert mine.texts() == ["Yes", "For you alone"]
