"""Another model at work while all runs: second pair, drain, back; what fails changes nothing."""

from __future__ import annotations

import fcntl
import hashlib
import os
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tenin import model, model_card, processes, release, releasing
from tenin.model import ModelError
from tenin.releasing import ReleaseError

PROJECT = Path(__file__).parents[3]
KEEP_MODELS = Path(__file__).with_name("keep_models.py")
PATIENCE = 120.0


def wait_until(true: Callable[[], bool], what: str) -> None:
    deadline = time.monotonic() + PATIENCE
    while not true():
        assert time.monotonic() < deadline, f"waited in vain until {what}"
        time.sleep(0.05)


def put(root: Path, name: str, content: str) -> Path:
    """A model as far as the release looks at it."""
    path = root / f"models/tenin-{name}.tar.gz"
    path.parent.mkdir(exist_ok=True)
    path.write_text(content)
    checksum = hashlib.sha256(content.encode()).hexdigest()
    path.with_name(path.name + ".sha256").write_text(f"{checksum}  {path.name}\n")
    code = model._hash(root, model.CODE)
    model_card.write(model_card.make(root, name, code), model_card.card_file(path))
    return path


class Running:
    """A supervisor of a small bot, holding the project as `tenin run` does."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.current = put(root, model.model_path(root).name[6:-7], "first")
        self.ports = processes.free_ports("127.0.0.1", 2)
        self.output = root / "output"
        (root / "var/run").mkdir(parents=True)
        self.lock = (root / release.PID_FILE).open("w")
        fcntl.flock(self.lock, fcntl.LOCK_EX)
        with self.output.open("wb") as output:
            self.process = subprocess.Popen(
                [
                    sys.executable,
                    str(KEEP_MODELS),
                    str(root),
                    *map(str, self.ports),
                    self.current.name,
                ],
                stdout=output,
                stderr=subprocess.STDOUT,
                env=os.environ | {"PYTHONPATH": str(PROJECT)},
            )
        wait_until(lambda: "OPEN" in self.said(), "it is open")

    def said(self) -> str:
        return self.output.read_text()

    def seen(self) -> list[tuple[str, str, bool]]:
        """What happened to the bots: what, with which model, on the project's port."""
        lines = (self.root / "var/seen").read_text().splitlines()
        split = [line.split() for line in lines]
        return [(what, named, int(port) == self.ports[0]) for what, named, port in split]

    def serves(self) -> str:
        with urllib.request.urlopen(f"http://127.0.0.1:{self.ports[0]}/", timeout=10) as answer:
            return str(answer.read().decode())

    def stop(self) -> None:
        self.process.send_signal(signal.SIGINT)
        self.process.wait(30)
        self.lock.close()


@pytest.fixture
def running(tmp_path: Path) -> Iterator[Running]:
    (tmp_path / "config.yml").write_text("language: en\n")
    (tmp_path / "tenin/bot").mkdir(parents=True)
    (tmp_path / "tenin/bot/code.py").write_text("A = 1\n")
    started = Running(tmp_path)
    yield started
    if started.process.poll() is None:
        started.stop()


def test_the_first_goes_on_until_the_second_serves_and_nobody_is_left(running: Running) -> None:
    told: list[str] = []
    new = put(running.root, "new", "second")
    release.release(running.root, new, told.append)
    assert told == [
        f"{new.name} is to replace {running.current.name}",
        f"{new.name} is at work",
    ]
    assert running.seen() == [
        ("serves", "first", True),
        ("serves", "second", False),  # before the first is drained
        ("draining", "first", True),
        ("drained", "first", True),  # before it is stopped
        ("serves", "second", True),
        ("draining", "second", False),
        ("drained", "second", False),
    ]
    assert running.serves() == "second"
    assert {file.name for file in (running.root / "var/run").glob("*.pid")} == {
        "bot.pid",
        "actions.pid",
        "tenin.pid",
    }
    assert release.at_work(running.root) == new
    # And back.
    assert release.before(running.root) == running.current
    release.release(running.root, release.before(running.root), told.append)
    assert running.serves() == "first"
    assert release.at_work(running.root) == running.current
    assert release.before(running.root) == new
    running.stop()
    assert not list((running.root / "var/run").glob("bot*.pid"))


def test_a_bot_that_dies_after_a_release_starts_with_the_new_model(running: Running) -> None:
    release.release(running.root, put(running.root, "new", "second"), lambda _line: None)
    pid = int((running.root / "var/run/bot.pid").read_text())
    os.kill(pid, signal.SIGKILL)
    wait_until(lambda: running.seen().count(("serves", "second", True)) == 2, "it is back")


def test_a_model_that_does_not_load_leaves_the_one_before(running: Running) -> None:
    broken = put(running.root, "broken", "broken")
    with pytest.raises(ReleaseError) as caught:
        release.release(running.root, broken, lambda _line: None)
    told = str(caught.value)
    assert told.startswith("bot-2 ended while it started (this model can't be loaded): the model")
    assert "\n" not in told
    assert "goes on serving; see " in told
    assert running.seen() == [("serves", "first", True)]
    assert running.serves() == "first"
    assert release.at_work(running.root) == running.current
    # Nothing is left in the way of the next.
    release.release(running.root, put(running.root, "new", "second"), lambda _line: None)
    assert running.serves() == "second"


def test_damaged_and_foreign_models_are_refused_before_anything_starts(running: Running) -> None:
    damaged = put(running.root, "damaged", "second")
    damaged.write_text("secon")
    with pytest.raises(ModelError, match="is damaged"):
        release.release(running.root, damaged, lambda _line: None)
    foreign = put(running.root, "foreign", "second")
    card = model_card.read(foreign)
    model_card.write(
        model_card.Card(**{**vars(card), "code": "0", "version": "9.0"}),
        model_card.card_file(foreign),
    )
    with pytest.raises(ModelError, match=r"other code \(Tenin 9.0"):
        release.release(running.root, foreign, lambda _line: None)
    with pytest.raises(ReleaseError, match="nothing to go back to"):
        release.before(running.root)
    assert running.seen() == [("serves", "first", True)]
    assert not (running.root / releasing.REQUEST).exists()


@pytest.mark.parametrize("written", ["", "{", "[]", '{"id": 3}', '{"id": "x"}'])
def test_a_request_that_is_none_is_thrown_away(running: Running, written: str) -> None:
    file = running.root / releasing.REQUEST
    file.write_text(written)
    wait_until(lambda: not file.exists(), "it was taken")
    release.release(running.root, put(running.root, "new", "second"), lambda _line: None)
    assert running.serves() == "second"


def test_other_files_end_a_way_back(running: Running) -> None:
    new = put(running.root, "new", "second")
    release.release(running.root, new, lambda _line: None)
    (running.root / "config.yml").write_text("language: ja\n")
    assert release.at_work(running.root) == model.model_path(running.root)


def test_stopped_in_the_middle_it_says_so_and_leaves_nothing(running: Running) -> None:
    new = put(running.root, "new", "second")

    def say(_line: str) -> None:
        running.stop()

    with pytest.raises(ReleaseError, match="was stopped meanwhile"):
        release.release(running.root, new, say)
    assert not (running.root / releasing.REQUEST).exists()
    assert not release.is_running(running.root)
