"""Signed-in browsers: a random token in the cookie, its hash in the database.

A session ends by signing out, after some hours in any case (`desk.cookie_hours`), after some
without a request (`desk.idle_hours`), and when its account's password, role or activity changes.
"""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete, or_, select, update
from sqlalchemy.orm import Session

from tenin.clock import utcnow
from tenin.desk.models import Agent, DeskSession
from tenin.settings import DeskSettings

TOKEN_BYTES = 32
LONGEST_TOKEN = 100
TOUCH_SECONDS = 60.0  # `used_at` is this exact, so that not every request writes


@dataclass(frozen=True)
class Found:
    """The account of a session, and whether the session's last use should be written again."""

    agent: Agent
    touch: bool


def token_hash(token: str) -> str:
    """What is kept of a token."""
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()


def open_session(
    session: Session, agent_id: str, settings: DeskSettings, now: datetime | None = None
) -> str:
    """Begin a session of an account and forget those that are over; returns the new token."""
    now = now or utcnow()
    _forget(session, settings, now)
    token = secrets.token_urlsafe(TOKEN_BYTES)
    session.add(
        DeskSession(
            token_hash=token_hash(token),
            agent_id=agent_id,
            created_at=now,
            used_at=now,
            expires_at=now + timedelta(hours=settings.cookie_hours),
        )
    )
    session.flush()
    return token


def find_session(
    session: Session, token: str, settings: DeskSettings, now: datetime | None = None
) -> Found | None:
    """The active account that a token stands for; None if the session is over or never was."""
    if not 0 < len(token) <= LONGEST_TOKEN:
        return None
    now = now or utcnow()
    idle = timedelta(hours=settings.idle_hours)
    row = session.execute(
        select(Agent, DeskSession.used_at)
        .join(DeskSession, DeskSession.agent_id == Agent.id)
        .where(
            DeskSession.token_hash == token_hash(token),
            DeskSession.expires_at > now,
            DeskSession.used_at > now - idle,
            Agent.active.is_(True),
        )
    ).one_or_none()
    if row is None:
        return None
    agent, used_at = row
    return Found(agent, now - used_at > min(timedelta(seconds=TOUCH_SECONDS), idle / 4))


def touch_session(session: Session, token: str, now: datetime | None = None) -> None:
    """Write down that a session is used now."""
    session.execute(
        update(DeskSession)
        .where(DeskSession.token_hash == token_hash(token))
        .values(used_at=now or utcnow())
        .execution_options(synchronize_session=False)
    )


def end_session(session: Session, token: str) -> str | None:
    """End the session of a token; the id of its account, None if there was no such session."""
    row = session.get(DeskSession, token_hash(token))
    if row is None:
        return None
    session.delete(row)
    session.flush()
    return str(row.agent_id)


def end_sessions(session: Session, agent_id: str) -> None:
    """End every session of an account."""
    session.execute(
        delete(DeskSession)
        .where(DeskSession.agent_id == agent_id)
        .execution_options(synchronize_session=False)
    )


def _forget(session: Session, settings: DeskSettings, now: datetime) -> None:
    idle_since = now - timedelta(hours=settings.idle_hours)
    session.execute(
        delete(DeskSession)
        .where(or_(DeskSession.expires_at <= now, DeskSession.used_at <= idle_since))
        .execution_options(synchronize_session=False)
    )
