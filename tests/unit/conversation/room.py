"""The conversation room as its tests use it: one call, one transaction.

`Room` speaks for the two tiers; the time it is told is the time its calls happen at.
"""

from __future__ import annotations

import contextlib
import itertools
import uuid
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from pathlib import Path
from threading import Barrier
from typing import Any, TypeVar

from sqlalchemy import event, select
from sqlalchemy.engine import Engine

import tenin.conversation
from tenin.conversation import inbox, ownership, tracker, transcript, turns
from tenin.conversation.inbox import ASK_FOR_PERSON, Accepted, Incoming
from tenin.conversation.models import (
    Awaiting,
    Conversation,
    Handoff,
    InboxRow,
    Line,
    OutboxRow,
    metadata,
)
from tenin.conversation.people import Kind, Promise
from tenin.conversation.queue import place_in_queue
from tenin.conversation.transcript import Reply, lock_conversation
from tenin.conversation.turns import Outcome, Turn
from tenin.conversation.voice import Voice
from tenin.database import read_transaction, write_transaction
from tenin.desk import models as desk

PROJECT = Path(tenin.conversation.__file__).parents[2]

START = datetime(2026, 11, 22, 1, 2, 3, tzinfo=timezone.utc)
LEASE = timedelta(seconds=10)
ATTEMPTS = 5

EVERYTHING = {
    table.name: select(table).order_by(*table.primary_key) for table in metadata.sorted_tables
}

# The desk's tables stand in the same database.
assert desk.Base.metadata is metadata

Answer = TypeVar("Answer")
Row = Mapping[str, Any]


class TwoMinutes:
    """Those who serve, as these tests have it: it always takes two to five minutes."""

    def promise(self, session: Any, conversation: Conversation, now: datetime) -> Promise:
        """The place, and that range; or that the message is kept."""
        if conversation.awaiting == Awaiting.MESSAGE.value:
            return Promise(Kind.MESSAGE)
        place = place_in_queue(session, conversation)
        return Promise(Kind.PLACE, {"place": place, "low": 2, "high": 5}, (120, 300))

    def skill_for(self, session: Any, category: str | None) -> str | None:
        """Returns are a skill, all else is anybody's."""
        return "returns" if category == "return_item" else None

    def question(self, session: Any, conversation: Conversation) -> Reply | None:
        """Nothing is asked."""
        return None


def after(seconds: float) -> datetime:
    """The moment so many seconds after the beginning of a test."""
    return START + timedelta(seconds=seconds)


def events_of(turn: Turn, *said: str) -> list[dict[str, Any]]:
    """What Rasa remembers of a turn, in its own form."""
    at = START.timestamp()
    return [
        {"event": "user", "timestamp": at, "text": turn.text, "message_id": turn.message_id},
        *({"event": "bot", "timestamp": at, "text": text} for text in said),
        {"event": "action", "timestamp": at, "name": "action_listen"},
    ]


