"""The web tier as a process of its own, as `tenin run` starts it, to be killed and started again.

In a folder with links to the project's data and databases of its own; the bot tier is played by
whoever has the engine.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
from sqlalchemy.engine import Engine

from tenin.database import make_engine
from tenin.settings import Settings, load_settings
from tenin.start import load_demo_shop, migrate_all, tiers
from tests.hours import open_always
from tests.system import PROJECT, UNLIMITED, free_ports

START_SECONDS = 120.0
LINKED = ("blueprints", "data", "menus.yml", "languages.yml", "policy.yml")


class WebProcess:
    """A web tier on a port that stays the same; `pid` is that of the running process."""

    def __init__(self, root: Path, environ: dict[str, str] | None = None) -> None:
        """Make the folder and the databases; nothing runs yet."""
        for name in LINKED:
            (root / name).symlink_to(PROJECT / name)
        ports = dict(zip(("WEB", "BOT", "ACTIONS"), free_ports(3), strict=True))
        given = {f"TENIN_{tier}_PORT": str(port) for tier, port in ports.items()}
        given |= UNLIMITED | {"TENIN_SECRET": "a secret of the tests, long enough"}
        given |= environ or {}
        self.root, self.port = root, ports["WEB"]
        self.url = f"http://127.0.0.1:{self.port}"
        self.settings: Settings = load_settings(root, given)
        self._environ = {**os.environ, **given, "TENIN_ROOT": str(root)}
        migrate_all(self.settings, lambda _: None)
        load_demo_shop(self.settings, lambda _: None)
        self.engine: Engine = make_engine(self.settings.database.url)
        open_always(self.engine)
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int:
        """The process id, while it runs."""
        assert self._process is not None
        return self._process.pid

    def start(self) -> None:
        """Start it and wait until it is open; raises RuntimeError with its log if it isn't."""
        command = tiers(self.settings, self.root)[0].command
        log = self.root / "web.log"
        with log.open("ab") as output:
            self._process = subprocess.Popen(
                command, cwd=PROJECT, env=self._environ, stdout=output, stderr=subprocess.STDOUT
            )
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline and self._process.poll() is None:
            with contextlib.suppress(httpx.HTTPError):
                if httpx.get(f"{self.url}/health", trust_env=False, timeout=2).is_success:
                    return
            time.sleep(0.1)
        self.stop()
        raise RuntimeError(f"the web tier did not open:\n{log.read_text()[-2000:]}")

    def stop(self, number: signal.Signals = signal.SIGKILL) -> None:
        """End it by its process id, killed unless another signal is named."""
        if self._process is not None:
            self._process.send_signal(number)
            self._process.wait(30)
            self._process = None


@contextlib.contextmanager
def web_process(root: Path, environ: dict[str, str] | None = None) -> Iterator[WebProcess]:
    """A web tier that is open for as long as the block runs."""
    web = WebProcess(root, environ)
    try:
        web.start()
        yield web
    finally:
        web.stop()
        web.engine.dispose()
