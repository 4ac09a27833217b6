"""What those who run Tenin ask of the web tier: is it alive, is it ready, what has it done.

`/health` and `/ready` say nothing but that and are anybody's; `/metrics` needs a token.
"""

from __future__ import annotations

import time
from functools import partial

from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from tenin import metrics
from tenin.clock import utcnow
from tenin.services import services_of
from tenin.web import ASGIApp, Message, Receive, Scope, Send

OTHER = "other"


async def health(_: Request) -> Response:
    """`GET /health`: 200 as long as this process answers, whatever the database does."""
    return JSONResponse({"status": "ok"})


async def ready(request: Request) -> Response:
    """`GET /ready`: whether this process reaches its database; 503 if it doesn't."""
    try:
        await services_of(request).read(lambda session: session.execute(text("SELECT 1")))
    except SQLAlchemyError:
        return JSONResponse({"status": "down"}, status_code=503)
    return JSONResponse({"status": "ok"})


async def measured(request: Request) -> Response:
    """`GET /metrics`: for Prometheus, by TENIN_METRICS_TOKEN; for anybody else there is none."""
    services = services_of(request)
    if not metrics.may_read(services.settings, request.headers.get("authorization", "")):
        return Response(status_code=404)
    waiting = await services.read(partial(metrics.of_database, now=utcnow()))
    headers = {"content-type": metrics.CONTENT_TYPE, "cache-control": "no-store"}
    return Response(metrics.of_process() + waiting, headers=headers)


class Measured:
    """ASGI middleware: counts requests and times them until their answer begins."""

    def __init__(self, app: ASGIApp) -> None:
        """Wrap `app`."""
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on, and count."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        began, seen = time.monotonic(), False

        def count(status: int) -> None:
            labels = (_method(scope), route_of(scope), str(status))
            metrics.REQUESTS.labels(*labels).observe(time.monotonic() - began)

        async def send_counted(message: Message) -> None:
            nonlocal seen
            if message["type"] == "http.response.start" and not seen:
                seen = True
                count(message["status"])
            await send(message)

        with metrics.STREAMS.track_inprogress():
            try:
                await self.app(scope, receive, send_counted)
            except Exception:
                if not seen:
                    count(500)
                raise


def route_of(scope: Scope) -> str:
    """The address as its route writes it; `other` for one that no route serves.

    What a visitor wrote is never a label: there would be one for each.
    """
    if "endpoint" not in scope:
        return OTHER
    path = str(scope["path"])
    for name, value in scope.get("path_params", {}).items():
        path = path.replace(f"/{value}", f"/{{{name}}}", 1) if value else path
    return path


def _method(scope: Scope) -> str:
    method = str(scope["method"])
    return method if method in ("GET", "HEAD", "POST", "OPTIONS", "PUT", "DELETE") else OTHER


routes = [
    Route("/health", health, methods=["GET"]),
    Route("/ready", ready, methods=["GET"]),
    Route("/metrics", measured, methods=["GET"]),
]
