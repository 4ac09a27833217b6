"""What leads look at: how many were served, how long it took, and how it was found.

Made of the `Handoff` rows alone, by agent, by skill and in all. What happened on a day counts on
that day, in the shop's time zone: the asking, the taking (with the wait and the first answer), the
end (with the handling), the rating. A message that was left last night and answered this morning
is this morning's work.
"""

from __future__ import annotations

import statistics
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, timezone, tzinfo
from functools import cached_property
from typing import Any

from sqlalchemy import and_, or_, select
from sqlalchemy.orm import Session

from tenin.conversation.models import Awaiting, Handoff, Outcome
from tenin.desk.models import Agent

MOST_DAYS = 366
# Reasons of records that no customer's asking began.
NOT_ASKED = {"transferred", "takeover"}
ENDS = (Outcome.RESOLVED, Outcome.HANDED_BACK, Outcome.TRANSFERRED)


class DaysError(ValueError):
    """A range of days that there are no figures of; the message names the remedy."""


@dataclass(frozen=True)
class Days:
    """Whole days in a time zone, the last one included."""

    first: date
    last: date
    zone: tzinfo

    def __post_init__(self) -> None:
        """Refuse a range that runs backwards or is too long, with DaysError."""
        if self.last < self.first:
            raise DaysError("The last day is before the first: swap them.")
        if (self.last - self.first).days >= MOST_DAYS:
            raise DaysError(f"The range is too long: ask for at most {MOST_DAYS} days at once.")
        if self.first.year < 2000 or self.last.year > 2999:
            raise DaysError("The day is out of range: ask for one from 2000 to 2999.")

    @cached_property
    def begin(self) -> datetime:
        """The first moment."""
        return self._midnight(self.first)

    @cached_property
    def end(self) -> datetime:
        """The first moment after the last day."""
        return self._midnight(self.last + timedelta(days=1))

    def each(self) -> Iterator[Days]:
        """Day after day."""
        for number in range((self.last - self.first).days + 1):
            day = self.first + timedelta(days=number)
            yield Days(day, day, self.zone)

    def hold(self, moment: datetime | None) -> bool:
        """Whether a moment is in them; no moment is in none."""
        return moment is not None and self.begin <= moment < self.end

    def _midnight(self, day: date) -> datetime:
        return datetime.combine(day, time(), self.zone).astimezone(timezone.utc)


@dataclass(frozen=True)
class Measures:
    """The figures of one agent, one skill, or all; times in seconds, None where there are none.

    `asked`: customers who wanted a person, once each, however often they were passed on.
    `served`: taken by an agent who stayed. `waiting`: from asking to taking, of those who waited
    for a person then; `message_median`: from leaving a message to its answer. `first_answer`: from
    taking to the agent's first line; `handling`: from taking to the end. `resolved_share`: of
    what agents ended. `returned`: the agent was gone before a first answer. `left`: the customer
    no longer waited.
    """

    asked: int = 0
    served: int = 0
    waiting_median: int | None = None
    waiting_p90: int | None = None
    messages: int = 0
    message_median: int | None = None
    first_answer_median: int | None = None
    handling_median: int | None = None
    resolved: int = 0
    resolved_share: float | None = None
    handed_back: int = 0
    transferred: int = 0
    returned: int = 0
    left: int = 0
    ratings: int = 0
    rating_mean: float | None = None
    open_now: int = 0


MEASURES = tuple(Measures.__dataclass_fields__)


@dataclass(frozen=True)
class Group:
    """One agent's or one skill's figures; `id` is None for what asks for no skill."""

    id: str | None
    name: str | None
    measures: Measures


@dataclass(frozen=True)
class Figures:
    """What leads see of some days."""

    days: Days
    agents: tuple[Group, ...]
    skills: tuple[Group, ...]
    total: Measures
    waiting_now: int
    serving_now: int


def figures(session: Session, days: Days) -> Figures:
    """The figures of these days, and what is open at this moment."""
    return _figures(_rows(session, days), days, _names(session))


def figures_by_day(session: Session, days: Days) -> list[Figures]:
    """The same for each of the days by itself, without what is open now."""
    rows, names = _rows(session, days), _names(session)
    return [_figures(rows, day, names, open_too=False) for day in days.each()]


def asked_and_served(session: Session, days: Days) -> list[tuple[int, int]]:
    """How many asked and how many were taken: by the hour of one day (24), or by day of several."""
    one = days.first == days.last
    steps = 24 if one else (days.last - days.first).days + 1
    asked, served = [0] * steps, [0] * steps
    rows = _rows(session, days)

    def step(moment: datetime) -> int:
        here = moment.astimezone(days.zone)
        return here.hour if one else (here.date() - days.first).days

    for _, asked_at in _requests(rows, days):
        asked[step(asked_at)] += 1
    for row in rows:
        if _taken(row, days):
            served[step(row.taken_at)] += 1
    return list(zip(asked, served, strict=True))


