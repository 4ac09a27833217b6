"""The command `tenin check`: what it prints, how it ends, how long it takes."""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
from pathlib import Path

import pytest

from tenin.training.check.findings import Finding
from tenin.training.check.output import as_json, for_ci, for_people
from tests.unit.training.check import small

PROJECT = Path(__file__).parents[4]
# On a machine that does nothing else it is 4; here others may run at the same time.
MOST_SECONDS = 20
FINDINGS = [
    Finding("a.yml", 3, "T002", "x", "A tab is there.", "Write spaces."),
    Finding("a.yml", 7, "T201", "y", "Two: 100 %, both.\nReally.", "Keep one."),
    Finding("b,c.yml", 1, "T002", "z", "A tab is there.", "Write spaces."),
]


def tenin(root: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the command in a project's folder."""
    environment = {**os.environ, "TENIN_ROOT": str(root), "PYTHONPATH": str(PROJECT)}
    return subprocess.run(
        [sys.executable, "-m", "tenin", "check", *arguments],
        cwd=root,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture
def spoilt(tmp_path: Path) -> Path:
    """A project with two findings, in two files."""
    files = small.files()
    greet, menus = "data/nlu/en/greet.yml", "menus.yml"
    files[greet] = files[greet].replace("examples: |", "examples：|")
    files[menus] = files[menus].replace('back: {en: "Back", ', "back: {")
    return small.write(tmp_path, files)


def test_for_people_findings_stand_below_their_file() -> None:
    lines = list(for_people(FINDINGS))
    assert lines[0] == "a.yml"
    assert lines[1].split() == ["3", "T002", *["A", "tab", "is", "there."]]
    assert lines[2].strip() == "Write spaces."
    assert "b,c.yml" in lines
    assert lines[-1].startswith("3 findings in 2 files (T002 2, T201 1).")
    assert list(for_people([])) == ["Nothing found."]
    assert list(for_people(FINDINGS[:1]))[-1].startswith("1 finding in 1 file ")


def test_as_json_there_is_all_of_it() -> None:
    read = json.loads(as_json(FINDINGS))
    assert read["count"] == 3
    assert read["findings"][0] == {
        "file": "a.yml",
        "line": 3,
        "code": "T002",
        "words": "x",
        "message": "A tab is there.",
        "remedy": "Write spaces.",
    }


def test_for_ci_each_is_one_line_with_its_place() -> None:
    lines = list(for_ci(FINDINGS))
    assert lines[0] == "::error file=a.yml,line=3,title=T002::A tab is there. Write spaces."
    assert "Two: 100 %25, both.%0AReally. Keep one." in lines[1]
    assert "file=b%2Cc.yml,line=1" in lines[2]


def test_findings_end_with_one(spoilt: Path) -> None:
    done = tenin(spoilt)
    assert (done.returncode, done.stderr) == (1, "")
    assert "2 findings in 2 files (T008 1, T404 1)." in done.stdout


def test_files_and_folders_limit_what_is_told(spoilt: Path) -> None:
    for given in ("menus.yml", str(spoilt / "menus.yml")):
        read = json.loads(tenin(spoilt, "--json", given).stdout)
        assert [finding["code"] for finding in read["findings"]] == ["T404"]
    done = tenin(spoilt, "--ci", "data/nlu")
    assert done.stdout.startswith("::error file=data/nlu/en/greet.yml,line=4,title=T008::")
    assert tenin(spoilt, "desk.yml").returncode == 0


def test_what_is_no_file_of_the_project_is_told(spoilt: Path, tmp_path: Path) -> None:
    done = tenin(spoilt, "nothing.yml")
    assert done.returncode == 2
    assert "nothing.yml is no file of the project" in done.stderr
    empty = tmp_path / "empty"
    empty.mkdir()
    done = tenin(empty)
    assert (done.returncode, done.stderr.count("\n")) == (2, 1)
    assert "domain.yml" in done.stderr


def test_settings_that_cannot_be_read_are_a_finding(tmp_path: Path) -> None:
    root = small.write(tmp_path, small.files() | {"tenin.yml": "web:\n\tport: 1\n"})
    done = tenin(root)
    assert (done.returncode, done.stderr) == (1, "")
    assert "T002" in done.stdout


def test_the_whole_project_takes_seconds() -> None:
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = tenin(PROJECT)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    assert (done.returncode, done.stdout) == (0, "Nothing found.\n")
    assert after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime < MOST_SECONDS
