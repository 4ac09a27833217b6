"""stock_availability: whether a product is there, as the shop's own database has it now."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from rasa_sdk import Action, Tracker
from rasa_sdk.executor import CollectingDispatcher

from actions import context, goods
from tenin.database import read_transaction
from tenin.shop.catalogue import ProductView, products_by_sku
from tenin.shop.recommendations import Recommendation, goods_to_choose_from


class ActionStockAvailability(Action):
    """Say for each product that is meant whether it is in stock, or ask which."""

    def name(self) -> str:
        """The action's name in domain.yml."""
        return "action_stock_availability"

    async def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]
    ) -> list[dict[str, Any]]:
        """Look the stock up."""
        language = context.language(tracker)
        skus = goods.meant(tracker)
        category = next(iter(goods.named(tracker, "category")), None)

        def look_up() -> tuple[list[ProductView], Sequence[ProductView | Recommendation]]:
            with read_transaction(context.shop()) as session:
                found = products_by_sku(session, skus[: goods.MOST_SHOWN], language)
                others = (
                    []
                    if found
                    else goods_to_choose_from(session, language, goods.MOST_SHOWN, category)
                )
                return found, others

        found, others = await context.in_time(look_up)
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
