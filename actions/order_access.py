"""Whose order may be spoken of: of whoever is signed in, or who proves that it is theirs.

A wrong contact and an unknown number get one answer by one path, and so does the number of
somebody else's order. Tries are limited (`tenin.conversation.identity`).
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import timedelta

from actions import context
from actions.errands import statuses_of
from tenin.conversation.identity import (
    begin_proof,
    customer_of,
    mark_proved,
    proved_orders,
    remember_proof,
)
from tenin.conversation.inbox import address_of
from tenin.database import read_transaction, write_transaction
from tenin.shop.catalogue import list_products
from tenin.shop.interface import Order, Shop
from tenin.shop.orders import normal_order_number

MOST_ORDERS = 50


@dataclass(frozen=True)
class Proof:
    """What came of a try: the order, or how long no other try is allowed (0: one is)."""

    order: Order | None = None
    wait_minutes: int = 0


@dataclass(frozen=True)
class Access:
    """What the sender of a message may see. Its methods block, and raise ShopError."""

    conversation_id: str
    message_id: str
    language: str

    @property
    def shop(self) -> Shop:
        """The shop."""
        return context.shop_of_orders()

    @property
    def key(self) -> str:
        """The key of a change that this message begins: the same if its turn runs again."""
        return f"{self.conversation_id}-{self.message_id}"

    def orders(self) -> list[Order]:
        """The orders that need no further proof, the newest first."""
        limits = context.settings().proof
        with read_transaction(context.conversations()) as session:
            customer = customer_of(session, self.conversation_id)
            proved = proved_orders(
                session, self.conversation_id, timedelta(minutes=limits.remembered_minutes)
            )
        found = {}
        if customer is not None:
            for order in self.shop.orders(customer, self.language, MOST_ORDERS):
                found[order.number] = order
        for number in proved - found.keys():
            order_or_none = self.shop.order(number, self.language)
            if order_or_none is not None:
                found[number] = order_or_none
        return sorted(found.values(), key=lambda each: (each.placed_on, each.number), reverse=True)

    def order(self, number: str) -> Order | None:
        """The order of this number if it needs no further proof."""
        wanted = normal_order_number(number)
        return next((order for order in self.orders() if order.number == wanted), None)

    def likely(self, need: str | None) -> list[Order]:
        """The orders that a need is likely about, else all; the newest first."""
        mine, statuses = self.orders(), statuses_of(need)
        return [order for order in mine if order.status in statuses] or mine

    def goods_of(self, categories: Collection[str]) -> frozenset[str]:
        """The SKUs of the goods of these categories."""
        with read_transaction(context.shop()) as session:
            goods = list_products(session, self.language)
        return frozenset(good.sku for good in goods if good.category in categories)

    def prove(self, number: str, contact: str) -> Proof:
        """Try to prove that an order is the sender's; a try is counted once for a message."""
        limits = context.settings().proof
        with write_transaction(context.conversations()) as session:
            tried = begin_proof(
                session,
                message_id=self.message_id,
                conversation_id=self.conversation_id,
                order_number=normal_order_number(number),
                address=address_of(session, self.message_id),
                failures=limits.failures,
                window=timedelta(minutes=limits.window_minutes),
            )
        if not tried.allowed:
            return Proof(wait_minutes=tried.wait_minutes)
        proved = self.shop.proved(number, contact)
        order = proved and self.shop.order(proved, self.language)
        if not proved or not order:
            return Proof()
        with write_transaction(context.conversations()) as session:
            mark_proved(session, self.message_id)
            remember_proof(session, self.conversation_id, proved)
        return Proof(order)
