"""Erasing conversations in all rooms at once: at a customer's wish, or when they are old enough.

`tenin.channels.privacy` and the background work of `tenin.app` call it; what each room holds is
taken away by that room's own function, all in one transaction.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy.engine import Engine
from sqlalchemy.orm import Session

from tenin.clock import utcnow
from tenin.conversation import erasure, retention
from tenin.conversation.files import delete_files
from tenin.conversation.transcript import lock_conversation
from tenin.database import read_transaction, write_transaction
from tenin.desk.examples import forget_examples
from tenin.invitation import visits
from tenin.settings import Settings
from tenin.training.missed.gathering import forget_missed

logger = logging.getLogger(__name__)


def forget(session: Session, conversation_ids: Sequence[str], now: datetime | None = None) -> None:
    """Erase these conversations, all of them or none.

    Raises:
        NoSuchConversation: if there is none of one of the ids.
        TurnRunsError: while a turn of the bot runs in one of them.
    """
    erasure.erase(session, conversation_ids, now)
    forget_examples(session, conversation_ids)
    forget_missed(session, conversation_ids)
    delete_files(session, conversation_ids)
    visits.forget_who_began(session, conversation_ids)


def forget_old(engine: Engine, settings: Settings, now: datetime | None = None) -> list[str]:
    """Erase some of what is older than `retention` allows, each conversation in its own commit.

    Returns:
        The conversations that were erased.
    """
    now = now or utcnow()
    keep = settings.retention
    with read_transaction(engine) as session:
        old = retention.old_conversations(
            session, web_days=keep.web_days, customer_days=keep.customer_days, now=now
        )
    erased = [each for each in old if _forget_if_old(engine, settings, each, now)]
    with write_transaction(engine) as session:
        retention.forget_old_views(session, keep.page_days, now)
        if keep.page_days:
            visits.forget_before(session, now - timedelta(days=keep.page_days))
        window = timedelta(minutes=settings.proof.window_minutes)
        retention.forget_old_tries(session, window, now)
    if erased:
        logger.info("%s conversations were old enough to be erased", len(erased))
    return erased


def _forget_if_old(engine: Engine, settings: Settings, conversation_id: str, now: datetime) -> bool:
    """Erase one conversation, unless something has happened in it meanwhile."""
    keep = settings.retention
    with write_transaction(engine) as session:
        lock_conversation(session, conversation_id)
        still = retention.old_conversations(
            session,
            web_days=keep.web_days,
            customer_days=keep.customer_days,
            now=now,
            of=conversation_id,
        )
        if still:
            forget(session, still, now)
    return bool(still)
