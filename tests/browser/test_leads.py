"""The leads' pages in a real browser, by keyboard alone; nothing but the web tier runs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, Locator, Page, expect
from sqlalchemy import delete, select

from tenin.clock import utcnow
from tenin.conversation.models import Conversation, Handoff
from tenin.database import read_transaction, write_transaction
from tenin.desk import lead_pages
from tenin.desk.models import Agent, CannedReply, DeskSetting, Skill
from tenin.language.languages import configured
from tests.unit.web.conftest import databases, emptied_site, site
from tests.unit.web.served import Site

__all__ = ["databases", "emptied_site", "site"]

READY = configured().ready
NARROW = {"width": 320, "height": 640}
MOST_TABS = 150
Opener = Callable[..., Page]


@pytest.fixture(autouse=True)
def no_hours_set(site: Site) -> None:
    """Here the hours are those of policy.yml, not the tests' own that never close."""
    with write_transaction(site.engine) as session:
        session.execute(delete(DeskSetting))


@pytest.fixture
def opened(site: Site, new_context: Callable[..., BrowserContext]) -> Opener:
    """Open one of the leads' pages as a lead."""

    def open_page(name: str, locale: str = "en-US", **context: Any) -> Page:
        page = new_context(locale, **context).new_page()
        page.goto(site.url + site.desk_link("Lea", "lead"))
        page.goto(f"{site.url}/desk/leads/{name}")
        return page

    return open_page


def tab_to(page: Page, wanted: Locator) -> None:
    """Go there by the Tab key alone, as those do who have no mouse."""
    for _ in range(MOST_TABS):
        if wanted.evaluate("element => element === document.activeElement"):
            return
        page.keyboard.press("Tab")
    raise AssertionError(f"no way by keyboard to {wanted}")


def press(page: Page, wanted: Locator, key: str = "Enter") -> None:
    tab_to(page, wanted)
    page.keyboard.press(key)


def only_refused(faults: list[str], status: int) -> None:
    """The page complained of nothing but the call that was refused, which browsers always tell."""
    assert faults
    assert all(f"status of {status}" in fault for fault in faults)
    faults.clear()


def stored(site: Site, model: Any) -> list[Any]:
    with read_transaction(site.engine) as session:
        return list(session.execute(select(model)).scalars())


def add(site: Site, *rows: Any) -> None:
    with write_transaction(site.engine) as session:
        for row in rows:
            session.add(row)
            session.flush()


def in_all(text: str) -> dict[str, str]:
    return dict.fromkeys(READY, text)


def test_hours_are_set_for_the_week(site: Site, opened: Opener) -> None:
    page = opened("hours")
    monday, week = page.get_by_role("group", name="Monday"), page.locator("#week")
    expect(page.locator("#says")).to_have_text("every day 9:00–21:00 (Beijing time)")
    press(page, monday.get_by_label("from"), "ArrowUp")  # the hour, from 9 to 10
    expect(page.locator("#says")).to_contain_text("Monday 10:00–21:00")
    expect(week.get_by_role("status")).to_have_text("Not saved yet.")
    press(page, monday.get_by_role("button", name="Copy to Monday–Friday"))
    told = "Monday to Friday 10:00–21:00, Saturday and Sunday 9:00–21:00 (Beijing time)"
    expect(page.locator("#says")).to_have_text(told)
    sunday = page.get_by_role("group", name="Sunday")
    press(page, sunday.get_by_role("button", name="Remove these hours"))
    expect(sunday.get_by_text("Closed")).to_be_visible()
    press(page, page.get_by_role("button", name="Save the week"))
    expect(week.get_by_role("status")).to_have_text("Saved.")
    [saved] = stored(site, DeskSetting)
    assert saved.value["week"]["fri"] == [["10:00", "21:00"]]
    assert saved.value["week"]["sun"] == []
    page.reload()
    expect(page.locator("#says")).to_contain_text("Monday to Friday 10:00–21:00, Saturday")


def test_hours_that_overlap_are_refused_in_words(
    site: Site, opened: Opener, faults: list[str]
) -> None:
    page = opened("hours", "zh-CN")
    monday = page.get_by_role("group", name="周一")
    press(page, monday.get_by_role("button", name="添加时段"))
    # The focus is in the new span: ten to eleven lies within nine to twenty-one.
    second = monday.locator(".span").nth(1)
    second.locator(".opens").fill("10:00")
    second.locator(".closes").fill("11:00")
    expect(page.locator("#says")).to_contain_text("时段重叠")
    press(page, page.get_by_role("button", name="保存每周时间"))
    expect(page.locator("#week").get_by_role("alert")).to_contain_text("这些时间无法保存")
    assert stored(site, DeskSetting) == []
    only_refused(faults, 422)


