"""Who writes next: whoever has waited longest among those who ask, not among what they asked.

SQLite has one writer at a time, and whoever waits for it in a thread holds one of few. So the web
tier's routes wait here, without a thread, and the addresses take turns: one that sends much waits
for itself, and another's one message for at most one of each address that waits.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict, deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from contextvars import ContextVar

# Of PostgreSQL, which has many writers; fewer than the threads that a process of one core has.
SEVERAL = 4

# Whom the request that is being answered came from; empty: nobody in particular.
whose: ContextVar[str] = ContextVar("whose", default="")


class FairTurns:
    """So many at once; of those who wait, one of each in turn. To be used on the event loop."""

    def __init__(self, at_once: int = 1) -> None:
        """Nobody has a turn yet."""
        self._free = at_once
        self._waiting: OrderedDict[object, deque[asyncio.Future[None]]] = OrderedDict()

    def __len__(self) -> int:
        """How many wait."""
        return sum(map(len, self._waiting.values()))

    @asynccontextmanager
    async def turn(self, key: str) -> AsyncIterator[None]:
        """Wait for a turn of this key, and have it as long as the block runs.

        What has an empty key waits as if it were somebody of its own.
        """
        if self._free:
            self._free -= 1
        else:
            await self._come_up(key or object())
        try:
            yield
        finally:
            self._pass_on()

    async def _come_up(self, key: object) -> None:
        mine: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.setdefault(key, deque()).append(mine)
        try:
            await mine
        except asyncio.CancelledError:
            if mine.done() and not mine.cancelled():  # the turn had just come
                self._pass_on()
            else:
                self._forget(key, mine)
            raise

    def _forget(self, key: object, gone: asyncio.Future[None]) -> None:
        line = self._waiting.get(key)
        if line is not None and gone in line:
            line.remove(gone)
            if not line:
                del self._waiting[key]

    def _pass_on(self) -> None:
        while self._waiting:
            key, line = self._waiting.popitem(last=False)
            next_up = line.popleft()
            if line:
                self._waiting[key] = line
            if not next_up.done():  # else it was cancelled, and has not heard of it yet
                next_up.set_result(None)
                return
        self._free += 1
