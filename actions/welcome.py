"""welcome: the page was opened; a greeting by who has come, with goods to look at.

A customer who wished to hear of a product and comes back after it did hears of it here, once:
the slot `restock_told` has the turn's commit note it (`tenin.conversation.restock`).
"""

from __future__ import annotations

import logging
from typing import Any

from rasa_sdk import Action, Tracker
from rasa_sdk.events import SlotSet
from rasa_sdk.executor import CollectingDispatcher

from actions import context, customer, goods
from actions.customer import Known
from tenin.conversation import restock
from tenin.database import read_transaction
from tenin.shop.catalogue import ProductView, products_by_sku
from tenin.shop.recommendations import Recommendation, Wish, recommend

logger = logging.getLogger(__name__)


class ActionWelcome(Action):
    """Welcome a first visitor, someone known by name, or someone who comes back."""

    def name(self) -> str:
        """The action's name in domain.yml."""
        return "action_welcome"

    async def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]
    ) -> list[dict[str, Any]]:
        """Look up who it is; a shop that doesn't answer must not spoil the welcome."""

        def look_up() -> tuple[Known | None, list[Recommendation]]:
            known = customer.known(tracker)
            wish = Wish(bought=known.bought if known else [])
            with read_transaction(context.shop()) as session:
                return known, recommend(session, context.language(tracker), wish=wish)

        known: Known | None = None
        featured: list[Recommendation] = []
        try:
            known, featured = await context.in_time(look_up)
        except Exception:
            logger.exception("welcomed without knowing whom, and without goods")
        _say(dispatcher, known, featured)
        return [SlotSet("stage", "welcome"), *await _tell_restocked(dispatcher, tracker, known)]


async def _tell_restocked(
    dispatcher: CollectingDispatcher, tracker: Tracker, known: Known | None
) -> list[dict[str, Any]]:
    """Name what the customer wished for and can be had again; the slot says which wishes."""
    if known is None:
        return []
    customer_id, language = known.id, context.language(tracker)

    def look_up() -> tuple[list[ProductView], list[int]]:
        with read_transaction(context.conversations()) as session:
            wishes = restock.of_customer(session, customer_id)
        with read_transaction(context.shop()) as session:
            goods_wished = products_by_sku(session, [each.sku for each in wishes], language)
        back = [good for good in goods_wished if good.in_stock]
        skus = {good.sku for good in back}
        return back, [each.id for each in wishes if each.sku in skus]

    try:
        back, told = await context.in_time(look_up)
    except Exception:
        logger.exception("welcomed without what is back in stock")
        return []
    if not back:
        return []
    dispatcher.utter_message(
        response="utter_welcome_restock",
        products=[good.name for good in back],
        choices=goods.choices(back, "product_info"),
    )
    return [SlotSet(restock.TOLD_SLOT, told)]


def _say(
    dispatcher: CollectingDispatcher, known: Known | None, featured: list[Recommendation]
) -> None:
    cards = {"json_message": {"cards": [goods.recommendation_card(good) for good in featured]}}
    cards = cards if featured else {}
    if known is None:
        dispatcher.utter_message(response="utter_welcome", **cards)
    elif not known.orders:
        dispatcher.utter_message(response="utter_welcome_named", customer=known.name, **cards)
    else:
        last = known.orders[0]
        dispatcher.utter_message(
            response="utter_welcome_back",
            customer=known.name,
            products=[item.name for item in last.items],
            placed=last.placed_on.isoformat(),
            **cards,
        )
