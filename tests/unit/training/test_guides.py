"""The documentation shows commands and options that exist: each is read by the real parser."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import pytest

from tenin.cli import make_parser
from tests.dialogues.test_dialogues import held_dialogues
from tests.unit.house.tree import PROJECT

DOCS = sorted([*PROJECT.glob("*.md"), *(PROJECT / "docs").rglob("*.md")])
COMMAND = re.compile(r"^\s*(?:\.venv/bin/|\$ )?tenin (.*)$")
FENCE = re.compile(r"^\s*```")


def commands(path: Path) -> Iterator[tuple[int, str]]:
    """Line and words of each `tenin …` in the code blocks of a page."""
    inside = False
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        if FENCE.match(line):
            inside = not inside
        elif inside and (found := COMMAND.match(line)):
            yield number, found[1]


@pytest.mark.parametrize(
    "path", [path for path in DOCS if any(commands(path))], ids=lambda path: path.name
)
def test_every_command_that_is_shown_exists(path: Path) -> None:
    for number, line in commands(path):
        shown = line.split("  #")[0]
        if " | " in shown:  # several of one kind: agent list | password LOGIN | …
            first = shown.split(" | ")
            group = first[0].split()[0]
            lines = [first[0], *(f"{group} {each}" for each in first[1:])]
        else:
            lines = [shown]
        for each in lines:
            try:
                given = make_parser().parse_args(shlex.split(each))
            except SystemExit:
                pytest.fail(f"{path.name}:{number}: `tenin {each}` is no command")
            assert given.command is not None, each


def test_the_guides_show_commands() -> None:
    shown = {line.split()[0] for path in DOCS for _, line in commands(path)}
    assert shown >= {"add", "agent", "train"}


@pytest.mark.parametrize("path", DOCS, ids=lambda path: path.relative_to(PROJECT).as_posix())
def test_links_within_the_documentation_lead_somewhere(path: Path) -> None:
    for link in re.findall(r"\]\(([^)#:\s]+)(?:#[^)]*)?\)", path.read_text(encoding="utf-8")):
        assert (path.parent / link).exists(), link


def test_dialogues_are_chosen_by_their_need_as_the_guide_has_it() -> None:
    guide = (PROJECT / "docs/trainers/add-an-intent.md").read_text(encoding="utf-8")
    assert ".venv/bin/pytest tests/dialogues -k gift_card\n" in guide  # the file's name
    ids = {
        str(held.id): Path(held.values[0])  # type: ignore[arg-type]
        for held in held_dialogues()
    }
    assert len(ids) == len(held_dialogues())  # none hides another
    assert all(file.stem in name for name, file in ids.items())
