"""The tables of invitations: who is on the shop's pages, having agreed to it, and who was invited.

They stand in the conversations' database, so that a chat and the invitation it came from are one
commit. A visitor is known by a hash of an id that only their browser has.
"""

from __future__ import annotations

import enum
from datetime import datetime
from typing import Any

from sqlalchemy import JSON, Boolean, Column, ForeignKey, Index, Integer, String, Text
from sqlalchemy.orm import Mapped

from tenin.conversation.models import Base, Identifier
from tenin.database import UTCDateTime

BY_HAND = "by_hand"


class Answer(str, enum.Enum):
    """What became of an invitation."""

    SHOWN = "shown"  # nothing yet, or never
    ACCEPTED = "accepted"
    DISMISSED = "dismissed"


class Visitor(Base):
    """A browser on the shop's pages. `held_out`: of those who are never invited by rules.

    `page` is what is looked at, `products` the SKUs of this visit, the latest last, `began_at` when
    this visit began and `visits` how many there were. `hand_*` is an agent's own invitation until
    it is fetched. What followed: the conversation that was begun, and the last order that the page
    told, its value as a decimal number.
    """

    __tablename__ = "visitor"

    id: Mapped[str] = Column(String(64), primary_key=True)
    held_out: Mapped[bool] = Column(Boolean, nullable=False)
    language: Mapped[str] = Column(String(16), nullable=False)
    first_seen: Mapped[datetime] = Column(UTCDateTime, nullable=False)
    began_at: Mapped[datetime] = Column(UTCDateTime, nullable=False)
    seen_at: Mapped[datetime] = Column(UTCDateTime, nullable=False)
    visits: Mapped[int] = Column(Integer, nullable=False, default=1)
    page: Mapped[dict[str, Any]] = Column(JSON, nullable=False, default=dict)
    products: Mapped[list[str]] = Column(JSON, nullable=False, default=list)
    hand_by: Mapped[str | None] = Column(String(32))
    hand_name: Mapped[str | None] = Column(String(80))
    hand_text: Mapped[str | None] = Column(Text)
    hand_at: Mapped[datetime | None] = Column(UTCDateTime)
    conversation_id: Mapped[str | None] = Column(ForeignKey("conversation.id"))
    chatted_at: Mapped[datetime | None] = Column(UTCDateTime)
    ordered_at: Mapped[datetime | None] = Column(UTCDateTime)
    order_value: Mapped[str | None] = Column(String(20))
    order_currency: Mapped[str | None] = Column(String(3))

    __table_args__ = (Index("visitor_by_seen", "seen_at"),)


class Invited(Base):
    """That the conditions of a rule held for a visitor: shown to them, or held out.

    `agent_id` is who invited by hand, `text` what was shown, in the visitor's language.
    """

    __tablename__ = "invited"

    id: Mapped[int] = Column(Identifier, primary_key=True, autoincrement=True)
    visitor_id: Mapped[str] = Column(ForeignKey("visitor.id"), nullable=False)
    invitation: Mapped[str] = Column(String(32), nullable=False)
    held_out: Mapped[bool] = Column(Boolean, nullable=False)
    promises_person: Mapped[bool] = Column(Boolean, nullable=False, default=False)
    agent_id: Mapped[str | None] = Column(String(32))
    text: Mapped[str | None] = Column(Text)
    page: Mapped[str] = Column(String(16), nullable=False)
    sku: Mapped[str | None] = Column(String(64))
    at: Mapped[datetime] = Column(UTCDateTime, nullable=False)
    answer: Mapped[str] = Column(String(16), nullable=False, default=Answer.SHOWN.value)
    answered_at: Mapped[datetime | None] = Column(UTCDateTime)
    conversation_id: Mapped[str | None] = Column(ForeignKey("conversation.id"))

    __table_args__ = (
        Index("invited_by_visitor", "visitor_id", "at"),
        Index("invited_by_time", "at"),
    )
