"""Makes texts comparable: what customers write one way or another becomes the same letters.

`goods` folds names and messages alike. Width, case, accents of Latin letters, traditional and
simplified signs make no difference; spaces, hyphens and brackets become gaps between letters.
Every letter knows where in the text it stood.
"""

import unicodedata
from functools import lru_cache
from typing import NamedTuple

import regex

from tenin.language.signs import simplified

BREAK = "\n"  # the letter that an end of sentence becomes; no name has one inside

_CLUSTER = regex.compile(r"\X")
_JOINING = regex.compile(r"[\p{Pd}'’‘ʼ`´·・‧•_]")
_BREAKING = regex.compile(r"[.!?。！？｡…;；\n\r]")
_LATIN = regex.compile(r"\p{Latin}")
_KATAKANA = regex.compile(r"[\p{Katakana}ー]")
_UNSPACED = regex.compile(r"[\p{Han}\p{Hiragana}\p{Hangul}\p{Thai}\p{Lao}\p{Khmer}\p{Myanmar}]")


class _Sign(NamedTuple):
    """What a sign of a text becomes: letters, each with its kind; none for a gap.

    Kinds are `a` (letters of a script with spaces), `0` (digits), `k` (katakana), `w` (other
    scripts without spaces). A `wide` gap parts words; a hyphen or an apostrophe does not.
    """

    letters: str
    kinds: str
    wide: bool = False


class Folded(NamedTuple):
    """A text as it is compared: its letters, their kinds, where they stood, gaps before them."""

    letters: str
    kinds: str
    starts: list[int]
    ends: list[int]
    gaps: list[str]  # before each letter: "" for none, "-" for a narrow gap, " " for a wide one


@lru_cache(maxsize=65_536)
def _sign(cluster: str) -> _Sign:
    plain = unicodedata.normalize("NFKC", cluster)
    if _BREAKING.match(plain):
        return _Sign(BREAK, BREAK)
    if _JOINING.fullmatch(plain):
        return _Sign("", "")
    if unicodedata.category(plain[0])[0] in "ZPC":
        return _Sign("", "", wide=True)
    bare = unicodedata.normalize("NFD", plain)[0]
    if _LATIN.match(bare):
        plain = "".join(each for each in unicodedata.normalize("NFD", plain) if each.isalnum())
    letters = simplified(plain.casefold())
    return _Sign(letters, "".join(map(_kind, letters)))


def _kind(letter: str) -> str:
    if _KATAKANA.match(letter):
        return "k"
    if _UNSPACED.match(letter):
        return "w"
    if letter.isalpha():
        return "a"
    return "0" if letter.isdigit() else "."


def fold(text: str) -> Folded:
    """Give the letters of a text as they are compared, with the places where they stood."""
    letters: list[str] = []
    kinds: list[str] = []
    starts: list[int] = []
    ends: list[int] = []
    gaps: list[str] = []
    gap, at = "", 0
    for cluster in _CLUSTER.findall(text):
        start, at = at, at + len(cluster)
        sign = _sign(cluster)
        if not sign.letters:
            gap = " " if sign.wide or gap == " " else "-"
            continue
        letters.append(sign.letters)
        kinds.append(sign.kinds)
        for _ in sign.letters:
            starts.append(start)
            ends.append(at)
            gaps.append(gap)
            gap = ""
    return Folded("".join(letters), "".join(kinds), starts, ends, gaps)
