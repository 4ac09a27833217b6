"""The agents' page in a real browser: offers, answers, notes, what calls the agent, who has it."""

from __future__ import annotations

import re
from typing import Any

import pytest
from playwright.sync_api import Request, expect

from tests.browser.desk_page import DeskPage, NewContext, asks, mark
from tests.browser.played import said
from tests.customer import Customer
from tests.unit.web.conftest import databases, emptied_site, site
from tests.unit.web.served import Site

__all__ = ["databases", "emptied_site", "site"]

TWENTY = [f"line {number} of twenty" for number in range(1, 21)]


def texts(customer: Customer, author: str) -> list[str]:
    """What the customer can read of this author."""
    return [line["text"] for line in customer.lines() if line["author"] == author]


def flashing(desk: DeskPage, words: str) -> None:
    """Wait until the title says this."""
    desk.page.wait_for_function("(words) => document.title === words", arg=words)


def test_what_is_offered_is_accepted_and_answered_and_the_customer_reads_it(
    site: Site, new_context: NewContext
) -> None:
    desk = DeskPage(site, new_context())
    customer = asks(site, "My shoes are torn")
    mark(site, customer, priority=2, signs=["anger", "asked"])
    offer = desk.offer()
    expect(offer).to_contain_text(desk.words["offer"]["yours"])
    expect(offer).to_contain_text(desk.words["sign"]["anger"])
    expect(offer.get_by_role("timer")).to_contain_text("sec")
    name = offer.get_attribute("aria-label")
    expect(desk.page.get_by_role("alert").filter(has_text=str(name))).to_have_count(1)
    assert site.conversation(customer).owner == "queue"

    desk.tab_to(offer.get_by_role("button", name=desk.words["offer"]["accept"]))
    desk.page.keyboard.press("Enter")
    expect(desk.box()).to_be_focused()
    desk.page.keyboard.type("Hello, I'm reading it")
    desk.page.keyboard.press("Enter")
    line = desk.log().locator(".line.agent")
    expect(line).to_contain_text("Hello, I'm reading it")
    expect(line).to_contain_text(desk.words["delivery"]["pending"])
    expect(desk.offer()).to_have_count(0)
    conversation = site.conversation(customer)
    assert (conversation.owner, conversation.agent_name) == ("agent", "Mei")
    assert texts(customer, "agent") == ["Hello, I'm reading it"]

    customer.send(text="Thank you!")
    expect(desk.log().locator(".line.customer").last).to_contain_text("Thank you!")


MARKED = """Take **both** or *one*: `KT-601`, see [the tent](https://shop.example/tent).
1. first
2. second <img src=x onerror="document.title='run'">
- a list"""


def test_marks_are_drawn_as_the_customer_sees_them_and_what_they_typed_as_typed(
    site: Site, new_context: NewContext
) -> None:
    desk = DeskPage(site, new_context())
    customer = asks(site, "A **person**, <b>please</b>")
    desk.accept()
    said(site, str(site.conversation(customer).id), MARKED)
    site.hub.moved(str(site.conversation(customer).id))
    bot = desk.log().locator(".line.bot").last
    expect(bot.locator(".text strong")).to_have_text("both")
    expect(bot.locator(".text em")).to_have_text("one")
    expect(bot.locator(".text code")).to_have_text("KT-601")
    link = bot.get_by_role("link", name="the tent")
    expect(link).to_have_attribute("href", "https://shop.example/tent")
    expect(link).to_have_attribute("rel", re.compile("noopener"))
    expect(bot.locator("ol > li")).to_have_count(2)
    expect(bot.locator("ul > li")).to_have_text(["a list"])
    expect(bot).to_contain_text("<img src=x")
    expect(bot.locator("img")).to_have_count(0)

    desk.box().fill("I took **both**")
    desk.box().press("Enter")
    expect(desk.log().locator(".line.agent .text strong")).to_have_text("both")
    typed = desk.log().locator(".line.customer .text").filter(has_text="person")
    expect(typed).to_have_text("A **person**, <b>please</b>")
    desk.button(desk.words["mode"]["note"]).click()
    desk.note_box().fill("**not** a mark")
    desk.note_box().press("Enter")
    expect(desk.log().locator(".line.note .text")).to_have_text("**not** a mark")
    assert "run" not in desk.page.title()