def _rows(session: Session, days: Days) -> Sequence[Any]:
    """All records that have something to do with these days, and those that are open."""
    moments = (Handoff.asked_at, Handoff.taken_at, Handoff.ended_at, Handoff.rated_at)
    within = [and_(each >= days.begin, each < days.end) for each in moments]
    wanted = select(
        Handoff.conversation_id,
        Handoff.reason,
        Handoff.skill,
        Handoff.awaiting,
        Handoff.agent_id,
        Handoff.agent_name,
        Handoff.asked_at,
        Handoff.taken_at,
        Handoff.first_answer_at,
        Handoff.ended_at,
        Handoff.outcome,
        Handoff.rating,
        Handoff.rated_at,
    ).where(or_(*within, Handoff.ended_at.is_(None)))
    rows: Sequence[Any] = session.execute(wanted.order_by(Handoff.id)).all()
    return rows


def _names(session: Session) -> dict[str, str]:
    return {row.id: row.name for row in session.execute(select(Agent.id, Agent.name))}


def _figures(
    rows: Sequence[Any], days: Days, names: dict[str, str], open_too: bool = True
) -> Figures:
    by_agent, by_skill = defaultdict(list), defaultdict(list)
    called: dict[str, str] = {}
    for row in rows:
        by_skill[row.skill].append(row)
        if row.agent_id is not None:
            by_agent[row.agent_id].append(row)
            called[row.agent_id] = names.get(row.agent_id) or row.agent_name or row.agent_id
    agents = [
        Group(key, called[key], _measures(of, days, open_too)) for key, of in by_agent.items()
    ]
    skills = [Group(key, None, _measures(of, days, open_too)) for key, of in by_skill.items()]
    nothing = Measures()
    still_open = [row for row in rows if open_too and row.ended_at is None]
    return Figures(
        days,
        tuple(
            sorted(
                (each for each in agents if each.measures != nothing),
                key=lambda each: (str(each.name).casefold(), str(each.id)),
            )
        ),
        tuple(
            sorted(
                (each for each in skills if each.measures != nothing),
                key=lambda each: (each.id is None, each.id or ""),
            )
        ),
        _measures(rows, days, open_too),
        sum(row.taken_at is None for row in still_open),
        sum(row.taken_at is not None for row in still_open),
    )


def _measures(rows: Sequence[Any], days: Days, open_too: bool) -> Measures:
    taken = [row for row in rows if _taken(row, days)]
    ended = [row for row in rows if days.hold(row.ended_at)]
    ratings = [row.rating for row in rows if days.hold(row.rated_at) and row.rating is not None]
    outcomes = {kind: sum(row.outcome == kind.value for row in ended) for kind in Outcome}
    by_agents = sum(outcomes[kind] for kind in ENDS)
    messages = [row for row in rows if row.awaiting == Awaiting.MESSAGE.value]
    waiting = _seconds(
        (row.asked_at, row.taken_at)
        for row in taken
        if row.awaiting == Awaiting.LIVE.value and row.reason != "takeover"
    )
    return Measures(
        asked=len(_requests(rows, days)),
        served=len(taken),
        waiting_median=_median(waiting),
        waiting_p90=waiting[-(-9 * len(waiting) // 10) - 1] if waiting else None,
        messages=len(_requests(messages, days)),
        message_median=_median(
            _seconds((row.asked_at, row.first_answer_at) for row in messages if _taken(row, days))
        ),
        first_answer_median=_median(_seconds((row.taken_at, row.first_answer_at) for row in taken)),
        handling_median=_median(
            _seconds(
                (row.taken_at, row.ended_at)
                for row in ended
                if row.outcome != Outcome.RETURNED.value
            )
        ),
        resolved=outcomes[Outcome.RESOLVED],
        resolved_share=round(outcomes[Outcome.RESOLVED] / by_agents, 4) if by_agents else None,
        handed_back=outcomes[Outcome.HANDED_BACK],
        transferred=outcomes[Outcome.TRANSFERRED],
        returned=outcomes[Outcome.RETURNED],
        left=outcomes[Outcome.LEFT],
        ratings=len(ratings),
        rating_mean=round(sum(ratings) / len(ratings), 2) if ratings else None,
        open_now=sum(row.ended_at is None for row in rows) if open_too else 0,
    )


def _taken(row: Any, days: Days) -> bool:
    """Whether an agent who stayed took it on these days."""
    return days.hold(row.taken_at) and row.outcome != Outcome.RETURNED.value


def _requests(rows: Iterable[Any], days: Days) -> list[tuple[str, datetime]]:
    """The customers' askings of these days, each once: one that came back keeps its moment."""
    found = {
        (row.conversation_id, row.asked_at)
        for row in rows
        if row.reason not in NOT_ASKED and days.hold(row.asked_at)
    }
    return sorted(found)


def _seconds(spans: Iterable[tuple[datetime | None, datetime | None]]) -> list[int]:
    """How long each span is, the shortest first; what has not ended has no length."""
    return sorted(
        round((end - begin).total_seconds())
        for begin, end in spans
        if begin is not None and end is not None
    )


def _median(ordered: list[int]) -> int | None:
    return round(statistics.median(ordered)) if ordered else None
