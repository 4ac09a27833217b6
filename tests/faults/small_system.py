"""A web tier and a worker without a model, together in this process: seconds less than the whole.

Customers and agents speak to the real routes; the worker is the real one, with the agent of
`tests.unit.bot.scripted` in Rasa's place. Both have the same database, on which faults are tried.
"""

from __future__ import annotations

import asyncio
import contextlib
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pytest

from tenin.bot.runtime import Runtime, runtime
from tenin.bot.tracker_store import ConversationTrackerStore
from tenin.bot.worker import Worker
from tests.faults.worker_alone import need_of, tell_epoch
from tests.unit.bot.inbox_side import domain
from tests.unit.bot.scripted import Behaviour, ScriptedAgent
from tests.unit.web.served import Site

PATIENCE = 60.0


@dataclass
class Small:
    """What a test sees: the site with its guests, and the worker's runtime."""

    site: Site
    here: Runtime

    def until(self, condition: Callable[[], object], why: str, seconds: float = PATIENCE) -> None:
        """Wait until something is so; fail if it never is."""
        deadline = time.monotonic() + seconds
        while not condition():
            assert time.monotonic() < deadline, f"waited {seconds} s for {why}"
            time.sleep(0.02)

    def settled(self) -> None:
        """Wait until nothing waits for the bot."""

        def nothing_waits() -> bool:
            return all(row["status"] != "waiting" for row in self.site.rows()["inbox"])

        self.until(nothing_waits, "the worker to answer everything")


@contextlib.contextmanager
def worker_beside(
    site: Site, monkeypatch: pytest.MonkeyPatch, behave: Behaviour = tell_epoch
) -> Iterator[Small]:
    """A worker on the database of a site, for as long as the block runs."""
    monkeypatch.setenv("TENIN_ROOT", str(site.settings.root))
    monkeypatch.setenv("TENIN_SECRET", "a secret of the tests, long enough")
    monkeypatch.setenv("TENIN_WEB_PORT", str(site.settings.web.port))
    monkeypatch.setenv("TENIN_DATABASE_URL", site.settings.database.url)
    monkeypatch.setenv("TENIN_TURN_LEASE_SECONDS", "2")
    runtime.cache_clear()
    here = runtime()
    agent = ScriptedAgent(ConversationTrackerStore(domain()), behave, need=need_of)
    ended = threading.Event()

    async def work() -> None:
        worker = Worker(agent, here)  # type: ignore[arg-type]
        task = asyncio.create_task(worker.run())
        while not ended.is_set():
            await asyncio.sleep(0.02)
            worker.wake()
        await worker.stop()
        task.cancel()

    thread = threading.Thread(target=asyncio.run, args=(work(),), name="worker")
    thread.start()
    try:
        yield Small(site, here)
    finally:
        ended.set()
        thread.join()
        here.engine.dispose()
        runtime.cache_clear()
