"""Writing in the chat: an input method's Enter, long texts, long words; in real Chromium."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import BrowserContext, expect

from tests.browser.chat_page import PATIENCE, ChatPage, strings
from tests.browser.conftest import DESKTOP, PHONE
from tests.browser.played import LOCALES, begun, said, shadow
from tests.unit.web.conftest import SiteMaker, databases, make_site

__all__ = ["databases", "make_site"]

NewContext = Callable[..., BrowserContext]
LIMIT = 4000


@pytest.mark.parametrize(
    ("language", "steps", "word", "rest"),
    [
        ("zh-Hans", ["n", "ni", "ni h", "ni hao"], "你好", "，请问"),
        ("zh-Hant", ["ㄋ", "ㄋㄧ", "ㄋㄧˇ"], "你", "好"),
        ("ja", ["k", "こ", "こn", "こん", "こんに", "こんにち", "今日"], "今日", "は"),
    ],
)
def test_the_enter_of_an_input_method_sends_nothing(
    make_site: SiteMaker,
    new_context: NewContext,
    language: str,
    steps: list[str],
    word: str,
    rest: str,
) -> None:
    site = make_site()
    context = new_context(LOCALES[language])
    chat = ChatPage(context, site.url, language).open()
    begun(site, chat.page)
    ime = context.new_cdp_session(chat.page)
    posts: list[str] = []
    chat.page.on("request", lambda each: posts.append(each.url) if "messages" in each.url else None)
    chat.page.wait_for_timeout(500)
    posts.clear()

    def enter_while_composing() -> None:
        """What Chromium gives a page for the key that the input method takes."""
        key = {"key": "Process", "code": "Enter", "windowsVirtualKeyCode": 229}
        ime.send("Input.dispatchKeyEvent", {"type": "rawKeyDown", **key})
        enter = {"key": "Enter", "code": "Enter", "windowsVirtualKeyCode": 13}
        ime.send("Input.dispatchKeyEvent", {"type": "rawKeyDown", **enter})
        ime.send("Input.dispatchKeyEvent", {"type": "keyUp", **enter})

    for step in steps:
        end = len(step)
        ime.send(
            "Input.imeSetComposition", {"text": step, "selectionStart": end, "selectionEnd": end}
        )
        expect(chat.box()).to_have_value(step)
        enter_while_composing()
    assert posts == []
    ime.send("Input.insertText", {"text": word})  # the choice
    expect(chat.box()).to_have_value(word)
    assert chat.bubbles() == []
    chat.page.keyboard.insert_text(rest)
    chat.page.keyboard.press("Enter")
    chat.shows(word + rest)
    expect(chat.box()).to_have_value("")
    assert len(posts) == 1


def test_escape_of_an_input_method_closes_nothing(
    make_site: SiteMaker, new_context: NewContext
) -> None:
    context = new_context("ja-JP")
    chat = ChatPage(context, make_site().url, "ja").open()
    ime = context.new_cdp_session(chat.page)
    ime.send("Input.imeSetComposition", {"text": "こ", "selectionStart": 1, "selectionEnd": 1})
    escape = {"key": "Escape", "code": "Escape", "windowsVirtualKeyCode": 27}
    ime.send("Input.dispatchKeyEvent", {"type": "rawKeyDown", **escape})
    expect(chat.box()).to_be_visible()


@pytest.mark.parametrize("language", list(LOCALES))
def test_a_long_paste_loses_nothing_and_is_not_sent(
    make_site: SiteMaker, new_context: NewContext, language: str
) -> None:
    site = make_site()
    context = new_context(LOCALES[language], viewport=PHONE)
    context.grant_permissions(["clipboard-read", "clipboard-write"], origin=site.url)
    chat = ChatPage(context, site.url, language).open()
    page = chat.page
    page.keyboard.type("typed before ")
    page.evaluate("() => navigator.clipboard.writeText('長'.repeat(10_000))")
    page.keyboard.press("Control+V")
    expect(chat.box()).to_have_value("typed before " + "長" * 10_000)
    counter = page.locator("tenin-chat .counter")
    words = strings(language)["common"]
    over = len("typed before ") + 10_000 - LIMIT
    expect(counter).to_have_text(words["over"]["other"].format(count=over))
    send = page.get_by_role("button", name=words["send"])
    expect(send).to_be_disabled()
    page.keyboard.press("Enter")
    expect(chat.box()).to_have_value("typed before " + "長" * 10_000)
    box = page.locator("tenin-chat .composer").bounding_box()
    assert box
    assert box["height"] < 200, "the lines above stay in sight"
    chat.box().fill("長" * LIMIT)
    expect(counter).to_have_text(words["left"]["other"].format(count=0))
    expect(send).to_be_enabled()
    chat.box().fill("short")
    expect(counter).to_have_text("")


@pytest.mark.parametrize("viewport", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_long_words_wrap(
    make_site: SiteMaker, new_context: NewContext, viewport: dict[str, int]
) -> None:
    site = make_site()
    chat = ChatPage(new_context(viewport=viewport), site.url, "en").open()
    conversation = begun(site, chat.page)
    word = "Donaudampfschifffahrt" * 20
    said(site, conversation, f"**{word}** `{word}` https://shop.example/{word}\n- {word}")
    chat.say(word)
    chat.shows(word)
    expect(chat.log().locator(".bubble")).to_have_count(2, timeout=PATIENCE)
    wide = """
      const log = root.querySelector(".log");
      const bubbles = [...root.querySelectorAll(".bubble")];
      return log.scrollWidth > log.clientWidth
        || bubbles.some((each) => each.scrollWidth > each.clientWidth);
    """
    assert shadow(chat.page, wide) is False
