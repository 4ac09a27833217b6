"""recommend_product: goods in stock, each with the reason to choose it."""

from __future__ import annotations

from typing import Any

from rasa_sdk import Action, Tracker
from rasa_sdk.executor import CollectingDispatcher

from actions import context, goods
from tenin.database import read_transaction
from tenin.shop.catalogue import ProductView, products_by_sku
from tenin.shop.recommendations import Recommendation, recommend


class ActionRecommendProduct(Action):
    """Show a few goods as cards."""

    def name(self) -> str:
        """The action's name in domain.yml."""
        return "action_recommend_product"

    async def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]
    ) -> list[dict[str, Any]]:
        """Look up what is in stock, of the category if one is named, and say why these."""
        language = context.language(tracker)
        category = goods.category(tracker)

        def look_up() -> tuple[list[Recommendation], list[ProductView]]:
            with read_transaction(context.shop()) as session:
                found = recommend(session, language, category=category)
                best = [found[0].sku] if category and found else []
                return found, products_by_sku(session, best, language)

        found, best = await context.in_time(look_up)
        cards = [goods.recommendation_card(good) for good in found]
        if not found:
            dispatcher.utter_message(response="utter_recommend_none")
        elif best:
            dispatcher.utter_message(
                response="utter_recommend_category",
                category=best[0].category_name,
                json_message={"cards": cards},
            )
        else:
            dispatcher.utter_message(response="utter_recommend", json_message={"cards": cards})
        return []
