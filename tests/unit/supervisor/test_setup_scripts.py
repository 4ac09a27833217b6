"""What a newcomer's machine may lack, and an environment that is not whole."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

PROJECT = Path(__file__).parents[3]
TOOLS = ("bash", "cat", "dirname", "env", "flock", "mkdir", "rm", "sha256sum")


def copy_of_project(folder: Path) -> None:
    for name in ("scripts", "requirements"):
        shutil.copytree(PROJECT / name, folder / name)
    shutil.copy(PROJECT / "pyproject.toml", folder)


def set_up(folder: Path, tools: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(folder / "scripts/setup.sh"), "run"],
        env={"PATH": str(tools), "HOME": str(folder)},
        capture_output=True,
        text=True,
    )


@pytest.fixture
def tools(tmp_path: Path) -> Path:
    """A PATH with the tools of any machine, and neither Python nor uv."""
    folder = tmp_path / "tools"
    folder.mkdir()
    for name in TOOLS:
        found = shutil.which(name)
        if found:
            (folder / name).symlink_to(found)
    copy_of_project(tmp_path)
    return folder


def put_program(tools: Path, name: str, text: str) -> None:
    (tools / name).write_text(f"#!/bin/sh\n{text}\n")
    (tools / name).chmod(0o755)


def test_without_python_and_uv_there_is_one_line(tmp_path: Path, tools: Path) -> None:
    put_program(tools, "python3", "exit 1")  # some other Python: the version check fails
    put_program(tools, "python3.10", "echo pyenv: python3.10: command not found >&2; exit 127")
    done = set_up(tmp_path, tools)
    assert done.returncode == 2
    assert done.stdout == ""
    assert re.fullmatch(r"setup: Python 3\.10 is needed, or uv.*then try again\n", done.stderr)
    assert not (tmp_path / ".venv").exists()


def test_a_python_without_venv_is_one_line(tmp_path: Path, tools: Path) -> None:
    put_program(tools, "python3.10", 'case "$2" in *venv*) exit 1;; esac')
    done = set_up(tmp_path, tools)
    assert done.returncode == 2
    assert done.stderr.startswith("setup: python3.10 has no venv module: install it")
    assert done.stderr.count("\n") == 1


def test_a_uv_that_can_not_bring_python_is_one_line(tmp_path: Path, tools: Path) -> None:
    version = '[ "$1" = --version ] && { echo uv 0; exit; }'
    put_program(tools, "uv", f'{version}; printf "error: x\\n  cause: no way\\n" >&2; exit 2')
    done = set_up(tmp_path, tools)
    assert done.returncode == 2
    assert "could not bring one (no way)" in done.stderr.splitlines()[-1]


def test_a_missing_file_is_noticed(tmp_path: Path) -> None:
    check = PROJECT / "scripts/check_venv.py"
    venv = tmp_path / "venv"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(venv)], check=True)
    python = venv / "bin/python"

    def missing() -> str:
        done = subprocess.run([str(python), str(check)], capture_output=True, text=True)
        assert (done.returncode == 0) == (done.stdout == "")
        return done.stdout

    assert missing() == "missing: tenin\nmissing: tenin_quiet_rasa.pth\n"
    site = next(venv.glob("lib/python*/site-packages"))
    (venv / "bin/tenin").touch()
    (site / "tenin_quiet_rasa.pth").touch()
    assert missing() == ""
    (site / "thing").mkdir()
    (site / "thing/__init__.py").touch()
    info = site / "thing-1.dist-info"
    info.mkdir()
    (info / "RECORD").write_text("thing/__init__.py,,0\nthing/__pycache__/a.pyc,,\n")
    assert missing() == ""
    (site / "thing/__init__.py").unlink()
    assert missing() == "missing: thing/__init__.py\n"
    (info / "RECORD").unlink()
    assert missing() == "missing: thing-1.dist-info/RECORD\n"


def test_the_check_refuses_an_interpreter_that_is_no_environment(tmp_path: Path) -> None:
    base = Path(sys.base_prefix, "bin", "python3.10")
    check = PROJECT / "scripts/check_venv.py"
    done = subprocess.run([str(base), str(check)], capture_output=True, text=True)
    assert done.returncode == 1
    assert "is not a virtual environment" in done.stdout


def test_what_tests_need_holds_what_tenin_runs_on() -> None:
    pins = {
        name: set(re.findall(r"^([^ #\n]+==[^ \n]+)", text, flags=re.MULTILINE))
        for name in ("run", "test")
        for text in [(PROJECT / f"requirements/{name}.txt").read_text()]
    }
    assert len(pins["run"]) > 100
    assert pins["run"] <= pins["test"]


def test_system_packages_are_named_where_they_can_not_be_had(tmp_path: Path, tools: Path) -> None:
    for name in ("id", "find", "grep"):
        (tools / name).symlink_to(str(shutil.which(name)))
    (tools / "id").unlink()
    put_program(tools, "id", "echo 1000")  # no root, and no sudo on this PATH
    done = subprocess.run(
        [str(tmp_path / "scripts/system_packages.sh")],
        env={"PATH": str(tools), "HOME": str(tmp_path)},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0
    assert "MISSING    chromium, and no right to install it" in done.stderr
    assert "`apt-get install chromium` as root" in done.stderr
