"""The tables of the conversation room.

`Line` is the transcript (what was said, in order), `InboxRow` the work waiting
for the bot, `OutboxRow` the delivery of each line to the customer. Tracker
tables hold what Rasa remembers, as plain JSON, so that this room can write them
without Rasa.
"""

from __future__ import annotations

import enum
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    String,
    Text,
    UniqueConstraint,
)
from sqlalchemy.orm import Mapped, registry

from tenin.database import UTCDateTime

MIGRATIONS = Path(__file__).parent / "migrations"
VERSION_TABLE = "tenin_version"

_registry = registry()
metadata = _registry.metadata
Base: Any = _registry.generate_base()

# SQLite only counts up by itself on INTEGER, PostgreSQL should have room.
Identifier = BigInteger().with_variant(Integer(), "sqlite")


class Owner(str, enum.Enum):
    """Who answers a conversation's customer."""

    BOT = "bot"
    QUEUE = "queue"
    AGENT = "agent"


class Awaiting(str, enum.Enum):
    """What a customer in the queue waits for."""

    LIVE = "live"  # a person, now
    MESSAGE = "message"  # an answer to a message they left


class Outcome(str, enum.Enum):
    """How a person's service, or the waiting for it, ended."""

    RESOLVED = "resolved"
    HANDED_BACK = "handed_back"
    TRANSFERRED = "transferred"
    RETURNED = "returned"  # to the queue: the agent was gone before a first answer
    LEFT = "left"  # the customer went back to the bot


class Author(str, enum.Enum):
    """Who said a line."""

    CUSTOMER = "customer"
    BOT = "bot"
    AGENT = "agent"
    SYSTEM = "system"
    NOTE = "note"  # an agent's, for agents alone


class InboxStatus(str, enum.Enum):
    """What became of an incoming message."""

    WAITING = "waiting"  # for a turn of the bot
    DONE = "done"  # a turn was committed for it
    PERSON = "person"  # a person owns the conversation: theirs to answer
    FAILED = "failed"  # given up on, visible to agents
    ERASED = "erased"  # the customer had it erased before anybody answered


class DeliveryStatus(str, enum.Enum):
    """What became of an outgoing line."""

    PENDING = "pending"
    DELIVERED = "delivered"
    SUPPRESSED = "suppressed"
    FAILED = "failed"


class Visibility(str, enum.Enum):
    """Who may see a line."""

    ALL = "all"
    DESK = "desk"


class Conversation(Base):
    """One customer's conversation and who owns it.

    While a person is wanted: `category` is the need it is about and `skill` whom that asks for;
    `priority` and its reasons `signs`; `returned_at` since when it goes before others of its
    priority; `offered_to` which agent may take it first, until `offered_until`, and `passed_over`
    who let it pass. `told` is what was last promised (`tenin.conversation.people`), `handoff_id`
    the record of this service (`Handoff`).
    With `erased_at` nothing of what was said is left, and nobody gets into it any more.
    """

    __tablename__ = "conversation"

    id: Mapped[str] = Column(String(32), primary_key=True)
    channel: Mapped[str] = Column(String(32), nullable=False)
    language: Mapped[str] = Column(String(16), nullable=False)
    owner: Mapped[str] = Column(String(8), nullable=False, default=Owner.BOT.value)
    agent_id: Mapped[str | None] = Column(String(64))
    agent_name: Mapped[str | None] = Column(String(128))
    epoch: Mapped[int] = Column(Integer, nullable=False, default=0)
    reason: Mapped[str | None] = Column(String(64))
    asked: Mapped[int] = Column(Integer, nullable=False, default=0)
    waiting_since: Mapped[datetime | None] = Column(UTCDateTime)
    category: Mapped[str | None] = Column(String(64))
    skill: Mapped[str | None] = Column(String(32))
    priority: Mapped[int] = Column(Integer, nullable=False, default=0)
    signs: Mapped[list[str]] = Column(JSON, nullable=False, default=list)
    awaiting: Mapped[str] = Column(String(8), nullable=False, default=Awaiting.LIVE.value)
    returned_at: Mapped[datetime | None] = Column(UTCDateTime)
    offered_to: Mapped[str | None] = Column(String(32))
    offered_until: Mapped[datetime | None] = Column(UTCDateTime)
    passed_over: Mapped[list[str]] = Column(JSON, nullable=False, default=list)
    last_agent_id: Mapped[str | None] = Column(String(64))
    handoff_id: Mapped[int | None] = Column(Identifier)
    told_kind: Mapped[str | None] = Column(String(16))
    told: Mapped[dict[str, Any] | None] = Column(JSON)
    told_at: Mapped[datetime | None] = Column(UTCDateTime)
    last_line: Mapped[int] = Column(Integer, nullable=False, default=0)
    lease_token: Mapped[str | None] = Column(String(32))
    lease_until: Mapped[datetime | None] = Column(UTCDateTime)
    created_at: Mapped[datetime] = Column(UTCDateTime, nullable=False)
    updated_at: Mapped[datetime] = Column(UTCDateTime, nullable=False)
    erased_at: Mapped[datetime | None] = Column(UTCDateTime)

    __table_args__ = (
        Index("conversation_by_owner", "owner", "waiting_since"),
        Index("conversation_by_update", "updated_at"),
    )


