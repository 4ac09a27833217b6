"""The page that shows the chat's options, in a real browser."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import BrowserContext, expect

from tests.browser.chat_page import PATIENCE, strings
from tests.browser.conftest import DESKTOP, PHONE
from tests.unit.web.conftest import SiteMaker, databases, make_site

__all__ = ["databases", "make_site"]

NewContext = Callable[..., BrowserContext]


@pytest.mark.parametrize("viewport", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_each_option_is_tried_at_once(
    make_site: SiteMaker, new_context: NewContext, viewport: dict[str, int]
) -> None:
    site = make_site()
    page = new_context("ja-JP", viewport=viewport).new_page()
    page.goto(f"{site.url}/")
    page.get_by_role("link", name=strings("ja")["shop"]["widget_link"]).click()
    words = strings("ja")["embed"]
    line = page.locator("#line")
    events = page.get_by_role("log", name=words["events"])
    expect(line).to_have_text(f'<script type="module" src="{site.url}/widget.js"></script>')
    expect(events).to_contain_text("tenin:ready", timeout=PATIENCE)

    page.get_by_label(words["left"]).check()
    page.get_by_label(words["colour"]).fill("#7b1fa2")
    page.get_by_label(words["heading"]).fill('"木" & 葉')
    page.get_by_label(words["no_launcher"]).check()
    page.get_by_label(words["page"]).select_option(label=words["page_product"])
    for part in (
        'data-position="left"',
        'data-colour="#7b1fa2"',
        "data-heading='\"木\" &amp; 葉'",
        'data-launcher="none"',
        'data-page=\'{"kind": "product", "sku": "KT-601"}\'',
    ):
        expect(line).to_contain_text(part)
    chat = page.locator("tenin-chat")
    expect(chat.locator(".launcher")).to_be_hidden()
    page.locator("[data-call=open]").click()
    dialog = page.get_by_role("dialog", name='"木" & 葉')
    expect(dialog).to_be_visible()
    expect(events).to_contain_text("tenin:open")
    colour = "element => getComputedStyle(element).backgroundColor"
    assert dialog.locator("header").evaluate(colour) == "rgb(123, 31, 162)"
    box = dialog.bounding_box()
    assert box is not None
    assert box["x"] < 40
    page.keyboard.press("Escape")
    expect(events).to_contain_text("tenin:close")

    page.get_by_label(words["no_launcher"]).uncheck()
    page.get_by_label(words["right"]).check()
    expect(chat.locator(".launcher")).to_be_visible()
    expect(line).not_to_contain_text("data-position")
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
