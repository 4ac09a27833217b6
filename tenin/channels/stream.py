"""The event-stream format, and the stream of one conversation in it.

Lines carry their number as event id, so that a browser resumes after the last
one it has; the state (owner, working) has none and is sent when it changes.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

from sqlalchemy.engine import Engine
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from tenin.channels.hub import Hub
from tenin.conversation import inbox
from tenin.conversation.models import Conversation, Line
from tenin.conversation.transcript import lines_after
from tenin.database import read_transaction

MEDIA_TYPE = "text/event-stream"
HEARTBEAT_SECONDS = 15.0
HEARTBEAT = ": here\n\n"
PAGE = 200


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
    lines: list[dict[str, Any]]
    state: dict[str, Any]


def _read(engine: Engine, conversation_id: str, after: int) -> _Page:
    with read_transaction(engine) as session:
        conversation = session.get(Conversation, conversation_id)
        return _Page(
            [shown_line(line) for line in lines_after(session, conversation_id, after, PAGE)],
            {
                "owner": conversation.owner,
                "agent": conversation.agent_name,
                "working": inbox.is_waiting(session, conversation_id),
            },
        )


async def conversation_events(
    engine: Engine, hub: Hub, conversation_id: str, after: int
) -> AsyncIterator[str]:
    """Everything the customer may see after line `after`, as it comes, without end."""
    state: dict[str, Any] | None = None
    with hub.listening(conversation_id) as listener:
        while True:
            page = await asyncio.to_thread(_read, engine, conversation_id, after)
            for line in page.lines:
                after = line["id"]
                yield event("line", line, after)
            if len(page.lines) == PAGE:
                continue
            if page.state != state:
                state = page.state
                yield event("state", state)
            while not await listener.wait(HEARTBEAT_SECONDS):
                yield HEARTBEAT
