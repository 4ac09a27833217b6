"""Who is asking: the signed-in customer, if there is one, and what they bought before.

What they bought makes a welcome or a recommendation better; where it can't be had, neither fails.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass

from rasa_sdk import Tracker

from actions import context
from tenin.conversation.identity import customer_of
from tenin.conversation.page_views import products_seen
from tenin.database import read_transaction
from tenin.shop.interface import Order

LAST_ORDERS = 5

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Known:
    """A signed-in customer: their name in the shop, and their orders, the newest first."""

    id: str
    name: str
    orders: tuple[Order, ...] = ()

    @property
    def bought(self) -> list[str]:
        """The SKUs of what they bought, the newest first, each once."""
        kept = (order for order in self.orders if order.status != "cancelled")
        return list(dict.fromkeys(item.sku for order in kept for item in order.items))


def looked_at(tracker: Tracker) -> list[str]:
    """The SKUs that the customer agreed to tell they looked at, the newest first. Blocking."""
    try:
        with read_transaction(context.conversations()) as session:
            return products_seen(session, tracker.sender_id)
    except Exception:
        logger.exception("what was looked at can't be told")
        return []


def known(tracker: Tracker) -> Known | None:
    """The signed-in customer with their last orders; None if nobody is, or it can't be told.

    Blocking.
    """
    try:
        with read_transaction(context.conversations()) as session:
            customer_id = customer_of(session, tracker.sender_id)
        if customer_id is None:
            return None
        shop = context.shop_of_orders()
        customer = shop.customer(customer_id)
        if customer is None:
            return None
        orders = shop.orders(customer_id, context.language(tracker), LAST_ORDERS)
        return Known(customer_id, customer.name, tuple(orders))
    except Exception:
        logger.exception("who is signed in, or what they bought, can't be told")
        return None
