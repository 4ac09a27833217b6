"""why_this: why these goods were recommended and no others."""

from __future__ import annotations

from typing import Any

from rasa_sdk import Action, Tracker
from rasa_sdk.executor import CollectingDispatcher

from actions import context, goods
from tenin.database import read_transaction
from tenin.shop.catalogue import ProductView, products_by_sku

# A kind of reason, the strongest first, and how it is said.
RESPONSES = {
    "need": "utter_why_need",
    "looked_at": "utter_why_looked_at",
    "history": "utter_why_history",
    "popular": "utter_why_popular",
}


class ActionWhyThis(Action):
    """Say by what the goods shown last were chosen, each kind of reason once."""

    def name(self) -> str:
        """The action's name in domain.yml."""
        return "action_why_this"

    async def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]
    ) -> list[dict[str, Any]]:
        """Name the goods of each reason, with what the catalogue says of them."""
        reasons, language = goods.shown(tracker), context.language(tracker)

        def look_up() -> list[ProductView]:
            with read_transaction(context.shop()) as session:
                return products_by_sku(session, [sku for sku, _ in reasons], language)

        found = {good.sku: good for good in await context.in_time(look_up)}
        for kind, response in RESPONSES.items():
            chosen = [found[sku] for sku, because in reasons if because == kind and sku in found]
            if chosen:
                dispatcher.utter_message(
                    response=response,
                    products=[good.name for good in chosen],
                    json_message={"cards": [goods.card(good) for good in chosen]},
                )
        if not found:
            dispatcher.utter_message(response="utter_why_nothing")
        return []
