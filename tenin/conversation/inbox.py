"""The inbox: an incoming message is committed here before it is acknowledged.

`accept` is the one door of every channel. A message that comes twice is one
message; one that a person must answer never reaches the bot.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from tenin.clock import utcnow
from tenin.conversation import ownership, tracker
from tenin.conversation.leases import is_free, was_received_before
from tenin.conversation.models import Author, Conversation, InboxRow, InboxStatus, Line, Owner
from tenin.conversation.transcript import Reply, add_line, lock_conversation, lock_for_customer
from tenin.conversation.voice import Voice
from tenin.conversation.wish import wish_of

ASK_FOR_PERSON = "/human_agent"
LEAVE_MESSAGE = "/leave_message"
LEAVE_QUEUE = "/leave_queue"
SHOW_MENU = "/show_menu"


@dataclass(frozen=True)
class Incoming:
    """A message as a channel received it.

    `kind` is `text`, `button` or `event`. `payload` is what the server itself
    offered behind a button or ties to a page's event, never the customer's text.
    `external_id` is unique within (channel, account).
    """

    account: str
    external_id: str
    kind: str
    text: str
    language: str
    payload: str | None = None
    address: str | None = None


@dataclass(frozen=True)
class Accepted:
    """A message that is safe in the inbox. `fresh` is false when it was there before."""

    inbox_id: int
    line_number: int | None
    fresh: bool
    owner: Owner


def accept(
    session: Session,
    conversation_id: str,
    incoming: Incoming,
    voice: Voice,
    now: datetime | None = None,
) -> Accepted:
    """Take a message into the transcript and the inbox, once.

    A request for a person by button, or to leave a message or the queue, changes the owner here
    and now: it needs no bot. What is typed in the queue is acknowledged once. The caller's
    transaction must be committed before the channel acknowledges.

    Raises:
        NoSuchConversation: if there is none of that id, or it was erased.
    """
    now = now or utcnow()
    conversation = lock_for_customer(session, conversation_id)
    known = session.execute(
        select(InboxRow).where(
            InboxRow.channel == conversation.channel,
            InboxRow.account == incoming.account,
            InboxRow.external_id == incoming.external_id,
        )
    ).scalar_one_or_none()
    if known is not None:
        return Accepted(known.id, known.line_number, False, Owner(conversation.owner))

    if incoming.kind != "event":
        conversation.language = incoming.language
    line = None
    if incoming.kind != "event":
        line = add_line(
            session,
            conversation,
            Author.CUSTOMER,
            Reply(incoming.text),
            key=incoming.external_id,
            now=now,
        )
    payload = incoming.payload
    if payload == LEAVE_QUEUE and conversation.owner == Owner.BOT.value:
        payload = SHOW_MENU  # they have left it already
    for_people = payload in (ASK_FOR_PERSON, LEAVE_MESSAGE, LEAVE_QUEUE)
    for_bot = conversation.owner == Owner.BOT.value and not for_people
    waits = conversation.owner == Owner.QUEUE.value and incoming.kind == "text"
    row = InboxRow(
        conversation_id=conversation.id,
        channel=conversation.channel,
        account=incoming.account,
        external_id=incoming.external_id,
        kind=incoming.kind,
        text=incoming.text,
        payload=payload,
        language=incoming.language,
        address=incoming.address,
        line_number=line.number if line is not None else None,
        status=(InboxStatus.WAITING if for_bot else InboxStatus.PERSON).value,
        attempts=0,
        available_at=now,
        received_at=now,
        done_at=None if for_bot else now,
    )
    session.add(row)
    conversation.updated_at = now
    session.flush()
    if payload == ASK_FOR_PERSON:
        wish = wish_of(tracker.load(session, conversation.id))
        ownership.request_person(
            session,
            conversation,
            wish.reason,
            voice,
            now,
            category=wish.category,
            signs=wish.signs,
        )
    elif payload == LEAVE_MESSAGE:
        ownership.leave_message(session, conversation, voice, now)
    elif payload == LEAVE_QUEUE:
        ownership.leave_queue(session, conversation, voice, now)
    elif waits:
        _acknowledge(session, conversation, voice)
    return Accepted(row.id, row.line_number, True, Owner(conversation.owner))


def _acknowledge(session: Session, conversation: Conversation, voice: Voice) -> None:
    """Say once that what is written while waiting is kept; after that the page shows the place."""
    said = select(Line.id).where(
        Line.conversation_id == conversation.id,
        Line.author == Author.SYSTEM.value,
        Line.key == f"kept-{conversation.epoch}",
    )
    if session.execute(said).first() is None:
        line = voice.add_system_line(session, conversation, "utter_handoff_kept")
        line.key = f"kept-{conversation.epoch}"


def is_waiting(session: Session, conversation_id: str) -> bool:
    """Whether a message of this conversation waits for, or is in, a turn of the bot."""
    found = session.execute(
        select(InboxRow.id)
        .where(
            InboxRow.conversation_id == conversation_id,
            InboxRow.status == InboxStatus.WAITING.value,
        )
        .limit(1)
    ).first()
    return found is not None


def slow_conversations(session: Session, received_before: datetime, now: datetime) -> list[str]:
    """Conversations with a message that no worker has had in hand, not yet told so."""
    rows = session.execute(
        select(InboxRow.conversation_id)
        .join(Conversation, Conversation.id == InboxRow.conversation_id)
        .where(
            InboxRow.status == InboxStatus.WAITING.value,
            InboxRow.noticed_at.is_(None),
            was_received_before(received_before, now),
            Conversation.owner == Owner.BOT.value,
            is_free(now),
        )
        .distinct()
    ).scalars()
    return list(rows)


def tell_slow(
    session: Session,
    conversation_id: str,
    received_before: datetime,
    voice: Voice,
    now: datetime | None = None,
) -> bool:
    """Tell a customer once that the bot is slow, with a person on offer. False if needless now."""
    now = now or utcnow()
    conversation = lock_conversation(session, conversation_id)
    if conversation_id not in slow_conversations(session, received_before, now):
        return False
    waiting = session.execute(
        select(InboxRow).where(
            InboxRow.conversation_id == conversation_id,
            InboxRow.status == InboxStatus.WAITING.value,
        )
    ).scalars()
    for row in waiting:
        row.noticed_at = now
    voice.add_system_line(session, conversation, "utter_bot_slow")
    return True


def address_of(session: Session, message_id: str) -> str | None:
    """The client's address of the message of a turn (`Turn.message_id`), if it has one."""
    prefix, _, number = message_id.partition("-")
    if prefix != "inbox" or not number.isdigit():
        return None  # `rasa shell` and tests make ids of their own
    row = session.get(InboxRow, int(number))
    return None if row is None else row.address
