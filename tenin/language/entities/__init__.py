"""Finds by rule what a message names, and gives each its normalised value.

Order and tracking numbers, e-mail addresses, telephone numbers, money, sizes, quantities,
colours and dates, in all languages at once. `pipeline` sets what is found here as the
entities of a spaCy document; `tenin.bot.entity_values` puts the values in the place of the
words. Rules of signs (`identifiers`) come first, then those of words (`dates`, `money`,
`sizes`, `quantities`, `colours`), whose words stand in entities.yml and colours.yml.
"""

from collections.abc import Iterator
from datetime import date
from functools import lru_cache
from pathlib import Path

import regex

from tenin.language.entities import (
    colours,
    dates,
    identifiers,
    money,
    numerals,
    quantities,
    sizes,
)
from tenin.language.entities.days import Days, resolve_value
from tenin.language.entities.model import (
    CODE,
    DIGITS,
    IDENTIFIERS,
    LABELS,
    NUMBER,
    SPOKEN,
    TAKEN,
    Entity,
    Rule,
)
from tenin.language.entities.spelling import plain, small
from tenin.language.entities.words import FILES, LATIN

__all__ = [
    "IDENTIFIERS",
    "LABELS",
    "SOURCES",
    "Entity",
    "find_entities",
    "resolve_date",
    "resolve_days",
]

# Every file that decides what is found.
SOURCES = (*sorted(str(path) for path in Path(__file__).parent.glob("*.py")), *map(str, FILES))

# A message is looked at by several components in turn, each asking anew.
_REMEMBERED = 16

_DIGITS = regex.compile("[0-9]+")
_DIGIT_NEXT = regex.compile("[ -]?[0-9]")
_FEWEST_SPOKEN = 6


def find_entities(text: str) -> list[Entity]:
    """Find all entities of `text`, in its order, none overlapping another."""
    return list(_found(text))


def resolve_days(text_or_value: str, today: date) -> Days | None:
    """Tell the first and the last day that a date means, seen from `today`.

    They are the same where it means one day, as 昨天 does, and not where it means a week or a
    month, as 上周 does. Takes a date's value or a text, of which the first date counts.
    Returns None when it has none, or none that there is.
    """
    days = resolve_value(text_or_value, today)
    if days is not None:
        return days
    values = (entity.value for entity in _found(text_or_value) if entity.label == "date")
    return next((resolve_value(value, today) for value in values if value), None)


def resolve_date(text_or_value: str, today: date) -> date | None:
    """Tell the one day that a date means, as `resolve_days`; None for a week or a month, too."""
    days = resolve_days(text_or_value, today)
    return days[0] if days is not None and days[0] == days[1] else None


@lru_cache(maxsize=1)
def _rules() -> tuple[Rule, ...]:
    modules = (identifiers, dates, money, sizes, quantities, colours)
    return tuple(rule for module in modules for rule in module.rules())


@lru_cache(maxsize=_REMEMBERED)
def _found(text: str) -> tuple[Entity, ...]:
    cased = plain(text)
    left = {True: cased, False: small(cased)}
    places = _places(cased, left[False])
    present = frozenset(places)
    found: list[Entity] = []
    for rule in _rules():
        here = rule.starts & present
        if not here or (rule.needs and rule.needs.isdisjoint(present)):
            continue
        spans = []
        for start, end, value in _matches(rule, left[rule.cased], here, places):
            spans.append((start, end))
            found.append(Entity(rule.label, start, end, value))
        if spans:
            left = {kind: _taken(rest, spans) for kind, rest in left.items()}
    return tuple(sorted(found, key=lambda entity: entity.start))


def _places(cased: str, text: str) -> dict[str, list[int]]:
    """Give where each sign stands, each Latin word, and each kind of place of `model`."""
    places: dict[str, list[int]] = {}
    for at, sign in enumerate(cased):
        places.setdefault(sign, []).append(at)
    spoken = numerals.digit_words()
    said = []
    for word in LATIN.finditer(text):
        at, after = word.span()
        places.setdefault(word.group(), []).append(at)
        if _DIGIT_NEXT.match(text, after):
            places.setdefault(CODE, []).append(at)
        if word.group() in spoken:
            said.append(at)
    if len(said) >= _FEWEST_SPOKEN:
        places[SPOKEN] = said
    for kind, pattern in ((DIGITS, _DIGITS), (NUMBER, numerals.run())):
        if starts := [match.start() for match in pattern.finditer(text)]:
            places[kind] = starts
    return places


def _matches(
    rule: Rule, text: str, here: frozenset[str], places: dict[str, list[int]]
) -> Iterator[tuple[int, int, str]]:
    """Give place and value of what a rule finds, tried at the places of `here`."""
    named = "it" if "it" in rule.pattern.groupindex else 0
    done = 0
    for at in sorted({at for sign in here for at in places[sign]}):
        if at < done:
            continue
        match = rule.pattern.match(text, at)
        value = rule.value(match) if match else None
        if match and value is not None:
            start, end = match.span(named)
            yield start, end, value
            done = match.end()


def _taken(text: str, spans: list[tuple[int, int]]) -> str:
    kept = []
    at = 0
    for start, end in spans:
        kept += [text[at:start], TAKEN * (end - start)]
        at = end
    return "".join([*kept, text[at:]])
