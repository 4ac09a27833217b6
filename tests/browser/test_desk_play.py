"""Two agents and three customers at once, each in a browser of their own, with the real bot."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from tests.browser.chat_page import PATIENCE, ChatPage, strings
from tests.browser.conftest import PHONE
from tests.browser.desk_page import DeskTab
from tests.system import System, running_system

NewContext = Callable[..., BrowserContext]

LOCALES = {"en": "en-US", "zh-Hans": "zh-CN", "ja": "ja-JP"}
PICTURES = os.environ.get("TENIN_PICTURES")  # a folder to keep what was seen


@pytest.fixture
def shop() -> Iterator[System]:
    """A system of the test's own: nobody else waits in its queue."""
    with running_system() as system:
        yield system


def seen(name: str, *pages: Page) -> None:
    if PICTURES:
        Path(PICTURES).mkdir(parents=True, exist_ok=True)
        for number, page in enumerate(pages, 1):
            page.screenshot(path=f"{PICTURES}/{name}-{number}.png")


def comes(new_context: NewContext, shop: System, language: str, **options: object) -> ChatPage:
    return ChatPage(new_context(LOCALES[language], **options), shop.url, language).open()


def test_two_agents_and_three_customers(shop: System, new_context: NewContext) -> None:
    kenji = comes(new_context, shop, "ja")
    emma = comes(new_context, shop, "en", viewport=PHONE)
    lin = comes(new_context, shop, "zh-Hans")

    # Nobody is there yet: Kenji is told so, and keeps his place.
    kenji.say("担当者と話したいです")
    kenji.answers("utter_handoff_nobody")
    waiting = strings("ja")["person"]["waiting"]["nobody"]
    expect(kenji.page.get_by_text(waiting)).to_be_visible(timeout=PATIENCE)
    seen("waiting", kenji.page)

    # Sato comes, accepts and greets; Kenji sees who serves him, and that he is writing.
    sato = DeskTab(shop.new_desk_link("Sato"), new_context("ja-JP"), "ja")
    expect(sato.offer()).to_have_count(1, timeout=PATIENCE)
    seen("offer", sato.page)
    sato.accept()
    kenji.answers("utter_agent_joined")
    sato.page.keyboard.type("お待たせしました。佐藤です。")
    typing = strings("ja")["widget"]["typing"].replace("{name}", "Sato")
    expect(kenji.page.get_by_text(typing)).to_be_visible(timeout=PATIENCE)
    sato.page.keyboard.press("Enter")
    kenji.shows("佐藤です。")
    kenji.box().press_sequentially("荷物が")
    writing = sato.words["typing"]["customer"]
    expect(sato.page.get_by_text(writing).first).to_be_visible(timeout=PATIENCE)
    kenji.box().fill("")

    # Emma is in the middle of a form when she asks; Mei has just come.
    mei = DeskTab(shop.new_desk_link("Mei"), new_context("en-US"))
    sato.page.get_by_label(sato.words["presence"]["title"]).first.select_option("busy")
    emma.say("I want to cancel my order")
    emma.answers("utter_ask_order_form_order_number")
    emma.say("just get me a person please")
    emma.answers("utter_handoff_queued")
    expect(mei.offer()).to_have_count(1, timeout=PATIENCE)
    mei.accept()
    emma.answers("utter_agent_joined")
    expect(mei.page.locator("#card")).to_contain_text(mei.words["card"]["customer"])
    mei.page.keyboard.type("/")
    replies = mei.page.get_by_role("listbox")
    expect(replies.get_by_role("option").first).to_be_visible(timeout=PATIENCE)
    seen("palette", mei.page, emma.page)
    mei.page.keyboard.press("Enter")
    expect(mei.box()).not_to_have_value("")
    written = mei.box().input_value()
    mei.box().press("Enter")
    emma.shows(written)

    # She is passed on, with a note that she never sees.
    sato.page.get_by_label(sato.words["presence"]["title"]).first.select_option("online")
    mei.button(mei.words["transfer"]["button"]).click()
    dialog = mei.page.get_by_role("dialog", name=mei.words["transfer"]["title"])
    dialog.get_by_role("radio", name="Sato").check()
    dialog.get_by_role("textbox").fill("Knows parcels by heart")
    seen("transfer", mei.page)
    dialog.get_by_role("button", name=mei.words["transfer"]["button"]).click()
    expect(dialog).to_be_hidden()
    emma.answers("utter_handoff_transferred")
    expect(sato.offer()).to_have_count(1, timeout=PATIENCE)
    sato.accept()
    expect(sato.log().locator(".line.note")).to_contain_text("Knows parcels by heart")
    sato.page.keyboard.type("I'm Sato, let me see.")
    sato.page.keyboard.press("Enter")
    emma.shows("I'm Sato, let me see.")
    assert "by heart" not in emma.log().inner_text()
    seen("served", sato.page, emma.page)

    # Meanwhile Lin talks with the bot; Mei takes over, the bot is silent, and then goes on.
    lin.say("一般多久能送到")
    lin.answers("utter_faq/shipping_time")
    row = mei.page.locator("#list .row.bot")  # the only one with the bot just now
    expect(row).to_have_count(1, timeout=PATIENCE)
    row.click()
    mei.button(mei.words["take_over"]).click()
    lin.answers("utter_agent_joined")
    before = len(lin.bubbles())
    lin.say("那周末送吗")
    expect(mei.log().locator(".line.customer").last).to_contain_text("那周末送吗")
    mei.page.wait_for_timeout(2000)
    assert len(lin.bubbles()) == before + 1
    mei.box().fill("周末也送。")
    mei.box().press("Enter")
    lin.shows("周末也送。")
    mei.button(mei.words["handback"]).click()
    back = mei.page.get_by_role("dialog", name=mei.words["handback"])
    back.get_by_role("button", name=mei.words["back_to_bot"]["confirm"]).click()
    lin.answers("utter_handed_back")
    lin.say("运费多少")
    lin.answers("utter_faq/shipping_cost")

    # Emma's case is resolved; she is asked once, and rates.
    sato.button(sato.words["resolve"]["button"]).click()
    dialog = sato.page.get_by_role("dialog", name=sato.words["resolve"]["title"])
    dialog.get_by_role("radio", name=sato.words["resolution"]["solved"]).check()
    dialog.get_by_role("button", name=sato.words["resolve"]["button"]).click()
    emma.answers("utter_resolved")
    stars = strings("en")["person"]["rating"]["star"]["other"].replace("{count}", "5")
    emma.page.get_by_role("radio", name=stars).check(force=True)
    word = strings("en")["person"]["rating"]["word"]
    emma.page.get_by_role("textbox", name=word).fill("Quick and kind")
    seen("rating", emma.page)
    emma.page.get_by_role("button", name=strings("en")["person"]["rating"]["send"]).click()
    emma.answers("utter_rated")
    emma.page.reload()
    done = strings("en")["person"]["rating"]["done"]["other"].replace("{count}", "5")
    emma.open()
    expect(emma.page.get_by_text(done)).to_be_visible(timeout=PATIENCE)
    seen("rated", emma.page, mei.page)

    # Nothing of one customer's reached another.
    assert "佐藤です。" not in lin.log().inner_text()
    assert "周末也送。" not in emma.log().inner_text()
    assert "Quick and kind" not in kenji.log().inner_text()
