"""order_form and track_order_form: each message looked at, and each question put.

The steps are `actions.order_form`'s; an errand's end is `actions.order_end`'s.
"""

from __future__ import annotations

import asyncio
from typing import Any

from rasa_sdk import Action, Tracker
from rasa_sdk.events import SlotSet
from rasa_sdk.executor import CollectingDispatcher

from actions import context
from actions.errands import ERRANDS, TRACK, errand_of
from actions.order_access import Access
from actions.order_agreed import read_agreed
from actions.order_details import wished
from actions.order_form import (
    AGREED,
    CONFIRMED,
    DETAIL,
    ENDING,
    ITEM,
    NEED,
    NUMBER,
    ORDER,
    QUOTE,
    REQUEST,
    YES,
    Known,
    Step,
    next_step,
    of_need,
)
from actions.order_words import item_choices, item_name, order_choices
from tenin.shop.interface import Order, OrderItem, ShopError

OF_ANSWERS = {"product", "category", "size", "colour", "quantity"}
NOT_REACHED = (ShopError, asyncio.TimeoutError)


def access_of(tracker: Tracker) -> Access:
    """What the sender of the message may see."""
    return Access(tracker.sender_id, context.message_id(tracker), context.language(tracker))


def known_of(tracker: Tracker, form: str) -> Known:
    """What is known of the errand when a message has come."""
    message, slot = tracker.latest_message, tracker.get_slot
    intent, asked = message["intent"]["name"], slot("requested_slot")
    kinds = {each["entity"] for each in message.get("entities", [])}
    # "The blue sling", asked which item, may be understood as any errand; it is an answer.
    answers = asked in (ITEM, DETAIL) and kinds & OF_ANSWERS
    need = (slot(NEED) if answers else of_need(intent, slot(NEED), form)) or "refund_status"
    begins = asked is None or (form == "order_form" and need != slot(NEED))
    return Known(
        need=need,
        begins=begins,
        asked=asked,
        intent=intent,
        text=message.get("text") or "",
        entities=[(each["entity"], str(each["value"])) for each in message.get("entities", [])],
        words=_words(message),
        number=slot(NUMBER),
        contact=slot("contact"),
        order=None if begins else slot(ORDER),
        item=None if begins else slot(ITEM),
        detail={} if begins else dict(slot(DETAIL) or {}),
        agreed=read_agreed(slot(AGREED)),
    )


def _words(message: dict[str, Any]) -> dict[str, str]:
    """The customer's own words for each value that an entity of the message has."""
    text = message.get("text") or ""
    return {
        str(each["value"]): text[each["start"] : each["end"]]
        for each in message.get("entities", [])
        if isinstance(each.get("start"), int) and isinstance(each.get("end"), int)
    }


class _Validate:
    """What both forms do with a message."""

    form = ""

    async def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]
    ) -> list[dict[str, Any]]:
        """Take what the message makes known, and say which slot is asked for next."""
        known = known_of(tracker, self.form)
        access = access_of(tracker)
        try:
            step = await context.in_time(lambda: next_step(known, access), tracker)
        except NOT_REACHED:
            if known.need == TRACK:
                raise  # nothing was asked for that a person would have to do: an apology
            number = known.order or known.number
            request = request_of(known.need, number, known.item, known.detail)
            failed = {NEED: known.need, **not_reached(request)}
            if known.agreed is not None and known.asked == CONFIRMED and known.intent == YES:
                # A turn before, of which nothing was kept, may have said yes too, and got through.
                failed[AGREED] = known.agreed.after_trial().written()
            step = Step(failed)
        slots = {**step.slots, "requested_slot": step.ask}
        return [SlotSet(name, value) for name, value in slots.items()]


def request_of(
    need: str | None, order: str | None, item: str | None, detail: dict[str, Any] | None
) -> dict[str, Any]:
    """What was asked for, for a person to see to."""
    return {"need": need, "order": order, "item": item, "detail": detail or {}}


def request_kept(tracker: Tracker) -> dict[str, Any]:
    """What was asked for, as the slots have it."""
    slot = tracker.get_slot
    return request_of(slot(NEED), slot(ORDER) or slot(NUMBER), slot(ITEM), slot(DETAIL))


def not_reached(request: dict[str, Any]) -> dict[str, Any]:
    """The shop didn't answer: say so at the end, and keep the request for a person."""
    return {ENDING: {"response": "utter_order_shop_failed"}, REQUEST: request}


class ValidateTrackOrderForm(_Validate, Action):
    """Which order is asked about."""

    form = "track_order_form"

    def name(self) -> str:
        """The action's name in domain.yml."""
        return "validate_track_order_form"


class ValidateOrderForm(_Validate, Action):
    """Which order an errand is about, and what is to be done."""

    form = "order_form"

    def name(self) -> str:
        """The action's name in domain.yml."""
        return "validate_order_form"


def since_message(tracker: Tracker, slot: str) -> bool:
    """Whether a slot was given a value after the customer's last message."""
    for event in reversed(tracker.events):
        if event["event"] == "user":
            return False
        if event["event"] == "slot" and event["name"] == slot and event["value"] is not None:
            return True
    return False


class ActionAskOrderNumber(Action):
    """Ask for the number; when an errand begins after saying its terms."""

    def name(self) -> str:
        """The action's name in domain.yml."""
        return "action_ask_order_form_order_number"

    async def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]
    ) -> list[dict[str, Any]]:
        """Say and ask."""
        say_terms(dispatcher, tracker)
        dispatcher.utter_message(response="utter_ask_order_form_order_number")
        return []


