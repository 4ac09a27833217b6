"""The table of missed messages, in the conversations' database: it is erased with them."""

from __future__ import annotations

import enum
from datetime import datetime
from typing import Any

from sqlalchemy import JSON, Column, Float, ForeignKey, Index, Integer, String, Text
from sqlalchemy.orm import Mapped

from tenin.conversation.models import Base, Identifier
from tenin.database import UTCDateTime


class Reason(str, enum.Enum):
    """Why a message counts as missed."""

    REFUSED = "refused"  # not understood
    UNSURE = "unsure"  # answered with low confidence
    PERSON = "person"  # followed by a person
    RATING = "rating"  # followed by a service that was rated 1 or 2
    MARKED = "marked"  # marked at the desk as a good example


class Decision(str, enum.Enum):
    """What a trainer has said of a message."""

    OPEN = "open"  # nothing yet
    ACCEPTED = "accepted"
    DROPPED = "dropped"  # left out when others of its group were accepted
    DISMISSED = "dismissed"


class MissedMessage(Base):
    """A customer's message that was missed, personal data masked, with its group.

    `need` is what the bot took it for, None if it was refused; `ranking` the likeliest needs with
    their confidence; `marked_need` what it was marked as at the desk; `answer` what an agent said
    to it. `central` tells how like it is to the others of its group. Once decided: `wording` as
    the trainer wants it in the files, `given_need`, by whom and when; `exported_at` is when it was
    last written for the files.
    """

    __tablename__ = "missed_message"

    id: Mapped[int] = Column(Identifier, primary_key=True, autoincrement=True)
    conversation_id: Mapped[str] = Column(ForeignKey("conversation.id"), nullable=False)
    line_number: Mapped[int] = Column(Integer, nullable=False)
    language: Mapped[str] = Column(String(16), nullable=False)
    text: Mapped[str] = Column(Text, nullable=False)
    answer: Mapped[str | None] = Column(Text)
    need: Mapped[str | None] = Column(String(64))
    confidence: Mapped[float | None] = Column(Float)
    ranking: Mapped[list[Any]] = Column(JSON, nullable=False, default=list)
    marked_need: Mapped[str | None] = Column(String(64))
    reasons: Mapped[list[str]] = Column(JSON, nullable=False)
    at: Mapped[datetime] = Column(UTCDateTime, nullable=False)
    group_id: Mapped[str | None] = Column(String(16))
    central: Mapped[float] = Column(Float, nullable=False, default=0.0)
    decision: Mapped[str] = Column(String(12), nullable=False, default=Decision.OPEN.value)
    wording: Mapped[str | None] = Column(Text)
    given_need: Mapped[str | None] = Column(String(64))
    decided_by: Mapped[str | None] = Column(String(80))
    decided_at: Mapped[datetime | None] = Column(UTCDateTime)
    exported_at: Mapped[datetime | None] = Column(UTCDateTime)

    __table_args__ = (
        Index("missed_by_line", "conversation_id", "line_number", unique=True),
        Index("missed_by_group", "group_id"),
        Index("missed_by_language", "language", "decision"),
    )
