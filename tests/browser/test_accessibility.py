"""The chat by WCAG 2.2 AA: axe on everything it shows, and what axe can't see, by hand.

axe looks into the open shadow root and at the shop's page around it.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, Page, Route, expect

from tenin.conversation import ownership
from tenin.conversation.models import Author
from tests.browser.chat_page import PATIENCE, ChatPage, strings
from tests.browser.conftest import DESKTOP, PHONE
from tests.browser.played import LOCALES, ORDER, SHOES, TENT, begun, said, shadow
from tests.unit.web.conftest import SiteMaker, databases, make_site
from tests.unit.web.persons import locked, served, wait_for

__all__ = ["databases", "make_site"]

NewContext = Callable[..., BrowserContext]
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
AXE = {"resultTypes": ["violations"], "runOnly": {"type": "tag", "values": TAGS}}
BUTTONS = (("Track an order", "/track_order"), ("Delivery", "/delivery"))
MARKED = "**Free** returns within *30 days*:\n- by post\n- in the shop\nMore: https://a.example/b"


def violations(page: Page) -> list[str]:
    """What axe finds wrong on the page, a line for each element.

    Of forced colours it sees the background and not the text (so its own documentation): there
    the browser answers for the contrast, and the rule is left out.
    """
    page.wait_for_timeout(300)  # what fades in would have too little contrast for a moment
    forced = page.evaluate("matchMedia('(forced-colors: active)').matches")
    rules = {"color-contrast": {"enabled": False}} if forced else {}
    found = Axe().run(page, options={**AXE, "rules": rules}).response["violations"]
    return [
        f"{rule['id']}: {node['target']} {node['any'] or node['all'] or node['none']}"
        for rule in found
        for node in rule["nodes"]
    ]


def refuse(route: Route) -> None:
    route.fulfill(
        status=422, json={"error": {"code": "text_too_long", "message": "", "remedy": ""}}
    )


@pytest.mark.parametrize(
    ("viewport", "media"),
    [
        (DESKTOP, {}),
        (PHONE, {}),
        (PHONE, {"forced_colors": "active", "reduced_motion": "reduce"}),
    ],
    ids=["desktop", "phone", "forced-colours"],
)
def test_axe_finds_nothing(
    make_site: SiteMaker,
    new_context: NewContext,
    faults: list[str],
    viewport: dict[str, int],
    media: dict[str, Any],
) -> None:
    site = make_site()
    context = new_context(viewport=viewport)
    chat = ChatPage(context, site.url, "en")
    page = chat.page
    page.emulate_media(**media)
    expect(page.get_by_role("button", name=chat.words["open"])).to_be_visible(timeout=PATIENCE)
    assert violations(page) == [], "closed"

    chat.open()
    conversation = begun(site, page)
    said(site, conversation, "Welcome! What can I do for you?", buttons=BUTTONS)
    expect(chat.log().get_by_role("button", name="Delivery")).to_be_visible(timeout=PATIENCE)
    assert violations(page) == [], "greeting and choices"

    said(site, conversation, MARKED, cards=[TENT, SHOES, ORDER])
    expect(chat.log().get_by_text("Nest 2 Tent").first).to_be_visible(timeout=PATIENCE)
    assert violations(page) == [], "text and cards"

    wait_for(site, conversation)
    expect(chat.page.get_by_role("group", name=chat.person["waiting"]["label"])).to_be_visible(
        timeout=PATIENCE
    )
    said(site, conversation, "Hello, I am Mei.", author=Author.AGENT, name="Mei")
    with locked(site, conversation) as (session, found):
        ownership.leave_message(session, found, site.voice)
    expect(chat.log().get_by_label(chat.person["contact"]["address"])).to_be_visible(
        timeout=PATIENCE
    )
    served(site, conversation)
    expect(chat.log().get_by_role("radio").first).to_be_visible(timeout=PATIENCE)
    assert violations(page) == [], "person and forms"

    context.route("**/chat/messages", refuse)
    chat.say("This is refused")
    expect(chat.log().get_by_role("alert")).to_be_visible(timeout=PATIENCE)
    context.unroute("**/chat/messages")
    context.set_offline(True)
    chat.say("This waits")
    expect(page.get_by_text(chat.words["connection"]["offline"])).to_be_visible(timeout=PATIENCE)
    assert violations(page) == [], "refused and offline"
    context.set_offline(False)
    assert all("422" in fault for fault in faults)
    faults.clear()


# by keyboard and screen reader

OF_ITS_OWN = "/widget"  # a page

FOCUS = """() => {
  let active = document.activeElement;
  while (active?.shadowRoot?.activeElement) active = active.shadowRoot.activeElement;
  return active.getAttribute("aria-label") || active.textContent.trim();
}"""
ANNOUNCED = """
  const log = root.querySelector("[role=log]");
  window.announced = [];
  const words = (node) => node.textContent.trim();
  const aloud = (node) => {
    const element = node.nodeType === 1 ? node : node.parentElement;
    return element && !element.closest("[aria-live=off]");
  };
  new MutationObserver((records) => {
    for (const { target, addedNodes } of records) {
      for (const node of addedNodes) {
        // A line is put in empty or whole; what is filled in later counts by its own.
        if (log.contains(node) && aloud(node) && words(node)) window.announced.push(words(node));
      }
    }
  }).observe(log, { childList: true, subtree: true, characterData: true });
