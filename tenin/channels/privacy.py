"""What a customer may do with their own data: see it, take it along, erase it, look back.

A session opens its own conversation. All conversations of a signed-in customer are opened only
while the shop's word on them holds; a customer's conversation is not given away whole, nor erased,
by whoever merely has its session.
"""

from __future__ import annotations

import asyncio
import re
import time

from sqlalchemy.orm import Session
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from tenin.channels.sessions import conversation_of
from tenin.channels.stream import shown_line
from tenin.clock import utcnow
from tenin.conversation import history
from tenin.conversation.erasure import TurnRunsError
from tenin.conversation.history import NotSignedInError
from tenin.forgetting import forget
from tenin.invitation import kept as visits_kept
from tenin.services import services_of
from tenin.web import Problem, json_body, problem_response

PATIENCE = 12.0  # seconds; a turn of the bot is over by then
PAUSE = 0.25
NUMBER = re.compile(r"[0-9]{1,18}")
PRIVATE = {"cache-control": "no-store"}


async def data(request: Request) -> Response:
    """`GET /chat/data`: all that is kept of the customer, to take along."""
    services = services_of(request)
    conversation_id = await conversation_of(request, services)

    def read(session: Session) -> dict[str, object]:
        conversations = history.own_conversations(session, conversation_id)
        visitors = visits_kept.kept_of(session, conversations)
        return {**history.kept_of(session, conversations), "visitors": visitors}

    try:
        kept = await services.read(read)
    except NotSignedInError:
        raise _sign_in_first() from None
    name = f'attachment; filename="chat-{utcnow():%Y-%m-%d}.json"'
    return JSONResponse(kept, headers={**PRIVATE, "content-disposition": name})


async def erase(request: Request) -> Response:
    """`POST /chat/erase`: take away what was said and seen, and end the conversations."""
    services = services_of(request)
    conversation_id = await conversation_of(request, services)
    if (await json_body(request)).get("confirm") is not True:
        raise Problem(
            422,
            "not_confirmed",
            "Erasing can't be undone, and was not confirmed.",
            'Ask the customer, then send {"confirm": true}.',
        )

    def write(session: Session) -> list[str]:
        conversations = history.own_conversations(session, conversation_id)
        forget(session, conversations)
        return conversations

    end = time.monotonic() + PATIENCE
    while True:
        try:
            erased = await services.write(write)
            break
        except NotSignedInError:
            raise _sign_in_first() from None
        except TurnRunsError:
            if time.monotonic() > end:
                raise Problem(
                    409,
                    "turn_runs",
                    "An answer is just being written.",
                    "Try again when it is there.",
                ) from None
        await asyncio.sleep(PAUSE)
    for each in erased:
        services.hub.moved(each)  # its streams end, and the desk sees it go
    return Response(status_code=204)


async def earlier(request: Request) -> Response:
    """`GET /chat/history?before=`: what a signed-in customer said on other devices."""
    services = services_of(request)
    conversation_id = await conversation_of(request, services)
    given = request.query_params.get("before")
    if given is not None and not NUMBER.fullmatch(given):
        raise Problem(
            400, "bad_before", "`before` is not a number.", "Send `before` of the last answer."
        )
    before = None if given is None else int(given)
    try:
        page = await services.read(
            lambda session: history.earlier_lines(session, conversation_id, before)
        )
    except NotSignedInError:
        raise _sign_in_first() from None
    lines = [{**shown_line(line), "id": line.id, "buttons": [], "key": None} for line in page.lines]
    seconds = max(0, int((page.until - utcnow()).total_seconds()))
    body = {"lines": lines, "before": page.before, "seconds": seconds}
    return JSONResponse(body, headers=PRIVATE)


async def gone(request: Request, error: Exception) -> Response:
    """What a customer gets whose conversation was erased while the request was on its way."""
    problem = Problem(
        401,
        "no_session",
        "This conversation was erased.",
        "Begin a new one with POST /chat/session.",
    )
    return await problem_response(request, problem)


routes = [
    Route("/chat/data", data, methods=["GET"]),
    Route("/chat/erase", erase, methods=["POST"]),
    Route("/chat/history", earlier, methods=["GET"]),
]


def _sign_in_first() -> Problem:
    return Problem(
        403,
        "sign_in_first",
        "This belongs to a customer of the shop who isn't signed in.",
        "Sign in at the shop, then try again.",
    )
