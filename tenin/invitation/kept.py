"""What is known of the visitors who have a customer's chats, to see and to take along.

`tenin.channels.privacy` gives it out beside the conversations; it is erased with them
(`tenin.invitation.visits.forget_who_began`).
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from tenin.invitation.models import Invited, Visitor


def kept_of(session: Session, conversation_ids: Sequence[str]) -> list[dict[str, Any]]:
    """All that is known of the visitors who have these conversations, in plain values."""
    wanted = select(Visitor).where(Visitor.conversation_id.in_(conversation_ids))
    found = session.execute(wanted.order_by(Visitor.first_seen, Visitor.id)).scalars()
    return [_visitor(session, each) for each in found]


def _visitor(session: Session, visitor: Visitor) -> dict[str, Any]:
    invited = select(Invited).where(Invited.visitor_id == visitor.id).order_by(Invited.id)
    return {
        "language": visitor.language,
        "first_seen": _moment(visitor.first_seen),
        "seen_at": _moment(visitor.seen_at),
        "visits": visitor.visits,
        "page": visitor.page,
        "products": visitor.products,
        "never_invited": visitor.held_out,
        "chatted_at": _moment(visitor.chatted_at),
        "ordered_at": _moment(visitor.ordered_at),
        "order_value": visitor.order_value,
        "order_currency": visitor.order_currency,
        "invitations": [
            {
                "invitation": row.invitation,
                "shown": not row.held_out,
                "text": row.text,
                "page": row.page,
                "sku": row.sku,
                "at": _moment(row.at),
                "answer": row.answer,
                "answered_at": _moment(row.answered_at),
            }
            for row in session.execute(invited).scalars()
        ],
    }


def _moment(at: datetime | None) -> str | None:
    return None if at is None else at.isoformat().replace("+00:00", "Z")
