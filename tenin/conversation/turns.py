"""A turn of the bot: leased, renewed, and committed once.

`claim` gives one worker one waiting message of one conversation under a lease
token. `commit` writes everything the turn did in one transaction, only while
that token stands; whatever goes wrong before, the message still waits and the
turn runs again.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import func, select, update
from sqlalchemy.engine import Engine
from sqlalchemy.orm import Session, aliased

from tenin.clock import utcnow
from tenin.conversation import ownership, restock, tracker
from tenin.conversation.consent import NO_MAIL, MailWanted, mail_wanted
from tenin.conversation.leases import is_due, is_due_now, is_free, is_free_now
from tenin.conversation.models import (
    Author,
    Conversation,
    InboxRow,
    InboxStatus,
    Owner,
    Visibility,
)
from tenin.conversation.transcript import Reply, add_line, lock_conversation, recent_texts
from tenin.conversation.voice import Voice
from tenin.conversation.wish import wish_of
from tenin.database import read_transaction, write_transaction

LONGEST_ERROR = 2_000


class LeaseLost(Exception):
    """The lease no longer stands: another worker has the message, or a person does."""


@dataclass(frozen=True)
class Turn:
    """One message in the hands of one worker.

    `epoch` is the conversation's at the beginning; `recent` what was last said to
    the customer, oldest first; `mail` what they get by e-mail.
    """

    inbox_id: int
    conversation_id: str
    channel: str
    kind: str
    text: str
    payload: str | None
    language: str
    address: str | None
    attempt: int
    epoch: int
    token: str
    recent: tuple[str, ...]
    mail: MailWanted = NO_MAIL

    @property
    def message_id(self) -> str:
        """The idempotency key of everything the turn does outside: the same on each attempt."""
        return f"inbox-{self.inbox_id}"


@dataclass(frozen=True)
class Outcome:
    """What a turn did.

    `events` are Rasa's new events, `snapshot` what it is to be given next time,
    `loaded` how many events the turn was given; `person_wanted` is the reason if the
    turn asks for a person, `category` the need it is about and `signs` what raises its priority
    (`tenin.conversation.queue`); `language` what the customer asked to go on in.
    """

    events: Sequence[dict[str, Any]]
    snapshot: Sequence[dict[str, Any]]
    replies: Sequence[Reply]
    loaded: int = 0
    person_wanted: str | None = None
    category: str | None = None
    signs: Sequence[str] = ()
    language: str | None = None


def claim(
    engine: Engine,
    voice: Voice,
    *,
    lease: timedelta,
    attempts: int,
    now: datetime | None = None,
) -> Turn | None:
    """Lease the message that has waited longest, if any may be taken.

    A conversation's messages are taken in order: one that backs off holds back
    those behind it. A message taken `attempts` times without a commit is given up:
    marked failed and its conversation put in the queue for a person.

    Returns:
        The turn, or None when nothing can be taken now.
    """
    now = now or utcnow()
    # A look first: an idle worker must not hold SQLite's one write lock, however briefly.
    with read_transaction(engine) as session:
        if session.execute(_waiting(now, lease)).first() is None:
            return None
    with write_transaction(engine) as session:
        while True:
            row = _next_row(session, now, lease)
            if row is None:
                return None
            conversation = lock_conversation(session, row.conversation_id)
            # On PostgreSQL another worker may have finished it while we waited for the lock.
            session.refresh(row)
            if not _may_take(conversation, row, now, lease):
                continue
            if row.attempts < attempts:
                break
            _give_up(session, conversation, row, voice, now)
        row.attempts += 1
        conversation.lease_token = uuid.uuid4().hex
        conversation.lease_until = now + lease
        return Turn(
            inbox_id=row.id,
            conversation_id=row.conversation_id,
            channel=row.channel,
            kind=row.kind,
            text=row.text,
            payload=row.payload,
            language=row.language,
            address=row.address,
            attempt=row.attempts,
            epoch=conversation.epoch,
            token=conversation.lease_token,
            recent=tuple(recent_texts(session, conversation.id)),
            mail=mail_wanted(session, conversation.id),
        )


def _waiting(now: datetime, lease: timedelta) -> Any:
    """The query for the message that has waited longest among those that may be taken."""
    older = aliased(InboxRow)
    first = (
        select(func.min(older.id))
        .where(
            older.conversation_id == InboxRow.conversation_id,
            older.status == InboxStatus.WAITING.value,
        )
        .scalar_subquery()
    )
    return (
        select(InboxRow)
        .join(Conversation, Conversation.id == InboxRow.conversation_id)
        .where(
            InboxRow.status == InboxStatus.WAITING.value,
            is_due(now),
            InboxRow.id == first,
            Conversation.owner == Owner.BOT.value,
            is_free(now, lease),
        )
        .order_by(InboxRow.id)
        .limit(1)
    )


def _next_row(session: Session, now: datetime, lease: timedelta) -> InboxRow | None:
    wanted = _waiting(now, lease).with_for_update(skip_locked=True, of=Conversation)
    found: InboxRow | None = session.execute(wanted).scalar_one_or_none()
    return found


def _may_take(conversation: Conversation, row: InboxRow, now: datetime, lease: timedelta) -> bool:
    free = is_free_now(conversation, now, lease)
    ready = row.status == InboxStatus.WAITING.value and is_due_now(row, now)
    return bool(free and ready and conversation.owner == Owner.BOT.value)


def _give_up(
    session: Session, conversation: Conversation, row: InboxRow, voice: Voice, now: datetime
) -> None:
    row.status, row.done_at = InboxStatus.FAILED.value, now
    conversation.lease_token = conversation.lease_until = None
    session.flush()
    wish = wish_of(tracker.load(session, conversation.id))
    ownership.request_person(
        session,
        conversation,
        "turn_failed",
        voice,
        now,
        category=wish.category,
        signs=wish.signs,
    )


def renew(engine: Engine, turn: Turn, lease: timedelta, now: datetime | None = None) -> bool:
    """Extend the lease of a running turn; False if it no longer stands."""
    now = now or utcnow()
    with write_transaction(engine) as session:
        result = session.execute(
            update(Conversation)
            .where(
                Conversation.id == turn.conversation_id,
                Conversation.lease_token == turn.token,
            )
            .values(lease_until=now + lease)
            .execution_options(synchronize_session=False)
        )
        return bool(result.rowcount)


def commit(
    engine: Engine, turn: Turn, outcome: Outcome, voice: Voice, now: datetime | None = None
) -> bool:
    """Write all that a turn did, in one transaction.

    If the epoch was raised meanwhile the replies are kept for the desk only and the
    wish for a person is moot: a person has the conversation.

    Returns:
        Whether the replies go to the customer.

    Raises:
        LeaseLost: if the lease token no longer stands; nothing is written.
    """
    now = now or utcnow()
    with write_transaction(engine) as session:
        conversation = lock_conversation(session, turn.conversation_id)
        if conversation.lease_token != turn.token:
            raise LeaseLost(turn.message_id)
        row = session.get(InboxRow, turn.inbox_id)
        current = bool(conversation.epoch == turn.epoch)
        visibility = Visibility.ALL if current else Visibility.DESK
        for reply in outcome.replies:
            add_line(
                session,
                conversation,
                Author.BOT,
                reply,
                visibility=visibility,
                inbox_id=turn.inbox_id,
                now=now,
            )
        events, snapshot = list(outcome.events), list(outcome.snapshot)
        if not current:
            # What a hand-back added while the turn ran comes after what the turn did.
            added = tracker.load(session, conversation.id)[outcome.loaded :]
            if not added and conversation.owner == Owner.BOT.value:
                # The turn read its memory after the hand-back; what it asked nobody has seen.
                added = tracker.fresh_start({})
                events += added
            snapshot += added
        tracker.store(session, conversation.id, events, snapshot, inbox_id=turn.inbox_id)
        row.status, row.done_at, row.error = InboxStatus.DONE.value, now, None
        conversation.lease_token = conversation.lease_until = None
        conversation.updated_at = now
        if outcome.language:
            conversation.language = outcome.language
        session.flush()
        if current:
            restock.named_in_welcome(session, restock.told_in(events), now)
        if outcome.person_wanted and current:
            ownership.request_person(
                session,
                conversation,
                outcome.person_wanted,
                voice,
                now,
                category=outcome.category,
                signs=outcome.signs,
            )
        return current


def release(
    engine: Engine, turn: Turn, error: str, delay: timedelta, now: datetime | None = None
) -> None:
    """Give a turn's message back to the inbox, to be tried again after `delay`."""
    now = now or utcnow()
    with write_transaction(engine) as session:
        conversation = lock_conversation(session, turn.conversation_id)
        if conversation.lease_token != turn.token:
            return
        conversation.lease_token = conversation.lease_until = None
        row = session.get(InboxRow, turn.inbox_id)
        row.available_at = now + delay
        row.error = error[:LONGEST_ERROR]
