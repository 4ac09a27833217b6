"""One owner of a conversation at any time: the bot, the queue, or one agent.

Each change raises the epoch, so that whoever began under an older one (a turn
of the bot, a click on a stale page) is found out. The state machine:

    bot ──request_person──► queue ──take──► agent ──hand_back──► bot
     └──────────────────take───────────────►┘
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from tenin.clock import utcnow
from tenin.conversation import tracker
from tenin.conversation.models import (
    Author,
    Conversation,
    InboxRow,
    InboxStatus,
    Line,
    Owner,
)
from tenin.conversation.transcript import Reply, add_line
from tenin.conversation.voice import Voice


class OwnershipConflict(Exception):
    """The conversation changed hands meanwhile, or isn't this agent's."""


def request_person(
    session: Session,
    conversation: Conversation,
    reason: str,
    voice: Voice,
    now: datetime | None = None,
) -> None:
    """Put a locked conversation on the line for a person; never refused.

    Asked again while waiting, it says the place again, in other words, and counts
    the asking; asked while an agent serves, it says so. The customer is always told.
    """
    now = now or utcnow()
    if conversation.owner == Owner.AGENT.value:
        voice.add_system_line(
            session, conversation, "utter_handoff_serving", agent=conversation.agent_name
        )
        return
    conversation.asked += 1
    if conversation.owner == Owner.QUEUE.value:
        place = place_in_queue(session, conversation)
        voice.add_system_line(session, conversation, "utter_handoff_waiting", place=place)
        return
    _change_owner(session, conversation, Owner.QUEUE, now)
    conversation.reason = reason
    conversation.waiting_since = now
    session.flush()
    key = "utter_turn_failed" if reason == "turn_failed" else "utter_handoff_queued"
    place = place_in_queue(session, conversation)
    voice.add_system_line(session, conversation, key, place=place)


def take(
    session: Session,
    conversation: Conversation,
    epoch: int,
    agent_id: str,
    agent_name: str,
    voice: Voice,
    now: datetime | None = None,
) -> None:
    """Give a locked conversation to an agent who saw it under `epoch`.

    Raises:
        OwnershipConflict: if it changed hands since, or an agent has it.
    """
    if conversation.epoch != epoch or conversation.owner == Owner.AGENT.value:
        raise OwnershipConflict(conversation.id)
    _change_owner(session, conversation, Owner.AGENT, now or utcnow())
    conversation.agent_id, conversation.agent_name = agent_id, agent_name
    conversation.waiting_since = None
    voice.add_system_line(session, conversation, "utter_agent_joined", agent=agent_name)


def say_as_agent(
    session: Session,
    conversation: Conversation,
    agent_id: str,
    text: str,
    key: str,
) -> int:
    """Add an agent's line, once per `key`; returns its number.

    Raises:
        OwnershipConflict: if the conversation is not this agent's.
    """
    known = session.execute(
        select(Line.number).where(
            Line.conversation_id == conversation.id,
            Line.author == Author.AGENT.value,
            Line.key == key,
        )
    ).scalar_one_or_none()
    if known is not None:
        return int(known)
    _require_agent(conversation, agent_id)
    line = add_line(
        session, conversation, Author.AGENT, Reply(text), name=conversation.agent_name, key=key
    )
    return int(line.number)


def hand_back(
    session: Session,
    conversation: Conversation,
    epoch: int,
    agent_id: str,
    voice: Voice,
    learnt: dict[str, Any] | None = None,
    now: datetime | None = None,
) -> None:
    """Give a locked conversation back to the bot, which listens with a clear head.

    One commit: form closed, requested slot cleared, what the agent learnt set as slots.

    Raises:
        OwnershipConflict: if it changed hands since, or isn't this agent's.
    """
    _require_agent(conversation, agent_id)
    if conversation.epoch != epoch:
        raise OwnershipConflict(conversation.id)
    _change_owner(session, conversation, Owner.BOT, now or utcnow())
    conversation.agent_id = conversation.agent_name = conversation.reason = None
    conversation.asked = 0
    tracker.append(session, conversation.id, tracker.fresh_start({**(learnt or {})}))
    voice.add_system_line(session, conversation, "utter_handed_back")


def place_in_queue(session: Session, conversation: Conversation) -> int:
    """The place of a waiting conversation, from 1: the longest waiting is first."""
    ahead = session.execute(
        select(func.count())
        .select_from(Conversation)
        .where(
            Conversation.owner == Owner.QUEUE.value,
            Conversation.waiting_since < conversation.waiting_since,
        )
    ).scalar_one()
    return int(ahead) + 1


def _require_agent(conversation: Conversation, agent_id: str) -> None:
    if conversation.owner != Owner.AGENT.value or conversation.agent_id != agent_id:
        raise OwnershipConflict(conversation.id)


def _change_owner(
    session: Session, conversation: Conversation, owner: Owner, now: datetime
) -> None:
    conversation.owner = owner.value
    conversation.epoch += 1
    conversation.updated_at = now
    if owner is not Owner.BOT:
        # What still waits for the bot is the person's now.
        session.execute(
            update(InboxRow)
            .where(
                InboxRow.conversation_id == conversation.id,
                InboxRow.status == InboxStatus.WAITING.value,
            )
            .values(status=InboxStatus.PERSON.value, done_at=now)
            .execution_options(synchronize_session="fetch")
        )
    session.flush()
