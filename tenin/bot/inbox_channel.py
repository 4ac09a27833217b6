"""Rasa's one input channel: it takes its messages from the inbox, not from the network.

Named in credentials.yml. Inside stock `rasa run` it starts the worker once the
model is loaded; its routes say whether the worker is ready, what it has done
(`tenin.metrics`), and what a text means (`tenin.bot.parsing`).
"""

from __future__ import annotations

import asyncio
import logging
import signal
from collections.abc import Awaitable, Callable
from typing import Any

from rasa.core.agent import Agent
from rasa.core.channels.channel import InputChannel, UserMessage
from rasa.core.tracker_store import FailSafeTrackerStore
from sanic import Blueprint, Sanic, response
from sanic.request import Request
from sanic.response import HTTPResponse

from tenin import logs, metrics
from tenin.bot import parsing
from tenin.bot.action_endpoint import ActionEndpoint
from tenin.bot.explaining import Explainer
from tenin.bot.runtime import Runtime, runtime
from tenin.bot.tracker_store import ConversationTrackerStore
from tenin.bot.worker import LONGEST_TURN_SECONDS, Worker
from tenin.conversation.listening import Topic, listen

logger = logging.getLogger(__name__)


class InboxChannel(InputChannel):  # type: ignore[misc]
    """The worker inside `rasa run`."""

    @classmethod
    def name(cls) -> str:
        """The channel's name, and its path below /webhooks."""
        return "inbox"

    def blueprint(self, on_new_message: Callable[[UserMessage], Awaitable[Any]]) -> Blueprint:
        """Routes and the worker's start and stop."""
        logs.configure()  # over Rasa's own, which it puts over what it is given
        blueprint = Blueprint("tenin_inbox", __name__)
        state: dict[str, Any] = {"problem": "not started"}

        @blueprint.route("/health", methods=["GET"])  # type: ignore[misc]
        async def health(_: Request) -> HTTPResponse:
            if state["problem"]:
                return response.json({"status": "down", "problem": state["problem"]}, status=503)
            return response.json({"status": "ok"})

        @blueprint.route("/metrics", methods=["GET"])  # type: ignore[misc]
        async def measured(request: Request) -> HTTPResponse:
            shown = request.headers.get("authorization", "")
            if not metrics.may_read(runtime().settings, shown):
                return response.empty(status=404)
            return response.raw(metrics.of_process(), content_type=metrics.CONTENT_TYPE)

        @blueprint.route("/parse", methods=["POST"])  # type: ignore[misc]
        async def parse(request: Request) -> HTTPResponse:
            agent = getattr(request.app.ctx, "agent", None)
            ready = agent is not None and agent.is_ready()
            room = runtime()
            if "explain" not in state:
                state["explain"] = Explainer(room.voice, room.settings.root)
            return await parsing.parse(
                request, agent if ready else None, room.settings, state["explain"]
            )

        @blueprint.listener("after_server_start")  # type: ignore[misc]
        async def start(app: Sanic, _: Any) -> None:
            room = runtime()
            state["problem"] = problem = _take_over(app.ctx.agent, room)
            if problem:
                logger.error("the inbox worker does not start: %s", problem)
                return
            worker = Worker(app.ctx.agent, room)
            state["worker"] = worker
            state["wakes"] = await listen(
                room.engine, room.settings.bot.port, Topic.WAITING, worker.wake
            )
            state["task"] = asyncio.create_task(worker.run())
            loop = asyncio.get_running_loop()
            loop.add_signal_handler(signal.SIGUSR1, lambda: state.update(drain=drain()))
            logger.info("the inbox worker is ready")

        def drain() -> asyncio.Task[None]:
            """End the turns and say so: another bot takes the inbox over (`tenin release`)."""

            async def ended() -> None:
                state["problem"] = "draining"
                await state["worker"].stop(LONGEST_TURN_SECONDS)
                state["problem"] = "drained"
                logger.info("the inbox worker has ended its turns")

            return asyncio.create_task(ended())

        @blueprint.listener("before_server_stop")  # type: ignore[misc]
        async def stop(_app: Sanic, _loop: Any) -> None:
            state["problem"] = "stopping"
            if state.get("wakes") is not None:
                state["wakes"].close()
            if "worker" in state:
                await state["worker"].stop()
                state["task"].cancel()

        return blueprint


def _take_over(agent: Agent | None, room: Runtime) -> str | None:
    """Put our endpoint and store in their places; returns what is wrong, if anything."""
    if agent is None or not agent.is_ready():
        return "no model is loaded: delete the models folder and run `make train`"
    store = agent.tracker_store
    if isinstance(store, FailSafeTrackerStore):
        # A database fault must be an exception to retry, not an empty tracker.
        store = store._tracker_store
    if not isinstance(store, ConversationTrackerStore):
        return "endpoints.yml does not name tenin.bot.tracker_store.ConversationTrackerStore"
    if agent.action_endpoint is None:
        return "endpoints.yml has no action_endpoint"
    limits = room.settings.actions
    endpoint = ActionEndpoint(agent.action_endpoint, limits.port, limits.give_up_seconds)
    agent.tracker_store = agent.processor.tracker_store = store
    agent.action_endpoint = agent.processor.action_endpoint = endpoint
    return None
