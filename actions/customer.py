"""Who is asking: the signed-in customer, if there is one, and what they bought before.

What they bought makes a welcome or a recommendation better; where it can't be had, neither fails.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from rasa_sdk import Tracker

from actions import context
from tenin.conversation import identity
from tenin.database import read_transaction

LAST_ORDERS = 5

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Known:
    """A signed-in customer: their name in the shop, and their orders, the newest first."""

    id: str
    name: str
    orders: tuple[Any, ...] = ()

    @property
    def bought(self) -> list[str]:
        """The SKUs of what they bought, the newest first, each once."""
        kept = (order for order in self.orders if order.status != "cancelled")
        return list(dict.fromkeys(item.sku for order in kept for item in order.items))


def shop() -> Any | None:
    """The shop behind `tenin.shop.interface.Shop`, or None where the actions have none."""
    made: Callable[[], Any] | None = getattr(context, "shop_of_orders", None)
    return made() if made is not None else None


def known(tracker: Tracker) -> Known | None:
    """The signed-in customer with their last orders; None if nobody is, or it can't be told.

    Blocking.
    """
    customer_of: Any = getattr(identity, "customer_of", None)
    if customer_of is None:
        return None
    try:
        with read_transaction(context.conversations()) as session:
            customer_id = customer_of(session, tracker.sender_id)
        counter = shop() if customer_id is not None else None
        customer = counter.customer(customer_id) if counter is not None else None
        if counter is None or customer is None:
            return None
        orders = counter.orders(customer_id, context.language(tracker), LAST_ORDERS)
        return Known(customer_id, customer.name, tuple(orders))
    except Exception:
        logger.exception("who is signed in, or what they bought, can't be told")
        return None
