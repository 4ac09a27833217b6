"""When persons are on duty: a week of spans in a time zone, and days that are otherwise.

Pure: `tenin.desk.hours` reads it from the database, `tenin.desk.promises` goes by it. Times are
what a clock on the wall shows; a span that no clock shows on the day summer time begins is left
out, one that it shows twice counts both times.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, timezone
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
# How far ahead it is looked: what doesn't open within a year doesn't open.
AHEAD = timedelta(days=366)
MIDNIGHT = 24 * 60
LONGEST_NAME = 80
SECOND = timedelta(seconds=1)


class ScheduleError(ValueError):
    """The hours say something impossible; the message names the day and the remedy."""


@dataclass(frozen=True, order=True)
class Span:
    """From `opens` to `closes`, in minutes since the day's midnight.

    `closes` is at most 24:00 (1440) of the same day, or beyond it, on the next day.
    """

    opens: int
    closes: int


Spans = tuple[Span, ...]


@dataclass(frozen=True)
class Holiday:
    """A day that isn't like its weekday; without spans it is closed."""

    name: str
    spans: Spans = ()


@dataclass(frozen=True)
class Schedule:
    """The hours of a week, Monday first, in a zone, and the holidays that stand in their place.

    A span belongs to the day that it begins on: one that goes past midnight into a holiday is
    still worked to its end.
    """

    zone: ZoneInfo
    week: tuple[Spans, ...]
    holidays: Mapping[date, Holiday]

    def is_open(self, at: datetime) -> bool:
        """Whether somebody is on duty by the hours at this aware moment."""
        return self._around(at) is not None

    def closes_at(self, at: datetime) -> datetime | None:
        """When the hours that run at this moment end, in the schedule's zone.

        None if it is closed then, or doesn't close within a year.
        """
        running = self._around(at)
        if running is None or running[1] > at + AHEAD:
            return None
        return running[1].astimezone(self.zone)

    def opens_at(self, at: datetime) -> datetime | None:
        """When it opens next after this moment, in the schedule's zone; None: not within a year."""
        for opens, _ in self._openings(at):
            if opens > at + AHEAD:
                break
            if opens > at:
                return opens.astimezone(self.zone)
        return None

    def spans_of(self, day: date) -> Spans:
        """The spans that begin on a day."""
        holiday = self.holidays.get(day)
        return self.week[day.weekday()] if holiday is None else holiday.spans

    def _around(self, at: datetime) -> tuple[datetime, datetime] | None:
        for opens, closes in self._openings(at):
            if opens > at:
                return None
            if at < closes:
                return opens, closes
        return None

    def _openings(self, at: datetime) -> Iterator[tuple[datetime, datetime]]:
        """Each time that it is open without a break, in UTC, from the day before `at` on.

        Somewhat more than a year of them: what is open at the end of that may go on.
        """
        first = at.astimezone(self.zone).date() - timedelta(days=2)
        found: tuple[datetime, datetime] | None = None
        for number in range(AHEAD.days + 6):
            day = first + timedelta(days=number)
            for span in self.spans_of(day):
                opens = self._moment(day, span.opens, fold=0)
                closes = self._moment(day, span.closes, fold=1)
                if opens >= closes:
                    continue
                if found is not None and opens <= found[1]:
                    found = found[0], max(closes, found[1])
                    continue
                if found is not None:
                    yield found
                found = opens, closes
        if found is not None:
            yield found

    def _moment(self, day: date, minutes: int, fold: int) -> datetime:
        """The moment when the clock shows this; what it never shows is when it is put on."""
        wall = datetime.combine(day, time()) + timedelta(minutes=minutes)
        found = wall.replace(tzinfo=self.zone, fold=fold).astimezone(timezone.utc)
        if found.astimezone(self.zone).replace(tzinfo=None) == wall:
            return found
        before = wall.replace(tzinfo=self.zone, fold=1).astimezone(timezone.utc)
        after = wall.replace(tzinfo=self.zone, fold=0).astimezone(timezone.utc)
        offset = before.astimezone(self.zone).utcoffset()
        while after - before > SECOND:
            middle = before + (after - before) / 2
            if middle.astimezone(self.zone).utcoffset() == offset:
                before = middle
            else:
                after = middle
        return after.replace(microsecond=0)


def read_schedule(hours: Any, holidays: Any = ()) -> Schedule:
    """Make a schedule of plain JSON, as leads save it.

    Args:
        hours: `{zone: "Asia/Shanghai", week: {mon: [["09:00", "21:00"]], …}}`; a day that isn't
            named is closed, "24:00" is the day's end, and a span that ends before it begins goes
            past midnight.
        holidays: `[{date: "2026-12-25", name: "Christmas", spans: []}, …]`.

    Raises:
        ScheduleError: naming the day and the remedy.
    """
    if not isinstance(hours, Mapping) or not isinstance(hours.get("week"), Mapping):
        raise ScheduleError(
            'hours: write them as {"zone": "Asia/Shanghai", "week": {"mon": [["09:00", "21:00"]]}}'
        )
    strange = sorted(set(map(str, hours["week"])) - set(DAYS))
    if strange:
        raise ScheduleError(f"{strange[0]}: this is no day of the week: use {', '.join(DAYS)}")
    week = tuple(_spans(day, hours["week"].get(day, ())) for day in DAYS)
    return Schedule(_zone(hours.get("zone")), week, _holidays(holidays))


