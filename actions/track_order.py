"""track_order: where an order is, for whoever proves that it is theirs.

A wrong contact and an unknown number get one answer by one path. Tries are
limited (`tenin.conversation.identity`).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from rasa_sdk import Action, Tracker
from rasa_sdk.events import SlotSet
from rasa_sdk.executor import CollectingDispatcher

from actions import context
from tenin.conversation.identity import ProofTry, begin_proof, mark_proved
from tenin.conversation.inbox import address_of
from tenin.database import read_transaction, write_transaction
from tenin.shop.orders import OrderStatus, find_proved_order, normal_order_number


@dataclass(frozen=True)
class _Answer:
    tried: ProofTry
    order: OrderStatus | None = None


class ActionTrackOrder(Action):
    """Answer where the order of the form's two slots is."""

    def name(self) -> str:
        """The action's name in domain.yml."""
        return "action_track_order"

    async def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]
    ) -> list[dict[str, Any]]:
        """Look the order up, within the limits, and say its status."""
        number = tracker.get_slot("order_number")
        contact = tracker.get_slot("contact")
        language = context.language(tracker)
        sender, message = tracker.sender_id, context.message_id(tracker)
        answer = await context.in_time(lambda: _look_up(sender, message, number, contact, language))
        if answer.order is not None:
            _say(dispatcher, answer.order)
            return []
        if answer.tried.allowed:
            dispatcher.utter_message(response="utter_order_not_proved")
        else:
            dispatcher.utter_message(
                response="utter_order_locked", minutes=answer.tried.wait_minutes
            )
        return [SlotSet("order_number", None), SlotSet("contact", None)]


def _look_up(
    conversation_id: str, message_id: str, number: str, contact: str, language: str
) -> _Answer:
    limits = context.settings().proof
    with write_transaction(context.conversations()) as session:
        tried = begin_proof(
            session,
            message_id=message_id,
            conversation_id=conversation_id,
            order_number=normal_order_number(number),
            address=address_of(session, message_id),
            failures=limits.failures,
            window=timedelta(minutes=limits.window_minutes),
        )
    if not tried.allowed:
        return _Answer(tried)
    with read_transaction(context.shop()) as session:
        order = find_proved_order(session, number, contact, language)
    if order is not None:
        with write_transaction(context.conversations()) as session:
            mark_proved(session, message_id)
    return _Answer(tried, order)


def _say(dispatcher: CollectingDispatcher, order: OrderStatus) -> None:
    dispatcher.utter_message(
        response=f"utter_order_{order.status}",
        order_number=order.number,
        carrier=order.carrier,
        tracking_number=order.tracking_number,
        shipped=order.shipped_on and order.shipped_on.isoformat(),
        expected=order.expected_on and order.expected_on.isoformat(),
        delivered=order.delivered_on and order.delivered_on.isoformat(),
    )
