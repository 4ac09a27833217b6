"""The link in a mail by which a customer goes on with a conversation, on whatever device.

It holds a token that names the conversation, signed for this purpose alone, and expires. GET
changes nothing, since programs that look for harm follow the links of mails; the page's button
opens a session of the web channel. Whoever has the mail reads the conversation by it, but isn't
signed in, nor has any order proved (`tenin.channels.sessions`).
"""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta

from sqlalchemy.orm import Session
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from tenin.channels.sessions import new_session
from tenin.conversation.models import Conversation
from tenin.keys import BadTokenError, ExpiredTokenError, claims_of, signed
from tenin.language.languages import match
from tenin.pages.rendering import render, strings
from tenin.services import services_of
from tenin.settings import Settings
from tenin.web import Problem

PATH = "/chat/continue/"
PURPOSE = "tenin.continue"


def continue_link(conversation_id: str, at: datetime, settings: Settings) -> str | None:
    """The link that opens a conversation, in a mail written at a time; None without a public URL.

    It is the same at every try, and holds for `notices.answer_link_days` from then.
    """
    if not settings.web.public_url:
        return None
    until = at + timedelta(days=settings.notices.answer_link_days)
    token = signed(settings.secret, PURPOSE, {"sub": conversation_id}, until)
    return f"{settings.web.public_url}{PATH}{token}"


def read_token(token: str, settings: Settings) -> str:
    """The conversation that a token names.

    Raises:
        ExpiredTokenError: if its time is over.
        BadTokenError: for anything else that isn't ours.
    """
    return claims_of(settings.secret, PURPOSE, token, ("sub",), ends=True)["sub"]


async def ask(request: Request) -> Response:
    """`GET /chat/continue/<token>`: a page with one button; nothing is changed."""
    return await _answer(request, opens=False)


async def go_on(request: Request) -> Response:
    """`POST /chat/continue/<token>`: by that button; a page that takes a session to the shop's."""
    if request.headers.get("sec-fetch-site", "same-origin") not in ("same-origin", "none"):
        raise Problem(
            403,
            "from_another_site",
            "This form was sent by another site.",
            "Open the link of the mail and press the button there.",
        )
    return await _answer(request, opens=True)


routes = [
    Route(PATH + "{token}", ask, methods=["GET"]),
    Route(PATH + "{token}", go_on, methods=["POST"]),
]


async def _answer(request: Request, *, opens: bool) -> Response:
    services = services_of(request)
    settings = services.settings
    language = match(request.headers.get("accept-language", "").split(",")[0])
    try:
        conversation_id = await asyncio.to_thread(
            read_token, request.path_params["token"], settings
        )
    except ExpiredTokenError:
        return _page(language, "expired", 410)
    except BadTokenError:
        return _page(language, "bad", 404)

    def look(session: Session) -> str | None:
        conversation = session.get(Conversation, conversation_id)
        if conversation is None or conversation.erased_at is not None:
            return None
        return str(conversation.language)

    spoken = await services.read(look)
    if spoken is None:
        return _page(language, "bad", 404)
    if not opens:
        return _page(spoken, "ask", 200)
    token = await services.write(
        lambda session: new_session(session, conversation_id, by_link=True)
    )
    services.hub.moved(conversation_id)
    return _page(spoken, "going", 200, token=token, shop=f"{settings.web.public_url}/")


def _page(language: str, state: str, status: int, token: str = "", shop: str = "/") -> Response:
    html = render(
        "continue.html",
        language=language,
        strings=strings(language)["continue"],
        state=state,
        token=token,
        shop=shop,
    )
    return HTMLResponse(html, status_code=status, headers={"cache-control": "no-store"})
