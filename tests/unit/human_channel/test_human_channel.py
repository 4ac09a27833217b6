"""What any desk must do, done through ours and through Chatwoot."""

from __future__ import annotations

import time

from tests.answers import is_wording_of
from tests.customer import Customer
from tests.unit.human_channel.desks import Desk, asks_for_a_person, until
from tests.unit.web.served import Site


def agents_lines(customer: Customer) -> list[tuple[str, str]]:
    return [(line["name"], line["text"]) for line in customer.lines() if line["author"] == "agent"]


def owner(site: Site, customer: Customer) -> str:
    return str(site.conversation(customer).owner)


def test_a_request_arrives_with_its_story(desk: Desk) -> None:
    customer = desk.site.customer()
    conversation = asks_for_a_person(desk.site, customer, "my lamp is broken")
    story = desk.story(conversation)
    assert "en" in story
    assert story.index("my lamp is broken") < story.index("I have looked.")
    assert story.index("I have looked.") < story.index("Talk to a person")


def test_the_customer_hears_at_once_what_was_done(desk: Desk) -> None:
    customer = desk.site.customer()
    asks_for_a_person(desk.site, customer)
    said = customer.lines()[-1]
    assert said["author"] == "system"
    promise = desk.site.conversation(customer).told_kind
    assert is_wording_of(f"utter_handoff_{promise}", "en", said["text"])
    assert owner(desk.site, customer) == "queue"


def test_the_customers_lines_arrive_once_and_in_order(desk: Desk) -> None:
    customer = desk.site.customer()
    conversation = asks_for_a_person(desk.site, customer)
    early = [f"while waiting {number}" for number in range(6)]
    for text in early:
        customer.send(text=text)
    assert desk.customers_lines(conversation, 7)[1:] == early
    desk.write(conversation, "I'm here.")
    late = [f"while served {number}" for number in range(6)]
    for text in late:
        customer.post({"text": text}, key=text.replace(" ", "-"))
        customer.post({"text": text}, key=text.replace(" ", "-"))
    assert desk.customers_lines(conversation, 13)[1:] == [*early, *late]
    time.sleep(2.5)  # whatever would come twice has come by then
    assert desk.customers_lines(conversation, 13)[1:] == [*early, *late]


def test_an_answer_reaches_the_customer_once_with_the_agents_name(desk: Desk) -> None:
    customer = desk.site.customer()
    conversation = asks_for_a_person(desk.site, customer)
    desk.story(conversation)
    desk.write(conversation, "Let me see.")
    desk.write(conversation, "It comes tomorrow.")
    name = desk.agent
    assert agents_lines(customer) == [(name, "Let me see."), (name, "It comes tomorrow.")]
    joined = [
        line["text"]
        for line in customer.lines()
        if is_wording_of("utter_agent_joined", "en", line["text"])
    ]
    assert len(joined) == 1
    assert name in joined[0]
    now = desk.site.conversation(customer)
    assert (now.owner, now.agent_name, now.epoch) == ("agent", name, 2)


def test_the_bot_is_silent_meanwhile_and_serves_again_afterwards(desk: Desk) -> None:
    site = desk.site
    customer = site.customer()
    conversation = asks_for_a_person(site, customer)
    desk.story(conversation)
    desk.write(conversation, "I'm here.")
    customer.send(text="thank you")
    assert [row.status for row in site.inbox(conversation)] == ["done", "person", "person"]
    site.woken(0)
    desk.end(conversation)
    until(lambda: owner(site, customer) == "bot", "the bot")
    assert conversation in site.woken()
    customer.send(text="and the price?")
    site.answer("Twelve.")
    assert customer.lines()[-1]["text"] == "Twelve."
    assert site.inbox(conversation)[-1].status == "done"


def test_asked_twice_the_person_comes_twice(desk: Desk) -> None:
    site = desk.site
    customer = site.customer()
    conversation = asks_for_a_person(site, customer, "the first matter")
    desk.story(conversation)
    desk.write(conversation, "Done.")
    desk.end(conversation)
    until(lambda: owner(site, customer) == "bot", "the bot")
    assert asks_for_a_person(site, customer, "the second matter") == conversation
    until(lambda: "the second matter" in desk.story(conversation), "the second story")
    customer.send(text="hello again")
    assert desk.customers_lines(conversation, 2)[1:] == ["hello again"]
    desk.write(conversation, "Me again.")
    assert [text for _, text in agents_lines(customer)] == ["Done.", "Me again."]
    assert owner(site, customer) == "agent"


def test_asked_again_while_waiting_it_is_one_request(desk: Desk) -> None:
    customer = desk.site.customer()
    conversation = asks_for_a_person(desk.site, customer)
    desk.story(conversation)
    button = next(line for line in customer.lines() if line["buttons"])["buttons"][0]["id"]
    customer.send(button=button)
    assert customer.lines()[-1]["author"] == "system"
    now = desk.site.conversation(customer)
    assert (now.owner, now.asked, now.epoch) == ("queue", 2, 1)
    assert "asked_again" in now.signs


def test_who_leaves_the_queue_has_the_bot_again(desk: Desk) -> None:
    site = desk.site
    customer = site.customer()
    customer.send(text="hm")
    site.answer("?", buttons=[("Talk to a person", "/human_agent"), ("No wait", "/leave_queue")])
    person, leave = (each["id"] for each in customer.lines()[-1]["buttons"])
    customer.send(button=person)
    conversation = site.conversation(customer).id
    desk.story(conversation)
    customer.send(button=leave)
    assert owner(site, customer) == "bot"
    customer.send(text="so?")
    site.answer("So.")
    assert customer.lines()[-1]["text"] == "So."


def test_both_desks_are_shown_each_others_customers_never(desk: Desk) -> None:
    first, second = desk.site.customer(), desk.site.customer()
    one = asks_for_a_person(desk.site, first, "mine is blue")
    other = asks_for_a_person(desk.site, second, "mine is red")
    assert "red" not in desk.story(one)
    assert "blue" not in desk.story(other)
    desk.write(other, "Red is out.")
    assert agents_lines(first) == []
    assert [text for _, text in agents_lines(second)] == ["Red is out."]
