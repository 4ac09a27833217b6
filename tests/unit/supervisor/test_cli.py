"""The command `tenin`: what it prints, and that a known fault is one line and exit code 2."""

import fcntl
import os
import socket
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

PROJECT = Path(__file__).parents[3]


def tenin(root: Path, *arguments: str, **environ: str) -> subprocess.CompletedProcess[str]:
    inherited = {name: text for name, text in os.environ.items() if not name.startswith("TENIN_")}
    return subprocess.run(
        [sys.executable, "-m", "tenin", *arguments],
        cwd=root,
        env=inherited | {"PYTHONPATH": str(PROJECT)} | environ,
        capture_output=True,
        text=True,
        timeout=60,
    )


def fault(done: subprocess.CompletedProcess[str]) -> str:
    assert done.returncode == 2
    assert done.stderr.startswith("tenin: ")
    assert done.stderr.count("\n") == 1, done.stderr
    return done.stderr


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """As much of a project as `tenin run` wants to see before it looks at ports."""
    for name in ("config.yml", "domain.yml"):
        (tmp_path / name).write_text("{}")
    return tmp_path


def free_ports(count: int) -> list[int]:
    probes = [socket.socket() for _ in range(count)]
    for probe in probes:
        probe.bind(("127.0.0.1", 0))
    ports = [probe.getsockname()[1] for probe in probes]
    for probe in probes:
        probe.close()
    return ports


@pytest.mark.parametrize("arguments", [("--help",), ()])
def test_help_names_every_command(tmp_path: Path, arguments: tuple[str, ...]) -> None:
    done = tenin(tmp_path, *arguments)
    assert done.returncode == 0
    for command in ("run", "train", "migrate", "desk-link", "agent", "blueprint", "settings"):
        assert f"  {command} " in done.stdout


def test_the_commands_do_not_import_rasa(tmp_path: Path) -> None:
    code = "import sys, tenin.cli, tenin.start, tenin.model; "
    code += "assert not {'rasa', 'rasa_sdk', 'tensorflow'} & set(sys.modules)"
    environ = os.environ | {"PYTHONPATH": str(PROJECT)}
    subprocess.run([sys.executable, "-c", code], cwd=tmp_path, env=environ, check=True)


def test_settings_are_shown_and_secrets_are_not(tmp_path: Path) -> None:
    done = tenin(
        tmp_path,
        "settings",
        TENIN_WEB_PORT="9123",
        TENIN_SECRET="hidden" * 8,
        TENIN_DATABASE_URL="postgresql://me:hidden@db/x",
    )
    assert done.returncode == 0
    assert "port: 9123" in done.stdout
    assert "hidden" not in done.stdout


def test_a_wrong_setting_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "tenin.yml").write_text("web:\n  port: many\n")
    assert "tenin.yml: web.port: " in fault(tenin(tmp_path, "settings"))


@pytest.mark.parametrize("command", ["run", "train"])
def test_another_folder_is_one_line(tmp_path: Path, command: str) -> None:
    assert "has no config.yml: change to the folder of the project" in fault(
        tenin(tmp_path, command)
    )


def test_a_port_in_use_is_one_line(project: Path) -> None:
    web, bot, actions = free_ports(3)
    ports = {"TENIN_WEB_PORT": f"{web}", "TENIN_BOT_PORT": f"{bot}"}
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", actions))
        taken.listen()
        line = fault(tenin(project, "run", TENIN_ACTIONS_PORT=f"{actions}", **ports))
    assert f"port {actions} is in use by " in line
    assert f"(process {os.getpid()})" in line
    assert "by actions.port in tenin.yml or by TENIN_ACTIONS_PORT" in line


def test_an_address_of_another_machine_is_one_line(project: Path) -> None:
    line = fault(tenin(project, "run", TENIN_WEB_HOST="192.0.2.1"))
    assert "port 8080 of 192.0.2.1 can't be listened on" in line
    assert "change web.host or web.port in tenin.yml" in line


def test_a_second_run_in_one_folder_is_one_line(project: Path) -> None:
    file = project / "var/run/tenin.pid"
    file.parent.mkdir(parents=True)
    with file.open("w") as held:
        held.write("4711\n")
        held.flush()
        fcntl.flock(held, fcntl.LOCK_EX)
        assert "Tenin runs here already (process 4711)" in fault(tenin(project, "run"))


def test_databases_are_made_once_and_a_newer_one_is_one_line(project: Path) -> None:
    made = tenin(project, "migrate")
    assert made.returncode == 0, made.stderr
    assert made.stdout.count("was brought up to date") == 2
    again = tenin(project, "migrate")
    assert again.stdout.count("is ready") == 2

    with sqlite3.connect(project / "var/tenin.db") as connection:
        connection.execute("UPDATE tenin_version SET version_num = 'of the future'")
    connection.close()
    assert "tenin.db: this database was written by a newer Tenin" in fault(
        tenin(project, "migrate")
    )
    assert "newer Tenin" in fault(tenin(project, "desk-link"))


def test_a_file_that_is_no_database_is_one_line(project: Path) -> None:
    (project / "var").mkdir()
    (project / "var/shop.db").write_text("not a database, but long enough to look at" * 10)
    assert "shop.db: the database can't be used" in fault(tenin(project, "migrate"))


def test_a_desk_link_is_printed(project: Path) -> None:
    assert "tenin migrate" in fault(tenin(project, "desk-link"))
    tenin(project, "migrate")
    links = [tenin(project, "desk-link", *name).stdout for name in ((), ("--name", "Mei"))]
    for link in links:
        assert link.startswith("http://127.0.0.1:8080/desk/enter?key=")
    assert links[0] != links[1]


def test_a_reader_that_goes_away_is_no_fault(tmp_path: Path) -> None:
    code = f"{sys.executable} -m tenin settings | head -1; exit ${{PIPESTATUS[0]}}"
    environ = os.environ | {"PYTHONPATH": str(PROJECT)}
    done = subprocess.run(
        ["bash", "-c", code], cwd=tmp_path, env=environ, capture_output=True, text=True
    )
    assert (done.returncode, done.stderr) == (0, "")
