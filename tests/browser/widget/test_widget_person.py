"""Waiting for a person, being served, rating it, leaving a message: the widget in a real browser.

The web tier is the real one; the test plays the agent.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, Locator, Page, Route, expect

from tenin.channels.continuing import continue_link
from tenin.clock import utcnow
from tenin.conversation import ownership
from tenin.conversation.models import Author, Conversation
from tenin.conversation.transcript import Reply, add_line
from tenin.database import read_transaction
from tests.browser.chat_page import PATIENCE, ChatPage, strings, until
from tests.browser.conftest import DESKTOP, PHONE
from tests.unit.web.conftest import SiteMaker, databases, make_site
from tests.unit.web.persons import locked, resolve, served, take, wait_for, write
from tests.unit.web.served import Site

__all__ = ["databases", "make_site"]

NewContext = Callable[..., BrowserContext]
ADDRESS = "lin@shop.example"
LOCALES = {"en": "en-US", "zh-Hans": "zh-CN", "zh-Hant": "zh-TW", "ja": "ja-JP"}
NARROW = {"width": 320, "height": 640}


def begun(site: Site, page: Page) -> str:
    """The conversation that the page has begun."""
    for _ in range(PATIENCE // 100):
        with read_transaction(site.engine) as session:
            found = session.query(Conversation).order_by(Conversation.created_at.desc()).first()
            if found is not None:
                return str(found.id)
        page.wait_for_timeout(100)
    raise AssertionError("no conversation was begun")


def bar(chat: ChatPage) -> Locator:
    """What is promised to who waits."""
    return chat.page.get_by_role("group", name=chat.person["waiting"]["label"])


def fits(page: Page) -> bool:
    """Whether nothing of the chat stands out of the page, or of its log."""
    return bool(
        page.evaluate(
            """() => {
              const log = document.querySelector("tenin-chat").shadowRoot.querySelector(".log");
              return log.scrollWidth <= log.clientWidth
                && document.documentElement.scrollWidth <= window.innerWidth;
            }"""
        )
    )


def leave_message(site: Site, conversation: str) -> None:
    with locked(site, conversation) as (session, found):
        ownership.leave_message(session, found, site.voice)


def test_waiting_and_being_served(make_site: SiteMaker, new_context: NewContext) -> None:
    site = make_site()
    chat = ChatPage(new_context(), site.url, "en").open()
    conversation = begun(site, chat.page)
    expect(bar(chat)).to_be_hidden()
    wait_for(site, conversation)
    expect(bar(chat)).to_be_visible(timeout=PATIENCE)
    place = chat.person["waiting"]["place"].format(place=1)
    expect(bar(chat)).to_contain_text(f"{place} · {chat.person['waiting']['nobody']}")
    header = chat.page.get_by_role("heading", level=2).and_(chat.page.locator("#title"))
    expect(header).to_have_text(chat.words["title"])

    mei = site.agent()
    mei.take(conversation)
    expect(header).to_have_text("Mei", timeout=PATIENCE)
    expect(bar(chat)).to_be_hidden()
    typist = chat.log().get_by_text(chat.words["typing"].format(name="Mei"))
    expect(typist).to_be_hidden()
    for _ in range(50):  # until the stream, which only knows the present, has heard it
        answer = mei.change(conversation, "typing", {})
        assert answer.status_code == 204, answer.text
        if typist.is_visible():
            break
        chat.page.wait_for_timeout(100)
    expect(typist).to_be_visible()
    mei.write(conversation, "Here I am")
    chat.shows("Here I am")
    expect(typist).to_be_hidden(timeout=PATIENCE)

    with locked(site, conversation) as (session, found):  # a colleague goes on with it
        epoch, agent = found.epoch, str(found.agent_id)
        ownership.transfer(session, found, epoch, agent, site.voice, to_skill=None)
    take(site, conversation, "Lin")
    expect(header).to_have_text("Lin", timeout=PATIENCE)
    resolve(site, conversation, "Lin")
    expect(header).to_have_text(chat.words["title"], timeout=PATIENCE)


def test_typing_is_told_now_and_then_and_to_persons_alone(
    make_site: SiteMaker, new_context: NewContext
) -> None:
    site = make_site()
    chat = ChatPage(new_context(), site.url, "en").open()
    conversation = begun(site, chat.page)
    asked: list[str] = []
    chat.page.on("request", lambda request: asked.append(request.url))

    def told() -> int:
        return sum(url.endswith("/chat/typing") for url in asked)

    chat.box().type("Hello")
    assert told() == 0
    wait_for(site, conversation)
    expect(bar(chat)).to_be_visible(timeout=PATIENCE)
    chat.box().type("Is anybody there")
    until(told, chat.page)
    assert told() == 1
    chat.page.wait_for_timeout(3000)
    chat.box().type("?!")
    until(lambda: told() > 1, chat.page)
    assert told() == 2


def rating_form(chat: ChatPage) -> Locator:
    return chat.log().locator("form").filter(has_text=chat.person["rating"]["title"])


def test_rating_by_keyboard_survives_a_failure_and_is_shown_as_given(
    make_site: SiteMaker, new_context: NewContext
) -> None:
    site = make_site()
    context = new_context()
    chat = ChatPage(context, site.url, "en").open()
    conversation = begun(site, chat.page)
    handoff = served(site, conversation)
    words, form = chat.person["rating"], rating_form(chat)
    expect(form).to_be_visible(timeout=PATIENCE)
    send = form.get_by_role("button", name=words["send"])
    expect(send).to_be_disabled()
    form.get_by_role("radio").first.focus()
    chat.page.keyboard.press("Space")
    for _ in range(3):
        chat.page.keyboard.press("ArrowRight")
    expect(form.get_by_role("radio", name=words["star"]["other"].format(count=4))).to_be_checked()
    expect(form.locator(".star.on")).to_have_count(4)
    chat.page.keyboard.press("Tab")
    chat.page.keyboard.type("Kind and quick")
    write_line(site, conversation, "Something comes in between")
    chat.shows("Something comes in between")
    word = form.get_by_label(words["word"])
    expect(word).to_have_value("Kind and quick")
    expect(word).to_be_focused()

    context.route("**/chat/rating", lambda route: route.abort(), times=1)
    chat.page.keyboard.press("Tab")
    chat.page.keyboard.press("Enter")
    expect(form.get_by_role("alert")).to_have_text(chat.person["form"]["failed"])
    expect(word).to_have_value("Kind and quick")
    expect(form.locator(".star.on")).to_have_count(4)
    send.click()
    given = chat.log().get_by_text(words["done"]["other"].format(count=4))
    expect(given).to_be_visible(timeout=PATIENCE)
    expect(form).to_be_hidden()
    [row] = [row for row in site.rows()["handoff"] if row["id"] == handoff]
    assert (row["rating"], row["rating_word"]) == (4, "Kind and quick")

    chat.page.reload()
    chat.page.locator("tenin-chat .launcher").click()
    expect(given).to_be_visible(timeout=PATIENCE)
    expect(form).to_be_hidden()


def write_line(site: Site, conversation: str, text: str) -> None:
    """Let the bot say something."""
    with locked(site, conversation) as (session, found):
        add_line(session, found, Author.BOT, Reply(text))


def refused(faults: list[str], status: int) -> None:
    """The browser itself complained of an answer that the test wanted."""
    [fault] = faults
    assert f"status of {status}" in fault
    faults.clear()


def contact_form(chat: ChatPage) -> Locator:
    return chat.log().locator("form").filter(has_text=chat.person["contact"]["address"])


def test_a_message_is_left_once_and_shows_what_was_kept(
    make_site: SiteMaker, new_context: NewContext, faults: list[str]
) -> None:
    site = make_site()
    context = new_context()
    chat = ChatPage(context, site.url, "en").open()
    conversation = begun(site, chat.page)
    leave_message(site, conversation)
    words, form = chat.person["contact"], contact_form(chat)
    address, text = form.get_by_label(words["address"]), form.get_by_label(words["text"])
    send = form.get_by_role("button", name=words["send"])
    expect(bar(chat)).to_contain_text(chat.person["waiting"]["message_open"], timeout=PATIENCE)
    text.fill("My parcel came broken")
    address.fill("lin")
    send.click()
    assert address.evaluate("input => input.validity.typeMismatch")

    address.fill("lin@localhost")  # good to the browser, not to the server
    with chat.page.expect_response("**/chat/contact"):
        send.click()
    expect(form.get_by_role("alert")).to_have_text(strings("en")["errors"]["bad_address"])
    expect(address).to_be_focused()
    expect(address).to_have_attribute("aria-invalid", "true")
    refused(faults, 422)
    address.fill(ADDRESS)
    expect(address).not_to_have_attribute("aria-invalid", "true")

    keys: list[str] = []
    lost: list[Any] = []

    def lose_the_answer(route: Route) -> None:
        keys.append(route.request.headers["idempotency-key"])
        if not lost:
            lost.append(route.fetch())
            route.abort()
        else:
            route.continue_()

    context.route("**/chat/contact", lose_the_answer)
    send.click()
    # The stream brings what was kept, although the answer was lost.
    kept = chat.log().get_by_text(words["done_mail"].format(address=ADDRESS))
    expect(kept).to_be_visible(timeout=PATIENCE)
    expect(form).to_be_hidden()
    chat.shows("My parcel came broken")
    assert len(keys) == len({*keys}) == 1
    customers = [row["text"] for row in site.rows()["line"] if row["author"] == "customer"]
    assert customers == ["My parcel came broken"]
    mail = chat.person["waiting"]["message_mail"].format(address=ADDRESS)
    expect(bar(chat)).to_contain_text(mail)
    context.unroute("**/chat/contact")

    chat.page.reload()
    chat.page.locator("tenin-chat .launcher").click()
    expect(kept).to_be_visible(timeout=PATIENCE)
    expect(form).to_be_hidden()

    leave_message(site, conversation)  # asked for anew: a new form, and one that shows the old
    expect(contact_form(chat).last).to_be_visible(timeout=PATIENCE)
    expect(kept).to_be_visible()


def test_what_was_typed_survives_failing_and_a_change_of_language(
    make_site: SiteMaker, new_context: NewContext
) -> None:
    site = make_site()
    context = new_context()
    chat = ChatPage(context, site.url, "en").open()
    conversation = begun(site, chat.page)
    leave_message(site, conversation)
    words, form = chat.person["contact"], contact_form(chat)
    form.get_by_label(words["text"]).fill("My parcel came broken")
    form.get_by_label(words["address"]).fill(ADDRESS)
    context.route("**/chat/contact", lambda route: route.abort())
    form.get_by_role("button", name=words["send"]).click()
    expect(form.get_by_role("alert")).to_have_text(chat.person["form"]["failed"])
    write_line(site, conversation, "Something comes in between")
    chat.shows("Something comes in between")
    expect(form.get_by_label(words["text"])).to_have_value("My parcel came broken")
    expect(form.get_by_label(words["address"])).to_have_value(ADDRESS)
    context.unroute("**/chat/contact")
    form.get_by_role("button", name=words["send"]).click()
    expect(form).to_be_hidden(timeout=PATIENCE)


def test_a_link_opens_the_conversation_on_another_device(
    make_site: SiteMaker, new_context: NewContext, faults: list[str]
) -> None:
    site = make_site()
    chat = ChatPage(new_context("ja-JP"), site.url, "ja").open()
    conversation = begun(site, chat.page)
    leave_message(site, conversation)
    take(site, conversation)
    write(site, conversation, "お待たせいたしました")
    chat.shows("お待たせいたしました")
    web = site.settings.web.copy(update={"public_url": "https://chat.shop.example"})
    link = continue_link(conversation, utcnow(), site.settings.copy(update={"web": web}))
    assert link is not None
    path = link.removeprefix("https://chat.shop.example")

    page = new_context("en-US", viewport=PHONE).new_page()
    page.goto(f"{site.url}{path}")
    words = strings("ja")
    expect(page.get_by_role("heading")).to_have_text(words["continue"]["ask"]["title"])
    page.get_by_role("button", name=words["continue"]["button"]).click()
    page.wait_for_url(f"{site.url}/")
    log = page.get_by_role("log")
    expect(log).to_contain_text("お待たせいたしました", timeout=PATIENCE)
    box = page.get_by_role("textbox", name=words["widget"]["placeholder"])
    box.fill("ありがとうございます")
    box.press("Enter")
    chat.shows("ありがとうございます")
    page.reload()
    expect(page.locator("tenin-chat .launcher")).to_be_visible()
    assert page.locator("tenin-chat .panel").is_hidden(), "it opens by itself once"

    page.goto(f"{site.url}{path[:-3]}")
    expect(page.get_by_role("heading")).to_have_text(strings("en")["continue"]["bad"]["title"])
    refused(faults, 404)


@pytest.mark.parametrize(
    ("language", "viewport"),
    [("en", DESKTOP), ("zh-Hans", PHONE), *((language, NARROW) for language in LOCALES)],
    ids=["en-desktop", "zh-Hans-phone", *(f"{language}-narrow" for language in LOCALES)],
)
def test_forms_and_bar_fit(
    make_site: SiteMaker, new_context: NewContext, language: str, viewport: dict[str, int]
) -> None:
    site = make_site()
    chat = ChatPage(new_context(LOCALES[language], viewport=viewport), site.url, language).open()
    conversation = begun(site, chat.page)
    served(site, conversation)
    expect(rating_form(chat)).to_be_visible(timeout=PATIENCE)
    leave_message(site, conversation)
    form = contact_form(chat)
    expect(form).to_be_visible(timeout=PATIENCE)
    expect(bar(chat)).to_contain_text(chat.person["waiting"]["message_open"])
    assert fits(chat.page)
    address = "a.very.long.name.of.a.customer.who.has.one@a-long-domain.shop.example"
    form.get_by_label(chat.person["contact"]["address"]).fill(address)
    form.get_by_role("button").click()
    expect(form).to_be_hidden(timeout=PATIENCE)
    assert fits(chat.page)
