"""What opens over the agents' page: replies, search, dialogs; by keyboard alone; on a phone."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import PHONE
from tests.browser.desk_page import (
    CANNED,
    CARD,
    DeskPage,
    NewContext,
    add_canned,
    add_skill,
    asks,
    mark,
    seat,
)
from tests.browser.test_invoice import LOCALES, WIDER
from tests.unit.web.conftest import databases, emptied_site, site
from tests.unit.web.served import Site

__all__ = ["databases", "emptied_site", "site"]

NARROW = {"width": 320, "height": 640}


def nothing_sent(site: Site) -> None:
    """No agent has said anything to any customer."""
    assert [row for row in site.rows()["line"] if row["author"] == "agent"] == []


def test_a_slash_opens_ready_replies_and_enter_inserts_one_without_sending(
    site: Site, new_context: NewContext
) -> None:
    add_canned(site)
    desk = DeskPage(site, new_context())
    asks(site)
    desk.accept()
    keys, replies = desk.page.keyboard, desk.page.get_by_role("listbox")
    keys.type("Hello! /")
    expect(replies.get_by_role("option")).to_have_count(len(CANNED))
    expect(desk.box()).to_have_attribute("aria-activedescendant", "reply-0")
    keys.press("ArrowDown")
    chosen = replies.get_by_role("option", selected=True)
    expect(chosen).to_contain_text("Hello …, this is Mei.")  # filled as far as it is known
    keys.press("ArrowUp")
    keys.type("dam")  # in the text, not in the shortcut
    expect(replies.get_by_role("option")).to_have_count(1)
    keys.press("Enter")
    expect(desk.box()).to_have_value(f"Hello! {CANNED['photo']}")
    expect(replies).to_be_hidden()

    keys.type(" /nothing")
    expect(desk.page.get_by_text(desk.words["replies"]["none"])).to_be_visible()
    keys.press("Enter")  # a mistyped shortcut is not sent
    nothing_sent(site)
    keys.press("Escape")
    expect(desk.page.get_by_text(desk.words["replies"]["none"])).to_be_hidden()
    expect(desk.box()).to_be_focused()
    desk.box().fill("")
    desk.page.get_by_role("button", name=desk.words["replies"]["title"]).click()
    replies.get_by_role("option").first.click()
    expect(desk.box()).to_have_value(CANNED["wait"])
    nothing_sent(site)
    keys.press("Enter")
    expect(desk.log().locator(".line.agent")).to_contain_text(CANNED["wait"])


def test_an_address_in_the_text_opens_nothing(site: Site, new_context: NewContext) -> None:
    add_canned(site)
    desk = DeskPage(site, new_context())
    asks(site)
    desk.accept()
    desk.page.keyboard.type("see https://kodama.example/a or 1/2")
    expect(desk.page.get_by_role("listbox")).to_be_hidden()


def test_a_suggestion_is_inserted_by_one_click_and_not_sent(
    site: Site, new_context: NewContext
) -> None:
    desk = DeskPage(site, new_context())
    asks(site, "How many days do I have to return shoes?")
    desk.accept()
    group = desk.page.get_by_role("group", name=desk.words["suggestions"]["title"])
    suggested = group.get_by_role("button").first
    text = str(suggested.get_attribute("title"))
    suggested.click()
    expect(desk.box()).to_have_value(text)
    expect(desk.box()).to_be_focused()
    nothing_sent(site)


@pytest.mark.parametrize("keys", ["Control+k", "Alt+k"])
def test_the_search_inserts_what_is_chosen(site: Site, new_context: NewContext, keys: str) -> None:
    desk = DeskPage(site, new_context())
    asks(site)
    desk.accept()
    desk.page.keyboard.type("Hello.")
    desk.page.keyboard.press(keys)
    field = desk.page.get_by_role("combobox", name=desk.words["search"]["title"])
    expect(field).to_be_focused()
    desk.page.keyboard.type("return")
    found = desk.page.get_by_role("listbox", name=desk.words["search"]["results"])
    second = found.get_by_role("option").nth(1)
    text = str(second.locator(".text").text_content())
    desk.page.keyboard.press("ArrowDown")
    expect(second).to_have_attribute("aria-selected", "true")
    desk.page.keyboard.press("Enter")
    expect(field).to_be_hidden()
    expect(desk.box()).to_have_value(f"Hello.\n{text}")
    expect(desk.box()).to_be_focused()
    nothing_sent(site)
    desk.page.keyboard.press(keys)
    desk.page.keyboard.type("x")
    desk.page.keyboard.press("Escape")
    expect(field).to_be_hidden()
    expect(desk.box()).to_be_focused()


def test_a_help_that_cannot_be_loaded_says_so_and_stops_nothing(
    site: Site, new_context: NewContext, faults: list[str]
) -> None:
    broken = dict.fromkeys(("**/card", "**/suggestions", "**/canned?*", "**/search?*"), 404)
    desk = DeskPage(site, new_context(), panels=broken)
    asks(site)
    desk.accept()
    expect(desk.page.locator("#card")).to_contain_text(desk.words["card"]["failed"])
    desk.page.keyboard.type("/")
    expect(desk.page.get_by_text(desk.words["replies"]["failed"])).to_be_visible()
    desk.page.keyboard.press("Escape")
    desk.page.keyboard.press("Control+k")
    desk.page.keyboard.type("return")
    expect(desk.page.get_by_text(desk.words["search"]["failed"])).to_be_visible()
    desk.page.keyboard.press("Escape")
    desk.box().fill("It works all the same")
    desk.page.keyboard.press("Enter")
    expect(desk.log().locator(".line.agent")).to_contain_text("It works all the same")
    expect(desk.notice()).to_be_empty()
    assert all("404" in fault for fault in faults), faults
    faults.clear()


def test_a_conversation_is_passed_on_by_keyboard_alone(site: Site, new_context: NewContext) -> None:
    add_skill(site)
    seat(site, "Lin", presence="away")
    desk = DeskPage(site, new_context())
    customer = asks(site)
    desk.accept()
    keys, said = desk.page.keyboard, desk.words["transfer"]
    desk.tab_to(desk.button(said["button"]))
    keys.press("Enter")
    dialog = desk.page.get_by_role("dialog", name=said["title"])
    expect(dialog).to_be_visible()
    keys.press("Escape")
    expect(dialog).to_be_hidden()
    expect(desk.button(said["button"])).to_be_focused()
    keys.press("Enter")
    expect(dialog).to_contain_text("Lin")
    skill = dialog.get_by_role("radio", name="Returns")
    desk.tab_to(skill)
    keys.press("Space")
    expect(skill).to_be_checked()
    desk.tab_to(dialog.get_by_role("textbox"))
    keys.type("Wants the label today")
    desk.tab_to(dialog.get_by_role("button", name=said["button"]))
    keys.press("Enter")
    expect(dialog).to_be_hidden()
    expect(desk.log().locator(".line.note")).to_contain_text("Wants the label today")
    expect(desk.box()).to_be_hidden()
    conversation = site.conversation(customer)
    assert (conversation.owner, conversation.skill) == ("queue", "returns")
    assert "label today" not in str(customer.lines())


def test_a_conversation_is_resolved_with_a_reason(site: Site, new_context: NewContext) -> None:
    desk = DeskPage(site, new_context())
    customer = asks(site)
    conversation = str(site.conversation(customer).id)
    desk.accept()
    desk.button(desk.words["resolve"]["button"]).click()
    dialog = desk.page.get_by_role("dialog", name=desk.words["resolve"]["title"])
    expect(dialog.get_by_role("radio", name=desk.words["resolution"]["solved"])).to_be_checked()
    dialog.get_by_role("radio", name=desk.words["resolution"]["informed"]).check()
    dialog.get_by_role("button", name=desk.words["resolve"]["button"]).click()
    expect(desk.page.locator(".owner.bot")).to_be_visible()
    [handoff] = [row for row in site.rows()["handoff"] if row["conversation_id"] == conversation]
    assert (handoff["outcome"], handoff["resolution"]) == ("resolved", "informed")


def test_handed_back_the_bot_knows_the_order_the_agent_learnt(
    site: Site, new_context: NewContext
) -> None:
    desk = DeskPage(site, new_context())
    customer = asks(site)
    desk.accept()
    desk.button(desk.words["handback"]).click()
    dialog = desk.page.get_by_role("dialog", name=desk.words["handback"])
    dialog.get_by_role("textbox").fill("202611190042")
    with desk.page.expect_request("**/handback") as asked:
        dialog.get_by_role("button", name=desk.words["back_to_bot"]["confirm"]).click()
    assert asked.value.post_data_json["slots"] == {"order_number": "202611190042"}
    expect(desk.page.locator(".owner.bot")).to_be_visible()
    assert site.conversation(customer).owner == "bot"


def test_the_card_tells_the_case(site: Site, new_context: NewContext) -> None:
    desk = DeskPage(site, new_context(), panels={"**/card": CARD})
    customer = asks(site)
    told = {"place": 2, "low": 4, "high": 9}
    mark(site, customer, told_kind="queued", told=told, priority=2, signs=["complaint"])
    desk.open(str(site.conversation(customer).id))
    card = desk.page.locator("#card")
    promised = desk.words["promised"]["queued"]
    for key, value in told.items():
        promised = promised.replace(f"{{{key}}}", str(value))
    for words in (
        "Emma Clarke",
        "202611190042",
        desk.words["order_status"]["delivered"],
        "Moss Shoes 39 / green × 2",
        "Nest 2 Tent1 min",
        "About us",
        "1,298.00",
        desk.words["outcome"]["failed"],
        desk.words["lane"]["fast"],
        desk.words["sign"]["complaint"],
        promised,
    ):
        expect(card).to_contain_text(words)


@pytest.mark.parametrize("language", list(LOCALES))
def test_nothing_is_wider_than_the_narrowest_phone(
    site: Site, new_context: NewContext, language: str
) -> None:
    add_skill(site)
    add_canned(site)
    seat(site, "Lin")
    context, panels = new_context(LOCALES[language], NARROW), {"**/card": CARD}
    desk = DeskPage(site, context, language=language, presence="busy", panels=panels)
    page, words = desk.page, desk.words
    customer = asks(site, "W" * 120, language)
    conversation = mark(site, customer, priority=2, signs=["anger", "action_failed", "complaint"])
    expect(desk.row(conversation)).to_be_visible()

    def fits() -> None:
        page.wait_for_timeout(50)  # what is drawn is drawn once, a moment later
        assert page.evaluate(WIDER) <= 0
        outside = """[...document.querySelectorAll("body *")].filter((element) => {
            const box = element.getBoundingClientRect();
            const clipped = element.closest(".aside, .chips, .said, .about, .tag, select");
            return !clipped && box.width > 0 && box.right > innerWidth + 1;
        }).map((element) => `${element.tagName}.${element.className}`)"""
        assert page.evaluate(outside) == []

    fits()
    desk.open(conversation)
    fits()
    desk.button(words["take"]).click()
    expect(desk.box()).to_be_focused()
    fits()
    desk.page.keyboard.type("/")
    expect(page.get_by_role("listbox").get_by_role("option").first).to_be_visible()
    fits()
    desk.box().fill("")
    for title in (words["transfer"]["button"], words["handback"], words["resolve"]["button"]):
        desk.button(title).click()
        expect(page.get_by_role("dialog")).to_be_visible()
        fits()
        page.keyboard.press("Escape")
    desk.button(words["card"]["open"]).click()
    expect(page.locator("#card")).to_contain_text("Emma Clarke")
    fits()


def test_on_a_phone_one_pane_follows_the_other_and_the_focus_goes_along(
    site: Site, new_context: NewContext
) -> None:
    desk = DeskPage(site, new_context(viewport=PHONE), presence="busy")
    customer = asks(site)
    conversation = str(site.conversation(customer).id)
    desk.open(conversation)
    expect(desk.row(conversation)).to_be_hidden()
    desk.button(desk.words["card"]["open"]).click()
    heading = desk.page.get_by_role("heading", name=desk.words["card"]["title"], exact=True)
    expect(heading).to_be_focused()
    expect(desk.log()).to_be_hidden()
    desk.button(desk.words["card"]["back"]).click()
    expect(desk.button(desk.words["card"]["open"])).to_be_focused()
    expect(heading).to_be_hidden()
    desk.button(desk.words["back"]).click()
    expect(desk.row(conversation)).to_be_focused()
    desk.page.go_back()
    expect(desk.log()).to_be_visible()
