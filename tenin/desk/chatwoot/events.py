"""What Chatwoot's agents did, done here: a message, the end, another agent.

Told of by webhook or found by asking, twice or late or in another order: each is done once, on
the locked conversation, in one transaction with whatever marks it as done.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from tenin.conversation import ownership
from tenin.conversation.models import Author, Conversation, Line, Owner
from tenin.conversation.transcript import Reply, add_line
from tenin.conversation.voice import Voice
from tenin.desk.chatwoot.records import OF_THEIRS, has_it, is_theirs
from tenin.desk.models import OtherDesk

OUR_SOURCES = "tenin-"  # what the source_id of our own messages begins with
LONGEST_LINE = 4_000
LONGEST_NAME = 80
OUTGOING = ("outgoing", 1)
RESOLVED, PENDING = "resolved", "pending"


@dataclass(frozen=True)
class Agent:
    """An agent of Chatwoot's, by the id and name they have here."""

    id: str
    name: str


@dataclass(frozen=True)
class Written:
    """What an agent wrote to the customer. `live`: the conversation was open there."""

    key: str
    agent: Agent
    texts: tuple[str, ...]
    at: datetime | None
    live: bool


def read_message(message: Mapping[str, Any], status: object) -> Written | None:
    """An agent's message to the customer; None for all others: the customer's, ours, notes, bots'.

    Args:
        message: as the webhook or the API tells it.
        status: of its conversation.
    """
    if message.get("message_type") not in OUTGOING or message.get("private"):
        return None
    if str(message.get("source_id") or "").startswith(OUR_SOURCES):
        return None
    agent = read_agent(message.get("sender"))
    number = message.get("id")
    if agent is None or not isinstance(number, int):
        return None
    texts = [str(message.get("content") or "")]
    attachments = message.get("attachments")
    for each in attachments if isinstance(attachments, list) else ():
        texts.append(str(each.get("data_url") or "") if isinstance(each, dict) else "")
    said = tuple(piece for text in texts for piece in _pieces(text))
    if not said:
        return None
    live = status not in (RESOLVED, PENDING)
    return Written(f"{OF_THEIRS}{number}", agent, said, read_time(message.get("created_at")), live)


def read_agent(told: object) -> Agent | None:
    """An agent as Chatwoot tells of one; None for a contact, a bot, or nobody."""
    if not isinstance(told, dict) or told.get("type", "user") != "user":
        return None
    number, name = told.get("id"), _clean(str(told.get("name") or "")).strip()
    if not isinstance(number, int) or not name:
        return None
    return Agent(f"{OF_THEIRS}{number}", name[:LONGEST_NAME])


def read_time(told: object) -> datetime | None:
    """A moment as Chatwoot tells it: seconds since 1970, or ISO 8601 in UTC."""
    if isinstance(told, bool) or told is None:
        return None
    try:
        if isinstance(told, int | float):
            return datetime.fromtimestamp(told, timezone.utc)
        text = str(told).replace(" UTC", "+00:00").replace("Z", "+00:00")
        found = datetime.fromisoformat(text)
        return found if found.tzinfo else found.replace(tzinfo=timezone.utc)
    except (ValueError, OverflowError, OSError):
        return None


def agent_wrote(
    session: Session,
    conversation: Conversation,
    row: OtherDesk,
    written: Written,
    voice: Voice,
    now: datetime,
) -> bool:
    """Say what an agent wrote, once. The first who writes to one who waits takes the conversation.

    Written after the end, it opens a new service; written before the end and heard of after, it
    is said and no more. While our desk serves it is shown to our agent, not to the customer.

    Returns:
        Whether anything was done.
    """
    if _is_known(session, conversation, written.key):
        return False
    agent = written.agent
    if is_theirs(conversation) or _begins_anew(conversation, row, written):
        _serve(session, conversation, row, agent, voice, now)
        for key, text in _keyed(written):
            ownership.say_as_agent(session, conversation, agent.id, text, key, voice, now)
    elif conversation.owner == Owner.AGENT.value:
        row.open = True  # to be told once more who serves it
        for key, text in _keyed(written):
            values = {"agent": agent.name, "words": text}
            told = voice.reply(
                "utter_chatwoot_unsent", conversation.language, conversation.channel, **values
            )
            ownership.add_note(session, conversation, agent.name, told.text, key)
    else:
        for key, text in _keyed(written):
            add_line(
                session,
                conversation,
                Author.AGENT,
                Reply(text),
                name=agent.name,
                key=key,
                now=now,
            )
    return True


