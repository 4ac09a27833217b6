"""The outbox: each line that goes out ends as delivered, suppressed, or failed and visible.

The web channel is fetched from, not sent to: its rows are pending until the
browser reports that it has shown them.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from tenin.clock import utcnow
from tenin.conversation.models import DeliveryStatus, OutboxRow


def mark_received(
    session: Session, conversation_id: str, up_to: int, now: datetime | None = None
) -> int:
    """The receiver has shown all lines numbered up to `up_to`; returns how many that newly are."""
    result = session.execute(
        update(OutboxRow)
        .where(
            OutboxRow.conversation_id == conversation_id,
            OutboxRow.line_number <= up_to,
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
            OutboxRow.conversation_id == conversation_id
        )
    )
    return {int(number): str(status) for number, status in rows}