"""


@pytest.mark.parametrize("viewport", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_by_keyboard_alone(
    make_site: SiteMaker, new_context: NewContext, viewport: dict[str, int]
) -> None:
    site = make_site()
    context = new_context(viewport=viewport)
    chat = ChatPage(context, site.url, "en")
    page, words = chat.page, chat.words
    press = page.keyboard.press
    opener = page.get_by_role("button", name=words["open"])
    opener.focus()
    press("Enter")
    expect(chat.box()).to_be_focused(timeout=PATIENCE)
    conversation = begun(site, page)
    page.keyboard.type("Hello")
    press("Enter")
    expect(chat.log().locator(".customer time")).to_be_visible(timeout=PATIENCE)  # it is there
    said(site, conversation, "Good day!")
    page.get_by_role("button", name=strings("en")["lines"]["no"]).press("Enter")
    expect(chat.box()).to_be_focused()
    expect(chat.box()).to_be_focused()
    said(site, conversation, "See this", buttons=BUTTONS, cards=[{**TENT, "url": OF_ITS_OWN}])
    expect(chat.log().get_by_role("button", name="Delivery")).to_be_visible(timeout=PATIENCE)
    expect(chat.box()).to_be_focused()  # lines that come in don't take the focus

    order = []
    for _ in range(6):
        press("Shift+Tab")
        order.append(page.evaluate(FOCUS).split("\n")[0])
    assert order[:2] == ["Delivery", "Track an order"]
    assert order[2].startswith("Nest 2 Tent")
    assert order[3:] == [words["log"], words["close"], words["menu"]]
    for _ in range(3):
        press("Tab")
    with context.expect_page() as opened:
        press("Enter")
    assert opened.value.url.endswith(OF_ITS_OWN)
    opened.value.close()
    press("Tab")
    said(site, conversation, "Something comes in between")
    chat.shows("Something comes in between")
    assert page.evaluate(FOCUS) == "Track an order"
    press("Enter")
    own = chat.log().locator(".customer .bubble")
    expect(own).to_have_text(["Hello", "Track an order"], timeout=PATIENCE)
    press("Escape")
    expect(opener).to_be_focused()
    expect(page.locator("tenin-chat .panel")).to_be_hidden()


def test_each_line_is_announced_once(make_site: SiteMaker, new_context: NewContext) -> None:
    site = make_site()
    chat = ChatPage(new_context(), site.url, "en").open()
    conversation = begun(site, chat.page)
    log = chat.log()
    expect(log).to_have_attribute("aria-live", "polite")
    said(site, conversation, "First")
    chat.shows("First")
    expect(log).to_have_attribute("aria-busy", "false")
    shadow(chat.page, ANNOUNCED)
    said(site, conversation, "Second", buttons=BUTTONS)
    chat.shows("Second")
    chat.say("Mine")
    own = log.locator(".customer .bubble")
    expect(own).to_have_text("Mine")
    expect(log.locator(".customer time")).to_be_visible(timeout=PATIENCE)  # its way to the server
    said(site, conversation, "Third", author=Author.AGENT, name="Mei")
    chat.shows("Third")
    heard = chat.page.evaluate("() => window.announced")
    assert len(heard) == 3, heard
    for text, found in zip(("Second", "Mine", "Third"), heard, strict=True):
        assert text in found
    assert heard[2].count("Mei:") == 1, "who says it is heard too"


def test_nothing_moves_where_that_is_wished(make_site: SiteMaker, new_context: NewContext) -> None:
    site = make_site()
    chat = ChatPage(new_context(), site.url, "en").open()
    said(site, begun(site, chat.page), "Hello", buttons=BUTTONS)
    chat.shows("Hello")
    moving = "return root.getAnimations().length;"
    chat.page.emulate_media(reduced_motion="no-preference")
    chat.page.keyboard.press("Escape")
    chat.page.get_by_role("button", name=chat.words["open"]).click()
    assert shadow(chat.page, moving) > 0
    chat.page.emulate_media(reduced_motion="reduce")
    chat.page.keyboard.press("Escape")
    chat.page.get_by_role("button", name=chat.words["open"]).click()
    assert shadow(chat.page, moving) == 0


SMALL = """
  const found = [];
  for (const each of root.querySelectorAll("button, a.card, input, textarea, label.star")) {
    const { width, height } = each.getBoundingClientRect();
    if (each.checkVisibility() && !each.matches(".unseen") && (width < 24 || height < 24)) {
      found.push(`${each.className || each.textContent} ${width}x${height}`);
    }
  }
  return found.join();
