"""restock_wish: what is sold out is wished for; kept until it is back. Behind a button or a yes."""

from __future__ import annotations

import logging
from typing import Any

from rasa_sdk import Action, Tracker
from rasa_sdk.events import SlotSet
from rasa_sdk.executor import CollectingDispatcher

from actions import context
from tenin.database import read_transaction
from tenin.shop.catalogue import products_by_sku

logger = logging.getLogger(__name__)


class ActionRestockWish(Action):
    """Note the wish for the product talked about, with the form's contact."""

    def name(self) -> str:
        """The action's name in domain.yml."""
        return "action_restock_wish"

    async def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]
    ) -> list[dict[str, Any]]:
        """Tell whether it is noted, there again already, or for a person to note."""
        sku, contact = tracker.get_slot("product"), tracker.get_slot("contact")
        language = context.language(tracker)

        def note() -> tuple[str, str]:
            with read_transaction(context.shop()) as session:
                found = products_by_sku(session, [sku] if sku else [], language)
            if not found:
                return "utter_restock_person", ""
            try:
                noted = context.shop_of_orders().wish_restock(found[0].sku, contact, language)
            except Exception:
                logger.exception("a wish to hear of stock could not be noted")
                return "utter_restock_person", ""
            return "utter_restock_noted" if noted else "utter_restock_there", found[0].name

        response, name = await context.in_time(note)
        if name:
            dispatcher.utter_message(response=response, product=name)
        else:
            dispatcher.utter_message(response=response)
        return [SlotSet("offered", None)]
