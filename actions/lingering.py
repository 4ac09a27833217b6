"""lingering: a visitor was invited at a product, and came; the bot opens with what they look at."""

from __future__ import annotations

import logging
from typing import Any

from rasa_sdk import Action, Tracker
from rasa_sdk.events import SlotSet
from rasa_sdk.executor import CollectingDispatcher

from actions import context, goods
from tenin.database import read_transaction
from tenin.shop.catalogue import ProductView, products_by_sku

logger = logging.getLogger(__name__)


class ActionLingering(Action):
    """Give a reason for the product and ask what is open; without one, only ask."""

    def name(self) -> str:
        """The action's name in domain.yml."""
        return "action_lingering"

    async def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]
    ) -> list[dict[str, Any]]:
        """Look the product up; a shop that doesn't answer must not spoil the welcome."""
        language, skus = context.language(tracker), goods.named(tracker, "product")[:1]

        def look_up() -> list[ProductView]:
            with read_transaction(context.shop()) as session:
                return products_by_sku(session, skus, language)

        found: list[ProductView] = []
        try:
            found = await context.in_time(look_up)
        except Exception:
            logger.exception("opened without knowing the product")
        stage = SlotSet("stage", "welcome")
        if not found:
            dispatcher.utter_message(response="utter_lingering_any")
            return [stage]
        [good] = found
        dispatcher.utter_message(response="utter_lingering", product=good.name, reason=good.reason)
        return [stage, SlotSet("product", good.sku)]
