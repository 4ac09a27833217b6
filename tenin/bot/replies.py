"""From what Rasa did in a turn to what is committed of it.

A turn in which an action failed, or that would leave a message without an answer
(Rasa swallows what goes wrong in its own actions), is not committed as if it had
run: the customer's line stays, and what follows is an apology with a person on
offer, or the queue itself if a person was asked for.
"""

from __future__ import annotations

import time
from dataclasses import replace
from typing import Any

from tenin.bot.payloads import SECOND_NEED
from tenin.bot.runtime import RunningTurn
from tenin.conversation import tracker as memory
from tenin.conversation.inbox import ASK_FOR_PERSON
from tenin.conversation.transcript import Reply
from tenin.conversation.turns import Outcome
from tenin.conversation.voice import Voice
from tenin.conversation.wish import APOLOGY, ASKED, NEEDS, ORDER_NEED, PERSON_WANTED, wish_of

LANGUAGE = "language"
HANDOFF = "action_handoff"  # its failure is none of what the customer came for
SECOND_NEED_WAITING = "second_need_waiting"
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
    wanted = _person_wanted(new) or (ASKED if _asks_for_person(new) else None)
    silent = not turn.messages and not wanted and turn.turn.kind != EVENT
    wish = wish_of([*turn.base, *new], failed=turn.failed not in (None, HANDOFF))
    language = None
    if turn.failed is None and not silent:
        replies = [_reply(message) for message in turn.messages]
        language = _changed_language(turn, new)
        second = _SecondNeed([*turn.base, *new], new, asked_for_person=bool(wanted))
        if second.to_ask:
            replies.append(_question(turn, voice, second.to_ask, language))
        new = [*new, *second.settings()]
    else:
        replies = [] if wanted else [_apology(turn, voice)]
        new = _without_actions(new, replies)
        if wanted:
            second = _SecondNeed([*turn.base, *new], new, asked_for_person=True)
            new = [*new, *second.settings()]
    return Outcome(
        events=new,
        snapshot=memory.bound([*turn.base, *new], turns),
        replies=replies,
        loaded=len(turn.base),
        person_wanted=wish.reason if wanted == ASKED else wanted,
        category=wish.category if wanted else None,
        signs=wish.signs if wanted else (),
        language=language,
    )


class _SecondNeed:
    """What becomes of a second wish: asked about once no form is open, then forgotten.

    The classifier finds it in a message (`second_need` in what it understood). What a form was
    asking for, when another wish opened its own, is one too: the way back. It waits
    while a form asks its questions; a turn after the question has been put, whatever the
    customer says, it is over. A person who takes over reads it in the transcript.
    """

    def __init__(
        self, events: list[dict[str, Any]], new: list[dict[str, Any]], asked_for_person: bool
    ) -> None:
        parsed = [event["parse_data"] for event in new if event["event"] == "user"]
        found = parsed[-1].get(SECOND_NEED) if parsed else None
        interrupted = _interrupted(events[: len(events) - len(new)], new)
        waiting = found or interrupted or _slot(events, SECOND_NEED_WAITING)
        self._was = {name: _slot(events, name) for name in (SECOND_NEED, SECOND_NEED_WAITING)}
        if asked_for_person:
            waiting = None
        in_form = _open_form(events) is not None
        self.to_ask: str | None = None if in_form else waiting
        self._waiting: str | None = waiting if in_form else None

    def settings(self) -> list[dict[str, Any]]:
        """The slot events that keep it, as far as they change something."""
        now = time.time()
        wanted = {SECOND_NEED: self.to_ask, SECOND_NEED_WAITING: self._waiting}
        return [
            {"event": "slot", "timestamp": now, "name": name, "value": value}
            for name, value in wanted.items()
            if value != self._was[name]
        ]


def _question(turn: RunningTurn, voice: Voice, need: str, language: str | None) -> Reply:
    language = language or turn.turn.language
    topic = voice.menus.button(need, language)
    asked = voice.reply(
        "utter_second_need", language, turn.turn.channel, turn.turn.recent, topic=topic.title
    )
    yes, no = (voice.menus.button(answer, language) for answer in ("affirm", "deny"))
    return replace(asked, buttons=[(yes.title, topic.payload), (no.title, no.payload)])


def _changed_language(turn: RunningTurn, new: list[dict[str, Any]]) -> str | None:
    """The language the turn changed to; setting it to what it is changes nothing."""
    language = _slot(new, LANGUAGE)
    return language if language and language != turn.turn.language else None


def _slot(events: list[dict[str, Any]], name: str) -> str | None:
    value: str | None = None
    for event in events:
        if event["event"] == "slot" and event["name"] == name:
            value = event["value"]
    return value


def _open_form(events: list[dict[str, Any]]) -> str | None:
    name: str | None = None
    for event in events:
        if event["event"] == "active_loop":
            name = event["name"]
    return name


def _interrupted(before: list[dict[str, Any]], new: list[dict[str, Any]]) -> str | None:
    """The need of the form that another form took the place of in a turn.

    A form that was left by a no or finished is closed before another opens.
    """
    open_form = _open_form(before)
    for event in new:
        if event["event"] == "active_loop":
            if open_form and event["name"] and event["name"] != open_form:
                return NEEDS.get(open_form) or _slot(before, ORDER_NEED)
            open_form = event["name"]
    return None


def _reply(message: dict[str, Any]) -> Reply:
    buttons = message.get("buttons") or []
    return Reply(
        text=message.get("text") or "",
        buttons=[(button["title"], button["payload"]) for button in buttons],
        cards=(message.get("custom") or {}).get("cards", []),
    )


def _apology(turn: RunningTurn, voice: Voice) -> Reply:
    return voice.reply(APOLOGY, turn.turn.language, turn.turn.channel, turn.turn.recent)


def _person_wanted(events: list[dict[str, Any]]) -> str | None:
    return _slot(events, PERSON_WANTED)


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
        *(
            {
                "event": "bot",
                "timestamp": now,
                "text": reply.text,
                "metadata": {"utter_action": APOLOGY},
            }
            for reply in replies
        ),
        {"event": "action", "timestamp": now, "name": "action_listen"},
    ]
