"""Which languages Tenin speaks, and which of them a message is in.

The web channel asks here when a session begins (the browser's language) and for every
message of a customer; the answer becomes the conversation's language.
"""

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import regex
from babel.core import get_global

from tenin.language.entities import find_entities
from tenin.language.scripts import narrow, runs
from tenin.language.yamlfile import read_yaml

FILE = Path(__file__).parents[2] / "languages.yml"
_MARKS = Path(__file__).with_name("marks.yml")

_ADDRESS = regex.compile(r"(?:https?://|www\.)\S+", regex.IGNORECASE)
_LATIN_WORD = regex.compile(r"\p{Latin}+(?:['’]\p{Latin}+)*")
_OTHER_SCRIPT = regex.compile(r"[^\p{Latin}\p{Han}\p{Common}\p{Inherited}]")
_NAME = regex.compile(r"\p{Lu}\p{Ll}+(?: \p{Lu}\p{Ll}*\.?){1,2}")
# A browser's language as it may be sent: `zh`, `zh-CN`, `zh-Hans-CN`, with what follows.
_TAG = regex.compile(
    r"\s*(?P<language>[a-z]{2,3})(?:[-_](?P<script>[a-z]{4}))?(?:[-_](?P<territory>[a-z]{2}))?"
    r"(?![a-z0-9])",
    regex.IGNORECASE,
)


class LanguageError(ValueError):
    """The file of languages says something impossible; the message names the remedy."""


@dataclass(frozen=True)
class Languages:
    """What languages.yml says: the default's code, every language's name, those ready."""

    default: str
    names: dict[str, str]
    ready: tuple[str, ...]


@dataclass(frozen=True)
class _Marks:
    latin: dict[str, frozenset[str]]
    signs: dict[str, frozenset[str]]
    families: dict[str, frozenset[str]]
    held: frozenset[str]


def load_languages(path: Path = FILE) -> Languages:
    """Read the file of languages. Raises LanguageError, YAMLFileError or OSError."""
    found = read_yaml(path) or {}
    entries = found.get("languages") or {}
    ready = tuple(code for code, entry in entries.items() if entry.get("ready") is True)
    default = str(found.get("default"))
    if default not in ready:
        raise LanguageError(
            f"{path}: the default language {default!r} isn't ready. Name under 'default' one of "
            f"the languages with 'ready: true' ({', '.join(ready) or 'there is none'})."
        )
    names = {code: str(entry.get("name", code)) for code, entry in entries.items()}
    return Languages(default, names, ready)


@lru_cache(maxsize=1)
def configured() -> Languages:
    """Give the languages of this installation, read once from its languages.yml."""
    return load_languages()


@lru_cache(maxsize=1)
def _marks() -> _Marks:
    found = read_yaml(_MARKS)
    han = found["han"]
    return _Marks(
        latin={code: frozenset(words.split()) for code, words in found["latin"].items()},
        signs={code: frozenset(entry["signs"]) for code, entry in han.items()},
        families={code: frozenset(entry["families"]) for code, entry in han.items()},
        held=frozenset(found["held"].split()),
    )


def detect(
    text: str,
    previous: str | None = None,
    default: str | None = None,
    languages: Languages | None = None,
) -> str:
    """Tell the language of a customer's message; only ever a ready one.

    `previous` is the language of the conversation so far: it is held through what has
    no language of its own (ok, numbers, addresses, names) or one that isn't ready.
    Without it, `default` (else that of languages.yml) stands for such messages.
    """
    languages = languages or configured()
    held = next(
        (code for code in (previous, default) if code in languages.ready), languages.default
    )
    words = _plain(text)
    if _OTHER_SCRIPT.search(words):
        # Kana, Hangul, Cyrillic: a language of its own, whatever Han or Latin stands beside.
        return held
    han = "".join(words[run.start : run.end] for run in runs(words) if run.kind == "han")
    latin = _LATIN_WORD.findall(words)
    told = _told_by_han(words, han, latin, held, languages) if han else None
    return told or _told_by_latin(words, latin, held, languages) or held


def _plain(text: str) -> str:
    """Give the text without what is the same in all languages: entities and addresses."""
    kept = []
    start = 0
    for entity in find_entities(text):
        kept.append(text[start : entity.start])
        start = entity.end
    kept.append(text[start:])
    return _ADDRESS.sub(" ", narrow(" ".join(kept))).replace("’", "'").strip()


def _told_by_han(
    words: str, han: str, latin: list[str], held: str, languages: Languages
) -> str | None:
    marks = _marks()
    candidates = [code for code in marks.signs if code in languages.ready]
    if not candidates:
        return None
    # A further language in Han (zh-Hant) needs a look at its own signs here.
    told = held if held in candidates else candidates[0]
    if marks.signs[told].intersection(han):
        return told
    if held != told and len(han) <= 3 and words == han and han[0] in marks.families[told]:
        return None
    if max(_share(latin, listed)[0] for listed in marks.latin.values()) >= 2:
        return None
    return told


def _told_by_latin(words: str, latin: list[str], held: str, languages: Languages) -> str | None:
    marks = _marks()
    best: tuple[float, str] | None = None
    for code, listed in marks.latin.items():
        if code not in languages.ready or not latin:
            continue
        count, share = _share(latin, listed)
        if code != held and (share < 0.4 or (count < 2 and _NAME.fullmatch(words))):
            continue
        if count and (best is None or share > best[0]):
            best = (share, code)
    return best[1] if best else None


def _share(latin: list[str], listed: frozenset[str]) -> tuple[int, float]:
    """Count the words that mark a language; give the count and its share of all words."""
    held = _marks().held
    words = [word.lower().replace("'", "") for word in latin]
    count = sum(word in listed and word not in held for word in words)
    told = sum(word not in held for word in words)
    return count, count / told if told else 0.0


def match(browser: str | None, languages: Languages | None = None) -> str:
    """Give the ready language for a browser's (`zh-CN`, `zh`, `en-GB`), else the default."""
    languages = languages or configured()
    found = _TAG.match(browser or "")
    if not found:
        return languages.default
    wanted = _full(found["language"], found["script"], found["territory"])
    written = {code: _full(*_parts(code)) for code in languages.ready}
    exact = [code for code, full in written.items() if full == wanted]
    near = [code for code, full in written.items() if full[0] == wanted[0]]
    return next(iter(exact + near), languages.default)


def _parts(code: str) -> tuple[str, str | None, str | None]:
    found = _TAG.match(code)
    return (found["language"], found["script"], found["territory"]) if found else (code, None, None)


def _full(language: str, script: str | None, territory: str | None) -> tuple[str, str]:
    """Give language and script, the script where need be as Unicode holds it most likely."""
    language = language.lower()
    if not script:
        likely = get_global("likely_subtags")
        guess = likely.get(f"{language}_{(territory or '').upper()}") or likely.get(language, "")
        script = next((part for part in guess.split("_") if len(part) == 4), "")
    return language, script.title()
