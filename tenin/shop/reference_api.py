"""The API of docs/shop-api.md in front of any shop: the example that a real shop's API follows.

Run on loopback, it offers the demo shop of a database:

    SHOP_API_TOKEN=… python -m tenin.shop.reference_api --port 8070 --database sqlite:///var/shop.db

The tests run it too. It is a program of its own: nothing in Tenin imports it.
"""

import argparse
import hmac
import json
import os
import sys
from collections.abc import Callable, Sequence
from typing import Any

import uvicorn
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from tenin.database import SchemaError, check_schema, make_engine
from tenin.language.languages import configured
from tenin.language.policy import load_policy
from tenin.settings import SettingsError, load_settings
from tenin.shop import wire
from tenin.shop.changes import KeyMisusedError
from tenin.shop.database_shop import DatabaseShop
from tenin.shop.interface import NotAllowedError, Shop, ShopError
from tenin.shop.models import MIGRATIONS, VERSION_TABLE
from tenin.shop.terms import Terms

TOKEN_VARIABLE = "SHOP_API_TOKEN"  # noqa: S105 (a name)
LOOPBACK = "127.0.0.1"
MAX_BODY = 65_536
MAX_ORDERS = 100


class BadRequestError(Exception):
    """The request is not one of this API; the message says what it lacks."""


def make_app(shop: Shop, token: str) -> Starlette:
    """Return the API of a shop, open to whoever has the token."""

    def route(path: str, method: str, answer: Callable[[Shop, _Asked], dict[str, Any]]) -> Route:
        async def endpoint(request: Request) -> Response:
            if not _has_token(request, token):
                return _error(401, "unauthorized")
            try:
                asked = _Asked(request, await _body(request) if method == "POST" else {})
                return JSONResponse(await run_in_threadpool(answer, shop, asked))
            except (BadRequestError, wire.WireError) as error:
                return _error(400, str(error))
            except NotAllowedError as error:
                return JSONResponse({"quote": wire.write(error.quote)}, 409)
            except KeyMisusedError:
                return _error(422, "Idempotency-Key: none, or another change's")
            except ShopError:
                return _error(503, "unavailable")

        return Route(path, endpoint, methods=[method])

    return Starlette(
        routes=[
            route("/proofs", "POST", _proofs),
            route("/customer", "GET", _customer),
            route("/orders", "GET", _orders),
            route("/order", "GET", _order),
            route("/quotes", "POST", _quotes),
            route("/changes", "POST", _changes),
            route("/refunds", "GET", _refunds),
            route("/invoice", "GET", _invoice),
            route("/restock-wishes", "POST", _restock_wishes),
        ]
    )


class _Asked:
    """What a request asks: its parameters, or the members of its JSON object."""

    def __init__(self, request: Request, body: dict[str, Any]) -> None:
        self.body, self._request = body, request

    def text(self, name: str) -> str:
        """Return a text from the body or the address."""
        value = self.body.get(name, self._request.query_params.get(name))
        if not isinstance(value, str):
            raise BadRequestError(f"{name}: missing or no text")
        return value

    def limit(self) -> int:
        """Return how many orders are asked for at most."""
        value = self.text("limit")
        if not (value.isascii() and value.isdigit() and len(value) < 6):
            raise BadRequestError("limit: no number")
        return min(int(value), MAX_ORDERS)

    def key(self) -> str:
        """Return the key of a change."""
        key = self._request.headers.get("Idempotency-Key", "")
        if not key:
            raise BadRequestError("Idempotency-Key: missing")
        return key


def _proofs(shop: Shop, asked: _Asked) -> dict[str, Any]:
    return {"number": shop.proved(asked.text("number"), asked.text("contact"))}


def _customer(shop: Shop, asked: _Asked) -> dict[str, Any]:
    return {"customer": wire.write(shop.customer(asked.text("id")))}


def _orders(shop: Shop, asked: _Asked) -> dict[str, Any]:
    found = shop.orders(asked.text("customer"), asked.text("language"), asked.limit())
    return {"orders": wire.write(found)}


def _order(shop: Shop, asked: _Asked) -> dict[str, Any]:
    return {"order": wire.write(shop.order(asked.text("number"), asked.text("language")))}


def _quotes(shop: Shop, asked: _Asked) -> dict[str, Any]:
    return {"quote": wire.write(shop.quote(wire.read_change(asked.body.get("change"))))}


def _changes(shop: Shop, asked: _Asked) -> dict[str, Any]:
    change = wire.read_change(asked.body.get("change"))
    return {"done": wire.write(shop.change(change, asked.key()))}


def _refunds(shop: Shop, asked: _Asked) -> dict[str, Any]:
    return {"refunds": wire.write(shop.refunds(asked.text("number")))}


def _invoice(shop: Shop, asked: _Asked) -> dict[str, Any]:
    return {"invoice": wire.write(shop.invoice(asked.text("number"), asked.text("language")))}


def _restock_wishes(shop: Shop, asked: _Asked) -> dict[str, Any]:
    wish = (asked.text("sku"), asked.text("contact"), asked.text("language"))
    return {"noted": shop.wish_restock(*wish)}


def _has_token(request: Request, token: str) -> bool:
    given = request.headers.get("Authorization", "")
    return hmac.compare_digest(given.encode(), f"Bearer {token}".encode())


async def _body(request: Request) -> dict[str, Any]:
    content = bytearray()
    async for chunk in request.stream():
        content += chunk
        if len(content) > MAX_BODY:
            raise BadRequestError("the body is too large")
    try:
        found = json.loads(bytes(content))
    except (ValueError, RecursionError):
        raise BadRequestError("the body is no JSON") from None
    if not isinstance(found, dict):
        raise BadRequestError("the body is no JSON object")
    return found


def _error(status: int, message: str) -> JSONResponse:
    return JSONResponse({"error": message}, status)


def demo_terms() -> Terms:
    """Return the terms of the project's policy.yml."""
    languages = configured()
    policy = load_policy(load_settings().root / "policy.yml", languages.names)
    terms = policy.shared
    return Terms(
        return_days=terms["returns_days"],
        exchange_days=terms["exchange_days"],
        cancellation_fee=terms["cancellation_fee"][0],
        refund_working_days=terms["refund_working_days"],
        currency=terms["payment_currency"],
        most_pieces=terms["ordering_most_pieces"],
        shop_name=policy.by_language["shop_name"],
    )


def main(arguments: Sequence[str] | None = None) -> int:
    """Offer the shop of a database on loopback until stopped; return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m tenin.shop.reference_api")
    parser.add_argument("--port", type=int, required=True, help="the port on loopback")
    parser.add_argument("--database", help="the shop's database (default: that of tenin.yml)")
    given = parser.parse_args(arguments)
    token = os.environ.get(TOKEN_VARIABLE, "")
    if not token:
        print(f"Set {TOKEN_VARIABLE} to the token that callers must have.", file=sys.stderr)
        return 2
    try:
        engine = make_engine(given.database or load_settings().shop.database_url)
        check_schema(engine, MIGRATIONS, VERSION_TABLE)
        terms = demo_terms()
    except (SchemaError, SettingsError, ValueError) as error:
        print(error, file=sys.stderr)
        return 2
    app = make_app(DatabaseShop(engine, terms), token)
    uvicorn.run(
        app,
        host=LOOPBACK,
        port=given.port,
        ws="none",
        access_log=False,
        server_header=False,
        log_level="warning",
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