class Handoff(Base):
    """One time that a person was wanted: from the asking, or the taking, to the end.

    What agents are measured by and waiting times are told from. `first_answer_at` is the agent's
    first line after taking it; `promised_low` and `promised_high` are the seconds of the wait
    that was told first, none if none was.
    """

    __tablename__ = "handoff"

    id: Mapped[int] = Column(Identifier, primary_key=True, autoincrement=True)
    conversation_id: Mapped[str] = Column(ForeignKey("conversation.id"), nullable=False)
    reason: Mapped[str] = Column(String(64), nullable=False)
    category: Mapped[str | None] = Column(String(64))
    skill: Mapped[str | None] = Column(String(32))
    language: Mapped[str] = Column(String(16), nullable=False)
    awaiting: Mapped[str] = Column(String(8), nullable=False)
    asked_at: Mapped[datetime] = Column(UTCDateTime, nullable=False)
    promised_low: Mapped[int | None] = Column(Integer)
    promised_high: Mapped[int | None] = Column(Integer)
    agent_id: Mapped[str | None] = Column(String(64))
    agent_name: Mapped[str | None] = Column(String(128))
    taken_at: Mapped[datetime | None] = Column(UTCDateTime)
    first_answer_at: Mapped[datetime | None] = Column(UTCDateTime)
    ended_at: Mapped[datetime | None] = Column(UTCDateTime)
    outcome: Mapped[str | None] = Column(String(16))
    resolution: Mapped[str | None] = Column(String(64))
    rating: Mapped[int | None] = Column(Integer)
    rating_word: Mapped[str | None] = Column(Text)
    rated_at: Mapped[datetime | None] = Column(UTCDateTime)

    __table_args__ = (
        Index("handoff_by_conversation", "conversation_id"),
        Index("handoff_by_time", "asked_at"),
        Index("handoff_by_end", "ended_at"),
        Index("handoff_by_rating", "rated_at"),
        Index("handoff_by_take", "taken_at"),
    )


class WebSession(Base):
    """A browser's proof that a conversation is its own: only the token's hash is kept.

    One that was opened `by_link` is somebody's who can read a mail, and no more than that.
    """

    __tablename__ = "web_session"

    token_hash: Mapped[str] = Column(String(64), primary_key=True)
    conversation_id: Mapped[str] = Column(ForeignKey("conversation.id"), nullable=False)
    created_at: Mapped[datetime] = Column(UTCDateTime, nullable=False)
    by_link: Mapped[bool] = Column(Boolean, nullable=False, default=False)

    __table_args__ = (Index("web_session_by_conversation", "conversation_id"),)


