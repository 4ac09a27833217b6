"""Files at the desk: those in a conversation given to agents, and an agent's sent to the customer.

Checked and given out as a customer's (`tenin.channels.uploads`); seen by whoever may see the
conversation.
"""

from __future__ import annotations

from functools import partial

from sqlalchemy import select
from sqlalchemy.orm import Session
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from tenin.channels.uploads import (
    checked_body,
    given,
    limits_shown,
    looked_at_first,
    problem,
    room_of,
    with_body,
)
from tenin.conversation.files import FileNotTaken, Kept, files_left, keep_agents
from tenin.conversation.models import Author, Conversation, Line
from tenin.conversation.ownership import OwnershipConflict
from tenin.conversation.transcript import NoSuchConversation, lock_conversation
from tenin.desk.accounts import Account
from tenin.desk.conversations import PATH, id_of, no_conversation
from tenin.desk.guard import guard
from tenin.services import Services
from tenin.web import Problem, fresh, idempotency_key


async def _limits(request: Request, services: Services, agent: Account) -> Response:
    return fresh(limits_shown(services.settings.chat))


async def _give(request: Request, services: Services, agent: Account) -> Response:
    return await given(request, services)


async def _send(request: Request, services: Services, agent: Account) -> Response:
    conversation_id, key = id_of(request), idempotency_key(request)
    chat = services.settings.chat
    known = await looked_at_first(
        request, services, partial(_look, services, conversation_id, agent.id, key)
    )
    if known is None:
        file = await checked_body(request, services, conversation_id)

        def write(session: Session) -> Kept:
            conversation = lock_conversation(session, conversation_id)
            room, voice = room_of(chat), services.voice
            return keep_agents(session, conversation, agent.id, key, file, room, voice)

        try:
            known = await services.write(write)
        except FileNotTaken as error:
            raise problem(error.code) from None
        except NoSuchConversation:
            raise no_conversation() from None
        except OwnershipConflict:
            raise _not_yours() from None
        services.hub.moved(conversation_id)
    return JSONResponse({"line": known.line_number}, status_code=202 if known.fresh else 200)


routes = [
    Route("/desk/api/files", guard(_limits), methods=["GET"]),
    Route("/desk/api/files/{id}", guard(_give), methods=["GET"]),
    Route(f"{PATH}/files", with_body(guard(_send, changes=True)), methods=["POST"]),
]


def _look(
    services: Services, conversation_id: str, agent_id: str, key: str, session: Session
) -> Kept | None:
    """What is known before the body comes: that it is there, or that none is taken."""
    conversation = session.get(Conversation, conversation_id)
    if conversation is None:
        raise no_conversation()
    line = session.execute(
        select(Line.number).where(
            Line.conversation_id == conversation_id,
            Line.author == Author.AGENT.value,
            Line.key == key,
        )
    ).scalar_one_or_none()
    if line is not None:
        return Kept(line, False)
    if conversation.agent_id != agent_id:
        raise _not_yours()
    files_left(session, conversation_id, Author.AGENT, room_of(services.settings.chat))
    return None


def _not_yours() -> Problem:
    return Problem(
        409,
        "not_yours",
        "The conversation changed hands meanwhile, or is not yours.",
        "Look at it again.",
    )
