"""What the bot has, as far as a blueprint may name it: read from the project's own files.

Intents, forms and actions stand in domain.yml, responses in data/responses, the classes of custom
actions in actions/, what follows what in data/rules and data/stories.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tenin.language.languages import load_languages
from tenin.language.yamlfile import read_yaml


@dataclass(frozen=True)
class PlayedTurn:
    """What follows one intent in a rule or story, up to the next; no intent: an open form's."""

    file: str
    intent: str | None
    actions: frozenset[str]  # forms and responses among them, as stories name them


@dataclass(frozen=True)
class Project:
    """The names a blueprint may use, and the turns that rules and stories play."""

    languages: tuple[str, ...]
    intents: frozenset[str]
    forms: frozenset[str]
    actions: frozenset[str]
    coded_actions: frozenset[str]
    responses: frozenset[str]
    turns: tuple[PlayedTurn, ...]
    story_files: tuple[str, ...]


def read_project(root: Path) -> Project:
    """Read all of it. Raises YAMLFileError for a file that isn't YAML, OSError for one missing."""
    domain = read_yaml(root / "domain.yml")
    responses = {
        *domain.get("responses", {}),
        *(
            key
            for file in _yaml_files(root / "data" / "responses")
            for key in (read_yaml(file) or {}).get("responses", {})
        ),
    }
    answers = {key.removeprefix("utter_") for key in responses if "/" in key}
    stories = [file.relative_to(root).as_posix() for file in _yaml_files(root / "data/stories")]
    return Project(
        languages=load_languages(root / "languages.yml").ready,
        intents=frozenset(_names(domain.get("intents", []))) | answers,
        forms=frozenset(domain.get("forms", {})),
        actions=frozenset(_names(domain.get("actions", []))),
        coded_actions=frozenset(_coded_actions(root / "actions")),
        responses=frozenset(responses),
        turns=tuple(_turns(root)),
        story_files=tuple(stories),
    )


def _names(entries: list[Any]) -> Iterator[str]:
    for entry in entries:
        yield from entry if isinstance(entry, dict) else [entry]


def _coded_actions(folder: Path) -> Iterator[str]:
    """The names that the classes of actions/ give themselves, as a text or by a constant."""
    for file in sorted(folder.rglob("*.py")):
        tree = ast.parse(file.read_text(encoding="utf-8"), str(file))
        constants = {
            target.id: node.value.value
            for node in tree.body
            if isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant)
            for target in node.targets
            if isinstance(target, ast.Name)
        }
        for node in ast.walk(tree):
            if isinstance(node, ast.FunctionDef) and node.name == "name":
                for each in ast.walk(node):
                    if not isinstance(each, ast.Return):
                        continue
                    if isinstance(each.value, ast.Constant):
                        yield str(each.value.value)
                    elif isinstance(each.value, ast.Name) and each.value.id in constants:
                        yield str(constants[each.value.id])


def _turns(root: Path) -> Iterator[PlayedTurn]:
    for folder, kind in (("rules", "rules"), ("stories", "stories")):
        for file in _yaml_files(root / "data" / folder):
            name = file.relative_to(root).as_posix()
            for entry in (read_yaml(file) or {}).get(kind) or []:
                yield from _turns_of(name, entry["steps"])


def _turns_of(file: str, steps: list[dict[str, Any]]) -> Iterator[PlayedTurn]:
    intents: list[str | None] = [None]
    actions: set[str] = set()
    for step in steps:
        asked = [each["intent"] for each in step.get("or", [step]) if "intent" in each]
        if asked:
            if actions:
                yield from (PlayedTurn(file, each, frozenset(actions)) for each in intents)
            intents, actions = list(asked), set()
        elif "action" in step:
            actions.add(step["action"])
        elif step.get("active_loop"):
            actions.add(step["active_loop"])
    if actions:
        yield from (PlayedTurn(file, each, frozenset(actions)) for each in intents)


def _yaml_files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.suffix in (".yml", ".yaml"))
