"""What an entity is, and a rule that finds entities; used by all modules of `entities`."""

from collections.abc import Callable
from typing import NamedTuple

import regex

# Labels whose text says nothing but what kind of thing it is, in any language: the classifier
# reads the kind in their place, and the language of a message is not told by them.
IDENTIFIERS = frozenset({"order_number", "tracking_number", "email", "phone"})
LABELS = (*sorted(IDENTIFIERS), "colour", "date", "money", "quantity", "size")


class Entity(NamedTuple):
    """Where in the text something is named, what it is, and its normalised value.

    A date's value says which day is meant, or which week or month, seen from any day;
    `resolve_days` tells the days.
    """

    label: str
    start: int
    end: int
    value: str | None = None


class Rule(NamedTuple):
    """Finds entities of one kind.

    `pattern` is matched on the plain spelling, letters small unless `cased`; the entity is
    its group `it`, or all of it. `value` gives the value, or None when it is no entity after
    all. To be quick, a match is only tried where one of `starts` stands, a sign or a Latin
    word or one of the kinds below, and only if the text has one of `needs`, if it names any.
    """

    label: str
    pattern: regex.Pattern[str]
    value: Callable[[regex.Match[str]], str | None]
    starts: frozenset[str]
    needs: frozenset[str] = frozenset()
    cased: bool = False


# Stands where an entity was found already; private use, so no rule takes it for a word.
TAKEN = "\ue000"

# Kinds of places: where digits begin; where digits or numerals in Han begin; where Latin
# letters with digits after them begin; where several words for digits are said in a row.
DIGITS = "\ue001digits"
NUMBER = "\ue001number"
CODE = "\ue001code"
SPOKEN = "\ue001spoken"
