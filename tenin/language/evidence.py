"""How much of a message speaks for which language, whatever the conversation's so far.

Between `scripts` and `languages`, which weighs it against the language so far. In Han
every sign speaks for the languages in whose texts it is ordinary (`signs`), kana for
Japanese, listed words for theirs (marks.yml). What is the same in all languages
(numbers, addresses, names, "ok") speaks for none.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

import regex

from tenin.language.entities import IDENTIFIERS, find_entities
from tenin.language.scripts import narrow
from tenin.language.signs import forms, simplified_at, strange_signs, traditional
from tenin.language.yamlfile import read_yaml

CHINESE = ("zh-Hans", "zh-Hant")
TRADITIONAL = "zh-Hant"
JAPANESE = "ja"
WRITTEN_IN_HAN = (*CHINESE, JAPANESE)
# A script that no language of ours is written in.
FOREIGN = ""

_FILE = Path(__file__).with_name("marks.yml")

_HAN = 0.5
_GRAMMAR = 1.0
_SHARED_GRAMMAR = 0.75
_WORD = 1.0
# Japanese writes no more signs of Han than this without kana, in names of things.
_LONGEST = 6
_KANA = 1.0
_LONG_KATAKANA = 0.1
_HALF_WIDTH = 2.0
# A language's words among many others (a product's name, another language) say less.
_FEWEST_SHARE = 0.4
_SCATTERED = 0.2

# A number said in words is words of a language.
_MAY_NAME = regex.compile(r"[\p{Nd}@＠]")
_WEB_ADDRESS = regex.compile(r"(?:https?://|www\.)\S+", regex.IGNORECASE)
_LATIN_WORD = regex.compile(r"\p{Latin}+(?:['’]\p{Latin}+)*")
_LATIN_NAME = regex.compile(r"\p{Lu}\p{Ll}+(?: \p{Lu}\p{Ll}*\.?){1,2}")
_HAN_RUN = regex.compile(r"\p{Han}+")
# By their numbers, which takes a third of the time that the scripts' names take.
_KANA_RUN = regex.compile(r"[\u3041-\u309f\u30a1-\u30fa\u30fc-\u30ff\uff66-\uff9f]+")
_KATAKANA_RUN = regex.compile(r"[\u30a1-\u30fa\u30fc-\u30ff\uff66-\uff9f]{2,}")
_HALF_WIDTH_KANA = regex.compile(r"[\uff66-\uff9f]{2}")
_KATAKANA_ALONE = regex.compile(r"[\u30a0-\u30ff\P{L}]*[\u30a0-\u30ff][\u30a0-\u30ff\P{L}]*")
_BOPOMOFO = regex.compile(r"\p{Bopomofo}")
_FOREIGN_RUN = regex.compile(
    r"[^\p{Latin}\p{Han}\p{Hiragana}\p{Katakana}\p{Bopomofo}\p{Common}\p{Inherited}]{2,}"
)


class Evidence(NamedTuple):
    """What speaks for each language.

    `traditional`: Cantonese or Bopomofo is there, so Chinese that neither script tells is
    Traditional. `katakana`: there is nothing else, so it may be a product's name.
    """

    weights: dict[str, float]
    traditional: bool
    katakana: bool


class _Sign(NamedTuple):
    """What one sign says for each language; `shared` is one that Japanese has as well."""

    simplified: float
    traditional: float
    japanese: float
    shared: bool


@dataclass(frozen=True)
class _Marks:
    latin: dict[str, frozenset[str]]
    words: dict[str, dict[str, list[str]]]
    alike: tuple[str, ...]
    grammar: frozenset[str]
    shared: frozenset[str]
    dialect: frozenset[str]
    single_kana: frozenset[str]
    held: frozenset[str]
    names: Any
    places: Any
    units: frozenset[str]
    ends: dict[str, Any]
    strange: dict[str, frozenset[str]]
    japanese: frozenset[str]


@lru_cache(maxsize=1)
def _marks() -> _Marks:
    found = read_yaml(_FILE)
    dialect = frozenset(found["dialect"])
    families = found["families"]
    units = found["address"]
    chinese = "".join(sorted(forms(families["zh"])))
    grammar = forms(found["grammar"])
    other = "".join(sorted(grammar - set(units["grammar"])))
    plain = rf"(?:(?![{other}])\p{{Han}})"
    unit = "|".join(sorted(units["units"].split(), key=len, reverse=True))
    strange = {code: signs - dialect for code, signs in strange_signs().items()}
    return _Marks(
        alike=tuple(found["alike"].split()),
        latin={code: frozenset(words.split()) for code, words in found["latin"].items()},
        words={
            "ja": _by_first(found["words"]["ja"].split()),
            "zh": _by_first(
                {*found["words"]["zh"].split(), *traditional(found["words"]["zh"]).split()}
            ),
        },
        grammar=grammar | dialect,
        shared=forms(found["shared_grammar"]),
        dialect=dialect,
        single_kana=frozenset(found["single_kana"]),
        held=frozenset(found["held"].split()),
        names=regex.compile(
            rf"[{chinese}]\p{{Han}}{{1,2}}"
            rf"|(?:{'|'.join(families['ja'].split())})[\ ]?[\p{{Han}}\p{{Hiragana}}]{{0,3}}"
        ),
        places=regex.compile(
            rf"(?:(?:{plain}{{1,6}}?|(?<![0-9\-])[0-9\-]++)(?:{unit})[\ ,]?){{2,}}"
            rf"(?:{plain}{{0,6}}[0-9][0-9\-]*)?"
        ),
        units=frozenset(units["units"]) - {" "},
        ends={
            code: regex.compile(
                rf"[{''.join(sorted(forms(found['ends']) - strange[code]))}][^\p{{L}}\p{{N}}]*$"
            )
            for code in CHINESE
        },
        strange=strange,
        japanese=(strange["zh-Hans"] & strange["zh-Hant"]) - strange["ja"],
    )


def _by_first(words: Iterable[str]) -> dict[str, list[str]]:
    """Give the words by their first sign, the longest first."""
    found: dict[str, list[str]] = {}
    for word in sorted(words, key=len, reverse=True):
        found.setdefault(word[0], []).append(word)
    return found


def evidence(
    text: str,
    more_words: Mapping[str, frozenset[str]] | None = None,
    scripts: Mapping[str, str] | None = None,
) -> Evidence:
    """Weigh what in a customer's message speaks for which language.

    `more_words` and `scripts` tell languages that marks.yml doesn't: their words in Latin
    letters, and scripts of Unicode that they alone are written in.
    """
    marks = _marks()
    words = _without_entities(text)
    if sum(map(marks.units.__contains__, words)) > 1:
        words = marks.places.sub(" ", words).strip()
    weights: defaultdict[str, float] = defaultdict(float)
    if marks.names.fullmatch(words):
        return Evidence(weights, False, False)
    for code, weight in _of_latin(words, more_words or {}):
        weights[code] += weight
    for code, script in (scripts or {}).items():
        own = regex.findall(rf"\p{{{script}}}", words)
        weights[code] += len(own)
        words = regex.sub(rf"\p{{{script}}}", " ", words)
    han = "".join(_HAN_RUN.findall(words))
    for code, weight in _of_han(han, bool(_KANA_RUN.search(words))):
        weights[code] += weight
    for code in CHINESE:
        # "price match吗" is Chinese with English words in it.
        weights[code] += _GRAMMAR * bool(marks.ends[code].search(words))
    weights[JAPANESE] += _of_kana(words)
    bopomofo = len(_BOPOMOFO.findall(words))
    weights[TRADITIONAL] += bopomofo
    weights[FOREIGN] += sum(len(run) for run in _FOREIGN_RUN.findall(words))
    return Evidence(
        weights,
        bool(bopomofo or marks.dialect.intersection(han)),
        bool(_KATAKANA_ALONE.fullmatch(words)),
    )


def _without_entities(text: str) -> str:
    kept = []
    start = 0
    for entity in find_entities(text) if _MAY_NAME.search(text) else ():
        if entity.label not in IDENTIFIERS:
            continue  # a colour or a day is said in words
        kept.append(text[start : entity.start])
        start = entity.end
    kept.append(text[start:])
    return _WEB_ADDRESS.sub(" ", narrow(" ".join(kept))).replace("’", "'").strip()


def _of_latin(words: str, more: Mapping[str, frozenset[str]]) -> Iterable[tuple[str, float]]:
    marks = _marks()
    said = [word.lower().replace("'", "") for word in _LATIN_WORD.findall(words)]
    said = [word for word in said if word not in marks.held]
    for code, listed in (*marks.latin.items(), *more.items()):
        count = sum(word in listed for word in said)
        if count and not (count < 2 and _LATIN_NAME.fullmatch(words)):
            yield code, count if count >= _FEWEST_SHARE * len(said) else _SCATTERED * count


def _of_han(han: str, kana: bool) -> Iterable[tuple[str, float]]:
    marks = _marks()
    signs = [_sign(sign) for sign in han]
    alike = {
        at
        for word in marks.alike
        for found in regex.finditer(word, han)
        for at in range(*found.span())
    }
    simplified = simplified_at(han) - alike
    yield "zh-Hans", sum(sign.simplified for sign in signs)
    yield (
        TRADITIONAL,
        sum(sign.traditional for at, sign in enumerate(signs) if at not in simplified),
    )
    shared = sum(sign.shared for sign in signs)
    yield JAPANESE, sum(sign.japanese for sign in signs)
    yield JAPANESE, _HAN * (shared if kana else min(shared, _LONGEST))
    for code, listed in marks.words.items():
        weight = _WORD * _count(listed, han)
        for told in CHINESE if code == "zh" else [code]:
            yield told, weight


@lru_cache(maxsize=20_000)
def _sign(sign: str) -> _Sign:
    marks = _marks()
    usual = {code: sign not in strange for code, strange in marks.strange.items()}
    chinese = _HAN + _GRAMMAR * (sign in marks.grammar)
    return _Sign(
        simplified=chinese * usual["zh-Hans"],
        traditional=chinese * usual[TRADITIONAL],
        japanese=usual[JAPANESE]
        * (_HAN * (sign in marks.japanese) + _SHARED_GRAMMAR * (sign in marks.shared)),
        shared=usual[JAPANESE] and sign not in marks.japanese,
    )


def _count(listed: dict[str, list[str]], han: str) -> int:
    """Count the listed words; none is counted within another."""
    count = free = 0
    for at, sign in enumerate(han):
        if at < free or sign not in listed:
            continue
        for word in listed[sign]:
            if han.startswith(word, at):
                count, free = count + 1, at + len(word)
                break
    return count


def _of_kana(words: str) -> float:
    marks = _marks()
    weight = 0.0
    held = hiragana = 0
    for run in _KANA_RUN.findall(words):
        if run in marks.held or run in marks.single_kana:
            held += run in marks.single_kana
            continue
        if _HALF_WIDTH_KANA.search(run):
            weight += _HALF_WIDTH
            continue
        for katakana in _KATAKANA_RUN.findall(run):
            weight += min(_KANA + _LONG_KATAKANA * len(katakana), 2 * _KANA)
        others = _KATAKANA_RUN.sub("", run)
        telling = len(others) - sum(map(marks.single_kana.__contains__, others))
        weight += _KANA * telling
        hiragana += telling
    # の between words is Japanese in a sentence that is.
    return weight + _KANA * held if hiragana else weight