class ActionAskContact(Action):
    """Ask for the contact; when an errand begins after saying its terms."""

    def name(self) -> str:
        """The action's name in domain.yml."""
        return "action_ask_order_form_contact"

    async def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]
    ) -> list[dict[str, Any]]:
        """Say and ask."""
        say_terms(dispatcher, tracker)
        dispatcher.utter_message(response="utter_ask_order_form_contact")
        return []


def say_terms(dispatcher: CollectingDispatcher, tracker: Tracker) -> None:
    """Say what the shop promises, once, before somebody has to prove an order."""
    errand = ERRANDS.get(tracker.get_slot(NEED))
    if errand is not None and errand.terms is not None and since_message(tracker, NEED):
        dispatcher.utter_message(response=errand.terms)


class _Ask:
    """A question that can't be put without the shop; where that fails, the errand ends."""

    async def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]
    ) -> list[dict[str, Any]]:
        """Ask; or end the form, with the apology for `action_order` to say."""
        try:
            await self.ask(dispatcher, tracker)
        except NOT_REACHED:
            if tracker.get_slot(NEED) == TRACK:
                raise
            slots = {**not_reached(request_kept(tracker)), "requested_slot": None}
            return [SlotSet(name, value) for name, value in slots.items()]
        return []

    async def ask(self, dispatcher: CollectingDispatcher, tracker: Tracker) -> None:
        """Put the question."""
        raise NotImplementedError


class ActionAskOrder(_Ask, Action):
    """Let one of several orders be chosen."""

    def name(self) -> str:
        """The action's name in domain.yml."""
        return "action_ask_order"

    async def ask(self, dispatcher: CollectingDispatcher, tracker: Tracker) -> None:
        """Show the newest, those first that the need is likely about."""
        need, access = tracker.get_slot(NEED), access_of(tracker)
        orders = await context.in_time(lambda: access.likely(need), tracker)
        dispatcher.utter_message(
            response="utter_ask_order", choices=order_choices(orders, need or "track_order")
        )


class ActionAskOrderItem(_Ask, Action):
    """Let one of an order's items be chosen."""

    def name(self) -> str:
        """The action's name in domain.yml."""
        return "action_ask_order_item"

    async def ask(self, dispatcher: CollectingDispatcher, tracker: Tracker) -> None:
        """Show all items."""
        order, _ = await order_and_item(tracker)
        choices = item_choices(order.items if order else (), tracker.get_slot(NEED))
        dispatcher.utter_message(
            response="utter_ask_order_item", order_number=tracker.get_slot(ORDER), choices=choices
        )


class ActionAskOrderDetail(_Ask, Action):
    """Ask what is to be different: the address, or something of an item."""

    def name(self) -> str:
        """The action's name in domain.yml."""
        return "action_ask_order_detail"

    async def ask(self, dispatcher: CollectingDispatcher, tracker: Tracker) -> None:
        """Ask as the errand does."""
        order, item = await order_and_item(tracker)
        if order is not None:
            dispatcher.utter_message(
                response=errand_of(tracker.get_slot(NEED), order).detail,
                order_number=order.number,
                item=item_name(item) if item else "",
            )


class ActionAskOrderConfirmed(_Ask, Action):
    """Say what will happen and what it costs, once, and ask whether to go ahead."""

    def name(self) -> str:
        """The action's name in domain.yml."""
        return "action_ask_order_confirmed"

    async def ask(self, dispatcher: CollectingDispatcher, tracker: Tracker) -> None:
        """Say the plan and the quote if they are new."""
        quote = tracker.get_slot(QUOTE) or []
        if since_message(tracker, QUOTE):
            order, item = await order_and_item(tracker)
            if order is not None:
                change = errand_of(tracker.get_slot(NEED), order)
                dispatcher.utter_message(response=change.plan, **plan_values(tracker, order, item))
            for line in quote:
                say(dispatcher, line)
        dispatcher.utter_message(response="utter_ask_order_confirmed")


def say(dispatcher: CollectingDispatcher, line: dict[str, Any]) -> None:
    """Say a response that is kept with its values."""
    values = {name: value for name, value in line.items() if name != "response"}
    dispatcher.utter_message(response=line["response"], **values)


def plan_values(tracker: Tracker, order: Order, item: OrderItem | None) -> dict[str, Any]:
    """What the wording of a plan or its end may name."""
    detail = tracker.get_slot(DETAIL) or {}
    words = detail.get("words", {})
    wish = wished(detail, item)
    quantity = wish.get("quantity", item.quantity if item else None)
    return {
        "order_number": order.number,
        "item": item_name(item) if item else None,
        "quantity": quantity,
        "wish": [words.get(str(value), str(value)) for value in wish.values()] or None,
    }


async def order_and_item(tracker: Tracker) -> tuple[Order | None, OrderItem | None]:
    """The order of the slots, if it may still be spoken of, and the item chosen."""
    number, chosen, access = tracker.get_slot(ORDER), tracker.get_slot(ITEM), access_of(tracker)
    order = await context.in_time(lambda: access.order(number) if number else None, tracker)
    items = order.items if order else ()
    return order, next((item for item in items if item.id == chosen), None)