class Line(Base):
    """One line of a transcript, numbered from 1 within its conversation."""

    __tablename__ = "line"

    id: Mapped[int] = Column(Identifier, primary_key=True, autoincrement=True)
    conversation_id: Mapped[str] = Column(ForeignKey("conversation.id"), nullable=False)
    number: Mapped[int] = Column(Integer, nullable=False)
    author: Mapped[str] = Column(String(8), nullable=False)
    name: Mapped[str | None] = Column(String(128))
    text: Mapped[str] = Column(Text, nullable=False)
    buttons: Mapped[list[dict[str, str]]] = Column(JSON, nullable=False, default=list)
    cards: Mapped[list[dict[str, Any]]] = Column(JSON, nullable=False, default=list)
    key: Mapped[str | None] = Column(String(64))
    visibility: Mapped[str] = Column(String(8), nullable=False, default=Visibility.ALL.value)
    at: Mapped[datetime] = Column(UTCDateTime, nullable=False)

    __table_args__ = (UniqueConstraint("conversation_id", "number", name="line_number"),)


class Offer(Base):
    """A button as it was offered in a conversation; its id is what comes back."""

    __tablename__ = "offer"

    id: Mapped[str] = Column(String(32), primary_key=True)
    conversation_id: Mapped[str] = Column(ForeignKey("conversation.id"), nullable=False)
    line_number: Mapped[int] = Column(Integer, nullable=False)
    title: Mapped[str] = Column(Text, nullable=False)
    payload: Mapped[str] = Column(Text, nullable=False)

    __table_args__ = (Index("offer_by_conversation", "conversation_id"),)


class StoredFile(Base):
    """A file that a customer or an agent has sent, with the line that carries it.

    `name` and `media_type` are ours, told from its content; `width` and `height` a picture's. What
    is in it stands apart (`FileContent`), so that a look at what there is reads no content.
    """

    __tablename__ = "stored_file"

    id: Mapped[str] = Column(String(32), primary_key=True)
    conversation_id: Mapped[str] = Column(ForeignKey("conversation.id"), nullable=False)
    line_number: Mapped[int] = Column(Integer, nullable=False)
    author: Mapped[str] = Column(String(8), nullable=False)
    key: Mapped[str] = Column(String(64), nullable=False)
    name: Mapped[str] = Column(String(128), nullable=False)
    media_type: Mapped[str] = Column(String(32), nullable=False)
    size: Mapped[int] = Column(Integer, nullable=False)
    width: Mapped[int | None] = Column(Integer)
    height: Mapped[int | None] = Column(Integer)
    at: Mapped[datetime] = Column(UTCDateTime, nullable=False)

    __table_args__ = (
        UniqueConstraint("conversation_id", "author", "key", name="stored_file_once"),
        Index("stored_file_by_time", "at"),
    )


class FileContent(Base):
    """What is in a file."""

    __tablename__ = "file_content"

    file_id: Mapped[str] = Column(ForeignKey("stored_file.id"), primary_key=True)
    data: Mapped[bytes] = Column(LargeBinary, nullable=False)


class InboxRow(Base):
    """An incoming message and what became of it."""

    __tablename__ = "inbox"

    id: Mapped[int] = Column(Identifier, primary_key=True, autoincrement=True)
    conversation_id: Mapped[str] = Column(ForeignKey("conversation.id"), nullable=False)
    channel: Mapped[str] = Column(String(32), nullable=False)
    account: Mapped[str] = Column(String(64), nullable=False)
    external_id: Mapped[str] = Column(String(64), nullable=False)
    kind: Mapped[str] = Column(String(8), nullable=False)
    text: Mapped[str] = Column(Text, nullable=False)
    payload: Mapped[str | None] = Column(Text)
    language: Mapped[str] = Column(String(16), nullable=False)
    address: Mapped[str | None] = Column(String(64))
    line_number: Mapped[int | None] = Column(Integer)
    status: Mapped[str] = Column(String(8), nullable=False)
    attempts: Mapped[int] = Column(Integer, nullable=False, default=0)
    available_at: Mapped[datetime] = Column(UTCDateTime, nullable=False)
    received_at: Mapped[datetime] = Column(UTCDateTime, nullable=False)
    noticed_at: Mapped[datetime | None] = Column(UTCDateTime)
    done_at: Mapped[datetime | None] = Column(UTCDateTime)
    error: Mapped[str | None] = Column(Text)

    __table_args__ = (
        UniqueConstraint("channel", "account", "external_id", name="inbox_external"),
        Index("inbox_by_status", "status", "available_at"),
        Index("inbox_by_conversation", "conversation_id", "status"),
    )


