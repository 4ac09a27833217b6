"""Why a person is wanted and what it is about, read from what Rasa remembers.

Every way to a person asks here: the commit of a turn (`tenin.bot.replies`), a button that needs no
bot (`inbox`), a message that was given up (`turns`). Only what was said since a person last had
the conversation counts, and of signs only what the last few messages show.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tenin.conversation.tracker import Event
from tenin.language.anger import shows_anger

RECENT_TURNS = 4
# What a form is for, where a customer can be led back to it; order_form's is in the slot.
NEEDS = {"recommend_form": "recommend_product", "track_order_form": "track_order"}
FORMS = {**NEEDS, "restock_form": "restock_wish"}
ORDER_NEED = "order_need"
ORDER_REQUEST = "order_request"
PERSON_WANTED = "person_wanted"
BESIDE = ("about", "second_need")  # in parse data: another wish of the same message
NOT_UNDERSTOOD = "action_not_understood"
FALLBACK = "nlu_fallback"
APOLOGY = "utter_action_failed"
ASKED = "asked"
# What is said without being about anything that a person could see to.
TALK = frozenset(
    {
        "affirm",
        "bot_challenge",
        "deny",
        "feedback",
        "frustration",
        "goodbye",
        "greet",
        "human_agent",
        "inform",
        "language_change",
        "mail_notices",
        "mail_stop",
        "nlu_fallback",
        "out_of_scope",
        "page_lingering",
        "page_opened",
        "repeat",
        "show_menu",
        "slow_down",
        "survey_answer",
        "thanks",
        "why_this",
    }
)


@dataclass(frozen=True)
class Wish:
    """Why a person is wanted, which need it is about if one is known, what makes it urgent.

    `reason` is the gravest of `signs`, or `asked` without any; both as `ownership` takes them.
    """

    reason: str
    category: str | None
    signs: tuple[str, ...]


def wish_of(events: Sequence[Event], failed: bool = False) -> Wish:
    """What a wish for a person that is made now comes from.

    Args:
        events: what Rasa remembers, oldest first, with the turn that makes the wish if one does.
        failed: whether an action or a reply of that turn failed.
    """
    since = list(events[_last_service(events) :])
    turns = _turns(since)[-RECENT_TURNS:]
    shown = {
        "complaint": any(need_said(turn[0]) == "complaint" for turn in turns),
        "action_failed": failed or any(_failed(event) for turn in turns for event in turn),
        "anger": any(_angry(turn[0]) for turn in turns),
        "not_understood": any(
            _missed(one) and _missed(other) for one, other in itertools.pairwise(turns)
        ),
    }
    signs = tuple(sign for sign, is_so in shown.items() if is_so)
    return Wish(signs[0] if signs else ASKED, _category(since), signs)


def need_said(user: Event) -> str | None:
    """The need that a user event was understood as, `faq/…` in full; None if it isn't known."""
    parsed = user.get("parse_data") or {}
    intent = parsed.get("intent") or {}
    name: str | None = intent.get("name")
    selected = (parsed.get("response_selector") or {}).get(name) or {}
    full = intent.get("full_retrieval_intent_name") or (selected.get("response") or {}).get(
        "intent_response_key"
    )
    return str(full or name) if name else None


def needs_ranked(parsed: Mapping[str, Any]) -> list[tuple[str, float]]:
    """Every need with its confidence, the likeliest first, also of a message that was refused.

    Args:
        parsed: what Rasa made of a text (`parse_data`).
    """
    selector = parsed.get("response_selector") or {}
    found: list[tuple[str, float]] = []
    for entry in parsed.get("intent_ranking") or []:
        name, confidence = str(entry["name"]), float(entry["confidence"])
        answers = (selector.get(name) or {}).get("ranking")
        if answers:
            found += [
                (str(answer["intent_response_key"]), confidence * float(answer["confidence"]))
                for answer in answers
            ]
        elif name != FALLBACK:
            found.append((name, confidence))
    return sorted(found, key=lambda each: -each[1])


def _last_service(events: Sequence[Event]) -> int:
    """Where a person last gave the conversation back: what came before has been seen to."""
    for i in range(len(events) - 1, -1, -1):
        event = events[i]
        if event["event"] == "restart":
            return i
        if event["event"] == "slot" and event["name"] == PERSON_WANTED and event["value"] is None:
            return i
    return 0


def _turns(events: Sequence[Event]) -> list[list[Event]]:
    """What followed each of the customer's messages, that message first."""
    turns: list[list[Event]] = []
    for event in events:
        if event["event"] == "user":
            turns.append([])
        if turns:
            turns[-1].append(event)
    return turns


def _failed(event: Event) -> bool:
    if event["event"] == "slot":
        return event["name"] == ORDER_REQUEST and bool(event["value"])
    said = (event.get("metadata") or {}).get("utter_action")
    return event["event"] == "bot" and said == APOLOGY


def _angry(user: Event) -> bool:
    return need_said(user) == "frustration" or shows_anger(str(user.get("text") or ""))


def _missed(turn: Sequence[Event]) -> bool:
    return any(event["event"] == "action" and event["name"] == NOT_UNDERSTOOD for event in turn)


def _category(events: Sequence[Event]) -> str | None:
    """The need beside the wish itself; that of the open form; the last that was asked for."""
    users = [i for i, event in enumerate(events) if event["event"] == "user"]
    said = need_said(events[users[-1]]) if users else None
    beside = _beside(events[users[-1]]) if said == "human_agent" else None
    if beside:
        return beside
    # The wish itself closes the form that it was made in.
    heard = events[: users[-1] + 1] if users else []
    in_hand = _in_hand(events) or _in_hand(heard)
    if in_hand:
        return in_hand
    for i in reversed(users):
        need = need_said(events[i])
        if need and need not in TALK:
            return need
        if _beside(events[i]):
            return _beside(events[i])
    return None


def _in_hand(events: Sequence[Event]) -> str | None:
    form: str | None = None
    errand: Any = None
    for event in events:
        if event["event"] == "active_loop":
            form = event["name"]
        elif event["event"] == "slot" and event["name"] == ORDER_NEED:
            errand = event["value"]
    if form is None:
        return None
    return FORMS.get(form) or (str(errand) if errand else None)


def _beside(user: Event) -> str | None:
    parsed = user.get("parse_data") or {}
    found = (str(parsed[key]) for key in BESIDE if parsed.get(key))
    return next((need for need in found if need not in TALK), None)
