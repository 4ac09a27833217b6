"""The queue: who goes first, and why.

Those who wait now go before messages that were left; then by priority; then whoever came back
from an agent; then the longest waiting. A place counts those ahead whom the same agents serve.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from sqlalchemy import and_, case, func, or_, select
from sqlalchemy.orm import Session

from tenin.conversation.models import Awaiting, Conversation, Owner

# What raises the priority. The desk's page words each.
FAST_LANE = {
    "asked_again",
    "turn_failed",
    "action_failed",
    "anger",
    "complaint",
}
SOONER = {"not_understood"}


def priority_of(signs: Iterable[str]) -> int:
    """2 for the fast lane, 1 for sooner than others, else 0."""
    found = set(signs)
    return 2 if found & FAST_LANE else 1 if found & SOONER else 0


def raise_priority(conversation: Conversation, signs: Iterable[str]) -> None:
    """Add what counts as a reason to a locked conversation; its priority never falls."""
    counting = (sign for sign in signs if sign in FAST_LANE | SOONER)
    conversation.signs = list(dict.fromkeys([*(conversation.signs or []), *counting]))
    conversation.priority = max(conversation.priority, priority_of(conversation.signs))


def order() -> list[Any]:
    """What the queue is sorted by: the first goes first."""
    return [
        _message(Conversation.awaiting),
        Conversation.priority.desc(),
        case((Conversation.returned_at.is_(None), 1), else_=0),
        Conversation.waiting_since,
        Conversation.id,
    ]


def place_in_queue(session: Session, conversation: Conversation) -> int:
    """The place of a waiting conversation, from 1, among those the same agents serve."""
    mine = (
        1 if conversation.awaiting == Awaiting.MESSAGE.value else 0,
        -conversation.priority,
        0 if conversation.returned_at is not None else 1,
        conversation.waiting_since,
        conversation.id,
    )
    theirs = (
        _message(Conversation.awaiting),
        -Conversation.priority,
        case((Conversation.returned_at.is_(None), 1), else_=0),
        Conversation.waiting_since,
        Conversation.id,
    )
    before = or_(
        *(
            and_(*(theirs[i] == mine[i] for i in range(depth)), theirs[depth] < mine[depth])
            for depth in range(len(mine))
        )
    )
    wanted = select(func.count()).where(Conversation.owner == Owner.QUEUE.value, before)
    if conversation.skill is not None:
        same = or_(Conversation.skill == conversation.skill, Conversation.skill.is_(None))
        wanted = wanted.where(same)
    return int(session.execute(wanted).scalar_one()) + 1


def leave(conversation: Conversation) -> None:
    """Forget what belongs to waiting, of a locked conversation that no longer waits."""
    conversation.waiting_since = conversation.returned_at = None
    stop_offer(conversation)
    conversation.passed_over = []
    conversation.told_kind = conversation.told = conversation.told_at = None


def stop_offer(conversation: Conversation) -> None:
    """No agent has it on offer any more."""
    conversation.offered_to = conversation.offered_until = None


def offer(conversation: Conversation, agent_id: str, until: datetime) -> None:
    """Let this agent take it first, until then."""
    conversation.offered_to, conversation.offered_until = agent_id, until


def _message(awaiting: Any) -> Any:
    return case((awaiting == Awaiting.MESSAGE.value, 1), else_=0)