def as_json(schedule: Schedule) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """Give hours and holidays as `read_schedule` takes them, holidays by their dates."""
    week = {day: _pairs(spans) for day, spans in zip(DAYS, schedule.week, strict=True)}
    holidays = [
        {"date": day.isoformat(), "name": holiday.name, "spans": _pairs(holiday.spans)}
        for day, holiday in sorted(schedule.holidays.items())
    ]
    return {"zone": schedule.zone.key, "week": week}, holidays


def _pairs(spans: Spans) -> list[list[str]]:
    return [[_clock(span.opens), _clock(_on_clock(span))] for span in spans]


def _on_clock(span: Span) -> int:
    """When a span ends as a clock shows it, midnight as the day's end."""
    return span.closes - MIDNIGHT if span.closes > MIDNIGHT else span.closes


def _clock(minutes: int) -> str:
    return f"{minutes // 60:02}:{minutes % 60:02}"


def _zone(name: Any) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, TypeError, ValueError, OSError):
        raise ScheduleError(
            f"zone: {name!r} is no time zone: write its name as in Asia/Shanghai or Europe/Berlin"
        ) from None


def _holidays(entries: Any) -> dict[date, Holiday]:
    if not isinstance(entries, Sequence) or isinstance(entries, str):
        raise ScheduleError(
            'holidays: write a list, as [{"date": "2026-12-25", "name": "Christmas", "spans": []}]'
        )
    found: dict[date, Holiday] = {}
    for entry in entries:
        day = _date(entry)
        name = entry.get("name", "")
        if not isinstance(name, str) or len(name) > LONGEST_NAME:
            raise ScheduleError(
                f"{day}: the name of the holiday must be a text of at most {LONGEST_NAME} "
                f"characters: shorten it"
            )
        if day in found:
            raise ScheduleError(f"{day}: this day is there twice: remove one of them")
        found[day] = Holiday(name, _spans(day.isoformat(), entry.get("spans", ())))
    return found


def _date(entry: Any) -> date:
    given = entry.get("date") if isinstance(entry, Mapping) else entry
    try:
        if not isinstance(entry, Mapping):
            raise ValueError("no mapping")
        return date.fromisoformat(given)  # type: ignore[arg-type]
    except (TypeError, ValueError):
        raise ScheduleError(
            f"holidays: {given!r} is no date: write year, month and day, as in 2026-12-25"
        ) from None


def _spans(day: str, entries: Any) -> Spans:
    if not isinstance(entries, Sequence) or isinstance(entries, str):
        raise ScheduleError(f'{day}: write its spans as [["09:00", "12:00"], ["13:00", "18:00"]]')
    spans = tuple(sorted(_span(day, entry) for entry in entries))
    for before, after in pairwise(spans):
        if after.opens < before.closes:
            raise ScheduleError(
                f"{day}: {_said(before)} and {_said(after)} overlap: make one of them, or let the "
                f"second begin later"
            )
    return spans


def _said(span: Span) -> str:
    return f"{_clock(span.opens)}–{_clock(_on_clock(span))}"


def _span(day: str, entry: Any) -> Span:
    if not isinstance(entry, Sequence) or isinstance(entry, str) or len(entry) != 2:
        raise ScheduleError(f'{day}: {entry!r} is no span: write it as ["09:00", "21:00"]')
    opens, closes = _minutes(day, entry[0]), _minutes(day, entry[1])
    if opens == MIDNIGHT:
        raise ScheduleError(
            f"{day}: a span can't begin at 24:00: let it begin at 00:00 of the next day"
        )
    if opens == closes:
        raise ScheduleError(
            f"{day}: the span {entry[0]} to {entry[1]} has no length: give its end, and write "
            f"00:00 to 24:00 for the whole day"
        )
    return Span(opens, closes if closes > opens else closes + MIDNIGHT)


def _minutes(day: str, given: Any) -> int:
    hour, colon, minute = given.partition(":") if isinstance(given, str) else ("", "", "")
    if (
        colon
        and len(minute) == 2
        and 1 <= len(hour) <= 2
        and (hour + minute).isascii()
        and (hour + minute).isdecimal()
    ):
        minutes = int(hour) * 60 + int(minute)
        if int(minute) < 60 and minutes <= MIDNIGHT:
            return minutes
    raise ScheduleError(f"{day}: {given!r} is no time of day: write it as in 09:00, up to 24:00")
