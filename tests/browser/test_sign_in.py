"""Signing in and out of the demo shop in a real browser, and whom the chat takes one for.

The web tier is the real one; the test plays the bot's worker.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from tenin.conversation.identity import customer_of, owner_of
from tenin.conversation.models import Conversation
from tenin.database import make_engine, read_transaction
from tenin.shop.demo_customers import demo_customer
from tests.browser.chat_page import PATIENCE, ChatPage, strings
from tests.browser.conftest import DESKTOP, PHONE
from tests.unit.web.conftest import SiteMaker, databases, make_site
from tests.unit.web.served import Site

__all__ = ["databases", "make_site"]

NewContext = Callable[..., BrowserContext]
EMMA, OLIVER = "emma.clarke@example.com", "oliver.hughes@example.org"
WORDS = strings("en")["shop"]["account"]


def customer_id(site: Site, email: str) -> str:
    engine = make_engine(site.settings.shop.database_url)
    with read_transaction(engine) as session:
        found = demo_customer(session, email)
    engine.dispose()
    assert found is not None
    return found.id


def conversations(site: Site) -> list[tuple[str | None, str | None]]:
    """Whose each conversation is and who is signed in there, oldest first."""
    with read_transaction(site.engine) as session:
        rows = session.query(Conversation).order_by(Conversation.created_at).all()
        return [(owner_of(session, row.id), customer_of(session, row.id)) for row in rows]


def sign_in(page: Page, email: str, word: str = "kodama") -> None:
    page.locator("summary", has_text=WORDS["sign_in"]).click()
    fill_in(page, email, word)


def fill_in(page: Page, email: str, word: str) -> None:
    page.get_by_label(WORDS["who"], exact=True).select_option(email)
    page.get_by_label(WORDS["word"], exact=True).fill(word)
    page.get_by_role("button", name=WORDS["sign_in"], exact=True).click()


def sign_out(page: Page) -> None:
    page.get_by_role("button", name=WORDS["sign_out"]).click()
    expect(page.locator("summary", has_text=WORDS["sign_in"])).to_be_visible()


def until(page: Page, site: Site, expected: list[tuple[str | None, str | None]]) -> None:
    """Wait until the conversations are these customers'."""
    for _ in range(PATIENCE // 100):
        if conversations(site) == expected:
            return
        page.wait_for_timeout(100)
    assert conversations(site) == expected


@pytest.mark.parametrize("viewport", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_signing_in_and_out(
    make_site: SiteMaker, new_context: NewContext, viewport: dict[str, int]
) -> None:
    site = make_site()
    emma, oliver = customer_id(site, EMMA), customer_id(site, OLIVER)
    context = new_context("en-US", viewport=viewport)

    # A stranger talks first, then signs in: the conversation goes on and is theirs.
    chat = ChatPage(context, site.url, "en").open()
    page = chat.page
    chat.say("Is anybody there?")
    chat.shows("Is anybody there?")
    until(page, site, [(None, None)])
    page.keyboard.press("Escape")
    sign_in(page, EMMA, "not the word")
    expect(page.get_by_role("alert")).to_have_text(WORDS["failed"])
    fill_in(page, EMMA, "kodama")
    expect(page.locator("form.account .name")).to_have_text("Emma Clarke")
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    until(page, site, [(emma, emma)])
    page.locator("tenin-chat .launcher").click()
    chat.shows("Is anybody there?")
    chat.say("It is me, Emma")
    chat.shows("It is me, Emma")
    page.keyboard.press("Escape")

    # Signed out, nothing of it is left on the device.
    sign_out(page)
    until(page, site, [(emma, None)])
    assert page.evaluate("localStorage.getItem('tenin.session')") is None
    assert page.evaluate("localStorage.getItem('tenin.customer')") is None
    page.locator("tenin-chat .launcher").click()
    chat.say("Who was here?")
    chat.shows("Who was here?")
    assert "Emma" not in chat.log().inner_text()
    until(page, site, [(emma, None), (None, None)])
    page.keyboard.press("Escape")

    # Another customer; then the first again, whose conversation begins as theirs.
    sign_in(page, OLIVER)
    until(page, site, [(emma, None), (oliver, oliver)])
    sign_out(page)
    until(page, site, [(emma, None), (oliver, None)])
    sign_in(page, EMMA)
    expect(page.locator("form.account .name")).to_have_text("Emma Clarke")
    page.locator("tenin-chat .launcher").click()
    until(page, site, [(emma, None), (oliver, None), (emma, emma)])
    chat.say("Hello again")
    chat.shows("Hello again")
    assert "Who was here?" not in chat.log().inner_text()


def test_another_customer_in_another_tab_begins_anew(
    make_site: SiteMaker, new_context: NewContext, faults: list[str]
) -> None:
    """The shop's page may change customers without the chat having been told of a sign-out."""
    site = make_site()
    emma, oliver = customer_id(site, EMMA), customer_id(site, OLIVER)
    context = new_context("en-US")
    chat = ChatPage(context, site.url, "en")
    sign_in(chat.page, EMMA)
    expect(chat.page.locator("form.account .name")).to_have_text("Emma Clarke")
    chat.open()
    chat.say("A secret of Emma's")
    chat.shows("A secret of Emma's")
    until(chat.page, site, [(emma, emma)])

    context.clear_cookies()  # the shop forgets her; then another customer signs in elsewhere
    answer = context.request.post(
        f"{site.url}/demo/sign-in?lang=en", form={"email": OLIVER, "word": "kodama"}
    )
    assert answer.ok
    other = ChatPage(context, site.url, "en")
    other.page.locator("tenin-chat .launcher").click()
    other.say("Oliver here")
    other.shows("Oliver here")
    assert "secret" not in other.log().inner_text()
    until(other.page, site, [(emma, emma), (oliver, oliver)])
    # The first tab has let go of her conversation as well.
    chat.shows("Oliver here")
    assert "secret" not in chat.log().inner_text()
    [refused] = faults  # the browser tells of every refusal
    assert "409" in refused
    faults.clear()


def test_the_page_may_tell_the_chat_itself(make_site: SiteMaker, new_context: NewContext) -> None:
    site = make_site()
    emma = customer_id(site, EMMA)
    chat = ChatPage(new_context("en-US"), site.url, "en")
    chat.open()
    chat.say("hello")
    chat.shows("hello")
    token = chat.page.evaluate(
        """async (form) => {
          const body = new URLSearchParams(form);
          const answer = await fetch("/demo/sign-in?lang=en", { method: "POST", body });
          const page = new DOMParser().parseFromString(await answer.text(), "text/html");
          const { customer } = page.querySelector("script[data-customer]").dataset;
          document.querySelector("tenin-chat").signIn(customer);
          return customer;
        }""",
        {"email": EMMA, "word": "kodama"},
    )
    assert token.count(".") == 2
    until(chat.page, site, [(emma, emma)])
    chat.shows("hello")
    chat.page.evaluate("document.querySelector('tenin-chat').signOut()")
    until(chat.page, site, [(emma, None), (None, None)])
    expect(chat.log()).not_to_contain_text("hello")
