"""The days that dates mean, written so that nothing depends on when they are read.

`dates` makes these values, `resolve_value` tells the day, or the first and the last, seen from
another. The forms:

    2026-11-03     that day
    11-03          that day of the year, the one nearest; `11-03:coming` the next one
    11-03:-1       that day of last year
    5              that day of the month, the one nearest; `5:coming` the next one
    month-1:5      the 5th of last month
    days-3         three days before
    months-1       a month before
    week+1:5       Friday of next week
    weekday:5      the coming Friday, today included; `weekday:5:before` the last one
                   before today
    week-1         Monday to Sunday of last week
    month+0        all of this month
"""

import calendar
from datetime import date, timedelta

import regex

_VALUE = regex.compile(
    r"(?P<full>[0-9]{4}-[0-9]{2}-[0-9]{2})"
    r"|(?P<month>[0-9]{2})-(?P<month_day>[0-9]{2})(?::(?P<sense>coming)|:(?P<year>[+-][0-9]+))?"
    r"|(?:month(?P<months_on>[+-][0-9]+):)?(?P<day>[0-9]{1,2})(?::(?P<day_sense>coming))?"
    r"|days(?P<days>[+-][0-9]+)"
    r"|months(?P<months>[+-][0-9]+)"
    r"|week(?P<weeks>[+-][0-9]+)(?::(?P<of_week>[1-7]))?"
    r"|month(?P<whole_month>[+-][0-9]+)"
    r"|weekday:(?P<weekday>[1-7])(?::(?P<weekday_sense>before))?"
)
_LEAP_YEARS_APART = 8


Days = tuple[date, date]


def resolve_value(value: str, today: date) -> Days | None:
    """Tell the first and the last day that a date's value means, seen from `today`.

    They are the same for a day. Returns None if there is none.
    """
    found = _VALUE.fullmatch(value)
    if not found:
        return None
    parts = {name: text for name, text in found.groupdict().items() if text}
    try:
        if "whole_month" in parts:
            first = _months_on(today.replace(day=1), int(parts["whole_month"]))
            return first, first.replace(day=calendar.monthrange(first.year, first.month)[1])
        if "weeks" in parts and "of_week" not in parts:
            monday = _monday(today, int(parts["weeks"]))
            return monday, monday + timedelta(days=6)
        day = _resolve(parts, today)
    except (ValueError, OverflowError):
        return None
    return (day, day) if day else None


def is_day(month: int, day: int, year: int | None = None) -> bool:
    """Tell whether there is such a day, in some year if none is given."""
    if not 1 <= month <= 12 or (year is not None and not 1 <= year <= 9999):
        return False
    last = calendar.monthrange(year or 2000, month)[1]
    return 1 <= day <= last


def _resolve(parts: dict[str, str], today: date) -> date | None:
    if "full" in parts:
        return date.fromisoformat(parts["full"])
    if "month" in parts:
        month, day = int(parts["month"]), int(parts["month_day"])
        if "year" in parts:
            return date(today.year + int(parts["year"]), month, day)
        years = range(today.year - _LEAP_YEARS_APART, today.year + _LEAP_YEARS_APART + 1)
        return _nearest(
            [date(year, month, day) for year in years if is_day(month, day, year)],
            today,
            "sense" in parts,
        )
    if "day" in parts:
        day = int(parts["day"])
        if "months_on" in parts:
            first = _months_on(today.replace(day=1), int(parts["months_on"]))
            return first.replace(day=day)
        firsts = [_months_on(today.replace(day=1), months) for months in range(-2, 3)]
        days = [first.replace(day=day) for first in firsts if is_day(first.month, day, first.year)]
        return _nearest(days, today, "day_sense" in parts)
    if "days" in parts:
        return today + timedelta(days=int(parts["days"]))
    if "months" in parts:
        return _months_on(today, int(parts["months"]))
    if "weeks" in parts:
        return _monday(today, int(parts["weeks"])) + timedelta(days=int(parts["of_week"]) - 1)
    away = (int(parts["weekday"]) - today.isoweekday()) % 7
    return today + timedelta(days=away - 7 if "weekday_sense" in parts else away)


def _monday(day: date, weeks: int) -> date:
    """Give the Monday of the week so many weeks later."""
    return day - timedelta(days=day.weekday()) + timedelta(weeks=weeks)


def _months_on(day: date, months: int) -> date:
    """Give the day so many months later, or the month's last if it has no such day."""
    count = day.year * 12 + day.month - 1 + months
    year, month = divmod(count, 12)
    return date(year, month + 1, min(day.day, calendar.monthrange(year, month + 1)[1]))


def _nearest(days: list[date], today: date, coming: bool) -> date | None:
    """Give the day nearest to today, a coming one rather than one as far behind."""
    if coming:
        return min((day for day in days if day >= today), default=None)
    return min(days, key=lambda day: (abs(day - today), day < today), default=None)
