"""Chatwoot down, slow, forgetful or unwilling; and our own desk beside it."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from tests.answers import is_wording_of
from tests.customer import Customer
from tests.unit.human_channel.chatwoot_server import SAM, Chatwoot
from tests.unit.human_channel.desks import ChatwootDesk, asks_for_a_person, until

ASKED = "Talk to a person"


def stop(chatwoot: Chatwoot) -> None:
    chatwoot.stop()


def hang_up(chatwoot: Chatwoot) -> None:
    chatwoot.down = True


def fail(chatwoot: Chatwoot, status: int = 500) -> None:
    chatwoot.failing, chatwoot.status = 10**9, status


def refuse_the_token(chatwoot: Chatwoot) -> None:
    fail(chatwoot, 401)


def answer_slowly(chatwoot: Chatwoot) -> None:
    chatwoot.slow = 4.0


BREAKS = [stop, hang_up, fail, refuse_the_token, answer_slowly]


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever failed is tried again within a second."""
    monkeypatch.setattr("tenin.desk.chatwoot.records.LONGEST_WAIT", timedelta(seconds=1))


def promises(customer: Customer) -> list[str]:
    """What the customer was told of the request, in order."""
    found = []
    for line in customer.lines():
        for kind in ("elsewhere", "unreachable", "returned"):
            if is_wording_of(f"utter_handoff_{kind}", "en", line["text"]):
                found.append(kind)
    return found


def agents_lines(customer: Customer) -> list[str]:
    return [line["text"] for line in customer.lines() if line["author"] == "agent"]


def notes_here(there: ChatwootDesk, conversation: str) -> list[str]:
    lines = there.site.agent().look(conversation)["lines"]
    return [line["text"] for line in lines if line["author"] == "note"]


@pytest.mark.parametrize("break_it", BREAKS, ids=lambda each: each.__name__)
def test_unreachable_the_truth_is_told_and_the_request_is_kept(
    there: ChatwootDesk, break_it: Callable[[Chatwoot], None]
) -> None:
    break_it(there.chatwoot)
    first = there.site.customer()
    one = asks_for_a_person(there.site, first, "mine is blue")
    until(lambda: promises(first) == ["elsewhere", "unreachable"], "the truth")
    second = there.site.customer()
    other = asks_for_a_person(there.site, second, "mine is red")
    assert promises(second) == ["unreachable"]
    for number in range(3):
        first.send(text=f"still here {number}")
    assert there.site.conversation(first).owner == "queue"

    there.chatwoot.mend()
    assert "mine is blue" in there.story(one)
    assert there.customers_lines(one, 4)[1:] == [f"still here {number}" for number in range(3)]
    assert "mine is red" in there.story(other)
    until(lambda: promises(first)[-1] == "elsewhere", "that it was delivered")
    until(lambda: promises(second) == ["unreachable", "elsewhere"], "that it was delivered")
    assert promises(first) == ["elsewhere", "unreachable", "elsewhere"]
    assert len(there.chatwoot.said(there.number(one), "note")) == 1
    there.write(one, "At last.")
    assert agents_lines(first) == ["At last."]


@pytest.mark.parametrize("lost", [1, 2, 3, 4, 5, 6])
def test_an_answer_that_is_lost_doubles_nothing(there: ChatwootDesk, lost: int) -> None:
    """Whichever call it was of; the last of them is followed by customers' lines."""
    there.chatwoot.losing = lost
    customer = there.site.customer()
    conversation = asks_for_a_person(there.site, customer)
    for number in range(3):
        customer.send(text=f"line {number}")
    wanted = [ASKED, "line 0", "line 1", "line 2"]
    assert there.customers_lines(conversation, 4) == wanted
    assert there.chatwoot.losing == 0
    [number] = [
        each
        for each, row in there.chatwoot.conversations.items()
        if there.chatwoot.contacts[row["contact_id"]]["identifier"] == f"tenin-{conversation}"
    ]
    assert len(there.chatwoot.said(number, "note")) == 1
    time.sleep(2.5)
    assert there.chatwoot.said(number) == wanted


