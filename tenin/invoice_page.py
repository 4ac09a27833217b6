"""`GET /invoice/<token>`: the invoice behind a link that the chat gave, as the shop wrote it.

The token is the only proof that is asked for (`tenin.shop.invoice_link`). What doesn't open is a
page in the customer's language that says what to do.
"""

from __future__ import annotations

import asyncio
import logging

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from tenin.keys import BadTokenError, ExpiredTokenError
from tenin.language.languages import match
from tenin.pages.rendering import render, strings
from tenin.services import services_of
from tenin.shop.interface import ShopError
from tenin.shop.invoice_link import read_link

PRIVATE = {
    "cache-control": "no-store",
    "referrer-policy": "no-referrer",
    "x-robots-tag": "noindex",
}
# The document is the shop's: it brings its own style and pictures, and loads and runs nothing.
DOCUMENT_POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src data:; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
STATUS = {"bad": 404, "none": 404, "expired": 410, "failed": 503}
RETRY_SECONDS = 10

logger = logging.getLogger(__name__)


async def invoice(request: Request) -> Response:
    """The invoice; 404 for a link that isn't ours, 410 for one whose time is over.

    Also 404 if there is no invoice (any more), 503 if the shop doesn't answer.
    """
    services = services_of(request)
    accepted = match(request.headers.get("accept-language", "").split(",")[0])
    try:
        link = read_link(services.settings.secret, str(request.path_params["token"]))
    except ExpiredTokenError as error:
        return _closed("expired", match(error.claims["lang"]))
    except BadTokenError as error:
        logger.info("an invoice's link was refused: %s", error)
        return _closed("bad", accepted)
    language = match(link.language)
    try:
        found = await asyncio.wait_for(
            asyncio.to_thread(services.shop.invoice, link.order, language),
            services.settings.actions.deadline_seconds,
        )
    except (ShopError, asyncio.TimeoutError) as error:
        logger.warning("the shop gave no invoice: %s", type(error).__name__)
        return _closed("failed", language)
    if found is None:
        return _closed("none", language)
    return HTMLResponse(
        found.document, headers={**PRIVATE, "content-security-policy": DOCUMENT_POLICY}
    )


routes = [Route("/invoice/{token}", invoice, methods=["GET"])]


def _closed(kind: str, language: str) -> Response:
    html = render(
        "invoice_closed.html", language=language, strings=strings(language)["invoice"], kind=kind
    )
    again = {"retry-after": str(RETRY_SECONDS)} if kind == "failed" else {}
    return HTMLResponse(html, status_code=STATUS[kind], headers={**PRIVATE, **again})
