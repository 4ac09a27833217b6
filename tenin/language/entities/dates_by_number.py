"""Rules for dates with a number for the day: 2026-11-03, 11月3日, 下个月5号, Nov 3, the 5th.

Part of `dates`. 3/11 is a date only where it is told which of both is the month: in
Chinese and Japanese the first, if a word after it shows that it is a date; in English
only if the other can be none.
"""

from collections.abc import Callable

import regex

from tenin.language.entities import numerals
from tenin.language.entities.days import is_day
from tenin.language.entities.model import DIGITS, NUMBER, Rule
from tenin.language.entities.words import any_sign, either, not_before, table, triggers

_DIGITS = frozenset({DIGITS})
_NUMBERS = frozenset({NUMBER})
_ONE_OR_TWO = "[0-9]{1,2}"
Value = Callable[[regex.Match[str]], str | None]


def numbered() -> list[Rule]:
    """Give the rules in the order in which they are to be tried."""
    return [*_plain(), *_signs(), *_names(), *_slashes(), *_alone()]


def _rule(
    pattern: str, value: Value, starts: frozenset[str], needs: frozenset[str] = frozenset()
) -> Rule:
    return Rule("date", regex.compile(pattern), value, starts, needs)


def _of_year(month: int, day: int, ending: str = "", year: int | None = None) -> str | None:
    if not is_day(month, day, year):
        return None
    return f"{month:02d}-{day:02d}{ending}" if year is None else f"{year}-{month:02d}-{day:02d}"


def _plain() -> list[Rule]:
    def value(match: regex.Match[str]) -> str | None:
        return _of_year(int(match["month"]), int(match["day"]), year=int(match["year"]))

    return [
        _rule(
            r"(?<![0-9][-/.]?)(?P<year>(?:19|20)[0-9]{2})(?P<by>[-/.])(?P<month>[0-9]{1,2})(?P=by)"
            r"(?P<day>[0-9]{1,2})(?![0-9]|[-/.][0-9])",
            value,
            _DIGITS,
            frozenset("-/."),
        )
    ]


def _signs() -> list[Rule]:
    """Give the rules for 2026年11月3日, 11月3号, 去年11月3日, 下个月5号."""
    words = table()["dates"]
    years: dict[str, int] = words["years"]
    months: dict[str, int] = words["months"]
    number = numerals.number()
    day_sign = either(words["day"])
    until = f"(?P<until>(?={either(words['until_after'])}))?"

    def of_year(match: regex.Match[str]) -> str | None:
        month, day = numerals.read_int(match["month"]), numerals.read_int(match["day"])
        if month is None or day is None:
            return None
        if match["year"]:
            return _of_year(month, day, year=numerals.read_int(match["year"]) or 0)
        if match["shift"]:
            return _of_year(month, day, f":{years[match['shift']]:+d}")
        return _of_year(month, day, ":coming" if match["until"] is not None else "")

    def of_month(match: regex.Match[str]) -> str | None:
        day = numerals.read_int(match["day"])
        if day is None or not 1 <= day <= 31:
            return None
        return f"month{months[match['shift']]:+d}:{day}"

    return [
        _rule(
            f"(?:(?:(?P<year>{number}) ?{words['year']}|(?P<shift>{either(years)})) ?)?"
            f"(?P<month>{number}) ?{words['month']} ?(?P<day>{number}) ?{day_sign}{until}",
            of_year,
            _NUMBERS | triggers(years),
            frozenset(words["month"]),
        ),
        _rule(
            f"(?P<shift>{either(months)})(?P<day>{number}) ?{day_sign}", of_month, triggers(months)
        ),
    ]


