"""The chat's menu: language, sound, reading aloud; and the microphone in the composer.

The browser's interfaces for sound and speech are replaced here by ones that write down what they
are asked for: a headless browser has neither a loudspeaker nor a service that understands speech.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import BrowserContext, Locator, Page, expect

from tests.browser.chat_page import PATIENCE, ChatPage, strings
from tests.browser.conftest import DESKTOP, PHONE
from tests.browser.played import begun, said
from tests.unit.web.conftest import SiteMaker, databases, make_site
from tests.unit.web.served import Site

__all__ = ["databases", "make_site"]

NewContext = Callable[..., BrowserContext]
STAND_INS = """
  window.asked = [];
  class Recognition {
    start() { window.recognition = this; window.asked.push(["start", this.lang]); }
    stop() { window.asked.push(["stop"]); this.onend?.(); }
    abort() { window.asked.push(["abort"]); this.onend?.(); }
    hears(...words) { this.onresult({ results: words.map((transcript) => [{ transcript }]) }); }
  }
  window.SpeechRecognition = Recognition;
  window.SpeechSynthesisUtterance = class { constructor(text) { this.text = text; } };
  const voice = {
    speak: ({ text, lang }) => window.asked.push(["speak", text, lang]),
    cancel: () => window.asked.push(["cancel"]),
  };
  Object.defineProperty(window, "speechSynthesis", { value: voice });
  const start = OscillatorNode.prototype.start;
  OscillatorNode.prototype.start = function (at) { window.asked.push(["tone"]); start.call(this, at); };
