"""The actions as the bot tier calls them, and the databases they work on.

A call is made of Rasa's own tracker, as Rasa's own RemoteAction makes it; an answer is held
against what the bot tier accepts, and can be put into words by the project's responses.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from rasa.shared.core.events import Event, SlotSet, UserUttered
from rasa.shared.core.trackers import DialogueStateTracker, EventVerbosity
from rasa_sdk.executor import ActionExecutor
from sqlalchemy import event, select, update
from sqlalchemy.engine import Engine

from actions import context
from tenin.bot.action_endpoint import ANSWER
from tenin.bot.payloads import parse
from tenin.clock import utcnow
from tenin.conversation.models import ProofAttempt
from tenin.conversation.voice import Voice
from tenin.database import read_transaction, write_transaction
from tenin.language.wording import say
from tenin.shop.models import customers, orders, products
from tests.unit.bot.inbox_side import domain
from tests.unit.conversation.room import Room

VOICE = Voice.load(Path(context.__file__).parents[1])
# Of an utterance that the SDK sends: what is no value of a placeholder.
NOT_VALUES = {"attachment", "buttons", "custom", "elements", "image", "response", "template"}

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
        for each in (context.settings, context.conversations, context.shop):
            each.cache_clear()

    def restart(self) -> None:
        """A new process of the action tier."""
        self.__enter__()

    # a call

    def run(
        self,
        action: str,
        *,
        sender: str = "c1",
        message_id: str | None = None,
        need: str = "inform",
        before: Sequence[Event] = (),
        **slots: Any,
    ) -> Answer:
        """Run an action in a conversation with these slots, after a message of this need."""
        tracker = DialogueStateTracker(sender, domain().slots)
        for each in (*before, *(SlotSet(name, value) for name, value in slots.items())):
            tracker.update(each, domain())
        data = parse(f"/{need}", "said")
        tracker.update(
            UserUttered(
                "said",
                data["intent"],
                data["entities"],
                data,
                message_id=message_id or f"message-{next(self.numbers)}",
            ),
            domain(),
        )
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
    texts = []
    for response in answer["responses"]:
        values = {name: value for name, value in response.items() if name not in NOT_VALUES}
        name = response["response"]
        texts.append(say(VOICE.responses, name, language, values=values, menus=VOICE.menus).text)
    return "\n".join(texts)
