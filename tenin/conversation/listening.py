"""Who is woken by what: datagrams beside SQLite, LISTEN on PostgreSQL, where tiers are apart.

PostgreSQL's triggers (migration 0009) send at the commit, whoever commits, so nothing is to be
sent here. A connection that breaks is made anew; meanwhile the poll once a second serves.
"""

from __future__ import annotations

import asyncio
import enum
import logging
from collections.abc import Callable
from contextlib import suppress
from typing import Any, Protocol

import psycopg2
from sqlalchemy.engine import Engine
from sqlalchemy.exc import SQLAlchemyError

from tenin.conversation import wake

FIRST_DELAY = 0.2
LONGEST_DELAY = 5.0

logger = logging.getLogger(__name__)

OnWake = Callable[[str], None]


class Topic(str, enum.Enum):
    """What may be listened to.

    `MOVED` says a conversation's id and, on PostgreSQL after a blank, when it was changed; for the
    web tier. `WAITING` says the id of one with a message for the bot.
    """

    MOVED = "tenin_moved"
    WAITING = "tenin_waiting"


class Listening(Protocol):
    """What can be ended."""

    def close(self) -> None:
        """Listen no more."""


async def listen(engine: Engine, port: int, topic: Topic, on_wake: OnWake) -> Listening | None:
    """Call `on_wake` on the event loop with each wake-up, until what is given is closed.

    On SQLite these are the datagrams to `port`: None, after a warning, if it is taken. On
    PostgreSQL the server need not be there yet.
    """
    if engine.dialect.name == "sqlite":
        return await wake.listen(port, on_wake)
    listening = DatabaseListening(engine, topic, on_wake)
    listening.begin()
    return listening


class DatabaseListening:
    """A connection of its own that listens to one topic, made again whenever it breaks."""

    def __init__(self, engine: Engine, topic: Topic, on_wake: OnWake) -> None:
        """Hold what is needed; nothing is opened yet."""
        self._engine, self._topic, self._on_wake = engine, topic, on_wake
        self._broken = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self.up = asyncio.Event()

    def begin(self) -> None:
        """Listen, from the running event loop, until `close`."""
        self._task = asyncio.create_task(self._keep())

    def close(self) -> None:
        """Listen no more."""
        if self._task is not None:
            self._task.cancel()

    async def _keep(self) -> None:
        delay = FIRST_DELAY
        while True:
            try:
                connection = await asyncio.to_thread(self._connect)
            except (psycopg2.Error, SQLAlchemyError) as error:
                logger.warning("not woken by the database (%s): polling only", type(error).__name__)
                await asyncio.sleep(delay)
                delay = min(LONGEST_DELAY, delay * 2)
                continue
            delay = FIRST_DELAY
            await self._attend(connection)
            await asyncio.sleep(delay)

    def _connect(self) -> Any:
        connection = self._engine.raw_connection()
        # Out of the pool: it stays open and in a state that nobody else is to have.
        connection.detach()
        raw = connection.dbapi_connection
        try:
            raw.autocommit = True
            with raw.cursor() as cursor:
                cursor.execute(f"LISTEN {self._topic.value}")
        except BaseException:
            raw.close()
            raise
        return raw

    async def _attend(self, connection: Any) -> None:
        """Pass on what comes until the connection breaks or the task is ended."""
        loop, number = asyncio.get_running_loop(), None
        self._broken.clear()
        try:
            with suppress(psycopg2.Error):
                number = connection.fileno()
                loop.add_reader(number, self._read, connection)
                self.up.set()
                self._read(connection)  # what came between LISTEN and now
                await self._broken.wait()
        finally:
            self.up.clear()
            if number is not None:
                loop.remove_reader(number)
            with suppress(psycopg2.Error):
                connection.close()

    def _read(self, connection: Any) -> None:
        try:
            connection.poll()
        except psycopg2.Error:
            logger.warning("the database ended the wake-ups: connecting again")
            self._broken.set()
            return
        while connection.notifies:
            self._on_wake(connection.notifies.pop(0).payload)
