"""What Prometheus reads of each tier (`/metrics`, docs/deploy.md), and who may read it.

Counted in the process that works; what is waiting is asked of the database when it is read, and is
the same from whichever process. Labels are names from the code, never a customer's or agent's
words: nothing of a person, and few of them.
"""

from __future__ import annotations

import hmac
from collections.abc import Iterator
from datetime import datetime

from prometheus_client import (
    CONTENT_TYPE_LATEST,
    REGISTRY,
    CollectorRegistry,
    Gauge,
    Histogram,
    generate_latest,
)
from prometheus_client import Counter as _Counter
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from tenin.conversation.delivery import EMAIL
from tenin.conversation.models import (
    Conversation,
    DeliveryStatus,
    InboxRow,
    InboxStatus,
    OutboxRow,
    Owner,
)
from tenin.settings import Settings

BEARER = "Bearer "
CONTENT_TYPE = CONTENT_TYPE_LATEST
SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0)

REQUESTS = Histogram(
    "tenin_web_request_seconds",
    "Until an answer begins, by method, route and status",
    ["method", "route", "status"],
    buckets=SECONDS,
)
STREAMS = Gauge("tenin_web_open_requests", "Requests being answered, open streams among them")
TURNS = Histogram(
    "tenin_bot_turn_seconds",
    "A turn of the bot, by how it ended: committed, lease_lost or failed (and tried again)",
    ["ended"],
    buckets=SECONDS,
)
RUNNING_TURNS = Gauge("tenin_bot_running_turns", "Turns that this bot works on")
ACTIONS = Histogram(
    "tenin_action_seconds",
    "A call of an action, by its name and the status of the answer",
    ["action", "status"],
    buckets=SECONDS,
)
BACKGROUND_FAILURES = _Counter(
    "tenin_web_background_failures", "Failed background work of the web tier, by its name", ["work"]
)


def may_read(settings: Settings, authorization: str) -> bool:
    """Whether a caller showed TENIN_METRICS_TOKEN; nobody may while there is none."""
    if settings.metrics_token is None:
        return False
    expected = f"{BEARER}{settings.metrics_token}".encode()
    return hmac.compare_digest(authorization.encode("utf-8", "replace"), expected)


def of_process() -> bytes:
    """What this process has counted, in Prometheus' form."""
    return generate_latest(REGISTRY)


def of_database(session: Session, now: datetime) -> bytes:
    """What waits, in Prometheus' form: `tenin_inbox_waiting` is what bots are scaled by."""
    registry = CollectorRegistry()
    waiting = select(func.count(), func.min(InboxRow.received_at)).where(
        InboxRow.status == InboxStatus.WAITING.value
    )
    count, oldest = session.execute(waiting).one()
    Gauge("tenin_inbox_waiting", "Messages that wait for a bot", registry=registry).set(count)
    age = 0.0 if oldest is None else max(0.0, (now - oldest).total_seconds())
    Gauge("tenin_inbox_oldest_seconds", "How long the oldest waits", registry=registry).set(age)
    owned = Gauge(
        "tenin_conversations_with_persons",
        "Conversations that wait for a person (queue) or have one (agent)",
        ["owner"],
        registry=registry,
    )
    for owner, number in _by_owner(session):
        owned.labels(owner).set(number)
    mails = select(func.count()).where(
        OutboxRow.channel == EMAIL, OutboxRow.status == DeliveryStatus.PENDING.value
    )
    pending = Gauge("tenin_mails_pending", "Mails to be sent", registry=registry)
    pending.set(session.execute(mails).scalar_one())
    return generate_latest(registry)


def _by_owner(session: Session) -> Iterator[tuple[str, int]]:
    persons = (Owner.QUEUE.value, Owner.AGENT.value)
    counted = dict(
        session.execute(
            select(Conversation.owner, func.count())
            .where(Conversation.owner.in_(persons))
            .group_by(Conversation.owner)
        ).all()
    )
    for owner in persons:
        yield owner, counted.get(owner, 0)
