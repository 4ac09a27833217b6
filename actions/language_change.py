"""language_change: the conversation goes on in the language the customer names.

The action sets the slot; the turn's commit makes it the conversation's language.
"""

from __future__ import annotations

import json
from typing import Any

from rasa_sdk import Action, Tracker
from rasa_sdk.events import SlotSet
from rasa_sdk.executor import CollectingDispatcher

from actions import context, goods
from tenin.language.languages import configured
from tenin.language.requests import requested


class ActionLanguageChange(Action):
    """Change the language, or offer those there are."""

    def name(self) -> str:
        """The action's name in domain.yml."""
        return "action_language_change"

    async def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]
    ) -> list[dict[str, Any]]:
        """Take the language of a pressed button, else the one that the message names."""
        languages = configured()
        pressed = goods.named(tracker, "language")
        present = context.language(tracker)
        text = tracker.latest_message.get("text") or ""
        wanted = pressed[0] if pressed else requested(text, present, languages)
        if wanted in languages.ready:
            dispatcher.utter_message(response="utter_language_changed", language=wanted)
            return [SlotSet("language", wanted)]
        dispatcher.utter_message(
            response="utter_language_unknown",
            languages=[languages.names[code] for code in languages.ready],
            choices=[
                {
                    "title": languages.names[code],
                    "payload": "/language_change" + json.dumps({"language": code}),
                }
                for code in languages.ready
            ],
        )
        return []
