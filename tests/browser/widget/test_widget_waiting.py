"""The bar of who waits: what was promised in words, and how often it is read aloud."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page

from tests.browser.chat_page import strings
from tests.browser.widget.conftest import opened
from tests.browser.widget.module_site import ModuleSite

LANGUAGES = ["en", "zh-Hans", "zh-Hant", "ja"]
SOON, LATE = "2026-11-23T01:00:00+00:00", "2026-12-24T01:00:00+00:00"

IN_WORDS = """async ([language, state]) => {
  const { loadStrings } = await import("/static/common/strings.js");
  const { inWords } = await import("/static/widget/waiting.js");
  return inWords(await loadStrings([language], ["widget", "person"]), state);
}"""

KINDS: dict[str, dict[str, Any]] = {
    "queued": {"place": 3, "low": 4, "high": 7},
    "nobody": {"place": 2},
    "closing": {"place": 2, "low": 1, "high": 1, "closes": SOON},
    "closed": {"place": 1, "opens": SOON},
    "message": {},
    "elsewhere": {},
    "unreachable": {},
}


def said(page: Page, language: str, kind: str, contact: Any = None, **values: Any) -> str:
    state = {"waiting": {"kind": kind, **KINDS.get(kind, {}), **values}, "contact": contact}
    words = page.evaluate(IN_WORDS, [language, state])
    assert isinstance(words, str)
    return words


@pytest.mark.parametrize("language", LANGUAGES)
def test_each_kind_of_promise_is_said_with_all_it_promises(blank: Page, language: str) -> None:
    words = {kind: said(blank, language, kind) for kind in KINDS}
    assert len({*words.values()}) == len(KINDS)
    for text in words.values():
        assert text
        assert not re.search(r"[{}]|undefined|null|Invalid|person\.", text), text
    assert all(number in words["queued"] for number in "347")
    assert "2" in words["nobody"]
    assert "1" in words["closing"]
    mail = said(blank, language, "message", {"address": "lin@shop.example", "at": SOON})
    assert "lin@shop.example" in mail
    kept = said(blank, language, "message", {"address": None, "at": SOON})
    assert len({mail, kept, words["message"]}) == 3


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_is_missing_or_unknown_leaves_no_gap(blank: Page, language: str) -> None:
    words = strings(language)["widget"]
    place = strings(language)["person"]["waiting"]["place"].format(place=3)
    assert said(blank, language, "queued", low=None, high=None) == place
    bare = {"waiting": {"kind": "queued", "place": 3}, "contact": None}
    assert blank.evaluate(IN_WORDS, [language, bare]) == place
    assert said(blank, language, "a new kind") == words["owner"]["queue"]
    assert blank.evaluate(IN_WORDS, [language, {"waiting": None, "contact": None}]) == ""


def test_a_far_opening_has_its_date(blank: Page) -> None:
    assert "2026" in said(blank, "en", "closed", opens=LATE)


BAR = """async () => {
  const { loadStrings } = await import("/static/common/strings.js");
  const { WaitingBar } = await import("/static/widget/waiting.js");
  const bar = new WaitingBar(await loadStrings(["en"], ["widget", "person"]));
  document.body.append(bar.element);
  const live = bar.element.querySelector("[role=status]");
  window.spoken = [];
  new MutationObserver(() => live.textContent && window.spoken.push(live.textContent))
    .observe(live, { childList: true, characterData: true, subtree: true });
  window.place = (place) => bar.update(
    { waiting: place ? { kind: "queued", place } : null, contact: null });
  window.bar = bar.element;
}"""


@pytest.fixture
def clocked(browser: Browser, site: ModuleSite) -> Iterator[Page]:
    """A page whose time the test moves."""
    with opened(browser, site) as page:
        page.clock.install()
        page.goto(site.url)
        page.clock.pause_at(page.evaluate("Date.now()") + 60_000)
        page.evaluate(BAR)
        yield page


def test_it_is_read_aloud_when_it_changes_and_at_most_once_a_minute(clocked: Page) -> None:
    def spoken() -> list[str]:
        clocked.evaluate("() => Promise.resolve()")
        found: list[str] = clocked.evaluate("window.spoken")
        return found

    def place(number: int) -> None:
        clocked.evaluate("(number) => window.place(number)", number)
        hidden = clocked.evaluate("window.bar.hidden")
        text = clocked.evaluate("window.bar.querySelector('span').textContent")
        assert (hidden, text) == ((True, "") if number == 0 else (False, f"Place {number}"))

    place(5)
    clocked.clock.run_for(120_000)
    assert spoken() == [], "a line has said it"
    place(4)
    clocked.clock.run_for(10)
    assert spoken() == ["Place 4"]
    clocked.clock.run_for(20_000)
    place(3)
    place(2)
    clocked.clock.run_for(30_000)
    assert spoken() == ["Place 4"]
    clocked.clock.run_for(11_000)
    assert spoken() == ["Place 4", "Place 2"]
    clocked.clock.run_for(20_000)
    place(1)
    place(2)
    clocked.clock.run_for(120_000)
    assert spoken() == ["Place 4", "Place 2"], "nothing has changed after all"
    place(1)
    place(0)
    clocked.clock.run_for(120_000)
    assert spoken() == ["Place 4", "Place 2"], "nobody waits any more"
