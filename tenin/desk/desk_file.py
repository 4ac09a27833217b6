"""What the desk begins with, from desk.yml: skills, canned replies, questions after a transfer.

`tenin.desk.seed` puts skills and canned replies into a new database; the questions are asked from
here (`tenin.desk.promises`). The format is explained at the head of the file.
"""

from __future__ import annotations

import re
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tenin.language.fill import PlaceholderError, placeholders
from tenin.language.yamlfile import YAMLFileError, place_of, read_yaml

if TYPE_CHECKING:
    from tenin.conversation.transcript import Reply

FILE = "desk.yml"
# What a canned reply may leave to be filled in.
FILLED = frozenset({"agent", "customer", "order"})
# What the button of a question stands for.
ANSWER = "/inform"

_ID = re.compile(r"[a-z0-9][a-z0-9_-]{0,31}")

Texts = Mapping[str, str]


class DeskFileError(ValueError):
    """desk.yml says something impossible; the message names file, entry and remedy."""


@dataclass(frozen=True)
class SkillEntry:
    """A skill, its titles by language, and the needs that ask for it."""

    id: str
    titles: Texts
    categories: tuple[str, ...]


@dataclass(frozen=True)
class CannedEntry:
    """A canned reply by language."""

    shortcut: str
    texts: Texts
    skill: str | None = None


@dataclass(frozen=True)
class QuestionEntry:
    """What is asked after a transfer about one of these needs, and what may be answered."""

    categories: tuple[str, ...]
    asks: Texts
    answers: tuple[Texts, ...]


@dataclass(frozen=True)
class DeskFile:
    """All of desk.yml, checked."""

    path: Path
    skills: tuple[SkillEntry, ...] = ()
    canned: tuple[CannedEntry, ...] = ()
    questions: tuple[QuestionEntry, ...] = ()

    def question_for(self, category: str | None, language: str) -> Reply | None:
        """The question about a need with its answers as buttons; None if there is none."""
        from tenin.conversation.transcript import Reply  # the check of the file needs no database

        for entry in self.questions:
            if category in entry.categories and language in entry.asks:
                titles = [texts[language] for texts in entry.answers if language in texts]
                return Reply(entry.asks[language], [(title, ANSWER) for title in titles])
        return None


def load_desk_file(path: Path) -> DeskFile:
    """Read desk.yml; a shop that has none begins with an empty desk.

    Raises:
        DeskFileError: naming the entry and the remedy.
    """
    if not path.is_file():
        return DeskFile(path)
    try:
        found = read_yaml(path)
    except YAMLFileError as error:
        raise DeskFileError(str(error)) from error
    known = {"skills", "canned", "questions"}
    if not isinstance(found, dict) or not set(found) <= known:
        raise DeskFileError(f"{path}: the file must hold {', '.join(sorted(known))} and no more.")
    skills = _skills(path, found.get("skills") or {})
    canned = _canned(path, found.get("canned") or [], {skill.id for skill in skills})
    return DeskFile(path, skills, canned, _questions(path, found.get("questions") or []))


def check_desk_file(desk: DeskFile, languages: Iterable[str], needs: Container[str]) -> list[str]:
    """Name every text that lacks one of the languages, and every category that is no need."""
    faults = [
        f"{desk.path}: {what} isn't there in {language!r}. Add '{language}: …' to it."
        for language in languages
        for what, texts in _all_texts(desk)
        if not texts.get(language, "").strip()
    ]
    named = [
        *((f"the skill {skill.id!r}", skill.categories) for skill in desk.skills),
        *((f"the question {_first(entry.asks)!r}", entry.categories) for entry in desk.questions),
    ]
    faults += [
        f"{desk.path}: {what} names the need {category!r}, which isn't in data/nlu. Correct the "
        f"name."
        for what, categories in named
        for category in categories
        if category not in needs
    ]
    return faults


def _all_texts(desk: DeskFile) -> Iterator[tuple[str, Texts]]:
    for skill in desk.skills:
        yield f"the title of the skill {skill.id!r}", skill.titles
    for canned in desk.canned:
        yield f"the canned reply {canned.shortcut!r}", canned.texts
    for entry in desk.questions:
        yield f"the question {_first(entry.asks)!r}", entry.asks
        for texts in entry.answers:
            yield f"the answer {_first(texts)!r}", texts


