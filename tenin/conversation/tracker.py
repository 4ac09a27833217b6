"""What Rasa remembers of a conversation, as plain JSON events, bounded.

A snapshot is the state before the last few turns (slots, active loop) followed
by the events of those turns, so that loading a conversation costs the same at
its three-hundredth message as at its third. The form of the events is Rasa's
own; this module only knows the few that carry state.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from tenin.conversation.models import TrackerEvent, TrackerSnapshot

Event = dict[str, Any]


def load(session: Session, conversation_id: str) -> list[Event]:
    """The snapshot's events, oldest first; empty if Rasa has never seen the conversation."""
    events = session.execute(
        select(TrackerSnapshot.events).where(TrackerSnapshot.conversation_id == conversation_id)
    ).scalar_one_or_none()
    return list(events or [])


def store(
    session: Session,
    conversation_id: str,
    new: Sequence[Event],
    snapshot: Sequence[Event],
    inbox_id: int | None = None,
) -> None:
    """Keep new events for good and replace the snapshot."""
    session.add_all(
        TrackerEvent(conversation_id=conversation_id, inbox_id=inbox_id, event=event)
        for event in new
    )
    row = session.get(TrackerSnapshot, conversation_id)
    if row is None:
        session.add(TrackerSnapshot(conversation_id=conversation_id, events=list(snapshot)))
    else:
        row.events = list(snapshot)


def append(session: Session, conversation_id: str, new: Sequence[Event]) -> None:
    """Add events to what Rasa remembers, be it nothing yet."""
    store(session, conversation_id, new, [*load(session, conversation_id), *new])


def fresh_start(slots: Mapping[str, Any], now: float | None = None) -> list[Event]:
    """Events after which the bot listens with no form open, and knows `slots`.

    What was asked for before is over: a person has seen to it.
    """
    now = time.time() if now is None else now
    nothing_open = (
        "requested_slot",
        "person_wanted",
        "second_need",
        "second_need_waiting",
        "order_need",
        "order_request",
    )
    values = {**dict.fromkeys(nothing_open), **slots}
    return [
        {"event": "active_loop", "timestamp": now, "name": None},
        *(
            {"event": "slot", "timestamp": now, "name": name, "value": value}
            for name, value in values.items()
        ),
        {"event": "action", "timestamp": now, "name": "action_listen"},
    ]


def slots(events: Sequence[Event]) -> dict[str, Any]:
    """The slots that have a value after these events, by name."""
    state = _state(events[_after_restart(events) :])
    values = {event["name"]: event["value"] for event in state if event["event"] == "slot"}
    return {name: value for name, value in values.items() if value is not None}


def bound(events: Sequence[Event], turns: int) -> list[Event]:
    """The last `turns` user turns of `events`, preceded by the state they began in.

    Args:
        events: Rasa events as dictionaries, oldest first.
        turns: how many user messages to keep, at least 1.
    """
    start = _after_restart(events)
    users = [i for i, event in enumerate(events) if i >= start and event["event"] == "user"]
    if len(users) <= turns:
        return list(events[start:])
    cut = _listening_before(events, start, users[-turns])
    return [*_state(events[start:cut]), *events[cut:]]


def _listening_before(events: Sequence[Event], start: int, user: int) -> int:
    """Where the bot began to listen for a message, slots set in between or not; else the message.

    A message that Rasa takes back is taken back up to there.
    """
    for i in range(user - 1, start - 1, -1):
        if events[i]["event"] == "action" and events[i].get("name") == "action_listen":
            return i
        if events[i]["event"] != "slot":
            break
    return user


def _after_restart(events: Sequence[Event]) -> int:
    for i in range(len(events) - 1, -1, -1):
        if events[i]["event"] == "restart":
            return i
    return 0


def _state(events: Sequence[Event]) -> list[Event]:
    """The last setting of each slot and of the loop, in the order they were made."""
    settings: dict[tuple[str, str | None], Event] = {}
    for event in _applied(events):
        if event["event"] == "slot":
            key = ("slot", event["name"])
        elif event["event"] in ("active_loop", "session_started"):
            key = (event["event"], None)
        elif event["event"] == "reset_slots":
            settings = {k: v for k, v in settings.items() if k[0] != "slot"}
            continue
        else:
            continue
        settings.pop(key, None)
        settings[key] = event
    return [*settings.values()]


def _applied(events: Sequence[Event]) -> list[Event]:
    """Without what a reverted user message had done, as Rasa reverts it."""
    applied: list[Event] = []
    for event in events:
        if event["event"] == "rewind":
            while applied and applied.pop()["event"] != "user":
                pass
            while applied and applied[-1]["event"] != "action":
                applied.pop()
        else:
            applied.append(event)
    return applied
