"""Which signs a text is written in: none that its language's texts don't have."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator
from functools import lru_cache, partial
from pathlib import Path
from typing import NamedTuple

import regex

from tenin.language import evidence
from tenin.language.signs import simplified, strange_signs, traditional
from tenin.language.yamlfile import read_yaml
from tenin.training.check import kinds
from tenin.training.check.findings import Code
from tenin.training.check.project import Project, Said, dict_of
from tenin.training.check.sources import Source
from tenin.training.check.texts import WITH_TEXTS, texts_of

HANS, HANT, JA = "zh-Hans", "zh-Hant", "ja"
MARKS = Path(evidence.__file__).with_name("marks.yml")
# Written by customers among words of theirs: so few signs of another script say nothing.
FEWEST_FOREIGN = 5
# Japanese sentences of so many signs have kana in them.
FEWEST_WITH_KANA = 12
# A sentence of so many words of Latin letters and no others is not Chinese or Japanese.
FEWEST_WORDS = 2
# A file with so many sentences more against its language than for it is of another.
FEWEST_WRONG = 2

_HAN = regex.compile(r"\p{Han}")
_KANA = regex.compile(r"[\p{Hiragana}\p{Katakana}]")
_HIRAGANA = regex.compile(r"\p{Hiragana}")
_CJK = regex.compile(r"[\p{Han}\p{Hiragana}\p{Katakana}]")
_LATIN = regex.compile(r"\p{Latin}{2,}")
_PLACEHOLDER = regex.compile(r"\{[^{}]*\}")


class Text(NamedTuple):
    """A text with its place and language; `said` if Tenin says it, else a customer does."""

    source: Source
    line: Callable[[], int]  # asked for seldom, and slow to tell
    language: str
    text: str
    said: bool


class _Signs(NamedTuple):
    """What each language's texts don't have."""

    simplified: frozenset[str]  # that Traditional texts don't have
    traditional: frozenset[str]  # that Simplified texts don't have
    not_japanese: frozenset[str]


def check_scripts(project: Project) -> None:
    """Add texts in signs of another language; a file that is full of them once."""
    by_file: dict[str, list[tuple[Text, Code, str, str]]] = defaultdict(list)
    elsewhere = _wrong_files(project)
    for text in _texts(project):
        if text.source.name in elsewhere:
            continue
        wrong = wrong_signs(text.language, text.text, text.said)
        if wrong is not None:
            by_file[text.source.name].append((text, *wrong))
    for name, found in by_file.items():
        source = project.sources[name]
        for text, code, words, message in found:
            source.add(
                text.line(),
                code,
                words if text.said else text.text,
                message,
                "Write it as the language does; if customers write so, excuse it in checks.yml.",
            )


def _wrong_files(project: Project) -> set[str]:
    """Add files whose sentences speak for another language than that of their folder."""
    sides: dict[str, list[int]] = defaultdict(lambda: [0, 0])
    first: dict[str, Said] = {}
    for said in (*project.trained, *project.held_out):
        side = speaks_for(said.language, said.text)
        if side:
            sides[said.source.name][side > 0] += 1
        if side < 0:
            first.setdefault(said.source.name, said)
    wrong = {name for name, (against, by) in sides.items() if against > FEWEST_WRONG + by}
    for name in wrong:
        project.sources[name].add(
            first[name].sentence.line,
            Code.WRONG_LANGUAGE,
            first[name].text,
            f"{sides[name][0]} sentences of the file aren't in {project.languages_of[name]!r}.",
            "Move the file to the folder of its language.",
        )
    return wrong


def speaks_for(language: str, text: str) -> int:
    """Tell whether a sentence speaks for a language (1), against it (-1), or neither (0)."""
    chinese_or_japanese, latin = _CJK.search(text), _LATIN.findall(text)
    if language not in (HANS, HANT, JA):
        return 0 if language != "en" else 1 if latin else -1 if chinese_or_japanese else 0
    if not chinese_or_japanese:
        return -1 if len(latin) >= FEWEST_WORDS else 0
    if language == JA:
        strange = any(sign in _signs().not_japanese for sign in text)
        return 1 if _KANA.search(text) else -1 if strange else 0
    if _HIRAGANA.search(text):
        return -1
    own, other = _signs().simplified, _signs().traditional
    if language == HANT:
        own, other = other, own
    return any(sign in own for sign in text) - any(sign in other for sign in text)


def wrong_signs(language: str, text: str, said: bool) -> tuple[Code, str, str] | None:
    """Give kind, words and message of what isn't written as `language` is; None if all is."""
    text = _PLACEHOLDER.sub("", text)
    if language == HANT:
        found = "".join(dict.fromkeys(sign for sign in text if sign in _signs().simplified))
        if found:
            return Code.SIMPLIFIED, found, f"Simplified signs in Traditional Chinese: {found}."
    if language == HANS:
        found = "".join(dict.fromkeys(sign for sign in text if sign in _signs().traditional))
        if found:
            return Code.TRADITIONAL, found, f"Traditional signs in Simplified Chinese: {found}."
    foreign = _foreign(language, text, said)
    if foreign:
        return Code.WRONG_SCRIPT, text.strip()[:40], f"{foreign}: {text.strip()[:40]!r}."
    return None


