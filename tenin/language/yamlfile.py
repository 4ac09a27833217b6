"""Reads the YAML files that trainers write, by the rules that Rasa reads them by.

Used by `wording`, `menus` and `languages`. That is YAML 1.2: `no` is a word, `yes?` may
stand between braces; and a key given twice is an error, not a silent replacement.

ruamel's parser in C reads the same about ten times as fast, but for two things that it lets pass,
one that it doesn't count as a sign (so that places are one too early), and some that it refuses:
then the parser in Python has the word, and words the fault.
"""

from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.nodes import MappingNode, Node, SequenceNode

DIFFERENTLY_IN_C = ("\t", "%YAML", "\ufeff")


class YAMLFileError(ValueError):
    """A file isn't YAML as it should be; the message names file, line and fault."""


def read_yaml(path: Path) -> Any:
    """Read one YAML file. Raises YAMLFileError, or OSError when it can't be opened."""
    return _of(path, load_yaml)


def load_yaml(text: str) -> Any:
    """Read the text of a YAML file. Raises ruamel's YAMLError, which names no file."""
    if not any(each in text for each in DIFFERENTLY_IN_C):
        with suppress(YAMLError):
            return YAML(typ="safe").load(text)
    return YAML(typ="safe", pure=True).load(text)


def compose_yaml(text: str) -> Any:
    """Give the root node of the text of a YAML file; None if it is empty. Raises as `load_yaml`."""
    if not any(each in text for each in DIFFERENTLY_IN_C):
        with suppress(YAMLError):
            return YAML(typ="safe").compose(text)
    return YAML(typ="safe", pure=True).compose(text)


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


class Lines:
    """On which line of a YAML file the thing at a path of keys and indices begins."""

    def __init__(self, path: Path) -> None:
        """Read the file; raises what `read_yaml` raises."""
        self._root: Node | None = _of(path, compose_yaml)

    def of(self, path: Iterable[str | int]) -> int:
        """Return the line of what `path` leads to, as far down as it is there.

        A part names an entry of a mapping, or an item of a list by its index or its words.
        """
        node, line = self._root, 1
        for part in path:
            found = _below(node, part)
            if found is None:
                break
            named, node = found
            line = named.start_mark.line + 1
        return line


def place_of(path: Path, *keys: str) -> str:
    """Give "file, line N" of what `keys` lead to in a YAML file, as far down as they are there.

    For messages about what a file says; raises what `read_yaml` raises.
    """
    return f"{path}, line {Lines(path).of(keys)}"


def _below(node: Node | None, part: str | int) -> tuple[Node, Node] | None:
    if isinstance(node, MappingNode):
        return next(((name, value) for name, value in node.value if name.value == part), None)
    if not isinstance(node, SequenceNode):
        return None
    if isinstance(part, int):
        return (node.value[part], node.value[part]) if part < len(node.value) else None
    return next(((item, item) for item in node.value if item.value == part), None)
