"""Routing: who is offered which waiting conversation, and what a waiting customer is told.

`route` is run about once a second by the web tier. It takes back what an agent had not yet answered
whose page is gone, passes on offers that nobody accepted, offers the queue's conversations in their
order to the agents who suit them, and keeps what customers were promised true. Each conversation is
changed in a transaction of its own under its lock, so that several web tiers may do this at once.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import func, select, update
from sqlalchemy.engine import Engine
from sqlalchemy.orm import Session

from tenin.clock import utcnow
from tenin.conversation import handoffs, ownership, queue
from tenin.conversation.models import Awaiting, Conversation, Handoff, Owner
from tenin.conversation.people import Kind
from tenin.conversation.transcript import NoSuchConversation, lock_conversation
from tenin.conversation.voice import Voice
from tenin.database import read_transaction, write_transaction
from tenin.desk.models import Agent, Presence
from tenin.settings import DeskSettings

TELL_EVERY = timedelta(minutes=1)
NEAR = 0.5  # an estimate that moved by less than this share is no news


@dataclass(frozen=True)
class Candidate:
    """An agent as routing sees them: `load` is what they have, offers too."""

    id: str
    skills: Collection[str]
    languages: Collection[str]
    capacity: int
    load: int
    idle_since: datetime


@dataclass(frozen=True)
class Wanted:
    """What a waiting conversation asks of an agent."""

    skill: str | None
    language: str
    last_agent: str | None
    passed_over: Collection[str]


def suits(agent: Candidate | Agent, wanted: Wanted | Conversation) -> bool:
    """Whether this agent may serve it; without skills or languages of their own, they may any."""
    skilled = wanted.skill is None or not agent.skills or wanted.skill in agent.skills
    speaks = not agent.languages or wanted.language in agent.languages
    return bool(skilled and speaks)


def choose(candidates: Iterable[Candidate], wanted: Wanted) -> Candidate | None:
    """Who is offered it next: none if nobody who suits has room.

    The last agent of this customer first; then who has this skill rather than any; then the least
    busy for their capacity; then the longest idle. Who let it pass comes after everybody else.
    """
    free = [each for each in candidates if suits(each, wanted) and each.load < each.capacity]
    if not free:
        return None
    return min(
        free,
        key=lambda each: (
            each.id in wanted.passed_over,
            each.id != wanted.last_agent,
            wanted.skill is not None and wanted.skill not in each.skills,
            each.load / each.capacity,
            each.idle_since,
            each.id,
        ),
    )


def route(
    engine: Engine, voice: Voice, settings: DeskSettings, now: datetime | None = None
) -> list[str]:
    """Do all that is due.

    Returns:
        The conversations that moved.
    """
    now = now or utcnow()
    return [
        *_return_of_the_gone(engine, voice, settings, now),
        *_expire(engine, now),
        *_offer(engine, settings, now),
        *_keep_true(engine, voice, now),
    ]


def is_there(settings: DeskSettings, now: datetime) -> Any:
    """The condition on `Agent` that its page is open, or was less than `gone_seconds` ago."""
    since = now - timedelta(seconds=settings.gone_seconds)
    return Agent.active.is_(True) & func.coalesce(Agent.seen_at >= since, False)


def presence_of(agent: Agent, settings: DeskSettings, now: datetime) -> Presence:
    """What an agent has chosen, or away if their page is gone."""
    since = now - timedelta(seconds=settings.gone_seconds)
    there = agent.active and agent.seen_at is not None and agent.seen_at >= since
    return Presence(agent.presence) if there else Presence.AWAY


def set_presence(
    session: Session, agent_id: str, presence: Presence, now: datetime | None = None
) -> list[str]:
    """An agent comes, is busy, or goes; what they were offered goes to others unless online.

    Returns:
        The conversations that moved.
    """
    now = now or utcnow()
    agent = session.get(Agent, agent_id)
    if agent.presence != presence.value:
        agent.presence, agent.presence_since = presence.value, now
    agent.seen_at = now
    session.flush()
    if presence is Presence.ONLINE:
        return []
    offered = select(Conversation.id).where(
        Conversation.owner == Owner.QUEUE.value, Conversation.offered_to == agent_id
    )
    moved = session.execute(offered).scalars().all()
    for conversation_id in moved:
        _pass_on(lock_conversation(session, conversation_id), agent_id, now)
    return [str(each) for each in moved]


def seen(session: Session, agent_id: str, now: datetime | None = None) -> None:
    """The agent's page is open."""
    session.execute(
        update(Agent)
        .where(Agent.id == agent_id)
        .values(seen_at=now or utcnow())
        .execution_options(synchronize_session=False)
    )