def _foreign(language: str, text: str, said: bool) -> str | None:
    if language in (HANS, HANT):
        if _HIRAGANA.search(text):
            return "Kana in Chinese"
        if not _CJK.search(text) and len(_LATIN.findall(text)) >= FEWEST_FOREIGN and said:
            return "No sign of Chinese"
    elif language == JA:
        if not _KANA.search(text):
            if len(_HAN.findall(text)) >= FEWEST_WITH_KANA:
                return "No kana in Japanese"
            if any(sign in _signs().not_japanese for sign in text):
                return "Signs that Japanese doesn't have"
        if not _CJK.search(text) and len(_LATIN.findall(text)) >= FEWEST_FOREIGN and said:
            return "No sign of Japanese"
    elif language == "en" and (said or not _LATIN.search(text)):
        foreign = len(_CJK.findall(text))
        return (
            "Chinese or Japanese in English" if foreign >= (1 if said else FEWEST_FOREIGN) else None
        )
    return None


@lru_cache(maxsize=1)
def _signs() -> _Signs:
    strange = strange_signs()
    # Cantonese is written with these in either script.
    dialect = frozenset(read_yaml(MARKS)["dialect"])
    hant = sorted(strange[HANT] - dialect)
    hans = sorted(strange[HANS] - dialect)
    # Only what has a form of its own in the other script; one sign to a line, so that none is
    # taken for part of a word.
    other = dict(zip(hant, traditional("\n".join(hant)).split("\n"), strict=True))
    simple = dict(zip(hans, simplified("\n".join(hans)).split("\n"), strict=True))
    return _Signs(
        frozenset(sign for sign, form in other.items() if form != sign),
        frozenset(sign for sign, form in simple.items() if form != sign),
        frozenset(sign for sign in strange[JA] if not sign.encode("shift_jis", "ignore")),
    )


def _texts(project: Project) -> Iterator[Text]:
    for said in (*project.trained, *project.held_out):
        yield Text(said.source, partial(int, said.sentence.line), said.language, said.text, False)
    for wordings in project.wordings.values():
        for wording in wordings:
            for text in (
                wording.text,
                *(
                    str(dict_of(button).get("title", ""))
                    for button in wording.entry.get("buttons") or ()
                    if isinstance(button, dict)
                ),
            ):
                yield Text(wording.source, wording.find_line, wording.language or "", text, True)
    for source in project.of(*WITH_TEXTS, kinds.BLUEPRINT, kinds.PERSONA):
        for path, texts in texts_of(project, source.value):
            for language, text in texts.items():
                if isinstance(text, str):
                    line = partial(source.line, *path, str(language))
                    yield Text(source, line, str(language), text, True)
                elif isinstance(text, list):
                    line = partial(source.line, *path, str(language))
                    for each in text:
                        yield Text(source, line, str(language), str(each), True)
