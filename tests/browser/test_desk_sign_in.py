"""Signing in at the desk in a real browser, by keyboard alone: the pages need no script."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from tenin.database import write_transaction
from tenin.desk import accounts
from tests.browser.chat_page import strings
from tests.browser.conftest import PHONE
from tests.browser.test_invoice import LOCALES, WIDER
from tests.unit.web.conftest import SiteMaker, databases, make_site

__all__ = ["databases", "make_site"]

PASSWORD = "a lantern for the night"
NEW = "three boots and a tent"
PATIENCE = 30_000  # ms: on a busy machine a password takes its time


def fill(page: Page, *texts: str) -> None:
    """Type into one field after the other, the focus being in the first; then send."""
    for number, text in enumerate(texts):
        if number:
            page.keyboard.press("Tab")
        page.keyboard.type(text)
    page.keyboard.press("Enter")


@pytest.mark.parametrize("language", list(LOCALES))
def test_in_by_keyboard_another_password_and_out(
    make_site: SiteMaker, new_context: Callable[..., BrowserContext], language: str
) -> None:
    site = make_site()
    with write_transaction(site.engine) as session:
        accounts.create(session, "tao", "Tao", "trainer", password=PASSWORD)
    words = strings(language)["desk"]
    page = new_context(LOCALES[language], viewport=PHONE).new_page()

    page.goto(f"{site.url}/desk/account")
    expect(page.get_by_role("heading", level=1)).to_have_text(words["sign_in"]["title"])
    fill(page, "tao", PASSWORD)  # the focus is where one begins
    expect(page).to_have_url(f"{site.url}/desk/account", timeout=PATIENCE)
    expect(page.get_by_role("heading", level=1)).to_have_text(words["account"]["title"])
    assert not page.evaluate(WIDER)

    page.get_by_label(words["account"]["old"], exact=True).focus()
    fill(page, PASSWORD, NEW, NEW)
    expect(page.get_by_role("status")).to_have_text(words["account"]["saved"], timeout=PATIENCE)

    page.get_by_role("button", name=words["account"]["sign_out"]).press("Enter")
    expect(page.get_by_role("status")).to_have_text(
        words["sign_in"]["signed_out"], timeout=PATIENCE
    )
    assert not page.evaluate(WIDER)
