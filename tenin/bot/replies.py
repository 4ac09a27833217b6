"""From what Rasa did in a turn to what is committed of it.

A turn in which an action failed, or that would leave a message without an answer
(Rasa swallows what goes wrong in its own actions), is not committed as if it had
run: the customer's line stays, and what follows is an apology with a person on
offer, or the queue itself if a person was asked for.
"""

from __future__ import annotations

import time
from typing import Any

from tenin.bot.runtime import RunningTurn
from tenin.conversation import tracker as memory
from tenin.conversation.inbox import ASK_FOR_PERSON
from tenin.conversation.transcript import Reply
from tenin.conversation.turns import Outcome
from tenin.conversation.voice import Voice

PERSON_WANTED = "person_wanted"
EVENT = "event"  # what the page tells by itself may go without an answer


def outcome_of(turn: RunningTurn, new: list[dict[str, Any]], voice: Voice, turns: int) -> Outcome:
    """What to commit of a turn.

    Args:
        turn: the turn, with what Rasa said in it.
        new: the tracker events that came in the turn, as dictionaries.
        voice: the wording of the apology.
        turns: how many user turns a snapshot keeps.
    """
    # Whatever the dialogue made of it: asking for a person ends in a person.
    wanted = _person_wanted(new) or ("asked" if _asks_for_person(new) else None)
    silent = not turn.messages and not wanted and turn.turn.kind != EVENT
    if turn.failed is None and not silent:
        replies = [_reply(message) for message in turn.messages]
    else:
        replies = [] if wanted else [_apology(turn, voice)]
        new = _without_actions(new, replies)
    return Outcome(
        events=new,
        snapshot=memory.bound([*turn.base, *new], turns),
        replies=replies,
        loaded=len(turn.base),
        person_wanted=wanted,
    )


def _reply(message: dict[str, Any]) -> Reply:
    buttons = message.get("buttons") or []
    return Reply(
        text=message.get("text") or "",
        buttons=[(button["title"], button["payload"]) for button in buttons],
        cards=(message.get("custom") or {}).get("cards", []),
    )


def _apology(turn: RunningTurn, voice: Voice) -> Reply:
    return voice.reply(
        "utter_action_failed", turn.turn.language, turn.turn.channel, turn.turn.recent
    )


def _person_wanted(events: list[dict[str, Any]]) -> str | None:
    wanted: str | None = None
    for event in events:
        if event["event"] == "slot" and event["name"] == PERSON_WANTED:
            wanted = event["value"]
    return wanted


def _asks_for_person(events: list[dict[str, Any]]) -> bool:
    intents = [
        event["parse_data"]["intent"]["name"] for event in events if event["event"] == "user"
    ]
    return bool(intents) and f"/{intents[-1]}" == ASK_FOR_PERSON


def _without_actions(events: list[dict[str, Any]], replies: list[Reply]) -> list[dict[str, Any]]:
    """The customer's line and what was understood of it; then the apology; then listening."""
    last_user = max(i for i, event in enumerate(events) if event["event"] == "user")
    end = last_user + 1
    while end < len(events) and events[end]["event"] == "slot":
        end += 1
    now = time.time()
    return [
        *events[:end],
        *({"event": "bot", "timestamp": now, "text": reply.text} for reply in replies),
        {"event": "action", "timestamp": now, "name": "action_listen"},
    ]
