"""`POST /webhooks/inbox/parse`: what a text means, without a conversation.

The web tier asks for it on loopback (`tenin.desk.understanding`), to suggest replies to agents,
and with `explain: true` to show trainers why it is understood so. No tracker is read or written.
"""

from __future__ import annotations

import hmac
import json
import logging
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Protocol

from sanic import response
from sanic.request import Request
from sanic.response import HTTPResponse

from tenin.bot.explaining import NotExplainableError
from tenin.bot.payloads import as_plain_text
from tenin.conversation.wish import need_said, needs_ranked
from tenin.keys import bot_token
from tenin.language.languages import configured, detect
from tenin.settings import Settings

BEARER = "Bearer "
LARGEST_BODY = 64 * 1024  # bytes
RANKED = 5

# Agent, text, what was made of it, language: why. `tenin.bot.explaining.Explainer` is one.
Explain = Callable[[Any, str, Mapping[str, Any], str], Awaitable[Mapping[str, Any]]]

logger = logging.getLogger(__name__)


class Understands(Protocol):
    """Rasa's agent, as far as it is needed here."""

    async def parse_message(self, message_data: str) -> dict[str, Any]:
        """What a text means, in Rasa's form."""


async def parse(
    request: Request, agent: Understands | None, settings: Settings, explain: Explain | None = None
) -> HTTPResponse:
    """Answer one request: `{text, language?}` becomes `understood`; else an error with a remedy.

    With `explain: true` what `explain` makes of it comes besides, under `explained`.
    """
    given = request.headers.get("authorization", "")
    if not hmac.compare_digest(
        given.encode("utf-8", "replace"), f"{BEARER}{bot_token(settings)}".encode()
    ):
        return _refused(
            401, "no_secret", "The shared secret is missing or wrong.", "Set TENIN_BOT_TOKEN."
        )
    if len(request.body) > LARGEST_BODY:
        return _refused(413, "too_large", "The request is too large.", "Send a shorter text.")
    try:
        body = json.loads(request.body)
    except (ValueError, RecursionError):
        body = None
    text = body.get("text") if isinstance(body, dict) else None
    if not isinstance(text, str) or not text.strip():
        return _refused(422, "no_text", "`text` is missing.", 'Send {"text": "…"}.')
    if len(text) > settings.chat.max_characters:
        return _refused(
            422,
            "text_too_long",
            f"`text` is longer than {settings.chat.max_characters} characters.",
            "Send a shorter text.",
        )
    language = body.get("language")
    if language not in configured().names:
        language = detect(text)
    if agent is None:
        return _refused(503, "no_model", "No model is loaded.", "Train one with `tenin train`.")
    answer: dict[str, Any] = {"language": language}
    try:
        parsed = await agent.parse_message(as_plain_text(text))
        answer |= understood(parsed)
        if body.get("explain") is True and explain is not None:
            answer["explained"] = await explain(agent, as_plain_text(text), parsed, language)
    except NotExplainableError:
        return _refused(
            422,
            "not_explainable",
            "The model at work has another classifier than tenin.bot.classifier.NeedClassifier.",
            "Put that one back into config.yml and train; or ask `rasa shell nlu`.",
        )
    except Exception:
        logger.exception("a text could not be understood")
        return _refused(500, "failed", "The text could not be understood.", "See the bot's log.")
    return response.json(answer)


def understood(parsed: Mapping[str, Any]) -> dict[str, Any]:
    """What Rasa made of a text, by needs: `intent`, its `confidence`, `ranking`, `entities`.

    Needs are in full (`faq/returns_policy`); `intent` is `nlu_fallback` for a text that is not
    understood. The ranking names the likeliest either way.
    """
    ranking = [
        {"need": need, "confidence": confidence} for need, confidence in needs_ranked(parsed)
    ]
    return {
        "intent": need_said({"parse_data": parsed}),
        "confidence": float((parsed.get("intent") or {}).get("confidence") or 0.0),
        "ranking": ranking[:RANKED],
        "entities": [
            {key: entity[key] for key in ("entity", "value", "start", "end") if key in entity}
            for entity in parsed.get("entities") or []
        ],
    }


def _refused(status: int, code: str, message: str, remedy: str) -> HTTPResponse:
    error = {"code": code, "message": message, "remedy": remedy}
    return response.json({"error": error}, status=status)
