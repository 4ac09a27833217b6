"""`tenin agent` and `tenin desk-link`: the desk's accounts on the command line."""

from __future__ import annotations

import io
import os
import pty
import shutil
import signal
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from sqlalchemy import select

from tenin.cli import main
from tenin.database import make_engine, read_transaction
from tenin.desk import accounts, passwords
from tenin.desk.models import Agent, AuditEntry
from tenin.settings import load_settings
from tenin.start import migrate_all

PROJECT = Path(__file__).parents[3]
PASSWORD = "a lantern for the night"


@dataclass
class Done:
    """How a command ended, and what it printed."""

    returncode: int
    stdout: str
    stderr: str


Run = Callable[..., Done]


@pytest.fixture(scope="module")
def migrated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The two databases, brought up to date once."""
    folder = tmp_path_factory.mktemp("agents")
    migrate_all(load_settings(folder, {}), lambda _: None)
    return folder / "var"


@pytest.fixture
def root(migrated: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with the two databases, in which commands run."""
    shutil.copytree(migrated, tmp_path / "var")
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def tenin(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Iterator[Run]:
    """Run a command in this process: a new one takes seconds where others work beside it."""
    for name in [name for name in os.environ if name.startswith("TENIN_")]:
        monkeypatch.delenv(name)
    before = signal.getsignal(signal.SIGTERM)

    def run(*arguments: str, said: str | bytes = "") -> Done:
        given = said if isinstance(said, bytes) else said.encode()
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(given), encoding="utf-8"))
        try:
            code = main(arguments)
        except SystemExit as end:  # argparse's own: help, and what it can't read
            code = int(end.code or 0)
        said_back = capsys.readouterr()
        return Done(code, said_back.out, said_back.err)

    yield run
    signal.signal(signal.SIGTERM, before)


def environ() -> dict[str, str]:
    kept = {name: text for name, text in os.environ.items() if not name.startswith("TENIN_")}
    return kept | {"PYTHONPATH": str(PROJECT)}


def fault(done: Done) -> str:
    assert done.returncode == 2, done.stdout
    assert done.stderr.startswith("tenin: ")
    assert done.stderr.count("\n") == 1, done.stderr
    assert done.stdout == ""
    return done.stderr


def typed(root: Path, *arguments: str, answers: list[str]) -> tuple[int, str]:
    """Run a command at a terminal and answer what it asks; the exit code and all it showed."""
    pid, terminal = pty.fork()
    if pid == 0:  # pragma: no cover
        os.chdir(root)
        os.execve(sys.executable, [sys.executable, "-m", "tenin", *arguments], environ())
    shown = b""
    for answer in answers:
        asked = shown.count(b": ")
        while shown.count(b": ") == asked:
            shown += os.read(terminal, 1024)
        os.write(terminal, f"{answer}\n".encode())
    try:
        while data := os.read(terminal, 1024):
            shown += data
    except OSError:  # the other end is closed
        pass
    os.close(terminal)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), shown.decode()


def agents(root: Path) -> dict[str, Agent]:
    engine = make_engine(load_settings(root, {}).database.url)
    with read_transaction(engine) as session:
        found = {agent.login: agent for agent in accounts.every(session)}
    engine.dispose()
    return found


def test_the_first_admin_is_made_at_the_terminal(root: Path) -> None:
    assert agents(root) == {}  # there is no account from the start
    new = ("agent", "add", "Mei", "--name", "Mei Lin", "--role", "admin")
    code, shown = typed(root, *new, answers=[PASSWORD, PASSWORD])
    assert code == 0, shown
    assert "mei is an admin" in shown
    assert PASSWORD not in shown
    mei = agents(root)["mei"]
    assert (mei.name, mei.role, mei.active) == ("Mei Lin", "admin", True)
    assert passwords.is_right(mei.password_hash, PASSWORD)
    code, shown = typed(root, "agent", "password", "mei", answers=[PASSWORD, "another lantern"])
    assert code == 2
    assert "the two passwords differ: run the command again" in shown
    assert agents(root)["mei"].password_hash == mei.password_hash


