"""stock_availability: whether a product is there, as the shop's own database has it now."""

from __future__ import annotations

from typing import Any

from rasa_sdk import Action, Tracker
from rasa_sdk.executor import CollectingDispatcher

from actions import goods


class ActionStockAvailability(Action):
    """Say for each product that is meant whether it is in stock, or ask which."""

    def name(self) -> str:
        """The action's name in domain.yml."""
        return "action_stock_availability"

    async def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]
    ) -> list[dict[str, Any]]:
        """Look the stock up."""
        found, others = await goods.meant(tracker)
        for good in found:
            dispatcher.utter_message(
                response="utter_stock_in" if good.in_stock else "utter_stock_out",
                product=good.name,
            )
        if not found:
            dispatcher.utter_message(
                response="utter_stock_which", choices=goods.choices(others, "stock_availability")
            )
        return []