@dataclass
class Room:
    """The functions of the room, each in a transaction of its own."""

    engine: Engine
    voice: Voice
    keys: Iterator[int] = field(default_factory=lambda: itertools.count(1))

    # the web tier

    def begin(self, language: str = "en", now: datetime = START) -> str:
        """Begin a conversation; return its id."""
        with write_transaction(self.engine) as session:
            return str(transcript.new_conversation(session, "web", language, now).id)

    def accept(
        self,
        conversation_id: str,
        text: str = "hello",
        key: str | None = None,
        now: datetime = START,
        **rest: Any,
    ) -> Accepted:
        """Take a customer's message; without a `key`, under a new one."""
        incoming = Incoming(
            **{
                "account": conversation_id,
                "external_id": key or f"key-{next(self.keys)}",
                "kind": "text",
                "text": text,
                "language": "en",
                **rest,
            }
        )
        with write_transaction(self.engine) as session:
            return inbox.accept(session, conversation_id, incoming, self.voice, now)

    def click_person(self, conversation_id: str, now: datetime = START, **rest: Any) -> Accepted:
        """Press the button for a person."""
        return self.accept(
            conversation_id,
            "Talk to a person",
            now=now,
            kind="button",
            payload=ASK_FOR_PERSON,
            **rest,
        )

    def tell_slow(self, conversation_id: str, received_before: datetime, now: datetime) -> bool:
        """Tell the customer that the bot is slow, if that is so."""
        with write_transaction(self.engine) as session:
            return inbox.tell_slow(session, conversation_id, received_before, self.voice, now)

    def slow(self, received_before: datetime, now: datetime) -> list[str]:
        """The conversations to be told that the bot is slow."""
        with read_transaction(self.engine) as session:
            return inbox.slow_conversations(session, received_before, now)

    # the bot tier

    def claim(
        self, now: datetime = START, lease: timedelta = LEASE, attempts: int = ATTEMPTS
    ) -> Turn | None:
        """Lease the next message."""
        return turns.claim(self.engine, self.voice, lease=lease, attempts=attempts, now=now)

    def begin_turn(self, now: datetime = START) -> Turn:
        """Lease the next message, which must be there."""
        turn = self.claim(now)
        assert turn is not None
        return turn

    def load(self, conversation_id: str) -> list[dict[str, Any]]:
        """What Rasa would be given."""
        with read_transaction(self.engine) as session:
            return tracker.load(session, conversation_id)

    def outcome(
        self,
        turn: Turn,
        *said: str,
        base: list[dict[str, Any]] | None = None,
        wanted: str | None = None,
        extra: tuple[dict[str, Any], ...] = (),
    ) -> Outcome:
        """What a turn did that was given `base` (or what there is now) and said `said`."""
        base = self.load(turn.conversation_id) if base is None else base
        new = [*events_of(turn, *said), *extra]
        return Outcome(
            events=new,
            snapshot=tracker.bound([*base, *new], 10),
            replies=[Reply(text) for text in said],
            loaded=len(base),
            person_wanted=wanted,
        )

    def commit(self, turn: Turn, *said: str, now: datetime = START, **rest: Any) -> bool:
        """Commit a turn that said `said`."""
        return turns.commit(self.engine, turn, self.outcome(turn, *said, **rest), self.voice, now)

    def answer(self, conversation_id: str, now: datetime = START) -> None:
        """Let the bot answer a message of a conversation where nothing waits, so Rasa knows it."""
        self.accept(conversation_id, now=now)
        self.commit(self.begin_turn(now), "hello to you", now=now)

    # the desk

    def request_person(
        self, conversation_id: str, reason: str = "asked", now: datetime = START, **rest: Any
    ) -> None:
        """Ask for a person."""
        with self.locked(conversation_id) as (session, conversation):
            ownership.request_person(session, conversation, reason, self.voice, now, **rest)

    def take(
        self, conversation_id: str, epoch: int, agent: str = "mei", now: datetime = START
    ) -> None:
        """Let an agent take a conversation seen under `epoch`."""
        with self.locked(conversation_id) as (session, conversation):
            ownership.take(session, conversation, epoch, agent, agent.title(), self.voice, now)

    def say(
        self,
        conversation_id: str,
        text: str,
        key: str,
        agent: str = "mei",
        now: datetime = START,
    ) -> int:
        """Let an agent write; return the line's number."""
        with self.locked(conversation_id) as (session, conversation):
            return ownership.say_as_agent(session, conversation, agent, text, key, self.voice, now)

    def do(
        self, what: Callable[..., Answer], conversation_id: str, *rest: Any, **named: Any
    ) -> Answer:
        """Do something of `ownership` that takes the voice after `rest`."""
        with self.locked(conversation_id) as (session, conversation):
            return what(session, conversation, *rest, self.voice, **named)

    def hand_back(
        self,
        conversation_id: str,
        epoch: int,
        agent: str = "mei",
        learnt: dict[str, Any] | None = None,
        now: datetime = START,
    ) -> None:
        """Let an agent give a conversation back."""
        with self.locked(conversation_id) as (session, conversation):
            ownership.hand_back(session, conversation, epoch, agent, self.voice, learnt, now)

    @contextlib.contextmanager
    def locked(self, conversation_id: str) -> Iterator[tuple[Any, Conversation]]:
        """A write transaction that holds a conversation."""
        with write_transaction(self.engine) as session:
            yield session, lock_conversation(session, conversation_id)

    # what is there

    def conversation(self, conversation_id: str) -> Conversation:
        """The conversation as it is."""
        return self._all(Conversation, Conversation.id == conversation_id)[0]

    def rows(self, conversation_id: str) -> list[InboxRow]:
        """The inbox rows of a conversation, oldest first."""
        return self._all(InboxRow, InboxRow.conversation_id == conversation_id)

    def statuses(self, conversation_id: str) -> list[str]:
        """What became of each message of a conversation."""
        return [row.status for row in self.rows(conversation_id)]

    def lines(self, conversation_id: str) -> list[Line]:
        """All lines of a conversation."""
        return self._all(Line, Line.conversation_id == conversation_id)

    def handoffs(self, conversation_id: str) -> list[Handoff]:
        """Each time a person was wanted, oldest first."""
        return self._all(Handoff, Handoff.conversation_id == conversation_id)

    def said(self, conversation_id: str, author: str) -> list[str]:
        """The texts of one author, oldest first."""
        return [line.text for line in self.lines(conversation_id) if line.author == author]

    def outbox(self, conversation_id: str) -> list[OutboxRow]:
        """The outbox rows of a conversation."""
        return self._all(OutboxRow, OutboxRow.conversation_id == conversation_id)

    def _all(self, table: Any, condition: Any) -> list[Any]:
        with read_transaction(self.engine) as session:
            statement = select(table).where(condition).order_by(table.id)
            return list(session.execute(statement).scalars())

    def tables(self, *names: str) -> dict[str, list[Row]]:
        """Every row of these tables, oldest first."""
        with read_transaction(self.engine) as session:
            return {name: list(session.execute(EVERYTHING[name]).mappings()) for name in names}

    def dump(self) -> dict[str, list[str]]:
        """Every row of every table as text, to compare."""
        with self.engine.connect() as connection:
            return {
                name: sorted(map(str, connection.exec_driver_sql(f"SELECT * FROM {name}")))
                for name in metadata.tables
            }


