"""Who may come to the desk: a one-time link, then a signed cookie that expires.

Accounts come later; until then whoever can run a command on the shop's machine
can make a link, and a link makes one agent.
"""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from itsdangerous import BadData, URLSafeTimedSerializer
from sqlalchemy import select, update
from sqlalchemy.engine import Engine
from sqlalchemy.orm import Session

from tenin.clock import utcnow
from tenin.conversation.models import DeskLink
from tenin.database import write_transaction
from tenin.settings import Settings

COOKIE = "tenin_desk"
KEY_BYTES = 32
SALT = "tenin.desk"


@dataclass(frozen=True)
class Agent:
    """A person at the desk."""

    id: str
    name: str


def new_link(engine: Engine, settings: Settings, name: str) -> str:
    """Make a one-time link for an agent of this name; returns the key to put into it.

    The same name is the same agent, also after a restart.
    """
    key = secrets.token_urlsafe(KEY_BYTES)
    with write_transaction(engine) as session:
        session.add(
            DeskLink(
                key_hash=_hash(key),
                agent_id=_hash(f"agent:{name}")[:16],
                agent_name=name,
                expires_at=utcnow() + timedelta(minutes=settings.desk.link_minutes),
            )
        )
    return key


def use_link(session: Session, key: str, now: datetime | None = None) -> Agent | None:
    """The agent a link was made for, once; None if it is unknown, used, or expired."""
    now = now or utcnow()
    used = session.execute(
        update(DeskLink)
        .where(
            DeskLink.key_hash == _hash(key),
            DeskLink.used_at.is_(None),
            DeskLink.expires_at > now,
        )
        .values(used_at=now)
        .execution_options(synchronize_session=False)
    )
    if used.rowcount != 1:
        return None
    row = session.execute(select(DeskLink).where(DeskLink.key_hash == _hash(key))).scalar_one()
    return Agent(row.agent_id, row.agent_name)


def sign(agent: Agent, settings: Settings) -> str:
    """The cookie's value for an agent."""
    signed = _serializer(settings).dumps({"id": agent.id, "name": agent.name})
    return signed if isinstance(signed, str) else signed.decode()


def read_cookie(value: str | None, settings: Settings) -> Agent | None:
    """The agent of a cookie; None if it is absent, forged or too old."""
    if not value:
        return None
    try:
        data = _serializer(settings).loads(value, max_age=int(settings.desk.cookie_hours * 3600))
        return Agent(str(data["id"]), str(data["name"]))
    except (BadData, KeyError, TypeError):
        return None


def _serializer(settings: Settings) -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(settings.secret, salt=SALT)


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
