"""The actions as the bot tier calls them, and the databases they work on.

A call is made of Rasa's own tracker, as Rasa's own RemoteAction makes it; an answer is held
against what the bot tier accepts, and can be put into words by the project's responses.
"""

from __future__ import annotations

import asyncio
import contextlib
import copy
import itertools
import json
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any

import pytest
from rasa.core.actions.action import RemoteAction
from rasa.core.channels.channel import CollectingOutputChannel
from rasa.shared.core.events import BotUttered, Event, SlotSet, UserUttered
from rasa.shared.core.trackers import DialogueStateTracker, EventVerbosity
from rasa_sdk.executor import ActionExecutor
from sqlalchemy import delete, event, select, update
from sqlalchemy.engine import Engine

from actions import context
from tenin.bot.action_endpoint import ANSWER
from tenin.bot.nlg import WordingGenerator
from tenin.bot.payloads import parse
from tenin.clock import utcnow
from tenin.conversation.models import ProofAttempt
from tenin.conversation.voice import Voice
from tenin.database import read_transaction, write_transaction
from tenin.shop.catalogue import ProductView, list_products
from tenin.shop.http_shop import HttpShop
from tenin.shop.models import category_text, customers, orders, product_text, products
from tests.unit.bot.inbox_side import PROJECT, domain
from tests.unit.conversation.room import Room

VOICE = Voice.load(PROJECT)

Answer = dict[str, Any]


class Counter:
    """Both databases of a project root, and the executor with all actions."""

    def __init__(self) -> None:
        """Number the messages from 1."""
        self.numbers = itertools.count(1)

    def __enter__(self) -> Counter:
        """Forget the databases of the test before."""
        self.close()
        self.conversations: Engine = context.conversations()
        self.shop: Engine = context.shop()
        self.room = Room(self.conversations, VOICE)
        self.executor = ActionExecutor()
        self.executor.register_package("actions")
        return self

    def __exit__(self, *_: object) -> None:
        """Let go of the databases."""
        self.close()

    def close(self) -> None:
        """Dispose of what the actions keep for the life of their process."""
        for cached in (context.conversations, context.shop):
            if cached.cache_info().currsize:
                cached().dispose()
        if context.shop_of_orders.cache_info().currsize:
            orders_from = context.shop_of_orders()
            if isinstance(orders_from, HttpShop):
                orders_from.close()
        if context._threads.cache_info().currsize:
            context._threads().shutdown()
        for each in (
            context._threads,
            context.settings,
            context.conversations,
            context.shop,
            context.shop_of_orders,
            context.terms,
            context._policy,
        ):
            each.cache_clear()

    def restart(self) -> None:
        """A new process of the action tier."""
        context.answers.cache_clear()  # else kept: every root has the same wording
        self.__enter__()

    # a call

    def run(
        self,
        action: str,
        *,
        sender: str = "c1",
        message_id: str | None = None,
        need: str = "inform",
        text: str = "said",
        named: Sequence[tuple[str, str]] = (),
        near: Sequence[str] = (),
        said_at: float | None = None,
        before: Sequence[Event] = (),
        after: Mapping[str, Any] | None = None,
        **slots: Any,
    ) -> Answer:
        """Run an action in a conversation with these slots, after a message of this need.

        `need` may be a button's payload without its slash; `named` are entities of a typed
        message, `near` the topics that the classifier offers; `said_at` is when the turn began;
        `before` is what came before, `after` are slots set since the message.
        """
        tracker = DialogueStateTracker(sender, domain().slots)
        for each in (*before, *(SlotSet(name, value) for name, value in slots.items())):
            tracker.update(each, domain())
        data = parse(f"/{need}", text)
        data["entities"] += [{"entity": kind, "value": value} for kind, value in named]
        if near:
            data["near"] = list(near)
        tracker.update(
            UserUttered(
                text,
                data["intent"],
                data["entities"],
                data,
                message_id=message_id or f"message-{next(self.numbers)}",
                timestamp=said_at,
            ),
            domain(),
        )
        for name, value in (after or {}).items():
            tracker.update(SlotSet(name, value), domain())
        call = {
            "next_action": action,
            "sender_id": sender,
            "tracker": tracker.current_state(EventVerbosity.ALL),
            "version": "3.6.21",
        }
        answer = asyncio.run(self.executor.run(json.loads(json.dumps(call))))
        assert ANSWER.is_valid(answer), answer
        made: Answer = json.loads(json.dumps(answer))
        return made

    def track(
        self,
        number: str,
        contact: str,
        *,
        address: str | None = None,
        language: str = "en",
        **rest: Any,
    ) -> Answer:
        """Ask where an order is; with an `address` by a message of the inbox."""
        if address is not None:
            rest["message_id"] = self.message_from(address)
        return self.run(
            "action_track_order", order_number=number, contact=contact, language=language, **rest
        )

    def message_from(self, address: str) -> str:
        """A message in the inbox from a client's address; return its id."""
        accepted = self.room.accept(self.room.begin(now=utcnow()), address=address, now=utcnow())
        return f"inbox-{accepted.inbox_id}"

    # what is in the databases

    def order(self, status: str, index: int = 0) -> tuple[str, str, str]:
        """Number, e-mail address and phone of an order of the demo shop."""
        with read_transaction(self.shop) as session:
            found = session.execute(
                select(orders.c.number, customers.c.email, customers.c.phone)
                .join(customers, customers.c.id == orders.c.customer_id)
                .where(orders.c.status == status)
                .order_by(orders.c.id)
            ).all()
        number, email, phone = found[index]
        return str(number), str(email), str(phone)

    def attempts(self) -> list[ProofAttempt]:
        """All tries at proving an order."""
        with read_transaction(self.conversations) as session:
            return list(session.execute(select(ProofAttempt)).scalars())

    def sell_out(self, skus: Sequence[str] | None = None) -> None:
        """Let goods be sold out: these, or all."""
        statement = update(products).values(stock=0)
        if skus is not None:
            statement = statement.where(products.c.sku.in_(skus))
        with write_transaction(self.shop) as session:
            session.execute(statement)

    def goods(self, language: str, category: str | None = None) -> list[ProductView]:
        """The goods of the shop, all or of a category."""
        with read_transaction(self.shop) as session:
            found = list_products(session, language)
        return [good for good in found if category in (None, good.category)]

    def forget_text(self, sku: str, language: str) -> None:
        """Let a product have no text in a language."""
        number = select(products.c.id).where(products.c.sku == sku).scalar_subquery()
        with write_transaction(self.shop) as session:
            session.execute(
                delete(product_text).where(
                    product_text.c.product_id == number, product_text.c.language == language
                )
            )

    def forget_category_text(self, category: str, language: str) -> None:
        """Let a category have no name in a language."""
        with write_transaction(self.shop) as session:
            session.execute(
                delete(category_text).where(
                    category_text.c.category == category, category_text.c.language == language
                )
            )

    @contextlib.contextmanager
    def watched(self) -> Iterator[list[tuple[str, str]]]:
        """Write down each statement, with the database that it runs on."""
        ran: list[tuple[str, str]] = []
        listeners = []
        for name, engine in (("conversations", self.conversations), ("shop", self.shop)):

            def note(
                _connection: Any, _cursor: Any, sql: str, *_: Any, _database: str = name
            ) -> None:
                ran.append((_database, sql))

            event.listen(engine, "before_cursor_execute", note)
            listeners.append((engine, note))
        try:
            yield ran
        finally:
            for engine, note in listeners:
                event.remove(engine, "before_cursor_execute", note)


