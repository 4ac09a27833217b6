"""What an agent sends wrongly, or at the wrong time, is a clear 4xx; nothing changes by it."""

from __future__ import annotations

import json

import pytest

from tests.agent import DeskAgent
from tests.unit.web.refusals import asked_for, assert_error, refused
from tests.unit.web.served import Site

CALLS = ["take", "messages", "handback"]


def test_what_is_not_ones_own_is_refused(
    site: Site, mei: DeskAgent, lin: DeskAgent, conversation: str
) -> None:
    def all_refused(agent: DeskAgent, what: str, body: dict[str, object], code: str) -> None:
        before = asked_for(site)
        assert_error(agent.change(conversation, what, body), 409, code)
        assert asked_for(site) == before

    # In the queue it is nobody's yet; and a page may be old.
    all_refused(mei, "messages", {"text": "hello"}, "not_yours")
    all_refused(mei, "handback", {"epoch": 1}, "changed_meanwhile")
    for epoch in (0, 2, -1, 10**30):
        all_refused(mei, "take", {"epoch": epoch}, "changed_meanwhile")
    mei.take(conversation)
    # Mei's: not Lin's, and not to be taken twice.
    for agent in (mei, lin):
        for epoch in (1, 2):
            all_refused(agent, "take", {"epoch": epoch}, "changed_meanwhile")
    all_refused(lin, "messages", {"text": "hello"}, "not_yours")
    all_refused(lin, "handback", {"epoch": 2}, "changed_meanwhile")
    all_refused(mei, "handback", {"epoch": 1}, "changed_meanwhile")
    mei.hand_back(conversation)
    # The bot's again.
    all_refused(mei, "messages", {"text": "hello"}, "not_yours")
    all_refused(mei, "handback", {"epoch": 3}, "changed_meanwhile")


@pytest.mark.parametrize("what", [*CALLS, ""])
def test_a_conversation_that_is_not_there(
    site: Site, mei: DeskAgent, conversation: str, what: str
) -> None:
    names = ["0" * 32, "nobody", "%00", "a%00b", "%ff", "x" * 2_000, "' OR 1=1 --", "*"]
    names.append(conversation.upper() + "x")
    for name in names:
        path = f"/desk/api/conversations/{name}" + (f"/{what}" if what else "")
        with refused(site, 404, "no_such_conversation", mei.http) as send:
            body = {"epoch": 1, "text": "hello"} if what else None
            send("POST" if what else "GET", path, headers={"idempotency-key": "k"}, json=body)


@pytest.mark.parametrize("what", ["take", "handback"])
def test_an_epoch_that_is_none(site: Site, mei: DeskAgent, conversation: str, what: str) -> None:
    path = f"/desk/api/conversations/{conversation}/{what}"
    with refused(site, 422, "no_epoch", mei.http) as send:
        send("POST", path, json={})
        for epoch in (None, "1", 1.0, True, [1], {}):
            send("POST", path, json={"epoch": epoch})


def test_an_agents_text_that_is_none(site: Site, mei: DeskAgent, conversation: str) -> None:
    mei.take(conversation)
    path = f"/desk/api/conversations/{conversation}/messages"
    for text, code in (
        (None, "text_not_text"),
        (7, "text_not_text"),
        (["hello"], "text_not_text"),
        ("", "text_empty"),
        (" \n\u3000", "text_empty"),
        ("x" * 20_000, "text_too_long"),
        ("a\0b", "text_not_characters"),
        ("\ud800", "text_not_characters"),
    ):
        with refused(site, 422, code, mei.http) as send:
            body = json.dumps({"text": text})
            send("POST", path, content=body, headers={"idempotency-key": "a-key"})
    with refused(site, 400, "no_idempotency_key", mei.http) as send:
        for key in ("", "a b", "x" * 65):
            send("POST", path, json={"text": "hello"}, headers={"idempotency-key": key})
        send("POST", path, json={"text": "hello"})


@pytest.mark.parametrize("what", CALLS)
def test_a_body_that_is_none(site: Site, mei: DeskAgent, conversation: str, what: str) -> None:
    path = f"/desk/api/conversations/{conversation}/{what}"
    key = {"idempotency-key": "a-key"}
    for content, status, code in (
        (b"", 400, "not_json"),
        (b"{", 400, "not_json"),
        (b'{"epoch": ' + b"1" * 5_000 + b"}", 400, "not_json"),
        (b'{"text": "\xff"}', 400, "not_json"),
        (b"[1]", 400, "not_an_object"),
        (b'{"epoch": 1, "text": "' + b"x" * 70_000 + b'"}', 413, "body_too_large"),
    ):
        with refused(site, status, code, mei.http) as send:
            send("POST", path, content=content, headers=key)