class OutboxRow(Base):
    """The delivery of one line to the customer."""

    __tablename__ = "outbox"

    id: Mapped[int] = Column(Identifier, primary_key=True, autoincrement=True)
    conversation_id: Mapped[str] = Column(ForeignKey("conversation.id"), nullable=False)
    line_number: Mapped[int] = Column(Integer, nullable=False)
    channel: Mapped[str] = Column(String(32), nullable=False)
    inbox_id: Mapped[int | None] = Column(ForeignKey("inbox.id"))
    epoch: Mapped[int] = Column(Integer, nullable=False)
    status: Mapped[str] = Column(String(12), nullable=False)
    at: Mapped[datetime] = Column(UTCDateTime, nullable=False)
    delivered_at: Mapped[datetime | None] = Column(UTCDateTime)
    attempts: Mapped[int] = Column(Integer, nullable=False, default=0)
    available_at: Mapped[datetime | None] = Column(UTCDateTime)
    error: Mapped[str | None] = Column(Text)

    __table_args__ = (
        UniqueConstraint("conversation_id", "line_number", "channel", name="outbox_line"),
        Index("outbox_by_status", "conversation_id", "status"),
        Index("outbox_to_send", "channel", "status", "available_at"),
    )


class MailContent(Base):
    """What a row of the outbox says by e-mail, as it was worded when it was put there."""

    __tablename__ = "mail_content"

    outbox_id: Mapped[int] = Column(ForeignKey("outbox.id"), primary_key=True)
    holder: Mapped[str] = Column(String(160), nullable=False)
    address: Mapped[str] = Column(String(254), nullable=False)
    language: Mapped[str] = Column(String(16), nullable=False)
    subject: Mapped[str] = Column(Text, nullable=False)
    text: Mapped[str] = Column(Text, nullable=False)


class MailConsent(Base):
    """That a customer, or the customer of one conversation, wants notices at an address.

    The holder may also be one wish of `RestockWish`: then it holds for that notice alone.
    """

    __tablename__ = "mail_consent"

    holder: Mapped[str] = Column(String(160), primary_key=True)
    address: Mapped[str] = Column(String(254), nullable=False)
    given_at: Mapped[datetime] = Column(UTCDateTime, nullable=False)
    withdrawn_at: Mapped[datetime | None] = Column(UTCDateTime)


class RestockWish(Base):
    """That the customer of a conversation wants to hear when a product is back.

    `times` counts how often it was wished anew after having been told; `told_at` is when it was
    told the last time, `welcomed_at` when a welcome named it.
    """

    __tablename__ = "restock_wish"

    id: Mapped[int] = Column(Identifier, primary_key=True, autoincrement=True)
    conversation_id: Mapped[str] = Column(ForeignKey("conversation.id"), nullable=False)
    sku: Mapped[str] = Column(String(64), nullable=False)
    times: Mapped[int] = Column(Integer, nullable=False, default=1)
    wished_at: Mapped[datetime] = Column(UTCDateTime, nullable=False)
    told_at: Mapped[datetime | None] = Column(UTCDateTime)
    welcomed_at: Mapped[datetime | None] = Column(UTCDateTime)

    __table_args__ = (
        UniqueConstraint("conversation_id", "sku", name="restock_wish_once"),
        Index("restock_wish_waiting", "told_at", "sku"),
    )


class TrackerEvent(Base):
    """One event of Rasa's tracker, kept whole; never read on the way of a message."""

    __tablename__ = "tracker_event"

    id: Mapped[int] = Column(Identifier, primary_key=True, autoincrement=True)
    conversation_id: Mapped[str] = Column(String(255), nullable=False)
    inbox_id: Mapped[int | None] = Column(ForeignKey("inbox.id"))
    event: Mapped[dict[str, Any]] = Column(JSON, nullable=False)

    __table_args__ = (Index("tracker_event_by_conversation", "conversation_id", "id"),)


