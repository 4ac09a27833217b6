"""What a customer says they want goods for, what they would spend, and what they leave open.

For answers to the questions before a recommendation (`actions.recommend_form`), and for messages
that already say it. The words stand in wishes.yml, for all languages: a customer mixes them.
"""

import unicodedata
from collections.abc import Iterable, Sequence
from decimal import Decimal
from functools import lru_cache
from pathlib import Path
from typing import Any

import regex

from tenin.language.entities import numerals
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
    folded = _folded(text)
    return [name for name, pattern in _patterns()["purposes"].items() if pattern.search(folded)]


def leaves_open(text: str) -> bool:
    """Tell whether an answer leaves the question open: "whatever", "no preference"."""
    return bool(_patterns()["skip"].search(_folded(text)))


def is_hurried(text: str) -> bool:
    """Tell whether the customer wants the answer at once: "just tell me"."""
    return bool(_patterns()["hurry"].search(_folded(text)))


def wants_little_spent(text: str) -> bool:
    """Tell whether little is to be spent, without a sum: "not too expensive"."""
    return bool(_patterns()["cheap"].search(_folded(text)))


def most_to_spend(text: str, asked: bool = False) -> Decimal | None:
    """Read a bare number as the most to be spent, the largest of several; None if there is none.

    Unless the budget was `asked` for, a word such as "under" must stand in the text.
    """
    folded = _folded(text)
    if not asked and not _patterns()["bounds"].search(folded):
        return None
    found = (numerals.read(match[0]) for match in regex.finditer(numerals.number(), folded))
    sums = [number for number in found if number is not None and 1 < number < _LARGEST]
    return max(sums, default=None)


def search_words(text: str, language: str) -> list[str]:
    """Give the words by which goods that suit the text are found in texts of `language`.

    Those of the purposes it speaks of, then its own longer words; in small letters, each once.
    """
    of_purposes = (
        word for name in purposes(text) for word in _file()["purposes"][name].get(language, ())
    )
    return list(dict.fromkeys([*of_purposes, *_own_words(text)]))[:_MOST_WORDS]


def _own_words(text: str) -> Iterable[str]:
    folded = _folded(text)
    yield from _LATIN.findall(folded)
    for run in _DENSE.findall(folded):
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
        kind: _any_of(found[kind]) for kind in ("skip", "hurry", "cheap", "bounds")
    }
    patterns["purposes"] = {
        name: _any_of([word for words in by_language.values() for word in words])
        for name, by_language in found["purposes"].items()
    }
    return patterns


def _any_of(words: Sequence[str]) -> regex.Pattern[str]:
    """A pattern for any of these words: Latin ones whole, others wherever they stand."""
    parts = [
        rf"(?<![a-z]){regex.escape(folded)}(?![a-z])" if folded.isascii() else regex.escape(folded)
        for folded in sorted(map(_folded, words), key=len, reverse=True)
    ]
    return regex.compile("|".join(parts))


def _folded(text: str) -> str:
    return unicodedata.normalize("NFKC", text).casefold().replace("’", "'")