"""
CUT = """
  const found = [];
  const panel = root.querySelector(".panel").getBoundingClientRect();
  const text = "h2, .status, .bubble, .chips button, .card b, .card label, .way li, dd, .meta, .waiting span";
  for (const each of root.querySelectorAll(text)) {
    if (!each.checkVisibility() || each.closest(".unseen") || each.matches(".unseen")) continue;
    const { left, right } = each.getBoundingClientRect();
    const cut = each.scrollWidth > each.clientWidth + 1 && each.clientWidth > 0;
    if (cut || left < panel.left || right > panel.right) found.push(each.className || each.textContent);
  }
  const log = root.querySelector(".log");
  if (log.scrollWidth > log.clientWidth) found.push("log");
  if (document.documentElement.scrollWidth > window.innerWidth) found.push("page");
  return found.join();
"""  # noqa: E501


@pytest.mark.parametrize(
    ("language", "viewport", "scale"),
    [
        *((language, {"width": 320, "height": 640}, 1) for language in LOCALES),
        ("en", {"width": 640, "height": 400}, 2),  # 1280 x 800 at 200 %
        ("ja", {"width": 640, "height": 400}, 2),
    ],
    ids=[*(f"{language}-320" for language in LOCALES), "en-zoom", "ja-zoom"],
)
def test_nothing_is_cut_off_or_too_small(
    make_site: SiteMaker,
    new_context: NewContext,
    browser: Browser,
    language: str,
    viewport: dict[str, int],
    scale: int,
) -> None:
    site = make_site()
    context = browser.new_context(
        locale=LOCALES[language],
        viewport=viewport,  # type: ignore[arg-type]
        device_scale_factor=scale,
    )
    with closing(context):
        chat = ChatPage(context, site.url, language).open()
        conversation = begun(site, chat.page)
        said(site, conversation, MARKED, buttons=BUTTONS, cards=[TENT, SHOES, ORDER])
        wait_for(site, conversation)
        with locked(site, conversation) as (session, found):
            ownership.leave_message(session, found, site.voice)
        expect(chat.log().get_by_label(chat.person["contact"]["address"])).to_be_visible(
            timeout=PATIENCE
        )
        served(site, conversation)
        expect(chat.log().get_by_role("radio").first).to_be_visible(timeout=PATIENCE)
        expect(chat.log().get_by_text("SF1029384756")).to_be_visible()
        assert shadow(chat.page, SMALL) == ""
        assert shadow(chat.page, CUT) == ""
        chat.page.get_by_role("button", name=chat.words["menu"]).click()
        menu = chat.page.locator("tenin-chat .menu")
        expect(menu).to_be_visible(timeout=PATIENCE)
        box = menu.bounding_box()
        assert box
        assert box["x"] >= 0
        assert box["y"] + box["height"] <= viewport["height"]
        assert shadow(chat.page, SMALL) == ""
        assert chat.box().is_visible()
