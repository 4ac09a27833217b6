"""stock_availability: whether a product is there, as the shop's own database has it now.

Sold out, it leads to the nearest one in stock, the difference named, and to a wish to hear of it.
"""

from __future__ import annotations

from typing import Any

from rasa_sdk import Action, Tracker
from rasa_sdk.events import SlotSet
from rasa_sdk.executor import CollectingDispatcher

from actions import context, goods
from actions.answers import RESTOCK
from tenin.database import read_transaction
from tenin.shop.catalogue import ProductView
from tenin.shop.recommendations import nearest_in_stock


class ActionStockAvailability(Action):
    """Say for each product that is meant whether it is in stock, or ask which."""

    def name(self) -> str:
        """The action's name in domain.yml."""
        return "action_stock_availability"

    async def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]
    ) -> list[dict[str, Any]]:
        """Look the stock up, and for what is sold out the nearest."""
        found, others = await goods.meant(tracker)
        language = context.language(tracker)
        events: list[dict[str, Any]] = []

        def nearest() -> dict[str, ProductView | None]:
            rejected = tracker.get_slot("rejected") or ()
            with read_transaction(context.shop()) as session:
                return {
                    good.sku: nearest_in_stock(session, language, good.sku, rejected)
                    for good in found
                    if not good.in_stock
                }

        instead = await context.in_time(nearest) if found else {}
        for good in found:
            if good.in_stock:
                dispatcher.utter_message(response="utter_stock_in", product=good.name)
            else:
                _say_sold_out(dispatcher, good, instead[good.sku])
                events = [SlotSet("product", good.sku), SlotSet("offered", RESTOCK)]
        if not found:
            dispatcher.utter_message(
                response="utter_stock_which", choices=goods.choices(others, "stock_availability")
            )
        return events


def _say_sold_out(
    dispatcher: CollectingDispatcher, good: ProductView, other: ProductView | None
) -> None:
    if other is None or other.currency != good.currency:
        dispatcher.utter_message(response="utter_stock_out", product=good.name)
        return
    difference = other.price - good.price
    response = "utter_stock_out_same"
    if difference:
        response = "utter_stock_out_dearer" if difference > 0 else "utter_stock_out_cheaper"
    dispatcher.utter_message(
        response=response,
        product=good.name,
        other=other.name,
        difference=[float(abs(difference)), good.currency],
        json_message={"cards": [goods.card(other)]},
    )
