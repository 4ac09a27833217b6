"""The hours in words, as a customer of each language reads them."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy.engine import Engine

from tenin.clock import utcnow
from tenin.database import write_transaction
from tenin.desk.hours import said_as, tells_hours, voice_now, words
from tenin.desk.models import DeskSetting
from tenin.desk.schedule import DAYS, read_schedule
from tenin.desk.suggestions import found
from tests.answers import voice
from tests.unit.conversation.conftest import engine, postgres_engine, postgres_url, sqlite_engine

__all__ = ["engine", "postgres_engine", "postgres_url", "sqlite_engine"]

LANGUAGES = ("en", "zh-Hans", "zh-Hant", "ja")
DAY = [["09:00", "21:00"]]
BREAK = [["09:00", "12:00"], ["13:00", "18:00"]]


@pytest.mark.parametrize(
    ("week", "said"),
    [
        (
            dict.fromkeys(DAYS, DAY),
            ["every day 9:00–21:00", "每天9:00–21:00", "每天9:00–21:00", "毎日9:00～21:00"],
        ),
        (
            {**dict.fromkeys(DAYS[:5], BREAK), "sun": [["10:00", "24:00"]]},
            [
                "Monday to Friday 9:00–12:00 and 13:00–18:00, Sunday 10:00–24:00",
                "周一至周五9:00–12:00和13:00–18:00，周日10:00–24:00",
                "週一到週五9:00–12:00和13:00–18:00，週日10:00–24:00",
                "月曜日から金曜日 9:00～12:00、13:00～18:00、日曜日 10:00～24:00",
            ],
        ),
        (
            {"mon": DAY, "tue": DAY, "thu": DAY, "fri": [["22:00", "02:30"]]},
            [
                "Monday, Tuesday, and Thursday 9:00–21:00, Friday 22:00–2:30 the next day",
                "周一、周二和周四9:00–21:00，周五22:00–次日2:30",
                "週一、週二和週四9:00–21:00，週五22:00–隔天2:30",
                "月曜日、火曜日、木曜日 9:00～21:00、金曜日 22:00～翌2:30",
            ],
        ),
        (
            {"mon": DAY, "tue": DAY, "wed": DAY, "sat": DAY},
            [
                "Monday to Wednesday and Saturday 9:00–21:00",
                "周一至周三和周六9:00–21:00",
                "週一到週三和週六9:00–21:00",
                "月曜日から水曜日、土曜日 9:00～21:00",
            ],
        ),
        (
            {"wed": [["00:00", "24:00"]]},
            ["Wednesday 0:00–24:00", "周三0:00–24:00", "週三0:00–24:00", "水曜日 0:00～24:00"],
        ),
        (
            {},
            [
                "at no fixed times just now",
                "目前没有固定时段",
                "目前沒有固定時段",
                "現在のところ未定",
            ],
        ),
    ],
    ids=["every day", "with a break", "past midnight", "in a row and alone", "all day", "never"],
)
def test_days_with_the_same_hours_are_told_together(week: Any, said: list[str]) -> None:
    schedule = read_schedule({"zone": "Asia/Shanghai", "week": week})
    told = [words(schedule, language, voice().responses) for language in LANGUAGES]
    assert told == said


@pytest.mark.parametrize(
    ("zone", "said"),
    [
        ("Asia/Shanghai", ["Beijing time", "北京时间", "北京時間", "中国時間"]),
        ("Asia/Tokyo", ["Japan Time", "日本时间", "日本時間", "日本時間"]),
        ("UTC", ["GMT+00:00"] * 4),
    ],
)
def test_the_zone_is_told_in_the_shops_words_where_it_is_the_shops(
    zone: str, said: list[str]
) -> None:
    schedule = read_schedule({"zone": zone, "week": {}})
    told = [said_as(schedule, language, voice().responses) for language in LANGUAGES]
    assert [each["hours_zone"] for each in told] == said
    assert [set(each) for each in told] == [{"hours_week", "hours_zone"}] * 4


def test_which_responses_tell_the_hours() -> None:
    assert tells_hours(voice().responses, "utter_faq/contact_hours")
    assert not tells_hours(voice().responses, "utter_handoff_closed")
    assert not tells_hours(voice().responses, "utter_nothing_of_the_kind")


def test_agents_find_the_hours_that_hold(engine: Engine) -> None:
    """As leads have set them, and policy.yml's no more."""
    hours = {"zone": "Asia/Tokyo", "week": {"sat": [["10:00", "16:00"]]}}
    query = "when is a person on duty, hours of service"
    told = []
    for saved in (None, hours):
        with write_transaction(engine) as session:
            if saved is not None:
                session.add(DeskSetting(name="hours", value=saved, updated_at=utcnow()))
            now = voice_now(session, voice())
            assert voice_now(session, voice()) is now
        told.append([entry["text"] for entry in found(now, query, "en", [])])
    assert any("every day 9:00–21:00 (Beijing time)" in text for text in told[0])
    assert any("Saturday 10:00–16:00 (Japan Time)" in text for text in told[1])
    assert not any("9:00–21:00" in text or "21:00" in text for text in told[1])
    assert now.menus is voice().menus
    assert now.reply("utter_faq/contact_hours", "ja", "web").text.count("土曜日 10:00～16:00") == 1
