"""The trainers' pages in a real browser: one head for all, and a sentence tried on the real bot."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from tenin.database import make_engine
from tenin.desk.access import new_link
from tenin.desk.shell import TRAINERS_PAGES
from tenin.pages.rendering import strings
from tenin.settings import load_settings
from tests.browser.conftest import DESKTOP, PHONE
from tests.browser.played import LOCALES
from tests.browser.test_accessibility import violations
from tests.browser.test_leads import press, tab_to
from tests.system import System
from tests.unit.desk.bot_on_a_port import BotOnAPort, serving
from tests.unit.pages.test_rendering import EXPLAINED
from tests.unit.web.conftest import SiteMaker, databases, make_site
from tests.unit.web.missed_messages import DUTY, add_missed
from tests.unit.web.served import Site

__all__ = ["databases", "make_site"]

PAGE = TRAINERS_PAGES["try"]
NewContext = Callable[..., BrowserContext]
LONG = {**EXPLAINED, "tokens": ["x" * 90], "reply": "y" * 200, "second": "frustration" * 6}


@pytest.fixture
def bot() -> Iterator[BotOnAPort]:
    """A bot tier's port with an explanation on it, for what is about the page alone."""
    with serving() as port:
        port.answer = {"language": "en", "explained": EXPLAINED}
        yield port


@pytest.fixture
def site(make_site: SiteMaker, bot: BotOnAPort) -> Site:
    """A site with that bot."""
    return make_site(BOT_PORT=bot.port)


def opened(site: Site, context: BrowserContext, address: str = PAGE, role: str = "trainer") -> Page:
    page = context.new_page()
    page.goto(site.url + site.desk_link(f"Tao {role}", role))
    page.goto(site.url + address)
    return page


@pytest.mark.parametrize("language", LOCALES)
def test_a_sentence_is_tried_by_keyboard_on_the_running_bot(
    system: System, new_context: NewContext, language: str
) -> None:
    words = strings(language)["train"]["trying"]
    said, need = {
        "en": ("how much is shipping", "faq/shipping_cost"),
        "zh-Hans": ("我的订单到哪了", "track_order"),
        "zh-Hant": ("我想退貨", "return_item"),
        "ja": ("返品したいのですが", "return_item"),
    }[language]
    settings = load_settings(system.root, system.environ)
    engine = make_engine(settings.database.url)
    key = new_link(engine, settings, "Tao of the tries", "trainer")
    engine.dispose()
    page = new_context(LOCALES[language]).new_page()
    page.goto(f"{system.url}/desk/enter?key={key}")
    page.goto(system.url + PAGE)
    expect(page.get_by_label(words["text"])).to_be_focused()
    page.keyboard.type(said)
    press(page, page.get_by_role("button", name=words["button"]))
    verdict = page.locator(".verdict")
    expect(verdict).to_contain_text(need)
    expect(page.locator("tbody tr").first).to_contain_text(need)
    expect(
        page.locator("tbody code").filter(has_text=f"data/nlu/{language}/").first
    ).to_be_visible()
    expect(page.get_by_label(words["text"])).to_have_value(said)
    expect(page.locator(".tag.for").first).to_be_visible()


def test_one_head_leads_through_the_pages_and_out(site: Site, new_context: NewContext) -> None:
    page = opened(site, new_context())
    for name, address in TRAINERS_PAGES.items():
        title = strings("en")["train"]["pages"][name]
        press(page, page.get_by_role("navigation").get_by_role("link", name=title))
        expect(page).to_have_url(site.url + address)
        expect(page.get_by_role("heading", level=1)).to_have_text(title)
        expect(page.get_by_role("banner")).to_have_count(1)
        expect(page.locator("[aria-current=page]").first).to_have_text(title)
        expect(page.get_by_role("link", name="Back to the desk")).to_have_count(0)
    press(page, page.get_by_role("button", name="Sign out"))
    expect(page).to_have_url(f"{site.url}/desk/sign-in?signed_out")
    page.goto(site.url + PAGE)
    expect(page.get_by_label("Password")).to_be_visible()


def test_the_desk_leads_there_and_back(site: Site, new_context: NewContext) -> None:
    page = opened(site, new_context(), "/desk", "admin")
    press(page, page.get_by_role("link", name="Training"))
    expect(page).to_have_url(site.url + TRAINERS_PAGES["missed"])
    press(page, page.get_by_role("link", name="Back to the desk"))
    expect(page.get_by_role("link", name="Training")).to_be_visible()
    agent = opened(site, new_context(), "/desk", "agent")
    expect(agent.get_by_role("link", name="Tao agent")).to_be_visible()
    expect(agent.get_by_role("link", name="Training")).to_be_hidden()


def test_it_is_tried_without_scripts(site: Site, new_context: NewContext, bot: BotOnAPort) -> None:
    context = new_context()
    context.route("**/*.js", lambda route: route.abort())
    page = opened(site, context)
    page.get_by_label("What a customer would write").fill("where")
    page.get_by_label("Answer in").select_option("ja")
    page.get_by_role("button", name="Try it").click()
    expect(page.locator(".verdict")).to_contain_text("95%")
    expect(page.get_by_label("Answer in")).to_have_value("ja")
    assert [body for _, body, _ in bot.asked] == [
        {"text": "where", "language": "ja", "explain": True}
    ]


@pytest.mark.parametrize("viewport", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_axe_finds_nothing(
    site: Site,
    new_context: NewContext,
    bot: BotOnAPort,
    faults: list[str],
    viewport: dict[str, int],
) -> None:
    add_missed(site, *DUTY, answer="The shop pays it.")
    page = opened(site, new_context(viewport=viewport))
    assert violations(page) == [], "first"
    for what, given in (("found", EXPLAINED), ("refused", {**EXPLAINED, "refused": True})):
        bot.answer = {"explained": given}
        page.get_by_label("What a customer would write").fill("where")
        page.get_by_role("button", name="Try it").click()
        expect(page.locator(".verdict")).to_be_visible()
        assert violations(page) == [], what
    bot.status, bot.answer = 503, {"error": {"code": "no_model"}}
    page.get_by_role("button", name="Try it").click()
    expect(page.get_by_role("alert")).to_contain_text("tenin train")
    assert violations(page) == [], "problem"
    assert all("status of 503" in fault for fault in faults)
    faults.clear()
    page.goto(site.url + TRAINERS_PAGES["missed"])
    page.locator("summary").first.click()
    assert violations(page) == [], "missed"
    page.goto(site.url + TRAINERS_PAGES["blueprints"])
    assert violations(page) == [], "blueprints"


@pytest.mark.parametrize("language", LOCALES)
def test_nothing_is_cut_off_on_a_phone(
    site: Site, new_context: NewContext, bot: BotOnAPort, language: str
) -> None:
    words: dict[str, Any] = strings(language)["train"]["trying"]
    bot.answer = {"explained": LONG}
    page = opened(site, new_context(LOCALES[language], viewport={"width": 320, "height": 640}))
    for address in TRAINERS_PAGES.values():
        page.goto(site.url + address)
        assert page.evaluate("document.documentElement.scrollWidth") <= 320, address
    page.goto(site.url + PAGE)
    box = page.get_by_label(words["text"])
    box.fill("z" * 300)
    button = page.get_by_role("button", name=words["button"])
    tab_to(page, button)
    button.click()
    expect(page.locator(".verdict")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= 320
