"""The record of each time that a person was wanted (`Handoff`); written by `ownership` alone.

The desk's figures and the waiting times that are told come from these rows.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from tenin.conversation.models import Conversation, Handoff, Outcome
from tenin.conversation.people import Promise


def begin(session: Session, conversation: Conversation, reason: str, now: datetime) -> Handoff:
    """A person is wanted from now on; the record is the conversation's current one."""
    handoff = Handoff(
        conversation_id=conversation.id,
        reason=reason,
        category=conversation.category,
        skill=conversation.skill,
        language=conversation.language,
        awaiting=conversation.awaiting,
        asked_at=now,
    )
    session.add(handoff)
    session.flush()
    conversation.handoff_id = handoff.id
    return handoff


def current(session: Session, conversation: Conversation) -> Handoff | None:
    """The record of the service that the conversation is in; None while the bot serves."""
    if conversation.handoff_id is None:
        return None
    found: Handoff | None = session.get(Handoff, conversation.handoff_id)
    return found


def promised(session: Session, conversation: Conversation, promise: Promise) -> None:
    """Keep the first range of waiting time that was told."""
    handoff = current(session, conversation)
    if handoff is not None and handoff.promised_high is None and promise.seconds is not None:
        handoff.promised_low, handoff.promised_high = promise.seconds


def taken(session: Session, conversation: Conversation, now: datetime) -> None:
    """The conversation's agent has it since now."""
    handoff = current(session, conversation)
    if handoff is None:
        handoff = begin(session, conversation, "takeover", now)
    handoff.agent_id, handoff.agent_name = conversation.agent_id, conversation.agent_name
    handoff.awaiting, handoff.taken_at = conversation.awaiting, now


def answered(session: Session, conversation: Conversation, now: datetime) -> None:
    """The agent has written; the first time counts."""
    handoff = current(session, conversation)
    if handoff is not None and handoff.first_answer_at is None:
        handoff.first_answer_at = now


def end(
    session: Session,
    conversation: Conversation,
    outcome: Outcome,
    now: datetime,
    resolution: str | None = None,
) -> Handoff | None:
    """It is over; the conversation has no record any more. Returns the one that ended."""
    handoff = current(session, conversation)
    conversation.handoff_id = None
    if handoff is not None:
        handoff.ended_at, handoff.outcome, handoff.resolution = now, outcome.value, resolution
    return handoff
