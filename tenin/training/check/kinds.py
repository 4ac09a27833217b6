"""The kinds of YAML files a project has: where each lies, and the schema that it follows.

The schemas are the editors' as well: `.vscode/settings.json` names them for the same places.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path
from typing import Any

PACKAGE = Path(__file__).parents[2]
SCHEMAS = Path(__file__).parents[1] / "schemas"


@dataclass(frozen=True, eq=False)
class Kind:
    """One kind of file; `glob` as editors take it, `top` the keys that tell it from others."""

    name: str
    glob: str
    schema: Path | None
    what: str  # for a reader: "a file of …"
    top: tuple[str, ...] = ()
    required: bool = False

    @cached_property
    def pattern(self) -> re.Pattern[str]:
        """What the names of its files match; `language` is the folder that names one."""
        regular = re.escape(self.glob).replace(r"\*", "[^/]*")
        for folder in ("nlu", "dialogues"):
            regular = regular.replace(rf"{folder}/[^/]*/", rf"{folder}/(?P<language>[^/]*)/")
        return re.compile(regular)

    @cached_property
    def rules(self) -> dict[str, Any]:
        """The schema's content; of a kind without one: everything is allowed."""
        if self.schema is None:
            return {}
        found: dict[str, Any] = json.loads(self.schema.read_text(encoding="utf-8"))
        return found

    @cached_property
    def keys(self) -> frozenset[str]:
        """Every word that the schema knows before a colon."""
        return frozenset(_keys(self.rules))


def _ours(name: str) -> Path:
    return SCHEMAS / f"{name}.schema.json"


NLU = Kind("nlu", "data/nlu/*/*.yml", _ours("nlu"), "examples of a need", ("nlu",))
HELD_OUT = Kind("held out", "tests/nlu/*/*.yml", _ours("nlu"), "held-out sentences", ("nlu",))
RESPONSES = Kind("responses", "data/responses/*.yml", _ours("responses"), "replies", ("responses",))
RULES = Kind("rules", "data/rules/*.yml", _ours("stories"), "rules", ("rules",))
STORIES = Kind("stories", "data/stories/*.yml", _ours("stories"), "stories", ("stories",))
STORY_TESTS = Kind(
    "story tests", "tests/stories/*.yml", _ours("stories"), "story tests", ("stories",)
)
DIALOGUES = Kind("dialogues", "tests/dialogues/*/*.yml", _ours("dialogues"), "dialogues")
BLUEPRINT = Kind(
    "blueprint",
    "blueprints/*.yml",
    PACKAGE.parent / "blueprints" / "blueprint.schema.json",
    "a service blueprint",
    ("stages",),
)
PERSONA = Kind(
    "persona",
    "blueprints/personas/*.yml",
    PACKAGE.parent / "blueprints" / "personas" / "persona.schema.json",
    "a persona",
    ("way_of_writing",),
)
DOMAIN = Kind("domain", "domain.yml", _ours("domain"), "the domain", ("intents", "slots"), True)
CONFIG = Kind("config", "config.yml", _ours("config"), "Rasa's configuration", ("pipeline",), True)
LANGUAGES = Kind(
    "languages", "languages.yml", _ours("languages"), "the languages", ("languages",), True
)
MENUS = Kind("menus", "menus.yml", _ours("menus"), "the menus", ("menus", "titles"), True)
POLICY = Kind("policy", "policy.yml", _ours("policy"), "the shop's terms", (), True)
DESK = Kind("desk", "desk.yml", _ours("desk"), "the desk's beginnings", ("canned", "skills"))
INVITATIONS = Kind(
    "invitations",
    "invitations.yml",
    PACKAGE / "invitation" / "invitations.schema.json",
    "invitations",
    ("invitations",),
)
GOODS = Kind(
    "goods",
    "goods/*.yml",
    PACKAGE / "shop" / "goods.schema.json",
    "goods",
    ("category", "products"),
)
SETTINGS = Kind("settings", "tenin.yml", _ours("tenin"), "settings")
CHECKS = Kind("checks", "checks.yml", _ours("checks"), "excused findings", ("excused",))
CREDENTIALS = Kind("credentials", "credentials.yml", None, "Rasa's channels")
ENDPOINTS = Kind("endpoints", "endpoints.yml", None, "Rasa's endpoints")

KINDS = (
    NLU,
    HELD_OUT,
    RESPONSES,
    RULES,
    STORIES,
    STORY_TESTS,
    DIALOGUES,
    BLUEPRINT,
    PERSONA,
    DOMAIN,
    CONFIG,
    LANGUAGES,
    MENUS,
    POLICY,
    DESK,
    INVITATIONS,
    GOODS,
    SETTINGS,
    CHECKS,
    CREDENTIALS,
    ENDPOINTS,
)
# What `tenin blueprint check` holds against their schemas.
OF_BLUEPRINTS = (BLUEPRINT, PERSONA)
# Where files of these kinds lie, and nothing else but notes and code.
FOLDERS = (
    *("data/nlu", "data/responses", "data/rules", "data/stories"),
    *("tests/nlu", "tests/stories", "tests/dialogues", "blueprints"),
)
BESIDE = {".md", ".py", ".json", ".pyc"}


@cache
def kind_of(name: str) -> tuple[Kind | None, str | None]:
    """Give the kind of a file by its name from the project's root, and its language's folder."""
    for kind in KINDS:
        found = kind.pattern.fullmatch(name)
        if found:
            return kind, found.groupdict().get("language")
    return None, None


def _keys(rules: Any) -> Iterator[str]:
    if isinstance(rules, dict):
        properties = rules.get("properties")
        if isinstance(properties, dict):
            yield from properties
        for each in rules.values():
            yield from _keys(each)
    elif isinstance(rules, list):
        for each in rules:
            yield from _keys(each)
