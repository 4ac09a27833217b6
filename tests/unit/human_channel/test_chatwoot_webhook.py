"""What Chatwoot tells us: who may, how old, how often, in which order."""

from __future__ import annotations

import json
import time
import uuid
from datetime import timedelta
from typing import Any

import pytest

from tenin.conversation.file_checks import CheckedFile
from tenin.conversation.files import Room, keep_customers
from tenin.database import write_transaction
from tests.customer import Customer
from tests.unit.human_channel.chatwoot_server import ACCOUNT, INBOX, RIO, SAM, Delivery
from tests.unit.human_channel.desks import ChatwootDesk, asks_for_a_person, until
from tests.unit.web import persons


def waits(there: ChatwootDesk) -> tuple[Customer, str]:
    """A customer whose request has arrived; their conversation's id."""
    customer = there.site.customer()
    conversation = asks_for_a_person(there.site, customer)
    there.story(conversation)
    there.customers_lines(conversation, 1)
    there.chatwoot.settle()
    return customer, conversation


def told(there: ChatwootDesk, conversation: str, text: str, **more: Any) -> dict[str, Any]:
    """What a webhook says of an agent's message."""
    number = there.number(conversation)
    return {
        "event": "message_created",
        "id": uuid.uuid4().int % 10**9,
        "content": text,
        "message_type": "outgoing",
        "private": False,
        "created_at": "2026-11-22 13:05:57 UTC",
        "sender": SAM.told(),
        "account": {"id": ACCOUNT},
        "inbox": {"id": INBOX},
        "conversation": {"id": number, "status": "open", "meta": {"assignee": None}},
        **more,
    }


def agents_lines(customer: Customer) -> list[tuple[str, str]]:
    return [(line["name"], line["text"]) for line in customer.lines() if line["author"] == "agent"]


def test_calls_are_answered_well_within_five_seconds(there: ChatwootDesk) -> None:
    before = len(there.chatwoot.deliveries)
    _, conversation = waits(there)
    there.write(conversation, "Hello.")
    there.end(conversation)
    calls: list[Delivery] = there.chatwoot.deliveries[before:]
    assert {call.event for call in calls} >= {
        "conversation_created",
        "message_created",
        "conversation_status_changed",
    }
    assert {call.status for call in calls} == {200}
    assert max(call.seconds for call in calls) < 5


@pytest.mark.parametrize(
    "wrong",
    [
        {"secret": "another-secret"},
        {"x_chatwoot_signature": ""},
        {"x_chatwoot_signature": "sha256="},
        {"x_chatwoot_signature": "sha256=" + "0" * 64},
        {"x_chatwoot_signature": "é"},
        {"x_chatwoot_timestamp": ""},
        {"x_chatwoot_timestamp": "1"},
    ],
    ids=["secret", "none", "empty", "zeros", "letters", "no-time", "other-time"],
)
def test_a_call_that_isnt_chatwoots_does_nothing(
    there: ChatwootDesk, wrong: dict[str, str]
) -> None:
    customer, conversation = waits(there)
    body = json.dumps(told(there, conversation, "I am not Sam.")).encode()
    answer = there.chatwoot.post(body, **wrong)  # type: ignore[arg-type]
    assert answer.status_code == 401
    assert answer.json()["error"]["code"] == "wrong_signature"
    assert agents_lines(customer) == []


def test_a_body_changed_on_the_way_does_nothing(there: ChatwootDesk) -> None:
    customer, conversation = waits(there)
    body = json.dumps(told(there, conversation, "Pay nothing.")).encode()
    honest = there.chatwoot.post(body)
    assert honest.status_code == 200
    headers = {
        name: value
        for name, value in honest.request.headers.items()
        if name.startswith("x-chatwoot")
    }
    changed = body.replace(b"nothing", b"me 1000")
    answer = there.site.http().post("/desk/chatwoot/webhook", content=changed, headers=headers)
    assert answer.status_code == 401
    assert agents_lines(customer) == [("Sam", "Pay nothing.")]


@pytest.mark.parametrize(("age", "status"), [(290, 200), (310, 401), (-290, 200), (-310, 401)])
def test_a_call_is_at_most_five_minutes_old(there: ChatwootDesk, age: int, status: int) -> None:
    customer, conversation = waits(there)
    body = json.dumps(told(there, conversation, "Late?")).encode()
    answer = there.chatwoot.post(body, at=time.time() - age)
    assert answer.status_code == status
    if status == 401:
        assert answer.json()["error"]["code"] == "too_old"
    assert agents_lines(customer) == ([("Sam", "Late?")] if status == 200 else [])


def test_a_delivery_is_acted_on_once(there: ChatwootDesk) -> None:
    customer, conversation = waits(there)
    first = told(there, conversation, "Once.")
    other = told(there, conversation, "Under the same delivery.")
    for said in (first, first, other):
        answer = there.chatwoot.post(json.dumps(said).encode(), delivery=f"d-{conversation}")
        assert answer.status_code == 200
    assert agents_lines(customer) == [("Sam", "Once.")]


