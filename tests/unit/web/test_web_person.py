"""A person by button: no bot is needed, the customer always hears, and never the same twice."""

from __future__ import annotations

import itertools

import pytest

from tests.agent import DeskAgent
from tests.answers import is_wording_of
from tests.customer import Customer
from tests.unit.web.served import Site

PERSON = {"en": "Talk to a person", "zh-Hans": "转人工"}


def offered(site: Site, customer: Customer, language: str = "en") -> str:
    """Let the bot offer a person; the button's id."""
    customer.send(text={"en": "hello there", "zh-Hans": "你好"}[language])
    site.answer("…", buttons=[(PERSON[language], "/human_agent")])
    site.woken(0)
    return str(customer.lines()[-1]["buttons"][0]["id"])


def last(customer: Customer) -> str:
    """What was said last, by the shop itself."""
    line = customer.lines()[-1]
    assert line["author"] == "system"
    return str(line["text"])


@pytest.mark.parametrize("language", ["en", "zh-Hans"])
def test_a_place_in_the_queue_at_once(site: Site, mei: DeskAgent, language: str) -> None:
    customer = site.customer(language)
    button = offered(site, customer, language)
    stream = site.stream(customer, 2)
    customer.send(text={"en": "please wait for my order", "zh-Hans": "请等一下"}[language])
    assert customer.send(button=button) == 4
    stream.wait_for_state(owner="queue", agent=None, working=False)
    [asking, said] = stream.lines()[1:]
    assert (asking["author"], asking["text"]) == ("customer", PERSON[language])
    assert said["author"] == "system"
    assert is_wording_of("utter_handoff_queued", language, said["text"])
    assert "1" in said["text"]

    # What waited for the bot is the person's now; only its first message woke it.
    conversation = site.conversation(customer)
    assert [row.status for row in site.inbox(conversation.id)] == ["done", "person", "person"]
    assert site.woken() == [conversation.id]
    [listed] = mei.conversations()
    assert (listed["owner"], listed["agent"], listed["reason"]) == ("queue", None, "asked")
    assert (listed["asked"], listed["epoch"]) == (1, 1)
    assert listed["language"] == language
    assert listed["waiting_since"].endswith("Z")
    assert listed["last"]["text"] == said["text"]


def test_places_are_by_the_time_of_asking_and_its_urgency(site: Site, mei: DeskAgent) -> None:
    customers = [site.customer() for _ in range(3)]
    buttons = [offered(site, customer) for customer in customers]
    for place, (customer, button) in enumerate(zip(customers, buttons, strict=True), 1):
        customer.send(button=button)
        assert f"place {place}" in last(customer) or f"queue is {place}" in last(customer)
    mei.take(site.conversation(customers[0]).id)
    customers[2].send(button=buttons[2])
    assert is_wording_of("utter_handoff_waiting", "en", last(customers[2]))
    assert "1" in last(customers[2])  # asked twice is the fast lane


def test_asked_again_it_is_said_in_other_words(
    site: Site, customer: Customer, mei: DeskAgent
) -> None:
    button = offered(site, customer)
    said = []
    for _ in range(6):
        customer.send(button=button)
        said.append(last(customer))
    assert is_wording_of("utter_handoff_queued", "en", said[0])
    assert all(is_wording_of("utter_handoff_waiting", "en", text) for text in said[1:])
    assert all(before != after for before, after in itertools.pairwise(said))
    conversation = site.conversation(customer)
    assert (conversation.owner, conversation.asked, conversation.epoch) == ("queue", 6, 1)


def test_while_an_agent_serves_it_is_said_so(site: Site, mei: DeskAgent) -> None:
    customer = site.customer()
    button = offered(site, customer)
    conversation = site.conversation(customer).id
    mei.take(conversation)
    customer.send(button=button)
    assert is_wording_of("utter_handoff_serving", "en", last(customer))
    assert "Mei" in last(customer)
    now = site.conversation(customer)
    assert (now.owner, now.agent_name, now.epoch) == ("agent", "Mei", 1)
    assert [row.status for row in site.inbox(conversation)] == ["done", "person"]
    assert site.woken() == []


def test_in_the_queue_nothing_reaches_the_bot(site: Site, customer: Customer) -> None:
    button = offered(site, customer)
    customer.send(button=button)
    customer.send(text="is anyone there?")
    customer.post({"event": "opened"})
    conversation = site.conversation(customer)
    assert [row.status for row in site.inbox(conversation.id)] == ["done"] + ["person"] * 3
    assert site.woken() == []


def test_the_same_press_twice_is_one_asking(site: Site, customer: Customer) -> None:
    button = offered(site, customer)
    answers = [customer.post({"button": button}, key="press") for _ in range(3)]
    assert [answer.status_code for answer in answers] == [202, 200, 200]
    assert {answer.text for answer in answers} == {'{"line":3}'}
    assert site.conversation(customer).asked == 1
    assert len(customer.lines()) == 4
