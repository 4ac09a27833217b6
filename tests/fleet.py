"""Two of each tier on one real PostgreSQL, as on several machines, each to be killed by itself.

The processes are those of `tenin run`, started one by one: no supervisor starts them again.
"""

from __future__ import annotations

import contextlib
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from sqlalchemy.engine import Engine

from tenin import model
from tenin.database import make_engine
from tenin.settings import load_settings
from tenin.start import load_demo_shop, migrate_all, tiers
from tenin.supervisor import Tier, answers
from tests.hours import open_always
from tests.postgres import KEPT, PostgresServer, postgres_server
from tests.system import LINKED, PROJECT, UNLIMITED, free_ports

READY_SECONDS = 300.0
STOP_SECONDS = 30.0


@dataclass
class Member:
    """One process of the fleet."""

    tier: Tier
    log: Path
    url: str = ""
    process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it; `wait` says when it serves."""
        with self.log.open("ab") as output:
            self.process = subprocess.Popen(
                self.tier.command,
                cwd=self.log.parent,
                env=dict(self.tier.env),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
            )

    def wait(self) -> None:
        """Wait until it serves; raises RuntimeError with its log if it doesn't."""
        deadline = time.monotonic() + READY_SECONDS
        while self.process is not None and self.process.poll() is None:
            if answers(self.tier.ready_url) is not None:
                return
            if time.monotonic() > deadline:
                break
            time.sleep(0.1)
        raise RuntimeError(f"{self.tier.name} is not up:\n{self.log.read_text()[-3000:]}")

    def stop(self, number: signal.Signals = signal.SIGKILL) -> None:
        """End it by its process id, killed unless another signal is named."""
        if self.process is not None:
            self.process.send_signal(number)
            try:
                self.process.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
            self.process = None


@dataclass
class Fleet:
    """What runs: `webs`, `bots` and `actions` (a bot and the actions of its number are a pair)."""

    postgres: PostgresServer
    engine: Engine
    webs: list[Member]
    bots: list[Member]
    actions: list[Member]

    @property
    def members(self) -> list[Member]:
        """All processes."""
        return [*self.webs, *self.bots, *self.actions]

    def logs(self) -> str:
        """The ends of the logs, for a failure's report."""
        return "\n".join(
            f"--- {member.tier.name}\n{member.log.read_text()[-1500:]}" for member in self.members
        )


@contextlib.contextmanager
def running_fleet(of_each: int = 2) -> Iterator[Fleet]:
    """A fleet that serves for as long as the block runs."""
    with (
        tempfile.TemporaryDirectory(prefix="tenin") as folder,
        postgres_server(options=KEPT) as postgres,
    ):
        root = Path(folder)
        for name in LINKED:
            (root / name).symlink_to(PROJECT / name)
        trained = model.train(root, print)
        ports = iter(free_ports(3 * of_each))
        members = [
            _members(root, trained, number, postgres.url, [next(ports) for _ in range(3)])
            for number in range(1, of_each + 1)
        ]
        webs, bots, actions = (list(group) for group in zip(*members, strict=True))
        engine = make_engine(postgres.url)
        fleet = Fleet(postgres, engine, webs, bots, actions)
        try:
            open_always(engine)
            for member in fleet.members:
                member.start()
            for member in fleet.members:
                member.wait()
            yield fleet
        finally:
            for member in fleet.members:
                member.stop()
            engine.dispose()


def _members(
    root: Path, trained: Path, number: int, database: str, ports: list[int]
) -> list[Member]:
    """Web, bot and actions of one number; their databases are made by the first."""
    environ = {
        **UNLIMITED,
        **{f"TENIN_{tier}_PORT": str(port) for tier, port in zip(TIERS, ports, strict=True)},
        "TENIN_SECRET": "a secret of the tests, long enough",
        "TENIN_DATABASE_URL": database,
        "TENIN_SHOP_DATABASE_URL": database,
        "TENIN_WEB_TRUSTED_PROXIES": "127.0.0.1",
        "TENIN_METRICS_TOKEN": METRICS_TOKEN,
        "TENIN_LOGS_FORMAT": "json",
    }
    settings = load_settings(root, environ)
    if number == 1:
        migrate_all(settings, lambda _: None)
        load_demo_shop(settings, lambda _: None)
    return [
        Member(
            replace(tier, name=f"{tier.name}-{number}", env={**tier.env, **environ}),
            root / f"{tier.name}-{number}.log",
            f"http://127.0.0.1:{port}",
        )
        for tier, port in zip(tiers(settings, trained), ports, strict=True)
    ]


TIERS = ("WEB", "BOT", "ACTIONS")
METRICS_TOKEN = "what Prometheus shows in the tests"
