"""The whole of Tenin for a test: `tenin run` in a folder of its own, on free ports.

The folder holds links to the project and its own databases, logs and secrets, so
that tests share the trained model and nothing else. Whoever starts it stops it.
"""

from __future__ import annotations

import contextlib
import os
import re
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from sqlalchemy.engine import Engine

from tenin.database import make_engine
from tenin.settings import load_settings
from tenin.settings_limits import LimitsSettings
from tests.hours import empty_desk, open_always

PROJECT = Path(__file__).parents[1]
LINKED = (
    "actions",
    "blueprints",
    "config.yml",
    "credentials.yml",
    "data",
    "desk.yml",
    "domain.yml",
    "endpoints.yml",
    "invitations.yml",
    "languages.yml",
    "menus.yml",
    "models",
    "policy.yml",
    "requirements",
    "tenin",
)
START_SECONDS = 600.0  # a first start trains the model
STOP_SECONDS = 20.0


# Tests send as fast as they can: what may be sent is set by those that are about it.
UNLIMITED = {f"TENIN_LIMITS_{name.upper()}": "0" for name in LimitsSettings.__fields__}


class System:
    """A running Tenin; `url` is its address, without a slash at the end."""

    def __init__(self, root: Path, environ: dict[str, str] | None = None) -> None:
        """Choose free ports; nothing runs yet."""
        self.root = root
        self.ports = dict(zip(("web", "bot", "actions"), free_ports(3), strict=True))
        self.url = f"http://127.0.0.1:{self.ports['web']}"
        self.environ = {
            **os.environ,
            "TENIN_ROOT": str(root),
            # Each customer of the tests has an address of their own, as behind a proxy.
            "TENIN_WEB_TRUSTED_PROXIES": "127.0.0.1",
            **UNLIMITED,
            **{f"TENIN_{tier.upper()}_PORT": str(port) for tier, port in self.ports.items()},
            **(environ or {}),
        }
        self.process: subprocess.Popen[bytes] | None = None
        self.desk_link = ""

    def start(self) -> None:
        """Start all tiers and wait until they are open."""
        log = self.root / "run.log"
        with log.open("ab") as output:
            begin = output.tell()
            self.process = subprocess.Popen(
                [sys.executable, "-m", "tenin", "run"],
                cwd=self.root,
                env=self.environ,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
            )
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline:
            said = log.read_bytes()[begin:].decode(errors="replace")
            link = re.search(r"http://\S+/desk/enter\?key=\S+", said)
            if link:
                self.desk_link = link.group()
                return
            if self.process.poll() is not None:
                break
            time.sleep(0.1)
        self.stop()
        raise RuntimeError(f"Tenin did not open:\n{log.read_text()[-3000:]}\n{self.logs()}")

    def stop(self) -> None:
        """Stop all tiers as Ctrl-C does."""
        if self.process is None:
            return
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
            try:
                self.process.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        self.process = None

    def new_desk_link(self, name: str) -> str:
        """A further one-time link, as an operator makes it."""
        said = subprocess.run(
            [sys.executable, "-m", "tenin", "desk-link", "--name", name],
            cwd=self.root,
            env=self.environ,
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        link = re.search(r"http://\S+/desk/enter\?key=\S+", said)
        assert link, said
        return link.group()

    def pid(self, tier: str) -> int:
        """The process id of a tier."""
        return int((self.root / "var" / "run" / f"{tier}.pid").read_text())

    def logs(self) -> str:
        """The ends of the tiers' logs, for a failure's report."""
        logs = sorted((self.root / "var" / "log").glob("*.log"))
        return "\n".join(f"--- {log.name}\n{log.read_text()[-2000:]}" for log in logs)


@contextlib.contextmanager
def running_system(environ: dict[str, str] | None = None) -> Iterator[System]:
    """A system that is open for as long as the block runs."""
    with tempfile.TemporaryDirectory(prefix="tenin") as folder:
        root = Path(folder)
        (PROJECT / "models").mkdir(exist_ok=True)
        for name in LINKED:
            (root / name).symlink_to(PROJECT / name)
        system = System(root, environ)
        system.start()
        try:
            _at_desk(system, open_always)
            yield system
        finally:
            system.stop()


def send_agents_away(system: System) -> None:
    """Leave nobody at the desk of a system that tests share."""
    _at_desk(system, empty_desk)


def _at_desk(system: System, work: Callable[[Engine], None]) -> None:
    engine = make_engine(load_settings(system.root, system.environ).database.url)
    try:
        work(engine)
    finally:
        engine.dispose()


def free_ports(count: int) -> list[int]:
    """Ports on which nobody listens now."""
    with contextlib.ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(count)]
        for each in sockets:
            each.bind(("127.0.0.1", 0))
        return [each.getsockname()[1] for each in sockets]
