"""Whether a moment that was set before still counts, also after the clock was set back.

What another process wrote by a clock that was ahead may lie an hour in the future. Nobody waits for
that: a lease ends no later than its length from now, a pause neither, and what has never been tried
can be tried at any time. `SKEW` is what clocks of several machines may differ by.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import or_

from tenin.conversation.models import Conversation, InboxRow

SKEW = timedelta(seconds=30)
LONGEST_LEASE = timedelta(minutes=10)  # that may be set (`turn.lease_seconds`)
LONGEST_PAUSE = timedelta(seconds=10)  # between two tries of a turn


def is_free(now: datetime, lease: timedelta = LONGEST_LEASE) -> Any:
    """The condition that no worker has a conversation in hand, whose leases last `lease`."""
    until = Conversation.lease_until
    return or_(until.is_(None), until < now, until > now + lease + SKEW)


def is_free_now(conversation: Conversation, now: datetime, lease: timedelta) -> bool:
    """As `is_free`, of a conversation that was read."""
    until = conversation.lease_until
    return until is None or not now <= until <= now + lease + SKEW


def is_due(now: datetime) -> Any:
    """The condition that a waiting message may be taken."""
    return or_(
        InboxRow.attempts == 0,
        InboxRow.available_at <= now,
        InboxRow.available_at > now + LONGEST_PAUSE + SKEW,
    )


def is_due_now(row: InboxRow, now: datetime) -> bool:
    """As `is_due`, of a message that was read."""
    pause = row.available_at - now
    return bool(row.attempts == 0 or not timedelta(0) < pause <= LONGEST_PAUSE + SKEW)


def was_received_before(moment: datetime, now: datetime) -> Any:
    """The condition that a message came before a moment, or by a clock that was ahead."""
    received = InboxRow.received_at
    return or_(received <= moment, received > now + SKEW)
