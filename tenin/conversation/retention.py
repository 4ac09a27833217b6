"""How long conversations and pages seen are kept: which of them are old enough to go.

The web tier asks now and then (`tenin.app`), a few at a time. What a person serves, or waits to
be served, is never old, nor what the bot has yet to answer.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import and_, delete, exists, or_, select
from sqlalchemy.orm import Session

from tenin.conversation.models import (
    Conversation,
    InboxRow,
    InboxStatus,
    Owner,
    PageView,
    ProofAttempt,
    SignedIn,
)

AT_ONCE = 20
ROWS_AT_ONCE = 500


def old_conversations(
    session: Session,
    *,
    web_days: float,
    customer_days: float,
    now: datetime,
    limit: int = AT_ONCE,
    of: str | None = None,
) -> list[str]:
    """Conversations in which nothing has happened for so many days, the oldest first.

    Args:
        web_days: for those in which nobody was ever signed in; 0: they are kept.
        customer_days: for those of the shop's customers; 0: they are kept.
        of: ask for this conversation alone.
    """
    customers = exists().where(SignedIn.conversation_id == Conversation.id)
    kinds = [
        and_(whose, Conversation.updated_at < now - timedelta(days=days))
        for days, whose in ((web_days, ~customers), (customer_days, customers))
        if days
    ]
    if not kinds:
        return []
    waiting = exists().where(
        InboxRow.conversation_id == Conversation.id,
        InboxRow.status == InboxStatus.WAITING.value,
    )
    wanted = select(Conversation.id).where(
        or_(*kinds),
        Conversation.erased_at.is_(None),
        Conversation.owner == Owner.BOT.value,
        or_(Conversation.lease_until.is_(None), Conversation.lease_until < now),
        ~waiting,
    )
    if of is not None:
        wanted = wanted.where(Conversation.id == of)
    wanted = wanted.order_by(Conversation.updated_at, Conversation.id).limit(limit)
    return [str(each) for each in session.execute(wanted).scalars()]


def forget_old_views(
    session: Session, days: float, now: datetime, limit: int = ROWS_AT_ONCE
) -> int:
    """Forget pages that were seen longer than so many days ago, 0: none; how many went."""
    if not days:
        return 0
    old = (
        select(PageView.id)
        .join(Conversation, Conversation.id == PageView.conversation_id)
        .where(PageView.at < now - timedelta(days=days), Conversation.owner == Owner.BOT.value)
        .order_by(PageView.at)
    )
    return _forget(session, PageView, PageView.id, old.limit(limit))


def forget_old_tries(
    session: Session, window: timedelta, now: datetime, limit: int = ROWS_AT_ONCE
) -> int:
    """Forget tries to prove an order that count no longer; how many went."""
    old = select(ProofAttempt.message_id).where(ProofAttempt.at < now - window)
    return _forget(session, ProofAttempt, ProofAttempt.message_id, old.limit(limit))


def _forget(session: Session, model: Any, key: Any, which: Any) -> int:
    ids = list(session.execute(which).scalars())
    if ids:
        statement = delete(model).where(key.in_(ids))
        session.execute(statement.execution_options(synchronize_session=False))
    return len(ids)
