"""One owner of a conversation at any time: the bot, the queue, or one agent.

Each change raises the epoch, so that whoever began under an older one (a turn
of the bot, a click on a stale page) is found out. The state machine:

    bot ──request_person──► queue ──take──► agent ──hand_back, resolve──► bot
     │                      │   ▲──transfer, give_up──┘
     │◄─────leave_queue─────┘                 ▲
     └──────────────────take──────────────────┘

The customer who has the conversation erased ends it from wherever it is (`abandon`).
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from tenin.clock import utcnow
from tenin.conversation import handoffs, queue, tracker
from tenin.conversation.answers_by_mail import mail_answer
from tenin.conversation.models import (
    Author,
    Awaiting,
    Conversation,
    Handoff,
    InboxRow,
    InboxStatus,
    Line,
    Outcome,
    Owner,
    Visibility,
)
from tenin.conversation.people import Kind, Promise
from tenin.conversation.transcript import Reply, add_line
from tenin.conversation.voice import Voice

# What is said of each promise: when it is made first, and when it is asked for again.
FIRST = {kind: f"utter_handoff_{kind.value}" for kind in Kind}
AGAIN = {**FIRST, Kind.PLACE: "utter_handoff_waiting"}


class OwnershipConflict(Exception):
    """The conversation changed hands meanwhile, or isn't this agent's."""


def request_person(
    session: Session,
    conversation: Conversation,
    reason: str,
    voice: Voice,
    now: datetime | None = None,
    *,
    category: str | None = None,
    signs: Iterable[str] = (),
) -> None:
    """Put a locked conversation on the line for a person; never refused.

    Asked again while waiting, it says what holds by then, in other words, counts the asking and
    takes the fast lane; asked while an agent serves, it says so. The customer is always told.

    Args:
        reason: why, as the desk's page words it: `asked`, `complaint`, `turn_failed`, ….
        category: the need that it is about, if that is known.
        signs: what raises the priority (`tenin.conversation.queue`).
    """
    now = now or utcnow()
    if conversation.owner == Owner.AGENT.value:
        voice.add_system_line(
            session, conversation, "utter_handoff_serving", agent=conversation.agent_name
        )
        return
    conversation.asked += 1
    again = conversation.owner == Owner.QUEUE.value
    if conversation.asked > 1:
        signs = [*signs, "asked_again"]
    if not again:
        conversation.awaiting = Awaiting.LIVE.value
        conversation.category = category
        conversation.skill = voice.people.skill_for(session, category)
        _enter_queue(session, conversation, reason, now)
    queue.raise_priority(conversation, [*signs, reason])
    session.flush()
    if reason == "turn_failed" and not again:
        voice.add_system_line(session, conversation, "utter_turn_failed")
    promise = tell_promise(session, conversation, voice, AGAIN if again else FIRST, now)
    if not again and promise.kind in (Kind.PLACE, Kind.NOBODY, Kind.CLOSING):
        question = voice.people.question(session, conversation)
        if question is not None:
            add_line(session, conversation, Author.SYSTEM, question, now=now)


def tell_promise(
    session: Session,
    conversation: Conversation,
    voice: Voice,
    wording: dict[Kind, str],
    now: datetime,
) -> Promise:
    """Say what may be promised now to a locked conversation in the queue, and keep it as told."""
    promise = voice.people.promise(session, conversation, now)
    voice.add_system_line(session, conversation, wording[promise.kind], **promise.values)
    keep_told(session, conversation, promise, now)
    return promise


def keep_told(
    session: Session, conversation: Conversation, promise: Promise, now: datetime
) -> None:
    """This is what the customer sees as promised from now on."""
    conversation.told_kind = promise.kind.value
    conversation.told = {
        name: value.isoformat() if isinstance(value, datetime) else value
        for name, value in promise.values.items()
    }
    conversation.told_at = now
    handoffs.promised(session, conversation, promise)


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
    now = now or utcnow()
    if conversation.epoch != epoch or conversation.owner == Owner.AGENT.value:
        raise OwnershipConflict(conversation.id)
    if conversation.erased_at is not None:  # nobody is there who could read an answer
        raise OwnershipConflict(conversation.id)
    _change_owner(session, conversation, Owner.AGENT, now)
    conversation.agent_id, conversation.agent_name = agent_id, agent_name
    conversation.last_agent_id = agent_id
    handoffs.taken(session, conversation, now)
    queue.leave(conversation)
    if conversation.awaiting == Awaiting.LIVE.value:
        voice.add_system_line(session, conversation, "utter_agent_joined", agent=agent_name)


def change_agent(
    session: Session,
    conversation: Conversation,
    agent_id: str,
    agent_name: str,
    voice: Voice,
    now: datetime | None = None,
) -> None:
    """Another agent of the same desk serves a locked conversation from now on, unasked.

    For desks other than ours, which pass conversations on by themselves.

    Raises:
        OwnershipConflict: if no agent has it.
    """
    now = now or utcnow()
    if conversation.owner != Owner.AGENT.value:
        raise OwnershipConflict(conversation.id)
    _change_owner(session, conversation, Owner.AGENT, now)
    conversation.agent_id, conversation.agent_name = agent_id, agent_name
    conversation.last_agent_id = agent_id
    handoff = handoffs.current(session, conversation)
    if handoff is not None:
        handoff.agent_id, handoff.agent_name = agent_id, agent_name
    voice.add_system_line(session, conversation, "utter_agent_joined", agent=agent_name)


def say_as_agent(
    session: Session,
    conversation: Conversation,
    agent_id: str,
    text: str,
    key: str,
    voice: Voice,
    now: datetime | None = None,
) -> int:
    """Add an agent's line, once per `key`; returns its number.

    In reply to a message that was left, it also goes to the address that was left with it.

    Raises:
        OwnershipConflict: if the conversation is not this agent's.
    """
    now = now or utcnow()
    known = _line_of(session, conversation, Author.AGENT, key)
    if known is not None:
        return known
    require_agent(conversation, agent_id)
    name = conversation.agent_name
    line = add_line(session, conversation, Author.AGENT, Reply(text), name=name, key=key, now=now)
    handoffs.answered(session, conversation, now)
    mail_answer(session, conversation, line, voice, now)
    return int(line.number)


def add_note(session: Session, conversation: Conversation, author: str, text: str, key: str) -> int:
    """Add a note that only agents see, once per `key`, whoever has the conversation."""
    known = _line_of(session, conversation, Author.NOTE, key)
    if known is not None:
        return known
    line = add_line(
        session,
        conversation,
        Author.NOTE,
        Reply(text),
        name=author,
        key=key,
        visibility=Visibility.DESK,
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
    now = now or utcnow()
    _require(conversation, epoch, agent_id)
    _to_bot(session, conversation, Outcome.HANDED_BACK, now, learnt=learnt)
    voice.add_system_line(session, conversation, "utter_handed_back")


def resolve(
    session: Session,
    conversation: Conversation,
    epoch: int,
    agent_id: str,
    resolution: str,
    voice: Voice,
    now: datetime | None = None,
) -> None:
    """The agent has seen to it: the bot listens again, and the customer is asked for a rating once.

    Args:
        resolution: how it ended, as the desk's page words it, at most 64 characters.

    Raises:
        OwnershipConflict: if it changed hands since, or isn't this agent's.
    """
    now = now or utcnow()
    _require(conversation, epoch, agent_id)
    agent = conversation.agent_name
    ended = _to_bot(session, conversation, Outcome.RESOLVED, now, resolution=resolution)
    cards = [] if ended is None else [{"type": "rating", "handoff": ended.id}]
    voice.add_system_line(session, conversation, "utter_resolved", cards=cards, agent=agent)


def leave_queue(
    session: Session, conversation: Conversation, voice: Voice, now: datetime | None = None
) -> None:
    """The customer no longer waits: the bot has the locked conversation again.

    A message that was left stays in the queue until somebody answers it; they are told so.
    """
    now = now or utcnow()
    if conversation.owner != Owner.QUEUE.value:
        return
    if conversation.awaiting == Awaiting.MESSAGE.value:
        tell_promise(session, conversation, voice, FIRST, now)
        return
    _to_bot(session, conversation, Outcome.LEFT, now)
    voice.add_system_line(session, conversation, "utter_queue_left")


def abandon(session: Session, conversation: Conversation, now: datetime | None = None) -> None:
    """The customer ends a locked conversation without a word, whoever has it: nobody does now.

    An agent's page, or a turn of the bot, that still goes by the old epoch is found out.
    """
    _to_bot(session, conversation, Outcome.LEFT, now or utcnow())


def leave_message(
    session: Session, conversation: Conversation, voice: Voice, now: datetime | None = None
) -> None:
    """The customer no longer waits for a person now but for an answer to what they leave.

    The locked conversation stays in the queue, or enters it; the line asks for the message and
    an address in a form (`{"type": "contact"}`), which the channel draws.
    """
    promise = await_answer(session, conversation, voice, now)
    if promise is None:
        return
    cards = [{"type": "contact"}]
    voice.add_system_line(
        session, conversation, "utter_leave_message", cards=cards, **promise.values
    )


def await_answer(
    session: Session, conversation: Conversation, voice: Voice, now: datetime | None = None
) -> Promise | None:
    """As `leave_message`, without a word: None if an agent has the locked conversation."""
    now = now or utcnow()
    if conversation.owner == Owner.AGENT.value:
        return None
    if conversation.owner == Owner.BOT.value:
        conversation.category = conversation.skill = None
        _enter_queue(session, conversation, "asked", now)
        conversation.asked += 1
    _await_answer(session, conversation)
    promise = voice.people.promise(session, conversation, now)
    keep_told(session, conversation, promise, now)
    return promise


def store_request(
    session: Session, conversation: Conversation, voice: Voice, now: datetime | None = None
) -> None:
    """It is closing time and nobody came: what the customer asked becomes a stored message.

    They are told so, with the form for an address and anything they want to add.
    """
    now = now or utcnow()
    _await_answer(session, conversation)
    promise = voice.people.promise(session, conversation, now)
    keep_told(session, conversation, promise, now)
    cards = [{"type": "contact"}]
    voice.add_system_line(
        session, conversation, "utter_handoff_stored", cards=cards, **promise.values
    )


def transfer(
    session: Session,
    conversation: Conversation,
    epoch: int,
    agent_id: str,
    voice: Voice,
    *,
    to_agent: str | None = None,
    to_skill: str | None = None,
    until: datetime | None = None,
    now: datetime | None = None,
) -> None:
    """Pass a locked conversation on: to an agent, who may take it first, or to a skill.

    It goes to the front of the queue, and if that agent lets it pass, on to others.

    Raises:
        OwnershipConflict: if it changed hands since, or isn't this agent's.
    """
    now = now or utcnow()
    _require(conversation, epoch, agent_id)
    handoffs.end(session, conversation, Outcome.TRANSFERRED, now)
    if to_skill is not None:
        conversation.skill = to_skill
    _enter_queue(session, conversation, "transferred", now)
    conversation.returned_at = now
    conversation.passed_over = [agent_id]
    if to_agent is not None and until is not None:
        queue.offer(conversation, to_agent, until)
    voice.add_system_line(session, conversation, "utter_handoff_transferred")
    promise = voice.people.promise(session, conversation, now)
    keep_told(session, conversation, promise, now)


def give_up(
    session: Session, conversation: Conversation, voice: Voice, now: datetime | None = None
) -> None:
    """The agent is gone before a first answer: back to the queue, in front, since they asked."""
    now = now or utcnow()
    if conversation.owner != Owner.AGENT.value:
        return
    gone = conversation.agent_id
    handoff = handoffs.end(session, conversation, Outcome.RETURNED, now)
    asked_at = now if handoff is None else handoff.asked_at
    reason = "returned" if handoff is None else handoff.reason
    _enter_queue(session, conversation, reason, now, asked_at)
    conversation.returned_at = now
    conversation.passed_over = [gone]
    voice.add_system_line(session, conversation, "utter_handoff_returned")
    keep_told(session, conversation, voice.people.promise(session, conversation, now), now)


def require_agent(conversation: Conversation, agent_id: str) -> None:
    """Raise OwnershipConflict unless the conversation is this agent's."""
    if conversation.owner != Owner.AGENT.value or conversation.agent_id != agent_id:
        raise OwnershipConflict(conversation.id)


