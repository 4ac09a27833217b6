"""Reads blueprints and personas: YAML checked against the schema, with the lines things stand on.

`read_all` never stops at the first fault: what can't be read becomes a finding and is left out.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator

from tenin.journey.findings import Code, Finding, place
from tenin.journey.model import (
    Backstage,
    Blueprint,
    FailPoint,
    Frontstage,
    NamedTest,
    Persona,
    Stage,
    Step,
    Wait,
)
from tenin.language.yamlfile import Lines, YAMLFileError, read_yaml

FOLDER = "blueprints"
BLUEPRINT_SCHEMA = "blueprint.schema.json"
PERSONA_SCHEMA = "persona.schema.json"
SCHEMAS = Path(__file__).parents[2] / FOLDER
LONGEST_MESSAGE = 160


@dataclass
class Blueprints:
    """What was read: blueprints and personas by key, and what is wrong with the files."""

    blueprints: list[Blueprint] = field(default_factory=list)
    personas: dict[str, Persona] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)


def read_all(root: Path) -> Blueprints:
    """Read every blueprint and persona below the project's root; none is no fault."""
    found = Blueprints()
    for file in sorted((root / FOLDER / "personas").glob("*.yml")):
        content = _checked(root, file, PERSONA_SCHEMA, found.findings)
        if content is not None:
            found.personas[file.stem] = Persona(key=file.stem, **content[0])
    for file in sorted((root / FOLDER).glob("*.yml")):
        content = _checked(root, file, BLUEPRINT_SCHEMA, found.findings)
        if content is not None:
            found.blueprints.append(_blueprint(file, *content))
    return found


def _checked(
    root: Path, file: Path, schema: str, findings: list[Finding]
) -> tuple[dict[str, Any], Lines] | None:
    """The content of a file that is as its schema says; else None, and findings."""
    named = place(root, file)
    try:
        content = read_yaml(file)
        lines = Lines(file)
    except YAMLFileError as error:
        message = str(error).removeprefix(str(file)).lstrip(",: ")
        line, _, rest = message.removeprefix("line ").partition(": ")
        at = int(line) if line.isdigit() else 1
        text = rest.removesuffix(" Correct the YAML there.") if line.isdigit() else message
        findings.append(Finding(named, at, Code.NOT_YAML, text, "Correct the YAML there."))
        return None
    faults = sorted(
        _validator(schema).iter_errors(content), key=lambda e: [str(part) for part in e.path]
    )
    for fault in faults:
        where = ".".join(str(part) for part in fault.absolute_path) or "the file"
        message = f"{where}: {fault.message}"
        if len(message) > LONGEST_MESSAGE:
            message = f"{message[:LONGEST_MESSAGE]}…"
        findings.append(
            Finding(
                named,
                lines.of(fault.absolute_path),
                Code.NOT_THE_SCHEMA,
                f"{message}.",
                f"Write it as {schema} says.",
            )
        )
    return None if faults else (content, lines)


@cache
def _validator(schema: str) -> Draft202012Validator:
    folder = SCHEMAS / "personas" if schema == PERSONA_SCHEMA else SCHEMAS
    return Draft202012Validator(json.loads((folder / schema).read_text(encoding="utf-8")))


def _blueprint(file: Path, content: dict[str, Any], lines: Lines) -> Blueprint:
    return Blueprint(
        key=file.stem,
        file=file,
        title=content["title"],
        persona=content["persona"],
        dialogue=NamedTest(**content["dialogue"]),
        stories=tuple(content.get("stories", ())),
        stages=tuple(
            Stage(
                key=stage["stage"],
                line=lines.of(["stages", number]),
                steps=tuple(
                    _step(step, lines, ["stages", number, "steps", index])
                    for index, step in enumerate(stage["steps"])
                ),
            )
            for number, stage in enumerate(content["stages"])
        ),
        lines={
            **{key: lines.of([key]) for key in content},
            **{
                story: lines.of(["stories", number])
                for number, story in enumerate(content.get("stories", ()))
            },
        },
    )


def _step(content: dict[str, Any], lines: Lines, path: list[str | int]) -> Step:
    front, back = content.get("frontstage", {}), content.get("backstage", {})
    wait = content.get("wait")
    return Step(
        key=content["step"],
        line=lines.of(path),
        customer=content["customer"],
        frontstage=Frontstage(
            front.get("intent"), front.get("form"), tuple(front.get("responses", ()))
        ),
        backstage=Backstage(tuple(back.get("actions", ())), back.get("agent")),
        support=tuple(content.get("support", ())),
        evidence=content["evidence"],
        wait=None if wait is None else Wait(*next((n, unit) for unit, n in wait.items())),
        fail_points=tuple(
            FailPoint(
                key=each["fail_point"],
                line=lines.of([*path, "fail_points", number]),
                what=each["what"],
                recovery=each["recovery"],
                responses=tuple(each.get("responses", ())),
                actions=tuple(each.get("actions", ())),
                seen_in=NamedTest(**each["seen_in"]),
            )
            for number, each in enumerate(content.get("fail_points", ()))
        ),
        peak=content.get("peak", False),
        end=content.get("end", False),
    )
