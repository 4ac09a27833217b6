"""A customer with an errand about an order: the form's actions run as Rasa's form runs them."""

from __future__ import annotations

import time
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from sqlalchemy import select

from tenin.clock import utcnow
from tenin.conversation.identity import remember_proof, sign_in
from tenin.database import read_transaction, write_transaction
from tenin.shop.models import customers, orders
from tests.unit.actions.counter import Answer, Counter, payloads, said, shown, slots_set

MINE = "lin.xiaoyu@example.com"
QUESTION = "utter_ask_order_confirmed"
ASK = {
    "order_number": "action_ask_order_form_order_number",
    "contact": "action_ask_order_form_contact",
    "order": "action_ask_order",
    "order_item": "action_ask_order_item",
    "order_detail": "action_ask_order_detail",
    "order_confirmed": "action_ask_order_confirmed",
}
MAPPED = {"order_number": "order_number", "email": "contact", "phone": "contact"}


class Errand:
    """One conversation; `says` is one turn of it, with what was answered."""

    def __init__(self, counter: Counter, language: str = "en") -> None:
        """Begin a conversation in which nothing is known."""
        self.counter, self.language = counter, language
        self.sender = str(counter.room.begin(now=utcnow()))
        self.slots: dict[str, Any] = {"language": language}
        self.open = False
        self.turns = 0
        self.words = ""
        self.offered: list[str] = []

    def signs_in(self, email: str) -> None:
        """The customer of this address signs in."""
        with read_transaction(self.counter.shop) as session:
            statement = select(customers.c.id).where(customers.c.email == email)
            customer = str(session.execute(statement).scalar_one())
        with write_transaction(self.counter.conversations) as session:
            sign_in(session, self.sender, customer, utcnow() + timedelta(hours=1))

    def proves(self, number: str) -> None:
        """The customer has proved an order before."""
        with write_transaction(self.counter.conversations) as session:
            remember_proof(session, self.sender, number)

    def says(
        self, need: str, text: str = "said", named: Sequence[tuple[str, str]] = ()
    ) -> list[str]:
        """Say something understood as `need`, or a payload; the responses that it is answered."""
        self.turns += 1
        message, began = f"message-{self.sender}-{self.turns}", time.time()

        def run(action: str) -> Answer:
            return self.counter.run(
                action,
                sender=self.sender,
                message_id=message,
                said_at=began,
                need=need,
                text=text,
                named=named,
                after=self.fresh,
                **self.slots,
            )

        for kind, value in named:
            if kind in MAPPED:
                self.slots[MAPPED[kind]] = value
        self.fresh: dict[str, Any] = {}
        if not self.open:
            self.slots["requested_slot"] = None
        validated = slots_set(run("validate_order_form"))
        rejected = self.open and not set(validated) - {"requested_slot"}
        self.slots.update(validated)
        self.fresh = validated
        asked = validated["requested_slot"]
        if rejected and not any(kind in MAPPED for kind, _ in named):
            return []
        answer = run(ASK[asked]) if asked else None
        if answer is not None:
            self.slots.update(slots_set(answer))
            asked = self.slots["requested_slot"]
        self.open = asked is not None
        if asked is None:
            answer = run("action_order")
            self.slots.update(slots_set(answer))
        assert answer is not None
        messages = shown(answer, **self.slots)
        self.words = "\n".join(str(each.text) for each in messages)
        self.offered = [payload for each in messages for payload in payloads(each)]
        return said(answer)


def order_of(counter: Counter, email: str, status: str) -> str:
    """The newest order of a customer in a status."""
    statement = (
        select(orders.c.number)
        .join(customers, customers.c.id == orders.c.customer_id)
        .where(customers.c.email == email, orders.c.status == status)
        .order_by(orders.c.placed_at.desc())
    )
    with read_transaction(counter.shop) as session:
        return str(session.execute(statement).scalars().first())
