"""The project as the checks look at it: all YAML files, and what they say, however incomplete.

Nothing here raises for what a file holds: what isn't as it should be is left out, and has been told
of by `schemas`. Names that a file without sense mentions count as being there (`spoken_for`), so
that one broken file makes one finding and not a hundred.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from tenin.training.check import kinds
from tenin.training.check.code import Code, read_code
from tenin.training.check.fast import MAPPINGS, SCALARS, SEQUENCES
from tenin.training.check.findings import Code as Kinds
from tenin.training.check.findings import Finding
from tenin.training.check.kinds import Kind, kind_of
from tenin.training.check.schemas import check_schema
from tenin.training.check.sources import Source, read_source
from tenin.training.corpus import Sentence

NAME = re.compile(r"[a-z][a-z0-9_]*(?:/[a-z][a-z0-9_]*)?")


@dataclass(frozen=True)
class Said:
    """One sentence with its folded words, which are asked for often."""

    sentence: Sentence
    folded: str
    source: Source

    @property
    def need(self) -> str:
        """Its need."""
        return self.sentence.need

    @property
    def language(self) -> str:
        """The folder it lies in."""
        return self.sentence.language

    @property
    def text(self) -> str:
        """Its words."""
        return self.sentence.text


@dataclass(frozen=True)
class Wording:
    """One wording of a reply: where it stands, its language (None if it doesn't say), its parts."""

    source: Source
    reply: str
    at: int
    entry: Mapping[str, Any]

    @property
    def line(self) -> int:
        """Its line."""
        return self.find_line()

    def find_line(self) -> int:
        """Look for its line."""
        return self.source.line("responses", self.reply, self.at)

    @property
    def text(self) -> str:
        """What is said; empty if there is nothing."""
        found = self.entry.get("text")
        return found if isinstance(found, str) else ""

    @property
    def language(self) -> str | None:
        """The one it is for."""
        condition = list_of(self.entry.get("condition"))
        value = dict_of(condition[0]).get("value") if condition else None
        return value if isinstance(value, str) else None


@dataclass(frozen=True)
class Step:
    """One step of a rule or story, with the path to it."""

    source: Source
    path: tuple[str | int, ...]
    content: Mapping[str, Any]

    @property
    def line(self) -> int:
        """Its line."""
        return self.source.line(*self.path)


@dataclass
class Project:
    """Everything that was read."""

    root: Path
    sources: dict[str, Source] = field(default_factory=dict)
    kinds: dict[str, Kind] = field(default_factory=dict)
    languages_of: dict[str, str] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)

    def of(self, *wanted: Kind) -> list[Source]:
        """The files of some kinds, in the order of their names."""
        return [source for kind in wanted for source in self._by_kind.get(kind, ())]

    @cached_property
    def _by_kind(self) -> dict[Kind, list[Source]]:
        found: dict[Kind, list[Source]] = defaultdict(list)
        for name, kind in sorted(self.kinds.items()):
            found[kind].append(self.sources[name])
        return found

    def one(self, kind: Kind) -> Source | None:
        """The file of a kind that has but one."""
        return next(iter(self.of(kind)), None)

    def content(self, kind: Kind) -> Mapping[str, Any]:
        """What the one file of a kind holds."""
        source = self.one(kind)
        return dict_of(source.value) if source else {}

    def add(self, file: str, line: int, code: Kinds, words: str, message: str, remedy: str) -> None:
        """Note a finding."""
        self.findings.append(Finding(file, line, code.value, words, message, remedy))

    @cached_property
    def spoken_for(self) -> frozenset[str]:
        """Every name in files that can't be read, or not wholly."""
        return frozenset(
            name
            for source in self.sources.values()
            if source.broken or source.malformed
            for name in source.mentioned
        )

    def is_broken(self, *wanted: Kind) -> bool:
        """Whether a file of these kinds is missing or can't be read."""
        return any(
            (not self.of(kind) and kind.required) or any(each.broken for each in self.of(kind))
            for kind in wanted
        )

    @cached_property
    def known_languages(self) -> tuple[str, ...]:
        """The codes of languages.yml; where it can't be read, those of the folders."""
        entries = dict_of(self.content(kinds.LANGUAGES).get("languages"))
        return tuple(map(str, entries)) or tuple(sorted(set(self.languages_of.values())))

    @cached_property
    def ready(self) -> tuple[str, ...]:
        """The languages that must be complete."""
        entries = dict_of(self.content(kinds.LANGUAGES).get("languages"))
        ready = tuple(
            str(code) for code, entry in entries.items() if dict_of(entry).get("ready") is True
        )
        return ready if entries else self.known_languages

    @cached_property
    def begun(self) -> tuple[str, ...]:
        """The languages that say `ready: false`: begun, or taken back; they may be incomplete."""
        entries = dict_of(self.content(kinds.LANGUAGES).get("languages"))
        return tuple(
            str(code) for code, entry in entries.items() if dict_of(entry).get("ready") is False
        )

    @cached_property
    def code(self) -> Code:
        """What Python names."""
        return read_code(self.root)

    @cached_property
    def trained(self) -> list[Said]:
        """The training examples."""
        return list(self._said(kinds.NLU))

    @cached_property
    def held_out(self) -> list[Said]:
        """The held-out sentences."""
        return list(self._said(kinds.HELD_OUT))

    @cached_property
    def trained_counts(self) -> Counter[tuple[str, str]]:
        """How many examples each need has in each language."""
        return Counter((said.need, said.language) for said in self.trained)

    @cached_property
    def held_out_counts(self) -> Counter[tuple[str, str]]:
        """How many held-out sentences each need has in each language."""
        return Counter((said.need, said.language) for said in self.held_out)

    @cached_property
    def trained_needs(self) -> frozenset[str]:
        """The needs that have examples."""
        return frozenset(need for need, _ in self.trained_counts)

    @cached_property
    def played(self) -> dict[str, frozenset[str]]:
        """What follows each intent in rules and stories, up to the next one."""
        found: dict[str, set[str]] = defaultdict(set)
        for source in self.of(kinds.RULES, kinds.STORIES):
            for group in ("rules", "stories"):
                for entry in list_of(dict_of(source.value).get(group)):
                    intents: list[str] = []
                    for step in map(dict_of, list_of(dict_of(entry).get("steps"))):
                        asked = [
                            str(dict_of(each)["intent"])
                            for each in list_of(step.get("or")) or [step]
                            if "intent" in dict_of(each)
                        ]
                        intents = asked or intents
                        done = step.get("action") or step.get("active_loop")
                        for intent in intents:
                            found[intent] |= {str(done)} if done else set()
        return {intent: frozenset(done) for intent, done in found.items()}

    def _said(self, kind: Kind) -> Iterator[Said]:
        for source in self.of(kind):
            language = self.languages_of[source.name]
            for intent, line, text in examples(source):
                said = Sentence(text, intent, language, source.path, line)
                yield Said(said, said.folded, source)

    @cached_property
    def wordings(self) -> dict[str, list[Wording]]:
        """All wordings by the reply's name."""
        found: dict[str, list[Wording]] = defaultdict(list)
        for source in self.of(kinds.RESPONSES):
            for reply, entries in dict_of(dict_of(source.value).get("responses")).items():
                for at, entry in enumerate(list_of(entries)):
                    if isinstance(entry, dict):
                        found[str(reply)].append(Wording(source, str(reply), at, entry))
        return dict(found)

    @cached_property
    def intents(self) -> dict[str, int]:
        """The domain's intents with their lines."""
        return self._named("intents")

    @cached_property
    def actions(self) -> dict[str, int]:
        """The domain's actions with their lines."""
        return self._named("actions")

    @cached_property
    def entities(self) -> dict[str, int]:
        """The domain's entities with their lines."""
        return self._named("entities")

    def _named(self, key: str) -> dict[str, int]:
        source, found = self.one(kinds.DOMAIN), dict[str, int]()
        for at, entry in enumerate(list_of(self.content(kinds.DOMAIN).get(key))):
            names = entry if isinstance(entry, dict) else [entry]
            for name in names:
                assert source is not None
                found[str(name)] = source.line(key, at)
        return found

    @cached_property
    def slots(self) -> Mapping[str, Any]:
        """The domain's slots."""
        return dict_of(self.content(kinds.DOMAIN).get("slots"))

    @cached_property
    def forms(self) -> Mapping[str, Any]:
        """The domain's forms."""
        return dict_of(self.content(kinds.DOMAIN).get("forms"))

    @cached_property
    def retrieval(self) -> frozenset[str]:
        """The intents that have answers of their own below them, as `faq`."""
        names = [said.need for said in self.trained] + [
            reply.removeprefix("utter_") for reply in self.wordings
        ]
        return frozenset(name.split("/")[0] for name in names if "/" in name)

    @cached_property
    def needs(self) -> frozenset[str]:
        """Every need that the domain or an answer knows, in full."""
        answers = {reply.removeprefix("utter_") for reply in self.wordings if "/" in reply}
        return frozenset({*self.intents, *answers})

    def steps(self, *wanted: Kind) -> Iterator[Step]:
        """Every step of the rules and stories, those under `or` and conditions too."""
        for source in self.of(*(wanted or (kinds.RULES, kinds.STORIES))):
            for group in ("rules", "stories"):
                for at, entry in enumerate(list_of(dict_of(source.value).get(group))):
                    for part in ("condition", "steps"):
                        steps = list_of(dict_of(entry).get(part))
                        yield from _steps(source, (group, at, part), steps)

    @cached_property
    def answered(self) -> dict[str, tuple[Source, tuple[str | int, ...]]]:
        """The replies that dialogues wait for, each with a place."""
        found: dict[str, tuple[Source, tuple[str | int, ...]]] = {}
        for source in self.of(kinds.DIALOGUES):
            for at, entry in enumerate(list_of(source.value)):
                for turn, content in enumerate(list_of(dict_of(entry).get("turns"))):
                    named = dict_of(content).get("answered")
                    for each in [named] if isinstance(named, str) else list_of(named):
                        found.setdefault(str(each), (source, (at, "turns", turn)))
        return found


