"""Reads the YAML files that trainers write, by the rules that Rasa reads them by.

Used by `wording`, `menus` and `languages`. That is YAML 1.2: `no` is a word, `yes?` may
stand between braces; and a key given twice is an error, not a silent replacement.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.nodes import MappingNode, Node, SequenceNode


class YAMLFileError(ValueError):
    """A file isn't YAML as it should be; the message names file, line and fault."""


def read_yaml(path: Path) -> Any:
    """Read one YAML file. Raises YAMLFileError, or OSError when it can't be opened."""
    return _of(path, YAML(typ="safe", pure=True).load)


def _of(path: Path, read: Callable[[str], Any]) -> Any:
    try:
        return read(path.read_text(encoding="utf-8"))
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        problem = str(error.problem or error.context).split(" with value")[0]
        line = f", line {mark.line + 1}" if mark else ""
        raise YAMLFileError(f"{path}{line}: {problem}. Correct the YAML there.") from error
    except (YAMLError, UnicodeDecodeError) as error:
        raise YAMLFileError(f"{path}: {error}. Save it as YAML in UTF-8.") from error


def place_of(path: Path, *keys: str) -> str:
    """Give "file, line N" of what `keys` lead to in a YAML file, as far down as they are there.

    A key names an entry of a mapping or an item of a list. For messages about what a file
    says; raises what `read_yaml` raises.
    """
    node: Node | None = _of(path, YAML(typ="safe", pure=True).compose)
    line = 1
    for key in keys:
        found = _below(node, key)
        if found is None:
            break
        named, node = found
        line = named.start_mark.line + 1
    return f"{path}, line {line}"


def _below(node: Node | None, key: str) -> tuple[Node, Node] | None:
    if isinstance(node, MappingNode):
        return next(((name, value) for name, value in node.value if name.value == key), None)
    if isinstance(node, SequenceNode):
        return next(((item, item) for item in node.value if item.value == key), None)
    return None