def decline(
    session: Session, conversation: Conversation, agent_id: str, now: datetime | None = None
) -> None:
    """The agent lets a conversation pass that is on offer to them."""
    if conversation.owner == Owner.QUEUE.value and conversation.offered_to == agent_id:
        _pass_on(conversation, agent_id, now or utcnow())


def candidates(session: Session, now: datetime, settings: DeskSettings) -> list[Candidate]:
    """The agents who take conversations now, with what they have."""
    online = Agent.presence == Presence.ONLINE.value
    there = select(Agent).where(online, is_there(settings, now))
    agents: Sequence[Agent] = session.execute(there).scalars().all()
    if not agents:
        return []
    load = _loads(session)
    return [
        Candidate(
            id=agent.id,
            skills=tuple(agent.skills),
            languages=tuple(agent.languages),
            capacity=agent.capacity,
            load=load.get(agent.id, (0, None))[0],
            idle_since=load.get(agent.id, (0, None))[1] or agent.presence_since or now,
        )
        for agent in agents
    ]


def free_room(session: Session, settings: DeskSettings, now: datetime | None = None) -> int:
    """How many conversations more the agents who are online could serve, past those who wait."""
    now = now or utcnow()
    room = sum(max(0, each.capacity - each.load) for each in candidates(session, now, settings))
    waiting = select(func.count()).where(
        Conversation.owner == Owner.QUEUE.value,
        Conversation.awaiting == Awaiting.LIVE.value,
        Conversation.offered_to.is_(None),
    )
    return max(0, room - int(session.execute(waiting).scalar_one()))


def _held(session: Session, conversation_id: str) -> Conversation | None:
    """The locked conversation; None if it was erased since it was looked for."""
    try:
        return lock_conversation(session, conversation_id)
    except NoSuchConversation:
        return None


def _loads(session: Session) -> dict[str, tuple[int, datetime | None]]:
    """By agent, how many conversations they have or are offered, and when the last was given."""
    held = session.execute(
        select(Conversation.agent_id, func.count(), func.max(Conversation.updated_at))
        .where(Conversation.owner == Owner.AGENT.value)
        .group_by(Conversation.agent_id)
    ).all()
    offered = session.execute(
        select(Conversation.offered_to, func.count())
        .where(Conversation.owner == Owner.QUEUE.value, Conversation.offered_to.isnot(None))
        .group_by(Conversation.offered_to)
    ).all()
    found = {agent: (int(count), last) for agent, count, last in held}
    for agent, count in offered:
        known, last = found.get(agent, (0, None))
        found[agent] = (known + int(count), last)
    return found


def _return_of_the_gone(
    engine: Engine, voice: Voice, settings: DeskSettings, now: datetime
) -> list[str]:
    """Put back what gone agents have taken and not yet answered, and what they were offered."""
    gone = select(Agent.id).where(~is_there(settings, now))
    with read_transaction(engine) as session:
        theirs = (
            session.execute(
                select(Conversation.id).where(
                    (
                        (Conversation.owner == Owner.AGENT.value)
                        & Conversation.agent_id.in_(gone)
                        & select(Handoff.id)
                        .where(
                            Handoff.id == Conversation.handoff_id,
                            Handoff.first_answer_at.is_(None),
                        )
                        .exists()
                    )
                    | (
                        (Conversation.owner == Owner.QUEUE.value)
                        & Conversation.offered_to.in_(gone)
                    )
                )
            )
            .scalars()
            .all()
        )
    moved = []
    for conversation_id in theirs:
        with write_transaction(engine) as session:
            conversation = _held(session, conversation_id)
            if conversation is None:
                continue
            holder = conversation.agent_id or conversation.offered_to
            absent = select(Agent.id).where(Agent.id == holder, ~is_there(settings, now))
            if session.execute(absent).first() is None:
                continue
            handoff = handoffs.current(session, conversation)
            if conversation.owner == Owner.QUEUE.value:
                _pass_on(conversation, holder, now)
            elif handoff is None or handoff.first_answer_at is None:
                ownership.give_up(session, conversation, voice, now)
            else:
                continue
            moved.append(str(conversation_id))
    return moved


