"""Changes YAML files as people wrote them: nothing but what was asked for becomes another.

ruamel tells where each thing of a file stands; what is new is put in there, in the way that the
things beside it are written (indentation, braces, line ends). Written out anew by ruamel, our files
would lose the way long lines are broken. What comes out is read again, and must say what was meant.

`Document` is one file's text being changed; `Changes` are the files of one addition, written all or
none. Used by `tenin add` (`tenin.training.adding`) and by what learns from missed messages.
"""

from __future__ import annotations

import difflib
import json
import os
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import regex
from ruamel.yaml.error import YAMLError
from ruamel.yaml.nodes import CollectionNode, MappingNode, Node, ScalarNode, SequenceNode

from tenin.language.yamlfile import compose_yaml, load_yaml

Place = Sequence[str | int]

_PLAIN = regex.compile(r"[A-Za-z_][\w/.-]*", regex.ASCII)
_PLAIN_LINE = regex.compile(r"[A-Za-z][\w'-]*(?:,? [\w'-]+)+", regex.ASCII)
# Words of YAML, also of its older version, that mean something else than their letters.
_NO_WORDS = frozenset({"y", "n", "yes", "no", "on", "off", "true", "false", "null"})
_UNSEEN = regex.compile(r"[\x7f-\x9f\u2028\u2029\ufeff]")
_STEP = 2


class WritingError(ValueError):
    """What is to be changed isn't there, or can't be changed; the message names the remedy."""


