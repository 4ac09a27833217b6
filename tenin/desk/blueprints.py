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

from tenin.desk.accounts import ANY_ROLE, Account
from tenin.desk.guard import guard_page, reader_language
from tenin.desk.shell import BLUEPRINTS, trainers_shell
from tenin.journey.gallery import NoBlueprintError, drawn, listed
from tenin.journey.wording import sayer
from tenin.pages.rendering import render, strings
from tenin.services import Services


async def all_blueprints(request: Request, services: Services, account: Account) -> Response:
    """`GET /desk/blueprints`: what there is."""
    root = services.settings.root
    return await _page(
        request,
        services,
        account,
        "desk_blueprints.html",
        lambda language: {"blueprints": listed(root, language)},
    )


async def one_blueprint(request: Request, services: Services, account: Account) -> Response:
    """`GET /desk/blueprints/{name}`: one of them, drawn; 404 if there is none of that name."""
    name = str(request.path_params["name"])

    def shown(language: str) -> dict[str, Any]:
        said = sayer(services.voice.responses)
        blueprint, svg = drawn(services.settings.root, name, language, said)
        return {"blueprint": blueprint, "drawing": Markup(svg)}  # noqa: S704  our own drawing

    try:
        return await _page(request, services, account, "desk_blueprint.html", shown)
    except NoBlueprintError:
        raise HTTPException(404) from None


routes = [
    Route("/desk/blueprints", guard_page(all_blueprints, ANY_ROLE), methods=["GET"]),
    Route("/desk/blueprints/{name}", guard_page(one_blueprint, ANY_ROLE), methods=["GET"]),
]


async def _page(
    request: Request,
    services: Services,
    account: Account,
    template: str,
    content: Callable[[str], dict[str, Any]],
) -> Response:
    """The page in the reader's language."""
    language = reader_language(request)

    def rendered() -> str:
        return render(
            template,
            language=language,
            strings=strings(language)["desk"],
            **trainers_shell(services, request, account, language, BLUEPRINTS),
            **content(language),
        )

    html = await asyncio.to_thread(rendered)
    return HTMLResponse(html, headers={"cache-control": "no-store"})
