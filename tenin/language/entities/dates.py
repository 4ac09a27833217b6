"""Rules for dates: 昨天, 3日前, 先週の金曜, last Friday, 11月3日, the 5th, 2026-11-03.

A date is what means one day, or a week or month of the calendar (上周, 先月, last week): not
"3 weeks", "Mondays", "the last week" or "周一到周五", nor 3/11, unless the text or what stands
after tells how it is read. The value is one of the forms of `days`.
"""

from collections.abc import Callable

import regex

from tenin.language.entities import numerals
from tenin.language.entities.dates_by_number import numbered
from tenin.language.entities.model import DIGITS, NUMBER, Rule
from tenin.language.entities.words import any_sign, either, not_after, not_before, table, triggers

_MOST_DAYS = 3700
Value = Callable[[regex.Match[str]], str | None]


def rules() -> list[Rule]:
    """Give the rules in the order in which they are to be tried."""
    return [*numbered(), *_weekdays(), *_spans(), *_days(), *_weeks_and_months()]


def _rule(
    pattern: str, value: Value, starts: frozenset[str], needs: frozenset[str] = frozenset()
) -> Rule:
    return Rule("date", regex.compile(pattern), value, starts, needs)


def _days() -> list[Rule]:
    """Give the rule for today, yesterday and the like."""
    words = table()["dates"]
    days: dict[str, int] = words["days"]
    guarded = {*words["not_after"], *words["not_before"]}
    one = either(day for day in days if day not in guarded)
    others = "".join(
        f"|{_guard(words['not_after'].get(day, ''), behind=True)}{regex.escape(day)}"
        f"{_guard(words['not_before'].get(day, ''), behind=False)}"
        for day in sorted(guarded)
    )
    return [
        _rule(f"(?:{one}{others})", lambda match: f"days{days[match.group()]:+d}", triggers(days))
    ]


def _guard(signs: str, behind: bool) -> str:
    return f"(?{'<' if behind else ''}!{any_sign(signs)})" if signs else ""


def _spans() -> list[Rule]:
    """Give the rules for so many days, weeks or months before or after today."""
    words = table()["dates"]
    days_of = {unit: days for days, units in words["units"].items() for unit in units}
    ago, later = words["ago"], words["later"]
    articles = words["number_words"]
    count = f"(?:{numerals.number()}|{numerals.word_number()}|{either(articles)})"
    unit = f"(?P<unit>{either(days_of)})"
    direction = f"(?:(?P<ago>{either(ago)})|{either(later)})"

    def value(match: regex.Match[str]) -> str | None:
        text = match["count"]
        number = articles.get(text) or numerals.read_int(text)
        if not number or number * int(days_of[match["unit"]]) > _MOST_DAYS:
            return None
        sign = "-" if match.groupdict().get("ago") else "+"
        days = int(days_of[match["unit"]])
        return f"months{sign}{number}" if days == 30 else f"days{sign}{number * days}"

    def half(match: regex.Match[str]) -> str:
        return f"days{'-' if match['ago'] else '+'}{words['halves'][match['half']]}"

    return [
        _rule(f"(?P<half>{either(words['halves'])}){direction}", half, triggers(words["halves"])),
        _rule(
            f"(?P<count>{count}) ?{unit} ?{direction}",
            value,
            frozenset({NUMBER, DIGITS}) | triggers([*articles, *table()["numerals"]["words"]]),
            triggers([*ago, *later]),
        ),
        _rule(f"{either(words['in'])} (?P<count>{count}) {unit}", value, triggers(words["in"])),
    ]


def _weekdays() -> list[Rule]:
    words = table()["dates"]
    number_of = {
        name: number for number, names in enumerate(words["weekdays"], 1) for name in names
    }
    short = words["short_weekdays"]
    every = {**number_of, **short}
    weeks: dict[str, int] = words["weeks"]
    last, this, following = words["last"], words["this"], words["next"]
    full = f"(?P<weekday>{either(number_of)})"
    either_way = f"(?P<weekday>{either(every)})"
    free = (
        f"(?<!{any_sign(words['weekday_not_after'])})(?<!{any_sign(words['weekday_not_after'])} )"
        f"{not_after(words['weekday_not_words_after'])}"
    )
    not_range = not_before(words["weekday_not_before"])
    led = [*words["until_before"], *words["since_before"], "on"]

    def of_week(match: regex.Match[str]) -> str:
        return f"week{weeks[match['week']]:+d}:{number_of[match['weekday']]}"

    def told(match: regex.Match[str]) -> str:
        number = every[match["weekday"]]
        if match["told"] in last:
            return f"weekday:{number}:before"
        return f"week+1:{number}" if match["told"] in following else f"weekday:{number}"

    def alone(match: regex.Match[str]) -> str:
        since = match.groupdict().get("since")
        return f"weekday:{every[match['weekday']]}{':before' if since else ''}"

    return [
        _rule(
            f"(?<!{any_sign('0123456789')})(?P<week>{either(weeks)}) ?{full}",
            of_week,
            triggers(weeks),
        ),
        _rule(
            f"(?P<told>{either([*last, *this, *following])}) {either_way}(?!')",
            told,
            triggers([*last, *this, *following]),
        ),
        _rule(
            f"(?:(?P<since>{either(words['since_before'])})|{either(led)}) (?P<it>{either_way})",
            alone,
            triggers(led),
        ),
        _rule(f"{free}{full}{not_range}", alone, triggers(number_of)),
    ]


def _weeks_and_months() -> list[Rule]:
    """Give the rules for a whole week or month: 上周, 今月, last week."""
    words = table()["dates"]
    shifts, signs = words["weeks"], words["week_signs"]
    weeks = words["whole_weeks"] | {
        f"{shift}{sign}": away for shift, away in shifts.items() for sign in signs
    }
    months = words["months"] | words["months_after"] | words["whole_months"]
    return [_whole("week", weeks), _whole("month", months)]


def _whole(kind: str, away: dict[str, int]) -> Rule:
    words = table()["dates"]
    free = not_after(words[f"whole_{kind}_not_after"])
    not_more = not_before(words[f"whole_{kind}_not_before"])

    def value(match: regex.Match[str]) -> str:
        return f"{kind}{away[match.group()]:+d}"

    return _rule(f"{free}{either(away)}{not_more}", value, triggers(away))
