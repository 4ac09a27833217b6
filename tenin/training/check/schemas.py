"""Holds a file against the schema of its kind, and says what differs in plain words."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from typing import Any

from jsonschema import Draft202012Validator
from jsonschema.exceptions import ValidationError
from rapidfuzz import fuzz

from tenin.training.check.findings import Code, Finding
from tenin.training.check.kinds import KINDS, OF_BLUEPRINTS, Kind
from tenin.training.check.mistakes import find_mistakes
from tenin.training.check.sources import Source

NEAR = 70
TYPES = {
    "object": "names with a colon behind them",
    "array": "a list",
    "string": "a text",
    "integer": "a whole number",
    "number": "a number",
    "boolean": "true or false",
    "null": "nothing",
}


def check_schema(source: Source, kind: Kind) -> None:
    """Add to a file's findings where it isn't as its kind should be.

    A file of another kind, a slip in its lines and a word misspelt are told as what they are.
    """
    if source.root is None:
        if not source.broken:
            source.malformed = True
            message = "The file holds nothing."
            remedy = "Write what belongs there, or remove the file."
            source.add(1, Code.NOT_THE_SCHEMA, source.path.name, message, remedy)
        return
    if kind.schema is None or kind in OF_BLUEPRINTS:
        return
    other = _other_kind(source.value, kind)
    if other is not None:
        source.malformed = True
        top = next(iter(other.top))
        source.add(
            source.line(top),
            Code.WRONG_FOLDER,
            top,
            f"The file holds {other.what}, and lies where {kind.what} belong.",
            f"Move it to {other.glob.replace('*/', '<language>/').replace('*', '<name>')}.",
        )
        return
    faults = [
        fault
        for fault in _told(_validator(kind).iter_errors(source.value))
        # Of a file that was read without its broken lines, what is lacking stands on them.
        if not (source.broken and fault.validator in ("required", "minItems", "minProperties"))
    ]
    if not faults:
        return
    source.malformed = True
    slips = [] if source.broken else find_mistakes(source.text, kind.keys)
    for slip in slips:
        source.add(*slip)
    near = {
        at
        for each in [*slips, *(() if not source.broken else source.findings)]
        for at in range(each.line - 2, each.line + 3)
    }
    found = {_finding(source, kind, fault) for fault in faults}
    source.findings += sorted(each for each in found if each.line not in near)


def _other_kind(value: Any, kind: Kind) -> Kind | None:
    """The kind that a file is of by its keys, where they are none of its own place's."""
    if not isinstance(value, dict) or (not kind.top and kind.rules.get("type") != "array"):
        return None
    if any(key in kind.rules.get("properties", {}) and key != "version" for key in value):
        return None
    return next(
        (each for each in KINDS if each.top and all(key in value for key in each.top)), None
    )


@cache
def _validator(kind: Kind) -> Draft202012Validator:
    return Draft202012Validator(kind.rules)


def _told(faults: Iterable[ValidationError]) -> Iterator[ValidationError]:
    """The faults to tell of: of an `anyOf` without its own words, the likeliest of its parts."""
    for fault in faults:
        if fault.context and not _hint(fault):
            deepest = max(len(each.absolute_path) for each in fault.context)
            yield from (each for each in fault.context if len(each.absolute_path) == deepest)
        else:
            yield fault


