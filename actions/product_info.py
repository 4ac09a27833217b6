"""product_info: what a product is like, from the catalogue."""

from __future__ import annotations

from typing import Any

from rasa_sdk import Action, Tracker
from rasa_sdk.executor import CollectingDispatcher

from actions import goods


class ActionProductInfo(Action):
    """Show the product that is meant, or ask which."""

    def name(self) -> str:
        """The action's name in domain.yml."""
        return "action_product_info"

    async def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]
    ) -> list[dict[str, Any]]:
        """Look the named goods up."""
        found, others = await goods.meant(tracker)
        if found:
            cards = [goods.card(good) for good in found]
            dispatcher.utter_message(response="utter_product_info", json_message={"cards": cards})
        else:
            dispatcher.utter_message(
                response="utter_product_info_which", choices=goods.choices(others, "product_info")
            )
        return []
