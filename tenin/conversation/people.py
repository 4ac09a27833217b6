"""What this room must know of the persons who serve: what may truly be promised just now.

The desk (`tenin.desk`) knows who is on duty and how long it takes; it is handed in with the
voice. A promise is made in the same transaction as the change of owner that it is about.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

from sqlalchemy.orm import Session

from tenin.conversation.models import Awaiting, Conversation
from tenin.conversation.queue import place_in_queue
from tenin.conversation.transcript import Reply


class Kind(str, enum.Enum):
    """What a customer who wants a person may be told."""

    PLACE = "queued"  # a place in the queue and a range of minutes
    NOBODY = "nobody"  # on duty by the hours, but nobody is there: a place, or a message
    CLOSING = "closing"  # it may not be reached any more today
    CLOSED = "closed"  # when it opens
    MESSAGE = "message"  # a message is stored and will be answered
    ELSEWHERE = "elsewhere"  # passed on to another desk, which tells no places
    UNREACHABLE = "unreachable"  # kept until that desk can be reached


@dataclass(frozen=True)
class Promise:
    """What may truly be said now.

    `values` fill the wording: `place` (int, from 1); `low` and `high` (minutes, int) for PLACE;
    `closes` or `opens` (aware datetimes) for CLOSING and CLOSED. `seconds` is the range itself.
    """

    kind: Kind
    values: dict[str, Any] = field(default_factory=dict)
    seconds: tuple[int, int] | None = None


class People(Protocol):
    """Those who serve, wherever they sit."""

    def promise(self, session: Session, conversation: Conversation, now: datetime) -> Promise:
        """What the customer of a conversation in the queue may be told now."""

    def skill_for(self, session: Session, category: str | None) -> str | None:
        """The skill that this need asks for; None if anybody will do."""

    def question(self, session: Session, conversation: Conversation) -> Reply | None:
        """What may be asked, with buttons, while they wait; not answering it changes nothing."""


class NobodyKnown:
    """Stands in where no desk was handed in: a place in the queue is all that is known."""

    def promise(self, session: Session, conversation: Conversation, now: datetime) -> Promise:
        """A place, or that the message is kept."""
        if conversation.awaiting == Awaiting.MESSAGE.value:
            return Promise(Kind.MESSAGE)
        return Promise(Kind.NOBODY, {"place": place_in_queue(session, conversation)})

    def skill_for(self, session: Session, category: str | None) -> str | None:
        """Anybody will do."""
        return None

    def question(self, session: Session, conversation: Conversation) -> Reply | None:
        """Nothing is asked."""
        return None