def _require(conversation: Conversation, epoch: int, agent_id: str) -> None:
    require_agent(conversation, agent_id)
    if conversation.epoch != epoch:
        raise OwnershipConflict(conversation.id)


def _line_of(session: Session, conversation: Conversation, author: Author, key: str) -> int | None:
    known = session.execute(
        select(Line.number).where(
            Line.conversation_id == conversation.id,
            Line.author == author.value,
            Line.key == key,
        )
    ).scalar_one_or_none()
    return None if known is None else int(known)


def _enter_queue(
    session: Session,
    conversation: Conversation,
    reason: str,
    now: datetime,
    asked_at: datetime | None = None,
) -> None:
    _change_owner(session, conversation, Owner.QUEUE, now)
    conversation.agent_id = conversation.agent_name = None
    conversation.reason = reason
    conversation.waiting_since = asked_at or now
    handoffs.begin(session, conversation, reason, asked_at or now)


def _await_answer(session: Session, conversation: Conversation) -> None:
    conversation.awaiting = Awaiting.MESSAGE.value
    handoff = handoffs.current(session, conversation)
    if handoff is not None:
        handoff.awaiting = conversation.awaiting
    queue.stop_offer(conversation)
    session.flush()


def _to_bot(
    session: Session,
    conversation: Conversation,
    outcome: Outcome,
    now: datetime,
    *,
    resolution: str | None = None,
    learnt: dict[str, Any] | None = None,
) -> Handoff | None:
    ended = handoffs.end(session, conversation, outcome, now, resolution)
    _change_owner(session, conversation, Owner.BOT, now)
    queue.leave(conversation)
    conversation.agent_id = conversation.agent_name = conversation.reason = None
    conversation.category = conversation.skill = None
    conversation.asked = conversation.priority = 0
    conversation.signs = []
    conversation.awaiting = Awaiting.LIVE.value
    tracker.append(session, conversation.id, tracker.fresh_start({**(learnt or {})}))
    return ended


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
