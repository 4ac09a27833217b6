"""Dates in the words of customers, and the days they mean."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tenin.language.entities import find_entities, resolve_date, resolve_days

# A Wednesday.
TODAY = date(2026, 11, 25)


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("昨天", "2026-11-24"),
        ("前天买的", "2026-11-23"),
        ("大前天", "2026-11-22"),
        ("今天", "2026-11-25"),
        ("后天", "2026-11-27"),
        ("後天", "2026-11-27"),
        ("大后天", "2026-11-28"),
        ("上周五", "2026-11-20"),
        ("上個禮拜五", "2026-11-20"),
        ("上週二", "2026-11-17"),
        ("这周五", "2026-11-27"),
        ("下周一", "2026-11-30"),
        ("下下周一", "2026-12-07"),
        ("周五之前", "2026-11-27"),
        ("星期三", "2026-11-25"),
        ("三天前", "2026-11-22"),
        ("两周前", "2026-11-11"),
        ("半个月前", "2026-11-10"),
        ("一個月前", "2026-10-25"),
        ("11月3日", "2026-11-03"),
        ("１１月３日", "2026-11-03"),
        ("十一月三日", "2026-11-03"),
        ("1月5号", "2027-01-05"),
        ("11月3日前", "2027-11-03"),
        ("2026年10月1日", "2026-10-01"),
        ("去年11月3日", "2025-11-03"),
        ("5号之前要到", "2026-12-05"),
        ("20号买的", "2026-11-20"),
        ("下个月三号", "2026-12-03"),
        ("11/20以前", "2026-11-20"),
        ("昨日", "2026-11-24"),
        ("一昨日", "2026-11-23"),
        ("おととい", "2026-11-23"),
        ("明後日", "2026-11-27"),
        ("3日前", "2026-11-22"),
        ("三日前に", "2026-11-22"),
        ("一週間前", "2026-11-18"),
        ("1ヶ月前", "2026-10-25"),
        ("先週の金曜", "2026-11-20"),
        ("来週の月曜日", "2026-11-30"),
        ("金曜まで", "2026-11-27"),
        ("来月3日", "2026-12-03"),
        ("28日までに", "2026-11-28"),
        ("11/3に注文", "2026-11-03"),
        ("yesterday", "2026-11-24"),
        ("the day before yesterday", "2026-11-23"),
        ("day after tomorrow", "2026-11-27"),
        ("tmrw", "2026-11-26"),
        ("last Friday", "2026-11-20"),
        ("last wednesday", "2026-11-18"),
        ("next Monday", "2026-11-30"),
        ("this friday", "2026-11-27"),
        ("by Saturday", "2026-11-28"),
        ("since tuesday", "2026-11-24"),
        ("on sat", "2026-11-28"),
        ("3 days ago", "2026-11-22"),
        ("a week ago", "2026-11-18"),
        ("two weeks ago", "2026-11-11"),
        ("in 3 days", "2026-11-28"),
        ("a month ago", "2026-10-25"),
        ("the 28th", "2026-11-28"),
        ("by the 5th", "2026-12-05"),
        ("on the 3rd and", "2026-12-03"),
        ("the 5th of next month", "2026-12-05"),
        ("Nov 3", "2026-11-03"),
        ("3rd of November", "2026-11-03"),
        ("5th of May", "2027-05-05"),
        ("on May 5", "2027-05-05"),
        ("December 24th, 2026", "2026-12-24"),
        ("2026-11-03", "2026-11-03"),
        ("2026/11/3", "2026-11-03"),
        ("25/12/2026", "2026-12-25"),
        ("on 12/25", "2026-12-25"),
    ],
)
def test_a_date_means_a_day(text: str, day: str) -> None:
    [entity] = [entity for entity in find_entities(text) if entity.label == "date"]
    assert entity.value
    assert resolve_date(entity.value, TODAY) == date.fromisoformat(day)
    assert resolve_date(text, TODAY) == date.fromisoformat(day)


@pytest.mark.parametrize(
    ("text", "first", "last"),
    [
        ("the shoes from last week", "2026-11-16", "2026-11-22"),
        ("last week's order", "2026-11-16", "2026-11-22"),
        ("I ordered it this week", "2026-11-23", "2026-11-29"),
        ("next week", "2026-11-30", "2026-12-06"),
        ("the week before last", "2026-11-09", "2026-11-15"),
        ("bought last month", "2026-10-01", "2026-10-31"),
        ("this month", "2026-11-01", "2026-11-30"),
        ("上周买的鞋", "2026-11-16", "2026-11-22"),
        ("上周到的", "2026-11-16", "2026-11-22"),
        ("上个星期买的", "2026-11-16", "2026-11-22"),
        ("上礼拜", "2026-11-16", "2026-11-22"),
        ("上上周下的单", "2026-11-09", "2026-11-15"),
        ("这周能到吗", "2026-11-23", "2026-11-29"),
        ("本周内", "2026-11-23", "2026-11-29"),
        ("下周", "2026-11-30", "2026-12-06"),
        ("上个月的订单", "2026-10-01", "2026-10-31"),
        ("这个月", "2026-11-01", "2026-11-30"),
        ("上上个月", "2026-09-01", "2026-09-30"),
        ("上週買的風衣", "2026-11-16", "2026-11-22"),
        ("上個禮拜買的", "2026-11-16", "2026-11-22"),
        ("這週會到嗎", "2026-11-23", "2026-11-29"),
        ("上個月訂的", "2026-10-01", "2026-10-31"),
        ("先週買った靴", "2026-11-16", "2026-11-22"),
        ("先々週の注文", "2026-11-09", "2026-11-15"),
        ("今週中に", "2026-11-23", "2026-11-29"),
        ("来週まで", "2026-11-30", "2026-12-06"),
        ("先月注文した", "2026-10-01", "2026-10-31"),
        ("今月の", "2026-11-01", "2026-11-30"),
    ],
)
def test_a_week_or_month_means_its_days(text: str, first: str, last: str) -> None:
    [entity] = [entity for entity in find_entities(text) if entity.label == "date"]
    days = (date.fromisoformat(first), date.fromisoformat(last))
    assert entity.value
    assert resolve_days(entity.value, TODAY) == resolve_days(text, TODAY) == days
    assert resolve_date(text, TODAY) is None


@pytest.mark.parametrize(
    "text",
    [
        "May I",
        "I may 2",
        "may",
        "march",
        "2 weeks",
        "last weekend",
        "the last week",
        "in the past week",
        "last few weeks",
        "上周末",
        "这周末",
        "马上周转",
        "線上週年慶",
        "今週末",
        "月底",
        "本月底",
        "今月末",
        "晚上月亮",
        "3/11",
        "03/11/2026",
        "3/5",
        "24/7",
        "165/52",
        "6/10",
        "the 5th time",
        "5th floor",
        "周一到周五",
        "每周五",
        "一周三次",
        "black friday",
        "黑色星期五",
        "fridays",
        "mondays",
        "sat down",
        "sun hat",
        "wed",
        "5日",
        "大一号",
        "换大两号",
        "3号线",
        "5号电池",
        "5号楼",
        "账号",
        "证明天气",
        "三天后天气",
        "今后天天",
        "万一",
        "十分",
        "一直",
        "13月1日",
        "2月30日",
        "31/31/2026",
        "2026-13-01",
        "order 3 may be lost",
        "version 3.11",
    ],
)
def test_what_is_no_date(text: str) -> None:
    found = [entity for entity in find_entities(text) if entity.label == "date"]
    if text == "三天后天气":  # three days on, the weather
        assert [entity.value for entity in found] == ["days+3"]
    else:
        assert found == []
        assert resolve_date(text, TODAY) is None


@pytest.mark.parametrize(
    ("value", "today", "first", "last"),
    [
        ("month-1", date(2026, 3, 31), date(2026, 2, 1), date(2026, 2, 28)),
        ("month-1", date(2026, 1, 1), date(2025, 12, 1), date(2025, 12, 31)),
        ("month+1", date(2026, 12, 31), date(2027, 1, 1), date(2027, 1, 31)),
        ("week-1", date(2026, 1, 1), date(2025, 12, 22), date(2025, 12, 28)),
        ("week+0", date(2026, 11, 29), date(2026, 11, 23), date(2026, 11, 29)),
        ("week+0", date(2026, 11, 23), date(2026, 11, 23), date(2026, 11, 29)),
        ("days-1", date(2026, 3, 1), date(2026, 2, 28), date(2026, 2, 28)),
    ],
)
def test_the_edges_of_weeks_and_months(value: str, today: date, first: date, last: date) -> None:
    assert resolve_days(value, today) == (first, last)


@pytest.mark.parametrize("value", ["week-1", "month+1"])
def test_where_time_ends_there_are_no_days(value: str) -> None:
    assert resolve_days(value, date.min if "-" in value else date.max) is None


@pytest.mark.parametrize(
    ("value", "today", "day"),
    [
        ("months-1", date(2026, 3, 31), date(2026, 2, 28)),
        ("31", date(2026, 2, 10), date(2026, 1, 31)),
        ("02-29", date(2026, 11, 25), date(2028, 2, 29)),
        ("weekday:3", TODAY, TODAY),
        ("weekday:3:before", TODAY, date(2026, 11, 18)),
        ("week-1:7", date(2026, 11, 29), date(2026, 11, 22)),
        ("month+1:31", date(2026, 10, 31), None),
        ("01-01", date(2026, 12, 30), date(2027, 1, 1)),
        ("12-31", date(2027, 1, 2), date(2026, 12, 31)),
    ],
)
def test_the_edges_of_months_and_years(value: str, today: date, day: date | None) -> None:
    assert resolve_date(value, today) == day


@given(
    st.dates(),
    st.sampled_from(["昨天", "last Friday", "11月3日", "the 31st", "下个月31号", "3日前"]),
)
def test_any_day_can_be_today(today: date, text: str) -> None:
    found = resolve_date(text, today)
    assert found is None or isinstance(found, date)


@given(st.text(max_size=40), st.dates())
def test_any_text_resolves_or_not(text: str, today: date) -> None:
    found = resolve_date(text, today)
    assert found is None or isinstance(found, date)