def _names() -> list[Rule]:
    """Give the rules for Nov 3, 3rd of November 2026, by May 5."""
    words = table()["dates"]
    names: dict[str, int] = words["month_names"]
    verbs = words["verbs"]
    sure = either(name for name in names if name not in verbs)
    ordinal = "(?:st|nd|rd|th)"
    year = "(?:,? (?P<year>20[0-9]{2}))?(?![0-9]|[.,:][0-9]|%)"
    led = f"(?P<until>(?<={either(words['until_before'])} (?:the )?))?"
    on = f"(?<={either([*words['until_before'], *words['since_before'], *words['on_before']])} )"
    stop = not_before(words["not_days_before"])

    def value(match: regex.Match[str]) -> str | None:
        year = int(match["year"]) if match["year"] else None
        ending = ":coming" if match["until"] is not None else ""
        return _of_year(names[match["month"]], int(match["day"]), ending, year)

    day = f"(?<![0-9][./-]?)(?P<day>{_ONE_OR_TWO})"
    return [
        _rule(
            f"{led}{day}{ordinal}?(?: of)? (?P<month>{sure})\\.?{year}"
            f"|{led}{day}(?:{ordinal}(?: of)?|(?= [a-z]+(?:,? 20| *(?:[^a-z0-9 ]|$)))) "
            f"(?P<month>{either(verbs)}){year}",
            value,
            _DIGITS,
            triggers(names),
        ),
        _rule(
            f"{led}(?P<month>{sure})\\.? (?:the )?(?P<day>{_ONE_OR_TWO}){ordinal}?{year}{stop}"
            f"|{led}(?P<month>{either(verbs)}) (?:the )?(?P<day>{_ONE_OR_TWO})"
            f"(?:{ordinal}{year}"
            f"|(?<={on}{either(verbs)} (?:the )?{_ONE_OR_TWO})(?![0-9]){year}{stop})",
            value,
            triggers(names),
        ),
    ]


def _slashes() -> list[Rule]:
    """Give the rules for 11/3 where it is told how it is read."""
    words = table()["dates"]
    two = rf"(?P<first>{_ONE_OR_TWO})/(?P<second>{_ONE_OR_TWO})"
    on = either([*words["until_before"], *words["since_before"], *words["on_before"]])

    def month_first(match: regex.Match[str]) -> str | None:
        return _of_year(int(match["first"]), int(match["second"]))

    def unmistakable(match: regex.Match[str]) -> str | None:
        first, second = int(match["first"]), int(match["second"])
        if first <= 12 and second <= 12 and first != second:
            return None
        year = int(match["year"]) if match.groupdict().get("year") else None
        month, day = (first, second) if first <= 12 else (second, first)
        return _of_year(month, day, year=year)

    alone = r"(?<![0-9/.-])"
    slash = frozenset("/")
    return [
        _rule(f"{alone}{two}/(?P<year>20[0-9]{{2}})(?![0-9/])", unmistakable, _DIGITS, slash),
        _rule(f"{alone}{two}(?= ?{either(words['slash_before'])})", month_first, _DIGITS, slash),
        _rule(f"(?<={on} ){two}(?![0-9/.%])", unmistakable, _DIGITS, slash),
    ]


def _alone() -> list[Rule]:
    """Give the rules for a day of the month alone: 5号, 5日までに, the 5th."""
    words = table()["dates"]
    number = numerals.number()
    until = f"(?P<until>(?={either(words['until_after'])}))?"
    led = f"(?P<until>(?<={either(words['until_before'])} ))?"
    free = f"(?<!{any_sign(words['day_not_after'])})"
    of_month = either(words["months_after"])

    def value(match: regex.Match[str]) -> str | None:
        day = numerals.read_int(match["day"])
        if day is None or not 1 <= day <= 31:
            return None
        groups = match.groupdict()
        if groups.get("shift"):
            return f"month{words['months_after'][groups['shift']]:+d}:{day}"
        return f"{day}{':coming' if groups.get('until') is not None else ''}"

    return [
        _rule(
            f"{free}(?P<day>{number}) ?{either(words['day_signs'])}"
            f"{not_before(words['day_not_before'])}{until}",
            value,
            _NUMBERS,
            triggers(words["day_signs"]),
        ),
        _rule(
            f"(?P<until>(?P<day>{number}) ?{either(words['until_signs'])})"
            f"(?={either(words['day_until'])})",
            value,
            _NUMBERS,
            triggers(words["until_signs"]),
        ),
        _rule(
            f"{led}the (?P<day>{_ONE_OR_TWO})(?:st|nd|rd|th)"
            f"(?: of (?P<shift>{of_month})| (?P<shift>{of_month})|"
            f"(?=[^a-z0-9 -]| *$| {either(words['ordinal_before'])}))",
            value,
            frozenset({"the"}),
        ),
    ]
