"""The rows that say how far a conversation has been passed on to Chatwoot, and whose turn it is.

A conversation is in the hands of one worker at a time: `OtherDesk.attempts` is raised when it is
claimed and is the worker's lease, `available_at` when the lease ends. Calls are made outside of
transactions, and what they came to is saved only while the lease stands.
"""

from __future__ import annotations

import enum
import random
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import or_, select, update
from sqlalchemy.engine import Engine
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from tenin.clock import utcnow
from tenin.conversation.models import Author, Conversation, Line, Owner
from tenin.conversation.transcript import lock_conversation
from tenin.database import read_transaction, write_transaction
from tenin.desk.chatwoot.api import Contact
from tenin.desk.models import OtherDesk, OtherDeskReach

DESK = "chatwoot"
OF_THEIRS = f"{DESK}:"  # what the ids of their agents begin with here
LOOK = timedelta(seconds=30)
FIRST_WAIT, LONGEST_WAIT = timedelta(seconds=2), timedelta(seconds=60)
LONGEST_ERROR = 500
LINES_AT_ONCE = 50


class What(str, enum.Enum):
    """What is due to a conversation."""

    TELL = "tell"  # the story, and with it the request
    PASS = "pass"  # noqa: S105 (no password): the customer's lines
    CLOSE = "close"  # it is theirs no longer
    LOOK = "look"  # whether something of theirs has been missed


class LeaseLost(Exception):
    """Somebody else has the conversation in hand by now."""


@dataclass(frozen=True)
class Task:
    """What one worker has in hand. `attempt` counts from 1 and is its lease."""

    conversation_id: str
    what: What
    attempt: int
    handoff_id: int | None
    contact: Contact | None
    remote_id: str | None
    forwarded: int
    looked_at: datetime | None

    @property
    def unsure(self) -> bool:
        """Whether a call may have been made of which it isn't known what came of it."""
        return self.attempt > 1


def is_theirs(conversation: Conversation) -> bool:
    """Whether Chatwoot is to have this conversation: it waits, or an agent of theirs serves."""
    if conversation.owner == Owner.AGENT.value:
        return str(conversation.agent_id).startswith(OF_THEIRS)
    return bool(conversation.owner == Owner.QUEUE.value)


def has_it(conversation: Conversation, row: OtherDesk | None) -> bool:
    """Whether Chatwoot has been told of the service that the conversation is in."""
    return row is not None and bool(row.handoff_id == conversation.handoff_id)


def due(engine: Engine, now: datetime) -> list[str]:
    """The conversations of which something is due, the longest untouched first."""
    wanted = (
        select(Conversation, OtherDesk)
        .outerjoin(OtherDesk, OtherDesk.conversation_id == Conversation.id)
        .where(
            or_(
                Conversation.owner == Owner.QUEUE.value,
                Conversation.owner == Owner.AGENT.value,
                OtherDesk.open.is_(True),
            ),
            or_(OtherDesk.available_at.is_(None), OtherDesk.available_at <= now),
        )
        .order_by(Conversation.updated_at, Conversation.id)
    )
    with read_transaction(engine) as session:
        rows = list(session.execute(wanted))
        return [str(each.id) for each, row in rows if what_is_due(session, each, row, now)]


def what_is_due(
    session: Session, conversation: Conversation, row: OtherDesk | None, now: datetime
) -> What | None:
    """What Chatwoot is to be called for now; nothing while another worker does it, or waits."""
    if row is not None and row.available_at > now:
        return None
    if not is_theirs(conversation):
        return What.CLOSE if row is not None and row.open else None
    if row is None or not has_it(conversation, row):
        return What.TELL
    if not row.open:
        return None
    if customer_lines(session, conversation.id, row.forwarded, 1):
        return What.PASS
    return What.LOOK if row.looked_at is None or row.looked_at <= now - LOOK else None


def customer_lines(
    session: Session, conversation_id: str, after: int, limit: int = LINES_AT_ONCE
) -> list[Line]:
    """The customer's lines after a number, oldest first."""
    wanted = select(Line).where(
        Line.conversation_id == conversation_id,
        Line.number > after,
        Line.author == Author.CUSTOMER.value,
    )
    return list(session.execute(wanted.order_by(Line.number).limit(limit)).scalars())


def they_wrote(session: Session, conversation_id: str, after: int) -> bool:
    """Whether an agent of theirs has written something after this line."""
    wanted = select(Line.id).where(
        Line.conversation_id == conversation_id,
        Line.number > after,
        Line.key.startswith(OF_THEIRS),
    )
    return session.execute(wanted.limit(1)).first() is not None


def claim(engine: Engine, conversation_id: str, lease: timedelta) -> Task | None:
    """Take what is due to a conversation in hand; None if nothing is."""
    now = utcnow()
    with write_transaction(engine) as session:
        conversation = lock_conversation(session, conversation_id)
        row = session.get(OtherDesk, conversation_id)
        what = what_is_due(session, conversation, row, now)
        if what is None:
            return None
        if row is None:
            row = OtherDesk(conversation_id=conversation_id, desk=DESK, attempts=0)
            row.open, row.forwarded = False, 0
            session.add(row)
        row.attempts += 1
        row.available_at = now + lease
        contact = Contact(row.contact, row.source) if row.contact and row.source else None
        return Task(
            conversation_id,
            what,
            row.attempts,
            conversation.handoff_id,
            contact,
            row.remote_id,
            row.forwarded,
            row.looked_at,
        )


def save(engine: Engine, task: Task, lease: timedelta, **values: Any) -> None:
    """Keep what a call came to, and the lease.

    Raises:
        LeaseLost: if another worker has the conversation in hand.
    """
    with write_transaction(engine) as session:
        _update(session, task, {**values, "available_at": utcnow() + lease})


def finish(engine: Engine, task: Task, **values: Any) -> None:
    """What was due is done, and Chatwoot can be reached."""
    now = utcnow()
    with write_transaction(engine) as session:
        end(session, task, **values)
        set_reach(session, False, now)


def end(session: Session, task: Task, **values: Any) -> None:
    """What was due is done: the next may be claimed."""
    _update(session, task, {**values, "attempts": 0, "available_at": utcnow(), "error": None})


def postpone(session: Session, task: Task, error: str, now: datetime) -> None:
    """Nothing came of it: later again, each time later, and never all at once."""
    longest = min(LONGEST_WAIT, FIRST_WAIT * 2 ** min(task.attempt - 1, 10))
    wait = timedelta(seconds=longest.total_seconds() * random.uniform(0.5, 1))
    _update(session, task, {"available_at": now + wait, "error": error[:LONGEST_ERROR]})
    set_reach(session, True, now)


def _update(session: Session, task: Task, values: dict[str, Any]) -> None:
    written = session.execute(
        update(OtherDesk)
        .where(
            OtherDesk.conversation_id == task.conversation_id,
            OtherDesk.attempts == task.attempt,
        )
        .values(**values)
        .execution_options(synchronize_session="fetch")
    )
    if written.rowcount != 1:
        raise LeaseLost(task.conversation_id)


def failing_since(session: Session) -> datetime | None:
    """Since when every call has failed; None if the last one did not."""
    row = session.get(OtherDeskReach, DESK)
    return None if row is None else row.failing_since


def set_reach(session: Session, failing: bool, now: datetime) -> None:
    """The last call failed, or did not."""
    row = session.get(OtherDeskReach, DESK)
    if row is not None:
        row.failing_since = (row.failing_since or now) if failing else None
    elif failing:
        with suppress(IntegrityError), session.begin_nested():  # another worker was first
            session.add(OtherDeskReach(desk=DESK, failing_since=now))
