"""The event-stream format, and the stream of one conversation in it.

Lines carry their number as event id, so that a browser resumes after the last
one it has; the state (owner, language, working) has none and is sent when it changes.
"""

from __future__ import annotations

import json
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any

from sqlalchemy.orm import Session
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from tenin.channels.hub import Hub
from tenin.channels.sessions import find_conversation
from tenin.conversation import consent, inbox
from tenin.conversation.models import Conversation, Line, Owner
from tenin.conversation.ratings import ratings_of
from tenin.conversation.transcript import lines_after
from tenin.database import Read

MEDIA_TYPE = "text/event-stream"
HEARTBEAT_SECONDS = 15.0
HEARTBEAT = ": here\n\n"
PAGE = 200
TYPING_SECONDS = 6.0  # a sign of typing holds so long, or until a line comes


def event(name: str, data: dict[str, Any], number: int | None = None) -> str:
    """One event in the event-stream format."""
    head = f"id: {number}\n" if number is not None else ""
    return f"{head}event: {name}\ndata: {json.dumps(data, ensure_ascii=False)}\n\n"


def shown_line(line: Line) -> dict[str, Any]:
    """A line as the customer's side gets it."""
    return {
        "id": line.number,
        "author": line.author,
        "name": line.name,
        "text": line.text,
        "buttons": line.buttons,
        "cards": line.cards,
        "at": line.at.isoformat().replace("+00:00", "Z"),
        "key": line.key if line.author == "customer" else None,
    }


def streamed(request: Request, events: AsyncIterator[str]) -> Response:
    """An answer that goes on, past caches and proxies that would hold it back."""
    headers = {"cache-control": "no-store", "x-accel-buffering": "no"}
    if request.method == "HEAD":  # ends with its headers: nobody would ever read the events
        return Response(headers=headers, media_type=MEDIA_TYPE)
    return StreamingResponse(events, headers=headers, media_type=MEDIA_TYPE)


@dataclass(frozen=True)
class _Page:
    changed_at: datetime
    lines: list[dict[str, Any]]
    state: dict[str, Any]


def _page(session: Session, conversation_id: str, after: int, token: str | None) -> _Page | None:
    if token is not None and find_conversation(session, token) != conversation_id:
        return None
    conversation = session.get(Conversation, conversation_id)
    had_persons = conversation.epoch > 0  # who has never had any has rated none, nor left a message
    return _Page(
        conversation.updated_at,
        [shown_line(line) for line in lines_after(session, conversation_id, after, PAGE)],
        {
            "owner": conversation.owner,
            "agent": conversation.agent_name,
            "language": conversation.language,
            "working": inbox.is_waiting(session, conversation_id),
            "waiting": _waiting(conversation),
            "ratings": ratings_of(session, conversation_id) if had_persons else {},
            "contact": _contact(session, conversation_id) if had_persons else None,
        },
    )


def _waiting(conversation: Conversation) -> dict[str, Any] | None:
    """What a customer in the queue was last promised."""
    if conversation.owner != Owner.QUEUE.value or conversation.told_kind is None:
        return None
    return {"kind": conversation.told_kind, **(conversation.told or {})}


def _contact(session: Session, conversation_id: str) -> dict[str, Any] | None:
    """When the form for a message was last sent, and where its answer goes by mail, if anywhere."""
    at = consent.answer_address_given(session, conversation_id)
    if at is None:
        return None
    address = consent.answer_address(session, conversation_id)
    return {"at": at.isoformat().replace("+00:00", "Z"), "address": address}


async def conversation_events(
    read: Read, hub: Hub, conversation_id: str, after: int, token: str | None = None
) -> AsyncIterator[str]:
    """Everything the customer may see after line `after`, as it comes, without end.

    With `token`, the hash of a session's, it ends with that session.
    """
    state: dict[str, Any] | None = None
    typing_until = 0.0
    with hub.listening(conversation_id) as listener:
        while True:
            wanted = partial(_page, conversation_id=conversation_id, after=after, token=token)
            page = await read(wanted)
            if page is None:
                return
            listener.has_read(page.changed_at)
            for line in page.lines:
                after = line["id"]
                typing_until = 0.0
                yield event("line", line, after)
            if len(page.lines) == PAGE:
                continue
            now = time.monotonic()
            shown = {**page.state, "agent_typing": now < typing_until}
            if shown != state:
                state = shown
                yield event("state", state)
            quiet = typing_until - now if now < typing_until else HEARTBEAT_SECONDS
            news = await listener.wait(min(quiet, HEARTBEAT_SECONDS))
            while not news and time.monotonic() >= typing_until and not shown["agent_typing"]:
                yield HEARTBEAT
                news = await listener.wait(HEARTBEAT_SECONDS)
            if any(s.name == "typing" and s.data.get("who") == "agent" for s in news.signals):
                typing_until = time.monotonic() + TYPING_SECONDS
