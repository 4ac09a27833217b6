"""What agents see of conversations: the list, and one with its whole transcript."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import and_, select
from sqlalchemy.orm import Session

from tenin.channels.stream import shown_line
from tenin.conversation import delivery
from tenin.conversation.identity import REMEMBERED
from tenin.conversation.models import Conversation, Line, Owner
from tenin.conversation.transcript import NoSuchConversation, lines_after
from tenin.desk.errands import errands

MOST_LISTED = 50  # of the bot's conversations
WHOLE = 5_000  # lines


def conversation_list(session: Session, agent_id: str) -> list[dict[str, Any]]:
    """The queue, longest waiting first; then this agent's; other agents'; the bot's latest."""
    queue = _rows(session, Conversation.owner == Owner.QUEUE.value, Conversation.waiting_since)
    held = _rows(session, Conversation.owner == Owner.AGENT.value, Conversation.updated_at.desc())
    held.sort(key=lambda row: row[0].agent_id != agent_id)
    bots = _rows(
        session,
        and_(Conversation.owner == Owner.BOT.value, Conversation.last_line > 0),
        Conversation.updated_at.desc(),
        MOST_LISTED,
    )
    return [_summary(conversation, last) for conversation, last in [*queue, *held, *bots]]


def conversation_view(
    session: Session, conversation_id: str, remembered: timedelta = REMEMBERED
) -> dict[str, Any]:
    """One conversation with every line, also those the customer never saw, and its errands.

    Of a very long one the latest lines. `remembered` is how long a proved order counts as that.

    Raises:
        NoSuchConversation: if there is none of that id.
    """
    rows = _rows(session, Conversation.id == conversation_id, Conversation.id)
    if not rows:
        raise NoSuchConversation(conversation_id)
    begin = max(0, rows[0][0].last_line - WHOLE)
    delivered = delivery.statuses(session, conversation_id)
    mailed = delivery.mail_statuses(session, conversation_id)
    lines = [
        {
            **shown_line(line),
            "delivery": delivered.get(line.number),
            "visibility": line.visibility,
            "mail": mailed.get(line.number),
        }
        for line in lines_after(session, conversation_id, begin, WHOLE, desk=True)
    ]
    asked = errands(session, conversation_id, remembered)
    return {**_summary(*rows[0]), "errands": asked, "lines": lines}


def _rows(
    session: Session, which: Any, order: Any, limit: int | None = None
) -> list[tuple[Conversation, Line | None]]:
    last = and_(Line.conversation_id == Conversation.id, Line.number == Conversation.last_line)
    wanted = select(Conversation, Line).outerjoin(Line, last).where(which).order_by(order)
    return [(row[0], row[1]) for row in session.execute(wanted.limit(limit))]


def _summary(conversation: Conversation, last: Line | None) -> dict[str, Any]:
    agent = None
    if conversation.agent_id is not None:
        agent = {"id": conversation.agent_id, "name": conversation.agent_name}
    return {
        "id": conversation.id,
        "owner": conversation.owner,
        "agent": agent,
        "epoch": conversation.epoch,
        "language": conversation.language,
        "reason": conversation.reason,
        "asked": conversation.asked,
        "waiting_since": _moment(conversation.waiting_since),
        "updated_at": _moment(conversation.updated_at),
        "last": None
        if last is None
        else {"author": last.author, "text": last.text, "at": _moment(last.at)},
    }


def _moment(at: datetime | None) -> str | None:
    return None if at is None else at.isoformat().replace("+00:00", "Z")
