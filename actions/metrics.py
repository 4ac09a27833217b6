"""What Prometheus reads of the action server: each action's calls, how long and how they ended.

The SDK finds this by its own hook for what is added to its server.
"""

from __future__ import annotations

import sys
import time
from typing import Any

import pluggy
from rasa_sdk.plugin import plugin_manager

from actions.context import settings
from tenin import metrics

hookimpl = pluggy.HookimplMarker("rasa_sdk")


@hookimpl
def attach_sanic_app_extensions(app: Any) -> None:
    """Add `GET /metrics`, and the counting of what is called."""

    @app.get("/metrics")
    async def measured(request: Any) -> None:
        may = metrics.may_read(settings(), request.headers.get("authorization", ""))
        status, told = (200, metrics.of_process()) if may else (404, b"")
        answer = await request.respond(status=status, content_type=metrics.CONTENT_TYPE)
        await answer.send(told, end_stream=True)

    @app.on_request
    async def begin(request: Any) -> None:
        request.ctx.began = time.monotonic()

    @app.on_response
    async def count(request: Any, answer: Any) -> None:
        began = getattr(request.ctx, "began", None)
        if request.path != "/webhook" or began is None:
            return
        called = (request.json or {}).get("next_action") if answer.status == 200 else None
        name = str(called or "other")  # one that is not there has no label of its own
        metrics.ACTIONS.labels(name, str(answer.status)).observe(time.monotonic() - began)


if not plugin_manager().is_registered(sys.modules[__name__]):
    plugin_manager().register(sys.modules[__name__])
