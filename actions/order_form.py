"""What is known of an errand after a message, and what to ask next.

Both forms about orders hand every message to `next_step`: `track_order_form` only needs the
order, `order_form` also what is to be done with it. A message that answers nothing has the form
stand back, so that a rule answers it and the question is put again.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from actions import order_details
from actions.errands import ERRANDS, TRACK, Errand, errand_of, statuses_of
from actions.order_access import Access
from actions.order_agreed import Agreed, agreed_of
from actions.order_words import quote_in_words, refusal
from tenin.language.choices import place
from tenin.shop.interface import Change, Order, OrderItem, Quote
from tenin.shop.orders import normal_order_number

NUMBER, CONTACT, ORDER, ITEM = "order_number", "contact", "order", "order_item"
DETAIL, CONFIRMED, NEED, ENDING = "order_detail", "order_confirmed", "order_need", "order_ending"
QUOTE, REQUEST, AGREED = "order_quote", "order_request", "order_agreed"
# What is forgotten when an errand begins or ends; number and contact are kept.
OF_ERRAND = (NEED, ORDER, ITEM, DETAIL, CONFIRMED, QUOTE, ENDING)
YES, NO = "affirm", "deny"
# What names an item or an address may have been understood as anything of these.
FREE = order_details.MAY_BE_ADDRESS


@dataclass(frozen=True)
class Known:
    """What the slots hold of an errand, and what the message says."""

    need: str
    begins: bool = True
    asked: str | None = None
    intent: str = "inform"
    text: str = ""
    entities: Sequence[tuple[str, str]] = ()
    words: Mapping[str, str] = field(default_factory=dict)
    number: str | None = None
    contact: str | None = None
    order: str | None = None
    item: str | None = None
    detail: dict[str, Any] = field(default_factory=dict)
    agreed: Agreed | None = None

    def named(self, kind: str) -> list[str]:
        """The values of one kind of entity in the message."""
        return order_details.named(self.entities, kind)

    @property
    def names_something(self) -> bool:
        """Whether the message names goods, an order or a day: a bare "2" is no quantity."""
        return any(kind != "quantity" for kind, _ in self.entities)

    def tried(self, order: Order) -> Change | None:
        """The change of this order that was agreed to and had no answer."""
        agreed = self.agreed
        if agreed is None or not agreed.tried or agreed.change.order != order.number:
            return None
        return agreed.change


@dataclass(frozen=True)
class Step:
    """What became known (slots), and which slot to ask for; None: the form is done.

    Without slots the message was no answer.
    """

    slots: dict[str, Any] = field(default_factory=dict)
    ask: str | None = None


def next_step(known: Known, access: Access) -> Step:
    """What a message makes known, and what is asked next; blocks, raises ShopError."""
    if not known.begins and not _may_answer(known):
        return Step(ask=known.asked)
    slots: dict[str, Any] = {}
    if known.begins:
        slots = {**dict.fromkeys(OF_ERRAND), NEED: known.need}
    found = _order(known, access)
    if isinstance(found, Step):
        return replace(found, slots={**slots, **found.slots})
    if found.number != known.order:
        slots |= {ORDER: found.number, NUMBER: found.number, ITEM: None}
        known = replace(known, item=None)
    return _about(known, found, slots, access)


def _may_answer(known: Known) -> bool:
    if known.entities or (known.asked in (ORDER, ITEM) and place(known.text) is not None):
        return True
    if known.asked == CONFIRMED:
        return known.intent in (YES, NO)
    if known.asked == DETAIL:
        return order_details.is_address(known.text, known.intent)
    return known.asked == ITEM and known.intent in FREE


def _order(known: Known, access: Access) -> Order | Step:
    """The order that is meant and may be spoken of, else what to ask or to say."""
    mine = access.orders()
    if known.asked == ORDER and not known.names_something:
        listed, number_in_list = access.likely(known.need), place(known.text)
        if number_in_list is not None and number_in_list < len(listed):
            return listed[number_in_list]
    number = next(iter(known.named(NUMBER)), known.order)
    order = _numbered(mine, number)
    if order is not None:
        return order
    if number is None and mine and known.asked != CONTACT:
        meant = order_details.orders_meant(
            known.entities, mine, statuses_of(known.need), access.goods_of
        )
        last = _numbered(meant, known.number)
        # "Next week, please" names no order; "the one from last week" names others than the last.
        if last is not None and not any(order_details.dated(known.entities, o) for o in mine):
            return last
        return meant[0] if len(meant) == 1 else Step(ask=ORDER)
    number = number or known.number
    if number is None:
        return Step(ask=NUMBER)
    if not known.contact:
        return Step(ask=CONTACT)
    proof = access.prove(number, known.contact)
    if proof.order is not None:
        return proof.order
    ending: dict[str, Any] = {"response": "utter_order_not_proved"}
    if proof.wait_minutes:
        ending = {"response": "utter_order_locked", "minutes": proof.wait_minutes}
    return Step({ENDING: ending, NUMBER: None, CONTACT: None})


def _numbered(orders: Collection[Order], number: str | None) -> Order | None:
    if number is None:
        return None
    wanted = normal_order_number(number)
    return next((order for order in orders if order.number == wanted), None)


def _about(known: Known, order: Order, slots: dict[str, Any], access: Access) -> Step:
    """The order is known: what is to be done with it, and what would that cost?"""
    tried = known.tried(order)
    errand = errand_of(known.need, order, tried)
    if known.need == TRACK or errand.make is None or errand.plan is None:
        return Step(slots)
    if not slots and known.asked == CONFIRMED and known.intent in (YES, NO):
        return Step({CONFIRMED: known.intent == YES})
    item: OrderItem | None = None
    if errand.item:
        item = _item(known, order, access)
        if item is not None and item.id != known.item:
            slots[ITEM] = item.id
    detail = order_details.wishes(known.entities, known.words, known.detail)
    if known.asked == DETAIL and known.need == "change_address":
        detail |= _address(known)
    if detail != known.detail:
        slots[DETAIL] = detail
    wish = order_details.wished(detail, item)
    again = _again(tried, errand, order, item, detail)
    if order.status not in errand.statuses:
        probe = {"quantity": 0} if known.need == "change_order" else {}
        quote = access.shop.quote(errand.make(order, item or order.items[0], probe))
        if not quote.allowed:
            return Step({**slots, **_refused(quote, again)})
    if errand.item and item is None:
        return Step(slots, ITEM)
    if errand.detail and not wish and again is None:
        return Step(slots, DETAIL)
    if not slots:
        return Step(ask=known.asked)
    change = again or errand.make(order, item, wish)
    quote = access.shop.quote(change)
    if not quote.allowed:
        return Step({**slots, **_refused(quote, again)})
    agreed = agreed_of(change, known.agreed, access.key)
    slots |= {QUOTE: quote_in_words(quote), AGREED: agreed.written()}
    return Step(slots, CONFIRMED)


def _again(
    tried: Change | None,
    errand: Errand,
    order: Order,
    item: OrderItem | None,
    detail: Mapping[str, Any],
) -> Change | None:
    """The change that was tried, if it is what is wished for now."""
    if tried is None or errand.make is None or (errand.item and item is None):
        return None
    wish = order_details.last_wish(detail, item)
    return tried if errand.make(order, item, wish) == tried else None


def _refused(quote: Quote, again: Change | None) -> dict[str, Any]:
    """What isn't allowed is refused; what was tried before may be so because it got through.

    It was agreed to then: asked for once more under its key, the shop finds it made, or refuses.
    """
    return {CONFIRMED: True} if again is not None else {ENDING: refusal(quote)}


def _item(known: Known, order: Order, access: Access) -> OrderItem | None:
    if known.asked == ITEM and not known.names_something:
        number_in_list = place(known.text)
        if number_in_list is not None and number_in_list < len(order.items):
            return order.items[number_in_list]
    return order_details.item_meant(known.entities, known.text, order, known.item, access.goods_of)


def _address(known: Known) -> dict[str, Any]:
    if order_details.is_address(known.text, known.intent):
        return {"address": known.text.strip()}
    return {}


def of_need(intent: str, kept: str | None, form: str) -> str | None:
    """The need that a message is about in a form: its own, else the one before."""
    if form == "track_order_form":
        return TRACK
    return intent if intent in ERRANDS else kept
