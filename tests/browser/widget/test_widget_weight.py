"""What the chat weighs, as it is sent: gzip, in bytes, as a real browser asks for it."""

from __future__ import annotations

import gzip
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import BrowserContext, Page, Response, expect

from tenin.conversation.transcript import Reply
from tenin.pages.joined import JoinedFiles
from tenin.pages.rendering import STATIC
from tenin.pages.static_files import minified
from tests.browser.chat_page import PATIENCE, strings
from tests.browser.widget.shop_site import ShopSite, shop_site
from tests.unit.web.conftest import SiteMaker, databases, make_site

__all__ = ["databases", "make_site"]

NewContext = Callable[..., BrowserContext]
# What it may not grow beyond, in bytes as sent.
TO_A_FIRST_ANSWER = 20_000
MODULES = 35_000
WITH_STYLES_AND_WORDS = 47_000
WORDS = ("common", "errors", "invite", "lines", "more", "person", "upload", "widget")


@pytest.fixture
def shop() -> Iterator[ShopSite]:
    """A shop's own site."""
    with shop_site() as site:
        yield site


def weigh(page: Page, address: str) -> dict[str, int]:
    """What a page gets from an address from now on: the bytes of each body as sent."""
    weights: dict[str, int] = {}

    def take(response: Response) -> None:
        path = urlsplit(response.url).path
        if response.url.startswith(address) and not path.startswith("/chat/"):
            assert response.headers["content-encoding"] == "gzip", path
            weights[path] = int(response.headers["content-length"])

    page.on("response", take)
    return weights


@pytest.mark.parametrize(
    ("language", "locale", "wish"),
    [("en", "en-US", "Something to walk in"), ("ja", "ja-JP", "歩きやすい靴を探しています")],
    ids=["en", "ja"],
)
def test_to_a_first_answer(
    shop: ShopSite,
    make_site: SiteMaker,
    new_context: NewContext,
    language: str,
    locale: str,
    wish: str,
) -> None:
    site = make_site(WEB_SITES=shop.url)
    shop.shows(site.url)
    page = new_context(locale).new_page()
    weights = weigh(page, site.url)
    page.goto(shop.url)
    words = strings(language)["widget"]
    page.get_by_role("button", name=words["open"]).click()
    expect(page.get_by_role("textbox", name=words["placeholder"])).to_be_focused(timeout=PATIENCE)
    for _ in range(PATIENCE // 100):
        if site.rows()["inbox"]:
            break
        page.wait_for_timeout(100)
    site.commit(site.claim(), Reply("Hello. What may it be?", []))
    log = page.get_by_role("log")
    expect(log).to_contain_text("What may it be?", timeout=PATIENCE)
    page.keyboard.type(wish)
    page.keyboard.press("Enter")
    for _ in range(PATIENCE // 100):
        if len(site.rows()["inbox"]) == 2:
            break
        page.wait_for_timeout(100)
    buttons = [("Shoes", "/shoes"), ("Boots", "/boots")]
    site.commit(site.claim(), Reply("We have two kinds.", buttons))
    expect(log.get_by_role("button", name="Boots")).to_be_visible(timeout=PATIENCE)
    assert set(weights) >= {"/widget.js", "/static/joined/widget/widget.js"}
    assert len(weights) <= 12, sorted(weights)
    assert sum(weights.values()) <= TO_A_FIRST_ANSWER, weights


def test_all_of_it() -> None:
    joined = JoinedFiles(STATIC, "widget/widget.js")
    folder = STATIC / "widget"
    weights = {name: len(joined.packed(name).compressed) for name in joined.files}
    weights["loader.js"] = packed_plain(folder / "loader.js")
    assert {"widget/widget.js", "widget/lines.js"} <= set(weights)
    assert sum(weights.values()) <= MODULES, weights
    plain = [*folder.glob("*.css"), STATIC / "locale" / "index.json"]
    plain += [STATIC / "locale" / "en" / f"{part}.json" for part in WORDS]
    weights |= {path.name: packed_plain(path) for path in plain}
    assert {"widget.css", "widget.json"} <= set(weights)
    assert sum(weights.values()) <= WITH_STYLES_AND_WORDS, weights


def packed_plain(path: Path) -> int:
    return len(gzip.compress(minified(path), 9))