def said(answer: Answer) -> list[str]:
    """The names of the responses of an answer."""
    return [response["response"] for response in answer["responses"]]


def slots_set(answer: Answer) -> dict[str, Any]:
    """The slots that an answer sets."""
    return {each["name"]: each["value"] for each in answer["events"] if each["event"] == "slot"}


def words(answer: Answer, language: str) -> str:
    """What the customer reads."""
    return "\n".join(str(message.text) for message in shown(answer, language))


def shown(answer: Answer, language: str, **slots: Any) -> list[BotUttered]:
    """What the customer gets: the bot tier's own wording of an answer, with buttons and cards.

    An answer whose wording fails is an error here; in the bot tier it is an apology.
    """
    tracker = DialogueStateTracker("c1", domain().slots)
    for name, value in {"language": language, **slots}.items():
        tracker.update(SlotSet(name, value), domain())
    responses = copy.deepcopy(answer["responses"])
    uttered: list[BotUttered] = asyncio.run(
        RemoteAction._utter_responses(responses, CollectingOutputChannel(), nlg(), tracker)
    )
    assert len(uttered) == len(answer["responses"]), answer
    return uttered


@lru_cache(maxsize=1)
def nlg() -> WordingGenerator:
    """The generator of the bot tier with the project's wording."""
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("TENIN_ROOT", str(PROJECT))
        return WordingGenerator()


def titles(message: BotUttered) -> list[str]:
    """The words on the buttons of a message."""
    return [button["title"] for button in message.data["buttons"] or []]


def payloads(message: BotUttered) -> list[str]:
    """What the buttons of a message stand for."""
    return [button["payload"] for button in message.data["buttons"] or []]


def cards(message: BotUttered) -> list[dict[str, Any]]:
    """The cards of a message."""
    found: list[dict[str, Any]] = (message.data["custom"] or {}).get("cards", [])
    return found