def test_one_line_that_fails_holds_the_others_back_and_loses_none(there: ChatwootDesk) -> None:
    customer = there.site.customer()
    conversation = asks_for_a_person(there.site, customer)
    there.customers_lines(conversation, 1)
    there.write(conversation, "I'm here.")
    for number in range(12):
        if number % 4 == 0:
            there.chatwoot.failing = 2
        if number % 4 == 2:
            there.chatwoot.losing = 1
        customer.send(text=f"line {number}")
    wanted = [ASKED, *(f"line {number}" for number in range(12))]
    assert there.customers_lines(conversation, 13) == wanted


def test_a_slow_chatwoot_slows_nobody_here(there: ChatwootDesk) -> None:
    there.chatwoot.slow = 2.0
    customer = there.site.customer()
    asks_for_a_person(there.site, customer)
    took = []
    for number in range(8):
        began = time.monotonic()
        customer.send(text=f"line {number}")
        took.append(time.monotonic() - began)
    assert sorted(took)[len(took) // 2] < 1.0


def test_our_desk_can_take_what_chatwoot_was_never_told(there: ChatwootDesk) -> None:
    there.chatwoot.down = True
    customer = there.site.customer()
    conversation = asks_for_a_person(there.site, customer)
    until(lambda: promises(customer)[-1] == "unreachable", "the truth")
    mei = there.site.agent("Mei")
    mei.take(conversation)
    mei.write(conversation, "I'll do it.")
    before = len(there.chatwoot.conversations)
    there.chatwoot.mend()
    time.sleep(3)
    assert len(there.chatwoot.conversations) == before
    assert agents_lines(customer) == ["I'll do it."]
    assert promises(customer) == ["elsewhere", "unreachable"]


def test_our_desk_can_take_what_chatwoot_has(there: ChatwootDesk) -> None:
    customer = there.site.customer()
    conversation = asks_for_a_person(there.site, customer)
    there.customers_lines(conversation, 1)
    number = there.number(conversation)
    mei = there.site.agent("Mei")
    mei.take(conversation)
    until(lambda: there.chatwoot.conversations[number]["status"] == "resolved", "the end there")
    assert "Mei" in there.chatwoot.said(number, "note")[-1]
    assert there.site.conversation(customer).owner == "agent"
    customer.send(text="for Mei alone")
    mei.write(conversation, "Hello from Mei.")

    # An agent there who writes all the same is told again, and ours is shown it.
    notes = len(there.chatwoot.said(number, "note"))
    there.chatwoot.write(number, SAM, "Hello from Sam.")
    there.chatwoot.settle()
    assert agents_lines(customer) == ["Hello from Mei."]
    [note] = notes_here(there, conversation)
    assert "Hello from Sam." in note
    until(lambda: len(there.chatwoot.said(number, "note")) > notes, "a second note")
    assert "for Mei alone" not in there.chatwoot.said(number)
    assert all(line["text"] != note for line in customer.lines())

    mei.hand_back(conversation)
    asks_for_a_person(there.site, customer, "and another thing")
    until(lambda: "for Mei alone" in there.story(conversation), "the story goes on there")
    until(lambda: there.chatwoot.conversations[number]["status"] == "open", "open again")
    there.write(conversation, "Now it's me.")
    assert agents_lines(customer) == ["Hello from Mei.", "Now it's me."]


def test_who_no_longer_waits_is_waited_for_no_longer(there: ChatwootDesk) -> None:
    customer = there.site.customer()
    customer.send(text="hm")
    there.site.answer("?", buttons=[(ASKED, "/human_agent"), ("No wait", "/leave_queue")])
    person, leave = (each["id"] for each in customer.lines()[-1]["buttons"])
    customer.send(button=person)
    conversation = there.site.conversation(customer).id
    there.customers_lines(conversation, 1)
    number = there.number(conversation)
    customer.send(button=leave)
    until(lambda: there.chatwoot.conversations[number]["status"] == "resolved", "the end there")
    there.chatwoot.settle()
    assert there.site.conversation(customer).owner == "bot"
    assert len(there.chatwoot.said(number, "note")) == 2
    assert all(card["type"] != "rating" for line in customer.lines() for card in line["cards"])


@pytest.mark.parametrize("path", ["/contacts", "/conversations", "/messages"])
def test_what_chatwoot_refuses_waits_at_our_desk(there: ChatwootDesk, path: str) -> None:
    refused = (422, {"message": "not like this"})
    there.chatwoot.refusing = lambda method, asked: (
        refused if method == "POST" and asked.endswith(path) else None
    )
    customer = there.site.customer()
    conversation = asks_for_a_person(there.site, customer)
    assert promises(customer)[0] == "elsewhere"

    def told() -> str:
        return str(there.site.conversation(customer).told_kind)

    until(lambda: told() not in ("elsewhere", "unreachable"), "our own promise")
    said = [line["text"] for line in customer.lines() if line["author"] == "system"]
    assert any(is_wording_of(f"utter_handoff_{told()}", "en", text) for text in said)
    [note] = notes_here(there, conversation)
    assert "422" in note
    assert "not like this" in note
    assert there.site.conversation(customer).owner == "queue"
    asked = len(there.chatwoot.asked)
    time.sleep(2.5)
    assert len(there.chatwoot.asked) == asked, "refused for good, and tried again"
    mei = there.site.agent("Mei")
    mei.take(conversation)
    mei.write(conversation, "Here I am.")
    assert agents_lines(customer) == ["Here I am."]


def test_a_line_that_is_refused_brings_the_conversation_to_our_desk(there: ChatwootDesk) -> None:
    customer = there.site.customer()
    conversation = asks_for_a_person(there.site, customer)
    there.customers_lines(conversation, 1)
    there.write(conversation, "I'm here.")
    there.chatwoot.delete(there.number(conversation))
    customer.send(text="and now?")
    until(lambda: there.site.conversation(customer).owner == "queue", "our queue")
    assert promises(customer)[-1] == "returned"
    until(lambda: notes_here(there, conversation), "the note")
    assert "404" in notes_here(there, conversation)[0]
    mei = there.site.agent("Mei")
    mei.take(conversation)
    mei.hand_back(conversation)
    # The next request begins anew there.
    asks_for_a_person(there.site, customer, "another day")
    assert "another day" in there.story(conversation)


def test_an_agent_who_cant_be_reached_for_long_is_gone(
    there: ChatwootDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    customer = there.site.customer()
    conversation = asks_for_a_person(there.site, customer)
    there.customers_lines(conversation, 1)
    there.write(conversation, "I'm here.")
    there.chatwoot.down = True
    customer.send(text="are you still there?")
    time.sleep(3)
    assert there.site.conversation(customer).owner == "agent", "a moment is no reason"
    monkeypatch.setattr("tenin.desk.chatwoot.forwarder.GONE", timedelta(seconds=1))
    until(lambda: there.site.conversation(customer).owner == "queue", "the queue")
    assert promises(customer)[-1] == "returned"
    assert there.site.conversation(customer).told_kind == "unreachable"
    there.chatwoot.mend()
    until(
        lambda: there.chatwoot.said(there.number(conversation))[-1] == "are you still there?",
        "the line",
    )
    there.write(conversation, "Yes.")
    assert agents_lines(customer) == ["I'm here.", "Yes."]
    assert there.chatwoot.said(there.number(conversation)).count("are you still there?") == 1


def test_the_story_says_why_what_and_for_whom(there: ChatwootDesk) -> None:
    customer = there.site.customer("ja")
    customer.send(text="ランプが壊れました")
    there.site.answer("お調べします。", buttons=[("担当者", "/human_agent")])
    customer.send(button=customer.lines()[-1]["buttons"][0]["id"])
    customer.send(button=customer.lines()[1]["buttons"][0]["id"])
    story = there.story(str(there.site.conversation(customer).id))
    assert "ja" in story
    assert "ランプが壊れました" in story
    assert "お調べします。" in story
    assert "http" not in story


def test_a_very_long_story_is_told_from_its_end(there: ChatwootDesk) -> None:
    customer = there.site.customer()
    for number in range(20):
        customer.send(text=f"{number} " + "x" * 3_900)
        there.site.answer("Yes.")
    conversation = asks_for_a_person(there.site, customer, "at last")
    story = there.story(conversation)
    assert len(story) < 60_000
    assert "at last" in story
    assert "\n… " in story
    assert " Customer: 0 x" not in story


def test_a_text_of_markup_stays_as_it_is(there: ChatwootDesk) -> None:
    customer = there.site.customer()
    conversation = asks_for_a_person(there.site, customer)
    strange: list[Any] = ['<script>alert("1")</script> {place} \\n \u202e 😀', "/resolve", "'"]
    for text in strange:
        customer.send(text=text)
    assert there.customers_lines(conversation, 4)[1:] == strange
