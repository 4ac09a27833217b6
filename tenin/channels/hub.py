"""Who is listening to which conversation in this process, and what wakes them.

Wake-ups come from this process's own routes and, over loopback or from PostgreSQL, from other
processes (`tenin.conversation.listening`); once a second the database is asked what moved, so
that none is needed.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from tenin.clock import utcnow
from tenin.conversation.models import Conversation
from tenin.database import Read

# Rows carry the time at which their transaction began to wait for its lock; SQLite's patience is
# five seconds.
OVERLAP = timedelta(seconds=15)
MOST_SIGNALS = 100


@dataclass(frozen=True)
class Signal:
    """Something passing that is worth no row: somebody types, an agent came or went.

    `conversation_id` is empty for what concerns all agents.
    """

    conversation_id: str
    name: str
    data: dict[str, Any]


@dataclass
class News:
    """What a listener missed while it waited; false if nothing."""

    moved: set[str] = field(default_factory=set)
    signals: list[Signal] = field(default_factory=list)

    def __bool__(self) -> bool:
        """Whether there is any."""
        return bool(self.moved or self.signals)


class Listener:
    """Waits for its conversation, or for any of them, to move."""

    def __init__(self) -> None:
        """Nothing has moved yet."""
        self._event = asyncio.Event()
        self._news = News()
        self._read_at: datetime | None = None

    def notify(self, conversation_id: str) -> None:
        """This conversation moved."""
        self._news.moved.add(conversation_id)
        self._event.set()

    def has_read(self, at: datetime) -> None:
        """Its conversation was read as it was changed last, at this time."""
        self._read_at = at

    def changed(self, conversation_id: str, at: datetime) -> None:
        """This conversation was changed at this time, which may have been read already."""
        if self._read_at != at:
            self.notify(conversation_id)

    def signal(self, signal: Signal) -> None:
        """Somebody signals; the latest `MOST_SIGNALS` are kept for one who doesn't listen."""
        self._news.signals = [*self._news.signals[1 - MOST_SIGNALS :], signal]
        self._event.set()

    async def wait(self, seconds: float) -> News:
        """What came since the last call; nothing after `seconds` of quiet."""
        with suppress(asyncio.TimeoutError):
            await asyncio.wait_for(self._event.wait(), seconds)
        news, self._news = self._news, News()
        self._event.clear()
        return news


class Hub:
    """The listeners of this process."""

    def __init__(self) -> None:
        """Nobody listens yet."""
        self._by_conversation: dict[str, set[Listener]] = defaultdict(set)
        self._to_all: set[Listener] = set()
        self._seen: dict[str, datetime] = {}
        self._asked_at = utcnow()

    @contextmanager
    def listening(self, conversation_id: str | None) -> Iterator[Listener]:
        """A listener to one conversation, or to all with None, for as long as the block runs."""
        listener = Listener()
        group = self._to_all if conversation_id is None else self._by_conversation[conversation_id]
        group.add(listener)
        try:
            yield listener
        finally:
            group.discard(listener)
            if conversation_id is not None and not group:
                self._by_conversation.pop(conversation_id, None)

    def moved(self, conversation_id: str) -> None:
        """Wake who listens to this conversation. To be called on the event loop."""
        for listener in self._listeners(conversation_id):
            listener.notify(conversation_id)

    def woken(self, word: str) -> None:
        """Take a wake-up: a conversation's id and, after a blank, when it was changed if known.

        To be called on the event loop.
        """
        conversation_id, _, moment = word.partition(" ")
        try:
            at = datetime.fromisoformat(moment)
        except ValueError:
            self.moved(conversation_id)
            return
        self._seen[conversation_id] = at
        for listener in self._listeners(conversation_id):
            listener.changed(conversation_id, at)

    def signal(self, conversation_id: str, name: str, **data: Any) -> None:
        """Tell who listens to this conversation ("": the agents). To be called on the event loop.

        Only this process hears it: what must not be lost is a row.
        """
        signal = Signal(conversation_id, name, data)
        for listener in self._listeners(conversation_id):
            listener.signal(signal)

    def _listeners(self, conversation_id: str) -> list[Listener]:
        return [*self._by_conversation.get(conversation_id, ()), *self._to_all]

    async def poll(self, read: Read) -> None:
        """Wake the listeners of whatever the database says has moved."""
        now = utcnow()
        rows = await read(partial(_updated, since=self._asked_at - OVERLAP))
        self._asked_at = now  # not when the asking failed
        seen, self._seen = self._seen, rows
        for conversation_id, at in rows.items():
            if seen.get(conversation_id) != at:
                for listener in self._listeners(conversation_id):
                    listener.changed(conversation_id, at)


def _updated(session: Session, since: datetime) -> dict[str, datetime]:
    rows = session.execute(
        select(Conversation.id, Conversation.updated_at).where(Conversation.updated_at >= since)
    )
    return {str(key): at for key, at in rows}
