"""Doubts before buying: each is met with a reason and evidence; two in a row, with a person.

Which of the two actions follows is told by data/stories/doubt.yml. Whoever is impatient, or in
the middle of a form, gets the answer itself and no question after it.
"""

from __future__ import annotations

from typing import Any

from rasa_sdk import Action, Tracker
from rasa_sdk.events import SlotSet
from rasa_sdk.executor import CollectingDispatcher

from actions import context, goods, need
from tenin.database import read_transaction
from tenin.language import wishes
from tenin.shop.catalogue import ProductView, products_by_sku
from tenin.shop.recommendations import nearest_in_stock, recommend

REASONS = {
    "doubt_after_sales": "utter_doubt_after_sales",
    "doubt_price": "utter_doubt_price",
    "doubt_quality": "utter_doubt_quality",
    "doubt_undecided": "utter_doubt_undecided",
}
DIRECT = {
    "doubt_after_sales": "utter_doubt_after_sales_direct",
    "doubt_price": "utter_doubt_price_direct",
    "doubt_quality": "utter_doubt_quality_direct",
    "doubt_undecided": "utter_doubt_undecided_direct",
}
AGAIN = {
    "doubt_after_sales": "utter_reassure_after_sales",
    "doubt_price": "utter_reassure_price",
    "doubt_quality": "utter_reassure_quality",
    "doubt_undecided": "utter_reassure_undecided",
}
UNDECIDED = "doubt_undecided"


class ActionDoubt(Action):
    """Meet a doubt with its reason; the product that is talked about is the evidence."""

    def name(self) -> str:
        """The action's name in domain.yml."""
        return "action_doubt"

    async def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]
    ) -> list[dict[str, Any]]:
        """Say it directly to whoever is impatient, else with the offer to suggest something."""
        kind = _kind(tracker)
        impatient = bool(tracker.get_slot("impatient")) or wishes.is_hurried(need.text_of(tracker))
        direct = impatient or bool((tracker.active_loop or {}).get("name"))
        cards = await _evidence(tracker, compared=False)
        dispatcher.utter_message(response=(DIRECT if direct else REASONS)[kind], **cards)
        return [
            SlotSet("stage", "doubt"),
            SlotSet("impatient", impatient or None),
            SlotSet("offered", None),
        ]


class ActionReassure(Action):
    """Meet the second doubt in a row with a comparison and what can be tried; offer a person."""

    def name(self) -> str:
        """The action's name in domain.yml."""
        return "action_reassure"

    async def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]
    ) -> list[dict[str, Any]]:
        """Compare the product talked about with its like, or show what is chosen most."""
        cards = await _evidence(tracker, compared=True)
        dispatcher.utter_message(response=AGAIN[_kind(tracker)], **cards)
        return [
            SlotSet("stage", "doubt"),
            SlotSet("hesitant", True),
            SlotSet("offered", None),
        ]


def _kind(tracker: Tracker) -> str:
    intent = str(tracker.latest_message["intent"]["name"])
    return intent if intent in REASONS else UNDECIDED


async def _evidence(tracker: Tracker, compared: bool) -> dict[str, Any]:
    language = context.language(tracker)
    last = [tracker.get_slot("product"), *(sku for sku, _ in goods.shown(tracker))]
    meant = (goods.named(tracker, "product") or [sku for sku in last if sku])[:1]

    def look_up() -> list[dict[str, Any]]:
        with read_transaction(context.shop()) as session:
            found = products_by_sku(session, meant, language)
            if compared and found:
                other: ProductView | None = nearest_in_stock(session, language, found[0].sku)
                found = [*found, *([other] if other is not None else [])]
            if compared and not found:
                most = recommend(session, language, limit=2)
                return [goods.recommendation_card(good) for good in most]
            return [goods.card(good) for good in found]

    cards = await context.in_time(look_up)
    return {"json_message": {"cards": cards}} if cards else {}
