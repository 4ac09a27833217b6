"""Who is listening to which conversation in this process, and what wakes them.

Wake-ups come from this process's own routes and, over loopback, from the bot
tier; once a second the database is asked what moved, so that none is needed.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.engine import Engine

from tenin.clock import utcnow
from tenin.conversation.models import Conversation
from tenin.database import read_transaction

# Rows carry the time at which their transaction began to wait for its lock; SQLite's patience is
# five seconds.
OVERLAP = timedelta(seconds=15)


class Listener:
    """Waits for its conversation, or for any of them, to move."""

    def __init__(self) -> None:
        """Nothing has moved yet."""
        self._event = asyncio.Event()
        self.moved: set[str] = set()

    def notify(self, conversation_id: str) -> None:
        """This conversation moved."""
        self.moved.add(conversation_id)
        self._event.set()

    async def wait(self, seconds: float) -> set[str]:
        """The conversations that moved since the last call; empty after `seconds` of quiet."""
        try:
            await asyncio.wait_for(self._event.wait(), seconds)
        except asyncio.TimeoutError:
            return set()
        moved, self.moved = self.moved, set()
        self._event.clear()
        return moved


class Hub:
    """The listeners of this process."""

    def __init__(self, engine: Engine) -> None:
        """Poll `engine` when asked to."""
        self._engine = engine
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
        for listener in [*self._by_conversation.get(conversation_id, ()), *self._to_all]:
            listener.notify(conversation_id)

    async def poll(self) -> None:
        """Wake the listeners of whatever the database says has moved."""
        now = utcnow()
        rows = await asyncio.to_thread(self._updated, self._asked_at - OVERLAP)
        self._asked_at = now  # not when the asking failed
        fresh = {key for key, at in rows.items() if self._seen.get(key) != at}
        self._seen = rows
        for conversation_id in fresh:
            self.moved(conversation_id)

    def _updated(self, since: datetime) -> dict[str, datetime]:
        with read_transaction(self._engine) as session:
            rows = session.execute(
                select(Conversation.id, Conversation.updated_at).where(
                    Conversation.updated_at >= since
                )
            )
            return {str(key): at for key, at in rows}
