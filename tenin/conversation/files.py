"""Files in a conversation: kept with the line that carries them, read back, erased.

They stand in the database beside the transcript, so that a line and its file are one commit, and
every process has both (docs/decisions/0023). What a file may be is checked before
(`tenin.conversation.file_checks`); nothing here holds the database while anything is on its way.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from tenin.clock import utcnow
from tenin.conversation import handoffs
from tenin.conversation.answers_by_mail import mail_answer
from tenin.conversation.file_checks import KINDS, PICTURES, CheckedFile
from tenin.conversation.models import (
    Author,
    Conversation,
    FileContent,
    InboxRow,
    InboxStatus,
    Line,
    Owner,
    StoredFile,
)
from tenin.conversation.ownership import require_agent
from tenin.conversation.transcript import FILE, Reply, add_line, lock_conversation
from tenin.conversation.voice import Voice

INLINE = tuple(KINDS[kind] for kind in PICTURES)
"""The types that were written anew here, and that a page may show."""


class FileNotTaken(Exception):
    """No file can be taken now; `code` says why.

    It is `no_person_serves`, `too_many_files` or `no_room_for_files`.
    """

    def __init__(self, code: str) -> None:
        """Hold the reason."""
        super().__init__(code)
        self.code = code


@dataclass(frozen=True)
class Room:
    """How much may be kept: files by each side of a conversation, and bytes of all of a shop's."""

    files: int
    all_bytes: int


@dataclass(frozen=True)
class Kept:
    """A file that is safe; `fresh` is false when it was there before."""

    line_number: int | None
    fresh: bool


@dataclass(frozen=True)
class Content:
    """A file, to be given out."""

    name: str
    media_type: str
    data: bytes


def files_left(session: Session, conversation_id: str, author: Author, room: Room) -> int:
    """How many files this side may still send; it looks only, and holds nothing.

    Raises:
        FileNotTaken: if no person serves, or there is no room for any.
    """
    conversation = session.get(Conversation, conversation_id)
    if conversation is None or conversation.owner != Owner.AGENT.value:
        raise FileNotTaken("no_person_serves")
    return _left(session, conversation_id, author, room, 1)


def known_line(session: Session, conversation_id: str, key: str) -> Kept | None:
    """What became of a customer's file, or message, that was sent before with this key."""
    row = session.execute(
        select(InboxRow.line_number).where(
            InboxRow.conversation_id == conversation_id, InboxRow.external_id == key
        )
    ).first()
    return None if row is None else Kept(row[0], False)


def keep_customers(
    session: Session,
    conversation_id: str,
    key: str,
    file: CheckedFile,
    room: Room,
    address: str | None = None,
    now: datetime | None = None,
) -> Kept:
    """Keep a customer's file and the line that carries it, once per `key`.

    Raises:
        FileNotTaken: if no person serves (any more), or there is no room.
        NoSuchConversation: if there is none of that id.
    """
    now = now or utcnow()
    conversation = lock_conversation(session, conversation_id)
    known = known_line(session, conversation_id, key)
    if known is not None:
        return known
    if conversation.owner != Owner.AGENT.value:
        raise FileNotTaken("no_person_serves")
    line = _keep(session, conversation, Author.CUSTOMER, None, key, file, room, now)
    session.add(
        InboxRow(
            conversation_id=conversation_id,
            channel=conversation.channel,
            account=conversation_id,
            external_id=key,
            kind=FILE,
            text=file.name,
            language=conversation.language,
            address=address,
            line_number=line.number,
            status=InboxStatus.PERSON.value,
            attempts=0,
            available_at=now,
            received_at=now,
            done_at=now,
        )
    )
    session.flush()
    return Kept(int(line.number), True)


def keep_agents(
    session: Session,
    conversation: Conversation,
    agent_id: str,
    key: str,
    file: CheckedFile,
    room: Room,
    voice: Voice,
    now: datetime | None = None,
) -> Kept:
    """Keep an agent's file and the line that takes it to the customer, once per `key`.

    As what an agent writes in reply to a message that was left, its name also goes by mail.

    Raises:
        OwnershipConflict: if the conversation is not this agent's.
        FileNotTaken: if there is no room.
    """
    now = now or utcnow()
    known = session.execute(
        select(Line.number).where(
            Line.conversation_id == conversation.id,
            Line.author == Author.AGENT.value,
            Line.key == key,
        )
    ).scalar_one_or_none()
    if known is not None:
        return Kept(known, False)
    require_agent(conversation, agent_id)
    name = conversation.agent_name
    line = _keep(session, conversation, Author.AGENT, name, key, file, room, now)
    handoffs.answered(session, conversation, now)
    mail_answer(session, conversation, line, voice, now)
    return Kept(int(line.number), True)


