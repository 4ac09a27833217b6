"""Reads YAML strictly: a key given twice is an error, not a silent replacement.

For the files that trainers write and this room reads (wording, menus, languages).
"""

from pathlib import Path
from typing import Any

import yaml


class _StrictLoader(yaml.SafeLoader):
    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        """Build a mapping; raise yaml's own error, with the line, for a key given twice."""
        seen: set[str] = set()
        for key, _ in node.value:
            if key.value in seen:
                raise yaml.constructor.ConstructorError(
                    "while reading a mapping",
                    node.start_mark,
                    f"the key {key.value!r} is given twice",
                    key.start_mark,
                )
            seen.add(key.value)
        return super().construct_mapping(node, deep)


def read_yaml(path: Path) -> Any:
    """Read one YAML file. Raises OSError, or yaml.YAMLError naming file, line and fault."""
    with path.open(encoding="utf-8") as file:
        return yaml.load(file, Loader=_StrictLoader)  # noqa: S506  (a safe loader)
