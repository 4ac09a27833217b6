"""The editors' schemas: for every kind of file, valid, and as the check and the settings are."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from tenin.training.check.kinds import GOODS, KINDS, SCHEMAS, Kind
from tenin.training.check.settings_schema import FILE, text

PROJECT = Path(__file__).parents[4]
WITH_SCHEMA = [kind for kind in KINDS if kind.schema is not None]


@pytest.mark.parametrize("kind", WITH_SCHEMA, ids=lambda kind: kind.name)
def test_a_schema_is_one_and_forbids_what_it_does_not_know(kind: Kind) -> None:
    Draft202012Validator.check_schema(kind.rules)
    assert kind is GOODS or list(PROJECT.glob(kind.glob))  # the demo shop's goods are its own
    assert not Draft202012Validator(kind.rules).is_valid({"intnet": 1})


def test_editors_have_the_schemas_that_the_check_has() -> None:
    read = json.loads((PROJECT / ".vscode/settings.json").read_text(encoding="utf-8"))
    mapped = {
        (glob, (PROJECT / schema).resolve())
        for schema, globs in read["yaml.schemas"].items()
        for glob in ([globs] if isinstance(globs, str) else globs)
    }
    assert mapped == {(kind.glob, kind.schema) for kind in WITH_SCHEMA}


def test_no_schema_is_left_over() -> None:
    assert set(SCHEMAS.glob("*.json")) <= {kind.schema for kind in WITH_SCHEMA}


@pytest.mark.parametrize("kind", WITH_SCHEMA, ids=lambda kind: kind.name)
def test_a_file_that_names_its_schema_names_the_right_one(kind: Kind) -> None:
    for file in PROJECT.glob(kind.glob):
        first = file.read_text(encoding="utf-8").split("\n")[0]
        if "$schema=" in first:
            assert (file.parent / first.partition("$schema=")[2]).resolve() == kind.schema
        else:
            assert "*" in kind.glob, f"{file} names no schema"


def test_the_settings_schema_is_made_of_the_settings() -> None:
    remedy = "run: .venv/bin/python -m tenin.training.check.settings_schema"
    assert FILE.read_text(encoding="utf-8") == text(), remedy
