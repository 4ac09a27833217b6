"""What Chatwoot tells us: `POST /desk/chatwoot/webhook`, signed, recent, and done once.

The signature is over `X-Chatwoot-Timestamp`, a full stop and the body as it came. A call is
answered after one transaction, which marks its `X-Chatwoot-Delivery` as done. What isn't ours to
act on is answered with 200 all the same: Chatwoot shows every other answer as a failure.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import logging
import re
from datetime import datetime, timedelta, timezone
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.orm import Session
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from tenin.clock import utcnow
from tenin.conversation.models import Owner
from tenin.conversation.transcript import lock_conversation
from tenin.conversation.voice import Voice
from tenin.conversation.wake import wake
from tenin.desk.chatwoot import events
from tenin.desk.chatwoot.records import DESK
from tenin.desk.models import OtherDesk, OtherDeskDelivery
from tenin.services import services_of
from tenin.settings import Settings
from tenin.web import Problem, whole_body

OLDEST = timedelta(minutes=5)
LARGEST = 1024 * 1024  # bytes; a message has up to 150,000 characters there
KEPT = timedelta(days=7)  # a delivery that is repeated bears the same id and a new time
TIMESTAMP = re.compile(r"[0-9]{1,12}")

logger = logging.getLogger(__name__)


async def webhook(request: Request) -> Response:
    """Act on what is told, and answer at once."""
    services = services_of(request)
    body = await whole_body(request, LARGEST)
    secret = services.settings.chatwoot_webhook_secret or ""
    sent_at = _checked(request, body, secret, utcnow())
    told = _read(body)
    conversation_id = None
    if told is not None and _is_of_our_inbox(told, services.settings):
        delivery = request.headers.get("x-chatwoot-delivery", "").strip()[:128]
        delivery = delivery or f"body {hashlib.sha256(body).hexdigest()}"
        conversation_id, owner = await services.write(
            lambda session: _done(session, told, delivery, sent_at, services.voice)
        )
        if conversation_id is not None:
            services.hub.moved(conversation_id)
            if owner == Owner.BOT.value:
                wake(services.settings.bot.port, conversation_id)
    return JSONResponse({"done": conversation_id is not None})


routes = [Route("/desk/chatwoot/webhook", webhook, methods=["POST"])]


def forget_old(session: Session, now: datetime) -> None:
    """Forget deliveries that nobody repeats any more."""
    old = delete(OtherDeskDelivery).where(OtherDeskDelivery.at < now - KEPT)
    session.execute(old.execution_options(synchronize_session=False))


def signature(secret: str, timestamp: str, body: bytes) -> str:
    """What `X-Chatwoot-Signature` must say."""
    signed = hmac.new(secret.encode(), timestamp.encode() + b"." + body, hashlib.sha256)
    return f"sha256={signed.hexdigest()}"


def _checked(request: Request, body: bytes, secret: str, now: datetime) -> datetime:
    """When a call was sent, which is Chatwoot's by its signature and recent."""
    timestamp = request.headers.get("x-chatwoot-timestamp", "")
    given = request.headers.get("x-chatwoot-signature", "")
    wanted = signature(secret, timestamp, body)
    if not secret or not hmac.compare_digest(given.encode(), wanted.encode()):
        raise Problem(
            401,
            "wrong_signature",
            "The call is not signed with the secret of the API inbox.",
            "Set TENIN_CHATWOOT_WEBHOOK_SECRET to the secret that the inbox's settings show.",
        )
    if TIMESTAMP.fullmatch(timestamp):
        sent_at = datetime.fromtimestamp(int(timestamp), timezone.utc)
        if abs(now - sent_at) <= OLDEST:
            return sent_at
    raise Problem(
        401,
        "too_old",
        "The call is older than five minutes, or from the future.",
        "Set the clocks of both machines right.",
    )


def _read(body: bytes) -> dict[str, Any] | None:
    try:
        told = json.loads(body)
    except (ValueError, RecursionError):
        told = None
    if not isinstance(told, dict):
        logger.warning("Chatwoot told us something that is no JSON object")
        return None
    return told


def _is_of_our_inbox(told: dict[str, Any], settings: Settings) -> bool:
    """Whether it is about our account and inbox, as far as the call says."""
    account = _part(told, "account").get("id", settings.chatwoot.account_id)
    inbox = _part(told, "inbox").get("id", told.get("inbox_id"))
    return bool(account == settings.chatwoot.account_id and inbox == settings.chatwoot.inbox_id)


def _done(
    session: Session, told: dict[str, Any], delivery: str, sent_at: datetime, voice: Voice
) -> tuple[str | None, str | None]:
    """Do what is told, once by delivery; the conversation it moved, and who has it now."""
    event = told.get("event")
    about = _part(told, "conversation") if event == "message_created" else told
    wanted = select(OtherDesk.conversation_id).where(
        OtherDesk.desk == DESK, OtherDesk.remote_id == str(about.get("id"))
    )
    conversation_id = session.execute(wanted.limit(1)).scalar_one_or_none()
    if conversation_id is None:
        return None, None
    conversation = lock_conversation(session, conversation_id)
    if session.get(OtherDeskDelivery, delivery) is not None:
        return None, None
    now = utcnow()
    session.add(OtherDeskDelivery(delivery_id=delivery, at=now))
    row = session.get(OtherDesk, conversation_id, populate_existing=True)
    agent = events.read_agent(_part(about, "meta").get("assignee"))
    done = False
    if event == "message_created":
        written = events.read_message(told, about.get("status"))
        if written is not None:
            done = events.agent_wrote(session, conversation, row, written, voice, now)
    elif event == "conversation_status_changed":
        # Without a time of its own: no later than a second after it was sent.
        at = events.read_time(told.get("updated_at")) or sent_at + timedelta(seconds=1)
        status = str(told.get("status"))
        done = events.status_changed(session, conversation, row, status, agent, at, voice, now)
    elif event == "conversation_updated" and agent is not None and _is_assignment(told):
        done = events.assigned(session, conversation, agent, voice, now)
    return (str(conversation_id), str(conversation.owner)) if done else (None, None)


def _is_assignment(told: dict[str, Any]) -> bool:
    changed = told.get("changed_attributes")
    if not isinstance(changed, list):
        return False
    return any(isinstance(each, dict) and "assignee_id" in each for each in changed)


def _part(told: dict[str, Any], name: str) -> dict[str, Any]:
    part = told.get(name)
    return part if isinstance(part, dict) else {}
