"""What a page may tell the chat: a colour that stays readable, and what is looked at."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import Page

from tests.browser.widget.module_site import ModuleSite

PAPER = [251, 248, 241]
READABLE = """async ([colour, paper]) => {
  const { readable, contrast } = await import("/static/widget/colour.js");
  const shown = readable(colour);
  const parts = shown.slice(1).match(/../g).map((pair) => parseInt(pair, 16));
  return [shown, contrast(parts, paper)];
}"""
PAINT = """async (colours) => {
  const { paint } = await import("/static/widget/colour.js");
  const host = document.createElement("div");
  return colours.map((colour) => {
    paint(host, colour);
    return host.style.getPropertyValue("--tenin-accent");
  });
}"""
TELL = """async (details) => {
  const page = await import("/static/widget/page.js");
  let changes = 0;
  const count = () => { changes += 1; };
  page.changes.addEventListener("change", count);
  page.tell(details);
  page.changes.removeEventListener("change", count);
  return [page.current(), changes];
}"""


@pytest.mark.parametrize(
    ("colour", "same"),
    [
        ("#2c5a45", True),
        ("#7B1FA2", True),
        ("#000", True),
        ("#ffd34d", False),
        ("#fff", False),
        ("#ff5a5f", False),
    ],
)
def test_a_colour_can_be_read_on_paper(blank: Page, colour: str, same: bool) -> None:
    shown, contrast = blank.evaluate(READABLE, [colour, PAPER])
    assert contrast >= 4.5
    full = colour.lower() if len(colour) == 7 else f"#{colour[1] * 6}"
    assert (shown == full) is same
    if not same:
        assert contrast < 5, "no darker than it must be"


def test_what_is_no_colour_takes_the_chats_own(blank: Page) -> None:
    heard: list[str] = []
    blank.on("console", lambda message: heard.append(message.text))
    given = ["#2c5a45", "teal", "#12", "url(x)", "#2c5a45;--x:1", "#fff", "", None]
    shown = blank.evaluate(PAINT, given)
    assert [bool(each) for each in shown] == [colour in ("#2c5a45", "#fff") for colour in given]
    assert sum("is no colour" in text for text in heard) == 4
    assert sum("too light" in text for text in heard) == 1


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ({"kind": "product", "sku": " KT-601 "}, {"kind": "product", "sku": "KT-601"}),
        ('{"kind": "category", "category": "tents"}', {"kind": "category", "category": "tents"}),
        ({"title": "Socks"}, {"title": "Socks"}),
        ({"url": "https://shop.example/p?token=1#x"}, {"url": "https://shop.example/p"}),
        ({"cart": {"count": 2, "value": 12.5, "currency": "EUR"}}, "same"),
        ({"cart": {"count": 0}}, "same"),
        ({"cart": {"count": 1, "value": 1, "currency": "EUR", "items": [1]}}, None),
        ({}, "same"),
        ("", {}),
    ],
    ids=str,
)
def test_what_is_looked_at_is_kept(
    blank: Page, site: ModuleSite, given: Any, kept: dict[str, Any] | str | None
) -> None:
    found, changes = blank.evaluate(TELL, given)
    expected = given if kept == "same" else kept
    if expected is None:  # only what is known
        expected = {"cart": {"count": 1, "value": 1, "currency": "EUR"}}
    assert found == {"kind": "other", "title": "blank", "url": f"{site.url}/", **expected}
    assert changes == 1


@pytest.mark.parametrize(
    "given",
    [
        {"kind": "spaceship"},
        {"sku": "x" * 65},
        {"sku": 5},
        {"title": ""},
        {"url": "javascript:alert(1)"},
        {"email": "lin@example.com"},
        {"cart": {"count": -1}},
        {"cart": {"count": 1.5}},
        {"cart": {"count": 1, "value": 5}},
        {"cart": {"count": 1, "value": "5", "currency": "EUR"}},
        {"cart": 3},
        {"constructor": 1},
        "[]",
        "{",
        "null",
        3,
    ],
    ids=str,
)
def test_what_cannot_be_is_left_out_and_said(blank: Page, site: ModuleSite, given: Any) -> None:
    with blank.expect_console_message() as heard:
        found, _ = blank.evaluate(TELL, given)
    assert found == {"kind": "other", "title": "blank", "url": f"{site.url}/"}
    assert heard.value.type == "warning"
    assert "data-page" in heard.value.text
