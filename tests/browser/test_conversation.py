"""What a conversation looks like: marked text, cards of each kind, who has joined, and when."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import BrowserContext, Locator, expect

from tenin.conversation.models import Author
from tests.browser.chat_page import PATIENCE, ChatPage, strings, until
from tests.browser.conftest import DESKTOP, PHONE
from tests.browser.played import LOCALES, ORDER, SHOES, TENT, begun, said, shadow
from tests.unit.web.conftest import SiteMaker, databases, make_site
from tests.unit.web.persons import resolve, take, wait_for, write

__all__ = ["databases", "make_site"]

NewContext = Callable[..., BrowserContext]
NARROW = {"width": 320, "height": 640}
MARKED = "**Free** returns:\n\n- by post\n- [here](https://shop.example/terms)"
WIDE = """
  const log = root.querySelector(".log");
  const cut = [...root.querySelectorAll(".bubble, .card, .chips, .meta")].filter((each) => {
    const { left, right } = each.getBoundingClientRect();
    const bounds = log.getBoundingClientRect();
    return left < bounds.left - 1 || right > bounds.right + 1 || each.scrollWidth > each.clientWidth + 1;
  });
  return log.scrollWidth > log.clientWidth || cut.map((each) => each.className).join();
"""  # noqa: E501
both_sizes = pytest.mark.parametrize("viewport", [DESKTOP, PHONE], ids=["desktop", "phone"])


def bubble(chat: ChatPage, text: str) -> Locator:
    return chat.log().locator(".bubble").filter(has_text=text)


@both_sizes
def test_marks_are_drawn_for_others_and_never_for_customers(
    make_site: SiteMaker, new_context: NewContext, viewport: dict[str, int]
) -> None:
    site = make_site()
    chat = ChatPage(new_context(viewport=viewport), site.url, "en").open()
    conversation = begun(site, chat.page)
    said(site, conversation, MARKED)
    said(site, conversation, f"{MARKED} <b>Mei</b>", author=Author.AGENT, name="Mei")
    expect(bubble(chat, "<b>Mei</b>")).to_be_visible(timeout=PATIENCE)
    expect(bubble(chat, "Free").locator("strong")).to_have_text(["Free", "Free"])
    expect(bubble(chat, "Free").locator("li")).to_have_count(4)
    link = bubble(chat, "Free").get_by_role("link", name="here").first
    expect(link).to_have_attribute("href", "https://shop.example/terms")
    expect(link).to_have_attribute("rel", "noopener noreferrer nofollow")
    expect(link).to_have_attribute("target", "_blank")
    chat.say("**mine** https://a.example/b\n<i>- x")
    own = bubble(chat, "**mine** https://a.example/b")
    expect(own).to_be_visible(timeout=PATIENCE)
    expect(own.get_by_role("link")).to_have_text("https://a.example/b")
    assert own.locator("strong, li, i").count() == 0


def test_the_newest_line_stays_in_view_though_it_grows_while_it_is_scrolled_to(
    make_site: SiteMaker, new_context: NewContext
) -> None:
    site = make_site()
    chat = ChatPage(new_context(), site.url, "en").open()
    conversation = begun(site, chat.page)
    for number in range(12):
        said(site, conversation, f"a line of the assistant's\n\nwhich is the {number}th")
    expect(bubble(chat, "11th")).to_be_in_viewport(timeout=PATIENCE)
    script = """
      const log = root.querySelector(".log");
      const picture = document.createElement("div"); // that comes in
      picture.style.height = "400px";
      root.querySelector(".lines").append(picture);
      log.dispatchEvent(new Event("scroll")); // of a moment before
    """
    shadow(chat.page, script)
    left = """
      const { scrollHeight, scrollTop, clientHeight } = root.querySelector(".log");
      return scrollHeight - scrollTop - clientHeight;
    """
    until(lambda: shadow(chat.page, left) < 2)

    # Whoever has scrolled up is left where they are.
    shadow(chat.page, "root.querySelector('.log').scrollTop = 0")
    latest = chat.page.get_by_role("button", name=chat.words["latest"])
    expect(latest).to_be_visible(timeout=PATIENCE)
    said(site, conversation, "one more line")
    chat.shows("one more line")
    expect(bubble(chat, "one more line")).not_to_be_in_viewport()
    latest.click()
    expect(latest).to_be_hidden()


@pytest.mark.parametrize(
    ("language", "viewport"),
    [(language, size) for language in LOCALES for size in (DESKTOP, NARROW)],
    ids=[f"{language}-{size}" for language in LOCALES for size in ("desktop", "narrow")],
)
def test_cards_of_goods_and_orders(
    make_site: SiteMaker, new_context: NewContext, language: str, viewport: dict[str, int]
) -> None:
    site = make_site()
    chat = ChatPage(new_context(LOCALES[language], viewport=viewport), site.url, language).open()
    conversation = begun(site, chat.page)
    tracked = {**ORDER, "tracking_url": "https://carrier.example/SF1029384756"}
    said(site, conversation, "…", cards=[TENT, SHOES, tracked])
    words, card = strings(language), chat.log().locator(".card")
    expect(card).to_have_count(3)
    goods = card.first
    expect(goods).to_contain_text("Nest 2 Tent")
    expect(goods).to_contain_text("1,299.00")
    expect(goods).to_contain_text(words["lines"]["card"]["in_stock"])
    expect(goods).to_have_attribute("href", f"{site.url}/#KT-601")
    expect(card.nth(1)).to_contain_text(words["lines"]["card"]["sold_out"])

    order = card.last
    expect(order.locator(".state")).to_have_text(words["lines"]["order"]["status"]["shipped"])
    expect(order).to_contain_text("202611190042")
    steps = order.get_by_role("list", name=words["lines"]["order"]["way"]).get_by_role("listitem")
    expect(steps).to_have_text(list(words["lines"]["order"]["step"].values()))
    expect(order.locator("[aria-current=step]")).to_have_text(
        words["lines"]["order"]["step"]["shipped"]
    )
    expect(order).to_contain_text("Moss Trail Shoes")
    expect(order).to_contain_text("× 2")
    expect(order).to_contain_text("2,437.00")
    expect(order).to_contain_text("24")
    carrier = order.get_by_role("link", name="SF Express SF1029384756")
    expect(carrier).to_have_attribute("href", "https://carrier.example/SF1029384756")
    assert shadow(chat.page, WIDE) == ""


@pytest.mark.parametrize("status", ["delivered", "cancelled", "somewhere else"])
def test_an_order_that_is_not_on_its_way(
    make_site: SiteMaker, new_context: NewContext, status: str
) -> None:
    site = make_site()
    chat = ChatPage(new_context(), site.url, "en").open()
    few = {"kind": "order", "number": "1", "status": status, "expected_on": "2026-11-24"}
    said(site, begun(site, chat.page), "…", cards=[few])
    order, words = chat.log().locator(".card"), strings("en")["lines"]["order"]
    if status in words["status"]:
        expect(order.locator(".state")).to_have_text(words["status"][status])
    else:
        expect(order.locator("b")).to_have_text("1")
        expect(order.locator(".state")).to_have_count(0)
    expect(order.locator(".past")).to_have_count(4 if status == "delivered" else 0)
    arrives = order.get_by_text(words["expected"])
    expect(arrives).to_have_count(0 if status == "cancelled" else 1)


def test_a_picture_has_its_words_and_moves_nothing(
    make_site: SiteMaker, new_context: NewContext
) -> None:
    site = make_site()
    context = new_context()
    context.route("**/slow*.svg", lambda _: None)  # on their way for as long as we look
    chat = ChatPage(context, site.url, "en").open()
    picture = {"kind": "image", "image": "/slow.svg", "alt": "A tent by a lake"}
    sized = {**picture, "image": "/slow-too.svg", "width": 300, "height": 100}
    hostile = {**picture, "image": "javascript:alert(1)"}
    said(site, begun(site, chat.page), "Look", cards=[picture, sized, hostile])
    shown = chat.log().get_by_role("img", name="A tent by a lake")
    expect(shown).to_have_count(2)
    boxes = [each.bounding_box() for each in shown.all()]
    ratios = [round(box["width"] / box["height"], 1) for box in boxes if box]
    assert ratios == [1.3, 3.0], "4:3 before anything has come; its own where that is known"


@both_sizes
def test_agents_come_and_go_with_name_and_face(
    make_site: SiteMaker, new_context: NewContext, viewport: dict[str, int]
) -> None:
    site = make_site()
    chat = ChatPage(new_context(viewport=viewport), site.url, "en").open()
    conversation = begun(site, chat.page)
    wait_for(site, conversation)
    take(site, conversation, "Mei Lin")
    write(site, conversation, "Hello", "Mei Lin")
    write(site, conversation, "One moment", "Mei Lin")
    chat.shows("One moment")
    expect(chat.page.locator("header .badge")).to_have_text("ML")
    joined = chat.log().locator(".line.event").filter(has_text="Mei Lin")
    expect(joined).to_be_visible()
    faces = chat.log().locator(".agent .face")
    expect(faces.filter(visible=True)).to_have_text(["ML"])
    expect(chat.log().locator(".agent .name").first).to_contain_text("Mei Lin")
    expect(chat.log().locator(".day")).to_have_count(1)
    expect(chat.log().locator(".agent time")).to_have_count(1)
    resolve(site, conversation, "Mei Lin")
    expect(chat.page.locator("header .badge")).to_have_text("", timeout=PATIENCE)
