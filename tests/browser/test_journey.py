"""The seven points of a customer's visit, in a real browser, in each language."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, Locator, Page, expect

from tenin.database import make_engine, read_transaction
from tenin.shop.sample_data import demo_order
from tests.answers import voice
from tests.browser.chat_page import LANGUAGES, PATIENCE, ChatPage, strings, until
from tests.browser.conftest import DESKTOP, PHONE
from tests.sent_files import PDF, picture
from tests.system import System, send_agents_away

NewContext = Callable[..., BrowserContext]

SAID: dict[str, dict[str, str]] = {
    "en": {
        "shipping": "how many days does delivery take normally",
        "track": "where is my order {order}",
        "person": "agent please",
        "agent": "Hello, this is Mei. I am looking at your order.",
        "customer": "thank you Mei, I'll wait here",
        "while_away": "It left our warehouse this morning.",
    },
    "zh-Hans": {
        "shipping": "一般多久能送到",
        "track": "我的订单{order}到哪了",
        "person": "转人工",
        "agent": "您好，我是小美，正在看您的订单。",
        "customer": "好的小美，我在这等着",
        "while_away": "今天早上已经从仓库发出了。",
    },
}

both_languages = pytest.mark.parametrize("language", list(LANGUAGES))
both_sizes = pytest.mark.parametrize("viewport", [DESKTOP, PHONE], ids=["desktop", "phone"])


def title(need: str, language: str) -> str:
    """What the button to a need or menu says."""
    menus = voice().menus
    return next(
        button.title
        for menu in menus.menus
        for button in menus.buttons(menu, language)
        if button.payload == f"/{need}" or button.payload.endswith(f'"{need}"}}')
    )


def visit(new_context: NewContext, system: System, language: str, **options: Any) -> ChatPage:
    context = new_context(LANGUAGES[language], **options)
    return ChatPage(context, system.url, language).open()


def desk(new_context: NewContext, system: System, language: str, name: str) -> Page:
    page = new_context(LANGUAGES[language]).new_page()
    page.goto(system.new_desk_link(name))
    expect(page).to_have_url(re.compile("/desk$"))
    return page


@both_languages
@both_sizes
def test_welcome_and_menu_one_level_down_and_back(
    system: System, new_context: NewContext, language: str, viewport: dict[str, int]
) -> None:
    chat = visit(new_context, system, language, viewport=viewport)
    chat.answers("utter_welcome")
    chat.choose(title("delivery", language))
    chat.answers("menu delivery")
    chat.choose(title("faq/shipping_cost", language))
    chat.answers("utter_faq/shipping_cost")
    chat.choose(voice().menus.menus["start"].title[language])
    chat.answers("menu start")
    chat.choose(title("delivery", language))
    chat.answers("menu delivery")
    chat.choose(voice().menus.buttons("delivery", language)[-1].title)
    chat.answers("menu start")
    # Nothing is wider than the screen.
    assert chat.page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")


@both_languages
def test_where_is_my_order(system: System, new_context: NewContext, language: str) -> None:
    engine = make_engine(f"sqlite:///{system.root}/var/shop.db")
    with read_transaction(engine) as session:
        number, email = demo_order(session)
    engine.dispose()
    chat = visit(new_context, system, language)
    chat.answers("utter_welcome")
    chat.say(SAID[language]["track"].format(order=number))
    chat.answers("utter_ask_track_order_form_contact")
    chat.say("nobody@example.com")
    chat.answers("utter_order_not_proved")
    chat.say(SAID[language]["track"].format(order=number))
    chat.answers("utter_ask_track_order_form_contact")
    chat.say(email)
    assert number in chat.answers("utter_order_shipped")


@both_languages
def test_person_on_the_line_and_the_bot_again(
    system: System, new_context: NewContext, language: str
) -> None:
    said = SAID[language]
    chat = visit(new_context, system, language)
    chat.answers("utter_welcome")
    send_agents_away(system)
    chat.say(said["person"])
    chat.answers("utter_handoff_nobody")

    agent = desk(new_context, system, language, f"Mei {language}")
    words = strings(language)["desk"]
    agent.get_by_role("list").get_by_text(said["person"]).or_(
        agent.get_by_text(words["groups"]["queue"])
    ).first.wait_for()
    open_conversation(agent, chat, words)
    transcript = agent.get_by_role("log", name=words["transcript"])
    expect(transcript).to_contain_text(said["person"])
    expect(transcript).to_contain_text(chat.bubbles()[0][:30])
    take = agent.get_by_role("button", name=words["take"], exact=True)
    take.or_(agent.get_by_role("button", name=words["offer"]["accept"], exact=True)).first.click()
    chat.answers("utter_agent_joined")

    box = agent.get_by_role("textbox", name=words["placeholder"])
    box.fill(said["agent"])
    box.press("Enter")
    chat.shows(said["agent"])
    before = len(chat.bubbles())
    chat.say(said["customer"])
    expect(transcript).to_contain_text(said["customer"], timeout=PATIENCE)
    chat.page.wait_for_timeout(2500)
    assert len(chat.bubbles()) == before + 1, "the bot spoke while a person served"

    agent.get_by_role("button", name=words["handback"]).click()
    agent.get_by_role("button", name=words["back_to_bot"]["confirm"], exact=True).click()
    chat.answers("utter_handed_back")
    chat.say(said["shipping"])
    chat.answers("utter_faq/shipping_time")


def test_files_go_both_ways_while_a_person_serves_and_then_the_bot_answers(
    system: System, new_context: NewContext
) -> None:
    said, upload = SAID["en"], strings("en")["upload"]
    chat = visit(new_context, system, "en")
    chat.answers("utter_welcome")
    attach = chat.page.get_by_role("button", name=upload["attach"])
    assert attach.count() == 0
    send_agents_away(system)
    chat.say(said["person"])
    chat.answers("utter_handoff_nobody")
    agent = desk(new_context, system, "en", "Lin of the files")
    words = strings("en")["desk"]
    open_conversation(agent, chat, words)
    take = agent.get_by_role("button", name=words["take"], exact=True)
    take.or_(agent.get_by_role("button", name=words["offer"]["accept"], exact=True)).first.click()
    chat.answers("utter_agent_joined")

    choose(chat.page, attach, "torn.jpg", "image/jpeg", picture(size=(800, 600)))
    expect(chat.log().locator(".file .picture canvas")).to_be_visible(timeout=PATIENCE)
    transcript = agent.get_by_role("log", name=words["transcript"])
    shown = transcript.get_by_role("img", name="torn.jpg")
    expect(shown).to_be_visible(timeout=PATIENCE)
    assert shown.evaluate("(image) => image.decode().then(() => image.naturalWidth)") == 800

    theirs = agent.get_by_role("button", name=upload["attach"])
    choose(agent, theirs, "label.pdf", "application/pdf", PDF)
    save = chat.log().get_by_role("button", name=upload["save"].format(name="label.pdf"))
    expect(save).to_be_visible(timeout=PATIENCE)
    with chat.page.expect_download() as saving:
        save.click()
    assert saving.value.path().read_bytes() == PDF

    agent.get_by_role("button", name=words["handback"]).click()
    agent.get_by_role("button", name=words["back_to_bot"]["confirm"], exact=True).click()
    chat.answers("utter_handed_back")
    expect(attach).to_be_hidden()
    chat.say(said["shipping"])
    chat.answers("utter_faq/shipping_time")
    expect(save).to_be_visible()


def choose(page: Page, attach: Locator, name: str, kind: str, content: bytes) -> None:
    """Choose a file of this name, type and content by the button."""
    expect(attach).to_be_visible(timeout=PATIENCE)
    with page.expect_file_chooser() as chooser:
        attach.click()
    chooser.value.set_files([{"name": name, "mimeType": kind, "buffer": content}])


def open_conversation(agent: Page, chat: ChatPage, words: dict[str, Any]) -> None:
    """Open the conversation of this customer: the one whose last line is theirs."""
    last = chat.bubbles()[-1]
    rows = agent.locator(".conversation, [data-conversation]")
    rows.first.wait_for(timeout=PATIENCE)
    transcript = agent.get_by_role("log", name=words["transcript"])

    def found() -> bool:
        for row in rows.all():
            row.click()
            expect(transcript).not_to_be_empty(timeout=PATIENCE)
            agent.wait_for_timeout(500)  # until then it may show the one before
            if last in transcript.inner_text():
                return True
        return False

    until(found)


@both_languages
def test_closed_and_opened_again(system: System, new_context: NewContext, language: str) -> None:
    said = SAID[language]
    context = new_context(LANGUAGES[language])
    chat = ChatPage(context, system.url, language)
    assert chat.page.evaluate("localStorage.length") == 0, "something was stored before the opening"
    chat.open()
    chat.answers("utter_welcome")
    chat.say(said["shipping"])
    chat.answers("utter_faq/shipping_time")
    before = chat.bubbles()
    context.clear_cookies()
    chat.page.close()

    again = ChatPage(context, system.url, language)
    again.page.locator("tenin-chat .launcher").click()
    again.shows(before[-1])
    assert again.bubbles() == before
    again.page.close()
