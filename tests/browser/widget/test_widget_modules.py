"""The pages' modules that hold lines, text and wording, in a real browser."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import Page

from tests.browser.widget.module_site import ModuleSite

# Lines in order

DISPLAY = """async ([lines, entries]) => {
  const { Transcript, display } = await import("/static/widget/transcript.js");
  const transcript = new Transcript();
  const fresh = lines.map((line) => transcript.add(line));
  const items = display(transcript, entries);
  return {
    fresh,
    shown: items.filter(({ kind }) => kind === "line").map(({ text }) => text),
    keys: items.map(({ key }) => key),
    days: items.filter(({ kind }) => kind === "day").length,
    clickable: items.filter(({ buttons }) => buttons?.length).map(({ id }) => id),
    highest: transcript.highest,
    unread: transcript.unread(2),
  };
}"""


def line(number: int, author: str = "bot", **more: Any) -> dict[str, Any]:
    return {
        "id": number,
        "author": author,
        "name": None,
        "text": f"{author} {number}",
        "buttons": [],
        "cards": [],
        "at": "2026-11-22T10:00:00Z",
        "key": None,
        **more,
    }


def menu(number: int, author: str = "bot") -> dict[str, Any]:
    return line(number, author, buttons=[{"id": "b", "title": "B"}])


def entry(key: str, state: str = "sending") -> dict[str, Any]:
    return {
        "key": key,
        "body": {"text": key},
        "text": key,
        "at": "2026-11-22T10:00:00Z",
        "state": state,
        "error": None,
        "line": None,
    }


def test_lines_are_shown_once_and_in_order_of_id(blank: Page) -> None:
    lines = [line(3), line(1), line(3), line(2, "customer"), line(1), line(5)]
    found = blank.evaluate(DISPLAY, [lines, []])
    assert found["shown"] == ["bot 1", "customer 2", "bot 3", "bot 5"]
    assert found["fresh"] == [True, True, False, True, False, True]
    assert (found["highest"], found["unread"], found["days"]) == (5, 2, 1)


def test_own_line_takes_the_place_of_the_one_on_its_way(blank: Page) -> None:
    before = blank.evaluate(DISPLAY, [[line(1)], [entry("k1"), entry("k2")]])
    after = blank.evaluate(
        DISPLAY,
        [[line(1), line(2, "customer", key="k1", text="k1"), line(3)], [entry("k1"), entry("k2")]],
    )
    assert before["shown"] == ["bot 1", "k1", "k2"]
    assert after["shown"] == ["bot 1", "k1", "bot 3", "k2"]
    assert "own-k1" in before["keys"]
    assert "own-k1" in after["keys"], "the line keeps its element"


@pytest.mark.parametrize(
    ("lines", "entries", "clickable"),
    [
        ([menu(1)], [], [1]),
        ([menu(1), menu(2)], [], [2]),
        ([menu(1), line(2)], [], [1]),
        ([menu(1), menu(2, "system")], [], [2]),
        ([menu(1), line(2, "customer")], [], []),
        ([menu(1), line(2, "customer"), line(3)], [], []),
        ([menu(1), line(2, "agent")], [], []),
        ([menu(1)], [entry("k")], []),
        ([menu(1)], [entry("k", "retrying")], []),
        ([menu(1)], [entry("k", "refused")], [1]),
    ],
)
def test_only_the_newest_choices_can_be_clicked(
    blank: Page, lines: list[Any], entries: list[Any], clickable: list[int]
) -> None:
    assert blank.evaluate(DISPLAY, [lines, entries])["clickable"] == clickable


# Text, addresses, languages

LINKS = [
    ("see https://example.com/a?b=c&d=1.", ["https://example.com/a?b=c&d=1"]),
    ("请看https://example.com/a。谢谢", ["https://example.com/a"]),
    ("（https://example.com/订单）", ["https://example.com/"]),
    ("(see http://example.com/x_(y)).", ["http://example.com/x_(y)"]),
    ("<https://example.com/a>", ["https://example.com/a"]),
    ('"https://example.com/a"!', ["https://example.com/a"]),
    ("a https://a.example b\nhttps://b.example", ["https://a.example/", "https://b.example/"]),
    ("javascript:alert(1) data:text/html,x ftp://a.example www.example.com", []),
    ("https:// http://... https://", []),
    ("<b onclick='x()'>bold</b>", []),
]


@pytest.mark.parametrize(("text", "links"), LINKS)
def test_text_stays_text_and_addresses_become_links(
    blank: Page, text: str, links: list[str]
) -> None:
    found = blank.evaluate(
        """async (text) => {
          const { textNodes } = await import("/static/common/dom.js");
          const box = document.createElement("div");
          box.append(textNodes(text));
          const links = [...box.querySelectorAll("a")];
          return {
            text: box.textContent,
            links: links.map(({ href }) => href),
            safe: links.every(({ rel, target }) => rel.includes("noopener") && target === "_blank"),
            others: [...box.querySelectorAll(":not(a)")].length,
          };
        }""",
        text,
    )
    assert found == {"text": text, "links": links, "safe": True, "others": 0}


def test_card_addresses_lead_to_pages_only(blank: Page, shared_site: ModuleSite) -> None:
    found = blank.evaluate(
        """async (addresses) => {
          const { safeURL } = await import("/static/common/dom.js");
          return addresses.map((address) => safeURL(address));
        }""",
        ["/#KT-601", "https://a.example/b", " javascript:x", "java\nscript:x", "data:x", None, ""],
    )
    assert found == [f"{shared_site.url}/#KT-601", "https://a.example/b", *[None] * 5]


def test_language_nearest_to_the_browsers(blank: Page) -> None:
    wanted = {
        "zh-CN": "zh-Hans",
        "zh-SG": "zh-Hans",
        "zh": "zh-Hans",
        "zh-Hans": "zh-Hans",
        "zh-TW": "zh-Hant",
        "zh-Hant-HK": "zh-Hant",
        "ja-JP": "ja",
        "en-GB": "en",
        "fr": "en",
        "not a tag": "en",
        "": "en",
    }
    found = blank.evaluate(
        """async (wanted) => {
          const { chooseLanguage } = await import("/static/common/strings.js");
          const available = await (await fetch("/static/locale/index.json")).json();
          const pick = (tags) => chooseLanguage(tags, available);
          return [wanted.map((tag) => pick([tag])), pick(["fr", "zh-CN", "en"]), pick([])];
        }""",
        list(wanted),
    )
    assert found == [list(wanted.values()), "zh-Hans", "en"]


@pytest.mark.parametrize(
    ("language", "expected"),
    [
        ("en", "1 character left|2 characters left|CN¥329.00|today|yesterday|3 min|now"),
        ("zh-Hans", "还可输入 1 个字|还可输入 2 个字|¥329.00|今天|昨天|3分钟|现在"),
    ],
)
def test_wording_and_formats_of_a_language(blank: Page, language: str, expected: str) -> None:
    found = blank.evaluate(
        """async (language) => {
          const { loadStrings } = await import("/static/common/strings.js");
          const { LongStrings } = await import("/static/desk/long_strings.js");
          const s = await loadStrings([language], ["common", "desk"], LongStrings);
          const noon = new Date(2026, 10, 22, 12);
          const days = (n) => new Date(2026, 10, 22 - n, 23, 59);
          return [
            s.t("common.left", { count: 1 }), s.t("common.left", { count: 2 }),
            s.money(329, "CNY"), s.day(days(0), noon), s.day(days(1), noon),
            s.duration(200_000), s.ago(4_000),
          ];
        }""",
        language,
    )
    assert found == expected.split("|")
