"""Reads the project's YAML files once, each as far as it can be read.

What can't be read becomes findings, and the rest of the check goes on without that file: what it
seems to say (`Source.mentioned`) is not called missing elsewhere. Values are made by the rules of
`tenin.language.yamlfile` (YAML 1.2), with the line of everything.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError
from ruamel.yaml.nodes import Node

from tenin.language.yamlfile import DIFFERENTLY_IN_C
from tenin.training.check.encoding import decoded
from tenin.training.check.fast import MAPPINGS, SCALARS, SEQUENCES, compose_fast
from tenin.training.check.findings import Code, Finding
from tenin.training.check.mistakes import find_mistakes, of_parser, repaired

KNOWN_TAGS = {
    f"tag:yaml.org,2002:{name}"
    for name in ("str", "int", "float", "bool", "null", "seq", "map", "merge", "timestamp", "value")
}
_NAME = re.compile(r"[A-Za-z_][\w/]*")
_OPENING, _CLOSING = "“”„‟‘’‚＂", "“”‟‘’＂"


@dataclass
class Source:
    """One YAML file: its text, what it holds (None if it can't be read), its lines."""

    name: str  # from the project's root, with slashes
    path: Path
    text: str = ""
    root: Node | None = None
    value: Any = None
    broken: bool = False
    # What is wrong so that other checks would only repeat it.
    malformed: bool = False
    findings: list[Finding] = field(default_factory=list)

    def line(self, *path: str | int) -> int:
        """Give the line of what a path of keys and indices leads to, as far as it is there."""
        node, line = self.root, 1
        for part in path:
            found = _below(node, part)
            if found is None:
                break
            named, node = found
            line = named.start_mark.line + 1
        return line

    def add(self, line: int, code: Code, words: str, message: str, remedy: str) -> None:
        """Note a finding of this file."""
        self.findings.append(Finding(self.name, line, code.value, words, message, remedy))

    @cached_property
    def mentioned(self) -> frozenset[str]:
        """Everything in the text that could be a name; for a file that can't be read."""
        return frozenset(_NAME.findall(self.text))

    @property
    def lines(self) -> list[str]:
        """The lines of the text, as editors number them."""
        return self.text.split("\n")


def read_source(root: Path, path: Path, keys: Iterable[str] = ()) -> Source:
    """Read one file; never raises for what it holds.

    Args:
        root: of the project.
        path: the file.
        keys: the words that this kind of file may have before a colon.
    """
    source = Source(path.relative_to(root).as_posix(), path)
    try:
        raw = path.read_bytes()
    except OSError as error:
        source.broken = True
        message = f"The file can't be opened ({error.strerror})."
        source.add(1, Code.NOT_LOADED, path.name, message, "See to its rights, or remove it.")
        return source
    source.text, fault = decoded(raw)
    if fault is not None:
        source.add(*fault)
    parse(source, frozenset(keys))
    return source


def parse(source: Source, keys: frozenset[str]) -> None:
    """Fill in `root` and `value` from the text; what keeps it from that becomes a finding."""
    text = source.text
    try:
        source.root = _composed(text)
        source.value = _value(source.root, {})
    except Exception as error:  # on odd input the parsers raise whatever they come upon
        source.broken = True
        source.root = source.value = None
        found = find_mistakes(text, keys)
        for mistake in found or [of_parser(text, *_place(error))]:
            source.add(*mistake)
        # The rest of the file is told of too, where a slip alone is in its way.
        for mended in repaired(text, found):
            with suppress(Exception):
                source.root = _composed(mended)
                source.value = _value(source.root, {})
                return
        source.root = source.value = None
        return
    for node in _nodes(source.root):
        if isinstance(node, MAPPINGS):
            _look_at_keys(source, node)
        elif node.tag not in KNOWN_TAGS:
            source.add(
                node.start_mark.line + 1,
                Code.NEEDS_QUOTES,
                str(node.tag),
                f"A text begins with {node.tag!r}, which YAML keeps for itself.",
                'Put the whole text between double quotes: "…".',
            )
        if isinstance(node, SCALARS) and not node.style and len(node.value) > 1:
            _look_at_quotes(source, node)


def _composed(text: str) -> Any:
    """The document as nodes, read in C where that reads it as the parser in Python does."""
    if not any(each in text for each in DIFFERENTLY_IN_C):
        with suppress(Exception):
            return compose_fast(text)
    return YAML(typ="safe", pure=True).compose(text)


def _place(error: Exception) -> tuple[int, str]:
    """The line that a parser names, from 1, and its words."""
    if isinstance(error, MarkedYAMLError):
        mark = error.problem_mark or error.context_mark
        said = " ".join(str(each) for each in (error.context, error.problem) if each)
        return (mark.line + 1 if mark else 1), said
    return 1, type(error).__name__


def _look_at_keys(source: Source, node: Any) -> None:
    first: dict[str, int] = {}
    for key, _ in node.value:
        line = key.start_mark.line + 1
        if not isinstance(key, SCALARS):
            message = "A list or a mapping stands where a name is needed."
            remedy = "Write braces within a text between double quotes, or add the name."
            source.add(line, Code.BRACKETS, "{", message, remedy)
        elif key.value in first:
            source.add(
                line,
                Code.KEY_TWICE,
                key.value,
                f"{key.value!r} stands here a second time; the first is on line "
                f"{first[key.value]}. Only one of them would count.",
                "Take one of them out, or put what is below both under one.",
            )
        else:
            first[key.value] = line


def _look_at_quotes(source: Source, node: Any) -> None:
    text = node.value
    if text[0] in _OPENING and text[-1] in _CLOSING:
        source.add(
            node.start_mark.line + 1,
            Code.TYPOGRAPHIC_QUOTES,
            text,
            f"The text stands between {text[0]} and {text[-1]}, which would be said with it.",
            'Write plain double quotes: "…".',
        )


def _nodes(root: Node | None) -> Iterator[Node]:
    waiting, seen = [root], set[int]()
    while waiting:
        node = waiting.pop()
        if node is None or id(node) in seen:
            continue
        seen.add(id(node))
        yield node
        if isinstance(node, MAPPINGS):
            waiting += [each for pair in reversed(node.value) for each in reversed(pair)]
        elif isinstance(node, SEQUENCES):
            waiting += reversed(node.value)


def _value(node: Node | None, known: dict[int, Any]) -> Any:
    """Make the value of a node; what leads back to itself (by an alias) is left out there."""
    if node is None:
        return None
    if id(node) in known:
        return known[id(node)]
    if isinstance(node, SCALARS):
        return _scalar(node)
    known[id(node)] = None
    if isinstance(node, SEQUENCES):
        known[id(node)] = [_value(each, known) for each in node.value]
    else:
        found: dict[Any, Any] = {}
        for key, value in node.value:
            name = _value(key, known)
            if isinstance(name, (list, dict)):
                name = str(name)
            found.setdefault(name, _value(value, known))
        known[id(node)] = found
    return known[id(node)]


def _scalar(node: Any) -> Any:
    kind, text = node.tag.rpartition(":")[2], node.value
    if kind == "null":
        return None
    if kind == "bool":
        return text.lower() == "true"
    with suppress(ValueError):
        if kind == "int":
            return int(text.replace("_", ""), 0 if text.lstrip("+-")[:2] in ("0o", "0x") else 10)
        if kind == "float":
            plain = text.replace("_", "").lower().replace(".inf", "inf").replace(".nan", "nan")
            return float(plain)
    return text


def _below(node: Any, part: str | int) -> tuple[Any, Any] | None:
    if isinstance(node, MAPPINGS):
        wanted = str(part)
        return next(
            (
                (name, value)
                for name, value in node.value
                if isinstance(name, SCALARS) and name.value == wanted
            ),
            None,
        )
    if not isinstance(node, SEQUENCES):
        return None
    if isinstance(part, int):
        return (node.value[part], node.value[part]) if part < len(node.value) else None
    return next(((item, item) for item in node.value if item.value == part), None)
