"""The customer's say over their data in a real browser: asked once, seen, erased, looked back on.

The web tier is the real one; the test plays the bot's worker.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, Locator, expect
from sqlalchemy import update

from tenin.clock import utcnow
from tenin.conversation.models import SignedIn
from tenin.database import write_transaction
from tests.browser.chat_page import LANGUAGES, PATIENCE, ChatPage, strings, until
from tests.browser.conftest import DESKTOP, PHONE
from tests.browser.test_sign_in import EMMA, OLIVER, sign_in, sign_out
from tests.unit.web.conftest import SiteMaker, databases, make_site
from tests.unit.web.served import Site

__all__ = ["databases", "make_site"]

NewContext = Callable[..., BrowserContext]
WORDS = strings("en")["more"]["privacy"]
STORED = "() => JSON.stringify(Object.entries(localStorage))"
SHADOW = "() => document.querySelector('tenin-chat').shadowRoot.textContent"


def answer(site: Site, text: str) -> None:
    """Answer the next message as soon as there is one."""
    until(lambda: any(row["status"] == "waiting" for row in site.rows()["inbox"]))
    site.answer(text)


def opened(site: Site, context: BrowserContext, language: str = "en") -> ChatPage:
    chat = ChatPage(context, site.url, language)
    chat.open()
    answer(site, "Welcome!")
    chat.shows("Welcome!")
    return chat


def answered(site: Site, context: BrowserContext, language: str = "en") -> ChatPage:
    """The first answer is there: now the question may be asked."""
    chat = opened(site, context, language)
    chat.say("Hello")
    answer(site, "Good day!")
    chat.shows("Good day!")
    return chat


def question(chat: ChatPage) -> Locator:
    return chat.page.get_by_role("group", name=strings(chat.language)["lines"]["question"])


def own_data(chat: ChatPage) -> None:
    chat.page.get_by_role("button", name=chat.words["menu"]).click()
    button(chat, "entry").click()


def button(chat: ChatPage, word: str) -> Locator:
    words = strings(chat.language)
    name = words["lines"][word] if word in ("yes", "no") else words["more"]["privacy"][word]
    return chat.page.locator("tenin-chat").get_by_role("button", name=name, exact=True)


def consents(site: Site) -> list[bool]:
    return [row["agreed"] for row in site.rows()["page_consent"]]


def seen(site: Site) -> list[tuple[str, str | None]]:
    return [(row["path"], row["sku"]) for row in site.rows()["page_view"]]


@pytest.mark.parametrize(("viewport", "language"), [(DESKTOP, "en"), (PHONE, "zh-Hans")])
def test_asked_once_and_told_after_a_yes(
    make_site: SiteMaker, new_context: NewContext, viewport: dict[str, int], language: str
) -> None:
    site = make_site()
    context = new_context(LANGUAGES[language], viewport)
    asked: list[str] = []
    context.on("request", lambda request: asked.append(request.url))
    chat = opened(site, context, language)
    chat.page.wait_for_timeout(3000)
    assert question(chat).count() == 0, "nothing is asked before an answer"
    chat.say("Hello")
    answer(site, "Good day!")
    expect(question(chat)).to_be_visible(timeout=PATIENCE)
    assert not any(url.endswith("/visitor.js") for url in asked)
    assert seen(site) == []
    button(chat, "yes").click()
    expect(question(chat)).to_have_count(0)
    until(lambda: ("/", None) in seen(site))
    assert consents(site) == [True]
    assert all("?" not in path for path, _ in seen(site))

    # On the next page it goes on without being asked, and with what lies in view.
    chat.page.goto(f"{site.url}/?lang=en&secret=word")
    chat.page.locator("li.product").first.scroll_into_view_if_needed()
    sku = until(lambda: next((sku for _, sku in seen(site) if sku), None))
    assert chat.page.locator(f"li.product#{sku}").count() == 1
    assert "secret" not in str(site.rows()["page_view"])
    chat.page.locator("tenin-chat .launcher").click()
    chat.shows("Good day!")
    chat.page.wait_for_timeout(3000)
    assert chat.page.locator("tenin-chat .ask").count() == 0


def test_how_a_page_says_what_it_shows(make_site: SiteMaker, new_context: NewContext) -> None:
    site = make_site()
    chat = answered(site, new_context())
    button(chat, "yes").click()
    until(lambda: ("/", None) in seen(site))
    chat.page.evaluate(
        """() => {
          document.querySelector("tenin-chat").removeAttribute("page"); // the demo shop's own word
          document.body.dataset.teninSku = "KT-602";
          history.pushState(null, "", "/tents/far?utm=lin@example.com#top");
          dispatchEvent(new PopStateEvent("popstate"));
        }"""
    )
    until(lambda: ("/tents/far", "KT-602") in seen(site))
    tell = "(page) => document.querySelector('tenin-chat').setAttribute('page', page)"
    page = {"url": "/own?q=1", "title": "My own title", "sku": "KT-601", "kind": "product"}
    chat.page.evaluate(tell, json.dumps(page))
    until(lambda: ("/own", "KT-601") in seen(site))
    for nonsense in ("{", "7", "null", '{"url": "http://["}', '{"sku": 7, "kind": ["x"]}'):
        chat.page.evaluate(tell, nonsense)
    chat.page.evaluate("() => document.body.removeAttribute('data-tenin-sku')")
    chat.page.evaluate(
        """() => {
          history.pushState(null, "", "/list");
          dispatchEvent(new PopStateEvent("popstate"));
          const mark = document.createElement("article");
          mark.dataset.teninSku = "KS-101";
          mark.style.cssText = "position: fixed; inset: 0 auto auto 0; width: 9em; height: 9em";
          document.body.append(mark);
        }"""
    )
    until(lambda: ("/list", "KS-101") in seen(site))
    # How long a page was looked at is told when it is left.
    chat.page.wait_for_timeout(1100)
    chat.page.goto("about:blank")
    rows = site.rows()["page_view"]
    until(lambda: any(row["seconds"] for row in site.rows()["page_view"]))
    assert {row["title"] for row in rows} >= {"My own title"}
    assert "example.com" not in str(rows)


def test_closed_without_an_answer_is_a_no(make_site: SiteMaker, new_context: NewContext) -> None:
    site = make_site()
    chat = answered(site, new_context())
    expect(question(chat)).to_be_visible(timeout=PATIENCE)
    chat.page.get_by_role("button", name=chat.words["close"]).click()
    until(lambda: consents(site) == [False])
    chat.page.reload()
    chat.page.locator("tenin-chat .launcher").click()
    chat.shows("Good day!")
    chat.page.wait_for_timeout(3000)
    expect(question(chat)).to_have_count(0)
    assert seen(site) == []

    # And changed whenever they like.
    own_data(chat)
    box = chat.page.get_by_role("checkbox", name=WORDS["share"])
    expect(box).not_to_be_checked()
    box.check()
    until(lambda: consents(site) == [True] and seen(site))
    box.uncheck()
    until(lambda: consents(site) == [False])
    assert seen(site) == []


@pytest.mark.parametrize("signal", ["globalPrivacyControl", "doNotTrack"])
def test_a_browser_that_wants_privacy_is_not_asked(
    make_site: SiteMaker, new_context: NewContext, signal: str
) -> None:
    site = make_site()
    context = new_context()
    value = "true" if signal == "globalPrivacyControl" else "'1'"
    context.add_init_script(
        f"Object.defineProperty(Navigator.prototype, '{signal}', {{get: () => {value}}})"
    )
    asked: list[str] = []
    context.on("request", lambda request: asked.append(request.url))
    chat = answered(site, context)
    chat.page.wait_for_timeout(3000)
    expect(question(chat)).to_have_count(0)
    own_data(chat)
    expect(chat.page.get_by_text(WORDS["signal"])).to_be_visible(timeout=PATIENCE)
    assert chat.page.get_by_role("checkbox").count() == 0
    expect(question(chat)).to_have_count(0)
    # Agreed elsewhere, as far as the device knows: still nothing is told.
    chat.page.evaluate(
        """() => {
          const session = localStorage.getItem("tenin.session");
          localStorage.setItem("tenin.pages", session.slice(0, 8));
        }"""
    )
    chat.page.reload()
    chat.page.wait_for_timeout(1000)
    assert not any("/chat/pages" in url for url in asked)
    assert site.rows()["page_view"] == []


def test_see_save_and_erase(make_site: SiteMaker, new_context: NewContext, tmp_path: Path) -> None:
    site = make_site()
    chat = opened(site, new_context())
    chat.say("My secret word is kodama")
    answer(site, "I will remember kodama")
    chat.shows("I will remember kodama")
    button(chat, "no").click()
    own_data(chat)
    expect(chat.page.get_by_text("3 messages", exact=True)).to_be_visible(timeout=PATIENCE)
    with chat.page.expect_download() as saving:
        button(chat, "save").click()
    saving.value.save_as(tmp_path / "own.json")
    kept = json.loads((tmp_path / "own.json").read_text())
    assert [line["text"] for line in kept["conversations"][0]["lines"]] == [
        "Welcome!",
        "My secret word is kodama",
        "I will remember kodama",
    ]

    button(chat, "erase").click()
    expect(button(chat, "erase_no")).to_be_focused()
    button(chat, "erase_no").click()
    assert "secret word" in str(site.rows()["line"])
    button(chat, "erase").click()
    button(chat, "erase_yes").click()
    expect(chat.page.get_by_text(WORDS["erased"])).to_be_visible(timeout=PATIENCE)
    assert "kodama" not in str(site.rows())
    expect(chat.page.locator("tenin-chat .log")).not_to_contain_text("kodama")
    assert "kodama" not in chat.page.evaluate(STORED)
    button(chat, "back").click()
    answer(site, "Welcome back!")
    chat.shows("Welcome back!")
    chat.say("A new beginning")
    chat.shows("A new beginning")


def test_one_history_and_none_of_it_to_the_next(
    make_site: SiteMaker, new_context: NewContext, faults: list[str]
) -> None:
    site = make_site()
    first = ChatPage(new_context(), site.url, "en")
    sign_in(first.page, EMMA)
    first.page.locator("tenin-chat .launcher").click()
    answer(site, "Welcome, Emma!")
    first.say("Said on the laptop")
    first.shows("Said on the laptop")
    answer(site, "Answered on the laptop")
    first.shows("Answered on the laptop")

    phone = new_context(viewport=PHONE)
    second = ChatPage(phone, site.url, "en")
    sign_in(second.page, EMMA)
    second.page.locator("tenin-chat .launcher").click()
    answer(site, "Welcome again, Emma!")
    second.shows("Welcome again, Emma!")
    expect(second.log()).not_to_contain_text("laptop")
    button(second, "earlier").click()
    second.shows("Said on the laptop")
    earlier = second.page.get_by_role("group", name=WORDS["earlier_label"])
    expect(earlier).to_contain_text("Answered on the laptop")
    expect(earlier.locator(".chips")).to_have_count(0)
    assert "laptop" not in second.page.evaluate(STORED)

    # What is said on the laptop meanwhile is there at the next look.
    first.say("Later on the laptop")
    answer(site, "Heard")
    first.shows("Heard")
    second.page.get_by_role("button", name=second.words["close"]).click()
    second.page.locator("tenin-chat .launcher").click()
    expect(earlier).to_contain_text("Later on the laptop", timeout=PATIENCE)

    # Signed out without a new page: at once nothing of it is left, also while it is closed.
    second.page.get_by_role("button", name=second.words["close"]).click()
    second.page.evaluate("() => document.querySelector('tenin-chat').signOut()")
    second.page.wait_for_function(
        "() => !document.querySelector('tenin-chat').shadowRoot.textContent.includes('laptop')",
        timeout=PATIENCE,
    )
    sign_out(second.page)
    second.page.locator("tenin-chat .launcher").click()
    expect(second.box()).to_be_focused(timeout=PATIENCE)
    second.page.wait_for_timeout(1000)
    expect(button(second, "earlier")).to_have_count(0)
    for what in (SHADOW, STORED):
        assert "laptop" not in second.page.evaluate(what)
    assert "tenin.customer" not in second.page.evaluate(STORED)

    # And the next customer at that device sees none of it.
    second.page.get_by_role("button", name=second.words["close"]).click()
    sign_in(second.page, OLIVER)
    second.page.locator("tenin-chat .launcher").click()
    second.page.wait_for_timeout(1500)
    assert "laptop" not in second.page.evaluate(SHADOW)
    expect(button(second, "earlier")).to_be_hidden()


def test_a_word_that_is_over_takes_the_history_away(
    make_site: SiteMaker, new_context: NewContext, faults: list[str]
) -> None:
    site = make_site()
    for said in ("Said on the laptop", ""):
        chat = ChatPage(new_context(), site.url, "en")
        sign_in(chat.page, EMMA)
        chat.page.locator("tenin-chat .launcher").click()
        answer(site, "Welcome, Emma!")
        if said:
            chat.say(said)
            chat.shows(said)
            answer(site, "Heard")
    button(chat, "earlier").click()
    chat.shows("Said on the laptop")
    with write_transaction(site.engine) as session:
        session.execute(update(SignedIn).values(until=utcnow()))
    chat.page.get_by_role("button", name=chat.words["close"]).click()
    chat.page.locator("tenin-chat .launcher").click()
    expect(chat.log()).not_to_contain_text("laptop", timeout=PATIENCE)
    expect(button(chat, "earlier")).to_be_hidden()
    assert [fault for fault in faults if "403" not in fault] == []
    faults.clear()