def _expire(engine: Engine, now: datetime) -> list[str]:
    """Offers that were not accepted in time go on to the next."""
    late = (
        Conversation.owner == Owner.QUEUE.value,
        Conversation.offered_to.isnot(None),
        Conversation.offered_until < now,
    )
    with read_transaction(engine) as session:
        found = session.execute(select(Conversation.id).where(*late)).scalars().all()
    moved = []
    for conversation_id in found:
        with write_transaction(engine) as session:
            conversation = _held(session, conversation_id)
            if conversation is None:
                continue
            if conversation.offered_to is None or conversation.offered_until >= now:
                continue
            _pass_on(conversation, conversation.offered_to, now)
            moved.append(str(conversation_id))
    return moved


def _pass_on(conversation: Conversation, agent_id: str, now: datetime) -> None:
    queue.stop_offer(conversation)
    others = [each for each in conversation.passed_over if each != agent_id]
    conversation.passed_over = [*others, agent_id]
    conversation.updated_at = now


def _offer(engine: Engine, settings: DeskSettings, now: datetime) -> list[str]:
    """Offer what waits to those who suit and have room, in the queue's order."""
    with read_transaction(engine) as session:
        waiting = session.execute(
            select(Conversation.id)
            .where(Conversation.owner == Owner.QUEUE.value, Conversation.offered_to.is_(None))
            .order_by(*queue.order())
        )
        ids = waiting.scalars().all()
        if not ids or not candidates(session, now, settings):
            return []
    moved = []
    until = now + timedelta(seconds=settings.accept_seconds)
    for conversation_id in ids:
        with write_transaction(engine) as session:
            conversation = _held(session, conversation_id)
            if conversation is None:
                continue
            if conversation.owner != Owner.QUEUE.value or conversation.offered_to is not None:
                continue
            wanted = Wanted(
                conversation.skill,
                conversation.language,
                conversation.last_agent_id,
                tuple(conversation.passed_over),
            )
            # Counted anew under the lock: what was offered a moment ago is load.
            found = candidates(session, now, settings)
            if not any(each.load < each.capacity for each in found):
                break
            chosen = choose(found, wanted)
            if chosen is None:
                continue
            # Another web tier may be offering to the same agent: one waits here for the other.
            session.execute(select(Agent.id).where(Agent.id == chosen.id).with_for_update())
            if _loads(session).get(chosen.id, (0, None))[0] >= chosen.capacity:
                continue
            queue.offer(conversation, chosen.id, until)
            conversation.updated_at = now
            moved.append(str(conversation_id))
    return moved


def _keep_true(engine: Engine, voice: Voice, now: datetime) -> list[str]:
    """Renew what waiting customers were told, once a minute at most and if it changed.

    A place and a range are shown beside the conversation; what changes in kind is said in it. At
    closing time a request that nobody is there for any more becomes a message.
    """
    with read_transaction(engine) as session:
        due = session.execute(
            select(Conversation.id).where(
                Conversation.owner == Owner.QUEUE.value,
                Conversation.awaiting == Awaiting.LIVE.value,
                Conversation.told_at <= now - TELL_EVERY,
            )
        )
        ids = due.scalars().all()
    moved = []
    for conversation_id in ids:
        with write_transaction(engine) as session:
            conversation = _held(session, conversation_id)
            if conversation is None:
                continue
            if (
                conversation.owner == Owner.QUEUE.value
                and conversation.awaiting == Awaiting.LIVE.value
                and conversation.told_at <= now - TELL_EVERY
                and _renew(session, conversation, voice, now)
            ):
                conversation.updated_at = now
                moved.append(str(conversation_id))
    return moved


def _renew(session: Session, conversation: Conversation, voice: Voice, now: datetime) -> bool:
    """Say what changed; whether anything did."""
    promise = voice.people.promise(session, conversation, now)
    was = Kind(conversation.told_kind)
    if promise.kind is Kind.CLOSED and was not in (Kind.CLOSED, Kind.MESSAGE):
        ownership.store_request(session, conversation, voice, now)
        return True
    before = dict(conversation.told or {})
    if promise.kind is was and not _is_news(before, promise.values):
        conversation.told_at = now
        return False
    ownership.keep_told(session, conversation, promise, now)
    if promise.kind is not was:
        wording = ownership.FIRST[promise.kind]
        voice.add_system_line(session, conversation, wording, **promise.values)
    return True


def _is_news(before: dict[str, object], now: dict[str, object]) -> bool:
    """Whether a customer would want to see the new values."""
    if before.get("place") != now.get("place"):
        return True
    for name in ("low", "high"):
        was, is_ = before.get(name), now.get(name)
        if isinstance(was, int) and isinstance(is_, int) and abs(is_ - was) > max(1, NEAR * was):
            return True
    return False
