"""The leads' figures, from real rows on both databases, each expected number worked out by hand."""

from __future__ import annotations

import csv
import io
from dataclasses import replace
from datetime import date, datetime, timedelta, timezone
from typing import Any
from xml.etree import ElementTree
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy.engine import Engine

from tenin.conversation.models import Conversation, Handoff
from tenin.database import read_transaction, write_transaction
from tenin.desk import figures
from tenin.desk.figures import Days, DaysError, Figures, Measures
from tenin.desk.figures_chart import draw
from tenin.desk.figures_export import as_csv
from tenin.desk.models import Agent
from tenin.pages.rendering import strings

SHANGHAI = ZoneInfo("Asia/Shanghai")
DAY = date(2026, 11, 22)
TODAY = Days(DAY, DAY, SHANGHAI)


@pytest.fixture(autouse=True)
def agents(engine: Engine) -> None:
    """Two agents; nothing else is there."""
    with write_transaction(engine) as session:
        for key, name in (("m", "Mei"), ("l", "Lin")):
            session.add(
                Agent(id=key, login=name.lower(), name=name, role="agent", created_at=at("00:00"))
            )


def at(hour: str, day: int = 22) -> datetime:
    """A moment of November 2026 in Shanghai, kept in UTC as rows have it."""
    moment = datetime.fromisoformat(f"2026-11-{day:02}T{hour}")
    return moment.replace(tzinfo=SHANGHAI).astimezone(timezone.utc)


def add(engine: Engine, conversation: str, asked_at: datetime, **values: Any) -> None:
    """One record; `waited`, `answered` and `took` in seconds, each from the one before."""
    waited, answered, took = (values.pop(name, None) for name in ("waited", "answered", "took"))
    row = {"reason": "asked", "language": "en", "awaiting": "live", **values}
    if waited is not None:
        row["taken_at"] = asked_at + timedelta(seconds=waited)
        if answered is not None:
            row["first_answer_at"] = row["taken_at"] + timedelta(seconds=answered)
        if took is not None:
            row["ended_at"] = row["taken_at"] + timedelta(seconds=took)
    with write_transaction(engine) as session:
        if session.get(Conversation, conversation) is None:
            session.add(
                Conversation(
                    id=conversation,
                    channel="web",
                    language="en",
                    created_at=asked_at,
                    updated_at=asked_at,
                )
            )
            session.flush()
        session.add(Handoff(conversation_id=conversation, asked_at=asked_at, **row))


def seen(engine: Engine, days: Days = TODAY) -> Figures:
    with read_transaction(engine) as session:
        return figures.figures(session, days)


def a_day(engine: Engine) -> None:
    """One day as it may go; yesterday and tomorrow around it must not show."""
    mei, lin = {"agent_id": "m", "agent_name": "Mei"}, {"agent_id": "l", "agent_name": "Lin"}
    solved = {"outcome": "resolved", "resolution": "solved"}
    add(engine, "a", at("09:00"), skill="orders", waited=10, answered=20, took=300, **mei, **solved,
        rating=5, rated_at=at("09:30"))  # fmt: skip
    add(engine, "b", at("09:10"), skill="orders", waited=30, answered=40, took=500, **mei, **solved,
        rating=2, rated_at=at("09:40"))  # fmt: skip
    # Lin passes this one on to Mei, who hands it back to the bot.
    add(engine, "c", at("10:00"), waited=60, answered=5, took=100, **lin, outcome="transferred")
    add(engine, "c", at("10:02:40"), skill="orders", waited=20, answered=10, took=100, **mei,
        reason="transferred", outcome="handed_back")  # fmt: skip
    # Lin was gone; the customer has waited since the first asking when Mei takes it.
    add(engine, "d", at("11:00"), waited=20, took=60, **lin, outcome="returned")
    add(engine, "d", at("11:00"), waited=200, answered=50, took=700, **mei, **solved)
    # One goes, one still waits, one is being served after a takeover.
    add(engine, "e", at("12:00"), ended_at=at("12:09"), outcome="left")
    add(engine, "f", at("13:00"), skill="orders")
    add(engine, "g", at("14:00"), waited=0, **lin, reason="takeover")
    # Left as a message last night, answered and resolved today: the work is today's.
    add(engine, "h", at("23:50", 21), awaiting="message", waited=36_000, answered=600, took=900,
        **lin, **solved)  # fmt: skip
    # Nothing of these is today's.
    add(engine, "i", at("23:59:59", 21), waited=0, answered=0, took=0, **mei, **solved,
        rating=1, rated_at=at("23:59:59", 21))  # fmt: skip
    add(engine, "j", at("00:00", 23), waited=1, answered=1, took=1, **mei, **solved,
        rating=1, rated_at=at("00:00", 23))  # fmt: skip