"""  # noqa: E501
STORED = "() => Object.keys(localStorage).sort()"
both_sizes = pytest.mark.parametrize("viewport", [DESKTOP, PHONE], ids=["desktop", "phone"])


def visit(
    site: Site,
    new_context: NewContext,
    language: str = "en",
    locale: str = "en-US",
    **options: object,
) -> ChatPage:
    context = new_context(locale, **options)
    context.add_init_script(STAND_INS)
    return ChatPage(context, site.url, language).open()


def menu(chat: ChatPage) -> Locator:
    """Open the menu."""
    chat.page.get_by_role("button", name=strings(chat.language)["widget"]["menu"]).click()
    shown = chat.page.get_by_role("group", name=strings(chat.language)["more"]["menu"]["title"])
    expect(shown).to_be_visible(timeout=PATIENCE)
    return shown


def asked(page: Page) -> list[list[str]]:
    """What the browser was asked for."""
    found: list[list[str]] = page.evaluate("() => window.asked")
    return found


@both_sizes
def test_a_language_chosen_is_the_page_s_and_the_conversation_s(
    make_site: SiteMaker, new_context: NewContext, viewport: dict[str, int]
) -> None:
    site = make_site()
    chat = visit(site, new_context, viewport=viewport)
    conversation = begun(site, chat.page)
    chat.box().fill("half written")
    choices = menu(chat)
    names = choices.locator("fieldset button").all_inner_texts()
    assert names == ["English", "简体中文", "繁體中文", "日本語"]
    expect(choices.get_by_role("button", name="English", pressed=True)).to_be_focused()
    with chat.page.expect_response("**/chat/language") as answer:
        choices.get_by_role("button", name="日本語").click()
    assert answer.value.status == 204
    words = strings("ja")["widget"]
    box = chat.page.get_by_role("textbox", name=words["placeholder"])
    expect(box).to_be_focused(timeout=PATIENCE)
    expect(box).to_have_value("half written")
    expect(chat.page.locator("tenin-chat .panel")).to_have_attribute("lang", "ja")
    assert choices.count() == 0
    [row] = [row for row in site.rows()["conversation"] if row["id"] == conversation]
    assert row["language"] == "ja"

    chat.page.reload()
    opener = chat.page.get_by_role("button", name=words["open"])
    expect(opener).to_be_visible(timeout=PATIENCE)


def test_the_page_changes_at_once_and_the_server_is_told_until_it_knows(
    make_site: SiteMaker, new_context: NewContext
) -> None:
    site = make_site()
    chat = visit(site, new_context)
    conversation = begun(site, chat.page)
    tries: list[int] = []

    def lose_the_first(route: object) -> None:
        tries.append(1)
        route.abort() if len(tries) == 1 else route.continue_()  # type: ignore[attr-defined]

    chat.page.context.route("**/chat/language", lose_the_first)
    with chat.page.expect_response("**/chat/language"):
        menu(chat).get_by_role("button", name="简体中文").click()
        placeholder = strings("zh-Hans")["widget"]["placeholder"]
        expect(chat.page.get_by_role("textbox", name=placeholder)).to_be_visible(timeout=PATIENCE)
    [row] = [row for row in site.rows()["conversation"] if row["id"] == conversation]
    assert (row["language"], len(tries)) == ("zh-Hans", 2)


def test_the_menu_by_keyboard(make_site: SiteMaker, new_context: NewContext) -> None:
    chat = visit(make_site(), new_context)
    press = chat.page.keyboard.press
    opener = chat.page.get_by_role("button", name=chat.words["menu"])
    opener.focus()
    press("Enter")
    shown = chat.page.get_by_role("group", name=strings("en")["more"]["menu"]["title"])
    expect(shown.get_by_role("button", name="English")).to_be_focused(timeout=PATIENCE)
    expect(opener).to_have_attribute("aria-expanded", "true")
    for _ in range(4):
        press("Tab")
    sound = shown.get_by_role("switch", name=strings("en")["more"]["menu"]["sound"])
    expect(sound).to_be_focused()
    press("Space")
    expect(sound).to_have_attribute("aria-checked", "true")
    press("Escape")
    expect(shown).to_have_count(0)
    expect(opener).to_be_focused()
    expect(opener).to_have_attribute("aria-expanded", "false")
    assert chat.page.locator("tenin-chat .panel").is_visible()
    press("Enter")
    expect(shown).to_be_visible()
    chat.box().click()
    expect(shown).to_have_count(0)
    expect(chat.box()).to_be_focused()


def test_a_sound_only_when_asked_for_and_nobody_looks(
    make_site: SiteMaker, new_context: NewContext
) -> None:
    site = make_site()
    chat = visit(site, new_context)
    page = chat.page
    conversation = begun(site, page)
    assert "tenin.sound" not in page.evaluate(STORED)
    unread = page.locator("tenin-chat .unread")
    close = page.get_by_role("button", name=chat.words["close"])
    opener = page.locator("tenin-chat .launcher")

    def comes(text: str, count: int) -> None:
        said(site, conversation, text)
        expect(unread).to_have_text(str(count), timeout=PATIENCE)

    close.click()
    comes("Quiet", 1)
    assert asked(page) == [], "off until asked for"
    opener.click()
    menu(chat).get_by_role("switch", name=strings("en")["more"]["menu"]["sound"]).click()
    page.wait_for_function("() => window.asked.length === 2")  # how it sounds
    said(site, conversation, "Seen")
    chat.shows("Seen")
    page.keyboard.press("Escape")
    close.click()
    assert len(asked(page)) == 2, "not for what is before one's eyes"
    comes("Heard", 1)
    page.wait_for_function("() => window.asked.length === 4")

    page.reload()
    expect(unread).to_have_text("1", timeout=PATIENCE)
    assert asked(page) == [], "what was there before is no news"
    comes("Heard again", 2)
    page.wait_for_function("() => window.asked.length === 2")


@pytest.mark.parametrize(
    ("language", "tag"),
    [("en", "en-US"), ("zh-Hans", "zh-CN"), ("zh-Hant", "zh-TW"), ("ja", "ja-JP")],
)
def test_speaking_after_one_sentence_and_nothing_sent_by_itself(
    make_site: SiteMaker, new_context: NewContext, language: str, tag: str
) -> None:
    site = make_site()
    chat = visit(site, new_context, language, tag)
    page, words = chat.page, strings(language)["more"]["speech"]
    microphone = page.get_by_role("button", name=chat.words["microphone"])
    why = page.get_by_role("group", name=words["why"])
    chat.box().fill("so far")
    microphone.click()
    expect(why.get_by_role("button", name=words["agree"])).to_be_focused(timeout=PATIENCE)
    why.get_by_role("button", name=words["cancel"]).click()
    expect(why).to_have_count(0)
    expect(microphone).to_be_focused()
    assert asked(page) == []
    assert "tenin.microphone" not in page.evaluate(STORED)

    microphone.click()
    why.get_by_role("button", name=words["agree"]).click()
    assert asked(page) == [["start", tag]]
    expect(microphone).to_have_attribute("aria-pressed", "true")
    page.evaluate("() => window.recognition.hears('one')")
    page.evaluate("() => window.recognition.hears('one two', ' three')")
    expect(chat.box()).to_have_value("so far one two three")
    microphone.click()
    expect(microphone).to_have_attribute("aria-pressed", "false")
    expect(chat.box()).to_be_focused()
    assert asked(page) == [["start", tag], ["stop"]]
    assert chat.bubbles() == []

    microphone.click()  # agreed to once on this device
    page.wait_for_function("() => window.asked.length === 3")
    page.evaluate("() => window.recognition.onerror({ error: 'not-allowed' })")
    expect(page.get_by_text(words["failed"])).to_be_visible()
    page.get_by_role("button", name=chat.words["close"]).click()
    assert asked(page)[-1] == ["abort"]


def test_reading_aloud_until_the_chat_is_closed(
    make_site: SiteMaker, new_context: NewContext
) -> None:
    site = make_site()
    chat = visit(site, new_context)
    page, conversation = chat.page, begun(site, chat.page)
    said(site, conversation, "Silent")
    chat.shows("Silent")
    menu(chat).get_by_role("switch", name=strings("en")["more"]["menu"]["aloud"]).click()
    page.keyboard.press("Escape")
    said(site, conversation, "**Aloud** [here](https://a.example/)")
    chat.shows("Aloud")
    chat.say("my own words")
    chat.shows("my own words")
    assert asked(page) == [["speak", "Aloud here", "en-US"]]
    page.get_by_role("button", name=chat.words["close"]).click()
    assert asked(page)[-1] == ["cancel"]
    said(site, conversation, "Silent again")
    expect(page.locator("tenin-chat .unread")).to_have_text("1", timeout=PATIENCE)
    assert asked(page)[-1] == ["cancel"]


def test_without_the_browser_s_offer_there_is_no_button(
    make_site: SiteMaker, new_context: NewContext
) -> None:
    context = new_context()
    context.add_init_script(
        "delete window.SpeechRecognition; delete window.webkitSpeechRecognition;"
        "delete window.speechSynthesis;"
    )
    chat = ChatPage(context, make_site().url, "en").open()
    assert chat.page.get_by_role("button", name=chat.words["microphone"]).count() == 0
    shown = menu(chat)
    expect(shown.get_by_role("switch")).to_have_count(1)


def test_the_way_to_own_data(make_site: SiteMaker, new_context: NewContext) -> None:
    chat = visit(make_site(), new_context)
    words = strings("en")["more"]["privacy"]
    menu(chat).get_by_role("button", name=words["entry"]).click()
    heading = chat.page.get_by_role("heading", name=words["title"])
    expect(heading).to_be_focused(timeout=PATIENCE)
    assert chat.page.locator("tenin-chat .menu").count() == 0
    chat.page.get_by_role("button", name=words["back"]).click()
    expect(heading).to_be_hidden()
    expect(chat.box()).to_be_focused()
