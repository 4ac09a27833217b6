"""The drawings of a project by name and language, for `tenin blueprint draw` and the desk."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from tenin.journey.drawing import draw
from tenin.journey.labels import of
from tenin.journey.model import Blueprint
from tenin.journey.reading import Blueprints, read_all
from tenin.journey.wording import Said, load_sayer
from tenin.language.languages import load_languages


class NoBlueprintError(LookupError):
    """A blueprint or language that isn't there; the message names what is."""

    def __str__(self) -> str:
        """Write the message as it is."""
        return str(self.args[0])


@dataclass(frozen=True)
class Shown:
    """A blueprint as a list shows it."""

    name: str
    title: str
    persona: str
    steps: int


def listed(root: Path, language: str) -> list[Shown]:
    """Return what blueprints there are, those that can be read, by their file's name."""
    read = read_all(root)
    return [_shown(read, each, language) for each in read.blueprints]


def drawn(root: Path, name: str, language: str, said: Said) -> tuple[Shown, str]:
    """Return one blueprint and its drawing as an SVG element; `said` as `wording` makes it.

    Raises:
        NoBlueprintError: if there is none of that name, or it can't be read.
    """
    read = read_all(root)
    blueprint = _named(read, name)
    svg = draw(blueprint, read.personas.get(blueprint.persona), language, said)
    return _shown(read, blueprint, language), svg[svg.index("<svg") :]


def write(root: Path, folder: Path, names: Sequence[str], language: str | None) -> Iterator[Path]:
    """Write the drawings into a folder, `<name>.<language>.svg`, and give each file.

    Args:
        root: the project's folder.
        folder: where to; made if it isn't there.
        names: which blueprints; none: all.
        language: which language; None: every one that is ready.

    Raises:
        NoBlueprintError: for a name or a language that isn't there.
    """
    ready = load_languages(root / "languages.yml").ready
    if language is not None and language not in ready:
        raise NoBlueprintError(f"no language {language!r}: name one of {', '.join(ready)}")
    read, said = read_all(root), load_sayer(root)
    wanted = [_named(read, name) for name in names] or read.blueprints
    folder.mkdir(parents=True, exist_ok=True)
    for blueprint in wanted:
        for code in [language] if language else ready:
            file = folder / f"{blueprint.key}.{code}.svg"
            persona = read.personas.get(blueprint.persona)
            file.write_text(draw(blueprint, persona, code, said), encoding="utf-8")
            yield file


def _named(read: Blueprints, name: str) -> Blueprint:
    for blueprint in read.blueprints:
        if blueprint.key == name:
            return blueprint
    there = ", ".join(each.key for each in read.blueprints) or "none"
    raise NoBlueprintError(
        f"no blueprint {name!r} that can be read: there are {there}; "
        "`tenin blueprint check` says what is wrong with one"
    )


def _shown(read: Blueprints, blueprint: Blueprint, language: str) -> Shown:
    persona = read.personas.get(blueprint.persona)
    return Shown(
        name=blueprint.key,
        title=of(blueprint.title, language),
        persona=of(persona.name, language) if persona else blueprint.persona,
        steps=len(list(blueprint.steps)),
    )
