"""compare_products: two or more goods side by side."""

from __future__ import annotations

from typing import Any

from rasa_sdk import Action, Tracker
from rasa_sdk.executor import CollectingDispatcher

from actions import context, goods
from tenin.database import read_transaction
from tenin.shop.catalogue import ProductView, products_by_sku, products_of_category


class ActionCompareProducts(Action):
    """Show the products named, or one beside its category, or a category; or ask which."""

    def name(self) -> str:
        """The action's name in domain.yml."""
        return "action_compare_products"

    async def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]
    ) -> list[dict[str, Any]]:
        """Look up what is to be compared."""
        language = context.language(tracker)
        skus = goods.named(tracker, "product")
        category = goods.category(tracker)

        def look_up() -> list[ProductView]:
            with read_transaction(context.shop()) as session:
                found = products_by_sku(session, skus, language)
                if len(skus) < 2 and category:
                    others = products_of_category(session, category, language)
                    return [*found, *(good for good in others if good not in found)]
                return found

        found = (await context.in_time(look_up))[: goods.MOST_SHOWN]
        if len(found) > 1:
            cards = [goods.card(good) for good in found]
            dispatcher.utter_message(response="utter_compare", json_message={"cards": cards})
        else:
            dispatcher.utter_message(response="utter_compare_which")
        return []