def test_a_day_of_every_kind_of_service(engine: Engine) -> None:
    a_day(engine)
    found = seen(engine)
    agents = {each.name: each.measures for each in found.agents}
    skills = {each.id: each.measures for each in found.skills}
    assert list(agents) == ["Lin", "Mei"]
    assert list(skills) == ["orders", None]
    assert agents["Mei"] == Measures(
        asked=3,
        served=4,
        waiting_median=25,  # 10, 20, 30, 200
        waiting_p90=200,
        first_answer_median=30,  # 10, 20, 40, 50
        handling_median=400,  # 100, 300, 500, 700
        resolved=3,
        resolved_share=0.75,
        handed_back=1,
        ratings=2,
        rating_mean=3.5,
    )
    assert agents["Lin"] == Measures(
        asked=2,
        served=3,
        waiting_median=60,  # neither the message nor the takeover waited for a person
        waiting_p90=60,
        message_median=36_600,
        first_answer_median=302,  # 5, 600; the mean 302.5 to the even second
        handling_median=500,  # 100, 900
        resolved=1,
        resolved_share=0.5,
        transferred=1,
        returned=1,
        open_now=1,
    )
    assert skills["orders"] == Measures(
        asked=3,
        served=3,
        waiting_median=20,  # 10, 20, 30
        waiting_p90=30,
        first_answer_median=20,  # 10, 20, 40
        handling_median=300,  # 100, 300, 500
        resolved=2,
        resolved_share=0.6667,
        handed_back=1,
        ratings=2,
        rating_mean=3.5,
        open_now=1,
    )
    assert found.total == Measures(
        asked=6,  # a to f; the one that came back counts once
        served=7,
        waiting_median=30,  # 10, 20, 30, 60, 200
        waiting_p90=200,
        message_median=36_600,
        first_answer_median=30,  # 5, 10, 20, 40, 50, 600
        handling_median=400,  # 100, 100, 300, 500, 700, 900
        resolved=4,
        resolved_share=0.6667,
        handed_back=1,
        transferred=1,
        returned=1,
        left=1,
        ratings=2,
        rating_mean=3.5,
        open_now=2,
    )
    assert (found.waiting_now, found.serving_now) == (1, 1)


def test_days_add_up(engine: Engine) -> None:
    a_day(engine)
    with read_transaction(engine) as session:
        three = Days(date(2026, 11, 21), date(2026, 11, 23), SHANGHAI)
        by_day = figures.figures_by_day(session, three)
    in_all = seen(engine, three)
    assert [each.days.first.day for each in by_day] == [21, 22, 23]
    assert [(each.waiting_now, each.serving_now, each.total.open_now) for each in by_day] == [
        (0, 0, 0)
    ] * 3
    assert by_day[1].total == replace(seen(engine).total, open_now=0)
    assert [each.total.asked for each in by_day] == [2, 6, 1]
    assert [each.total.messages for each in by_day] == [1, 0, 0]
    assert [each.total.rating_mean for each in by_day] == [1, 3.5, 1]
    for name in ("asked", "served", "resolved", "handed_back", "left", "returned", "ratings"):
        assert getattr(in_all.total, name) == sum(getattr(each.total, name) for each in by_day)


def test_the_hours_of_a_day_and_the_days_of_a_range(engine: Engine) -> None:
    a_day(engine)
    with read_transaction(engine) as session:
        hours = figures.asked_and_served(session, TODAY)
        three = Days(date(2026, 11, 21), date(2026, 11, 23), SHANGHAI)
        by_day = figures.asked_and_served(session, three)
    assert len(hours) == 24
    # Taken at 9 (twice), 9:50 (the message), 10 (twice), 11:03, and taken over at 14.
    assert {hour: pair for hour, pair in enumerate(hours) if pair != (0, 0)} == {
        9: (2, 3),
        10: (1, 2),
        11: (1, 1),
        12: (1, 0),
        13: (1, 0),
        14: (0, 1),
    }
    assert by_day == [(2, 1), (6, 7), (1, 1)]


def test_nothing_happened(engine: Engine) -> None:
    found = seen(engine)
    assert (found.agents, found.skills, found.total) == ((), (), Measures())


