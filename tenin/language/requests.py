"""Which language a customer asks to go on in: "English please", in any language.

For a message that is known to ask for another language (the need `language_change`);
`languages` tells the language a message is in. The names of languages stand in
languages.yml, the words that want or refuse one in requests.yml.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

import regex

from tenin.language.languages import Languages, configured, detect
from tenin.language.words import any_of, folded
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
        wanted_before=regex.compile(rf"(?:{any_of(wanted['before'])})\s*$"),
        wanted_after=regex.compile(rf"\s*(?:{any_of(wanted['after'])})"),
        refused_before=regex.compile(any_of(refused["before"])),
        refused_after=regex.compile(any_of(refused["after"])),
        ends=regex.compile(rf"{_MARK.pattern}|{any_of(found['break'])}", regex.V1),
        others=tuple(map(folded, found["others"])),
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
    plain = folded(text)
    wanted: list[tuple[bool, bool, int, str]] = []
    mentions = list(_mentions(plain, (*codes, *_cues().others)))
    for at, named in enumerate(mentions):
        begin = mentions[at - 1].end if at else 0
        end = mentions[at + 1].start if at + 1 < len(mentions) else len(plain)
        before = _cues().ends.split(plain[begin : named.start])[-1]
        after = _cues().ends.split(plain[named.end : end])[0]
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
        for name in map(folded, names):
            if code not in codes.get(name, ()):
                codes[name] = (*codes.get(name, ()), code)
    return codes


def _mentions(plain: str, names: tuple[str, ...]) -> Iterator[_Named]:
    for found in _names(names).finditer(plain):
        yield _Named(found.group(), found.start(), found.end())


@lru_cache(maxsize=8)
def _names(names: tuple[str, ...]) -> Any:
    return regex.compile(any_of(names))