class Document:
    """The text of a YAML file, and what is to become of it; `text()` gives the outcome.

    Places are keys and indices, as in `["nlu", 0, "examples"]`, of the text as it was given.
    """

    def __init__(self, text: str, name: str = "the file") -> None:
        """Take a file's text; `name` is said in errors. Raises WritingError if it isn't YAML."""
        self._name = name
        self._given = text
        self._newline = "\r\n" if "\r\n" in text else "\n"
        try:
            self._root: Node | None = compose_yaml(text)
            self._wanted: Any = _copied(load_yaml(text))
        except YAMLError as error:
            raise WritingError(
                f"{name} isn't YAML as it should be. Correct it first: `tenin check` tells where."
            ) from error
        self._splices: list[tuple[int, int, str]] = []
        self._added: dict[tuple[str | int, ...], list[int]] = {}

    def add_examples(self, place: Place, sentences: Sequence[str]) -> None:
        """Add `- …` lines at the end of the block of text (`|`) at `place`."""
        node = self._scalar(place)
        if node.style != "|":
            raise WritingError(
                f"{self._name}: {_told(place)} isn't a block of lines. Write `examples: |`, and "
                f"below it a line `- …` for each."
            )
        start = self._end_of_line(node.start_mark.index)
        lines = self._lines(start)
        own = next((line for _, line in lines if line.strip()), "")
        key = self._given.rfind("\n", 0, node.start_mark.index) + 1
        key_indent = _indent(self._given[key:])
        indent = _indent(own)
        if indent <= key_indent:
            indent, end = key_indent + _STEP, start
        else:
            end = max(at + len(line) for at, line in self._block(start, indent))
        new = "".join(f"{self._newline}{' ' * indent}- {each}" for each in sentences)
        self._splices.append((end, end, new))
        holder, key_of = self._holder(place)
        holder[key_of] = _lines_added(holder[key_of], sentences)

    def add_item(
        self, place: Place, item: Any, before: str | None = None, at: int | None = None
    ) -> None:
        """Add an item to the list at `place`: at its end, before the one named, or at an index.

        The index is one of the list as it was given.
        """
        node = self._node(place)
        if not isinstance(node, SequenceNode) or not node.value:
            raise WritingError(f"{self._name}: {_told(place)} isn't a list. Write it as one.")
        names = [_name_of(each) for each in node.value]
        if at is None:
            at = names.index(before) if before is not None and before in names else len(names)
        if node.flow_style:
            if at < len(names):
                start = node.value[at].start_mark.index
                self._splices.append((start, start, f"{_flow(item)}, "))
            else:
                end = node.value[-1].end_mark.index
                self._splices.append((end, end, f", {_flow(item)}"))
        else:
            column = node.start_mark.column
            new = self._newline.join(_block_item(item, column))
            if 0 < at < len(names):
                end = self._end(node.value[at - 1])
                self._splices.append((end, end, self._newline + new))
            elif at < len(names):
                start = self._given.rfind("\n", 0, node.value[at].start_mark.index) + 1
                self._splices.append((start, start, new + self._newline))
            else:
                end = self._end(node)
                gap = self._newline * (1 + _apart(self._given, node))
                self._splices.append((end, end, gap + new))
        earlier = sum(each <= at for each in self._added.get(tuple(place), []))
        self._added.setdefault(tuple(place), []).append(at)
        self._at(place).insert(at + earlier, item)

    def add_entry(self, place: Place, key: str, value: Any) -> None:
        """Add an entry at the end of the mapping at `place`."""
        node = self._node(place)
        if not isinstance(node, MappingNode) or not node.value:
            raise WritingError(f"{self._name}: {_told(place)} has no entries. Write it with one.")
        if key in self._at(place):
            raise WritingError(f"{self._name}: {_told([*place, key])} is there already.")
        end = self._end(node)
        if node.flow_style:
            end = node.value[-1][1].end_mark.index
            self._splices.append((end, end, f", {scalar(key)}: {_flow(value)}"))
        else:
            column = node.value[0][0].start_mark.column
            lines = _block_entry(key, value, column, like=node.value[-1][1])
            self._splices.append((end, end, self._newline + self._newline.join(lines)))
        self._at(place)[key] = value

    def set_text(self, place: Place, value: str) -> None:
        """Put other words at `place`, where a text of one line or between quotes stands."""
        node = self._scalar(place)
        if node.style in ("|", ">"):
            raise WritingError(
                f"{self._name}: {_told(place)} is a block of lines. Change it by hand."
            )
        self._splices.append((node.start_mark.index, node.end_mark.index, quoted(value)))
        holder, key = self._holder(place)
        holder[key] = value

    def set_flag(self, place: Place, value: bool) -> None:
        """Put `true` or `false` at `place`."""
        node = self._scalar(place)
        new = "true" if value else "false"
        self._splices.append((node.start_mark.index, node.end_mark.index, new))
        holder, key = self._holder(place)
        holder[key] = value

    def text(self) -> str:
        """Give the changed text. Raises WritingError if it doesn't say what was meant."""
        parts, at = [], 0
        # What goes to the same place stays in the order in which it was asked for.
        for start, end, new in sorted(self._splices, key=lambda splice: splice[0]):
            parts += [self._given[at:start], new]
            at = end
        changed = "".join([*parts, self._given[at:]])
        if not changed.endswith("\n"):
            changed += self._newline
        try:
            found = load_yaml(changed)
        except YAMLError:
            found = None
        if found != self._wanted:
            raise WritingError(
                f"{self._name} is written in a way that can't be changed here without changing "
                f"more. Change it by hand."
            )
        return changed

    def _node(self, place: Place) -> Node:
        node = self._root
        for part in place:
            found: Node | None = None
            if isinstance(node, MappingNode):
                found = next((value for key, value in node.value if key.value == part), None)
            elif isinstance(node, SequenceNode) and isinstance(part, int):
                found = node.value[part] if part < len(node.value) else None
            if found is None:
                raise WritingError(f"{self._name} has no {_told(place)}. Add it by hand.")
            node = found
        if node is None:
            raise WritingError(f"{self._name} is empty. Put back what was in it.")
        return node

    def _scalar(self, place: Place) -> ScalarNode:
        node = self._node(place)
        if not isinstance(node, ScalarNode):
            raise WritingError(f"{self._name}: {_told(place)} isn't a text. Change it by hand.")
        return node

    def _at(self, place: Place) -> Any:
        found = self._wanted
        for part in place:
            found = found[part]
        return found

    def _holder(self, place: Place) -> tuple[Any, str | int]:
        return self._at(place[:-1]), place[-1]

    def _end(self, node: Node) -> int:
        """Where the last line of a block ends; what is said behind it on that line is kept."""
        last = node
        while isinstance(last, CollectionNode) and last.value and not last.flow_style:
            last = last.value[-1][1] if isinstance(last, MappingNode) else last.value[-1]
        if isinstance(last, ScalarNode) and last.style in ("|", ">"):
            start = self._end_of_line(last.start_mark.index)
            own = next((line for _, line in self._lines(start) if line.strip()), "")
            return max(
                (at + len(line) for at, line in self._block(start, _indent(own))), default=start
            )
        return self._end_of_line(max(last.end_mark.index - 1, last.start_mark.index))

    def _end_of_line(self, index: int) -> int:
        end = self._given.find("\n", index)
        end = len(self._given) if end < 0 else end
        return end - 1 if end and self._given[end - 1] == "\r" else end

    def _lines(self, start: int) -> list[tuple[int, str]]:
        """The lines after the one that ends at `start`, each with its index."""
        found, at = [], self._given.find("\n", start) + 1 or len(self._given)
        for line in self._given[at:].splitlines(keepends=True):
            found.append((at, line.rstrip("\r\n")))
            at += len(line)
        return found

    def _block(self, start: int, indent: int) -> Iterator[tuple[int, str]]:
        """The lines with words of a block of text that begins after `start`."""
        for at, line in self._lines(start):
            if line.strip() and _indent(line) < indent:
                return
            if line.strip():
                yield at, line


