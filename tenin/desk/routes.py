"""The desk's pages and calls. None of them answers without the signed cookie.

Changing calls also need a header that another site's form can't send.
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import timedelta
from typing import Any

from sqlalchemy.orm import Session
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from tenin.channels.stream import HEARTBEAT, HEARTBEAT_SECONDS, event, streamed
from tenin.conversation import ownership
from tenin.conversation.models import Conversation
from tenin.conversation.ownership import OwnershipConflict
from tenin.conversation.transcript import NoSuchConversation, lock_conversation
from tenin.conversation.wake import wake
from tenin.desk.access import COOKIE, Agent, read_cookie, sign, use_link
from tenin.desk.views import conversation_list, conversation_view
from tenin.language.languages import match
from tenin.pages.rendering import render, strings
from tenin.services import Services, services_of
from tenin.web import Problem, idempotency_key, json_body, text_of

PROOF_HEADER = "x-tenin-desk"
CONVERSATION = re.compile(r"[0-9a-f]{32}")

Handler = Callable[[Request, Services, Agent], Awaitable[Response]]


def _for_agents(handler: Handler, changes: bool = False) -> Callable[..., Awaitable[Response]]:
    """Only agents get to `handler`; with `changes`, only from the desk's own page."""

    async def guarded(request: Request) -> Response:
        services = services_of(request)
        agent = read_cookie(request.cookies.get(COOKIE), services.settings)
        if agent is None:
            raise Problem(
                401,
                "not_an_agent",
                "The desk is closed to you.",
                "Open the desk with a new link: `tenin desk-link` makes one.",
            )
        if changes and request.headers.get(PROOF_HEADER) != "1":
            raise Problem(
                403,
                "not_from_the_desk",
                "This call did not come from the desk's page.",
                "Send the header X-Tenin-Desk: 1.",
            )
        return await handler(request, services, agent)

    return guarded


async def enter(request: Request) -> Response:
    """`GET /desk/enter?key=…`: trade a one-time link for the cookie."""
    services = services_of(request)
    if request.method == "HEAD":  # whoever only looks at a link doesn't use it up
        return Response(headers={"cache-control": "no-store"})
    key = request.query_params.get("key", "")
    agent = await services.write(lambda session: use_link(session, key))
    if agent is None:
        return _closed(request, 403)
    answer = RedirectResponse("/desk", status_code=303)
    answer.set_cookie(
        COOKIE,
        sign(agent, services.settings),
        max_age=int(services.settings.desk.cookie_hours * 3600),
        path="/desk",
        secure=request.url.scheme == "https",
        httponly=True,
        samesite="lax",  # strict is lost when the link is opened from a mail; changes need a header
    )
    answer.headers["cache-control"] = "no-store"
    return answer


async def page(request: Request) -> Response:
    """`GET /desk`: the page, or the one that says how to get in."""
    services = services_of(request)
    agent = read_cookie(request.cookies.get(COOKIE), services.settings)
    if agent is None:
        return _closed(request, 401)
    language = _language(request)
    html = render("desk.html", language=language, strings=strings(language)["desk"])
    return HTMLResponse(html, headers={"cache-control": "no-store"})


async def _me(_: Request, __: Services, agent: Agent) -> Response:
    return _fresh({"agent": {"id": agent.id, "name": agent.name}})


async def _list(_: Request, services: Services, agent: Agent) -> Response:
    found = await services.read(lambda session: conversation_list(session, agent.id))
    return _fresh({"conversations": found})


async def _one(request: Request, services: Services, _: Agent) -> Response:
    return _fresh(await _viewed(services, _id(request)))


async def _take(request: Request, services: Services, agent: Agent) -> Response:
    epoch = _epoch(await json_body(request))

    def change(session: Session, conversation: Conversation) -> None:
        ownership.take(session, conversation, epoch, agent.id, agent.name, services.voice)

    await _change(request, services, change, "changed_meanwhile")
    return _fresh(await _viewed(services, _id(request)))


