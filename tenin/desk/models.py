"""The tables of the desk: who serves, what leads have set, who may come in, what was done.

They stand in the conversations' database, so that taking a conversation and all that goes with
it is one commit.
"""

from __future__ import annotations

import enum
from datetime import datetime
from typing import Any

from sqlalchemy import JSON, Boolean, Column, ForeignKey, Index, Integer, String, Text
from sqlalchemy.orm import Mapped

from tenin.conversation.models import Base, Identifier
from tenin.database import UTCDateTime


class Role(str, enum.Enum):
    """What an account may do; `tenin.desk.accounts` says what each role includes."""

    AGENT = "agent"
    LEAD = "lead"
    TRAINER = "trainer"
    ADMIN = "admin"


class Presence(str, enum.Enum):
    """Whether an agent takes conversations now."""

    ONLINE = "online"
    BUSY = "busy"  # there, but takes no new ones
    AWAY = "away"


class Agent(Base):
    """An account of the desk. Empty `skills` or `languages` stand for all of them."""

    __tablename__ = "agent"

    id: Mapped[str] = Column(String(32), primary_key=True)
    login: Mapped[str] = Column(String(64), nullable=False, unique=True)
    name: Mapped[str] = Column(String(80), nullable=False)
    role: Mapped[str] = Column(String(8), nullable=False)
    password_hash: Mapped[str | None] = Column(String(200))
    skills: Mapped[list[str]] = Column(JSON, nullable=False, default=list)
    languages: Mapped[list[str]] = Column(JSON, nullable=False, default=list)
    capacity: Mapped[int] = Column(Integer, nullable=False, default=3)
    presence: Mapped[str] = Column(String(8), nullable=False, default=Presence.AWAY.value)
    presence_since: Mapped[datetime | None] = Column(UTCDateTime)
    seen_at: Mapped[datetime | None] = Column(UTCDateTime)
    active: Mapped[bool] = Column(Boolean, nullable=False, default=True)
    created_at: Mapped[datetime] = Column(UTCDateTime, nullable=False)


class Skill(Base):
    """What some agents are good at: `categories` are the needs that ask for it."""

    __tablename__ = "skill"

    id: Mapped[str] = Column(String(32), primary_key=True)
    titles: Mapped[dict[str, str]] = Column(JSON, nullable=False, default=dict)
    categories: Mapped[list[str]] = Column(JSON, nullable=False, default=list)


class CannedReply(Base):
    """A ready reply, by its shortcut; `texts` by language, with placeholders in braces."""

    __tablename__ = "canned_reply"

    id: Mapped[int] = Column(Identifier, primary_key=True, autoincrement=True)
    shortcut: Mapped[str] = Column(String(32), nullable=False, unique=True)
    place: Mapped[int] = Column(Integer, nullable=False, default=0)
    skill: Mapped[str | None] = Column(String(32))
    texts: Mapped[dict[str, str]] = Column(JSON, nullable=False)
    updated_at: Mapped[datetime] = Column(UTCDateTime, nullable=False)


class DeskSetting(Base):
    """What leads set by name: `hours` (the week, the zone) and `holidays`."""

    __tablename__ = "desk_setting"

    name: Mapped[str] = Column(String(32), primary_key=True)
    value: Mapped[Any] = Column(JSON, nullable=False)
    updated_at: Mapped[datetime] = Column(UTCDateTime, nullable=False)


class DeskSession(Base):
    """A signed-in browser: only the token's hash is kept."""

    __tablename__ = "desk_session"

    token_hash: Mapped[str] = Column(String(64), primary_key=True)
    agent_id: Mapped[str] = Column(ForeignKey("agent.id"), nullable=False)
    created_at: Mapped[datetime] = Column(UTCDateTime, nullable=False)
    used_at: Mapped[datetime] = Column(UTCDateTime, nullable=False)
    expires_at: Mapped[datetime] = Column(UTCDateTime, nullable=False)

    __table_args__ = (Index("desk_session_by_agent", "agent_id"),)


class SignInAttempt(Base):
    """One try to sign in with a password, by login and by address."""

    __tablename__ = "sign_in_attempt"

    id: Mapped[int] = Column(Identifier, primary_key=True, autoincrement=True)
    login: Mapped[str] = Column(String(64), nullable=False)
    address: Mapped[str | None] = Column(String(64))
    succeeded: Mapped[bool] = Column(Boolean, nullable=False)
    at: Mapped[datetime] = Column(UTCDateTime, nullable=False)

    __table_args__ = (
        Index("sign_in_by_login", "login", "at"),
        Index("sign_in_by_address", "address", "at"),
    )


