"""human_agent: a person is wanted.

The action only says so in a slot; the turn's commit puts the conversation in the
queue, together with the turn's replies.
"""

from __future__ import annotations

from typing import Any

from rasa_sdk import Action, Tracker
from rasa_sdk.events import ActiveLoop, SlotSet
from rasa_sdk.executor import CollectingDispatcher


class ActionHandoff(Action):
    """Wish for a person; whatever form was open is closed."""

    def name(self) -> str:
        """The action's name in domain.yml."""
        return "action_handoff"

    async def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]
    ) -> list[dict[str, Any]]:
        """Say why a person is wanted."""
        return [
            SlotSet("person_wanted", "asked"),
            ActiveLoop(None),
            SlotSet("requested_slot", None),
        ]
