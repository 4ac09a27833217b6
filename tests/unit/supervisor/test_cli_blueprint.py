"""`tenin blueprint check` and `draw`, as they are run."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.unit.journey.small_project import SmallProject
from tests.unit.supervisor.test_cli import fault, tenin


@pytest.fixture
def project(tmp_path: Path) -> SmallProject:
    (tmp_path / "config.yml").write_text("{}")
    return SmallProject(tmp_path)


def test_check_says_that_all_is_well(project: SmallProject) -> None:
    project.write()
    done = tenin(project.root, "blueprint", "check")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == "The blueprints are as the bot is.\n"


def test_check_lists_all_findings_and_fails(project: SmallProject) -> None:
    project.blueprint["persona"] = "bob"
    project.steps[0]["frontstage"]["intent"] = "x"
    project.traced.clear()
    project.write()
    done = tenin(project.root, "blueprint", "check")
    assert done.returncode == 1
    *findings, count = done.stdout.splitlines()
    codes = sorted(line.split()[1] for line in findings)
    assert codes == ["B003", "B004", "B011", "B013", "B020"]
    assert count == "findings: 5"
    assert "blueprints/journey.yml:4: B003 " in done.stdout
    without = tenin(project.root, "blueprint", "check", "--without-traces")
    assert without.returncode == 1
    assert "B013" not in without.stdout


def test_draw_writes_a_file_for_each_language(project: SmallProject) -> None:
    project.write()
    (project.root / "data/responses/all.yml").write_text(
        "responses: {utter_doubt: [{text: Yes, condition: "
        "[{type: slot, name: language, value: en}]}]}"
    )
    (project.root / "policy.yml").write_text("returns: {days: 30}")
    done = tenin(project.root, "blueprint", "draw", "journey", "--out", "drawn")
    assert (done.returncode, done.stderr) == (0, "")
    files = sorted(path.name for path in (project.root / "drawn").iterdir())
    assert files == ["journey.en.svg", "journey.ja.svg"]
    assert done.stdout.split() == [f"drawn/{name}" for name in files]
    for arguments in (("nothing",), ("--language", "tlh")):
        line = fault(tenin(project.root, "blueprint", "draw", *arguments))
        assert "no blueprint 'nothing'" in line or "no language 'tlh'" in line
