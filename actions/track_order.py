"""track_order: where an order is, for whoever is signed in or proves that it is theirs.

A wrong contact and an unknown number get one answer by one path. Tries are
limited (`tenin.conversation.identity`).
"""

from __future__ import annotations

from typing import Any

from rasa_sdk import Action, Tracker
from rasa_sdk.events import SlotSet
from rasa_sdk.executor import CollectingDispatcher

from actions import context
from actions.order_access import Access, Proof
from actions.order_form import CONTACT, ENDING, NUMBER
from actions.order_questions import access_of, say
from tenin.shop.interface import Order


class ActionTrackOrder(Action):
    """Answer where the order of the form's slots is."""

    def name(self) -> str:
        """The action's name in domain.yml."""
        return "action_track_order"

    async def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]
    ) -> list[dict[str, Any]]:
        """Look the order up, within the limits, and say its status.

        In the middle of an errand about no order yet it says nothing: the form asks for one.
        """
        ending, number = tracker.get_slot(ENDING), tracker.get_slot(NUMBER)
        if ending:
            say(dispatcher, ending)
            return [SlotSet(ENDING, None)]
        if number is None:
            return []
        contact, access = tracker.get_slot(CONTACT), access_of(tracker)
        in_errand = (tracker.active_loop or {}).get("name") == "order_form"
        found = await context.in_time(
            lambda: _look_up(access, number, None if in_errand else contact), tracker
        )
        if found is None:
            return []
        if found.order is not None:
            _say(dispatcher, found.order)
            return []
        if not found.wait_minutes:
            dispatcher.utter_message(response="utter_order_not_proved")
        else:
            dispatcher.utter_message(response="utter_order_locked", minutes=found.wait_minutes)
        return [SlotSet(NUMBER, None), SlotSet(CONTACT, None)]


def _look_up(access: Access, number: str, contact: str | None) -> Proof | None:
    order = access.order(number)
    if order is not None:
        return Proof(order)
    return None if contact is None else access.prove(number, contact)


def _say(dispatcher: CollectingDispatcher, order: Order) -> None:
    dispatcher.utter_message(
        response=f"utter_order_{order.status}",
        order_number=order.number,
        carrier=order.carrier,
        tracking_number=order.tracking_number,
        shipped=order.shipped_on and order.shipped_on.isoformat(),
        expected=order.expected_on and order.expected_on.isoformat(),
        delivered=order.delivered_on and order.delivered_on.isoformat(),
        json_message={"cards": [_card(order)]},
    )


def _card(order: Order) -> dict[str, Any]:
    """The order as a card: facts alone, which the page puts into words."""
    return {
        "kind": "order",
        "title": order.number,
        "number": order.number,
        "status": order.status,
        "placed_on": order.placed_on.isoformat(),
        "expected_on": order.expected_on and order.expected_on.isoformat(),
        "delivered_on": order.delivered_on and order.delivered_on.isoformat(),
        "carrier": order.carrier,
        "tracking_number": order.tracking_number,
        "items": [
            {
                "name": item.name,
                "details": ", ".join(filter(None, (item.size, item.colour))),
                "quantity": item.quantity,
            }
            for item in order.items
        ],
        "total": float(order.total),
        "currency": order.currency,
    }
