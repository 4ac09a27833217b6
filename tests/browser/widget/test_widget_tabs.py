"""Tabs of one browser, a network that goes, a server that is started again, and too much at once.

The web tier is the real one, over HTTP/1.1, which has six connections for all tabs.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import BrowserContext, Locator, Page, expect
from sqlalchemy import delete, select
from sqlalchemy.engine import Engine

from tenin.conversation.models import Author, Conversation, InboxRow, Line, WebSession
from tenin.database import read_transaction, write_transaction
from tests.browser.chat_page import PATIENCE, ChatPage, until
from tests.unit.web.conftest import SiteMaker, databases, make_site
from tests.web_process import web_process

__all__ = ["databases", "make_site"]

NewContext = Callable[..., BrowserContext]
SENDING_AT_ONCE = 5_000  # milliseconds a request may wait for a connection; held up it waits on


def tabs_of(context: BrowserContext, url: str, count: int) -> list[ChatPage]:
    tabs = [ChatPage(context, url, "en").open()]
    written(tabs[0].page)
    return tabs + [ChatPage(context, url, "en").open() for _ in range(count - 1)]


def written(page: Page) -> None:
    """Wait until the page has a session."""
    page.wait_for_function("() => localStorage.getItem('tenin.session') !== null", timeout=PATIENCE)


def only(faults: list[str], status: int) -> None:
    """The page complained of nothing but what was refused so, which browsers always tell."""
    assert faults
    assert [fault for fault in faults if f"status of {status}" not in fault] == []
    faults.clear()


def notice(chat: ChatPage) -> Locator:
    return chat.page.locator(".notice")


def says(chat: ChatPage, state: str) -> None:
    expect(notice(chat)).to_contain_text(chat.words["connection"][state], timeout=PATIENCE)


def shows_each_once(chat: ChatPage, texts: list[str]) -> None:
    """Wait until the customer's texts stand there as the server has them, each once, in order."""
    chat.page.wait_for_function(
        """(texts) => {
          const root = document.querySelector("tenin-chat").shadowRoot;
          const found = [...root.querySelectorAll(".log .bubble")].map((b) => b.textContent);
          const own = found.filter((text) => texts.includes(text));
          return JSON.stringify(own) === JSON.stringify(texts);
        }""",
        arg=texts,
        timeout=PATIENCE,
    )


def takes(engine: Engine, texts: list[str]) -> None:
    """Wait until the server has taken these texts; what a page shows may still be on its way."""
    until(lambda: len(taken(engine)) >= len(texts))
    assert taken(engine) == texts


def taken(engine: Engine) -> list[str]:
    """The customers' texts that the server has taken, in order."""
    with read_transaction(engine) as session:
        wanted = select(InboxRow.text).where(InboxRow.kind == "text").order_by(InboxRow.id)
        texts = list(session.execute(wanted).scalars())
        lines = select(Line.text).where(Line.author == Author.CUSTOMER.value).order_by(Line.id)
        assert list(session.execute(lines).scalars()) == texts
        return texts


def test_ten_tabs_share_one_stream_and_hold_nothing_up(
    make_site: SiteMaker, new_context: NewContext
) -> None:
    site = make_site()
    tabs = tabs_of(new_context(), site.url, 10)
    texts = []
    for number in (9, 0, 5):
        texts.append(f"said in tab {number}")
        tabs[number].say(texts[-1])
    for chat in tabs:
        shows_each_once(chat, texts)
    takes(site.engine, texts)
    with read_transaction(site.engine) as session:
        [conversation] = session.execute(select(Conversation.id)).scalars()
    assert len(site.hub._by_conversation[conversation]) == 1

    def waits() -> list[float]:
        """Of whichever tab sent what the others wrote; a browser tells of an answer afterwards."""
        script = """() => performance.getEntriesByType("resource")
            .filter(({ name }) => name.endsWith("/chat/messages"))
            .map(({ startTime, requestStart }) => requestStart - startTime)"""
        return [wait for chat in tabs for wait in chat.page.evaluate(script)]

    until(lambda: len(waits()) >= len(texts))
    assert max(waits()) < SENDING_AT_ONCE

    tabs[0].page.close()  # who has the stream, as a rule
    tabs[9].say("after the first is closed")
    for chat in tabs[1:]:
        shows_each_once(chat, [*texts, "after the first is closed"])