def test_accounts_are_made_listed_and_changed(root: Path, tenin: Run) -> None:
    made = tenin(
        *("agent", "add", "lin", "--name", "Lin 林", "--role", "agent"),
        *("--languages", "ja, en", "--capacity", "5", "--password-stdin"),
        said=f"{PASSWORD}\nwhat comes after it\n",
    )
    assert (made.returncode, made.stdout, made.stderr) == (0, "lin is an agent\n", "")
    lin = agents(root)["lin"]
    assert (lin.languages, lin.skills, lin.capacity) == (["ja", "en"], [], 5)
    assert passwords.is_right(lin.password_hash, PASSWORD)
    new = ("agent", "add", "boss", "--name", "Boss", "--role", "admin", "--no-password")
    assert tenin(*new).stdout == "boss is an admin\n"
    assert agents(root)["boss"].password_hash is None

    changed = tenin("agent", "password", "LIN", "--password-stdin", said="three boots here\n")
    assert changed.returncode == 0, changed.stderr
    assert passwords.is_right(agents(root)["lin"].password_hash, "three boots here")
    assert "is not active any more" in tenin("agent", "deactivate", "lin").stdout
    [head, boss, line] = tenin("agent", "list").stdout.splitlines()
    assert head.split() == [
        *("LOGIN", "NAME", "ROLE", "ACTIVE", "PASSWORD", "SKILLS", "LANGUAGES", "CAPACITY")
    ]
    assert boss.split() == ["boss", "Boss", "admin", "yes", "no", "all", "all", "3"]
    assert line.split() == ["lin", "Lin", "林", "agent", "no", "yes", "all", "ja,en", "5"]
    inactive = fault(tenin("desk-link", "--login", "lin"))
    assert "the account lin is not active" in inactive
    assert tenin("agent", "activate", "lin").stdout == "lin is active again\n"
    assert "/desk/enter?key=" in tenin("desk-link", "--login", "Lin").stdout

    engine = make_engine(load_settings(root, {}).database.url)
    with read_transaction(engine) as session:
        wanted = select(AuditEntry).order_by(AuditEntry.id)
        done = [(row.action, row.subject) for row in session.execute(wanted).scalars()]
    engine.dispose()
    assert done == [
        ("account_made", "lin"),
        ("account_made", "boss"),
        ("password_changed", "lin"),
        ("account_changed", "lin"),
        ("account_changed", "lin"),
        ("link_made", "lin"),
    ]


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (("add", "", "--name", "Mei", "--role", "agent"), "the login is empty: give one"),
        (("add", "mei", "--name", " ", "--role", "agent"), "the name is empty: give the name"),
        (("add", "mei", "--name", "Mei", "--role", "chief"), "choose of agent, lead, trainer,"),
        (
            ("add", "mei", "--name", "Mei", "--role", "agent", "--skills", "a"),
            "there is no skill a",
        ),
        (("add", "mei", "--name", "Mei", "--role", "agent", "--languages", "tlh"), "(en, ja, zh-H"),
        (("add", "mei", "--name", "Mei", "--role", "agent", "--capacity", "many"), "from 1 to 50"),
        (("add", "mei", "--name", "Mei", "--role", "agent"), "with --password-stdin"),
        (("password", "nobody", "--password-stdin"), "there is no account 'nobody': see `tenin ag"),
        (("deactivate", "nobody"), "there is no account 'nobody'"),
    ],
    ids=lambda value: " ".join(value)[:40] if isinstance(value, tuple) else "",
)
def test_what_is_wrong_is_one_line(
    root: Path, tenin: Run, arguments: tuple[str, ...], line: str
) -> None:
    assert line in fault(tenin("agent", *arguments))
    assert agents(root) == {}


def test_a_password_that_is_not_taken_is_one_line(root: Path, tenin: Run) -> None:
    new = ("agent", "add", "mei", "--name", "Mei", "--role", "admin", "--password-stdin")
    assert "fewer than 10 characters: choose a longer one" in fault(tenin(*new, said="short"))
    assert "fewer than 10" in fault(tenin(*new))
    assert "one of the first that are tried" in fault(tenin(*new, said="qwertyuiop\n"))
    assert "write the password in UTF-8" in fault(tenin(*new, said=b"\xff\xfe lanterns here\n"))
    assert agents(root) == {}


def test_the_last_admin_and_a_taken_login_are_one_line(root: Path, tenin: Run) -> None:
    new = ("agent", "add", "mei", "--name", "Mei", "--role", "admin", "--no-password")
    assert tenin(*new).returncode == 0
    assert "mei is the last active admin: make another" in fault(
        tenin("agent", "deactivate", "mei")
    )
    # Before a password is asked for.
    again = ("agent", "add", "MEI", "--name", "Mei", "--role", "admin", "--password-stdin")
    assert "there is an account mei already" in fault(tenin(*again, said=f"{PASSWORD}\n"))


def test_without_databases_the_remedy_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, tenin: Run
) -> None:
    monkeypatch.chdir(tmp_path)
    assert "tenin migrate" in fault(tenin("agent", "list"))


@pytest.mark.parametrize("command", ["", "add", "list", "password", "deactivate", "activate"])
def test_each_has_its_help(tenin: Run, command: str) -> None:
    done = tenin("agent", *command.split(), "--help")
    assert done.returncode == 0
    for expected in {
        "": ("tenin agent add mei", "deactivate", "list"),
        "add": ("LOGIN", "agent, lead, trainer or admin", "--password-stdin", "--capacity"),
        "password": ("LOGIN", "--password-stdin"),
    }.get(command, ("usage: tenin agent",)):
        assert expected in done.stdout


def test_a_link_makes_the_account_of_a_name(root: Path, tenin: Run) -> None:
    for arguments in (("--name", "Kai", "--role", "lead"), ("--name", "Kai"), ()):
        assert "/desk/enter?key=" in tenin("desk-link", *arguments).stdout
    found = {login: (agent.name, agent.role) for login, agent in agents(root).items()}
    assert found == {"kai": ("Kai", "lead"), "demo-agent": ("Demo agent", "admin")}
    assert "no such role" in fault(tenin("desk-link", "--name", "Lin", "--role", "chief"))
    assert "there is no account 'nobody'" in fault(tenin("desk-link", "--login", "nobody"))