def read_content(
    session: Session, file_id: str, conversation_id: str | None = None
) -> Content | None:
    """A file and what is in it; with `conversation_id` only if it is of that conversation."""
    wanted = (
        select(StoredFile.name, StoredFile.media_type, FileContent.data)
        .join(FileContent, FileContent.file_id == StoredFile.id)
        .where(StoredFile.id == file_id)
    )
    if conversation_id is not None:
        wanted = wanted.where(StoredFile.conversation_id == conversation_id)
    found = session.execute(wanted).first()
    return None if found is None else Content(found[0], found[1], bytes(found[2]))


def files_of(session: Session, conversation_ids: Sequence[str]) -> list[dict[str, Any]]:
    """What is kept of files in these conversations, oldest first, without what is in them."""
    rows = session.execute(
        select(StoredFile)
        .where(StoredFile.conversation_id.in_(conversation_ids))
        .order_by(StoredFile.at, StoredFile.line_number)
    ).scalars()
    return [
        {
            "id": row.id,
            "conversation": row.conversation_id,
            "line": row.line_number,
            "author": row.author,
            "name": row.name,
            "media_type": row.media_type,
            "size": row.size,
            "at": row.at.isoformat().replace("+00:00", "Z"),
        }
        for row in rows
    ]


def delete_files(session: Session, conversation_ids: Sequence[str]) -> int:
    """Erase all files of these conversations; how many there were.

    The lines stay for the caller to erase: what they say of a file is then of one that is gone.
    """
    return _delete(session, StoredFile.conversation_id.in_(conversation_ids))


def forget_files_before(session: Session, moment: datetime) -> int:
    """Erase all files that were sent before a moment; how many there were.

    The lines that carried them keep name and size; whoever asks for one hears that it is gone.
    """
    return _delete(session, StoredFile.at < moment)


def _delete(session: Session, which: Any) -> int:
    ids = select(StoredFile.id).where(which).scalar_subquery()
    session.execute(
        delete(FileContent)
        .where(FileContent.file_id.in_(ids))
        .execution_options(synchronize_session=False)
    )
    gone = session.execute(
        delete(StoredFile).where(which).execution_options(synchronize_session=False)
    )
    return int(gone.rowcount)


def _keep(
    session: Session,
    conversation: Conversation,
    author: Author,
    name: str | None,
    key: str,
    file: CheckedFile,
    room: Room,
    now: datetime,
) -> Line:
    _left(session, conversation.id, author, room, len(file.data))
    stored = StoredFile(
        id=uuid.uuid4().hex,
        conversation_id=conversation.id,
        author=author.value,
        key=key,
        name=file.name,
        media_type=file.media_type,
        size=len(file.data),
        width=file.width,
        height=file.height,
        at=now,
    )
    card = {
        "type": FILE,
        "id": stored.id,
        "name": stored.name,
        "size": stored.size,
        "media_type": stored.media_type,
        "width": stored.width,
        "height": stored.height,
    }
    line = add_line(
        session, conversation, author, Reply("", cards=[card]), name=name, key=key, now=now
    )
    stored.line_number = line.number
    session.add(stored)
    session.flush()
    session.add(FileContent(file_id=stored.id, data=file.data))
    session.flush()
    return line


def _left(session: Session, conversation_id: str, author: Author, room: Room, size: int) -> int:
    sent = session.execute(
        select(func.count())
        .select_from(StoredFile)
        .where(StoredFile.conversation_id == conversation_id, StoredFile.author == author.value)
    ).scalar_one()
    if sent >= room.files:
        raise FileNotTaken("too_many_files")
    # Two conversations at once may overstep it by a file: it guards the disk, not a right.
    kept = session.execute(select(func.coalesce(func.sum(StoredFile.size), 0))).scalar_one()
    if kept + size > room.all_bytes:
        raise FileNotTaken("no_room_for_files")
    return int(room.files - sent)
