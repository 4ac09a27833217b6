"""What comes later, in a real browser: shown when it is there, never lost, and tried again."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import BrowserContext, Route, expect

from tests.browser.chat_page import PATIENCE, ChatPage, strings, until
from tests.browser.played import TENT, begun, said
from tests.unit.web.conftest import SiteMaker, databases, make_site
from tests.unit.web.persons import wait_for

__all__ = ["databases", "make_site"]

NewContext = Callable[..., BrowserContext]
BOLD = "**Free** returns"


def test_a_line_with_marks_waits_for_what_draws_them(
    make_site: SiteMaker, new_context: NewContext
) -> None:
    site, context = make_site(), new_context()
    held: list[Route] = []
    context.route("**/joined/widget/lines.js", lambda route: held.append(route))
    chat = ChatPage(context, site.url, "en").open()
    conversation = begun(site, chat.page)
    until(lambda: site.rows()["inbox"], chat.page)
    site.answer("Good day")
    chat.shows("Good day")
    typing = chat.page.locator("tenin-chat .typing")
    expect(typing).to_be_hidden()
    said(site, conversation, BOLD)
    said(site, conversation, "In plain words")
    chat.shows("In plain words")
    expect(chat.log()).not_to_contain_text("returns")
    expect(typing).to_be_visible()
    [route] = held
    route.continue_()
    expect(chat.log().locator("strong")).to_have_text("Free", timeout=PATIENCE)
    expect(typing).to_be_hidden()
    texts = chat.log().locator(".bubble").all_inner_texts()
    assert texts[-2:] == ["Free returns", "In plain words"]


@pytest.mark.parametrize("file", ["joined/widget/lines.js", "widget/lines.css", "en/lines.json"])
def test_where_it_cannot_be_had_nothing_is_lost_and_it_is_tried_again(
    make_site: SiteMaker, new_context: NewContext, faults: list[str], file: str
) -> None:
    site, context = make_site(), new_context()
    tries: list[str] = []

    def lose(route: Route) -> None:
        tries.append(file)
        route.abort()

    context.route(f"**/{file}", lose)
    chat = ChatPage(context, site.url, "en").open()
    conversation = begun(site, chat.page)
    said(site, conversation, BOLD, cards=[TENT])
    chat.shows("**Free** returns")
    chat.shows("Nest 2 Tent")
    assert tries
    context.unroute(f"**/{file}")
    expect(chat.log().locator("strong")).to_have_text("Free", timeout=PATIENCE)
    expect(chat.log().locator(".card.product")).to_contain_text("Nest 2 Tent")
    assert chat.log().locator(".bubble").filter(has_text="returns").count() == 1
    faults.clear()  # the browser tells of each file that it could not have


def test_who_waits_sees_the_bar_though_it_came_late(
    make_site: SiteMaker, new_context: NewContext, faults: list[str]
) -> None:
    site, context = make_site(), new_context()
    context.route("**/joined/widget/person.js", lambda route: route.abort())
    chat = ChatPage(context, site.url, "en").open()
    conversation = begun(site, chat.page)
    wait_for(site, conversation)
    words = strings("en")
    expect(chat.page.get_by_text(words["widget"]["owner"]["queue"])).to_be_visible(timeout=PATIENCE)
    bar = chat.page.get_by_role("group", name=chat.person["waiting"]["label"])
    assert bar.count() == 0
    context.unroute("**/joined/widget/person.js")
    expect(bar).to_be_visible(timeout=PATIENCE)
    faults.clear()


def test_the_menu_opens_at_the_next_try(
    make_site: SiteMaker, new_context: NewContext, faults: list[str]
) -> None:
    site, context = make_site(), new_context()
    context.route("**/joined/widget/more.js", lambda route: route.abort())
    chat = ChatPage(context, site.url, "en").open()
    opener = chat.page.get_by_role("button", name=chat.words["menu"])
    with chat.page.expect_event("requestfailed"):
        opener.click()
    context.unroute("**/joined/widget/more.js")
    opener.click()
    menu = chat.page.get_by_role("group", name=strings("en")["more"]["menu"]["title"])
    expect(menu).to_be_visible(timeout=PATIENCE)
    faults.clear()
