"""What must not be in the project's files: a machine's paths, addresses of package registries."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.unit.house.tree import PROJECT, name_of, tracked_files

LOCKS = sorted((PROJECT / "requirements").glob("*.txt"))
# Where somebody works, on Linux, macOS and Windows.
HOME = re.compile(r"(?<![\w.])/(?:home|root|Users|work|workspace|mnt|media)/(?=[\w.])|\b[A-Z]:\\\w")
PINNED = re.compile(r"[a-zA-Z0-9][\w.-]*(?:\[[\w,-]+\])?==[^\s;]+")
HASH = re.compile(r"--hash=sha256:[0-9a-f]{64}")
ADDRESS = re.compile(r"https?:|git\+|ssh:|file:|--(?:extra-)?index-url|--find-links|\s@\s")


def readable(path: Path) -> str:
    """A file's text; empty if it is none."""
    try:
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        return ""


def test_no_path_of_a_machine() -> None:
    found = [
        f"{name_of(path)}:{number}: {line.strip()}"
        for path in tracked_files()
        for number, line in enumerate(readable(path).splitlines(), 1)
        if HOME.search(line)
    ]
    assert found == []


@pytest.mark.parametrize(
    ("text", "is_one"),
    [
        (f"open('/{'home'}/mei/tenin/var')", True),  # written so that this line is none
        (f"see /{'Users'}/mei", True),
        (f"{'C'}:\\tenin", True),
        ("/usr/lib/postgresql", False),
        ("the way home/work", False),
        ("https://example.com/home/page", False),
        ("href=/work", False),
    ],
)
def test_what_a_path_of_a_machine_is(text: str, is_one: bool) -> None:
    assert bool(HOME.search(text)) is is_one


@pytest.mark.parametrize("lock", LOCKS, ids=name_of)
def test_a_lock_pins_and_hashes_everything_and_names_no_address(lock: Path) -> None:
    text = lock.read_text(encoding="utf-8")
    assert not ADDRESS.search(text)
    lines = re.sub(r"\\\n", " ", text).splitlines()
    entries = [line for line in lines if line.strip() and not line.lstrip().startswith("#")]
    assert entries
    for entry in entries:
        assert PINNED.match(entry), entry[:80]
        assert HASH.search(entry), entry[:80]


def test_every_set_of_requirements_has_its_lock() -> None:
    wished = {path.stem for path in (PROJECT / "requirements").glob("*.in")} - {"overrides"}
    assert wished == {path.stem for path in LOCKS}
