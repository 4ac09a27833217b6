"""Finds what a shop sells in a message: products and categories, by any of their names.

`tenin.shop.names` reads the names, `tenin.bot.goods_extractor` asks here for every message.
Names and messages are folded alike: width, case, accents, traditional and simplified signs,
spaces and hyphens make no difference. Names in scripts without spaces are found inside running
text, others only as whole words, in singular or plural. The longest name wins; a long one may
hold one slip of the fingers.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from typing import NamedTuple

import regex

from tenin.language.folding import BREAK, Folded, fold
from tenin.language.slips import has_numeral, is_slip

PRODUCT = "product"
CATEGORY = "category"

SLIP_FROM = 6  # letters of a name that may hold a slip
LONG_ENOUGH = 4  # signs of a name in a script without spaces that may be written with some
SLIP_COST = 1.5  # letters by which a slip makes a match worth less

_HIRAGANA = regex.compile(r"\p{Hiragana}")
_LAST_WORD = regex.compile(r"\p{Latin}{3,}$")
_TO_HIRAGANA = {code: code - 0x60 for code in range(0x30A1, 0x30F7)}


class Name(NamedTuple):
    """A name or alias of a product (its code is its SKU) or of a category."""

    kind: str
    code: str
    text: str


class Found(NamedTuple):
    """Where in a text a product or category is named, and which."""

    kind: str
    code: str
    start: int
    end: int


class _Entry(NamedTuple):
    kind: str
    code: str
    spaced: bool  # the name has gaps, so what is written may have wide ones too
    varied: bool  # another number or kana of the name, not the name itself


class _Written(NamedTuple):
    letters: str
    spaced: bool
    variants: tuple[str, ...]


class _Candidate(NamedTuple):
    worth: float
    start: int
    end: int
    entries: tuple[_Entry, ...]


class Matcher:
    """Names arranged for finding them in texts; made anew when the names change."""

    def __init__(self, names: Iterable[Name]) -> None:
        """Take all names; those that hold nothing to look for are left out."""
        self._names: dict[str, dict[_Entry, None]] = defaultdict(dict)
        self._swapped: dict[str, list[str]] = defaultdict(list)
        self._halves: dict[str, list[tuple[str, int]]] = defaultdict(list)
        for name in names:
            self._add(name)
        for letters in self._names:
            self._add_slips(letters)
        self._lengths = _lengths(self._names.keys() | self._swapped.keys())
        self._half_lengths = _lengths(self._halves)

    def find(
        self,
        text: str,
        words: Sequence[tuple[int, int]] | None = None,
        taken: Sequence[tuple[int, int]] = (),
    ) -> list[Found]:
        """Find all goods that `text` names, in its order; no two places overlap.

        `words` are the places of the text's words: with them names of a single sign are found
        too, where they are a word of their own; without, only where nothing stands beside them.
        What lies in the places `taken` is something else, such as an e-mail address. A name of
        several goods gives them all, each with the same place.
        """
        folded = fold(text)
        candidates = [
            candidate
            for candidate in (*self._exact(folded), *self._slipped(folded))
            if _alone(folded, candidate, words)
        ]
        candidates.sort(key=lambda each: (-each.worth, each.end - each.start, each.start))
        places = list(taken)
        found: list[Found] = []
        for candidate in candidates:
            start, end = folded.starts[candidate.start], folded.ends[candidate.end - 1]
            if all(end <= left or right <= start for left, right in places):
                places.append((start, end))
                found.extend(
                    Found(kind, code, start, end)
                    for kind, code in dict.fromkeys(entry[:2] for entry in candidate.entries)
                )
        return sorted(found, key=lambda each: each.start)

    def _add(self, name: Name) -> None:
        written = _written(name.text)
        if written is None:
            return
        entry = _Entry(name.kind, name.code, written.spaced, False)
        self._names[written.letters][entry] = None
        for variant in written.variants:
            self._names[variant].setdefault(entry._replace(varied=True))

    def _add_slips(self, name: str) -> None:
        if sum(letter.isalpha() for letter in name) < SLIP_FROM:
            return
        middle = len(name) // 2
        self._halves[name[:middle]].append((name, 0))
        self._halves[name[middle:]].append((name, middle))
        # Every other slip leaves one half whole.
        left, right = name[middle - 1], name[middle]
        if left != right and not has_numeral(left + right):
            self._swapped[name[: middle - 1] + right + left + name[middle + 1 :]].append(name)

    def _exact(self, folded: Folded) -> Iterator[_Candidate]:
        for start, end, piece in _pieces(folded.letters, self._lengths):
            if piece in self._names:
                entries = tuple(self._names[piece])
                own = tuple(entry for entry in entries if not entry.varied)
                yield _Candidate(end - start, start, end, own or entries)
            elif piece in self._swapped:
                yield from self._meant(start, end, self._swapped[piece])

    def _slipped(self, folded: Folded) -> Iterator[_Candidate]:
        letters = folded.letters
        meant: dict[tuple[int, int], dict[str, None]] = defaultdict(dict)
        for at, stop, half in _pieces(letters, self._half_lengths):
            for name, offset in self._halves.get(half, ()):
                if not offset and not _begins(folded, at):
                    continue
                for change in (-1, 0, 1):
                    if offset:
                        start, end = at - offset - change, stop
                    else:
                        start, end = at, at + len(name) + change
                    if start >= 0 and end <= len(letters) and is_slip(name, letters[start:end]):
                        meant[start, end][name] = None
        for (start, end), names in meant.items():
            yield from self._meant(start, end, list(names))

    def _meant(self, start: int, end: int, names: list[str]) -> Iterator[_Candidate]:
        """Give a candidate if the names that may have been meant are of one thing."""
        entries = tuple(entry for name in names for entry in self._names[name])
        if len({entry[:2] for entry in entries}) == 1:
            yield _Candidate(min(map(len, names)) - SLIP_COST, start, end, entries)


@lru_cache(maxsize=131_072)
def _written(text: str) -> _Written | None:
    """Give how a name is looked for, or None if it is no more than a letter or a number."""
    folded = fold(text)
    letters, kinds = folded.letters.strip(BREAK), set(folded.kinds)
    named = kinds & set("kw") or ("a" in kinds and len(letters) > 1) or len(letters) > 4
    if not letters or not named:
        return None
    spaced = any(folded.gaps[1:])
    variants = (*_other_number(text, letters), *_other_kana(letters, kinds))
    return _Written(letters, spaced, variants)


def _other_kana(letters: str, kinds: set[str]) -> Iterator[str]:
    if kinds == {"k"} and len(letters) >= LONG_ENOUGH:
        yield letters.translate(_TO_HIRAGANA)


def _other_number(text: str, letters: str) -> Iterator[str]:
    if not _LAST_WORD.search(text.rstrip()):
        return
    if letters.endswith("ies"):
        yield letters[:-3] + "y"
    elif letters.endswith(("ses", "xes", "zes", "ches", "shes")):
        yield letters[:-2]
        yield letters[:-1]
    elif letters.endswith("s") and not letters.endswith(("ss", "us", "is")):
        yield letters[:-1]
    elif letters.endswith(("s", "x", "z", "ch", "sh")):
        yield letters + "es"
    elif letters.endswith("y") and letters[-2] not in "aeiou":
        yield letters[:-1] + "ies"
    else:
        yield letters + "s"


def _lengths(pieces: Iterable[str]) -> dict[str, list[int]]:
    """Give by first letter how long the pieces that begin with it are."""
    lengths: dict[str, set[int]] = defaultdict(set)
    for piece in pieces:
        lengths[piece[0]].add(len(piece))
    return {letter: sorted(found) for letter, found in lengths.items()}


def _pieces(letters: str, lengths: dict[str, list[int]]) -> Iterator[tuple[int, int, str]]:
    for start, letter in enumerate(letters):
        for length in lengths.get(letter, ()):
            end = start + length
            if end > len(letters):
                break
            yield start, end, letters[start:end]


def _alone(folded: Folded, candidate: _Candidate, words: Sequence[tuple[int, int]] | None) -> bool:
    """Tell whether a match is a name, and not part of another word or two words by chance."""
    start, end, kinds = candidate.start, candidate.end, folded.kinds
    if not _begins(folded, start) or not _ends(folded, end):
        return False
    spaced = any(entry.spaced for entry in candidate.entries)
    if not spaced and any(_parts(folded, at, end - start) for at in range(start + 1, end)):
        return False
    if not _is_short(folded, start, end):
        return True
    if words is None:
        before = start > 0 and not folded.gaps[start] and kinds[start - 1] in "wk"
        return not before and not (end < len(kinds) and not folded.gaps[end] and kinds[end] in "wk")
    at, stop = folded.starts[start], folded.ends[end - 1]
    return any(left == at for left, _ in words) and any(right == stop for _, right in words)


def _parts(folded: Folded, at: int, length: int) -> bool:
    """Tell whether the gap before a letter makes two words of a name written as one."""
    kinds = folded.kinds
    words = kinds[at] == "a" or length < LONG_ENOUGH
    return folded.gaps[at] == " " and kinds[at] == kinds[at - 1] and words


def _begins(folded: Folded, at: int) -> bool:
    """Tell whether a name may begin with this letter: not within a word or a number."""
    kinds = folded.kinds
    return not at or folded.gaps[at] != "" or kinds[at - 1] != kinds[at] or kinds[at] not in "a0"


def _ends(folded: Folded, at: int) -> bool:
    """Tell whether a name may end before this letter; what katakana name stands at their end."""
    kinds = folded.kinds
    return (
        at == len(kinds)
        or folded.gaps[at] != ""
        or kinds[at - 1] != kinds[at]
        or kinds[at] not in "a0k"
    )


def _is_short(folded: Folded, start: int, end: int) -> bool:
    """Tell whether it is one sign, or two with hiragana: often part of another word."""
    if set(folded.kinds[start:end]) != {"w"} or end - start > 2:
        return False
    return end - start == 1 or bool(_HIRAGANA.search(folded.letters, start, end))
