"""The end of an errand: what was confirmed is done, once, and what was asked is answered.

A shop that doesn't answer ends it with an apology and a person on offer; the request stays in
a slot for that person.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from rasa_sdk import Action, Tracker
from rasa_sdk.events import SlotSet
from rasa_sdk.executor import CollectingDispatcher

from actions import context
from actions.errands import errand_of
from actions.order_access import Access
from actions.order_agreed import Agreed, agreed_of, read_agreed
from actions.order_details import wished
from actions.order_form import (
    AGREED,
    CONFIRMED,
    DETAIL,
    ENDING,
    ITEM,
    NEED,
    OF_ERRAND,
    ORDER,
    REQUEST,
)
from actions.order_questions import (
    NOT_REACHED,
    access_of,
    not_reached,
    plan_values,
    request_kept,
    say,
)
from actions.order_words import money, refusal
from tenin.shop.deadline import seconds_left
from tenin.shop.interface import (
    Done,
    Invoice,
    NotAllowedError,
    Order,
    Quote,
    Refund,
    ShopError,
)
from tenin.shop.invoice_link import InvoiceLink, sign_link

MOST_REFUNDS = 3
Line = dict[str, Any]


class ActionOrder(Action):
    """End what order_form began."""

    def name(self) -> str:
        """The action's name in domain.yml."""
        return "action_order"

    async def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]
    ) -> list[dict[str, Any]]:
        """Say why it ended; do it; or answer. Then forget the errand."""
        ending = tracker.get_slot(ENDING)
        kept: dict[str, Any] = {} if ending and tracker.get_slot(REQUEST) else {REQUEST: None}
        if ending:
            say(dispatcher, ending)
        elif tracker.get_slot(CONFIRMED) is False:
            dispatcher.utter_message(response="utter_order_kept")
        else:
            lines, more = await _ended(tracker)
            kept |= more
            for line in lines:
                say(dispatcher, line)
        slots = {**dict.fromkeys(OF_ERRAND), **kept}
        return [SlotSet(name, value) for name, value in slots.items()]


async def _ended(tracker: Tracker) -> tuple[list[Line], dict[str, Any]]:
    """Carry it out in time; what is to be said of it, and what stays in slots."""
    access = access_of(tracker)
    trial = _Trial(access, read_agreed(tracker.get_slot(AGREED)))
    try:
        lines = await context.in_time(lambda: _carry_out(tracker, access, trial), tracker)
    except NOT_REACHED:
        failed = not_reached(request_kept(tracker))
        kept = {REQUEST: failed[REQUEST]}
        if tried := trial.made or (trial.agreed if tracker.get_slot(CONFIRMED) else None):
            kept[AGREED] = tried.after_trial().written()
        return [failed[ENDING]], kept
    return lines, {AGREED: None} if trial.made is not None else {}


class _Trial:
    """The change that the shop is asked for: `made` from the moment that it may be made."""

    def __init__(self, access: Access, agreed: Agreed | None) -> None:
        self.access, self.agreed = access, agreed
        self.made: Agreed | None = None

    def change(self, agreed: Agreed) -> Done:
        """Ask for it, once by its key; raises ShopError, NotAllowedError."""
        if not seconds_left(1):
            raise ShopError("no time was left to make the change")
        self.made = agreed
        return self.access.shop.change(agreed.change, agreed.key)


def _carry_out(tracker: Tracker, access: Access, trial: _Trial) -> list[Line]:
    """Do or look up what the slots say; what is to be said of it. Blocks, raises ShopError."""
    need, number = tracker.get_slot(NEED), tracker.get_slot(ORDER)
    order = access.order(number) if number else None
    if order is None:  # the proof has run out, or the customer has signed out
        return [{"response": "utter_order_not_proved"}]
    if need == "refund_status":
        return _refunds(access.shop.refunds(order.number), order)
    if need == "invoice":
        invoice = access.shop.invoice(order.number, access.language)
        return [_invoice(invoice, order, access.language)]
    confirmed = tracker.get_slot(CONFIRMED) is True
    agreed = trial.agreed if confirmed else None
    if agreed is not None and agreed.change.order != order.number:
        agreed = None
    errand = errand_of(need, order, agreed.change if agreed else None)
    if errand.make is None or (errand.plan and not confirmed):
        return [{"response": "utter_order_kept"}]
    item = next((item for item in order.items if item.id == tracker.get_slot(ITEM)), None)
    if agreed is None:  # done without asking, and still the same if it is asked for again
        change = errand.make(order, item, wished(tracker.get_slot(DETAIL) or {}, item))
        agreed = agreed_of(change, trial.agreed, access.key)
    try:
        done = trial.change(agreed)
    except NotAllowedError as error:
        return [refusal(error.quote)]
    values = {**plan_values(tracker, order, item), "reference": done.reference}
    return [{"response": str(errand.done), **values}]


def _refunds(refunds: list[Refund], order: Order) -> list[Line]:
    if not refunds:
        return [{"response": "utter_refund_none", "order_number": order.number}]
    return [_refund(refund) for refund in refunds[:MOST_REFUNDS]]


def _refund(refund: Refund) -> Line:
    quote = Quote(allowed=True, refund=refund.amount, currency=refund.currency)
    values: Line = {
        "order_number": refund.order,
        "reference": refund.reference,
        "amount": money(refund.amount, quote),
    }
    if refund.state == "paid" and refund.paid_on is not None:
        return {"response": "utter_refund_paid", "day": refund.paid_on.isoformat(), **values}
    if refund.state == "approved" and refund.expected_on is not None:
        return {
            "response": "utter_refund_approved",
            "day": refund.expected_on.isoformat(),
            **values,
        }
    return {"response": "utter_refund_requested", **values}


def _invoice(invoice: Invoice | None, order: Order, language: str) -> Line:
    if invoice is None:
        return {"response": "utter_invoice_none", "order_number": order.number}
    return {
        "response": "utter_invoice_ready",
        "order_number": order.number,
        "number": invoice.number,
        "day": invoice.issued_on.isoformat(),
        "minutes": context.settings().invoice.link_minutes,
        "json_message": {"cards": [_link(invoice, language)]},
    }


def _link(invoice: Invoice, language: str) -> Line:
    """A card that opens the invoice's page for a time; by its number, which needs no wording."""
    settings = context.settings()
    lasts = timedelta(minutes=settings.invoice.link_minutes)
    token = sign_link(settings.secret, InvoiceLink(invoice.order, language), lasts)
    return {
        "kind": "invoice",
        "title": invoice.number,
        "url": f"/invoice/{token}",
        "image": "/static/shop/invoice.svg",
    }
