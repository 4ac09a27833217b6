"""The marks a line may carry, in a real browser: what becomes an element, and what stays text."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import Page

DRAWN = """async (text) => {
  const { markdown } = await import("/static/widget/markdown.js");
  const box = document.createElement("div");
  box.append(markdown(text));
  for (const each of box.querySelectorAll("a")) {
    const safe = each.rel === "noopener noreferrer nofollow" && each.target === "_blank";
    each.dataset.safe = String(safe);
    each.removeAttribute("rel");
    each.removeAttribute("target");
  }
  return box.innerHTML.replaceAll(' data-safe="true"', "");
}"""

MARKS = [
    ("plain", "<p>plain</p>"),
    ("one\ntwo", "<p>one\ntwo</p>"),
    ("one\n\n\ntwo", "<p>one</p>\n\n<p>two</p>"),
    ("a **b** c", "<p>a <strong>b</strong> c</p>"),
    ("a *b* c", "<p>a <em>b</em> c</p>"),
    ("**a *b* c**", "<p><strong>a <em>b</em> c</strong></p>"),
    ("*a **b** c*", "<p><em>a <strong>b</strong> c</em></p>"),
    ("code `a*b*` end", "<p>code <code>a*b*</code> end</p>"),
    ("`**a**` **b**", "<p><code>**a**</code> <strong>b</strong></p>"),
    ("ask:\n- one\n- **two**", "<p>ask:</p>\n<ul><li>one</li>\n<li><strong>two</strong></li></ul>"),
    ("3. c\n4. d\ndone", '<ol start="3"><li>c</li>\n<li>d</li></ol>\n<p>done</p>'),
    ("[here](https://a.example/b?c=d)", '<p><a href="https://a.example/b?c=d">here</a></p>'),
    ("[**b**](https://a.example/)", '<p><a href="https://a.example/">**b**</a></p>'),
    ("**[b](https://a.example/)**", '<p><strong><a href="https://a.example/">b</a></strong></p>'),
    ("[x](https://a.example/(y))!", '<p><a href="https://a.example/(y)">x</a>!</p>'),
    ("[mail](mailto:a@shop.example)", '<p><a href="mailto:a@shop.example">mail</a></p>'),
    ("[call](tel:+8610123)", '<p><a href="tel:+8610123">call</a></p>'),
    ("**https://a.example/b**", '<p><strong><a href="https://a.example/b">https://a.example/b</a></strong></p>'),
    ("(https://a.example/*x*).", '<p>(<a href="https://a.example/*x">https://a.example/*x</a>*).</p>'),
    # Chinese and Japanese
    ("「**重要**」です", "<p>「<strong>重要</strong>」です</p>"),
    ("请**务必**在*今天*下单", "<p>请<strong>务必</strong>在<em>今天</em>下单</p>"),
    ("见https://a.example/b。谢谢", '<p>见<a href="https://a.example/b">https://a.example/b</a>。谢谢</p>'),
    ("（https://a.example/b）", '<p>（<a href="https://a.example/b">https://a.example/b</a>）</p>'),
    ("[运费](https://a.example/)，", '<p><a href="https://a.example/">运费</a>，</p>'),
    ("- 一\n- 二", "<ul><li>一</li>\n<li>二</li></ul>"),
    ("１．全角", "<p>１．全角</p>"),
]  # fmt: skip

TEXT = [
    "2 * 3 * 4 and 2*3*4",
    "** spaced ** and * so *",
    "**open, *never closed",
    "closed** never* opened",
    "***three***",
    "l***@example.com, 138****5678, 林**，王**",
    "# no heading",
    "> no quotation",
    "-no item 1.no item 12345. no",
    "_no_ __no__ ~~no~~",
    "[x](javascript:alert(1))",
    "[x]( javascript:alert(1))",
    "[x](JaVaScRiPt:alert`1`)",
    "[x](data:text/html,y)",
    "[x](vbscript:y) [x](file:///etc) [x](blob:y)",
    "[x](//a.example) [x](/a) [x](a)",
    "[x](https://) [x](https:///a)",
    "[x] (https//a.example)",
    "[x\n](y)",
    "[[[[",
    "<b>x</b> <img src=x onerror=y> &lt;script&gt;",
    "`",
    "``",
    "",
]


@pytest.mark.parametrize(("text", "html"), MARKS)
def test_marks(blank: Page, text: str, html: str) -> None:
    assert blank.evaluate(DRAWN, text) == html


@pytest.mark.parametrize("text", TEXT)
def test_all_else_is_text(blank: Page, text: str) -> None:
    found: dict[str, Any] = blank.evaluate(
        """async (text) => {
          const { markdown } = await import("/static/widget/markdown.js");
          const box = document.createElement("div");
          box.append(markdown(text));
          return { text: box.textContent, others: box.querySelectorAll(":not(p)").length };
        }""",
        text,
    )
    assert found == {"text": text, "others": 0}


def test_an_image_is_its_words_and_a_link(blank: Page) -> None:
    drawn = blank.evaluate(DRAWN, "![x](https://a.example/x.png)")
    assert drawn == '<p>!<a href="https://a.example/x.png">x</a></p>'


def test_nothing_turns_other_words_around(blank: Page) -> None:
    assert blank.evaluate(DRAWN, "a\u202eb\u2066c\u2069") == "<p>abc</p>"


@pytest.mark.parametrize(
    "unit",
    ["*[", "[", "*", "**a ", "*a", "`", "`a", "[a](", "[a](b", "(a)", "https://", "https://a)", "https://a<",
     "- ", "1. a\n", "[a](https://a.example/((", "\n", "  ", "**a** ", "*a **b "],
)  # fmt: skip
def test_hostile_texts_take_time_in_proportion(blank: Page, unit: str) -> None:
    """A text of 32 times the longest line's length takes less than a second here."""
    spent = blank.evaluate(
        """async (unit) => {
          const { markdown } = await import("/static/widget/markdown.js");
          const text = (size) => unit.repeat(Math.ceil(size / unit.length));
          const time = (size) => {
            const began = performance.now();
            const nodes = markdown(text(size));
            const took = performance.now() - began;
            let depth = 0;
            for (let each = nodes; each; each = each.firstElementChild) depth += 1;
            return { took, depth };
          };
          time(4000);
          return time(128_000);
        }""",
        unit,
    )
    assert spent["took"] < 1000
    assert spent["depth"] < 5


PLAIN = """async (text) => {
  const { MARKS, plainText } = await import("/static/widget/log.js");
  const { markdown } = await import("/static/widget/markdown.js");
  const box = document.createElement("div");
  box.append(markdown(text));
  return [MARKS.test(text), plainText(text).outerHTML === box.innerHTML];
}"""


@pytest.mark.parametrize("text", dict.fromkeys(text for text, _ in MARKS))
def test_what_is_drawn_without_this_module_looks_the_same(blank: Page, text: str) -> None:
    marked, same = blank.evaluate(PLAIN, text)
    assert marked or same


@pytest.mark.parametrize(
    "text",
    [
        "plain",
        "one\ntwo",
        "See https://a.example/b?c=1.",
        "1,299 kr – a-b_c (d) [e]",
        "你好，世界。",
        "2.5",
    ],
)
def test_plain_words_need_no_marks(blank: Page, text: str) -> None:
    assert blank.evaluate(PLAIN, text) == [False, True]
