"""The schema of tenin.yml, made of the settings themselves.

Write it anew after a setting was added or changed:
    .venv/bin/python -m tenin.training.check.settings_schema
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from tenin.settings import SECTIONS, Settings

FILE = Path(__file__).parents[1] / "schemas" / "tenin.schema.json"
LEFT_OUT = ("title", "default")


def settings_schema() -> dict[str, Any]:
    """Give the JSON Schema of all that tenin.yml may hold."""
    sections = {name: _plain(Settings.__fields__[name].type_.schema()) for name in SECTIONS}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "tenin.yml",
        "type": "object",
        "additionalProperties": False,
        "properties": {
            # A section without a setting under it stands for its defaults.
            name: {**rules, "type": ["object", "null"]}
            for name, rules in sections.items()
        },
    }


def _plain(rules: Any) -> Any:
    """Leave out what only repeats the names, and defaults, which tenin.yml shows."""
    if isinstance(rules, list):
        return [_plain(each) for each in rules]
    if not isinstance(rules, dict):
        return rules
    return {
        key: {name: _plain(each) for name, each in value.items()}
        if key == "properties"
        else _plain(value)
        for key, value in rules.items()
        if key not in LEFT_OUT
    }


def text() -> str:
    """Give the schema as its file holds it."""
    return json.dumps(settings_schema(), indent=2, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    FILE.write_text(text(), encoding="utf-8")
