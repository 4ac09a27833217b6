"""Written conversations, held with the running system: the trained model, actions, database.

Each file of tests/dialogues/<language>/ is a list of dialogues. A turn has what
the customer `said` or `clicked`, and the responses that `answered` it, by name.
`with` are words that must be in the answer, `{order}` and `{email}` the demo order's,
`{paid}` and the like the newest order of its customer in that status.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from sqlalchemy import select

from tenin.database import make_engine, read_transaction
from tenin.shop.models import customers, orders
from tenin.shop.sample_data import demo_order
from tests.answers import is_wording_of
from tests.customer import Customer
from tests.system import System

HERE = Path(__file__).parent


def _dialogues() -> list[Any]:
    return [
        pytest.param(file.parent.name, dialogue["turns"], id=f"{file.parent.name}: {name}")
        for file in sorted(HERE.glob("*/*.yml"))
        for dialogue in yaml.safe_load(file.read_text(encoding="utf-8"))
        for name in [dialogue["dialogue"]]
    ]


@pytest.fixture(scope="module")
def facts(system: System) -> dict[str, str]:
    engine = make_engine(f"sqlite:///{system.root}/var/shop.db")
    with read_transaction(engine) as session:
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
    engine.dispose()
    return {"order": number, "email": email, **newest}


@pytest.mark.parametrize(("language", "turns"), _dialogues())
def test_dialogue(
    system: System, facts: dict[str, str], language: str, turns: list[dict[str, Any]]
) -> None:
    customer = Customer(system.url, language)
    try:
        for turn in turns:
            _hold(customer, language, turn, facts)
    finally:
        customer.close()


def _hold(customer: Customer, language: str, turn: dict[str, Any], facts: dict[str, str]) -> None:
    said = next(turn[kind] for kind in ("said", "clicked", "event") if kind in turn)
    if "said" in turn:
        lines = customer.ask(text=turn["said"].format(**facts))
    elif "clicked" in turn:
        lines = customer.click(turn["clicked"])
    else:
        lines = customer.ask(event=turn["event"])
    wanted = turn["answered"] if isinstance(turn["answered"], list) else [turn["answered"]]
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
