"""What Prometheus reads of the action server: each action's calls, how long and how they ended.

The SDK finds this by its own hook for what is added to its server.
"""

from __future__ import annotations

import sys
import time

import pluggy
from rasa_sdk.plugin import plugin_manager
from sanic import Sanic, response
from sanic.request import Request
from sanic.response import HTTPResponse

from actions.context import settings
from tenin import metrics

hookimpl = pluggy.HookimplMarker("rasa_sdk")


@hookimpl  # type: ignore[misc]
def attach_sanic_app_extensions(app: Sanic) -> None:
    """Add `GET /metrics`, and the counting of what is called."""

    @app.get("/metrics")  # type: ignore[misc]
    async def measured(request: Request) -> HTTPResponse:
        if not metrics.may_read(settings(), request.headers.get("authorization", "")):
            return response.empty(status=404)
        return response.raw(metrics.of_process(), content_type=metrics.CONTENT_TYPE)

    @app.on_request  # type: ignore[misc]
    async def begin(request: Request) -> None:
        request.ctx.began = time.monotonic()

    @app.on_response  # type: ignore[misc]
    async def count(request: Request, answer: HTTPResponse) -> None:
        began = getattr(request.ctx, "began", None)
        if request.path != "/webhook" or began is None:
            return
        called = (request.json or {}).get("next_action") if answer.status == 200 else None
        name = str(called or "other")  # one that is not there has no label of its own
        metrics.ACTIONS.labels(name, str(answer.status)).observe(time.monotonic() - began)


if not plugin_manager().is_registered(sys.modules[__name__]):
    plugin_manager().register(sys.modules[__name__])
