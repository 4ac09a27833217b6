"""The web channel's page context: what of the shop's site a customer agreed to tell of.

Nothing is taken from a browser that says by Global Privacy Control or Do Not Track that it wants
none of it, agreed or not.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy.orm import Session
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from tenin.channels.sessions import conversation_of
from tenin.conversation import page_views
from tenin.conversation.page_views import NoConsentError, View
from tenin.language.languages import configured
from tenin.services import services_of
from tenin.shop.catalogue import products_by_sku
from tenin.web import Problem, json_body, text_of


async def consent(request: Request) -> Response:
    """`GET /chat/pages`: whether the customer agreed: true, false, or null if never asked."""
    services = services_of(request)
    conversation_id = await conversation_of(request, services)
    agreed = await services.read(lambda session: page_views.consent_given(session, conversation_id))
    return JSONResponse({"agreed": agreed}, headers={"cache-control": "no-store"})


async def decide(request: Request) -> Response:
    """`POST /chat/pages/consent`: the customer agrees, or no longer: then what was told goes."""
    services = services_of(request)
    conversation_id = await conversation_of(request, services)
    agreed = (await json_body(request)).get("agreed")
    if not isinstance(agreed, bool):
        raise Problem(
            422, "no_decision", "`agreed` is neither true nor false.", "Send what was decided."
        )
    if agreed:
        _heed_signal(request)
    await services.write(
        lambda session: page_views.keep_consent(session, conversation_id, agreed=agreed)
    )
    return Response(status_code=204)


async def seen(request: Request) -> Response:
    """`POST /chat/pages`: a page of the shop that the customer looks at."""
    services = services_of(request)
    conversation_id = await conversation_of(request, services)
    _heed_signal(request)
    view = _view(await json_body(request))
    sku = view.sku
    if sku is not None and not await services.read_shop(lambda session: _is_sold(session, sku)):
        view = View(view.path, view.title, None, view.kind, view.seconds)
    try:
        await services.write(lambda session: page_views.keep_view(session, conversation_id, view))
    except NoConsentError:
        raise Problem(
            409,
            "no_consent",
            "The customer has not agreed that pages are told.",
            "Ask them first, with POST /chat/pages/consent for their answer.",
        ) from None
    return Response(status_code=204)


routes = [
    Route("/chat/pages", consent, methods=["GET"]),
    Route("/chat/pages", seen, methods=["POST"]),
    Route("/chat/pages/consent", decide, methods=["POST"]),
]


def wants_privacy(request: Request) -> bool:
    """Whether the browser says, by Global Privacy Control or Do Not Track, not to be followed."""
    return any(request.headers.get(name, "").strip() == "1" for name in ("sec-gpc", "dnt"))


def _heed_signal(request: Request) -> None:
    """Take nothing from a browser that says it wants to be left alone."""
    if wants_privacy(request):
        raise Problem(
            403,
            "privacy_signal",
            "The browser asks for privacy (Global Privacy Control or Do Not Track).",
            "Send no pages from it.",
        )


def _view(body: dict[str, Any]) -> View:
    """The page that a request tells of.

    Raises:
        Problem: 422, for what is missing, of another kind, or out of bounds.
    """
    path = body.get("url")
    if not isinstance(path, str) or not path.startswith("/") or "?" in path or "#" in path:
        raise Problem(
            422,
            "bad_page",
            "`url` is not the path of a page.",
            "Send location.pathname: it begins with a slash and has no query and no fragment.",
        )
    kind, seconds = body.get("kind"), body.get("seconds")
    if kind is not None and kind not in page_views.KINDS:
        raise Problem(
            422,
            "bad_kind",
            "`kind` is no kind of page.",
            f"Leave it out or send one of: {', '.join(page_views.KINDS)}.",
        )
    whole = isinstance(seconds, int) and not isinstance(seconds, bool)
    if seconds is not None and not (whole and 0 <= seconds <= page_views.LONGEST_STAY):
        raise Problem(
            422,
            "bad_seconds",
            "`seconds` is not a whole number within a day.",
            f"Leave it out or send one from 0 to {page_views.LONGEST_STAY}.",
        )
    sku = body.get("sku")
    return View(
        _line_of(path, page_views.LONGEST_PATH),
        _line_of(body.get("title"), page_views.LONGEST_TITLE),
        None if sku is None else _line_of(sku, page_views.LONGEST_SKU),
        kind,
        seconds,
    )


def _line_of(value: object, longest: int) -> str:
    return " ".join(text_of(value, longest).split())


def _is_sold(session: Session, sku: str) -> bool:
    return any(products_by_sku(session, [sku], language) for language in configured().ready)
