"""The outbox: each line that goes out ends as delivered, suppressed, or failed and visible.

The web channel is fetched from, not sent to: its rows are pending until the
browser reports that it has shown them. What is sent (mail) is claimed, tried, and
tried again later and later, until the receiver has taken it or it is given up.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import or_, select, update
from sqlalchemy.engine import Engine
from sqlalchemy.orm import Session

from tenin.clock import utcnow
from tenin.conversation.consent import OF_ANSWERS, address_of_holder, end_of_wish, is_for_answers
from tenin.conversation.models import Conversation, DeliveryStatus, MailContent, OutboxRow
from tenin.database import read_transaction, write_transaction

EMAIL = "email"
LEASE = timedelta(minutes=5)  # a sender that stops without a word loses its mail after this time
FIRST_WAIT = timedelta(seconds=30)
LONGEST_WAIT = timedelta(hours=4)
LONGEST_ERROR = 500


@dataclass(frozen=True)
class MailToSend:
    """A mail in the hands of one sender; `attempt` counts from 1 and is its lease.

    With `is_answer`, `text` is what a person wrote, without anything round it.
    """

    outbox_id: int
    conversation_id: str
    attempt: int
    address: str
    language: str
    subject: str
    text: str
    at: datetime
    is_answer: bool = False


def put_mail(
    session: Session,
    conversation: Conversation,
    line_number: int,
    *,
    holder: str,
    address: str,
    subject: str,
    text: str,
    now: datetime,
) -> None:
    """Put a mail of a line of a locked conversation into the outbox, in its language.

    Args:
        holder: whose consent it goes by (`tenin.conversation.consent`): asked again before sending.
    """
    row = OutboxRow(
        conversation_id=conversation.id,
        line_number=line_number,
        channel=EMAIL,
        epoch=conversation.epoch,
        status=DeliveryStatus.PENDING.value,
        at=now,
        attempts=0,
        available_at=now,
    )
    session.add(row)
    session.flush()
    session.add(
        MailContent(
            outbox_id=row.id,
            holder=holder,
            address=address,
            language=conversation.language,
            subject=subject,
            text=text,
        )
    )
    session.flush()


def mark_received(
    session: Session, conversation_id: str, up_to: int, now: datetime | None = None
) -> int:
    """The receiver has shown all lines numbered up to `up_to`; returns how many that newly are."""
    result = session.execute(
        update(OutboxRow)
        .where(
            OutboxRow.conversation_id == conversation_id,
            OutboxRow.line_number <= up_to,
            OutboxRow.channel != EMAIL,
            OutboxRow.status == DeliveryStatus.PENDING.value,
        )
        .values(status=DeliveryStatus.DELIVERED.value, delivered_at=now or utcnow())
        .execution_options(synchronize_session=False)
    )
    return int(result.rowcount)


def statuses(session: Session, conversation_id: str) -> dict[int, str]:
    """The delivery status of each outgoing line of a conversation, by its number."""
    rows = session.execute(
        select(OutboxRow.line_number, OutboxRow.status).where(
            OutboxRow.conversation_id == conversation_id, OutboxRow.channel != EMAIL
        )
    )
    return {int(number): str(status) for number, status in rows}


def mail_statuses(session: Session, conversation_id: str) -> dict[int, str]:
    """The delivery status of each line of a conversation that also goes by mail."""
    rows = session.execute(
        select(OutboxRow.line_number, OutboxRow.status).where(
            OutboxRow.conversation_id == conversation_id, OutboxRow.channel == EMAIL
        )
    )
    return {int(number): str(status) for number, status in rows}


def claim_mail(
    engine: Engine,
    *,
    attempts: int,
    answers_after: timedelta = timedelta(0),
    now: datetime | None = None,
) -> MailToSend | None:
    """Take the mail that has waited longest, for one try.

    One whose customer has withdrawn their consent is suppressed; one that was taken
    `attempts` times, and never came to an end, has failed. A person's answer waits for
    `answers_after`: what the customer has seen by then is suppressed, and all the rest of that
    conversation go as one mail, the newest's.

    Returns:
        The mail, or None when there is nothing to send now.
    """
    now = now or utcnow()
    # A look first, as in `turns.claim`: an idle sender must not hold SQLite's one write lock.
    with read_transaction(engine) as session:
        if session.execute(_mail_waiting(now, answers_after)).first() is None:
            return None
    while True:
        with write_transaction(engine) as session:
            row = session.execute(
                _mail_waiting(now, answers_after).with_for_update(skip_locked=True)
            ).scalar_one_or_none()
            if row is None:
                return None
            mail = session.get(MailContent, row.id)
            is_answer = is_for_answers(mail.holder)
            address = address_of_holder(session, mail.holder, now)
            if is_answer and address is not None:
                mail.address = address  # where the customer wants it by now
            if address != mail.address:
                _suppress(row, "consent withdrawn")
                continue
            if is_answer:
                row = _all_in_one(session, row, mail.holder)
                if row is None:
                    continue
                mail = session.get(MailContent, row.id)
                mail.address = address
            if row.attempts >= attempts:
                row.status = DeliveryStatus.FAILED.value
                continue
            row.attempts += 1
            row.available_at = now + LEASE
            return MailToSend(
                outbox_id=row.id,
                conversation_id=row.conversation_id,
                attempt=row.attempts,
                address=mail.address,
                language=mail.language,
                subject=mail.subject,
                text=mail.text,
                at=row.at,
                is_answer=is_answer,
            )


def mail_delivered(engine: Engine, mail: MailToSend, now: datetime | None = None) -> None:
    """The receiver has taken the mail."""
    values = {"status": DeliveryStatus.DELIVERED.value, "delivered_at": now or utcnow()}
    _end_try(engine, mail, {**values, "error": None})


def mail_suppressed(engine: Engine, mail: MailToSend, reason: str) -> None:
    """The mail is not sent, and won't be."""
    _end_try(engine, mail, {"status": DeliveryStatus.SUPPRESSED.value, "error": reason})