def test_a_special_day_is_added(site: Site, opened: Opener) -> None:
    page = opened("hours")
    press(page, page.get_by_role("button", name="Add a day"))
    day = page.locator(".holiday")
    for _ in range(3):  # the parts of a date, in whichever order they are written here
        page.keyboard.press("ArrowUp")
        page.keyboard.press("Tab")
    chosen = day.get_by_label("Date").input_value()
    assert chosen
    tab_to(page, day.get_by_label("Name"))
    page.keyboard.type("Stocktaking")
    press(page, page.get_by_role("button", name="Save these days"))
    expect(page.locator("#holidays").get_by_role("status")).to_have_text("Saved.")
    [saved] = stored(site, DeskSetting)
    assert saved.value == [{"date": chosen, "name": "Stocktaking", "spans": []}]
    page.reload()
    press(page, page.get_by_role("button", name="Remove this day"))
    press(page, page.get_by_role("button", name="Save these days"))
    expect(page.locator("#holidays").get_by_role("status")).to_have_text("Saved.")
    [saved] = stored(site, DeskSetting)
    assert saved.value == []


def test_a_canned_reply_is_written_read_as_a_customer_and_put_first(
    site: Site, opened: Opener, faults: list[str]
) -> None:
    add(site, CannedReply(shortcut="old", place=1, texts=in_all("Old one"), updated_at=utcnow()))
    page = opened("canned")
    form = page.get_by_role("form", name="New reply")
    press(page, page.locator("summary", has_text="New reply"))
    tab_to(page, form.get_by_label("Shortcut"))
    page.keyboard.type("wait")
    for field in form.get_by_role("textbox", name="Text:").all():
        tab_to(page, field)
        page.keyboard.type("{customer}, {who} is here")
    expect(form.locator(".filled").first).to_have_text("Emma Reed, {who} is here")
    press(page, form.get_by_role("button", name="Add the reply"))
    expect(form.get_by_role("alert")).to_contain_text("{customer}, {agent} and {order}")
    assert len(stored(site, CannedReply)) == 1
    only_refused(faults, 422)
    for field in form.get_by_role("textbox", name="Text:").all():
        field.fill("{customer}, {agent} is here: {{order}}")
    expect(form.locator(".filled").first).to_have_text("Emma Reed, Lea is here: {order}")
    press(page, form.get_by_role("button", name="Add the reply"))
    up = page.get_by_role("button", name="Move up: wait")
    expect(up).to_be_visible()
    press(page, up)
    expect(page.locator("#moved")).to_have_text("Saved.")
    expect(up).to_be_focused()
    page.reload()
    assert page.locator("#replies summary b").all_inner_texts() == ["/wait", "/old"]
    [first] = [each for each in stored(site, CannedReply) if each.shortcut == "wait"]
    assert first.texts == in_all("{customer}, {agent} is here: {{order}}")
    assert first.place == 1


def test_a_canned_reply_is_changed_and_removed(site: Site, opened: Opener) -> None:
    add(site, CannedReply(shortcut="old", place=1, texts=in_all("Old one"), updated_at=utcnow()))
    page = opened("canned", "ja-JP")
    press(page, page.locator("summary", has_text="/old"))
    form = page.get_by_role("form", name="old")
    tab_to(page, form.locator("textarea[lang=ja]"))
    page.keyboard.press("Control+a")
    page.keyboard.type("はい")
    press(page, form.get_by_role("button", name="保存"))
    expect(form.get_by_role("status")).to_have_text("保存しました。")
    expect(page.locator("summary .first")).to_have_text("はい")
    [changed] = stored(site, CannedReply)
    assert changed.texts == {**in_all("Old one"), "ja": "はい"}
    press(page, form.get_by_role("button", name="削除"))
    expect(page.locator("#moved")).to_have_text("削除しました。")
    assert stored(site, CannedReply) == []


