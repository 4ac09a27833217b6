"""Which sites' pages may show the chat (`web.sites`), and the one line by which they do.

Our own page always may. A page of a listed site may call /chat/*; of any other it is refused by
the server, not only by the browser, whatever the kind of the request. `/widget.js` gives such a
page no chat, but a script that tells its console why. A request without Origin comes from our own
page, from a link, or from a program: the session's token alone decides about it.
"""

from __future__ import annotations

from starlette.datastructures import MutableHeaders
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from tenin.pages.rendering import STATIC
from tenin.pages.static_files import PageFiles
from tenin.services import services_of
from tenin.settings import Settings
from tenin.web import (
    ASGIApp,
    Message,
    Problem,
    Receive,
    Scope,
    Send,
    asked_by_own_page,
    problem_response,
)

CALLS = "/chat/"
PREFLIGHT = {
    "access-control-allow-methods": "GET, POST, PUT, DELETE",
    "access-control-allow-headers": (
        "Authorization, Content-Type, Idempotency-Key, Last-Event-ID, X-File-Name"
    ),
    "access-control-max-age": "7200",
}
EXPOSED = {"access-control-expose-headers": "Retry-After"}
LOADER, NOT_ALLOWED = "widget/loader.js", "widget/not_allowed.js"

_files = PageFiles(STATIC)


class Sites:
    """ASGI middleware: lets the pages of the listed sites call the chat, and no others."""

    def __init__(self, app: ASGIApp, settings: Settings) -> None:
        """Wrap `app`."""
        self.app = app
        self.settings = settings

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on, answer a preflight, or refuse."""
        if scope["type"] != "http" or not scope["path"].startswith(CALLS):
            await self.app(scope, receive, send)
            return
        request = Request(scope)
        given: dict[str, str] = {}
        if (origin := request.headers.get("origin")) in self.settings.web.sites:
            given["access-control-allow-origin"] = str(origin)

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers.add_vary_header("Origin")
                headers.update(given)
            await send(message)

        if not may_chat(request, self.settings):
            refusal = await problem_response(request, _not_allowed(request))
            await refusal(scope, receive, send_with_headers)
        elif given and is_preflight(request):
            await Response(status_code=204, headers=PREFLIGHT)(scope, receive, send_with_headers)
        else:
            given |= EXPOSED if given else {}
            await self.app(scope, receive, send_with_headers)


def may_chat(request: Request, settings: Settings) -> bool:
    """Whether the page that asks is our own, or of a site that may show the chat."""
    origin = request.headers.get("origin")
    return origin is None or origin in settings.web.sites or asked_by_own_page(request, settings)


def is_preflight(request: Request) -> bool:
    """Whether a browser asks if it may ask."""
    return request.method == "OPTIONS" and "access-control-request-method" in request.headers


async def widget(request: Request) -> Response:
    """`GET /widget.js`: what loads the chat, or tells a page that it may not show it."""
    allowed = may_chat(request, services_of(request).settings)
    response = await _files.get_response(LOADER if allowed else NOT_ALLOWED, request.scope)
    response.headers.add_vary_header("Origin")
    return response


routes = [Route("/widget.js", widget, methods=["GET"])]


def _not_allowed(request: Request) -> Problem:
    origin = request.headers["origin"]
    return Problem(
        403,
        "site_not_allowed",
        "The page that asks is of a site that may not show this chat.",
        f"Add {origin[:200]!r} to web.sites in tenin.yml, or show the chat on a site listed there.",
    )