def test_a_session_that_ends_is_replaced_in_all_tabs(
    make_site: SiteMaker, new_context: NewContext, faults: list[str]
) -> None:
    site = make_site()
    tabs = tabs_of(new_context(), site.url, 3)
    tabs[0].say("before")
    for chat in tabs:
        shows_each_once(chat, ["before"])
    before = tabs[0].page.evaluate("localStorage.getItem('tenin.session')")
    with write_transaction(site.engine) as session:
        session.execute(delete(WebSession))
    tabs[1].say("after")
    for chat in tabs:
        chat.page.wait_for_function(
            "(before) => ![null, before].includes(localStorage.getItem('tenin.session'))",
            arg=before,
            timeout=PATIENCE,
        )
        shows_each_once(chat, ["after"])
        expect(chat.log()).not_to_contain_text("before")
    with read_transaction(site.engine) as session:
        assert len(session.execute(select(Conversation.id)).scalars().all()) == 2
    only(faults, 401)


def test_what_is_written_offline_goes_out_once_and_the_state_is_told(
    make_site: SiteMaker, new_context: NewContext
) -> None:
    site = make_site()
    context = new_context()
    tabs = tabs_of(context, site.url, 3)
    tabs[0].say("online")
    for chat in tabs:
        shows_each_once(chat, ["online"])
    takes(site.engine, ["online"])
    context.set_offline(True)
    for chat in tabs:
        says(chat, "offline")
    tabs[1].say("one")
    tabs[2].say("two")
    tabs[1].say("three")
    for chat in tabs:
        shows_each_once(chat, ["online", "one", "two", "three"])
    assert taken(site.engine) == ["online"]
    context.set_offline(False)
    says(tabs[0], "online")
    for chat in tabs:
        shows_each_once(chat, ["online", "one", "two", "three"])
        expect(notice(chat)).to_have_text("", timeout=PATIENCE)
    takes(site.engine, ["online", "one", "two", "three"])
    tabs[0].page.wait_for_timeout(500)
    assert taken(site.engine) == ["online", "one", "two", "three"]


def test_a_server_that_is_started_again_costs_nothing(
    new_context: NewContext, tmp_path: Path
) -> None:
    with web_process(tmp_path) as web:
        tabs = tabs_of(new_context(), web.url, 2)
        tabs[0].say("before")
        for chat in tabs:
            shows_each_once(chat, ["before"])
        before = web.pid
        web.stop()
        for chat in tabs:
            says(chat, "reconnecting")
        tabs[1].say("meanwhile")
        tabs[0].say("and more")
        web.start()
        assert web.pid != before
        texts = ["before", "meanwhile", "and more"]
        for chat in tabs:
            chat.page.wait_for_function(
                """() => document.querySelector("tenin-chat").shadowRoot
                     .querySelector(".panel").dataset.connection === "online" """,
                timeout=2 * PATIENCE,
            )
            shows_each_once(chat, texts)
        takes(web.engine, texts)
        tabs[1].say("after")
        for chat in tabs:
            shows_each_once(chat, [*texts, "after"])


def test_a_chat_that_is_refused_says_so_and_can_be_tried_again(
    make_site: SiteMaker, new_context: NewContext, faults: list[str]
) -> None:
    site = make_site()
    context = new_context()
    context.route("**/chat/stream", lambda route: route.fulfill(status=410))
    chat = ChatPage(context, site.url, "en").open()
    says(chat, "closed")
    context.unroute("**/chat/stream")
    notice(chat).get_by_role("button", name=chat.words["retry"]).click()
    chat.say("here again")
    shows_each_once(chat, ["here again"])
    expect(notice(chat)).to_have_text("", timeout=PATIENCE)
    only(faults, 410)


def test_too_much_at_once_waits_with_a_word_and_loses_nothing(
    make_site: SiteMaker, new_context: NewContext, faults: list[str]
) -> None:
    site = make_site(LIMITS_MESSAGES_BY_SESSION=12)
    tabs = tabs_of(new_context(), site.url, 2)
    texts = [f"message {number}" for number in range(14)]
    for text in texts:
        tabs[0].say(text)
    before, after = tabs[0].words["connection"]["limited"]["other"].split("{count}")
    expect(notice(tabs[0])).to_contain_text(before, timeout=PATIENCE)
    expect(notice(tabs[0])).to_contain_text(after)
    waits = tabs[0].log().locator(".line.waiting").last  # not drawn as the bar of who waits
    expect(waits).to_have_css("background-color", "rgba(0, 0, 0, 0)")
    for chat in tabs:
        chat.page.wait_for_function(
            "() => Object.keys(localStorage).every((key) => !key.startsWith('tenin.outgoing.'))",
            timeout=PATIENCE,
        )
        shows_each_once(chat, texts)
        expect(notice(chat)).to_have_text("", timeout=PATIENCE)
    takes(site.engine, texts)
    only(faults, 429)
