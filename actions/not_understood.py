"""A message was not understood: the nearest topics are offered, else the menu.

The second time in a row a person comes first.
"""

from __future__ import annotations

from typing import Any

from rasa_sdk import Action, Tracker
from rasa_sdk.events import FollowupAction
from rasa_sdk.executor import CollectingDispatcher

NAME = "action_not_understood"
HAVE_RULES = ("nlu_fallback", "out_of_scope")


class ActionNotUnderstood(Action):
    """Ask which topic is meant if some are near, else apologise; in fresh words each time."""

    def name(self) -> str:
        """The action's name in domain.yml."""
        return NAME

    async def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]
    ) -> list[dict[str, Any]]:
        """Choose by what is near, and by whether the message before was not understood either."""
        near = tracker.latest_message.get("near") or []
        if _was_not_understood_before(tracker.events):
            dispatcher.utter_message(response="utter_not_understood_again")
        elif near:
            dispatcher.utter_message(response="utter_clarify", offer=near)
        else:
            dispatcher.utter_message(response="utter_not_understood")
        if tracker.latest_message["intent"]["name"] in HAVE_RULES:
            return []  # a rule goes on from here
        # No rule or story knew what to do next, and none would after this.
        return [FollowupAction("action_listen")]


def _was_not_understood_before(events: list[dict[str, Any]]) -> bool:
    """Whether the turn before the present one ended in this action."""
    turns = [i for i, event in enumerate(events) if event["event"] == "user"][-2:]
    if len(turns) < 2:
        return False
    return any(event.get("name") == NAME for event in events[turns[0] : turns[1]])
