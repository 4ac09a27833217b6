"""The desk's page and calls. Each says which permission it needs (`tenin.desk.guard`).

Changing calls also need a header that another site's form can't send.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from functools import partial
from time import monotonic

from sqlalchemy.orm import Session
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route

from tenin.channels.stream import HEARTBEAT, event, streamed
from tenin.desk import access, conversations, routing
from tenin.desk.access import is_still_signed_in
from tenin.desk.accounts import Account
from tenin.desk.guard import guard, guard_page, home_of, open_to_all, reader_language
from tenin.desk.models import Presence
from tenin.desk.views import colleagues, conversation_list, own_account
from tenin.pages.rendering import render, strings
from tenin.services import Services, services_of
from tenin.web import Problem, client_address, fresh, json_body

SESSION_SECONDS = 10.0  # so long a stream may outlive its session; and how often an agent is seen


async def enter(request: Request) -> Response:
    """`GET /desk/enter?key=…`: trade a one-time link for a session."""
    services = services_of(request)
    if request.method == "HEAD":  # whoever only looks at a link doesn't use it up
        return Response(headers={"cache-control": "no-store"})
    key = request.query_params.get("key", "")
    address = client_address(request, services.settings)

    def begin(session: Session) -> tuple[Account, str] | None:
        account = access.use_link(session, key, address)
        if account is None:
            return None
        return account, access.enter(session, account, request, services.settings)

    begun = await services.write(begin)
    if begun is None:
        return _closed(request)
    account, token = begun
    answer = RedirectResponse(home_of(account), status_code=303)
    access.set_cookie(answer, request, services.settings, token)
    return answer


async def _page(request: Request, services: Services, _: Account) -> Response:
    """`GET /desk`: the page, with the shop's name as policy.yml has it."""
    language = reader_language(request)
    words, shop = strings(language)["desk"], services.voice.shop_name(language)
    html = render("desk.html", language=language, strings=words, shop=shop)
    return HTMLResponse(html, headers={"cache-control": "no-store"})


async def _me(_: Request, services: Services, agent: Account) -> Response:
    return await _myself(services, agent)


async def _set_presence(request: Request, services: Services, agent: Account) -> Response:
    wanted = (await json_body(request)).get("presence")
    if wanted not in {presence.value for presence in Presence}:
        raise Problem(
            422,
            "no_such_presence",
            "An agent is online, busy or away.",
            "Send `presence` as online, busy or away.",
        )

    def work(session: Session) -> list[str]:
        return routing.set_presence(session, agent.id, Presence(wanted))

    for conversation_id in await services.write(work):
        services.hub.moved(conversation_id)
    services.hub.signal("", "agents")
    return await _myself(services, agent)


async def _agents(request: Request, services: Services, _: Account) -> Response:
    language = reader_language(request)
    settings = services.settings.desk
    return fresh(await services.read(lambda session: colleagues(session, settings, language)))


async def _list(_: Request, services: Services, agent: Account) -> Response:
    found = await services.read(lambda session: conversation_list(session, agent.id))
    return fresh({"conversations": found})


async def _stream(request: Request, services: Services, agent: Account) -> Response:
    may_go_on = partial(is_still_signed_in, services, request)
    return streamed(request, _changes(services, agent, may_go_on))


async def _changes(
    services: Services, agent: Account, may_go_on: Callable[[], Awaitable[bool]]
) -> AsyncIterator[str]:
    """What moves, and on the way the word that the agent's page is open."""
    with services.hub.listening(None) as listener:
        yield HEARTBEAT
        asked = monotonic()
        await services.write(partial(routing.seen, agent_id=agent.id))
        while True:
            news = await listener.wait(SESSION_SECONDS)
            if monotonic() - asked >= SESSION_SECONDS:
                if not await may_go_on():
                    return  # the browser comes again, and is told to sign in
                await services.write(partial(routing.seen, agent_id=agent.id))
                asked = monotonic()
            if not news:
                yield HEARTBEAT
            for conversation_id in sorted(news.moved):
                yield event("changed", {"conversation": conversation_id})
            for signal in news.signals:
                named = {"conversation": signal.conversation_id} if signal.conversation_id else {}
                yield event(signal.name, {**named, **signal.data})


routes = [
    Route("/desk", guard_page(_page), methods=["GET"]),
    Route("/desk/enter", open_to_all(enter), methods=["GET"]),
    Route("/desk/stream", guard(_stream), methods=["GET"]),
    Route("/desk/api/me", guard(_me), methods=["GET"]),
    Route("/desk/api/me/presence", guard(_set_presence, changes=True), methods=["POST"]),
    Route("/desk/api/agents", guard(_agents), methods=["GET"]),
    Route("/desk/api/conversations", guard(_list), methods=["GET"]),
    *conversations.routes,
]


async def _myself(services: Services, agent: Account) -> Response:
    """The agent and what their page must know."""
    settings = services.settings
    shown = await services.read(lambda session: own_account(session, agent.id, settings.desk))
    limits = {
        "accept_seconds": settings.desk.accept_seconds,
        "gone_seconds": settings.desk.gone_seconds,
        "max_characters": settings.chat.max_characters,
    }
    shown["permissions"] = sorted(agent.permissions)
    return fresh({"agent": shown, "settings": limits})


def _closed(request: Request) -> Response:
    """The page for a link that opens nothing."""
    language = reader_language(request)
    html = render("desk_closed.html", language=language, strings=strings(language)["desk"])
    return HTMLResponse(html, status_code=403, headers={"cache-control": "no-store"})
