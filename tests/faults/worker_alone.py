"""The inbox's worker alone, in a process that a test may kill: no model, no Rasa server.

The worker, the tracker store, the database and the wording are the real ones; what is understood
and said stands in `tests.unit.bot.scripted`. A child is forked, so that it costs no import.
"""

from __future__ import annotations

import asyncio
import contextlib
import gc
import itertools
import os
import signal
import sqlite3
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from rasa.core.channels.channel import UserMessage
from sqlalchemy import event, update

from tenin.bot.runtime import Runtime, running
from tenin.bot.tracker_store import ConversationTrackerStore
from tenin.bot.worker import Worker
from tenin.clock import utcnow
from tenin.conversation.models import Conversation
from tenin.database import write_transaction
from tests.unit.bot.inbox_side import domain
from tests.unit.bot.scripted import ScriptedAgent

PATIENCE = 60.0
PERSON = "a person, please"
WAITING = "SELECT count(*) FROM inbox WHERE status = 'waiting'"


async def tell_epoch(message: UserMessage) -> str:
    """Say again what was said, and under which epoch the turn began."""
    state = running.get()
    assert state is not None
    return f"you said: {message.text} [begun under {state.turn.epoch}]"


def need_of(text: str) -> str:
    """What these customers want: a person, or to greet."""
    return "human_agent" if text == PERSON else "greet"


@dataclass
class Child:
    """A worker in a process of its own."""

    pid: int

    def kill(self) -> None:
        """Signal 9."""
        os.kill(self.pid, signal.SIGKILL)

    def wait(self) -> bool:
        """Wait for its end: whether it was killed; raises AssertionError if it failed."""
        _, status = os.waitpid(self.pid, 0)
        if os.WIFSIGNALED(status):
            assert os.WTERMSIG(status) == signal.SIGKILL, status
            return True
        assert os.WEXITSTATUS(status) == 0, status
        return False


def start(
    here: Runtime,
    enough: Callable[[sqlite3.Connection], bool],
    die_at: int | None = None,
    prepare: Callable[[], None] = lambda: None,
) -> Child:
    """Fork a worker that works until `enough`, or is killed.

    Args:
        here: the runtime, which is taken over without its connections.
        enough: asked now and then, on a connection of its own.
        die_at: the number of the statement or COMMIT before which it kills itself, from 0.
        prepare: done in the child before it opens the database.
    """
    domain()  # once for all children
    here.engine.dispose()
    pid = os.fork()
    if pid:
        return Child(pid)
    gc.disable()  # it would touch, and so copy, all that the parent holds
    try:
        prepare()
        if die_at is not None:
            _die_at(here, die_at)
        asyncio.run(_work(here, enough))
        os._exit(0)
    finally:
        os._exit(1)


def settle(here: Runtime) -> None:
    """Let a worker do all that waits, those that were killed having lost their leases."""
    expire_leases(here)
    assert not start(here, nothing_waits).wait()


def expire_leases(here: Runtime) -> None:
    """As if the time of all leases had passed; no worker runs."""
    with write_transaction(here.engine) as session:
        session.execute(
            update(Conversation)
            .where(Conversation.lease_until.is_not(None))
            .values(lease_until=utcnow() - timedelta(seconds=1))
            .execution_options(synchronize_session=False)
        )


def nothing_waits(database: sqlite3.Connection) -> bool:
    """Whether all that was accepted has come to its end."""
    return database.execute(WAITING).fetchone() == (0,)


def _die_at(here: Runtime, step: int) -> None:
    steps = itertools.count()

    def count(*_: Any) -> None:
        if next(steps) == step:
            os.kill(os.getpid(), signal.SIGKILL)

    event.listen(here.engine, "before_cursor_execute", count)
    event.listen(here.engine, "commit", count)


async def _work(here: Runtime, enough: Callable[[sqlite3.Connection], bool]) -> None:
    agent = ScriptedAgent(ConversationTrackerStore(domain()), tell_epoch, need=need_of)
    worker = Worker(agent, here)  # type: ignore[arg-type]
    task = asyncio.create_task(worker.run())
    deadline = time.monotonic() + PATIENCE
    with contextlib.closing(sqlite3.connect(str(here.engine.url.database))) as database:
        while not _is_enough(enough, database):
            assert time.monotonic() < deadline, "the worker did not come to an end"
            await asyncio.sleep(0.003)
            worker.wake()
    await worker.stop()
    task.cancel()


def _is_enough(enough: Callable[[sqlite3.Connection], bool], database: sqlite3.Connection) -> bool:
    try:
        return enough(database)
    except sqlite3.OperationalError:  # a fault that a test makes reaches this connection too
        return False