def mail_failed(
    engine: Engine,
    mail: MailToSend,
    error: str,
    *,
    attempts: int,
    for_good: bool = False,
    now: datetime | None = None,
) -> bool:
    """A try has failed: it is tried again later, or given up after `attempts`, or `for_good`.

    Returns:
        Whether the mail has been given up.
    """
    values: dict[str, Any] = {"error": error[:LONGEST_ERROR]}
    given_up = for_good or mail.attempt >= attempts
    if given_up:
        values["status"] = DeliveryStatus.FAILED.value
    else:
        values["available_at"] = (now or utcnow()) + wait_after(mail.attempt)
    _end_try(engine, mail, values)
    return given_up


def wait_after(attempt: int) -> timedelta:
    """How long to wait after this try: doubled each time, and never the same for all."""
    longest = min(LONGEST_WAIT, FIRST_WAIT * 2 ** min(attempt - 1, 20))
    return timedelta(seconds=longest.total_seconds() * random.uniform(0.5, 1))


def _suppress(row: OutboxRow, reason: str) -> None:
    row.status, row.error = DeliveryStatus.SUPPRESSED.value, reason


def _all_in_one(session: Session, row: OutboxRow, holder: str) -> OutboxRow | None:
    """The row that carries all answers which wait with this one; None if all have been seen.

    It is the newest: whoever has seen that has seen those before it. One that was tried before
    carries what it carried then.
    """
    rows = [row]
    if row.attempts == 0:
        waiting = (
            select(OutboxRow)
            .join(MailContent, MailContent.outbox_id == OutboxRow.id)
            .where(
                OutboxRow.conversation_id == row.conversation_id,
                MailContent.holder == holder,
                OutboxRow.status == DeliveryStatus.PENDING.value,
                OutboxRow.attempts == 0,
            )
            .order_by(OutboxRow.line_number)
            .with_for_update(of=OutboxRow, skip_locked=True)
        )
        rows = list(session.execute(waiting).scalars())
    shown = statuses(session, row.conversation_id)
    unseen = []
    for each in rows:
        if shown.get(each.line_number) == DeliveryStatus.DELIVERED.value:
            _suppress(each, "seen")
        else:
            unseen.append(each)
    if not unseen:
        return None
    *others, carrier = unseen
    texts = [session.get(MailContent, each.id).text for each in unseen]
    session.get(MailContent, carrier.id).text = "\n\n".join(texts)
    for each in others:
        _suppress(each, "in another mail")
    return carrier


def _mail_waiting(now: datetime, answers_after: timedelta) -> Any:
    answers = select(MailContent.outbox_id).where(MailContent.holder.startswith(OF_ANSWERS))
    return (
        select(OutboxRow)
        .where(
            OutboxRow.channel == EMAIL,
            OutboxRow.status == DeliveryStatus.PENDING.value,
            OutboxRow.available_at <= now,
            or_(OutboxRow.at <= now - answers_after, OutboxRow.id.not_in(answers)),
        )
        .order_by(OutboxRow.available_at, OutboxRow.id)
        .limit(1)
    )


def _end_try(engine: Engine, mail: MailToSend, values: dict[str, Any]) -> None:
    """Write what came of a try, unless another sender has the mail by now."""
    with write_transaction(engine) as session:
        written = session.execute(
            update(OutboxRow)
            .where(
                OutboxRow.id == mail.outbox_id,
                OutboxRow.attempts == mail.attempt,
                OutboxRow.status == DeliveryStatus.PENDING.value,
            )
            .values(**values)
            .execution_options(synchronize_session=False)
        )
        if written.rowcount and "status" in values:
            end_of_wish(session, mail.outbox_id)
