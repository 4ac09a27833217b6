"""Reads the words of entities.yml and colours.yml, and makes patterns of them.

Words in Latin letters stand between signs that are none; others stand anywhere, since
Chinese and Japanese are written without spaces.
"""

from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path
from typing import Any

import regex

from tenin.language.yamlfile import read_yaml

_FOLDER = Path(__file__).parents[1]
FILES = (_FOLDER / "entities.yml", _FOLDER / "colours.yml")

LATIN = regex.compile("[a-z]+")


@lru_cache(maxsize=1)
def table() -> dict[str, Any]:
    """Give the words of entities.yml. Raises YAMLFileError or OSError."""
    found: dict[str, Any] = read_yaml(FILES[0])
    return found


@lru_cache(maxsize=1)
def colour_table() -> dict[str, Any]:
    """Give the words of colours.yml. Raises YAMLFileError or OSError."""
    found: dict[str, Any] = read_yaml(FILES[1])
    return found


def is_latin(word: str) -> bool:
    """Tell whether a word is written in Latin letters, so that it stands between spaces."""
    return word[0].isascii() and word[0].isalpha()


def either(words: Iterable[object]) -> str:
    """Give a pattern for any of `words`, the longest first; a Latin word only as a whole."""
    ordered = sorted({str(word) for word in words}, key=lambda word: (-len(word), word))
    return "(?:" + "|".join(_whole(word) for word in ordered) + ")"


def any_sign(signs: str) -> str:
    """Give a pattern for any one of `signs`."""
    return f"[{regex.escape(signs)}]"


def not_after(words: Iterable[object]) -> str:
    """Give a pattern that none of `words` stands just before, a Latin one with a space."""
    made = "".join(
        f"(?<!{'(?<![a-z])' if is_latin(word) else ''}{regex.escape(word)}"
        f"{' ' if is_latin(word) else ''})"
        for word in map(str, words)
    )
    return made


def not_before(words: Iterable[object]) -> str:
    """Give a pattern that none of `words` follows, a space between or not."""
    listed = list(words)
    return f"(?! ?{either(listed)})" if listed else ""


def triggers(words: Iterable[object]) -> frozenset[str]:
    """Give what a text must have one of to have any of `words`: first signs or Latin words."""
    found = set()
    for word in map(str, words):
        latin = LATIN.match(word)
        found.add(latin.group() if latin else word[0])
    return frozenset(found)


def _whole(word: str) -> str:
    escaped = regex.escape(word, literal_spaces=True)
    before = "(?<![a-z])" if is_latin(word) else ""
    after = "(?![a-z0-9])" if word[-1].isascii() and word[-1].isalnum() else ""
    return before + escaped + after if is_latin(word) else escaped
