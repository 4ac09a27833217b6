"""Who a conversation's customer is: signed in by the shop's word, or by what they have proved.

`sign_in` binds a customer for as long as their token is good; `proved_orders` are those that
were proved by number and contact a short time ago.

Proving is limited, across restarts: a try is written down as failed before the order is
looked at, and marked proved after: whatever crashes in between, it counts. A turn that runs
again finds its own try by the message's id and does not count it twice.
"""

from __future__ import annotations

import hashlib
import zlib
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete, func, select, update
from sqlalchemy.orm import Session

from tenin.clock import utcnow
from tenin.conversation.models import ProofAttempt, ProvedOrder, SignedIn
from tenin.conversation.transcript import lock_conversation, lock_for_customer

LOCKS = 7_001  # PostgreSQL's advisory locks of this module
REMEMBERED = timedelta(minutes=60)
LONGEST_CUSTOMER_ID = 128


class OtherCustomerError(Exception):
    """The conversation is another customer's."""


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


def remember_proof(
    session: Session, conversation_id: str, order_number: str, now: datetime | None = None
) -> None:
    """The customer of this conversation has proved this order (its stored number)."""
    now = now or utcnow()
    _one_at_a_time(session, f"{conversation_id} {order_number}")
    row = session.get(ProvedOrder, (conversation_id, order_number))
    if row is None:
        session.add(ProvedOrder(conversation_id=conversation_id, order_number=order_number, at=now))
    else:
        row.at = max(row.at, now)
    session.flush()


def proved_orders(
    session: Session,
    conversation_id: str,
    within: timedelta = REMEMBERED,
    now: datetime | None = None,
) -> frozenset[str]:
    """The numbers of the orders proved in this conversation within the time given."""
    rows = session.execute(
        select(ProvedOrder.order_number).where(
            ProvedOrder.conversation_id == conversation_id,
            ProvedOrder.at > (now or utcnow()) - within,
        )
    ).scalars()
    return frozenset(rows)


def sign_in(session: Session, conversation_id: str, customer_id: str, until: datetime) -> bool:
    """Bind a customer, whose token the web tier has verified, to a conversation.

    Again with a newer token it lasts longer.

    Returns:
        Whether the conversation was nobody's before.

    Raises:
        OtherCustomerError: if it is, or was, another customer's.
        NoSuchConversation: if there is none of that id.
    """
    lock_for_customer(session, conversation_id)
    row = session.get(SignedIn, conversation_id, populate_existing=True)
    if row is None:
        session.add(SignedIn(conversation_id=conversation_id, customer_id=customer_id, until=until))
        session.flush()
        return True
    if row.customer_id != customer_id:
        raise OtherCustomerError(conversation_id)
    # An older token sent late doesn't shorten what a newer one gave.
    row.until = max(row.until or until, until)
    session.flush()
    return False


def sign_out(session: Session, conversation_id: str) -> None:
    """End what a conversation's customer may do as themselves: signed in, and what was proved."""
    lock_conversation(session, conversation_id)
    session.execute(
        update(SignedIn).where(SignedIn.conversation_id == conversation_id).values(until=None)
    )
    session.execute(delete(ProvedOrder).where(ProvedOrder.conversation_id == conversation_id))


def customer_of(session: Session, conversation_id: str, now: datetime | None = None) -> str | None:
    """The id, in the shop, of the customer who is signed in; None if nobody is (any more)."""
    found = session.execute(
        select(SignedIn.customer_id).where(
            SignedIn.conversation_id == conversation_id, SignedIn.until > (now or utcnow())
        )
    ).scalar_one_or_none()
    return None if found is None else str(found)


def owner_of(session: Session, conversation_id: str) -> str | None:
    """The customer whose conversation it is, signed in now or earlier; None if nobody ever was."""
    found = session.execute(
        select(SignedIn.customer_id).where(SignedIn.conversation_id == conversation_id)
    ).scalar_one_or_none()
    return None if found is None else str(found)


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