def test_an_agents_skills_and_what_a_colleague_has_changed_meanwhile(
    site: Site, opened: Opener, faults: list[str]
) -> None:
    site.agent("Mei")
    add(site, *(Skill(id=name, titles=in_all(name.title())) for name in ("orders", "repairs")))
    page, other = opened("agents"), opened("agents")
    mei = page.get_by_role("form", name="Mei")
    press(page, mei.get_by_label("Orders"), "Space")
    press(page, mei.get_by_label("日本語"), "Space")
    press(page, mei.get_by_label("Conversations at once"), "ArrowUp")
    press(page, mei.get_by_role("button", name="Save"))
    expect(mei.get_by_role("status")).to_have_text("Saved.")
    [row] = [each for each in stored(site, Agent) if each.name == "Mei"]
    assert (row.skills, row.languages, row.capacity) == (["orders"], ["ja"], 4)
    # Saved once more, from what was answered: nobody else has changed it.
    press(page, mei.get_by_role("button", name="Save"))
    expect(mei.get_by_role("status")).to_have_text("Saved.")
    theirs = other.get_by_role("form", name="Mei")
    press(other, theirs.get_by_label("Repairs"), "Space")
    press(other, theirs.get_by_role("button", name="Save"))
    expect(theirs.get_by_role("alert")).to_contain_text("Somebody else has changed this")
    only_refused(faults, 409)
    press(other, theirs.get_by_role("button", name="Load again"))
    expect(theirs.get_by_label("Orders")).to_be_checked()
    expect(theirs.get_by_label("Repairs")).not_to_be_checked()


def test_a_skill_is_made(site: Site, opened: Opener) -> None:
    page = opened("skills")
    press(page, page.get_by_role("button", name="Add a skill"))
    skill = page.get_by_role("group", name="New skill")
    page.keyboard.type("orders")
    for field in skill.locator("[data-language]").all():
        tab_to(page, field)
        page.keyboard.type("Orders")
    press(page, skill.locator("summary"))
    press(page, skill.get_by_label("Where is my order?"), "Space")
    expect(skill.locator(".count")).to_have_text("1")
    press(page, page.get_by_role("button", name="Save"))
    expect(page.get_by_role("status")).to_have_text("Saved.")
    [saved] = stored(site, Skill)
    assert (saved.id, saved.titles, saved.categories) == (
        "orders",
        in_all("Orders"),
        ["track_order"],
    )


def test_todays_figures_come_in_by_themselves(site: Site, opened: Opener) -> None:
    page = opened("figures")
    expect(page.get_by_text("Nothing happened on this day.")).to_be_visible()
    page.clock.install()
    page.reload()
    now = utcnow()
    add(
        site,
        Conversation(id="0" * 32, channel="web", language="en", created_at=now, updated_at=now),
        Handoff(
            conversation_id="0" * 32,
            reason="asked",
            language="en",
            awaiting="live",
            asked_at=now,
            agent_id="x",
            agent_name="Mei",
            taken_at=now,
        ),
    )
    page.clock.fast_forward(31_000)
    region = page.get_by_role("region", name="By agent")
    expect(region.get_by_role("row", name="Mei")).to_be_visible()
    expect(page.get_by_text("Now: 0 waiting, 1 being served")).to_be_visible()
    tab_to(page, region)  # so that it can be scrolled without a mouse


def test_the_file_is_downloaded(opened: Opener) -> None:
    page = opened("figures", "zh-TW")
    with page.expect_download() as download:
        press(page, page.get_by_role("link", name="下載 CSV"))
    assert download.value.suggested_filename.startswith("figures-")
    text = download.value.path().read_bytes().decode("utf-8-sig")
    assert text.startswith("日期,類別,名稱")


@pytest.mark.parametrize(
    ("locale", "language"),
    [("en-US", "en"), ("zh-CN", "zh-Hans"), ("zh-TW", "zh-Hant"), ("ja-JP", "ja")],
)
def test_no_page_scrolls_sideways_on_the_narrowest_phone(
    site: Site, opened: Opener, locale: str, language: str
) -> None:
    add(
        site,
        Skill(id="orders", titles=in_all("Orders and delivery"), categories=["track_order"]),
        CannedReply(shortcut="w" * 32, place=1, texts=in_all("x" * 300), updated_at=utcnow()),
        DeskSetting(
            name="holidays",
            value=[{"date": "2026-12-25", "name": "Christmas", "spans": [["09:00", "12:00"]]}],
            updated_at=utcnow(),
        ),
    )
    page = opened("agents", locale, viewport=NARROW)
    for name in lead_pages.PAGES:
        page.goto(f"{site.url}/desk/leads/{name}")
        assert page.locator("html").get_attribute("lang") == language
        for details in page.locator("details").all():
            details.evaluate("element => { element.open = true }")
        beyond = page.evaluate(
            "document.documentElement.scrollWidth - document.documentElement.clientWidth"
        )
        assert beyond == 0, name
