"""restock_wish: what is sold out is wished for, and told when it is back. By button, word or yes.

Tenin keeps the wish itself and tells it in the conversation, and by mail to an address given for
it; the shop gets it as well, for its own list.
"""

from __future__ import annotations

import logging
from typing import Any

from rasa_sdk import Action, Tracker
from rasa_sdk.events import SlotSet
from rasa_sdk.executor import CollectingDispatcher

from actions import context, goods, notice_mail
from tenin.conversation import restock
from tenin.database import read_transaction, write_transaction
from tenin.shop.catalogue import ProductView, list_products, products_by_sku

FORM = "restock_form"

logger = logging.getLogger(__name__)


class ValidateRestockForm(Action):
    """Take the address that a message names, or that it is to be here alone."""

    def name(self) -> str:
        """The action's name in domain.yml."""
        return f"validate_{FORM}"

    async def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]
    ) -> list[dict[str, Any]]:
        """Fill the slot; where no mail is sent, or no product is known, ask nothing."""
        if tracker.get_slot("product") is None:
            return [SlotSet(notice_mail.SLOT, notice_mail.HERE)]
        return notice_mail.answer(tracker, may_be_here=True)


class ActionAskRestockMail(Action):
    """Ask whether by mail too, with a button for the address that is known."""

    def name(self) -> str:
        """The action's name in domain.yml."""
        return f"action_ask_{FORM}_{notice_mail.SLOT}"

    async def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]
    ) -> list[dict[str, Any]]:
        """Put the question."""
        dispatcher.utter_message(
            response=f"utter_ask_{FORM}_{notice_mail.SLOT}",
            choices=notice_mail.choices(tracker, "restock_wish"),
        )
        return []


def asks_nothing(tracker: Tracker) -> bool:
    """Whether the form has nothing to ask: it would be done at once."""
    known = tracker.get_slot("product") is not None
    return not known or not notice_mail.is_sent() or bool(notice_mail.named(tracker))


class ActionRestockWish(Action):
    """Note the wish for the product talked about."""

    def name(self) -> str:
        """The action's name in domain.yml."""
        return "action_restock_wish"

    async def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]
    ) -> list[dict[str, Any]]:
        """Tell whether it is noted, there again already, or for a person to note.

        Of which product is asked if none was talked about.
        """
        if tracker.get_slot("product") is None:
            gone = await context.in_time(lambda: _sold_out(context.language(tracker)))
            dispatcher.utter_message(
                response="utter_restock_which", choices=goods.choices(gone, "restock_wish")
            )
            return [SlotSet("offered", None), SlotSet(notice_mail.SLOT, None)]
        chosen = tracker.get_slot(notice_mail.SLOT) or notice_mail.named(tracker)
        address = chosen if notice_mail.is_sent() and chosen != notice_mail.HERE else None
        try:
            response, name = await context.in_time(lambda: _note(tracker, address))
        except Exception:
            logger.exception("a wish to hear of stock could not be noted")
            response, name = "utter_restock_person", ""
        if name:
            dispatcher.utter_message(response=response, product=name)
        else:
            dispatcher.utter_message(response=response)
        return [SlotSet("offered", None), SlotSet(notice_mail.SLOT, None)]


def _sold_out(language: str) -> list[ProductView]:
    """The goods that are sold out. Blocks."""
    with read_transaction(context.shop()) as session:
        return [good for good in list_products(session, language) if not good.in_stock]


def _note(tracker: Tracker, address: str | None) -> tuple[str, str]:
    """Keep the wish and pass it on: what is to be said of it, and of which product. Blocks."""
    language, conversation = context.language(tracker), tracker.sender_id
    sku = tracker.get_slot("product")
    with read_transaction(context.shop()) as session:
        found = products_by_sku(session, [sku], language)
    if not found:
        return "utter_restock_person", ""
    good = found[0]
    if good.in_stock:
        return "utter_restock_there", good.name
    with write_transaction(context.conversations()) as session:
        restock.wish(session, conversation, good.sku, address)
    try:
        contact = address or restock.reference(conversation)
        noted = context.shop_of_orders().wish_restock(good.sku, contact, language)
    except Exception:
        logger.exception("the shop did not take a wish to hear of stock; it is kept here")
        noted = True
    if not noted:
        with write_transaction(context.conversations()) as session:
            restock.take_back(session, conversation, good.sku)
        return "utter_restock_there", good.name
    return "utter_restock_noted_mail" if address else "utter_restock_noted", good.name
