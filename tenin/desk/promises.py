"""What may truly be promised to a customer who wants a person: our desk as `People`.

It is asked in the transaction that changes the owner, so what is said holds at that moment:
by the hours (`hours`), who is there (`Agent`), the queue, and how long services take (`waiting`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from tenin.conversation.models import Awaiting, Conversation, Handoff, Outcome, Owner
from tenin.conversation.people import Kind, Promise
from tenin.conversation.queue import place_in_queue
from tenin.conversation.transcript import Reply
from tenin.desk.desk_file import FILE, DeskFile, load_desk_file
from tenin.desk.hours import default_schedule, load_schedule
from tenin.desk.models import Agent, Presence, Skill
from tenin.desk.routing import is_there, suits
from tenin.desk.schedule import Schedule
from tenin.desk.waiting import in_minutes, wait_range
from tenin.language.policy import Policy
from tenin.settings import DeskSettings, Settings

# What is looked back at to tell how long a service takes.
RECENT = timedelta(days=30)
MOST_RECENT = 200
# From so many of the same skill on, others' say nothing more.
ENOUGH = 20


@dataclass(frozen=True)
class OurDesk:
    """The desk of this project; `schedule` holds until leads set hours of their own."""

    schedule: Schedule
    settings: DeskSettings
    begins_with: DeskFile | None = None

    def promise(self, session: Session, conversation: Conversation, now: datetime) -> Promise:
        """What the customer of a conversation in the queue may be told now.

        Moments among the values are in the zone of the hours.
        """
        if conversation.awaiting == Awaiting.MESSAGE.value:
            return Promise(Kind.MESSAGE)
        place = place_in_queue(session, conversation)
        schedule = load_schedule(session, self.schedule)
        if not schedule.is_open(now):
            opens = schedule.opens_at(now)
            if opens is None:
                return Promise(Kind.NOBODY, {"place": place})
            return Promise(Kind.CLOSED, {"place": place, "opens": opens})
        agents = self.suitable(session, conversation, now)
        running = _running(session, agents, now)
        servers = sum(
            agent.capacity if agent.presence == Presence.ONLINE.value else len(running[agent.id])
            for agent in agents
        )
        if not servers:
            return Promise(Kind.NOBODY, {"place": place})
        busy = [seconds for lasted in running.values() for seconds in lasted]
        recent = recent_services(session, conversation.skill, now)
        seconds = wait_range(place, servers, busy, recent)
        low, high = minutes(seconds)
        values = {"place": place, "low": low, "high": high}
        closes = schedule.closes_at(now)
        if closes is not None and now + timedelta(seconds=seconds[1]) > closes:
            return Promise(Kind.CLOSING, {**values, "closes": closes}, seconds)
        return Promise(Kind.PLACE, values, seconds)

    def skill_for(self, session: Session, category: str | None) -> str | None:
        """The skill that this need asks for; None if anybody will do.

        A skill that no account has isn't waited for.
        """
        if category is None:
            return None
        agents = session.execute(select(Agent).where(Agent.active.is_(True))).scalars().all()
        for skill in session.execute(select(Skill).order_by(Skill.id)).scalars():
            if category in skill.categories:
                known = not agents or any(_has_skill(agent, skill.id) for agent in agents)
                return str(skill.id) if known else None
        return None

    def question(self, session: Session, conversation: Conversation) -> Reply | None:
        """What may be asked of a customer who has been promised a person; they needn't answer."""
        if self.begins_with is None:
            return None
        return self.begins_with.question_for(conversation.category, conversation.language)

    def suitable(
        self, session: Session, conversation: Conversation, now: datetime
    ) -> Sequence[Agent]:
        """The agents who are there, online or busy, and can serve this conversation."""
        there = select(Agent).where(
            is_there(self.settings, now), Agent.presence != Presence.AWAY.value
        )
        agents = session.execute(there).scalars()
        return [agent for agent in agents if suits(agent, conversation)]


def desk_of(settings: Settings, policy: Policy) -> OurDesk:
    """The desk of these settings and terms.

    Raises:
        ScheduleError, DeskFileError: if the hours of policy.yml, or desk.yml, are impossible.
    """
    begins_with = load_desk_file(settings.path(FILE))
    return OurDesk(default_schedule(policy), settings.desk, begins_with)


def minutes(seconds: tuple[int, int]) -> tuple[int, int]:
    """A range of seconds as it is told: whole minutes around it, from 1 on, never 2 to 2."""
    low, high = in_minutes(*seconds)
    low = max(1, low)
    return low, max(low + 1, high)


def recent_services(session: Session, skill: str | None, now: datetime) -> list[float]:
    """How many seconds the latest services took, newest first.

    Those of the same skill where there are enough of them, else everybody's; messages that were
    left, and services that no agent ended, don't count.
    """
    wanted = (
        select(Handoff.taken_at, Handoff.ended_at)
        .where(
            Handoff.ended_at >= now - RECENT,
            Handoff.taken_at.is_not(None),
            Handoff.awaiting == Awaiting.LIVE.value,
            Handoff.outcome != Outcome.RETURNED.value,
        )
        .order_by(Handoff.ended_at.desc(), Handoff.id.desc())
        .limit(MOST_RECENT)
    )
    if skill is not None:
        same = wanted.where(Handoff.skill == skill)
        if session.execute(select(func.count()).select_from(same.subquery())).scalar_one() < ENOUGH:
            return _seconds(session, wanted)
        wanted = same
    return _seconds(session, wanted)


def _seconds(session: Session, wanted: object) -> list[float]:
    rows = session.execute(wanted)
    return [max(0.0, (ended - taken).total_seconds()) for taken, ended in rows]


def _has_skill(agent: Agent, skill: str) -> bool:
    return not agent.skills or skill in agent.skills


def _running(session: Session, agents: Sequence[Agent], now: datetime) -> dict[str, list[float]]:
    """For each of the agents how many seconds each of their running services has lasted."""
    running: dict[str, list[float]] = {agent.id: [] for agent in agents}
    rows = session.execute(
        select(Conversation.agent_id, Handoff.taken_at)
        .outerjoin(Handoff, Handoff.id == Conversation.handoff_id)
        .where(Conversation.owner == Owner.AGENT.value, Conversation.agent_id.in_(list(running)))
    )
    for agent_id, taken_at in rows:
        lasted = 0.0 if taken_at is None else max(0.0, (now - taken_at).total_seconds())
        running[agent_id].append(lasted)
    return running
