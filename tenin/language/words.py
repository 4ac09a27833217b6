"""Lists of words to look for in what customers write, in all languages at once."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable

import regex


def any_of(words: Iterable[str]) -> str:
    """Give a pattern of any of these words in a folded text, the longest that fits.

    Latin words and figures are found whole, others wherever they stand.
    """
    return "|".join(map(_whole, sorted(map(folded, words), key=len, reverse=True)))


def folded(text: str) -> str:
    """Give a text in small letters, full and half width made one, apostrophes straight."""
    return unicodedata.normalize("NFKC", text).casefold().replace("\u2019", "'")


def _whole(word: str) -> str:
    begin = r"(?<![\p{Latin}\d])" if regex.match(r"[\p{Latin}\d]", word) else ""
    end = r"(?![\p{Latin}\d])" if regex.search(r"[\p{Latin}\d]$", word) else ""
    return begin + regex.escape(word) + end