def test_an_offer_passed_on_goes_to_a_colleague(site: Site, new_context: NewContext) -> None:
    mei, lin = DeskPage(site, new_context()), DeskPage(site, new_context(), "Lin", capacity=1)
    customer = asks(site)
    while not (mei.offer().count() or lin.offer().count()):
        mei.page.wait_for_timeout(100)  # until the test's own time limit
    first, other = (mei, lin) if mei.offer().count() else (lin, mei)
    first.button(first.words["offer"]["decline"]).first.click()
    expect(first.offer()).to_have_count(0)
    expect(other.offer()).to_have_count(1)
    other.accept()
    expect(first.row(str(site.conversation(customer).id))).to_be_visible()


def test_a_note_looks_different_and_never_reaches_the_customer(
    site: Site, new_context: NewContext
) -> None:
    desk = DeskPage(site, new_context())
    customer = asks(site)
    desk.accept()
    desk.page.keyboard.type("an answer begun")
    desk.button(desk.words["mode"]["note"]).click()
    expect(desk.note_box()).to_be_focused()
    expect(desk.note_box()).to_have_value("")
    desk.page.keyboard.type("Ask the warehouse first")
    desk.page.keyboard.press("Enter")
    note = desk.log().locator(".line.note")
    expect(note).to_contain_text("Ask the warehouse first")
    expect(note).to_contain_text(desk.words["note"]["mark"])
    expect(note.locator(".delivery")).to_have_count(0)
    desk.button(desk.words["mode"]["reply"]).click()
    expect(desk.box()).to_have_value("an answer begun")
    desk.page.keyboard.press("Enter")
    expect(desk.log().locator(".line.agent")).to_contain_text("an answer begun")
    assert "warehouse" not in str(customer.lines())
    assert texts(customer, "agent") == ["an answer begun"]


def test_without_the_conversation_only_notes_can_be_written(
    site: Site, new_context: NewContext
) -> None:
    desk = DeskPage(site, new_context(), presence="busy")
    customer = asks(site)
    desk.open(str(site.conversation(customer).id))
    expect(desk.note_box()).to_be_visible()
    expect(desk.button(desk.words["mode"]["reply"])).to_be_disabled()
    desk.note_box().fill("Known from last week")
    desk.note_box().press("Enter")
    expect(desk.log().locator(".line.note")).to_contain_text("Known from last week")
    assert site.conversation(customer).owner == "queue"


def test_unread_lines_are_counted_in_list_and_title_until_they_are_looked_at(
    site: Site, new_context: NewContext
) -> None:
    desk = DeskPage(site, new_context())
    title = desk.page.title()
    first = asks(site)
    desk.accept()
    second = asks(site)
    desk.accept()
    flashing(desk, title)
    desk.page.evaluate("window.looking = false")
    first.send(text="Are you there?")
    first.send(text="Hello?")
    row = desk.row(str(site.conversation(first).id))
    unread = desk.words["unread"]["other"].replace("{count}", "2")
    expect(row.locator(".new")).to_contain_text(unread)
    flashing(desk, f"(2) {title}")
    shortened = str(site.conversation(first).id)[-5:].upper()
    customer = desk.words["untitled"].replace("{id}", shortened)
    flashing(desk, desk.words["new_message"].replace("{name}", customer))

    second.send(text="And I?")  # open, but nobody looks
    flashing(desk, f"(3) {title}")
    desk.page.evaluate("() => { window.looking = true; window.dispatchEvent(new Event('focus')); }")
    flashing(desk, f"(2) {title}")
    row.click()
    flashing(desk, title)
    expect(row.locator(".new")).to_have_count(0)
    desk.page.reload()
    expect(row).to_be_visible()
    expect(row.locator(".new")).to_have_count(0)


def test_the_sound_is_off_until_switched_on_and_stays_as_set(
    site: Site, new_context: NewContext
) -> None:
    desk = DeskPage(site, new_context())
    sound = desk.button(desk.words["sound"]["title"])
    expect(sound).to_have_attribute("aria-pressed", "false")
    tones = """() => {
        window.tones = 0;
        const start = OscillatorNode.prototype.start;
        OscillatorNode.prototype.start = function (at) { window.tones += 1; start.call(this, at); };
    }"""
    desk.page.evaluate(tones)
    asks(site)
    expect(desk.offer()).to_have_count(1)
    assert desk.page.evaluate("window.tones") == 0
    sound.click()
    expect(sound).to_have_attribute("aria-pressed", "true")
    desk.page.reload()
    expect(sound).to_have_attribute("aria-pressed", "true")
    expect(desk.offer()).to_have_count(1)
    desk.page.evaluate(tones)
    asks(site)
    expect(desk.offer()).to_have_count(2)
    assert desk.page.evaluate("window.tones") == 2


