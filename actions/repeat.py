"""repeat: what was said last, once more."""

from __future__ import annotations

from typing import Any

from rasa_sdk import Action, Tracker
from rasa_sdk.executor import CollectingDispatcher


class ActionRepeat(Action):
    """Say the replies of the turn before again, with their buttons and cards."""

    def name(self) -> str:
        """The action's name in domain.yml."""
        return "action_repeat"

    async def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]
    ) -> list[dict[str, Any]]:
        """Find the replies before the customer's message; a form asks its question itself."""
        said = _said_before(tracker.events)
        question = _question_of_form(tracker)
        for event in said:
            uttered = (event.get("metadata") or {}).get("utter_action") or ""
            if uttered in question or (question and uttered.startswith(f"{question[1]}_")):
                continue
            data = event.get("data") or {}
            cards = (data.get("custom") or {}).get("cards")
            dispatcher.utter_message(
                response="utter_repeat",
                said=event["text"],
                choices=data.get("buttons") or [],
                **({"json_message": {"cards": cards}} if cards else {}),
            )
        if not said:
            dispatcher.utter_message(response="utter_repeat_nothing")
        return []


def _question_of_form(tracker: Tracker) -> tuple[str, ...]:
    """The names that the question of the form now open may have as a response."""
    form = (tracker.active_loop or {}).get("name")
    slot = tracker.get_slot("requested_slot")
    return (f"utter_ask_{form}_{slot}", f"utter_ask_{slot}") if form and slot else ()


def _said_before(events: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The bot's replies of the last turn that had any, before the present message."""
    said: list[dict[str, Any]] = []
    users = 0
    for event in reversed(events):
        if event["event"] == "user":
            users += 1
            if said:
                break
        elif event["event"] == "bot" and users and event.get("text"):
            said.insert(0, event)
    return said
