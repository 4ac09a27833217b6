"""How mail is stopped from a mail: a link to a page with one button, and one click (RFC 8058).

The link holds a token that names the mail, signed for this purpose alone: nobody's address, and
nothing that any other part of Tenin would take. GET changes nothing, since programs that look
for harm follow the links of mails; POST withdraws every consent to that mail's address.
"""

from __future__ import annotations

import asyncio

from sqlalchemy.orm import Session
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from tenin.conversation import consent
from tenin.conversation.models import MailContent
from tenin.keys import BadTokenError, claims_of, signed
from tenin.language.languages import match
from tenin.pages.rendering import render, strings
from tenin.services import services_of
from tenin.settings import Settings

PATH = "/mail/stop/"
PURPOSE = "tenin.mail_stop"
LARGEST_NUMBER = 2**63 - 1


def stop_link(outbox_id: int, settings: Settings) -> str | None:
    """The link that stops mail, for the mail of this row of the outbox; None without a public URL.

    It is the same at every try, and holds for as long as the mail's row is there.
    """
    if not settings.web.public_url:
        return None
    token = signed(settings.secret, PURPOSE, {"sub": str(outbox_id)}, None)
    return f"{settings.web.public_url}{PATH}{token}"


def read_token(token: str, settings: Settings) -> int | None:
    """The mail that a token names by its row of the outbox; None for anything else."""
    try:
        number = int(claims_of(settings.secret, PURPOSE, token, ("sub",), ends=False)["sub"])
    except (BadTokenError, ValueError):
        return None
    return number if 0 < number <= LARGEST_NUMBER else None


async def ask(request: Request) -> Response:
    """`GET /mail/stop/<token>`: a page with one button; nothing is changed."""
    return await _answer(request, stop=False)


async def stop(request: Request) -> Response:
    """`POST /mail/stop/<token>`: no more mail to where this one went; by the page or one click."""
    return await _answer(request, stop=True)


routes = [
    Route(PATH + "{token}", ask, methods=["GET"]),
    Route(PATH + "{token}", stop, methods=["POST"]),
]


async def _answer(request: Request, *, stop: bool) -> Response:
    services = services_of(request)
    number = await asyncio.to_thread(read_token, request.path_params["token"], services.settings)

    def look(session: Session) -> tuple[str, str] | None:
        mail = None if number is None else session.get(MailContent, number)
        if mail is None:
            return None
        goes = consent.mail_goes_to_address_of(session, mail.outbox_id)
        return str(mail.language), "ask" if goes else "done"

    def withdraw(session: Session) -> None:
        assert number is not None
        consent.withdraw_of_mail(session, number)

    found = await services.read(look)
    if found is None:
        language = match(request.headers.get("accept-language", "").split(",")[0])
        return _page(language, "gone", 404)
    if stop:
        await services.write(withdraw)
    return _page(found[0], "done" if stop else found[1], 200)


def _page(language: str, state: str, status: int) -> Response:
    html = render(
        "mail_stop.html", language=language, strings=strings(language)["mail_stop"], state=state
    )
    return HTMLResponse(html, status_code=status, headers={"cache-control": "no-store"})
