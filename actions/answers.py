"""affirm and deny that no story takes up: what they answer is what was offered last.

The slot `offered` is set by the action that offers, and outlasts a question in between. A yes
to an answer whose point is a person (a complaint's, an apology) is a wish for that person.
"""

from __future__ import annotations

from typing import Any

from rasa_sdk import Action, Tracker
from rasa_sdk.events import FollowupAction, SlotSet
from rasa_sdk.executor import CollectingDispatcher

from actions.handoff import ActionHandoff
from actions.recommend_product import with_rejected
from actions.restock_wish import ActionRestockWish, asks_nothing

GOODS = "goods"
RESTOCK = "restock_wish"
# Answers that propose a person; others only have a button for one.
PROPOSE_A_PERSON = {
    "utter_action_failed",
    "utter_complaint",
    "utter_frustration",
    "utter_not_understood_again",
    "utter_order_shop_failed",
}


class ActionAffirm(Action):
    """Go on with what was offered; ask what the yes is to if nothing was."""

    def name(self) -> str:
        """The action's name in domain.yml."""
        return "action_affirm"

    async def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]
    ) -> list[dict[str, Any]]:
        """Open the form of the offer, or ask for the person that was proposed."""
        if _said_last(tracker) in PROPOSE_A_PERSON:
            return list(await ActionHandoff().run(dispatcher, tracker, domain))
        if tracker.get_slot("offered") == RESTOCK:
            if asks_nothing(tracker):
                # The form would be done at once, and no rule goes on from there.
                return list(await ActionRestockWish().run(dispatcher, tracker, domain))
            return [SlotSet("offered", None), FollowupAction("restock_form")]
        dispatcher.utter_message(response="utter_affirm")
        return [SlotSet("offered", None)]


class ActionDeny(Action):
    """Take a no for a no: what was recommended doesn't come back."""

    def name(self) -> str:
        """The action's name in domain.yml."""
        return "action_deny"

    async def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]
    ) -> list[dict[str, Any]]:
        """Remember what was turned down."""
        offered = tracker.get_slot("offered")
        dispatcher.utter_message(response="utter_no_pressure" if offered else "utter_deny")
        events = [SlotSet("offered", None)]
        if offered == GOODS:
            events += [SlotSet("rejected", with_rejected(tracker)), SlotSet("shown", None)]
        return events


def _said_last(tracker: Tracker) -> str | None:
    """The name of what was said last before the present message; None if it isn't known."""
    heard = False
    for event in reversed(tracker.events):
        if event["event"] == "user":
            if heard:
                break
            heard = True
        elif heard and event["event"] == "bot":
            return (event.get("metadata") or {}).get("utter_action")
    return None
