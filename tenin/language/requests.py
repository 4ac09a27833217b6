"""Which language a customer asks to go on in: "English please", in any language.

For a message that is known to ask for another language (the need `language_change`);
`languages` tells the language a message is in. The names of languages stand in
languages.yml, the words that want or refuse one in requests.yml.
"""

import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

import regex

from tenin.language.languages import Languages, configured, detect
from tenin.language.yamlfile import read_yaml

_FILE = Path(__file__).with_name("requests.yml")

_MARK = regex.compile(r"(?V1)[\p{P}\p{S}\n--['\-]]")


class _Named(NamedTuple):
    name: str
    start: int
    end: int


@dataclass(frozen=True)
class _Cues:
    wanted_before: Any
    wanted_after: Any
    refused_before: Any
    refused_after: Any
    ends: Any
    others: tuple[str, ...]


@lru_cache(maxsize=1)
def _cues() -> _Cues:
    found = read_yaml(_FILE)
    wanted, refused = found["wanted"], found["refused"]
    return _Cues(
        wanted_before=regex.compile(rf"(?:{_any_of(wanted['before'])})\s*$"),
        wanted_after=regex.compile(rf"\s*(?:{_any_of(wanted['after'])})"),
        refused_before=regex.compile(_any_of(refused["before"])),
        refused_after=regex.compile(_any_of(refused["after"])),
        ends=regex.compile(rf"{_MARK.pattern}|{_any_of(found['break'])}", regex.V1),
        others=tuple(map(_folded, found["others"])),
    )


def requested(
    text: str, previous: str | None = None, languages: Languages | None = None
) -> str | None:
    """Tell which ready language a message asks for; None when it names none of them.

    A name that several languages have ("Chinese") means `previous`, the language of the
    conversation so far, if it is one of them; else the one the message is written in,
    else the first. A language that the message refuses ("no Chinese") is not asked for;
    of several the one most plainly wanted is, then the last.
    """
    languages = languages or configured()
    codes = _codes(languages)
    folded = _folded(text)
    wanted: list[tuple[bool, bool, int, str]] = []
    mentions = list(_mentions(folded, (*codes, *_cues().others)))
    for at, named in enumerate(mentions):
        begin = mentions[at - 1].end if at else 0
        end = mentions[at + 1].start if at + 1 < len(mentions) else len(folded)
        before = _cues().ends.split(folded[begin : named.start])[-1]
        after = _cues().ends.split(folded[named.end : end])[0]
        if _cues().refused_before.search(before) or _cues().refused_after.search(after):
            continue
        plainly = _cues().wanted_before.search(before) or _cues().wanted_after.match(after)
        wanted.append((bool(plainly), named.name in codes, at, named.name))
    if not wanted:
        return None
    asked = codes.get(max(wanted)[-1], ())
    ready = tuple(code for code in asked if code in languages.ready)
    if len(ready) < 2:
        return next(iter(ready), None)
    return detect(text, previous, ready[0], Languages(ready[0], languages.names, ready))


def _codes(languages: Languages) -> dict[str, tuple[str, ...]]:
    """Give for each name the languages that have it, in the order of languages.yml."""
    codes: dict[str, tuple[str, ...]] = {}
    for code, names in languages.asked_as.items():
        for name in map(_folded, names):
            if code not in codes.get(name, ()):
                codes[name] = (*codes.get(name, ()), code)
    return codes


def _mentions(folded: str, names: tuple[str, ...]) -> Iterator[_Named]:
    for found in _names(names).finditer(folded):
        yield _Named(found.group(), found.start(), found.end())


@lru_cache(maxsize=8)
def _names(names: tuple[str, ...]) -> Any:
    return regex.compile(_any_of(names))


def _any_of(words: Iterable[str]) -> str:
    """Give a pattern of any of the words, the longest that fits."""
    return "|".join(_whole(word) for word in sorted(words, key=len, reverse=True))


def _whole(word: str) -> str:
    begin = r"(?<!\p{Latin})" if regex.match(r"\p{Latin}", word) else ""
    end = r"(?!\p{Latin})" if regex.search(r"\p{Latin}$", word) else ""
    return begin + regex.escape(word) + end


def _folded(text: str) -> str:
    return unicodedata.normalize("NFKC", text).replace("’", "'").lower()
