"""What a customer says they want goods for, what they would spend, and what they leave open.

For answers to the questions before a recommendation (`actions.recommend_form`), and for messages
that already say it. The words stand in wishes.yml, for all languages: a customer mixes them.
"""

from collections.abc import Iterable
from decimal import Decimal
from functools import lru_cache
from pathlib import Path
from typing import Any

import regex

from tenin.language.entities import numerals
from tenin.language.words import any_of, folded
from tenin.language.yamlfile import read_yaml

_FILE = Path(__file__).with_name("wishes.yml")
_MOST_WORDS = 16
_LARGEST = Decimal(1_000_000)  # more is an order number or a phone number
# Words that may stand in a catalogue's text: long Latin ones; of Han and katakana two signs each,
# since a sentence has no spaces. Hiragana is mostly grammar.
_LATIN = regex.compile(r"\p{Latin}{5,}")
_DENSE = regex.compile(r"\p{Han}{2,}|[\p{Katakana}ー]{3,}")


def purposes(text: str) -> list[str]:
    """Name the purposes that a text speaks of, in the order of wishes.yml."""
    plain = folded(text)
    return [name for name, pattern in _patterns()["purposes"].items() if pattern.search(plain)]


def leaves_open(text: str) -> bool:
    """Tell whether an answer leaves the question open: "whatever", "no preference"."""
    return bool(_patterns()["skip"].search(folded(text)))


def is_hurried(text: str) -> bool:
    """Tell whether the customer wants the answer at once: "just tell me"."""
    return bool(_patterns()["hurry"].search(folded(text)))


def wants_little_spent(text: str) -> bool:
    """Tell whether little is to be spent, without a sum: "not too expensive"."""
    return bool(_patterns()["cheap"].search(folded(text)))


def wants_cheaper(text: str) -> bool:
    """Tell whether less is to be spent than what was shown costs: "anything cheaper?"."""
    return bool(_patterns()["cheaper"].search(folded(text)))


def is_rough(text: str) -> bool:
    """Tell whether a sum in the text is a rough one: "around 400"."""
    return bool(_patterns()["about"].search(folded(text)))


def most_to_spend(text: str, asked: bool = False) -> Decimal | None:
    """Read a bare number as the most to be spent, the largest of several; None if there is none.

    Unless the budget was `asked` for, a word such as "under" must stand in the text.
    """
    plain = folded(text)
    if not asked and not _patterns()["bounds"].search(plain):
        return None
    found = (numerals.read(match[0]) for match in regex.finditer(numerals.number(), plain))
    sums = [number for number in found if number is not None and 1 < number < _LARGEST]
    return max(sums, default=None)


def purpose_words(text: str, language: str) -> list[str]:
    """Give the words that texts of `language` have of goods for the purposes of a text."""
    found = (
        word for name in purposes(text) for word in _file()["purposes"][name].get(language, ())
    )
    return list(dict.fromkeys(found))[:_MOST_WORDS]


def own_words(text: str) -> list[str]:
    """Give the longer words of a text that texts of goods may have too; in small letters."""
    return list(dict.fromkeys(_own_words(text)))[:_MOST_WORDS]


def _own_words(text: str) -> Iterable[str]:
    plain = folded(text)
    yield from _LATIN.findall(plain)
    for run in _DENSE.findall(plain):
        if regex.match(r"\p{Katakana}", run):
            yield run
        else:
            yield from (run[at : at + 2] for at in range(len(run) - 1))


@lru_cache(maxsize=1)
def _file() -> Any:
    return read_yaml(_FILE)


@lru_cache(maxsize=1)
def _patterns() -> dict[str, Any]:
    found = _file()
    patterns: dict[str, Any] = {
        kind: regex.compile(any_of(words)) for kind, words in found.items() if kind != "purposes"
    }
    patterns["purposes"] = {
        name: regex.compile(any_of(word for words in by_language.values() for word in words))
        for name, by_language in found["purposes"].items()
    }
    return patterns
