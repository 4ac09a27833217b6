"""Which languages Tenin speaks, and which of them a message is in.

The web channel asks here when a session begins (the browser's language) and for every
message of a customer; the answer becomes the conversation's language.
"""

from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

import regex
from babel import Locale
from babel.core import get_global

from tenin.language.evidence import CHINESE, JAPANESE, TRADITIONAL, WRITTEN_IN_HAN, evidence
from tenin.language.yamlfile import read_yaml

FILE = Path(__file__).parents[2] / "languages.yml"
# What another language must have more than the one so far: two signs of Han or two kana, a
# word. Between the two Chinese, one sign that only the other one's texts have.
_MORE = 0.75
_ONE_SIGN_MORE = 0.25
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
    """What languages.yml says: the default's code, every language's name, those ready.

    `asked_as` are the names by which customers ask for a language. For those that Tenin doesn't
    know by itself: `words` in Latin letters and the `scripts` that tell them, and `like`, the
    language whose dates and numbers they take.
    """

    default: str
    names: dict[str, str]
    ready: tuple[str, ...]
    asked_as: dict[str, tuple[str, ...]] = field(default_factory=dict)
    words: dict[str, frozenset[str]] = field(default_factory=dict)
    scripts: dict[str, str] = field(default_factory=dict)
    like: dict[str, str] = field(default_factory=dict)


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
    asked_as = {code: tuple(map(str, entry.get("asked_as", ()))) for code, entry in entries.items()}
    told = {code: entry for code, entry in entries.items() if code in ready}
    return Languages(
        default,
        names,
        ready,
        asked_as,
        words={code: frozenset(e["words"].split()) for code, e in told.items() if e.get("words")},
        scripts={code: str(e["script"]) for code, e in told.items() if e.get("script")},
        like={code: str(e["like"]) for code, e in entries.items() if e.get("like")},
    )


@lru_cache(maxsize=1)
def configured() -> Languages:
    """Give the languages of this installation, read once from its languages.yml."""
    return load_languages()


def locale_of(code: str, languages: Languages | None = None) -> Locale:
    """Give how a language writes dates, numbers and lists: its own way, or that of another."""
    languages = languages or configured()
    return Locale.parse(languages.like.get(code, code), sep="-")


def detect(
    text: str,
    previous: str | None = None,
    default: str | None = None,
    languages: Languages | None = None,
) -> str:
    """Tell the language of a customer's message; only ever a ready one.

    `previous` is the language of the conversation so far: it is held through what has
    no language of its own (ok, numbers, addresses, names) or one that isn't ready, and
    until another has clearly more for it. Without it, `default` (else that of
    languages.yml) stands for such messages. Between two languages with as much for
    them, as the Chinese often are, `previous` is taken, else `default`, else the first.
    """
    languages = languages or configured()
    usual = [code for code in (previous, default, languages.default) if code in languages.ready]
    held = usual[0]
    found = evidence(text, languages.words, languages.scripts)
    so_far = found.weights[held]
    if held in CHINESE and found.katakana:
        so_far += found.weights[JAPANESE]
    rivals = {
        code: weight - _more(held, code) for code, weight in found.weights.items() if code != held
    }
    most = max(rivals.values(), default=0.0)
    if most <= so_far:
        return held
    best = [code for code, weight in rivals.items() if weight == most]
    if found.traditional and TRADITIONAL in best:
        usual.insert(0, TRADITIONAL)
    told = next((code for code in usual if code in best), best[0])
    return _ready_for(told, languages) or held


def _more(held: str, other: str) -> float:
    if other not in WRITTEN_IN_HAN or (held in CHINESE and other in CHINESE):
        return _ONE_SIGN_MORE
    return _MORE


def _ready_for(code: str, languages: Languages) -> str | None:
    """Give the language if it is ready, else a ready one of the same speech: the other Chinese."""
    near = CHINESE if code in CHINESE else ()
    return next((other for other in (code, *near) if other in languages.ready), None)


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