def _finding(source: Source, kind: Kind, fault: ValidationError) -> Finding:
    path = [part if isinstance(part, int) else str(part) for part in fault.absolute_path]
    line, where = source.line(*path), _where(path)
    rules, value = fault.schema, fault.instance
    if fault.validator == "additionalProperties" and isinstance(value, Mapping):
        known = rules.get("properties", {})
        strange = next((str(key) for key in value if key not in known), "")
        return _unknown_key(source, source.line(*path, strange), strange, known, rules)
    if fault.validator == "propertyNames" or (fault.parent is not None and _is_name(fault)):
        words = str(value) if isinstance(value, str) else where
        line = source.line(*path, words)
        message = f"The name {words!r} can't stand here."
        return _new(source, line, words, message, f"Write {_hint(fault) or 'another'}.")
    if fault.validator == "required" and isinstance(value, Mapping):
        lacking = next((key for key in fault.validator_value if key not in value), "")
        near = _nearest(
            lacking, [str(key) for key in value if key not in rules.get("properties", {})]
        )
        if near:
            known = rules.get("properties", {})
            return _unknown_key(source, source.line(*path, near), near, known, rules)
        hint = _hint_of(rules.get("properties", {}).get(lacking, {}), kind)
        message = f"{_begin(where)} lacks {lacking!r}."
        return _new(source, line, lacking, message, f"Add it: {hint or lacking + ':'}.")
    last = path[-1] if path else ""
    if last == "examples" and (isinstance(value, (list, str)) or value is None):
        return Finding(
            source.name,
            line,
            Code.NO_BAR.value,
            "examples:",
            "After `examples:` the upright bar or the sentences are missing.",
            "Write `examples: |`, and the sentences below it, each after `- `, indented by two "
            "spaces more.",
        )
    if isinstance(value, str) and fault.validator == "type" and isinstance(last, int):
        return Finding(
            source.name,
            line,
            Code.INDENT.value,
            value[:60],
            f"The line stands by itself among those of {_where(path[:-1])}.",
            "Indent it as deep as the lines it belongs to, or write what it lacks: "
            f"{_hint(fault) or 'a name and a colon'}.",
        )
    words = _shown(value)
    hint = _hint(fault)
    message = f"{_begin(where)} is {words}, which can't stand there."
    return _new(source, line, str(last), message, f"Write {hint or _wanted(fault)}.")


def _unknown_key(
    source: Source, line: int, key: str, known: Mapping[str, Any], rules: Mapping[str, Any]
) -> Finding:
    near = _nearest(key, known)
    inner = [
        name
        for name, each in known.items()
        if isinstance(each, dict)
        and re.search(each.get("propertyNames", {}).get("pattern", r"$^"), key)
    ]
    if near:
        remedy = f"Did you mean {near!r}? Correct the word."
    elif inner:
        return Finding(
            source.name,
            line,
            Code.INDENT.value,
            key,
            f"{key!r} isn't indented, so it doesn't belong to {inner[0]!r}.",
            f"Put two spaces before it, and before all lines that belong to it, below "
            f"`{inner[0]}:`.",
        )
    else:
        remedy = f"Take it out, or write one of {', '.join(known)}." if known else "Take it out."
    message = f"The word {key!r} is not known here."
    return Finding(source.name, line, Code.UNKNOWN_KEY.value, key, message, remedy)


def _nearest(key: str, known: Iterable[str]) -> str | None:
    ranked = sorted((-fuzz.ratio(key.lower(), each.lower()), each) for each in known)
    return ranked[0][1] if ranked and -ranked[0][0] >= NEAR else None


def _new(source: Source, line: int, words: str, message: str, remedy: str) -> Finding:
    return Finding(source.name, line, Code.NOT_THE_SCHEMA.value, words, message, remedy)


def _is_name(fault: ValidationError) -> bool:
    return "propertyNames" in list(fault.absolute_schema_path)


def _hint(fault: ValidationError) -> str:
    return str(fault.schema.get("description", "")) if isinstance(fault.schema, dict) else ""


def _hint_of(rules: Mapping[str, Any], kind: Kind) -> str:
    name = str(rules.get("$ref", "")).rpartition("/")[2]
    return str(
        rules.get("description") or kind.rules.get("$defs", {}).get(name, {}).get("description", "")
    )


def _wanted(fault: ValidationError) -> str:
    types = fault.schema.get("type", ()) if isinstance(fault.schema, dict) else ()
    named = [TYPES[each] for each in ([types] if isinstance(types, str) else types)]
    if fault.validator in ("minimum", "exclusiveMinimum"):
        return f"{fault.validator_value} or more"
    if fault.validator in ("maximum", "exclusiveMaximum"):
        return f"{fault.validator_value} or less"
    if fault.validator == "enum":
        return " or ".join(map(str, fault.validator_value))
    return " or ".join(named) or "it as in the other files of its kind"


def _where(path: list[str | int]) -> str:
    parts = [f"entry {part + 1}" if isinstance(part, int) else repr(part) for part in path]
    return " of ".join(reversed(parts[-2:])) or "the file"


def _begin(where: str) -> str:
    return where[0].upper() + where[1:] if where.startswith(("entry", "the")) else where


def _shown(value: Any) -> str:
    if isinstance(value, dict):
        return TYPES["object"]
    if isinstance(value, list):
        return "a list"
    if value is None:
        return "empty"
    return repr(str(value)[:60])