def _first(texts: Texts) -> str:
    return next(iter(texts.values()), "")


def _skills(path: Path, found: Any) -> tuple[SkillEntry, ...]:
    if not isinstance(found, dict):
        raise DeskFileError(f"{path}: 'skills' must hold a line for each skill's id.")
    skills, asked_by = [], dict[str, str]()
    for name, entry in found.items():
        place = place_of(path, "skills", str(name))
        if not _ID.fullmatch(str(name)):
            raise DeskFileError(
                f"{place}: {name!r} can't be a skill's id. Use at most 32 small letters, digits, "
                f"hyphens and underscores."
            )
        entry = entry if isinstance(entry, dict) else {}
        categories = _names(place, entry.get("categories"))
        for category in categories:
            if category in asked_by:
                raise DeskFileError(
                    f"{place}: {category!r} asks for {asked_by[category]!r} already. Take it out "
                    f"of one of them."
                )
            asked_by[category] = str(name)
        skills.append(SkillEntry(str(name), _texts(place, entry.get("titles")), categories))
    return tuple(skills)


def _canned(path: Path, found: Any, skills: Container[str]) -> tuple[CannedEntry, ...]:
    canned: dict[str, CannedEntry] = {}
    for number, entry in enumerate(_entries(path, "canned", found), 1):
        shortcut, skill = str(entry.get("shortcut", "")), entry.get("skill")
        place = f"{path}: canned reply {number} ({shortcut})"
        if not _ID.fullmatch(shortcut) or shortcut in canned:
            raise DeskFileError(
                f"{place}: it needs a shortcut of its own, of at most 32 small letters, digits, "
                f"hyphens and underscores. Give it one."
            )
        if skill is not None and skill not in skills:
            raise DeskFileError(f"{place}: there is no skill {skill!r}. Correct or remove it.")
        texts = _texts(place, entry.get("texts"))
        for text in texts.values():
            try:
                strange = [name for name, form in placeholders(text) if name not in FILLED or form]
            except PlaceholderError as error:
                raise DeskFileError(f"{place}: {error}") from error
            if strange:
                known = ", ".join(f"{{{name}}}" for name in sorted(FILLED))
                raise DeskFileError(
                    f"{place}: {{{strange[0]}}} can't be filled in. Use {known}, without a format."
                )
        canned[shortcut] = CannedEntry(shortcut, texts, skill)
    return tuple(canned.values())


def _questions(path: Path, found: Any) -> tuple[QuestionEntry, ...]:
    questions, asked = [], set[str]()
    for number, entry in enumerate(_entries(path, "questions", found), 1):
        place = f"{path}: question {number}"
        categories = _names(place, entry.get("categories"))
        twice = asked.intersection(categories)
        if twice:
            raise DeskFileError(
                f"{place}: there is a question about {min(twice)!r} already. Remove it from one."
            )
        asked.update(categories)
        answers = entry.get("answers")
        if not isinstance(answers, list) or not 2 <= len(answers) <= 6:
            raise DeskFileError(
                f"{place}: a customer must have two to six answers. Write them under 'answers'."
            )
        questions.append(
            QuestionEntry(
                categories,
                _texts(place, entry.get("asks")),
                tuple(_texts(place, answer) for answer in answers),
            )
        )
    return tuple(questions)


def _entries(path: Path, key: str, found: Any) -> Sequence[Mapping[str, Any]]:
    if not isinstance(found, list) or not all(isinstance(entry, dict) for entry in found):
        raise DeskFileError(f"{path}: {key!r} must be a list. Begin each of its entries with '- '.")
    return found


def _names(place: str, found: Any) -> tuple[str, ...]:
    if not isinstance(found, list) or not found or not all(isinstance(each, str) for each in found):
        raise DeskFileError(f"{place}: name the needs, as in 'categories: [return_item]'.")
    return tuple(found)


def _texts(place: str, found: Any) -> Texts:
    if (
        not isinstance(found, dict)
        or not found
        or not all(isinstance(text, str) and text.strip() for text in found.values())
    ):
        raise DeskFileError(
            f"{place}: a text for each language is needed. Write {{en: …, zh-Hans: …}}."
        )
    return {str(language): text for language, text in found.items()}
