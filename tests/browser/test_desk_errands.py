"""The desk in a real browser: what the customer was about, in the agent's own words."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import BrowserContext, expect

from tests.browser.chat_page import strings
from tests.browser.conftest import DESKTOP, PHONE
from tests.browser.desk_page import DeskPage
from tests.browser.test_invoice import LOCALES, WIDER
from tests.unit.web.conftest import SiteMaker, databases, make_site
from tests.unit.web.test_web_desk_errands import NUMBER, knows

__all__ = ["databases", "make_site"]

REQUEST = {
    "need": "change_address",
    "order": NUMBER,
    "item": None,
    "detail": {"address": "Flat 2, 18 Caoxi Road North, Shanghai 200030"},
}
DETAIL = {"size": ["39"], "quantity": ["2"]}


@pytest.mark.parametrize("viewport", [DESKTOP, PHONE], ids=["desktop", "phone"])
@pytest.mark.parametrize("language", list(LOCALES))
def test_an_agent_reads_what_was_asked_for_and_what_failed(
    make_site: SiteMaker,
    new_context: Callable[..., BrowserContext],
    language: str,
    viewport: dict[str, int],
) -> None:
    site = make_site()
    customer = site.customer()
    customer.send(text="A person, please")
    conversation = site.answer("One moment", wanted="asked")
    words = strings(language)["desk"]
    said = words["errand"]

    context = new_context(LOCALES[language], viewport=viewport)
    page = DeskPage(site, context, language=language, presence="busy").page
    page.locator(".row").click()
    expect(page.get_by_role("heading", level=2).first).to_be_visible()
    expect(page.locator(".errands")).to_be_hidden()

    knows(
        site,
        conversation,
        order_request=REQUEST,
        order_need="exchange_item",
        order_number=NUMBER,
        order_detail=DETAIL,
    )
    customer.send(text="Is anybody there?")  # the desk looks again
    shown = page.locator(".errands li")
    expect(shown).to_have_count(2)
    failed, about = (" ".join(text.split()) for text in shown.all_inner_texts())
    number = said["order"].replace("{number}", NUMBER)
    for expected in (said["failed"], said["need"]["change_address"], number):
        assert expected in failed
    assert said["address"].replace("{value}", REQUEST["detail"]["address"]) in failed  # type: ignore[index]
    for kind, value in (("size", "39"), ("quantity", "2")):
        assert said[kind].replace("{value}", value) in about
    for expected in (said["about"], said["need"]["exchange_item"], number, said["unproved"]):
        assert expected in about
    assert "{" not in failed + about
    assert page.evaluate(WIDER) <= 0


def test_from_the_desk_to_the_blueprints_and_back(
    make_site: SiteMaker, new_context: Callable[..., BrowserContext]
) -> None:
    site = make_site()
    words = strings("en")["desk"]["blueprints"]
    page = new_context(viewport=PHONE).new_page()
    page.goto(f"{site.url}{site.desk_link()}")
    page.get_by_role("link", name=words["title"]).click()
    expect(page.get_by_role("heading", name=words["title"])).to_be_visible()
    page.get_by_role("listitem").get_by_role("link").first.click()
    expect(page.locator("svg").first).to_be_visible()
    page.get_by_role("link", name=words["title"]).click()
    page.get_by_role("link", name=strings("en")["train"]["desk"]).click()
    expect(page).to_have_url(f"{site.url}/desk")