async def _hand_back(request: Request, services: Services, agent: Agent) -> Response:
    epoch = _epoch(await json_body(request))

    def change(session: Session, conversation: Conversation) -> None:
        ownership.hand_back(session, conversation, epoch, agent.id, services.voice)

    await _change(request, services, change, "changed_meanwhile")
    wake(services.settings.bot.port, _id(request))
    return _fresh(await _viewed(services, _id(request)))


async def _say(request: Request, services: Services, agent: Agent) -> Response:
    key = idempotency_key(request)
    text = text_of((await json_body(request)).get("text"), services.settings.chat.max_characters)

    def change(session: Session, conversation: Conversation) -> int:
        return ownership.say_as_agent(session, conversation, agent.id, text, key)

    line = await _change(request, services, change, "not_yours")
    return JSONResponse({"line": line}, status_code=202)


async def _stream(request: Request, services: Services, _: Agent) -> Response:
    return streamed(request, _changes(services))


async def _changes(services: Services) -> AsyncIterator[str]:
    with services.hub.listening(None) as listener:
        yield HEARTBEAT
        while True:
            moved = await listener.wait(HEARTBEAT_SECONDS)
            if not moved:
                yield HEARTBEAT
            for conversation_id in sorted(moved):
                yield event("changed", {"conversation": conversation_id})


routes = [
    Route("/desk", page, methods=["GET"]),
    Route("/desk/enter", enter, methods=["GET"]),
    Route("/desk/stream", _for_agents(_stream), methods=["GET"]),
    Route("/desk/api/me", _for_agents(_me), methods=["GET"]),
    Route("/desk/api/conversations", _for_agents(_list), methods=["GET"]),
    Route("/desk/api/conversations/{id}", _for_agents(_one), methods=["GET"]),
    Route("/desk/api/conversations/{id}/take", _for_agents(_take, True), methods=["POST"]),
    Route("/desk/api/conversations/{id}/messages", _for_agents(_say, True), methods=["POST"]),
    Route("/desk/api/conversations/{id}/handback", _for_agents(_hand_back, True), methods=["POST"]),
]


async def _change(
    request: Request,
    services: Services,
    change: Callable[[Session, Conversation], Any],
    conflict: str,
) -> Any:
    """Run `change` on the locked conversation of the path, and wake who listens to it."""
    conversation_id = _id(request)

    def work(session: Session) -> Any:
        return change(session, lock_conversation(session, conversation_id))

    try:
        result = await services.write(work)
    except NoSuchConversation:
        raise _no_conversation() from None
    except OwnershipConflict:
        raise Problem(
            409,
            conflict,
            "The conversation changed hands meanwhile, or is not yours.",
            "Look at it again.",
        ) from None
    services.hub.moved(conversation_id)
    return result


async def _viewed(services: Services, conversation_id: str) -> dict[str, Any]:
    remembered = timedelta(minutes=services.settings.proof.remembered_minutes)
    try:
        return await services.read(
            lambda session: conversation_view(session, conversation_id, remembered)
        )
    except NoSuchConversation:
        raise _no_conversation() from None


def _no_conversation() -> Problem:
    return Problem(
        404, "no_such_conversation", "There is no such conversation.", "Look at the list again."
    )


def _id(request: Request) -> str:
    """The conversation that the path names; PostgreSQL wouldn't even look for some texts."""
    named = str(request.path_params["id"])
    if not CONVERSATION.fullmatch(named):
        raise _no_conversation()
    return named


def _epoch(body: dict[str, Any]) -> int:
    epoch = body.get("epoch")
    if not isinstance(epoch, int) or isinstance(epoch, bool):
        raise Problem(422, "no_epoch", "`epoch` is missing.", "Send the epoch you saw.")
    return epoch


def _fresh(body: dict[str, Any]) -> Response:
    return JSONResponse(body, headers={"cache-control": "no-store"})


def _language(request: Request) -> str:
    return match(request.headers.get("accept-language", "").split(",")[0])


def _closed(request: Request, status: int) -> Response:
    language = _language(request)
    html = render("desk_closed.html", language=language, strings=strings(language)["desk"])
    return HTMLResponse(html, status_code=status, headers={"cache-control": "no-store"})