def test_a_message_is_said_once_whatever_delivers_it(there: ChatwootDesk) -> None:
    """An account's webhook and the inbox's both tell of it, with ids of their own."""
    customer, conversation = waits(there)
    body = json.dumps(told(there, conversation, "Once.")).encode()
    assert [there.chatwoot.post(body).status_code for _ in range(3)] == [200] * 3
    assert there.chatwoot.post(body, x_chatwoot_delivery="").status_code == 200
    assert agents_lines(customer) == [("Sam", "Once.")]


@pytest.mark.parametrize(
    "change",
    [
        {"message_type": "incoming", "sender": {"id": 5, "type": "contact", "name": "C"}},
        {"message_type": "template"},
        {"message_type": "activity"},
        {"private": True},
        {"sender": {"id": 4, "name": "Robo", "type": "agent_bot"}},
        {"sender": None},
        {"source_id": "tenin-ours"},
        {"content": None},
        {"content": " \u0000 "},
        {"id": "seven"},
        {"account": {"id": ACCOUNT + 1}},
        {"inbox": {"id": INBOX + 1}},
        {"conversation": {"id": 999_999, "status": "open"}},
        {"conversation": None},
        {"event": "message_updated"},
        {"event": "conversation_typing_on"},
        {"event": None},
    ],
    ids=lambda change: "-".join(f"{key}" for key in change) + f"-{len(str(change))}",
)
def test_what_isnt_an_agents_word_to_this_customer_is_left_alone(
    there: ChatwootDesk, change: dict[str, Any]
) -> None:
    customer, conversation = waits(there)
    before = len(customer.lines())
    body = json.dumps({**told(there, conversation, "Not for them."), **change}).encode()
    assert there.chatwoot.post(body).status_code == 200
    assert len(customer.lines()) == before
    assert there.site.conversation(customer).owner == "queue"


@pytest.mark.parametrize("body", [b"", b"[]", b"{", b"\xff", b'{"event": [1]}', b"[" * 100_000])
def test_nonsense_is_answered_and_does_nothing(there: ChatwootDesk, body: bytes) -> None:
    assert there.chatwoot.post(body).status_code == 200


def test_a_body_too_large_is_refused(there: ChatwootDesk) -> None:
    assert there.chatwoot.post(b'"' + b"a" * 1024 * 1024 + b'"').status_code == 413


def test_attachments_are_links(there: ChatwootDesk) -> None:
    customer, conversation = waits(there)
    number = there.number(conversation)
    there.chatwoot.write(number, SAM, "Your label:", attachments=["https://chat.example/label.pdf"])
    there.chatwoot.settle()
    assert [text for _, text in agents_lines(customer)] == [
        "Your label:",
        "https://chat.example/label.pdf",
    ]


def test_a_very_long_answer_comes_whole(there: ChatwootDesk) -> None:
    customer, conversation = waits(there)
    text = "".join(f"{number:05d} " for number in range(1_500)).strip()
    there.write(conversation, text)
    pieces = [said for _, said in agents_lines(customer)]
    assert len(pieces) == 3
    assert "".join(pieces).replace(" ", "") == text.replace(" ", "")


def test_a_colleague_takes_over(there: ChatwootDesk) -> None:
    customer, conversation = waits(there)
    there.write(conversation, "Sam here.")
    there.chatwoot.assign(there.number(conversation), RIO)
    there.chatwoot.settle()
    now = there.site.conversation(customer)
    assert (now.owner, now.agent_id, now.agent_name) == ("agent", "chatwoot:12", "Rio")
    assert "Rio" in customer.lines()[-1]["text"]
    there.write(conversation, "Rio here.", RIO)
    there.write(conversation, "Sam once more.", SAM)
    assert agents_lines(customer) == [
        ("Sam", "Sam here."),
        ("Rio", "Rio here."),
        ("Sam", "Sam once more."),
    ]
    assert there.site.conversation(customer).agent_name == "Sam"


def test_to_be_assigned_is_not_to_serve(there: ChatwootDesk) -> None:
    """Chatwoot assigns by itself; who serves is who writes first."""
    customer, conversation = waits(there)
    there.chatwoot.assign(there.number(conversation), RIO)
    there.chatwoot.assign(there.number(conversation), None)
    there.chatwoot.settle()
    assert there.site.conversation(customer).owner == "queue"


def test_pending_is_back_to_the_bot(there: ChatwootDesk) -> None:
    customer, conversation = waits(there)
    there.write(conversation, "The bot can do this.")
    there.chatwoot.set_status(there.number(conversation), "pending")
    there.chatwoot.settle()
    assert there.site.conversation(customer).owner == "bot"
    cards = [card for line in customer.lines() for card in line["cards"]]
    assert cards == []