def test_an_agent_who_is_no_longer_there_keeps_the_name_of_the_time(engine: Engine) -> None:
    add(engine, "a", at("09:00"), waited=1, agent_id="gone", agent_name="Old Name")
    add(engine, "b", at("09:00"), waited=1, agent_id="m", agent_name="Mei as she was")
    assert [each.name for each in seen(engine).agents] == ["Mei", "Old Name"]


def test_the_ninetieth_percentile_is_one_that_nine_of_ten_did_not_exceed(engine: Engine) -> None:
    for number in range(1, 11):
        add(engine, str(number), at("09:00"), waited=number * 10, agent_id="m")
    total = seen(engine).total
    assert (total.waiting_median, total.waiting_p90) == (55, 90)
    add(engine, "11", at("09:00"), waited=110, agent_id="m")
    assert seen(engine).total.waiting_p90 == 100


def test_a_day_is_as_long_as_it_is_there() -> None:
    berlin = ZoneInfo("Europe/Berlin")
    hours = [
        (Days(date(2026, *day), date(2026, *day), berlin).end
         - Days(date(2026, *day), date(2026, *day), berlin).begin).total_seconds() / 3600
        for day in ((3, 29), (10, 25), (11, 22))
    ]  # fmt: skip
    assert hours == [23, 25, 24]


@pytest.mark.parametrize(
    ("first", "last", "remedy"),
    [
        (date(2026, 11, 22), date(2026, 11, 21), "swap"),
        (date(2025, 11, 21), date(2026, 11, 22), "366"),
        (date(1, 1, 1), date(1, 1, 1), "2000"),
        (date(9999, 12, 31), date(9999, 12, 31), "2999"),
    ],
)
def test_days_that_there_are_no_figures_of(first: date, last: date, remedy: str) -> None:
    with pytest.raises(DaysError, match=remedy):
        Days(first, last, SHANGHAI)


def test_the_file_opens_in_a_spreadsheet_and_no_cell_is_a_formula(engine: Engine) -> None:
    words = strings("zh-Hans")["leads"]["figures"]
    a_day(engine)
    add(engine, "k", at("15:00"), skill="orders", waited=5, agent_id="x", agent_name="=1+1")
    with read_transaction(engine) as session:
        text = as_csv(figures.figures_by_day(session, TODAY), {"orders": "@订单"}, words)
    assert text.startswith("\ufeff")
    rows = list(csv.reader(io.StringIO(text[1:])))
    assert rows[0][:5] == ["日期", "类别", "名称", "请求人工", "已接待"]
    assert rows[0][5] == "等待中位数（秒）"
    assert [row[2] for row in rows[1:]] == ["'=1+1", "Lin", "Mei", "'@订单", "无技能组", ""]
    assert all(row[0] == "2026-11-22" and len(row) == len(rows[0]) for row in rows[1:])
    mei = dict(zip(rows[0], rows[3], strict=True))
    assert (mei["请求人工"], mei["等待中位数（秒）"], mei["解决率"]) == ("3", "25", "0.75")
    assert mei["留言到答复中位数（秒）"] == ""


@pytest.mark.parametrize("name", ["=cmd", "+1", "-1", "@a", "\t=1", "\r=1"])
def test_what_begins_like_a_formula_is_text(engine: Engine, name: str) -> None:
    add(engine, "a", at("09:00"), waited=1, agent_id="x", agent_name=name)
    with read_transaction(engine) as session:
        by_day = figures.figures_by_day(session, TODAY)
    text = as_csv(by_day, {}, strings("en")["leads"]["figures"])
    cells = [cell for row in csv.reader(io.StringIO(text[1:], newline="")) for cell in row]
    assert f"'{name}" in cells
    assert not [cell for cell in cells if cell.startswith(("=", "+", "-", "@", "\t", "\r"))]


def test_the_drawing_has_a_bar_for_each_number_and_needs_no_style() -> None:
    svg = draw([(3, 1), (0, 0), (4, 4)], ["8:00", "9:00", "10:00"], "Asked <and> served")
    root = ElementTree.fromstring(svg)
    bars = [each for each in root.iter() if each.tag.endswith("rect")]
    heights = [float(bar.get("height", "")) for bar in bars]
    assert [round(height / heights[1]) for height in heights] == [3, 1, 4, 4]
    assert "Asked &lt;and&gt; served" in svg
    assert "style" not in svg
    assert [each.text for each in root.iter() if each.tag.endswith("text")][:3] == ["0", "2", "4"]


def test_a_drawing_of_a_quiet_day() -> None:
    svg = draw([(0, 0)] * 24, [str(hour) for hour in range(24)], "Nothing")
    assert "<rect" not in svg