def status_changed(
    session: Session,
    conversation: Conversation,
    row: OtherDesk,
    status: str,
    agent: Agent | None,
    at: datetime,
    voice: Voice,
    now: datetime,
) -> bool:
    """Resolved there, a service ends; pending, which there means with a bot, it is handed back.

    Args:
        agent: whom the conversation is assigned to there.
        at: when it changed, by Chatwoot's clock; what is older than the last is left alone.

    Returns:
        Whether the bot serves from now on.
    """
    if row.status_at is not None and at <= row.status_at:
        return False
    row.status_at = at
    if status not in (RESOLVED, PENDING) or not is_theirs(conversation):
        return False
    if conversation.owner == Owner.QUEUE.value:
        if status == PENDING or not row.open or not has_it(conversation, row):
            return False
        team = voice.reply("utter_chatwoot_team", conversation.language, conversation.channel)
        _serve(session, conversation, row, agent or Agent(f"{OF_THEIRS}0", team.text), voice, now)
    row.open = False
    served = (conversation.epoch, str(conversation.agent_id))
    if status == RESOLVED:
        ownership.resolve(session, conversation, *served, "other", voice, now)
    else:
        ownership.hand_back(session, conversation, *served, voice, now=now)
    return True


def assigned(
    session: Session, conversation: Conversation, agent: Agent, voice: Voice, now: datetime
) -> bool:
    """Another agent of theirs has the conversation from now on. Whether anything was done."""
    serving = conversation.owner == Owner.AGENT.value and is_theirs(conversation)
    if not serving or conversation.agent_id == agent.id:
        return False
    ownership.change_agent(session, conversation, agent.id, agent.name, voice, now)
    return True


def _serve(
    session: Session,
    conversation: Conversation,
    row: OtherDesk,
    agent: Agent,
    voice: Voice,
    now: datetime,
) -> None:
    """Let this agent have the conversation, whoever has it of those who may give it up."""
    if conversation.owner == Owner.AGENT.value:
        if conversation.agent_id != agent.id:
            ownership.change_agent(session, conversation, agent.id, agent.name, voice, now)
        return
    ownership.take(session, conversation, conversation.epoch, agent.id, agent.name, voice, now)
    if has_it(conversation, row):
        row.open = True  # also one that Chatwoot had refused before


def _begins_anew(conversation: Conversation, row: OtherDesk, written: Written) -> bool:
    if conversation.owner != Owner.BOT.value or not written.live:
        return False
    return row.status_at is None or (written.at is not None and written.at > row.status_at)


def _is_known(session: Session, conversation: Conversation, key: str) -> bool:
    known = select(Line.id).where(Line.conversation_id == conversation.id, Line.key == key)
    return session.execute(known.limit(1)).first() is not None


def _keyed(written: Written) -> list[tuple[str, str]]:
    """Each piece with a key of its own; the first has the message's."""
    return [
        (written.key if number == 0 else f"{written.key}-{number}", text)
        for number, text in enumerate(written.texts)
    ]


def _pieces(text: str) -> list[str]:
    text = _clean(text).strip()
    return [text[at : at + LONGEST_LINE] for at in range(0, len(text), LONGEST_LINE)]


def _clean(text: str) -> str:
    """Without control characters, which no page shows and PostgreSQL refuses."""
    return "".join(
        sign for sign in text if sign in "\n\t" or unicodedata.category(sign) not in ("Cc", "Cs")
    )
