"""The hours: several spans a day, past midnight, holidays, and the days clocks are changed."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta, timezone
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from tenin.desk.schedule import (
    DAYS,
    MIDNIGHT,
    Schedule,
    ScheduleError,
    Span,
    as_json,
    read_schedule,
)

SHANGHAI = ZoneInfo("Asia/Shanghai")
# Summer time in both halves of the world, by half an hour (Lord Howe), none, and a date left out
# (Apia, 2011).
ZONES = (
    "America/New_York",
    "Asia/Shanghai",
    "Asia/Kathmandu",
    "Australia/Lord_Howe",
    "Europe/Berlin",
    "Pacific/Apia",
    "UTC",
)
OFFICE: dict[str, Any] = {
    "zone": "Asia/Shanghai",
    "week": {
        **{day: [["09:00", "12:00"], ["13:00", "18:00"]] for day in DAYS[:5]},
        "sat": [["20:00", "02:00"]],
    },
}
HOLIDAYS = [
    {"date": "2026-11-25", "name": "Fair", "spans": []},
    {"date": "2026-11-29", "name": "Sale", "spans": [["10:00", "24:00"]]},
]


def china(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=SHANGHAI)


@pytest.mark.parametrize(
    ("at", "closes", "opens"),
    [
        # Monday 23 November 2026
        ("2026-11-23 08:59:59", None, "2026-11-23 09:00"),
        ("2026-11-23 09:00", "2026-11-23 12:00", "2026-11-23 13:00"),
        ("2026-11-23 11:59:59", "2026-11-23 12:00", "2026-11-23 13:00"),
        ("2026-11-23 12:00", None, "2026-11-23 13:00"),
        ("2026-11-23 17:00", "2026-11-23 18:00", "2026-11-24 09:00"),
        # Wednesday is a holiday
        ("2026-11-24 18:00", None, "2026-11-26 09:00"),
        ("2026-11-25 10:00", None, "2026-11-26 09:00"),
        # Saturday goes past midnight, Sunday is open by the holiday alone, until 24:00
        ("2026-11-27 18:00", None, "2026-11-28 20:00"),
        ("2026-11-28 23:00", "2026-11-29 02:00", "2026-11-29 10:00"),
        ("2026-11-29 01:59:59", "2026-11-29 02:00", "2026-11-29 10:00"),
        ("2026-11-29 02:00", None, "2026-11-29 10:00"),
        ("2026-11-29 23:59:59", "2026-11-30 00:00", "2026-11-30 09:00"),
        ("2026-11-30 00:00", None, "2026-11-30 09:00"),
    ],
)
def test_open_and_closed(at: str, closes: str | None, opens: str) -> None:
    schedule = read_schedule(OFFICE, HOLIDAYS)
    for moment in (china(at), china(at).astimezone(timezone.utc)):
        assert schedule.is_open(moment) is (closes is not None)
        assert schedule.closes_at(moment) == (china(closes) if closes else None)
        assert schedule.opens_at(moment) == china(opens)
        assert schedule.opens_at(moment).tzinfo is schedule.zone  # type: ignore[union-attr]


def test_hours_that_meet_at_midnight_are_one() -> None:
    week = {"mon": [["22:00", "24:00"]], "tue": [["00:00", "06:00"], ["06:00", "07:00"]]}
    schedule = read_schedule({"zone": "Asia/Shanghai", "week": week})
    assert schedule.closes_at(china("2026-11-23 23:00")) == china("2026-11-24 07:00")
    assert schedule.opens_at(china("2026-11-23 23:00")) == china("2026-11-30 22:00")


def test_always_open_and_never() -> None:
    always = read_schedule(
        {"zone": "Asia/Shanghai", "week": {day: [["00:00", "24:00"]] for day in DAYS}}
    )
    at = china("2026-11-23 09:00")
    assert always.is_open(at)
    assert (always.closes_at(at), always.opens_at(at)) == (None, None)
    never = read_schedule({"zone": "Asia/Shanghai", "week": {}})
    assert not never.is_open(at)
    assert (never.closes_at(at), never.opens_at(at)) == (None, None)
    once = read_schedule(
        {"zone": "Asia/Shanghai", "week": {}},
        [{"date": "2028-01-01", "name": "", "spans": [["09:00", "10:00"]]}],
    )
    assert once.opens_at(at) is None
    assert once.opens_at(china("2027-06-01 00:00")) == china("2028-01-01 09:00")


def utc(moment: datetime | None) -> datetime:
    """The moment in UTC: Python holds those that a clock shows twice for unequal to any other."""
    assert moment is not None
    return moment.astimezone(timezone.utc)


def berlin(week: dict[str, list[list[str]]]) -> Schedule:
    return read_schedule({"zone": "Europe/Berlin", "week": week})


@pytest.mark.parametrize(
    ("spans", "opens", "closes"),
    [
        # On 28 March 2027, a Sunday, 2:00 is followed by 3:00.
        ([["09:00", "18:00"]], "2027-03-28T07:00", "2027-03-28T16:00"),
        ([["01:00", "02:30"]], "2027-03-28T00:00", "2027-03-28T01:00"),
        ([["02:30", "04:00"]], "2027-03-28T01:00", "2027-03-28T02:00"),
        ([["02:15", "02:45"], ["05:00", "06:00"]], "2027-03-28T03:00", "2027-03-28T04:00"),
    ],
)
def test_the_day_that_summer_time_begins(spans: list[list[str]], opens: str, closes: str) -> None:
    schedule = berlin({"sun": spans})
    midnight = datetime(2027, 3, 27, 23, tzinfo=timezone.utc)
    begins = schedule.opens_at(midnight)
    assert begins == datetime.fromisoformat(opens).replace(tzinfo=timezone.utc)
    assert schedule.closes_at(begins) == datetime.fromisoformat(closes).replace(tzinfo=timezone.utc)


def test_the_day_that_summer_time_ends() -> None:
    """On 25 October 2026 the hour from 2:00 is there twice: open from the first to the second."""
    schedule = berlin({"sun": [["02:15", "02:45"]]})
    at = datetime(2026, 10, 24, 22, tzinfo=timezone.utc)
    begins = schedule.opens_at(at)
    assert utc(begins) == datetime(2026, 10, 25, 0, 15, tzinfo=timezone.utc)
    ends = schedule.closes_at(utc(begins))
    assert utc(ends) == datetime(2026, 10, 25, 1, 45, tzinfo=timezone.utc)
    assert not schedule.is_open(utc(ends))
    assert schedule.is_open(utc(ends) - timedelta(hours=1))


clocks = st.integers(0, MIDNIGHT // 5).map(lambda five: five * 5)


@st.composite
def spans(draw: st.DrawFn) -> list[list[str]]:
    """Up to two spans that do not overlap, the last one perhaps past midnight."""
    points = sorted(draw(st.sets(clocks, max_size=4)))
    pairs = [[points[at], points[at + 1]] for at in range(0, len(points) - 1, 2)]
    if pairs and draw(st.booleans()) and pairs[0][0] > 0 and pairs[-1][0] < MIDNIGHT:
        pairs[-1][1] = draw(st.integers(0, pairs[-1][0] - 1))
    return [[f"{minutes // 60:02}:{minutes % 60:02}" for minutes in pair] for pair in pairs]


@st.composite
def schedules(draw: st.DrawFn) -> Schedule:
    kinds = [[], draw(spans()), draw(spans())]  # of days, of which the week is made
    which = [draw(st.integers(0, 2)) for _ in range(9)]
    week = {day: kinds[kind] for day, kind in zip(DAYS, which, strict=False)}
    days = draw(st.sets(st.dates(date(2026, 10, 1), date(2027, 4, 30)), max_size=2))
    holidays = [
        {"date": day.isoformat(), "name": "x", "spans": kinds[kind]}
        for day, kind in zip(days, which[7:], strict=False)
    ]
    return read_schedule({"zone": draw(st.sampled_from(ZONES)), "week": week}, holidays)


moments = st.datetimes(
    datetime(2026, 10, 1), datetime(2027, 4, 30), timezones=st.just(timezone.utc)
)


@given(schedules(), moments)
def test_opening_and_closing_agree_with_being_open(schedule: Schedule, at: datetime) -> None:
    opens, closes = (
        found and utc(found) for found in (schedule.opens_at(at), schedule.closes_at(at))
    )
    if closes is not None:
        assert schedule.is_open(at)
        assert closes > at
        assert not schedule.is_open(closes)
        assert schedule.is_open(closes - timedelta(microseconds=1))
        assert schedule.closes_at(at + (closes - at) / 2) == closes
    if opens is not None:
        assert opens > at
        assert schedule.is_open(opens)
        assert not schedule.is_open(opens - timedelta(microseconds=1))
        assert opens > (closes or at)
        if closes is None:
            middle = at + (opens - at) / 2
            assert not schedule.is_open(middle)
            assert schedule.opens_at(middle) == opens


@given(schedules(), moments)
def test_a_clock_on_the_wall_says_the_same(schedule: Schedule, at: datetime) -> None:
    """Where the clock is not changed on that day or the next, or was on the one before."""
    wall = at.astimezone(schedule.zone)
    offsets = {
        (wall.replace(tzinfo=None) + timedelta(days=days)).replace(tzinfo=schedule.zone).utcoffset()
        for days in (-2, -1, 0, 1, 2)
    }
    assume(len(offsets) == 1)
    minute = wall.hour * 60 + wall.minute
    before = wall.date() - timedelta(days=1)
    shown = any(span.opens <= minute < span.closes for span in schedule.spans_of(wall.date()))
    late = any(minute + MIDNIGHT < span.closes for span in schedule.spans_of(before))
    assert schedule.is_open(at) is (shown or late)


@given(schedules())
def test_what_is_saved_is_read_as_it_was(schedule: Schedule) -> None:
    assert read_schedule(*as_json(schedule)) == schedule


@given(schedules(), moments)
def test_whatever_the_zone_an_open_day_is_found(schedule: Schedule, at: datetime) -> None:
    """Unless the clock leaves it out: what opens in the week opens within three weeks."""
    assume(any(span.closes - span.opens > 120 for spans in schedule.week for span in spans))
    assert schedule.is_open(at) or (
        schedule.opens_at(at) or datetime.max.replace(tzinfo=timezone.utc)
    ) < at + timedelta(days=23)


@pytest.mark.parametrize(
    ("hours", "holidays", "named", "remedy"),
    [
        (None, [], "hours", "write them as"),
        ({"zone": "UTC"}, [], "hours", "write them as"),
        ({"zone": "Beijing", "week": {}}, [], "Beijing", "Asia/Shanghai"),
        ({"zone": None, "week": {}}, [], "zone", "Asia/Shanghai"),
        ({"zone": "../UTC", "week": {}}, [], "zone", "Asia/Shanghai"),
        ({"zone": "America", "week": {}}, [], "zone", "Asia/Shanghai"),
        ({"zone": "UTC", "week": {"monday": []}}, [], "monday", "mon, tue"),
        ({"zone": "UTC", "week": {"tue": "09:00"}}, [], "tue", "write its spans"),
        ({"zone": "UTC", "week": {"tue": ["09:00-10:00"]}}, [], "tue", "write it as"),
        ({"zone": "UTC", "week": {"tue": [["09:00"]]}}, [], "tue", "write it as"),
        ({"zone": "UTC", "week": {"tue": [["9 am", "10:00"]]}}, [], "tue", "09:00"),
        ({"zone": "UTC", "week": {"tue": [["9:5", "10:00"]]}}, [], "tue", "09:00"),
        ({"zone": "UTC", "week": {"tue": [["09:60", "10:00"]]}}, [], "tue", "09:00"),
        ({"zone": "UTC", "week": {"tue": [["09:00", "24:01"]]}}, [], "tue", "24:00"),
        ({"zone": "UTC", "week": {"tue": [["24:00", "01:00"]]}}, [], "tue", "00:00"),
        ({"zone": "UTC", "week": {"tue": [["٠٩:٠٠", "10:00"]]}}, [], "tue", "09:00"),
        ({"zone": "UTC", "week": {"tue": [[9, 10]]}}, [], "tue", "09:00"),
        ({"zone": "UTC", "week": {"tue": [["09:00", "09:00"]]}}, [], "tue", "24:00"),
        (
            {"zone": "UTC", "week": {"tue": [["09:00", "12:00"], ["11:00", "13:00"]]}},
            [],
            "tue",
            "overlap",
        ),
        (
            {"zone": "UTC", "week": {"tue": [["20:00", "02:00"], ["21:00", "22:00"]]}},
            [],
            "20:00–02:00",
            "overlap",
        ),
        (OFFICE, {}, "holidays", "write a list"),
        (OFFICE, [{"date": "25.12.2026"}], "25.12.2026", "2026-12-25"),
        (OFFICE, ["2026-12-25"], "2026-12-25", "write year"),
        (OFFICE, [{"date": "2026-12-25", "name": "x" * 81}], "2026-12-25", "shorten"),
        (OFFICE, [{"date": "2026-12-25", "name": 5}], "2026-12-25", "text"),
        (OFFICE, [{"date": "2026-12-25"}] * 2, "2026-12-25", "remove one"),
        (OFFICE, [{"date": "2026-12-25", "spans": [["x", "y"]]}], "2026-12-25", "09:00"),
    ],
)
def test_what_is_wrong_is_named_with_its_remedy(
    hours: Any, holidays: Any, named: str, remedy: str
) -> None:
    with pytest.raises(ScheduleError) as caught:
        read_schedule(hours, holidays)
    assert named in str(caught.value)
    assert remedy in str(caught.value)
    assert "\n" not in str(caught.value)


def test_spans_are_sorted_and_a_day_without_any_is_closed() -> None:
    week = {"mon": [["13:00", "18:00"], ["09:00", "12:00"]]}
    schedule = read_schedule({"zone": "UTC", "week": week}, [{"date": "2026-11-23"}])
    assert schedule.week[0] == (Span(9 * 60, 12 * 60), Span(13 * 60, 18 * 60))
    assert schedule.spans_of(date(2026, 11, 23)) == ()
    assert schedule.spans_of(date(2026, 11, 24)) == ()
    assert not schedule.is_open(datetime.combine(date(2026, 11, 23), time(10), timezone.utc))