class AuditEntry(Base):
    """What somebody did at the desk that others may have to answer for."""

    __tablename__ = "audit_entry"

    id: Mapped[int] = Column(Identifier, primary_key=True, autoincrement=True)
    at: Mapped[datetime] = Column(UTCDateTime, nullable=False)
    agent_id: Mapped[str | None] = Column(String(32))
    agent_name: Mapped[str | None] = Column(String(80))
    action: Mapped[str] = Column(String(64), nullable=False)
    subject: Mapped[str | None] = Column(String(128))
    detail: Mapped[dict[str, Any]] = Column(JSON, nullable=False, default=dict)
    address: Mapped[str | None] = Column(String(64))

    __table_args__ = (Index("audit_by_time", "at"),)


class ReadMark(Base):
    """How far an agent has read a conversation."""

    __tablename__ = "read_mark"

    agent_id: Mapped[str] = Column(String(32), primary_key=True)
    conversation_id: Mapped[str] = Column(ForeignKey("conversation.id"), primary_key=True)
    line_number: Mapped[int] = Column(Integer, nullable=False)


class TrainingExample(Base):
    """A customer's sentence that a lead marked as a good example, personal data masked."""

    __tablename__ = "training_example"

    id: Mapped[int] = Column(Identifier, primary_key=True, autoincrement=True)
    conversation_id: Mapped[str] = Column(ForeignKey("conversation.id"), nullable=False)
    line_number: Mapped[int] = Column(Integer, nullable=False)
    language: Mapped[str] = Column(String(16), nullable=False)
    text: Mapped[str] = Column(Text, nullable=False)
    answer: Mapped[str | None] = Column(Text)
    need: Mapped[str | None] = Column(String(64))
    marked_by: Mapped[str] = Column(String(32), nullable=False)
    at: Mapped[datetime] = Column(UTCDateTime, nullable=False)

    __table_args__ = (
        Index("training_example_by_line", "conversation_id", "line_number", unique=True),
    )


class OtherDesk(Base):
    """A conversation as another desk knows it, and how far it has been passed on.

    `handoff_id` is the service that the other desk was told of (or, if not `open`, gave up or
    ended); `forwarded` the number of the last line that it has taken; `attempts`, `available_at`
    and `error` are of what comes next. `status_at` is when its status last changed there, by its
    own clock; `looked_at` when it was last asked what we may have missed.
    """

    __tablename__ = "other_desk"

    conversation_id: Mapped[str] = Column(ForeignKey("conversation.id"), primary_key=True)
    desk: Mapped[str] = Column(String(16), nullable=False)
    contact: Mapped[str | None] = Column(String(64))
    source: Mapped[str | None] = Column(String(64))
    remote_id: Mapped[str | None] = Column(String(64))
    handoff_id: Mapped[int | None] = Column(Identifier)
    open: Mapped[bool] = Column(Boolean, nullable=False, default=False)
    forwarded: Mapped[int] = Column(Integer, nullable=False, default=0)
    attempts: Mapped[int] = Column(Integer, nullable=False, default=0)
    available_at: Mapped[datetime] = Column(UTCDateTime, nullable=False)
    error: Mapped[str | None] = Column(Text)
    status_at: Mapped[datetime | None] = Column(UTCDateTime)
    looked_at: Mapped[datetime | None] = Column(UTCDateTime)

    __table_args__ = (
        Index("other_desk_by_remote", "desk", "remote_id"),
        Index("other_desk_open", "open"),
    )


class OtherDeskReach(Base):
    """Whether another desk can be reached: since when every call has failed, if so."""

    __tablename__ = "other_desk_reach"

    desk: Mapped[str] = Column(String(16), primary_key=True)
    failing_since: Mapped[datetime | None] = Column(UTCDateTime)


class OtherDeskDelivery(Base):
    """A webhook call of another desk that was acted on, by its delivery id."""

    __tablename__ = "other_desk_delivery"

    delivery_id: Mapped[str] = Column(String(128), primary_key=True)
    at: Mapped[datetime] = Column(UTCDateTime, nullable=False)

    __table_args__ = (Index("other_desk_delivery_by_time", "at"),)
