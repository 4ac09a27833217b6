"""Texts that stand beside the replies, one for each language: titles, terms, ready replies."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from tenin.desk.desk_file import FILLED
from tenin.language.fill import PlaceholderError, placeholders
from tenin.language.policy import PolicyError
from tenin.training.check import kinds
from tenin.training.check.findings import Code
from tenin.training.check.project import Project, dict_of, list_of
from tenin.training.check.replies import load_terms
from tenin.training.check.sources import Source

WITH_TEXTS = (kinds.MENUS, kinds.POLICY, kinds.DESK, kinds.INVITATIONS)
Path = tuple[str | int, ...]


def check_texts(project: Project) -> None:
    """Add texts that lack a language, and terms that can't be said."""
    for source in project.of(*WITH_TEXTS):
        for path, texts in texts_of(project, source.value):
            _languages(project, source, path, texts)
    _policy(project)
    _canned(project)


def texts_of(
    project: Project, value: Any, path: Path = ()
) -> Iterator[tuple[Path, Mapping[str, Any]]]:
    """Give every mapping whose keys are languages and whose values are texts, with its path."""
    if isinstance(value, dict):
        keys = [str(key) for key in value]
        if any(key in project.known_languages for key in keys) and not any(
            isinstance(each, dict) for each in value.values()
        ):
            yield path, value
            return
        for key, each in value.items():
            yield from texts_of(project, each, (*path, str(key)))
    elif isinstance(value, list):
        for at, each in enumerate(value):
            yield from texts_of(project, each, (*path, at))


def _languages(project: Project, source: Source, path: Path, texts: Mapping[str, Any]) -> None:
    where = " of ".join(repr(part) for part in reversed(path[-3:]) if isinstance(part, str))
    line = source.line(*path)
    begin = str(next(iter(texts.values()), ""))[:40]
    lacking = [language for language in project.ready if not str(texts.get(language) or "").strip()]
    if lacking:
        source.add(
            line,
            Code.TEXT_LANGUAGE,
            begin,
            f"The text {begin!r} ({where}) isn't there in {', '.join(lacking)}.",
            f"Add `{lacking[0]}: …` to it.",
        )
    strange = [str(code) for code in texts if str(code) not in project.known_languages]
    if strange:
        source.add(
            source.line(*path, strange[0]),
            Code.TEXT_LANGUAGE,
            strange[0],
            f"{strange[0]!r} ({where}) is no language of languages.yml.",
            f"Correct the code; there are {', '.join(project.known_languages)}.",
        )


def _policy(project: Project) -> None:
    source = project.one(kinds.POLICY)
    if source is None or source.broken or source.malformed:
        return
    try:
        load_terms(project)
    except PolicyError as error:
        said = str(error).removeprefix(f"{source.path}: ")
        message, _, remedy = said.partition(". ")
        name = message.split("'")[1] if "'" in message else ""
        if "languages.yml is expected" in message:
            return  # told of above
        topic, _, term = name.partition("_")
        line = source.line(topic, term) if term else source.line(topic)
        source.add(line, Code.POLICY, name, f"{message[0].upper()}{message[1:]}.", remedy)


def _canned(project: Project) -> None:
    source = project.one(kinds.DESK)
    for at, entry in enumerate(list_of(project.content(kinds.DESK).get("canned"))):
        assert source is not None
        named: dict[str, frozenset[str]] = {}
        for language, text in dict_of(dict_of(entry).get("texts")).items():
            line = source.line("canned", at, "texts", language)
            if not isinstance(text, str):
                continue
            try:
                found = placeholders(text)
            except PlaceholderError as error:
                remedy = "Write {agent}, {customer} or {order}."
                source.add(line, Code.PLACEHOLDER_BROKEN, text[:60], f"{error}", remedy)
                continue
            for name, form in found:
                if name not in FILLED or form:
                    message = f"Nothing fills in {{{name}{':' + form if form else ''}}}."
                    known = ", ".join(f"{{{each}}}" for each in sorted(FILLED))
                    remedy = f"Write {known}, without a format."
                    source.add(line, Code.PLACEHOLDER_UNKNOWN, f"{{{name}}}", message, remedy)
            named[str(language)] = frozenset(name for name, _ in found)
        if len(set(named.values())) > 1:
            source.add(
                source.line("canned", at),
                Code.PLACEHOLDERS_DIFFER,
                str(dict_of(entry).get("shortcut")),
                "The ready reply has other placeholders in one language than in another.",
                "Make them the same in all languages.",
            )