def test_resolved_ends_the_service_and_asks_for_a_rating_once(there: ChatwootDesk) -> None:
    customer, conversation = waits(there)
    there.write(conversation, "Done.")
    there.end(conversation)
    number = there.number(conversation)
    body = there.chatwoot.deliveries[-1].body
    assert json.loads(body)["event"] == "conversation_status_changed"
    assert there.chatwoot.post(body).status_code == 200  # with a delivery id of its own
    assert there.site.conversation(customer).owner == "bot"
    cards = [card for line in customer.lines() for card in line["cards"]]
    assert [card["type"] for card in cards] == ["rating"]
    time.sleep(2.5)
    assert there.chatwoot.conversations[number]["status"] == "resolved"


def test_resolved_without_a_word_ends_the_waiting(there: ChatwootDesk) -> None:
    customer, conversation = waits(there)
    there.chatwoot.assign(there.number(conversation), RIO)
    there.end(conversation)
    assert there.site.conversation(customer).owner == "bot"
    assert "Rio" in customer.lines()[-1]["text"]


def test_a_word_heard_of_after_the_end_is_said_and_no_more(there: ChatwootDesk) -> None:
    customer, conversation = waits(there)
    number = there.number(conversation)
    there.write(conversation, "One.")
    there.chatwoot.held = []
    there.chatwoot.write(number, SAM, "Two.")
    there.chatwoot.set_status(number, "resolved")
    there.chatwoot.release(backwards=True)
    assert agents_lines(customer) == [("Sam", "One."), ("Sam", "Two.")]
    assert there.site.conversation(customer).owner == "bot"


def test_an_end_heard_of_after_the_next_beginning_ends_nothing(there: ChatwootDesk) -> None:
    customer, conversation = waits(there)
    number = there.number(conversation)
    there.write(conversation, "One.")
    there.end(conversation)
    late = there.chatwoot.deliveries[-1].body
    asks_for_a_person(there.site, customer, "again")
    until(lambda: there.chatwoot.conversations[number]["status"] == "open", "opened again")
    there.chatwoot.settle()
    there.write(conversation, "Two.")
    assert there.chatwoot.post(late).status_code == 200
    assert there.site.conversation(customer).owner == "agent"


def test_an_agent_may_begin_anew_after_the_end(there: ChatwootDesk) -> None:
    customer, conversation = waits(there)
    number = there.number(conversation)
    there.write(conversation, "One.")
    there.end(conversation)
    customer.send(text="thanks")
    there.site.answer("You're welcome.")
    there.chatwoot.set_status(number, "open")
    time.sleep(1.1)  # Chatwoot's times are whole seconds
    there.write(conversation, "One thing more.")
    assert agents_lines(customer) == [("Sam", "One."), ("Sam", "One thing more.")]
    assert there.site.conversation(customer).owner == "agent"
    until(lambda: "You're welcome." in there.story(conversation), "what was said meanwhile")
    customer.send(text="yes?")
    until(lambda: "yes?" in there.chatwoot.said(number), "the customer's line")


def test_what_a_lost_webhook_would_have_told_is_asked_for(
    there: ChatwootDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Chatwoot calls once; a Tenin that was just being restarted never heard of it."""
    customer, conversation = waits(there)
    number = there.number(conversation)
    there.chatwoot.deaf = True
    monkeypatch.setattr("tenin.desk.chatwoot.records.LOOK", timedelta(seconds=1))
    there.chatwoot.write(number, SAM, "Are you there?")
    until(lambda: agents_lines(customer), "the agent's words")
    there.chatwoot.write(number, SAM, "internal", private=True)
    there.chatwoot.write(number, SAM, "I'm off.")
    there.chatwoot.set_status(number, "resolved")
    until(lambda: there.site.conversation(customer).owner == "bot", "the end")
    assert agents_lines(customer) == [("Sam", "Are you there?"), ("Sam", "I'm off.")]


def test_without_chatwoot_there_is_no_such_address(site_of_tenin: Any) -> None:
    assert site_of_tenin.http().post("/desk/chatwoot/webhook", json={}).status_code == 404


def test_a_file_goes_there_by_its_name(there: ChatwootDesk) -> None:
    """What our own desk was sent is in the story; nobody there could open it."""
    site, customer = there.site, there.site.customer()
    customer.send(text="hello")
    conversation = site.answer("Hello")
    persons.wait_for(site, conversation)
    persons.take(site, conversation)
    photo = CheckedFile("broken box.jpg", "image/jpeg", b"\xff\xd8", 8, 8)
    with write_transaction(site.engine) as session:
        keep_customers(session, conversation, "a-photo", photo, Room(5, 1000))
    persons.resolve(site, conversation)
    assert asks_for_a_person(site, customer) == conversation
    assert "broken box.jpg" in there.story(conversation)
    there.write(conversation, "Let me see.")
    with write_transaction(site.engine) as session:
        keep_customers(session, conversation, "another", photo, Room(5, 1000))
    assert there.customers_lines(conversation, 2)[1:] == ["broken box.jpg"]
