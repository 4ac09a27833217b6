"""The second wish of one message: done when the customer says yes to it.

The turn's commit asks the question, keeps the need in a slot and empties it a turn later
(`tenin.bot.replies`). The action leaves the slot: were it emptied here, the rule that led
here would not hold any more, and Rasa would go on to `action_not_understood`.
"""

from __future__ import annotations

from typing import Any

from rasa_sdk import Action, Tracker
from rasa_sdk.events import FollowupAction, SlotSet
from rasa_sdk.executor import CollectingDispatcher

from actions import context
from actions.compare_products import ActionCompareProducts
from actions.errands import ERRANDS
from actions.goods import shown
from actions.handoff import ActionHandoff
from actions.language_change import ActionLanguageChange
from actions.need import open_questions
from actions.product_info import ActionProductInfo
from actions.recommend_product import ActionRecommendProduct
from actions.restock_wish import ActionRestockWish, asks_nothing
from actions.stock_availability import ActionStockAvailability

# What each need does that is more than an answer; the names are those of data/rules.
ACTIONS: dict[str, type[Action]] = {
    "compare_products": ActionCompareProducts,
    "human_agent": ActionHandoff,
    "language_change": ActionLanguageChange,
    "product_info": ActionProductInfo,
    "stock_availability": ActionStockAvailability,
}
FORMS = {
    "recommend_product": "recommend_form",
    "restock_wish": "restock_form",
    "track_order": "track_order_form",
    **dict.fromkeys(ERRANDS, "order_form"),
}


class ActionSecondNeed(Action):
    """Go on with the need in the slot."""

    def __init__(self) -> None:
        """Read the wording now: later it would be read within a customer's turn."""
        context.answers()

    def name(self) -> str:
        """The action's name in domain.yml."""
        return "action_second_need"

    async def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]
    ) -> list[dict[str, Any]]:
        """Answer it, do it, or open its form, which asks only for what isn't known yet."""
        need = tracker.get_slot("second_need")
        if need == "recommend_product" and (not open_questions(tracker.slots) or shown(tracker)):
            # Its form would be done at once, and no rule goes on from there.
            return list(await ActionRecommendProduct().run(dispatcher, tracker, domain))
        if need == "restock_wish" and asks_nothing(tracker):
            return list(await ActionRestockWish().run(dispatcher, tracker, domain))
        if need in ACTIONS:
            return list(await ACTIONS[need]().run(dispatcher, tracker, domain))
        if need in FORMS:
            # The form takes its errand from the intent, else from this slot.
            return [SlotSet("order_need", need), FollowupAction(FORMS[need])]
        answer = f"utter_{need}"
        # A need kept from before an update may be gone: the yes is then one to no question.
        known = answer in context.answers()
        dispatcher.utter_message(response=answer if known else "utter_affirm")
        return []
