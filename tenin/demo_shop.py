"""The demo shop's page, and its sign-in: the part of a real shop that Tenin doesn't play.

A shop that has put its own goods in place of the sample's sees them there under its own name,
without what is Kodama's.

Whoever types the word that the page shows is one of the sample's customers. The page then
gives the chat a signed token, as a real shop's would (`tenin.channels.customer_token`). Where
a real shop's key is set, or no word is, nobody signs in here.
"""

from __future__ import annotations

import asyncio
import hmac
from datetime import timedelta
from urllib.parse import urlencode

from itsdangerous import BadData, URLSafeTimedSerializer
from sqlalchemy.orm import Session
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route

from tenin.channels.customer_token import issue_token
from tenin.database import read_transaction
from tenin.language.languages import configured, match
from tenin.pages.rendering import render, strings
from tenin.services import Services, services_of
from tenin.settings import Settings
from tenin.shop.catalogue import list_products
from tenin.shop.demo_customers import (
    DemoCustomer,
    demo_customer,
    demo_customer_by_id,
    demo_customers,
)
from tenin.shop.sample_data import demo_order
from tenin.web import Problem, came_by_https, form_body

COOKIE = "tenin_demo_customer"
SALT = "tenin.demo_shop"
LASTS = timedelta(hours=12)
FAILED = "failed"


async def shop_page(request: Request) -> Response:
    """`GET /`: the demo shop, with the chat in its corner."""
    services = services_of(request)
    language = _language(request)
    cookie = request.cookies.get(COOKIE)

    def read() -> HTMLResponse:
        with read_transaction(services.shop_engine) as session:
            people, customer = demo_customers(session, language), None
            if _is_open(services) and (customer_id := _read_cookie(cookie, services.settings)):
                customer = demo_customer_by_id(session, customer_id)
            html = render(
                "shop.html",
                language=language,
                languages=configured(),
                strings=strings(language)["shop"],
                products=list_products(session, language),
                demo_order=_demo_order(session),
                shop=services.voice.shop_name(language),
                account=_account(request, services, customer, bool(people)),
                customers=people,
            )
        return HTMLResponse(html, headers={"cache-control": "no-store"})

    return await asyncio.to_thread(read)


async def widget_page(request: Request) -> Response:
    """`GET /widget`: the chat's options, to be tried."""
    language = _language(request)
    html = render(
        "widget.html",
        language=language,
        languages=configured(),
        strings=strings(language)["embed"],
    )
    return HTMLResponse(html, headers={"cache-control": "no-store"})


async def sign_in(request: Request) -> Response:
    """`POST /demo/sign-in`: become one of the sample's customers."""
    services = services_of(request)
    _check(request, services)
    form = await form_body(request)
    word = services.settings.demo.sign_in_word
    right = hmac.compare_digest(form.get("word", "").strip().encode(), word.encode())

    def read() -> DemoCustomer | None:
        with read_transaction(services.shop_engine) as session:
            return demo_customer(session, form.get("email", ""))

    customer = await asyncio.to_thread(read) if right else None
    if customer is None:
        return _back(request, {"sign_in": FAILED})
    answer = _back(request, {})
    answer.set_cookie(
        COOKIE,
        _signed(customer, services.settings),
        max_age=int(LASTS.total_seconds()),
        secure=came_by_https(request, services.settings),
        httponly=True,
        samesite="lax",
    )
    return answer


async def sign_out(request: Request) -> Response:
    """`POST /demo/sign-out`: be nobody again."""
    _check(request, services_of(request))
    answer = _back(request, {})
    answer.delete_cookie(COOKIE, httponly=True, samesite="lax")
    return answer


routes = [
    Route("/", shop_page, methods=["GET"]),
    Route("/widget", widget_page, methods=["GET"]),
    Route("/demo/sign-in", sign_in, methods=["POST"]),
    Route("/demo/sign-out", sign_out, methods=["POST"]),
]


def _demo_order(session: Session) -> dict[str, str] | None:
    """The order that the page names to ask about; None where the demo shop was forgotten."""
    try:
        number, email = demo_order(session)
    except LookupError:
        return None
    return {"number": number, "email": email}


def _account(
    request: Request, services: Services, customer: DemoCustomer | None, anybody: bool
) -> dict[str, object]:
    """What the page shows of signing in, and the token (empty: nobody) for the chat."""
    rules = services.token_rules
    token = ""
    if customer is not None and rules is not None:
        token = issue_token(customer.id, rules, LASTS)
    return {
        "open": _is_open(services) and anybody,
        "customer": customer,
        "token": token,
        "word": services.settings.demo.sign_in_word,
        "failed": request.query_params.get("sign_in") == FAILED,
    }


def _is_open(services: Services) -> bool:
    rules = services.token_rules
    return rules is not None and rules.demo and bool(services.settings.demo.sign_in_word)


def _check(request: Request, services: Services) -> None:
    """Refuse where nobody signs in, and where another site's page is asking."""
    if not _is_open(services):
        raise Problem(404, "no_demo_sign_in", "Nobody signs in here.", "Use the shop's own page.")
    if request.headers.get("sec-fetch-site", "same-origin") not in ("same-origin", "none"):
        raise Problem(
            403,
            "from_another_site",
            "This form was sent by another site.",
            "Sign in on the shop's own page.",
        )


def _back(request: Request, query: dict[str, str]) -> RedirectResponse:
    address = "/?" + urlencode({"lang": _language(request), **query})
    return RedirectResponse(address, status_code=303, headers={"cache-control": "no-store"})


def _language(request: Request) -> str:
    wanted = request.query_params.get("lang") or request.headers.get("accept-language", "")
    return match(wanted.split(",")[0])


def _signed(customer: DemoCustomer, settings: Settings) -> str:
    return str(_serializer(settings).dumps(customer.id))


def _read_cookie(value: str | None, settings: Settings) -> str | None:
    try:
        found = _serializer(settings).loads(value or "", max_age=int(LASTS.total_seconds()))
    except BadData:
        return None
    return found if isinstance(found, str) else None


def _serializer(settings: Settings) -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(settings.secret, salt=SALT)
