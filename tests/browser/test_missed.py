"""The trainers' page of what was missed in a real browser, by keyboard and on a phone."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from tenin.pages.rendering import strings
from tenin.training.missed.pages import PAGE
from tests.browser.test_leads import press, tab_to
from tests.unit.web.conftest import databases, emptied_site, site
from tests.unit.web.missed_messages import DUTY, add_missed, kept
from tests.unit.web.served import Site

__all__ = ["databases", "emptied_site", "site"]

RENT = ("can i rent a tent", "do you rent tents")
Opener = Callable[..., Page]


@pytest.fixture
def opened(site: Site, new_context: Callable[..., BrowserContext]) -> Opener:
    """Open the page as a trainer."""

    def open_page(locale: str = "en-US", **context: Any) -> Page:
        page = new_context(locale, **context).new_page()
        page.goto(site.url + site.desk_link("Tao", "trainer"))
        page.goto(site.url + PAGE)
        return page

    return open_page


def test_a_group_is_taken_in_other_words_by_keyboard(site: Site, opened: Opener) -> None:
    add_missed(site, *DUTY, answer="The shop pays it.")
    add_missed(site, *RENT, group="bcde2345")
    page = opened()
    group = page.locator("details", has_text=DUTY[0])
    press(page, group.locator("summary"))
    expect(group.get_by_text("The shop pays it.")).to_be_visible()
    wording = group.get_by_label(f"As it will stand in the examples: {DUTY[0]}")
    tab_to(page, wording)
    page.keyboard.press("Control+a")
    page.keyboard.type("who pays the duty")
    press(page, group.get_by_label(f"Take: {DUTY[1]}"), "Space")
    need = group.get_by_label("These are examples of")
    need.select_option("new")
    name = group.get_by_label("Name of the new FAQ")
    tab_to(page, name)
    page.keyboard.type("customs_duty")
    press(page, group.get_by_role("button", name="Accept"))
    expect(page.locator("#outcome")).to_contain_text("Accepted: 2")
    expect(page.locator("details")).to_have_count(1)
    expect(page.locator("summary")).to_be_focused()
    found = {row.text: (row.decision, row.wording, row.given_need) for row in kept(site)}
    assert found[DUTY[0]] == ("accepted", "who pays the duty", "faq/customs_duty")
    assert found[DUTY[1]] == ("dropped", None, None)
    assert found[DUTY[2]][1] == "parcel 202611050042 has duty"
    page.keyboard.press("Enter")
    press(page, page.get_by_role("button", name="Dismiss the group"))
    expect(page.locator("#outcome")).to_contain_text("Dismissed: 2")
    expect(page.locator("#empty")).to_be_visible()


def test_what_is_refused_is_told_in_words(site: Site, opened: Opener, faults: list[str]) -> None:
    add_missed(site, *DUTY)
    page = opened("ja-JP")
    page.locator("summary").click()
    for box in page.locator("[name=take]").all():
        box.uncheck()
    page.get_by_role("button", name="採用する").click()
    words = strings("ja")["missed"]["errors"]["nothing_chosen"]
    expect(page.get_by_role("alert")).to_have_text(words)
    assert {row.decision for row in kept(site)} == {"open"}
    assert all("status of 422" in fault for fault in faults)
    faults.clear()


@pytest.mark.parametrize("locale", ["en-US", "zh-CN", "zh-TW", "ja-JP"])
def test_nothing_is_cut_off_on_a_phone(site: Site, opened: Opener, locale: str) -> None:
    add_missed(site, *DUTY, "x" * 200, answer="y" * 200)
    page = opened(locale, viewport={"width": 390, "height": 844})
    page.locator("summary").click()
    expect(page.get_by_role("button").first).to_be_visible()
    wide = page.evaluate("document.documentElement.scrollWidth")
    assert wide <= 390