class Changes:
    """The files of one addition, by their names in the project; written all or none."""

    def __init__(self, root: Path) -> None:
        """Take the project's root. Nothing is read or written yet."""
        self._root = root
        self._before: dict[str, str | None] = {}
        self._after: dict[str, str] = {}

    def __contains__(self, name: str) -> bool:
        """Tell whether the file is there, or will be."""
        return name in self._after or (self._root / name).is_file()

    def read(self, name: str) -> str:
        """Give a file's text as it will be. Raises OSError, or WritingError if it isn't UTF-8."""
        if name in self._after:
            return self._after[name]
        try:
            # As it is, its line ends with it.
            return (self._root / name).read_bytes().decode("utf-8")
        except UnicodeDecodeError as error:
            raise WritingError(f"{name} isn't in UTF-8. Save it so.") from error

    def document(self, name: str) -> Document:
        """Give a file to change; `put` its text back."""
        return Document(self.read(name), name)

    def put(self, name: str, text: str) -> None:
        """Let a file have this text."""
        if name not in self._before:
            path = self._root / name
            self._before[name] = self.read(name) if path.is_file() else None
        self._after[name] = text

    @property
    def names(self) -> list[str]:
        """The files that will be others than they are, or new, in the order of their names."""
        return sorted(name for name in self._after if self._after[name] != self._before[name])

    def patch(self) -> str:
        """Give the change as a patch that `git apply` takes."""
        return "".join(map(self.patch_of, self.names))

    def patch_of(self, name: str) -> str:
        """Give the change of one file as a patch."""
        return "".join(_patch(name, self._before[name], self._after[name]))

    def write(self) -> list[str]:
        """Write all files or none; give their names. Raises OSError."""
        names, kept = self.names, []
        temporary: dict[str, Path] = {}
        try:
            for name in names:
                temporary[name] = _beside(self._root / name, self._after[name])
            for name in names:
                kept.append(name)
                os.replace(temporary[name], self._root / name)
        except OSError:
            for name in kept:
                self._put_back(name)
            raise
        finally:
            for path in temporary.values():
                path.unlink(missing_ok=True)
        return names

    def _put_back(self, name: str) -> None:
        before = self._before[name]
        if before is None:
            (self._root / name).unlink(missing_ok=True)
            return
        with suppress(OSError):
            os.replace(_beside(self._root / name, before), self._root / name)


def quoted(text: str) -> str:
    """Give a text as YAML between double quotes, on one line."""
    written = json.dumps(text, ensure_ascii=False)
    return _UNSEEN.sub(lambda sign: f"\\u{ord(sign[0]):04x}", written)


def scalar(value: Any) -> str:
    """Give a name plain, any other text between quotes, flags and numbers as they are."""
    if isinstance(value, bool) or value is None:
        return json.dumps(value)
    if not isinstance(value, str):
        return str(value)
    plain = _PLAIN.fullmatch(value) and value.lower() not in _NO_WORDS
    return value if plain else quoted(value)


def _flow(value: Any) -> str:
    if isinstance(value, dict):
        return f"{{{', '.join(f'{scalar(key)}: {_flow(each)}' for key, each in value.items())}}}"
    if isinstance(value, (list, tuple)):
        return f"[{', '.join(map(_flow, value))}]"
    return scalar(value)


def _is_short(value: Any) -> bool:
    """Whether it is written between braces on one line: a condition, names, a few words."""
    if not isinstance(value, (dict, list)):
        return True
    inside = list(value.values()) if isinstance(value, dict) else value
    if isinstance(value, list) and any(isinstance(each, dict) for each in value):
        return all(isinstance(each, dict) and _stands_in_braces(each) for each in value)
    if isinstance(value, list) and not any(isinstance(each, list) for each in value):
        return sum(len(str(each)) + 2 for each in value) < 90
    return not value or not any(
        isinstance(each, str) and (len(each) > 40 or " " in each or not each.isascii())
        for each in inside
    )


