"""The supervisor with real processes: start, restart, stop, and nothing left behind."""

import http.client
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tenin.processes import port_holder

PROJECT = Path(__file__).parents[3]
KEEP_TIERS = Path(__file__).with_name("keep_tiers.py")
PATIENCE = 30.0


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_until(true: Callable[[], bool], what: str) -> None:
    deadline = time.monotonic() + PATIENCE
    while not true():
        assert time.monotonic() < deadline, f"waited in vain until {what}"
        time.sleep(0.05)


def is_running(pid: int) -> bool:
    """Whether a process runs; one that ended and only waits to be reaped does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def answers(port: int) -> bool:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("GET", "/")
        return connection.getresponse().status == 200
    except OSError:
        return False
    finally:
        connection.close()


class Running:
    """A supervisor that runs, its output in a file."""

    def __init__(self, root: Path, *tiers: str) -> None:
        self.root = root
        self.output = root / "output"
        with self.output.open("wb") as output:
            self.process = subprocess.Popen(
                [sys.executable, str(KEEP_TIERS), str(root), *tiers],
                stdout=output,
                stderr=subprocess.STDOUT,
                env=os.environ | {"PYTHONPATH": str(PROJECT)},
            )

    def said(self) -> str:
        return self.output.read_text()

    def wait_for(self, text: str) -> None:
        wait_until(lambda: text in self.said() or self.process.poll() is not None, f"{text!r}")
        assert text in self.said(), self.said()

    def pid(self, tier: str) -> int:
        file = self.root / f"var/run/{tier}.pid"
        wait_until(lambda: file.exists() and file.read_text().endswith("\n"), f"{file} is there")
        return int(file.read_text())

    def log(self, tier: str) -> str:
        return (self.root / f"var/log/{tier}.log").read_text()

    def signal(self, number: signal.Signals) -> None:
        self.process.send_signal(number)


@contextmanager
def running(root: Path, *tiers: str) -> Iterator[Running]:
    one = Running(root, *tiers)
    try:
        yield one
    finally:
        one.process.kill()  # and with it, the tiers
        one.process.wait()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_tiers_open_and_a_signal_leaves_nothing(tmp_path: Path, number: signal.Signals) -> None:
    ports = free_port(), free_port()
    with running(tmp_path, f"one=serve:{ports[0]}", f"two=serve:{ports[1]}") as one:
        one.wait_for("OPEN")
        assert all(answers(port) for port in ports)
        pids = [one.pid("one"), one.pid("two")]
        assert len({os.getpgid(pid) for pid in [*pids, one.process.pid]}) == 3
        one.signal(number)
        assert one.process.wait(PATIENCE) == 0
        assert not any(is_running(pid) for pid in pids)
        assert list((tmp_path / "var/run").iterdir()) == []
        assert one.said().count("OPEN") == 1
        assert one.log("one").startswith("--- ")


def test_a_killed_tier_comes_back_and_the_others_stay(tmp_path: Path) -> None:
    ports = free_port(), free_port()
    with running(tmp_path, f"one=serve:{ports[0]}", f"two=serve:{ports[1]}") as one:
        one.wait_for("OPEN")
        killed, other = one.pid("one"), one.pid("two")
        os.kill(killed, signal.SIGKILL)
        one.wait_for("one        was ended by signal 9: starting it again in 0.5 s")
        wait_until(lambda: one.said().count("one        is up") == 2, "it is up again")
        assert answers(ports[0])
        assert one.pid("one") != killed
        assert one.pid("two") == other
        assert is_running(other)
        assert one.said().count("OPEN") == 1
        assert one.log("one").count("started:") == 2


def test_when_the_supervisor_is_killed_its_tiers_die(tmp_path: Path) -> None:
    with running(tmp_path, f"one=serve:{free_port()}", f"two=stubborn:{free_port()}") as one:
        one.wait_for("OPEN")
        pids = [one.pid("one"), one.pid("two")]
        grandchild = int(one.log("two").split("grandchild ")[1].split()[0])
        try:
            one.signal(signal.SIGKILL)
            wait_until(lambda: not any(is_running(pid) for pid in pids), "the tiers are gone")
        finally:
            os.kill(grandchild, signal.SIGKILL)  # the kernel knows of children alone


def test_the_second_signal_kills_at_once(tmp_path: Path) -> None:
    with running(tmp_path, f"one=stubborn:{free_port()}") as one:
        one.wait_for("OPEN")
        pid = one.pid("one")
        grandchild = int(one.log("one").split("grandchild ")[1].split()[0])
        one.signal(signal.SIGINT)
        one.wait_for("Stopping.")
        time.sleep(0.5)
        assert is_running(pid)
        began = time.monotonic()
        one.signal(signal.SIGINT)
        assert one.process.wait(PATIENCE) == 0
        assert time.monotonic() - began < 3
        assert not is_running(pid)
        assert not is_running(grandchild)


def test_a_tier_that_will_not_stop_is_killed_with_its_children(tmp_path: Path) -> None:
    with running(tmp_path, f"one=stubborn:{free_port()}", f"two=serve:{free_port()}") as one:
        one.wait_for("OPEN")
        pid = one.pid("one")
        grandchild = int(one.log("one").split("grandchild ")[1].split()[0])
        began = time.monotonic()
        one.signal(signal.SIGTERM)
        assert one.process.wait(PATIENCE) == 0
        assert 7 < time.monotonic() - began < 15
        assert not is_running(pid)
        assert not is_running(grandchild)


def test_a_tier_that_keeps_dying_ends_everything_with_the_reason(tmp_path: Path) -> None:
    with running(tmp_path, f"one=serve:{free_port()}", f"two=broken:{free_port()}") as one:
        other = one.pid("one")
        assert one.process.wait(PATIENCE) == 2
        *before, last = one.said().splitlines()
        assert last.startswith("two ended by itself (exit code 3), 5 times within 120 s: ")
        assert str(tmp_path / "var/log/two.log") in last
        assert "    the reason why it can't work" in before
        assert one.said().count("starting it again") == 4
        assert not is_running(other)


def test_a_signal_during_the_start_leaves_nothing(tmp_path: Path) -> None:
    with running(tmp_path, f"one=serve:{free_port()}", f"two=broken:{free_port()}") as one:
        pid = one.pid("one")
        one.signal(signal.SIGINT)
        assert one.process.wait(PATIENCE) == 0
        assert not is_running(pid)


def test_the_holder_of_a_port_is_named() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
        taken.listen()
        assert f"(process {os.getpid()})" in str(port_holder("127.0.0.1", port))
    assert port_holder("127.0.0.1", port) is None


def test_an_address_of_elsewhere_is_no_port_in_use() -> None:
    with pytest.raises(OSError, match="assign"):
        port_holder("192.0.2.1", free_port())
