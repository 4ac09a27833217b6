"""The desk's pages of service blueprints: the list, and one drawn.

The drawing stands in the page itself, so that its words can be read and searched there.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

from markupsafe import Markup
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from tenin.desk.access import COOKIE, read_cookie
from tenin.journey.gallery import NoBlueprintError, drawn, listed
from tenin.journey.wording import sayer
from tenin.language.languages import match
from tenin.pages.rendering import render, strings
from tenin.services import services_of


async def all_blueprints(request: Request) -> Response:
    """`GET /desk/blueprints`: what there is."""
    root = services_of(request).settings.root
    return await _page(
        request,
        "desk_blueprints.html",
        lambda language: {"blueprints": listed(root, language)},
    )


async def one_blueprint(request: Request) -> Response:
    """`GET /desk/blueprints/{name}`: one of them, drawn; 404 if there is none of that name."""
    services = services_of(request)
    name = str(request.path_params["name"])

    def shown(language: str) -> dict[str, Any]:
        said = sayer(services.voice.responses)
        blueprint, svg = drawn(services.settings.root, name, language, said)
        return {"blueprint": blueprint, "drawing": Markup(svg)}  # noqa: S704  our own drawing

    try:
        return await _page(request, "desk_blueprint.html", shown)
    except NoBlueprintError:
        raise HTTPException(404) from None


routes = [
    Route("/desk/blueprints", all_blueprints, methods=["GET"]),
    Route("/desk/blueprints/{name}", one_blueprint, methods=["GET"]),
]


async def _page(
    request: Request, template: str, content: Callable[[str], dict[str, Any]]
) -> Response:
    """The page in the reader's language, for agents; for others the one that says how to get in."""
    language = match(request.headers.get("accept-language", "").split(",")[0])
    words = strings(language)["desk"]
    headers = {"cache-control": "no-store"}
    if read_cookie(request.cookies.get(COOKIE), services_of(request).settings) is None:
        html = render("desk_closed.html", language=language, strings=words)
        return HTMLResponse(html, status_code=401, headers=headers)

    def rendered() -> str:
        return render(template, language=language, strings=words, **content(language))

    return HTMLResponse(await asyncio.to_thread(rendered), headers=headers)
