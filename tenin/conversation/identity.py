"""Limits on proving an order one's own, kept across restarts.

A try is written down as failed before the order is looked at, and marked proved
after: whatever crashes in between, it counts. A turn that runs again finds its
own try by the message's id and does not count it twice.
"""

from __future__ import annotations

import hashlib
import zlib
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from tenin.clock import utcnow
from tenin.conversation.models import ProofAttempt

LOCKS = 7_001  # PostgreSQL's advisory locks of this module


@dataclass(frozen=True)
class ProofTry:
    """Whether a try may go ahead, and if not, after how many minutes one may again."""

    allowed: bool
    wait_minutes: int = 0


def begin_proof(
    session: Session,
    *,
    message_id: str,
    conversation_id: str,
    order_number: str,
    address: str | None,
    failures: int,
    window: timedelta,
    now: datetime | None = None,
) -> ProofTry:
    """Write a try down and say whether it may go ahead.

    Args:
        failures: how many failed tries within `window` close the door, counted for
            the conversation, the order number and the client's address, each alone.
        address: the client's address, or None where the channel has none.

    Returns:
        Not allowed if any of the three counts has reached `failures`; such a try is
        not written down, so that waiting helps.
    """
    now = now or utcnow()
    known = session.get(ProofAttempt, message_id)
    if known is not None:
        return ProofTry(True)
    order_hash = hashlib.sha256(order_number.encode()).hexdigest()
    _one_at_a_time(session, conversation_id, order_hash, address)
    keys = [
        ProofAttempt.conversation_id == conversation_id,
        ProofAttempt.order_hash == order_hash,
    ]
    if address is not None:
        keys.append(ProofAttempt.address == address)
    opens_at: datetime | None = None
    for key in keys:
        # The door opens when the oldest of the last `failures` leaves the window.
        oldest = session.execute(
            select(ProofAttempt.at)
            .where(key, ProofAttempt.proved.is_(False), ProofAttempt.at > now - window)
            .order_by(ProofAttempt.at.desc())
            .offset(failures - 1)
            .limit(1)
        ).scalar_one_or_none()
        if oldest is not None:
            opens_at = max(opens_at or oldest + window, oldest + window)
    if opens_at is not None:
        seconds = (opens_at - now).total_seconds()
        return ProofTry(False, max(1, -int(-seconds // 60)))
    session.add(
        ProofAttempt(
            message_id=message_id,
            conversation_id=conversation_id,
            order_hash=order_hash,
            address=address,
            proved=False,
            at=now,
        )
    )
    session.flush()
    return ProofTry(True)


def mark_proved(session: Session, message_id: str) -> None:
    """The try succeeded: it no longer counts."""
    session.execute(
        update(ProofAttempt).where(ProofAttempt.message_id == message_id).values(proved=True)
    )


def failed_tries(session: Session, conversation_id: str, window: timedelta) -> int:
    """How many failed tries a conversation has within the window."""
    count = session.execute(
        select(func.count())
        .select_from(ProofAttempt)
        .where(
            ProofAttempt.conversation_id == conversation_id,
            ProofAttempt.proved.is_(False),
            ProofAttempt.at > utcnow() - window,
        )
    ).scalar_one()
    return int(count)


def _one_at_a_time(session: Session, *keys: str | None) -> None:
    """Let tries that share a key wait for each other, so that none goes uncounted.

    SQLite has one writer anyway. Sorted, so that two tries can't wait for each other.
    """
    if session.get_bind().dialect.name == "postgresql":
        for number in sorted({zlib.crc32(key.encode()) for key in keys if key is not None}):
            session.execute(select(func.pg_advisory_xact_lock(LOCKS, number - 2**31)))