def empty(engine: Engine) -> None:
    """Remove every row of every table of the room."""
    with write_transaction(engine) as session:
        for table in reversed(metadata.sorted_tables):
            session.execute(table.delete())


class Broken(Exception):
    """The database failed, because the test made it."""


@contextlib.contextmanager
def broken_at(engine: Engine, statement: int) -> Iterator[list[str]]:
    """Let the statement of this number fail, from 0, or with -1 the COMMIT; give those that ran."""
    ran: list[str] = []

    def execute(_connection: Any, _cursor: Any, sql: str, *_: Any) -> None:
        if len(ran) == statement:
            raise Broken(sql)
        ran.append(sql)

    def commit(_connection: Any) -> None:
        if statement == -1:
            raise Broken("COMMIT")

    event.listen(engine, "before_cursor_execute", execute)
    event.listen(engine, "commit", commit)
    try:
        yield ran
    finally:
        event.remove(engine, "before_cursor_execute", execute)
        event.remove(engine, "commit", commit)


def breaks_whole(room: Room, act: Callable[[], Answer]) -> Answer:
    """Let `act` fail at each of its statements in turn, then at COMMIT, then not.

    Each failure must leave every row of every table as it was. Returns what `act` did at last.
    """
    before = room.dump()
    statement = -1
    while True:
        try:
            with broken_at(room.engine, statement) as ran:
                answer = act()
        except Broken:
            assert room.dump() == before, f"half of it was kept, failing at statement {statement}"
            statement += 1
            continue
        assert statement == len(ran) > 2
        return answer


def at_once(count: int, act: Callable[[int], Answer]) -> list[Answer | BaseException]:
    """Do `act(0)` … `act(count - 1)` in threads that start together; give answers and errors."""
    barrier = Barrier(count)

    def one(number: int) -> Answer | BaseException:
        barrier.wait(10)
        try:
            return act(number)
        except Exception as error:
            return error

    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(one, range(count)))


def new_key() -> str:
    """A key that nobody has used."""
    return uuid.uuid4().hex
