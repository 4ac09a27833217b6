"""A message left for a person, with an address: kept once, and it waits like any other work."""

from __future__ import annotations

import json
import uuid
from typing import Any

import httpx
import pytest

from tenin.conversation import consent
from tenin.database import read_transaction
from tests.answers import is_wording_of
from tests.customer import Customer
from tests.unit.web.persons import locked, take, wait_for
from tests.unit.web.refusals import refused
from tests.unit.web.served import Site

ADDRESS = "lin@shop.example"


def leave(customer: Customer, body: dict[str, Any], key: str | None = None) -> httpx.Response:
    headers = {"idempotency-key": key or uuid.uuid4().hex}
    return customer.http.post("/chat/contact", json=body, headers=headers)


def address(site: Site, conversation: str) -> str | None:
    with read_transaction(site.engine) as session:
        return consent.answer_address(session, conversation)


def test_a_message_is_the_customers_line_and_waits(site: Site, customer: Customer) -> None:
    conversation = site.conversation(customer).id
    stream = site.stream(customer)
    stream.wait_for_state(owner="bot", contact=None)
    answer = leave(customer, {"address": f" {ADDRESS} ", "text": " 我的包裹破了，请帮我看看 "})
    assert (answer.status_code, answer.json()) == (202, {"line": 1})
    stream.wait_for_state(owner="queue")
    state = stream.states()[-1]
    assert state["waiting"]["kind"] == "message"
    assert state["contact"]["address"] == ADDRESS
    said, kept = customer.lines()
    assert (said["author"], said["text"]) == ("customer", "我的包裹破了，请帮我看看")
    assert (kept["author"], kept["cards"]) == ("system", [])
    assert is_wording_of("utter_message_kept", "zh-Hans", kept["text"])
    assert state["contact"]["at"] >= said["at"]
    assert address(site, conversation) == ADDRESS
    found = site.conversation(customer)
    assert (found.awaiting, found.language) == ("message", "zh-Hans")
    [handoff] = site.rows()["handoff"]
    assert (handoff["awaiting"], handoff["conversation_id"]) == ("message", conversation)


def test_an_address_alone_belongs_to_what_was_said(site: Site, customer: Customer) -> None:
    conversation = site.conversation(customer).id
    wait_for(site, conversation)
    assert site.conversation(customer).awaiting == "live"
    answer = leave(customer, {"address": ADDRESS, "text": "  "})
    assert (answer.status_code, answer.json()) == (202, {"line": None})
    found = site.conversation(customer)
    assert (found.owner, found.awaiting, found.told_kind) == ("queue", "message", "message")
    assert len(site.rows()["handoff"]) == 1
    assert [line["author"] for line in customer.lines()] == ["system", "system"]


def test_while_an_agent_serves_it_changes_no_owner(site: Site, customer: Customer) -> None:
    conversation = site.conversation(customer).id
    wait_for(site, conversation)
    take(site, conversation)
    answer = leave(customer, {"address": ADDRESS, "text": "I have to go"})
    assert answer.status_code == 202
    assert site.conversation(customer).owner == "agent"
    assert address(site, conversation) == ADDRESS


def test_the_same_key_is_one_message(site: Site, customer: Customer) -> None:
    first = leave(customer, {"address": ADDRESS, "text": "Hello"}, "a-key")
    before = site.rows()
    again = leave(customer, {"address": ADDRESS, "text": "Hello"}, "a-key")
    assert (first.status_code, again.status_code) == (202, 200)
    assert first.json() == again.json() == {"line": 1}
    assert site.rows() == before


def test_a_newer_address_goes_before(site: Site, customer: Customer) -> None:
    conversation = site.conversation(customer).id
    for each in ("typo@shop.example", ADDRESS):
        assert leave(customer, {"address": each}).status_code == 202
    assert address(site, conversation) == ADDRESS
    with locked(site, conversation) as (session, _):
        consent.withdraw_consent(session, conversation)
    stream = site.stream(customer)
    stream.wait(lambda each: bool(each.states()))
    assert stream.states()[-1]["contact"]["address"] is None


REFUSED = [
    ({}, "no_address"),
    ({"address": None, "text": "a"}, "no_address"),
    ({"address": 7}, "no_address"),
    ({"address": ""}, "bad_address"),
    ({"address": "lin"}, "bad_address"),
    ({"address": "lin@localhost"}, "bad_address"),
    ({"address": f"{ADDRESS}\r\nBcc: x@shop.example"}, "bad_address"),
    ({"address": "x" * 250 + "@shop.example"}, "bad_address"),
    ({"address": "\ud800@shop.example"}, "bad_address"),
    ({"address": ADDRESS, "text": "x" * 4001}, "text_too_long"),
    ({"address": ADDRESS, "text": "a\0b"}, "text_not_characters"),
    ({"address": ADDRESS, "text": ["a"]}, "text_not_text"),
]


@pytest.mark.parametrize(
    ("body", "code"), REFUSED, ids=[f"{number}-{code}" for number, (_, code) in enumerate(REFUSED)]
)
def test_what_is_no_message(site: Site, customer: Customer, body: Any, code: str) -> None:
    headers = {"authorization": f"Bearer {customer.token}", "idempotency-key": "k"}
    with refused(site, 422, code) as send:
        send("POST", "/chat/contact", content=json.dumps(body), headers=headers)


def test_without_a_key_nothing_is_taken(site: Site, customer: Customer) -> None:
    headers = {"authorization": f"Bearer {customer.token}"}
    with refused(site, 400, "no_idempotency_key") as send:
        send("POST", "/chat/contact", json={"address": ADDRESS}, headers=headers)
