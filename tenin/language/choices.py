"""Which of a list a customer names by its place: "the second one", 最新那笔, or just "2"."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

import regex

from tenin.language.words import any_of, folded
from tenin.language.yamlfile import read_yaml

_FILE = Path(__file__).with_name("choices.yml")
_BARE = regex.compile(r"\D{0,2}([1-9])\D{0,2}")
_LONGEST = 40  # signs; a longer message says more than a place


def place(text: str) -> int | None:
    """Give the place that a short text names, from 0; None if it names none, or several."""
    text = folded(text).strip()
    if len(text) > _LONGEST:
        return None
    bare = _BARE.fullmatch(text)
    if bare:
        return int(bare[1]) - 1
    found = [number for number, pattern in _patterns().items() if pattern.search(text)]
    return found[0] if len(found) == 1 else None


@lru_cache(maxsize=1)
def _patterns() -> dict[int, regex.Pattern[str]]:
    return {int(number): regex.compile(any_of(words)) for number, words in read_yaml(_FILE).items()}
