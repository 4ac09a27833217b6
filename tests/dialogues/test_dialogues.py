"""Written conversations, held with the running system: the trained model, actions, database.

Each file of tests/dialogues/<language>/ is a list of dialogues. A turn has what
the customer `said` or `clicked`, and the responses that `answered` it, by name (`desk_question` is
what desk.yml asks once a person is promised).
`with` are words that must be in the answer. Every dialogue has a customer of its own:
`{email}` is theirs, `{order}` their order on its way, `{paid}` and the like their newest
in that status. With `signed_in` the shop has told us who it is, by that name. There are no
more turns than `most_turns`. Nobody is at the desk unless it says `at_desk`.
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
from sqlalchemy import update
from sqlalchemy.engine import Engine

from tenin.database import make_engine, write_transaction
from tenin.language.languages import configured
from tenin.shop.models import products
from tests.agent import DeskAgent
from tests.answers import is_wording_of
from tests.customer import Customer
from tests.demo_orders import own_orders, token_of
from tests.system import System, send_agents_away
from tests.trace import Tracing, conversation_of

HERE = Path(__file__).parent


def held_dialogues() -> list[Any]:
    """Every dialogue as a case, by its language, its file's name (the need's) and its own.

    Those of a language that isn't ready are left: nobody is answered in it.
    """
    return [
        pytest.param(file, dialogue, id=f"{file.parent.name}/{file.stem}: {dialogue['dialogue']}")
        for file in sorted(HERE.glob("*/*.yml"))
        if file.parent.name in configured().ready
        for dialogue in yaml.safe_load(file.read_text(encoding="utf-8"))
    ]


@pytest.fixture(scope="module")
def shop(system: System) -> Iterator[Engine]:
    engine = make_engine(f"sqlite:///{system.root}/var/shop.db")
    yield engine
    engine.dispose()


@pytest.fixture(scope="module")
def desk(system: System) -> Iterator[DeskAgent]:
    agent = DeskAgent(system.url, system.new_desk_link("Haru"))
    send_agents_away(system)  # coming in is being online: customers would be told a place
    yield agent
    agent.http.close()


@pytest.mark.parametrize(("file", "dialogue"), held_dialogues())
def test_dialogue(
    system: System,
    shop: Engine,
    desk: DeskAgent,
    trace: Tracing,
    file: Path,
    dialogue: dict[str, Any],
) -> None:
    language, name = file.parent.name, dialogue.get("signed_in")
    assert len(dialogue["turns"]) <= dialogue.get("most_turns", len(dialogue["turns"]))
    own = own_orders(system, language, name)
    shops_word = token_of(system, own.customer_id) if name else None
    customer = Customer(system.url, language, shops_word=shops_word)
    trace.follow(customer, file, dialogue["dialogue"])
    writer = Writer(desk, conversation_of(trace.engine, customer), shop)
    if dialogue.get("at_desk"):
        desk.be("online")
    try:
        for turn in dialogue["turns"]:
            _hold(customer, writer, language, turn, own.facts())
    finally:
        customer.close()
        send_agents_away(system)


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
