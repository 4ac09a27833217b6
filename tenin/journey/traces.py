"""Traces: what the running bot did in each turn of a test that passed, kept in var/traces.

The dialogue and fault tests write them, from the tracker events and lines that the bot itself
committed; `check` reads them. A trace is worth something only while the test and the bot are those
it was made with: both are kept in it as a fingerprint. One file for each test, a line for each
turn, after a first line that says whose it is.
"""

from __future__ import annotations

import hashlib
import json
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from tenin.journey.model import NamedTest

FOLDER = "var/traces"
# What decides how the bot answers. Wording and examples count: a passing test may fail after them.
BOT_FILES = ("config.yml", "domain.yml", "languages.yml", "menus.yml", "policy.yml")
BOT_FOLDERS = (("data", "*.yml"), ("actions", "*.py"))


@dataclass(frozen=True)
class Turn:
    """One turn as it happened: what was understood, done, and said, by its names in the bot."""

    intent: str | None
    forms: tuple[str, ...]
    actions: tuple[str, ...]
    responses: tuple[str, ...]
    authors: tuple[str, ...]  # who spoke to the customer: bot, system, agent


@dataclass(frozen=True)
class Trace:
    """The turns of one test, and whether test and bot are still what they were then."""

    test: NamedTest
    turns: tuple[Turn, ...]
    fresh: bool


def bot_fingerprint(root: Path) -> str:
    """Return a hash of everything that decides what the bot answers."""
    files = [root / name for name in BOT_FILES if (root / name).is_file()]
    for folder, pattern in BOT_FOLDERS:
        files += sorted((root / folder).rglob(pattern))
    return _hash(root, files)


def source_fingerprint(root: Path, test: NamedTest) -> str:
    """Return a hash of the file that a test stands in."""
    return _hash(root, [root / test.file])


def forget(root: Path, test: NamedTest) -> None:
    """Remove the trace of a test that is about to run: one that fails leaves none behind."""
    _file(root, test).unlink(missing_ok=True)


def write(root: Path, test: NamedTest, turns: Sequence[Turn]) -> None:
    """Keep the trace of a test that has passed."""
    head = {
        **asdict(test),
        "bot": bot_fingerprint(root),
        "test": source_fingerprint(root, test),
    }
    lines = [json.dumps(each, ensure_ascii=False) for each in (head, *map(asdict, turns))]
    file = _file(root, test)
    file.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(
        "w", encoding="utf-8", dir=file.parent, suffix=".part", delete=False
    ) as part:
        part.write("\n".join(lines) + "\n")
    Path(part.name).replace(file)


def read_all(root: Path) -> dict[NamedTest, Trace]:
    """Return every trace there is, by its test; an unreadable file is none."""
    return {trace.test: trace for trace in _read(root)}


def _read(root: Path) -> Iterator[Trace]:
    bot = bot_fingerprint(root)
    for file in sorted((root / FOLDER).glob("*.jsonl")):
        try:
            head, *turns = map(json.loads, file.read_text(encoding="utf-8").splitlines())
            test = NamedTest(head["file"], head["name"])
            fresh = head["bot"] == bot and head["test"] == source_fingerprint(root, test)
            found = tuple(
                Turn(
                    intent=turn["intent"],
                    **{
                        key: tuple(turn[key])
                        for key in ("forms", "actions", "responses", "authors")
                    },
                )
                for turn in turns
            )
        except (ValueError, KeyError, TypeError):
            continue
        yield Trace(test, found, fresh)


def _file(root: Path, test: NamedTest) -> Path:
    name = hashlib.sha256(f"{test.file}\0{test.name}".encode()).hexdigest()[:16]
    return root / FOLDER / f"{name}.jsonl"


def _hash(root: Path, files: Sequence[Path]) -> str:
    digest = hashlib.sha256()
    for file in files:
        content = file.read_bytes() if file.is_file() else b""
        digest.update(f"{file.relative_to(root).as_posix()}\0{len(content)}\0".encode() + content)
    return digest.hexdigest()[:16]