def test_what_was_written_and_said_without_a_network_is_there_once_and_in_order(
    site: Site, new_context: NewContext
) -> None:
    context = new_context()
    desk = DeskPage(site, context)
    customer = asks(site)
    desk.accept()
    context.set_offline(True)
    for text in TWENTY:
        customer.send(text=text)
    for text in ("first answer", "second answer"):
        desk.box().fill(text)
        desk.box().press("Enter")
    expect(desk.log()).to_contain_text("second answer")
    expect(desk.log()).not_to_contain_text(TWENTY[0])
    context.set_offline(False)
    shown = desk.log().locator(".line.customer .text")
    expect(shown).to_have_text(["A person, please", *TWENTY])
    expect(
        desk.log().locator(".line.agent .delivery.pending, .line.agent .delivery.delivered")
    ).to_have_count(2)
    assert texts(customer, "agent") == ["first answer", "second answer"]


def test_a_click_on_a_stale_page_says_why_it_did_nothing(
    site: Site, new_context: NewContext, faults: list[str]
) -> None:
    lin = DeskPage(site, new_context(), "Lin", presence="busy")
    customer = asks(site)
    conversation = str(site.conversation(customer).id)
    lin.open(conversation)
    take = lin.button(lin.words["take"])
    expect(take).to_be_enabled()
    lin.page.route("**/desk/stream", lambda route: route.abort())
    lin.page.evaluate("window.dispatchEvent(new Event('offline'))")  # it hears no news any more
    expect(lin.page.locator("#connection")).not_to_have_attribute("data-state", "online")

    mei = site.agent("Mei")
    mei.take(conversation)
    take.click()
    expect(lin.notice()).to_contain_text("changed in the meantime")
    expect(take).to_be_hidden()
    expect(lin.page.locator(".about")).to_contain_text("Mei")
    assert site.conversation(customer).agent_name == "Mei"
    assert [fault for fault in faults if "409" not in fault] == []
    faults.clear()


def test_a_conversation_that_changes_hands_elsewhere_changes_at_once(
    site: Site, new_context: NewContext
) -> None:
    context = new_context()
    desk = DeskPage(site, context)
    customer = asks(site)
    desk.accept()
    agent = site.agent("Mei")  # the same agent, in another browser
    agent.hand_back(str(site.conversation(customer).id))
    expect(desk.box()).to_be_hidden()
    expect(desk.notice()).to_have_text(desk.words["lost"]["bot"])
    expect(desk.page.get_by_role("button", name=desk.words["take_over"])).to_be_visible()


def test_writing_is_told_to_the_customers_side_at_most_every_three_seconds(
    site: Site, new_context: NewContext
) -> None:
    desk = DeskPage(site, new_context())
    asks(site)
    desk.accept()
    told: list[str] = []

    def count(request: Request) -> None:
        if request.url.endswith("/typing"):
            told.append(request.url)

    desk.page.on("request", count)
    with desk.page.expect_request("**/typing"):
        desk.box().press_sequentially("A long answer, key by key", delay=20)
    assert len(told) == 1
    desk.button(desk.words["mode"]["note"]).click()
    desk.page.keyboard.type("not for the customer")
    assert len(told) == 1


def test_the_agents_state_is_chosen_and_kept(site: Site, new_context: NewContext) -> None:
    desk = DeskPage(site, new_context())
    state = desk.page.get_by_role("combobox", name=desk.words["presence"]["title"])
    expect(state).to_have_value("online")
    desk.choose("busy")
    asks(site)
    expect(desk.page.locator("#list .row.queue")).to_have_count(1)
    desk.page.wait_for_timeout(1500)  # routing has run since
    expect(desk.offer()).to_have_count(0)
    desk.page.reload()
    expect(state).to_have_value("busy")
    desk.choose("online")
    expect(desk.offer()).to_have_count(1)


@pytest.mark.parametrize(
    ("values", "key"),
    [
        ({"priority": 2, "signs": ["complaint"]}, "complaint"),
        ({"priority": 2, "signs": ["action_failed"]}, "action_failed"),
        ({"priority": 1, "signs": ["not_understood"]}, "not_understood"),
        ({"reason": "transferred"}, "transferred"),
    ],
    ids=["complaint", "failed", "misunderstood", "transferred"],
)
def test_the_list_says_in_words_why_somebody_goes_first(
    site: Site, new_context: NewContext, values: dict[str, Any], key: str
) -> None:
    customer = asks(site)
    conversation = mark(site, customer, **values)
    desk = DeskPage(site, new_context(), presence="busy")
    expect(desk.row(conversation)).to_contain_text(desk.words["sign"][key])
    desk.open(conversation)
    expect(desk.page.locator(".about")).to_contain_text(desk.words["sign"][key])
