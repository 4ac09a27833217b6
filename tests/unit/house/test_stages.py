"""`make test` runs every test there is, in stages; a stage that fails ends it, and is named."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

from tests.unit.house.tree import PROJECT

SCRIPT = PROJECT / "scripts" / "test.sh"


def test_every_folder_of_tests_has_its_stage() -> None:
    staged = re.findall(r"^stage \w+ tests \d (.+)$", SCRIPT.read_text(encoding="utf-8"), re.M)
    folders = {f"tests/{file.relative_to(PROJECT / 'tests').parts[0]}" for file in _test_files()}
    assert {folder for line in staged for folder in line.split()} == folders


def _test_files() -> list[Path]:
    return list((PROJECT / "tests").rglob("test_*.py"))


def test_a_stage_that_fails_ends_it_and_is_named(tmp_path: Path) -> None:
    """With programs of a made-up project, of which the one for types fails."""
    (tmp_path / "scripts").mkdir()
    shutil.copy(SCRIPT, tmp_path / "scripts" / "test.sh")
    shutil.copy(PROJECT / "Makefile", tmp_path / "Makefile")
    for name in ("scripts/setup.sh", "scripts/system_packages.sh", ".venv/bin/ruff"):
        _program(tmp_path / name, "exit 0")
    _program(tmp_path / ".venv/bin/tenin", "exec sleep 60")  # the training, which is not waited for
    _program(tmp_path / ".venv/bin/mypy", "echo 'wrong type'; exit 1")
    _program(tmp_path / ".venv/bin/pytest", "echo tested")
    ran = subprocess.run(
        ["bash", "scripts/test.sh"], cwd=tmp_path, capture_output=True, text=True, timeout=30
    )
    assert ran.returncode == 1, ran.stderr
    assert "wrong type" in ran.stdout
    assert "tested" not in ran.stdout
    shown = [line.split() for line in ran.stdout.split("== what each stage took\n")[1].splitlines()]
    assert [[line[0], *line[3:]] for line in shown[:-1]] == [
        ["setup"],
        ["lint"],
        ["types", "FAILED"],
    ]


def test_what_one_process_compiles_the_next_ones_take(tmp_path: Path) -> None:
    (tmp_path / "scripts").mkdir()
    shutil.copy(SCRIPT, tmp_path / "scripts" / "test.sh")
    shutil.copy(PROJECT / "Makefile", tmp_path / "Makefile")
    (tmp_path / "module.py").write_text("", encoding="ascii")
    for name in ("scripts/setup.sh", "scripts/system_packages.sh", ".venv/bin/tenin"):
        _program(tmp_path / name, "exit 0")
    _program(tmp_path / ".venv/bin/ruff", f"{sys.executable} -c 'import module' && exit 1")
    subprocess.run(
        ["bash", "scripts/test.sh"],
        cwd=tmp_path,
        env=os.environ | {"PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        timeout=30,
    )
    [compiled] = tmp_path.rglob("module.*.pyc")
    assert compiled.is_relative_to(tmp_path / "var/cache/bytecode")


def _program(file: Path, text: str) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(f"#!/usr/bin/env bash\n{text}\n", encoding="ascii")
    file.chmod(0o755)
