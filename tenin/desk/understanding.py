"""What the bot would understand of a text: asked of the bot tier, which need not be there.

Suggestions to agents come from it, and whether a customer who waits asks for a person again.
Trainers are shown why.
"""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import requests

from tenin.keys import bot_token
from tenin.settings import Settings

TIMEOUT_SECONDS = 2.0
EXPLAINING_SECONDS = 20.0  # the first time, the examples of several needs are looked up
PATH = "/webhooks/inbox/parse"
HUMAN_AGENT = "human_agent"
SURE = 0.75  # as NeedClassifier's `sure`

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Understood:
    """A text as the bot takes it; `intent` is the need in full, `nlu_fallback` if it is refused.

    `ranking` are needs with their confidence, the likeliest first, also of a refused text.
    """

    language: str
    intent: str
    confidence: float
    ranking: tuple[tuple[str, float], ...]
    entities: tuple[Mapping[str, Any], ...] = ()


class NotExplainedError(Exception):
    """The bot tier does not explain a text.

    `code` is `bot_away`, `bot_too_slow`, what the bot tier itself said (`no_secret`, `no_model`,
    `text_too_long`, `not_explainable`), or `bot_failed`.
    """

    def __init__(self, code: str) -> None:
        """Take the code."""
        super().__init__(code)
        self.code = code


async def understand(
    settings: Settings, text: str, language: str | None = None
) -> Understood | None:
    """Have a text understood, off the event loop; None while the bot is away or too slow.

    Args:
        text: what a customer said.
        language: of the text, if it is known; else it is found out.
    """
    return await asyncio.to_thread(_ask, settings, text, language)


async def asks_for_person(settings: Settings, text: str, language: str | None = None) -> bool:
    """Whether a text surely asks for a person; False while the bot is away."""
    found = await understand(settings, text, language)
    return found is not None and found.intent == HUMAN_AGENT and found.confidence >= SURE


async def explanation(
    settings: Settings, text: str, language: str | None = None
) -> Mapping[str, Any]:
    """Give what the running bot makes of a text and why, as `tenin.training.trying.explain`.

    Args:
        text: what a customer would say.
        language: that it is answered in; None has it found out.

    Raises:
        NotExplainedError: with the code.
    """
    return await asyncio.to_thread(_explanation, settings, text, language)


def _explanation(settings: Settings, text: str, language: str | None) -> Mapping[str, Any]:
    wanted = {"text": text, "language": language, "explain": True}
    try:
        answer = _post(settings, wanted, EXPLAINING_SECONDS)
        body = answer.json()
        if answer.status_code != 200:
            raise NotExplainedError(str(body["error"]["code"]))
        explained: dict[str, Any] = {**body["explained"]}
    except requests.Timeout:
        raise NotExplainedError("bot_too_slow") from None
    except requests.ConnectionError as error:
        logger.info("the bot tier can't be asked: %s", error)
        raise NotExplainedError("bot_away") from None
    except (requests.RequestException, ValueError, KeyError, TypeError) as error:
        logger.warning("the bot tier's answer is no explanation: %s", error)
        raise NotExplainedError("bot_failed") from None
    return explained


def _post(settings: Settings, body: Mapping[str, Any], timeout: float) -> requests.Response:
    with requests.Session() as session:
        session.trust_env = False  # loopback goes through no proxy
        return session.post(
            f"http://127.0.0.1:{settings.bot.port}{PATH}",
            data=json.dumps(body),
            headers={
                "authorization": f"Bearer {bot_token(settings)}",
                "content-type": "application/json",
            },
            timeout=timeout,
            allow_redirects=False,
        )


def _ask(settings: Settings, text: str, language: str | None) -> Understood | None:
    limit = settings.chat.max_characters
    try:
        body = {"text": text[:limit], "language": language}
        answer = _post(settings, body, TIMEOUT_SECONDS)
        if answer.status_code != 200:
            logger.warning("the bot tier did not parse a text: %s", answer.status_code)
            return None
        body = answer.json()
        return Understood(
            language=str(body["language"]),
            intent=str(body["intent"]),
            confidence=float(body["confidence"]),
            ranking=tuple(
                (str(each["need"]), float(each["confidence"])) for each in body["ranking"]
            ),
            entities=tuple(body["entities"]),
        )
    except requests.RequestException as error:
        logger.info("the bot tier can't be asked: %s", error)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        logger.warning("the bot tier's answer is no understanding: %s", error)
    return None
