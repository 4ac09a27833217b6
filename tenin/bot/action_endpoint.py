"""Calls to the action server, with a deadline for each turn and with failures that are seen.

Rasa swallows any failure of an action and saves the turn as if it had run; this
endpoint marks the turn failed instead, and its commit becomes an apology.
"""

from __future__ import annotations

import asyncio
import json
import logging
import time
from typing import Any

from jsonschema import Draft7Validator  # type: ignore[import-untyped]
from rasa.shared.utils.schemas.events import EVENTS_SCHEMA
from rasa.utils.endpoints import ClientResponseError, EndpointConfig

from tenin.bot.runtime import running
from tenin.conversation.wake import LOOPBACK

# What Rasa demands of an answer, where it would drop another without a word.
ANSWER = Draft7Validator(
    {
        "type": "object",
        "properties": {
            "events": EVENTS_SCHEMA,
            "responses": {"type": "array", "items": {"type": "object"}},
        },
    }
)
REJECTED = 400  # the action server's way to let a form's policies decide otherwise

logger = logging.getLogger(__name__)


class ActionEndpoint(EndpointConfig):  # type: ignore[misc]
    """Rasa's action endpoint with a limit on the time one turn may spend in it."""

    def __init__(self, endpoint: EndpointConfig, port: int, give_up_seconds: float) -> None:
        """Take over the options of Rasa's endpoint; the server listens on a loopback port."""
        super().__init__(
            f"http://{LOOPBACK}:{port}/webhook",
            endpoint.params,
            endpoint.headers,
            endpoint.basic_auth,
            endpoint.token,
            endpoint.token_name,
            endpoint.cafile,
            **endpoint.kwargs,
        )
        self._give_up_seconds = give_up_seconds

    async def request(self, *args: Any, **kwargs: Any) -> Any:
        """Rasa's request; after a failure nothing more is asked in this turn.

        All requests of a turn share `give_up_seconds`, which count from the turn's beginning.

        Returns:
            The action server's answer, or one without events and responses if it failed,
            in which case the running turn is marked.
        """
        turn = running.get()
        if turn is None:
            return await super().request(*args, **kwargs)
        if turn.failed is not None:
            return _nothing()
        name = (kwargs.get("json") or {}).get("next_action", "action")
        kwargs.pop("timeout", None)
        left = turn.began + self._give_up_seconds - time.monotonic()
        try:
            answer = await asyncio.wait_for(super().request(*args, **kwargs), left)
        except ClientResponseError as error:
            if error.status == REJECTED and _names_an_action(error.text):
                raise
            return _failed(name, error)
        except Exception as error:
            return _failed(name, error)
        if not ANSWER.is_valid(answer):
            return _failed(name, ValueError("the answer is not events and responses"))
        return answer


def _names_an_action(rejection: str | bytes) -> bool:
    try:
        return isinstance(json.loads(rejection)["action_name"], str)
    except (ValueError, LookupError, TypeError):
        return False


def _failed(name: str, error: Exception) -> dict[str, Any]:
    logger.error("action %s failed: %s: %s", name, type(error).__name__, error)
    turn = running.get()
    if turn is not None:
        turn.failed = name
    return _nothing()


def _nothing() -> dict[str, Any]:
    return {"events": [], "responses": []}
