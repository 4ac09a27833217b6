"""Telling a customer something that they didn't just ask for, also when they have left.

A notice is a line of the conversation, which the browser fetches when it is there, and a mail
to whoever agreed to that. Both are rows of the outbox (`tenin.conversation.delivery`).
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from tenin.clock import utcnow
from tenin.conversation.consent import recipient
from tenin.conversation.delivery import EMAIL, put_mail
from tenin.conversation.models import (
    Author,
    Conversation,
    Line,
)
from tenin.conversation.transcript import add_line, lock_conversation, recent_texts
from tenin.conversation.voice import Voice


def notify(
    session: Session,
    conversation_id: str,
    response_key: str,
    values: Mapping[str, Any],
    voice: Voice,
    *,
    key: str,
    wish: str | None = None,
    now: datetime | None = None,
) -> int:
    """Say `response_key` in a conversation, and by mail where there is consent.

    Args:
        values: what fills the wording's placeholders.
        key: the same for the same notice: told again, it is told once (at most 64 characters).
        wish: the SKU of a product whose return it tells: an address given for that comes first.

    Returns:
        The number of its line.

    Raises:
        NoSuchConversation: if there is none of that id.
        WordingError: if there is no such wording, or a value is missing.
    """
    now = now or utcnow()
    conversation = lock_conversation(session, conversation_id)
    known = session.execute(
        select(Line.number).where(
            Line.conversation_id == conversation.id,
            Line.author == Author.SYSTEM.value,
            Line.key == key,
        )
    ).scalar_one_or_none()
    if known is not None:
        return int(known)
    recent = recent_texts(session, conversation.id)
    reply = voice.reply(response_key, conversation.language, conversation.channel, recent, **values)
    line = add_line(session, conversation, Author.SYSTEM, reply, key=key, now=now)
    found = recipient(session, conversation.id, wish)
    if found is not None:
        _add_mail(session, conversation, line.number, found, response_key, values, voice, now)
    return int(line.number)


def _add_mail(
    session: Session,
    conversation: Conversation,
    line_number: int,
    to: tuple[str, str],
    response_key: str,
    values: Mapping[str, Any],
    voice: Voice,
    now: datetime,
) -> None:
    language = conversation.language
    said = voice.reply(response_key, language, EMAIL, **values)
    holder, address = to
    put_mail(
        session,
        conversation,
        line_number,
        holder=holder,
        address=address,
        subject=voice.reply("utter_mail_subject", language, EMAIL).text,
        text=voice.reply("utter_mail_body", language, EMAIL, notice=said.text).text,
        now=now,
    )