def read_project(root: Path) -> Project:
    """Read all YAML files that the project's kinds name, each against its schema."""
    project = Project(root)
    for path in sorted(_files(root)):
        name = path.relative_to(root).as_posix()
        kind, language = kind_of(name)
        source = read_source(root, path, kind.keys if kind else ())
        project.sources[name] = source
        if kind is None:
            continue
        project.kinds[name] = kind
        if language is not None:
            project.languages_of[name] = language
        check_schema(source, kind)
    return project


def examples(source: Source) -> Iterator[tuple[str, int, str]]:
    """Give intent, line and words of every sentence of a file of needs."""
    for intent, line, text in example_lines(source):
        if text.startswith("- ") and text[2:].strip():
            yield intent, line, text[2:].strip()


def example_lines(source: Source) -> Iterator[tuple[str, int, str]]:
    """Give intent, line and text of every line of the blocks of examples that isn't empty."""
    root = source.root
    for key, entries in root.value if isinstance(root, MAPPINGS) else ():
        if getattr(key, "value", None) != "nlu" or not isinstance(entries, SEQUENCES):
            continue
        for entry in entries.value:
            parts = {
                name.value: value
                for name, value in (entry.value if isinstance(entry, MAPPINGS) else ())
                if isinstance(name, SCALARS) and isinstance(value, SCALARS)
            }
            if "examples" not in parts or not NAME.fullmatch(
                getattr(parts.get("intent"), "value", "")
            ):
                continue
            block = parts["examples"]
            # A block of text begins on the line after its key.
            first = block.start_mark.line + (2 if block.style == "|" else 1)
            for below, line in enumerate(block.value.split("\n")):
                if line.strip():
                    yield parts["intent"].value, first + below, line


def _steps(source: Source, path: tuple[str | int, ...], steps: list[Any]) -> Iterator[Step]:
    for at, step in enumerate(steps):
        if isinstance(step, dict):
            yield Step(source, (*path, at), step)
            yield from _steps(source, (*path, at, "or"), list_of(step.get("or")))


def _files(root: Path) -> Iterator[Path]:
    yield from root.glob("*.yml")
    for folder in (*kinds.FOLDERS, "tenin", "actions"):
        yield from (path for path in (root / folder).rglob("*.yml") if path.is_file())


def dict_of(value: Any) -> Mapping[str, Any]:
    """Give a mapping as it is, anything else as an empty one."""
    return value if isinstance(value, dict) else {}


def list_of(value: Any) -> list[Any]:
    """Give a list as it is, anything else as an empty one."""
    return value if isinstance(value, list) else []


def made_by_forms(project: Project) -> Iterator[str]:
    """The names of actions that Rasa looks for because of the forms."""
    for form, entry in project.forms.items():
        yield f"validate_{form}"
        for slot in list_of(dict_of(entry).get("required_slots")):
            yield f"action_ask_{form}_{slot}"
            yield f"action_ask_{slot}"
    yield "action_validate_slot_mappings"
