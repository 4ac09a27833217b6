"""What agents see of conversations: the list, and one with its whole transcript."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import and_, func, or_, select
from sqlalchemy.orm import Session

from tenin.channels.stream import shown_line
from tenin.clock import utcnow
from tenin.conversation import delivery, queue
from tenin.conversation.identity import REMEMBERED
from tenin.conversation.models import Author, Conversation, Handoff, Line, Owner
from tenin.conversation.transcript import NoSuchConversation, lines_after, words_of
from tenin.desk.errands import errands
from tenin.desk.models import Agent, ReadMark, Skill
from tenin.desk.routing import presence_of
from tenin.settings import DeskSettings

MOST_LISTED = 50  # of the bot's conversations
WHOLE = 5_000  # lines


def conversation_list(session: Session, agent_id: str) -> list[dict[str, Any]]:
    """The queue, as it will be served; then this agent's; other agents'; the bot's latest."""
    queued = _rows(session, Conversation.owner == Owner.QUEUE.value, queue.order())
    held = _rows(session, Conversation.owner == Owner.AGENT.value, [Conversation.updated_at.desc()])
    held.sort(key=lambda row: row[0].agent_id != agent_id)
    bots = _rows(
        session,
        and_(
            Conversation.owner == Owner.BOT.value,
            Conversation.last_line > 0,
            Conversation.erased_at.is_(None),
        ),
        [Conversation.updated_at.desc()],
        MOST_LISTED,
    )
    unread = _unread(session, agent_id)
    return [
        _summary(conversation, last, unread.get(conversation.id, 0))
        for conversation, last in [*queued, *held, *bots]
    ]


def conversation_view(
    session: Session, conversation_id: str, agent_id: str, remembered: timedelta = REMEMBERED
) -> dict[str, Any]:
    """One conversation with every line, also those the customer never saw, and its errands.

    Of a very long one the latest lines. `remembered` is how long a proved order counts as that.

    Raises:
        NoSuchConversation: if there is none of that id, or it was erased.
    """
    wanted = and_(Conversation.id == conversation_id, Conversation.erased_at.is_(None))
    rows = _rows(session, wanted, [Conversation.id])
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
    unread = _unread(session, agent_id).get(conversation_id, 0)
    return {
        **_summary(*rows[0], unread),
        "errands": errands(session, conversation_id, remembered),
        "rating": _rating(session, conversation_id),
        "lines": lines,
    }


def mark_read(session: Session, agent_id: str, conversation_id: str, line: int) -> None:
    """The agent has read up to this line; it never goes back."""
    mark = session.get(ReadMark, (agent_id, conversation_id))
    if mark is None:
        session.add(ReadMark(agent_id=agent_id, conversation_id=conversation_id, line_number=line))
    else:
        mark.line_number = max(mark.line_number, line)


def own_account(session: Session, agent_id: str, settings: DeskSettings) -> dict[str, Any]:
    """An agent as their own page shows them."""
    agent = session.get(Agent, agent_id)
    return {**_colleague(agent, settings, 0), "login": agent.login, "role": agent.role}


def colleagues(session: Session, settings: DeskSettings, language: str) -> dict[str, Any]:
    """Who and what a conversation may be passed on to."""
    serving = dict(
        session.execute(
            select(Conversation.agent_id, func.count())
            .where(Conversation.owner == Owner.AGENT.value)
            .group_by(Conversation.agent_id)
        ).all()
    )
    agents = session.execute(
        select(Agent).where(Agent.active.is_(True)).order_by(Agent.name, Agent.id)
    ).scalars()
    skills = session.execute(select(Skill).order_by(Skill.id)).scalars()
    return {
        "agents": [_colleague(agent, settings, serving.get(agent.id, 0)) for agent in agents],
        "skills": [
            {
                "id": skill.id,
                "title": skill.titles.get(language) or skill.id,
                "categories": skill.categories,
            }
            for skill in skills
        ],
    }


def _colleague(agent: Agent, settings: DeskSettings, serving: int) -> dict[str, Any]:
    return {
        "id": agent.id,
        "name": agent.name,
        "presence": presence_of(agent, settings, utcnow()).value,
        "skills": agent.skills,
        "languages": agent.languages,
        "capacity": agent.capacity,
        "serving": serving,
    }


def _unread(session: Session, agent_id: str) -> dict[str, int]:
    """By conversation of a person, how many of the customer's lines this agent hasn't read."""
    rows = session.execute(
        select(Line.conversation_id, func.count())
        .join(Conversation, Conversation.id == Line.conversation_id)
        .outerjoin(
            ReadMark,
            and_(ReadMark.conversation_id == Line.conversation_id, ReadMark.agent_id == agent_id),
        )
        .where(
            or_(
                Conversation.owner == Owner.QUEUE.value,
                and_(Conversation.owner == Owner.AGENT.value, Conversation.agent_id == agent_id),
            ),
            Line.author == Author.CUSTOMER.value,
            Line.number > func.coalesce(ReadMark.line_number, 0),
        )
        .group_by(Line.conversation_id)
    )
    return {str(key): int(count) for key, count in rows}


def _rating(session: Session, conversation_id: str) -> dict[str, Any] | None:
    """What the customer last gave."""
    found = session.execute(
        select(Handoff)
        .where(Handoff.conversation_id == conversation_id, Handoff.rating.isnot(None))
        .order_by(Handoff.rated_at.desc())
        .limit(1)
    ).scalar_one_or_none()
    if found is None:
        return None
    return {"rating": found.rating, "word": found.rating_word, "at": _moment(found.rated_at)}


def _rows(
    session: Session, which: Any, order: Sequence[Any], limit: int | None = None
) -> list[tuple[Conversation, Line | None]]:
    last = and_(Line.conversation_id == Conversation.id, Line.number == Conversation.last_line)
    wanted = select(Conversation, Line).outerjoin(Line, last).where(which).order_by(*order)
    return [(row[0], row[1]) for row in session.execute(wanted.limit(limit))]


def _summary(conversation: Conversation, last: Line | None, unread: int) -> dict[str, Any]:
    agent, offered, promised = None, None, None
    if conversation.agent_id is not None:
        agent = {"id": conversation.agent_id, "name": conversation.agent_name}
    if conversation.offered_to is not None:
        until = _moment(conversation.offered_until)
        offered = {"agent": conversation.offered_to, "until": until}
    if conversation.told_kind is not None:
        promised = {"kind": conversation.told_kind, **(conversation.told or {})}
    return {
        "id": conversation.id,
        "owner": conversation.owner,
        "agent": agent,
        "epoch": conversation.epoch,
        "language": conversation.language,
        "reason": conversation.reason,
        "category": conversation.category,
        "skill": conversation.skill,
        "priority": conversation.priority,
        "signs": conversation.signs,
        "awaiting": conversation.awaiting,
        "asked": conversation.asked,
        "waiting_since": _moment(conversation.waiting_since),
        "offered": offered,
        "promised": promised,
        "updated_at": _moment(conversation.updated_at),
        "unread": unread,
        "last": None
        if last is None
        else {"author": last.author, "text": words_of(last), "at": _moment(last.at)},
    }


def _moment(at: datetime | None) -> str | None:
    return None if at is None else at.isoformat().replace("+00:00", "Z")
