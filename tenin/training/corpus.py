"""The sentences of the project: training examples in data/nlu, held-out ones in tests/nlu."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tenin.language.yamlfile import Lines, read_yaml

TRAINED = "data/nlu"
HELD_OUT = "tests/nlu"
# Where a block of examples begins, as it is usually written.
_EXAMPLES = re.compile(r"^[ ]*(?:- )?(examples): *\|[0-9+-]*[ ]*$", re.MULTILINE)


@dataclass(frozen=True)
class Sentence:
    """One example: its need in full (`faq/returns_policy`), its words, where it stands."""

    text: str
    need: str
    language: str  # the folder's name, as in languages.yml
    file: Path
    line: int  # from 1

    @property
    def folded(self) -> str:
        """The words, without what makes no difference to who says them."""
        return folded(self.text)


def folded(text: str) -> str:
    """Give a sentence in Unicode NFKC, case folded, without space around it."""
    return unicodedata.normalize("NFKC", text).casefold().strip()


def read_sentences(root: Path, folder: str, language: str | None = None) -> list[Sentence]:
    """Give all sentences below a folder of the project, in the order of files and lines.

    Args:
        root: of the project.
        folder: TRAINED or HELD_OUT.
        language: one of its languages alone.

    Raises:
        YAMLFileError: for a file that isn't YAML; OSError for one that can't be read.
    """
    below = root / folder / language if language else root / folder
    return [
        each
        for file in sorted(below.rglob("*.yml"))
        for each in read_file(file, file.relative_to(root / folder).parts[0])
    ]


def read_file(file: Path, language: str) -> Iterator[Sentence]:
    """Give the sentences of one NLU file; entries without an intent or examples have none."""
    entries = (read_yaml(file) or {}).get("nlu") or []
    firsts = _firsts(file, entries)
    for at, entry in enumerate(entries):
        if not isinstance(entry, dict) or not isinstance(entry.get("examples"), str):
            continue
        if "intent" not in entry:
            continue
        first = firsts[at]
        for below, line in enumerate(entry["examples"].splitlines()):
            if line.startswith("- "):
                yield Sentence(line[2:].strip(), entry["intent"], language, file, first + below)


def _firsts(file: Path, entries: Sequence[Any]) -> Mapping[int, int]:
    """Give for each entry the line on which its block of examples begins, after its key."""
    with_examples = [
        at
        for at, entry in enumerate(entries)
        if isinstance(entry, dict) and isinstance(entry.get("examples"), str)
    ]
    text = file.read_text(encoding="utf-8")
    found = [text.count("\n", 0, each.start(1)) + 2 for each in _EXAMPLES.finditer(text)]
    written = text.splitlines()
    if len(found) != len(with_examples) or not all(
        _stands_at(entries[at]["examples"], written, first)
        for at, first in zip(with_examples, found, strict=True)
    ):  # written in another way than usual: look closely
        lines = Lines(file)
        found = [lines.of(["nlu", at, "examples"]) + 1 for at in with_examples]
    return dict(zip(with_examples, found, strict=True))


def _stands_at(examples: str, written: Sequence[str], first: int) -> bool:
    said = examples.splitlines()
    there = written[first - 1 : first - 1 + len(said)]
    return [each.strip() for each in said] == [each.strip() for each in there]
