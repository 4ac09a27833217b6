"""The widget speaks the conversation's language, whoever changes it; a choice in the menu stays."""

from __future__ import annotations

from collections.abc import Callable

from playwright.sync_api import BrowserContext, Locator, expect

from tenin.conversation.transcript import Reply
from tenin.conversation.turns import Turn
from tests.browser.chat_page import PATIENCE, ChatPage, strings, until
from tests.browser.test_menu import menu
from tests.unit.web.conftest import SiteMaker, databases, make_site
from tests.unit.web.served import Site

__all__ = ["databases", "make_site"]

NewContext = Callable[..., BrowserContext]


def box(chat: ChatPage, language: str) -> Locator:
    name = strings(language)["widget"]["placeholder"]
    return chat.page.get_by_role("textbox", name=name)


def waiting(site: Site) -> Turn:
    """The next message, as soon as there is one."""
    until(lambda: any(row["status"] == "waiting" for row in site.rows()["inbox"]))
    return site.claim()


def welcomed(site: Site, new_context: NewContext) -> ChatPage:
    chat = ChatPage(new_context(), site.url, "en").open()
    site.commit(waiting(site), Reply("Welcome!"))
    chat.shows("Welcome!")
    return chat


def languages(site: Site) -> list[str]:
    return [row["language"] for row in site.rows()["conversation"]]


def test_it_follows_what_is_written(make_site: SiteMaker, new_context: NewContext) -> None:
    site = make_site()
    chat = welcomed(site, new_context)
    chat.say("返品したいのですが")
    expect(box(chat, "ja")).to_be_focused(timeout=PATIENCE)
    box(chat, "ja").fill("書きかけ")
    expect(chat.page.locator("tenin-chat .panel")).to_have_attribute("lang", "ja")
    words = strings("ja")["widget"]
    expect(chat.page.get_by_role("button", name=words["close"])).to_be_visible()
    expect(chat.page.get_by_role("heading", name=words["title"])).to_be_visible()
    expect(chat.log()).to_contain_text("返品したいのですが")

    # And back, with what is half written; a new page begins in it.
    site.commit(waiting(site), Reply("We go on in English."), language="en")
    expect(box(chat, "en")).to_have_value("書きかけ", timeout=PATIENCE)
    chat.shows("We go on in English.")
    chat.say("请说中文")
    site.commit(waiting(site), Reply("好的。"), language="zh-Hans")
    expect(box(chat, "zh-Hans")).to_be_focused(timeout=PATIENCE)
    chat.page.reload()
    opener = chat.page.get_by_role("button", name=strings("zh-Hans")["widget"]["open"])
    expect(opener).to_be_visible(timeout=PATIENCE)


def test_a_language_chosen_in_the_menu_stays(make_site: SiteMaker, new_context: NewContext) -> None:
    site = make_site()
    chat = welcomed(site, new_context)
    with chat.page.expect_response("**/chat/language"):
        menu(chat).get_by_role("button", name="繁體中文").click()
    expect(box(chat, "zh-Hant")).to_be_focused(timeout=PATIENCE)
    box(chat, "zh-Hant").fill("返品したいのですが")
    box(chat, "zh-Hant").press("Enter")
    until(lambda: languages(site) == ["ja"])
    site.commit(waiting(site), Reply("かしこまりました。"))
    chat.shows("かしこまりました。")
    expect(box(chat, "zh-Hant")).to_be_visible()
    chat.page.reload()
    chat.page.get_by_role("button", name=strings("zh-Hant")["widget"]["open"]).click()
    expect(box(chat, "zh-Hant")).to_be_focused(timeout=PATIENCE)
    chat.shows("かしこまりました。")
    expect(box(chat, "zh-Hant")).to_be_visible()


def test_a_page_that_is_written_on_keeps_its_focus(
    make_site: SiteMaker, new_context: NewContext
) -> None:
    """In another tab the customer goes on in another language; here they fill in a form."""
    site = make_site()
    chat = welcomed(site, new_context)
    other = ChatPage(chat.page.context, site.url, "en").open()
    other.page.evaluate(
        """() => {
          const input = document.createElement("input");
          input.id = "own";
          document.body.prepend(input);
          input.focus();
        }"""
    )
    chat.say("返品したいのですが")
    expect(box(chat, "ja")).to_be_focused(timeout=PATIENCE)
    expect(box(other, "ja")).to_be_visible(timeout=PATIENCE)
    expect(other.page.locator("#own")).to_be_focused()
    other.page.keyboard.type("kept")
    expect(other.page.locator("#own")).to_have_value("kept")