def block(value: Any, column: int = 0) -> list[str]:
    """Give a mapping or a list as lines of YAML in the house's form."""
    if isinstance(value, dict):
        return [line for key, each in value.items() for line in _block_entry(key, each, column)]
    return [line for each in value for line in _block_item(each, column)]


def _block_item(item: Any, column: int) -> list[str]:
    if isinstance(item, dict) and not _stands_in_braces(item):
        lines = block(item, column + _STEP)
        return [f"{' ' * column}- {lines[0].lstrip()}", *lines[1:]]
    return [f"{' ' * column}- {_flow(item)}"]


def _stands_in_braces(item: dict[str, Any]) -> bool:
    return not item or (
        len(item) > 1
        and all(not isinstance(each, (dict, list)) for each in item.values())
        and not any(isinstance(each, str) and "\n" in each for each in item.values())
        and all(_is_short([each]) for each in item.values())
    )


def _block_entry(key: str, value: Any, column: int, like: Node | None = None) -> list[str]:
    if isinstance(like, CollectionNode) and like.flow_style:
        return [f"{' ' * column}{scalar(key)}: {_flow(value)}"]
    if isinstance(like, CollectionNode) and isinstance(value, dict) and value:
        return [f"{' ' * column}{scalar(key)}:", *block(value, column + _STEP)]
    if isinstance(value, str) and "\n" in value:
        lines = [f"{' ' * (column + _STEP)}{line}".rstrip() for line in value.splitlines()]
        return [f"{' ' * column}{scalar(key)}: |", *lines]
    if isinstance(value, (dict, list)) and (key in _LONG or not _is_short(value)) and value:
        return [f"{' ' * column}{scalar(key)}:", *block(value, column + _STEP)]
    if key == "text" and isinstance(value, str):
        return [f"{' ' * column}{key}: {quoted(value)}"]
    if isinstance(value, str) and _PLAIN_LINE.fullmatch(value):
        return [f"{' ' * column}{scalar(key)}: {value}"]
    return [f"{' ' * column}{scalar(key)}: {_flow(value)}"]


# What always has a line for each of its parts.
_LONG = frozenset({"nlu", "responses", "rules", "steps", "stories", "turns", "languages"})


def _name_of(node: Node) -> str | None:
    """How an item of a list is called: its words, or the one key it has."""
    if isinstance(node, ScalarNode):
        return str(node.value)
    if isinstance(node, MappingNode) and len(node.value) == 1:
        return str(node.value[0][0].value)
    return None


def _apart(text: str, node: SequenceNode) -> int:
    """How many empty lines stand between the items of a list."""
    if len(node.value) < 2:
        return 0
    between = text[node.value[-2].start_mark.index : node.value[-1].start_mark.index]
    return 1 if regex.search(r"\n[ ]*\r?\n[^\n]*$", between) else 0


def _lines_added(before: Any, lines: Sequence[str]) -> str:
    kept = str(before).rstrip("\n")
    tail = str(before)[len(kept) :] or "\n"
    return "\n".join([*([kept] if kept else []), *(f"- {each}" for each in lines)]) + tail


def _copied(value: Any) -> Any:
    """Copy what was read; what one anchor named in two places is two things."""
    if isinstance(value, dict):
        return {key: _copied(each) for key, each in value.items()}
    return [_copied(each) for each in value] if isinstance(value, list) else value


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip(" "))


def _told(place: Place) -> str:
    return " > ".join(map(str, place)) or "the file"


def _patch(name: str, before: str | None, after: str) -> Iterator[str]:
    yield f"diff --git a/{name} b/{name}\n"
    if before is None:
        yield "new file mode 100644\n"
    lines = difflib.unified_diff(
        (before or "").splitlines(keepends=True),
        after.splitlines(keepends=True),
        "/dev/null" if before is None else f"a/{name}",
        f"b/{name}",
    )
    for line in lines:
        yield line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n"


def _beside(path: Path, text: str) -> Path:
    """Write a text into a new file beside `path`, with its rights, ready to take its place."""
    path.parent.mkdir(parents=True, exist_ok=True)
    rights = path.stat().st_mode & 0o777 if path.exists() else 0o666 & ~_umask()
    number, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    with os.fdopen(number, "wb") as file:
        file.write(text.encode("utf-8"))
        file.flush()
        os.fsync(file.fileno())
    os.chmod(name, rights)
    return Path(name)


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