class TrackerSnapshot(Base):
    """What Rasa is given back of a conversation: state, then the latest turns."""

    __tablename__ = "tracker_snapshot"

    conversation_id: Mapped[str] = Column(String(255), primary_key=True)
    events: Mapped[list[dict[str, Any]]] = Column(JSON, nullable=False)


class ProofAttempt(Base):
    """One try to prove an order one's own; counted as failed until it succeeds."""

    __tablename__ = "proof_attempt"

    message_id: Mapped[str] = Column(String(64), primary_key=True)
    conversation_id: Mapped[str] = Column(String(255), nullable=False)
    order_hash: Mapped[str] = Column(String(64), nullable=False)
    address: Mapped[str | None] = Column(String(64))
    proved: Mapped[bool] = Column(Boolean, nullable=False, default=False)
    at: Mapped[datetime] = Column(UTCDateTime, nullable=False)

    __table_args__ = (
        Index("proof_by_conversation", "conversation_id", "at"),
        Index("proof_by_order", "order_hash", "at"),
        Index("proof_by_address", "address", "at"),
    )


class ProvedOrder(Base):
    """An order that the customer of a conversation has proved to be theirs, and when last."""

    __tablename__ = "proved_order"

    conversation_id: Mapped[str] = Column(String(255), primary_key=True)
    order_number: Mapped[str] = Column(String(64), primary_key=True)
    at: Mapped[datetime] = Column(UTCDateTime, nullable=False)


class SignedIn(Base):
    """Whose conversation it is, by the shop's word; valid until its token expires.

    The row stays after a sign-out: what was said belongs to that customer, and
    another one never gets into the conversation.
    """

    __tablename__ = "signed_in"

    conversation_id: Mapped[str] = Column(ForeignKey("conversation.id"), primary_key=True)
    customer_id: Mapped[str] = Column(String(128), nullable=False)
    until: Mapped[datetime | None] = Column(UTCDateTime)

    __table_args__ = (Index("signed_in_by_customer", "customer_id"),)


class PageConsent(Base):
    """Whether the customer of a conversation agreed that pages seen are told; their last word."""

    __tablename__ = "page_consent"

    conversation_id: Mapped[str] = Column(ForeignKey("conversation.id"), primary_key=True)
    agreed: Mapped[bool] = Column(Boolean, nullable=False)
    at: Mapped[datetime] = Column(UTCDateTime, nullable=False)


class PageView(Base):
    """A page of the shop that the customer of a conversation looked at, having agreed to tell.

    `sku` is a product of the catalogue's; `seconds` how long the page was looked at, if told.
    """

    __tablename__ = "page_view"

    id: Mapped[int] = Column(Identifier, primary_key=True, autoincrement=True)
    conversation_id: Mapped[str] = Column(ForeignKey("conversation.id"), nullable=False)
    path: Mapped[str] = Column(String(512), nullable=False)
    title: Mapped[str] = Column(String(200), nullable=False)
    sku: Mapped[str | None] = Column(String(64))
    kind: Mapped[str | None] = Column(String(16))
    seconds: Mapped[int | None] = Column(Integer)
    at: Mapped[datetime] = Column(UTCDateTime, nullable=False)

    __table_args__ = (
        Index("page_view_by_conversation", "conversation_id", "id"),
        Index("page_view_by_time", "at"),
    )


class DeskLink(Base):
    """A one-time link to the desk: only its key's hash is kept."""

    __tablename__ = "desk_link"

    key_hash: Mapped[str] = Column(String(64), primary_key=True)
    agent_id: Mapped[str] = Column(String(64), nullable=False)
    agent_name: Mapped[str] = Column(String(128), nullable=False)
    expires_at: Mapped[datetime] = Column(UTCDateTime, nullable=False)
    used_at: Mapped[datetime | None] = Column(UTCDateTime)
