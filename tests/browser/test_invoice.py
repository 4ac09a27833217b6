"""An invoice in a real browser: asked for in the chat, opened by its card, printed on A4."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from playwright.sync_api import BrowserContext, expect

from tenin.database import make_engine, read_transaction
from tenin.settings import load_settings
from tenin.shop.invoice_link import InvoiceLink, sign_link
from tenin.shop.sample_data import demo_order
from tests.browser.chat_page import PATIENCE, ChatPage, strings
from tests.browser.conftest import DESKTOP, PHONE
from tests.system import System
from tests.unit.web.conftest import SiteMaker, databases, make_site
from tests.unit.web.served import Site

__all__ = ["databases", "make_site"]

NewContext = Callable[..., BrowserContext]
LOCALES = {"en": "en-US", "zh-Hans": "zh-CN", "zh-Hant": "zh-TW", "ja": "ja-JP"}
SAID = {
    "en": "could I get the invoice for order {order}?",
    "zh-Hans": "订单{order}的发票给我一份",
    "zh-Hant": "訂單{order}的發票給我一份",
    "ja": "注文{order}の領収書をください",
}
A4 = (595, 842)  # points
WIDER = "document.documentElement.scrollWidth - window.innerWidth"


def order_in(database_url: str) -> tuple[str, str]:
    """The demo shop's order to ask about, and the address that proves it."""
    engine = make_engine(database_url)
    with read_transaction(engine) as session:
        found = demo_order(session)
    engine.dispose()
    return found


def link(site: Site, language: str, minutes: int = 30) -> str:
    number, _ = order_in(site.settings.shop.database_url)
    token = sign_link(
        site.settings.secret, InvoiceLink(number, language), timedelta(minutes=minutes)
    )
    return f"{site.url}/invoice/{token}"


@pytest.mark.parametrize("language", list(LOCALES))
def test_asked_for_in_the_chat_it_opens_in_a_new_tab(
    system: System, new_context: NewContext, language: str
) -> None:
    number, email = order_in(load_settings(system.root, system.environ).shop.database_url)
    context = new_context(LOCALES[language])
    chat = ChatPage(context, system.url, language).open()
    chat.answers("utter_welcome")
    chat.say(SAID[language].format(order=number))
    chat.answers("utter_ask_order_form_contact")
    chat.say(email)
    said = chat.answers("utter_invoice_ready")
    assert number in said
    card = chat.log().get_by_role("link", name=f"INV-{number}")
    with context.expect_page() as opened:
        card.click(timeout=PATIENCE)
    page = opened.value
    expect(page.locator("html")).to_have_attribute("lang", language)
    expect(page.get_by_text(f"INV-{number}")).to_be_visible()
    assert "/invoice/" in page.url
    assert page.evaluate("window.opener") is None


@pytest.mark.parametrize("language", list(LOCALES))
def test_it_fits_a_phone_and_a_sheet_of_paper(
    make_site: SiteMaker, new_context: NewContext, language: str
) -> None:
    site = make_site()
    for viewport in (DESKTOP, PHONE):
        page = new_context(LOCALES[language], viewport=viewport).new_page()
        page.goto(link(site, language))
        expect(page.get_by_role("heading", level=1)).to_be_visible()
        # Its own style is let in, and nothing stands beyond the screen.
        assert page.locator("tfoot td").evaluate("e => getComputedStyle(e).fontWeight") == "600"
        assert page.evaluate(WIDER) <= 0
        printed = page.pdf(prefer_css_page_size=True)
        boxes = re.findall(rb"/MediaBox\s*\[\s*0 0 ([\d.]+) ([\d.]+)\s*\]", printed)
        assert [(round(float(w)), round(float(h))) for w, h in boxes] == [A4]


@pytest.mark.parametrize("language", list(LOCALES))
def test_an_expired_one_says_so_on_a_page_that_fits(
    make_site: SiteMaker, new_context: NewContext, faults: list[str], language: str
) -> None:
    site = make_site()
    words = strings(language)["invoice"]
    page = new_context("en-US", viewport=PHONE).new_page()
    page.goto(link(site, language, minutes=-1))
    expect(page.get_by_role("heading", name=words["expired"]["title"])).to_be_visible()
    assert page.evaluate(WIDER) <= 0
    page.get_by_role("link", name=words["home"]).click()
    expect(page).to_have_url(f"{site.url}/")
    assert all("410" in fault for fault in faults)  # the browser tells of it
    faults.clear()
