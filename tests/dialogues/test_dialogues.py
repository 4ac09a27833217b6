"""Written conversations, held with the running system: the trained model, actions, database.

Each file of tests/dialogues/<language>/ is a list of dialogues. A turn has what
the customer `said` or `clicked`, and the responses that `answered` it, by name.
`with` are words that must be in the answer, `{order}` and `{email}` the demo order's,
`{paid}` and the like the newest order of its customer in that status.
With `stocked` a product that was sold out comes in, by its SKU, and the wait is for what is said.
In a turn with `agent` a person at the desk writes that, having taken the conversation, and
with `handback` gives it back to the bot.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from sqlalchemy import select, update
from sqlalchemy.engine import Engine

from tenin.database import make_engine, read_transaction, write_transaction
from tenin.shop.models import customers, orders, products
from tenin.shop.sample_data import demo_order
from tests.agent import DeskAgent
from tests.answers import is_wording_of
from tests.customer import Customer
from tests.system import System
from tests.trace import Tracing, conversation_of

HERE = Path(__file__).parent


def _dialogues() -> list[Any]:
    return [
        pytest.param(file, name, dialogue["turns"], id=f"{file.parent.name}: {name}")
        for file in sorted(HERE.glob("*/*.yml"))
        for dialogue in yaml.safe_load(file.read_text(encoding="utf-8"))
        for name in [dialogue["dialogue"]]
    ]


@pytest.fixture(scope="module")
def shop(system: System) -> Iterator[Engine]:
    engine = make_engine(f"sqlite:///{system.root}/var/shop.db")
    yield engine
    engine.dispose()


@pytest.fixture(scope="module")
def facts(shop: Engine) -> dict[str, str]:
    with read_transaction(shop) as session:
        number, email = demo_order(session)
        of_status = {
            status: session.execute(
                select(orders.c.number)
                .join(customers, customers.c.id == orders.c.customer_id)
                .where(customers.c.email == email, orders.c.status == status)
                .order_by(orders.c.placed_at.desc())
            ).scalars()
            for status in ("paid", "packed", "delivered", "cancelled")
        }
        newest = {status: str(numbers.first()) for status, numbers in of_status.items()}
    return {"order": number, "email": email, **newest}


@pytest.fixture(scope="module")
def desk(system: System) -> Iterator[DeskAgent]:
    agent = DeskAgent(system.url, system.new_desk_link("Haru"))
    yield agent
    agent.http.close()


@pytest.mark.parametrize(("file", "name", "turns"), _dialogues())
def test_dialogue(
    system: System,
    facts: dict[str, str],
    shop: Engine,
    desk: DeskAgent,
    trace: Tracing,
    file: Path,
    name: str,
    turns: list[dict[str, Any]],
) -> None:
    customer = Customer(system.url, file.parent.name)
    trace.follow(customer, file, name)
    writer = Writer(desk, conversation_of(trace.engine, customer), shop)
    try:
        for turn in turns:
            _hold(customer, writer, file.parent.name, turn, facts)
    finally:
        customer.close()


class Writer:
    """The people of the shop: at the desk, writing into one conversation, and at the stock."""

    def __init__(self, desk: DeskAgent, conversation: str, shop: Engine) -> None:
        self.desk, self.conversation, self.shop = desk, conversation, shop

    def stock(self, customer: Customer, sku: str) -> list[dict[str, Any]]:
        """Let a product come in until the customer has heard something; then it is sold out."""
        self._set_stock(sku, 3)
        try:
            return customer.read_until(lambda lines, _: bool(lines))
        finally:
            self._set_stock(sku, 0)

    def _set_stock(self, sku: str, pieces: int) -> None:
        with write_transaction(self.shop) as session:
            session.execute(update(products).where(products.c.sku == sku).values(stock=pieces))

    def write(self, customer: Customer, text: str) -> list[dict[str, Any]]:
        """Take the conversation if it isn't taken yet, write, and see it arrive."""
        if self.desk.look(self.conversation)["owner"] != "agent":
            self.desk.take(self.conversation)
        self.desk.write(self.conversation, text)
        lines = customer.read_until(
            lambda lines, _: any(line["author"] == "agent" for line in lines)
        )
        assert [line["text"] for line in lines if line["author"] == "agent"] == [text]
        return [line for line in lines if line["author"] != "agent"]


def _hold(
    customer: Customer,
    writer: Writer,
    language: str,
    turn: dict[str, Any],
    facts: dict[str, str],
) -> None:
    kinds = ("said", "clicked", "event", "agent", "handback", "stocked")
    said = next(turn[kind] for kind in kinds if kind in turn)
    if "handback" in turn:
        writer.desk.hand_back(writer.conversation)
        lines = customer.read_until(lambda lines, _: bool(lines))
    elif "stocked" in turn:
        lines = writer.stock(customer, turn["stocked"])
    elif "agent" in turn:
        lines = writer.write(customer, turn["agent"].format(**facts))
    elif "answered" not in turn:  # a person has the conversation, and answers later
        customer.send(text=turn["said"].format(**facts))
        return
    elif "said" in turn:
        lines = customer.ask(text=turn["said"].format(**facts))
    elif "clicked" in turn:
        lines = customer.click(turn["clicked"])
    else:
        lines = customer.ask(event=turn["event"])
    answered = turn.get("answered", [])
    wanted = answered if isinstance(answered, list) else [answered]
    texts = [line["text"] for line in lines]
    assert len(texts) == len(wanted), f"{said!r} was answered {texts}, not {wanted}"
    for key, text in zip(wanted, texts, strict=True):
        language = turn.get("language", language)
        assert is_wording_of(key, language, text), f"{said!r} was answered {text!r}, not {key}"
    for words in turn.get("with", []):
        assert words.format(**facts) in "\n".join(texts), f"{words!r} is not in {texts}"
    if "cards" in turn:
        cards = [card for line in lines for card in line["cards"]]
        assert len(cards) == turn["cards"]
        assert all(card["title"] and card["text"] for card in cards)
