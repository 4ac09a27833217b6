"""recommend_product: goods in stock, each with the reason to choose it."""

from __future__ import annotations

from typing import Any

from rasa_sdk import Action, Tracker
from rasa_sdk.executor import CollectingDispatcher

from actions import context
from tenin.database import read_transaction
from tenin.shop.recommendations import Recommendation, recommend


class ActionRecommendProduct(Action):
    """Show a few goods as cards."""

    def name(self) -> str:
        """The action's name in domain.yml."""
        return "action_recommend_product"

    async def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]
    ) -> list[dict[str, Any]]:
        """Look up what is in stock and say why these."""
        language = context.language(tracker)

        def look_up() -> list[Recommendation]:
            with read_transaction(context.shop()) as session:
                return recommend(session, language)

        goods = await context.in_time(look_up)
        if goods:
            cards = [_card(good) for good in goods]
            dispatcher.utter_message(response="utter_recommend", json_message={"cards": cards})
        else:
            dispatcher.utter_message(response="utter_recommend_none")
        return []


def _card(good: Recommendation) -> dict[str, Any]:
    return {
        "kind": "product",
        "title": good.name,
        "text": good.text,
        "price": float(good.price),
        "currency": good.currency,
        "image": good.image,
        "url": f"/#{good.sku}",
    }
