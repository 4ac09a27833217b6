"""Whether the time of an answer tells an order that exists from one that does not.

Runs the action `action_track_order` on SQLite with a shop of ten thousand orders, in
turns: a number that exists with a wrong contact, and a number that does not with the
same contact; each time another number, conversation and client address, as somebody
would who tries numbers out. Prints the figures and writes them to results/.

Run from the project's root:  .venv/bin/python -m benchmarks.proof_timing
"""

import argparse
import asyncio
import gc
import json
import os
import platform
import random
import sqlite3
import statistics
import tempfile
import time
from collections.abc import Sequence
from datetime import date, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

from rasa_sdk import Tracker
from rasa_sdk.executor import CollectingDispatcher
from sqlalchemy import insert, select
from sqlalchemy.engine import Engine

from actions import context
from actions.track_order import ActionTrackOrder
from tenin.clock import utcnow
from tenin.conversation import models as conversation
from tenin.conversation.models import InboxRow, InboxStatus
from tenin.conversation.transcript import new_conversation
from tenin.database import migrate, read_transaction, write_transaction
from tenin.shop.models import MIGRATIONS, VERSION_TABLE, customers, orders
from tenin.shop.sample_data import load_sample_data

RESULT = Path(__file__).parent / "results" / "proof_timing.json"

ORDERS = 10_000
WARM_UP = 20
WRONG_CONTACT = "someone.else@example.com"
NOT_PROVED = "utter_order_not_proved"


def main() -> None:
    """Measure, print, and write the result down."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=300)
    rounds = parser.parse_args().rounds
    with tempfile.TemporaryDirectory() as root:
        os.environ["TENIN_ROOT"] = root
        known, unknown = open_shop(rounds + WARM_UP)
        try:
            times = asyncio.run(measure(known, unknown))
        finally:
            context.shop().dispose()
            context.conversations().dispose()
    wrong, absent = ([pair[i] for pair in times[WARM_UP:]] for i in (0, 1))
    result = {
        "rounds": rounds,
        "orders": ORDERS,
        "milliseconds": {"wrong_contact": spread(wrong), "unknown_number": spread(absent)},
        "ratio_of_medians": round(statistics.median(absent) / statistics.median(wrong), 3),
        "share_of_rounds_where_unknown_took_longer": round(
            sum(b > a for a, b in zip(wrong, absent, strict=True)) / rounds, 3
        ),
        "python": platform.python_version(),
        "sqlite": sqlite3.sqlite_version,
        "machine": {
            "platform": f"{platform.system()} {platform.machine()}",
            "cores": os.cpu_count(),
        },
        "date": utcnow().date().isoformat(),
    }
    text = json.dumps(result, indent=2) + "\n"
    print(text, end="")
    RESULT.parent.mkdir(exist_ok=True)
    RESULT.write_text(text, encoding="utf-8")


def open_shop(wanted: int) -> tuple[list[str], list[str]]:
    """Make both databases; return as many numbers of orders, and numbers that are none."""
    migrate(context.conversations(), conversation.MIGRATIONS, conversation.VERSION_TABLE)
    migrate(context.shop(), MIGRATIONS, VERSION_TABLE)
    with write_transaction(context.shop()) as session:
        load_sample_data(session, date(2026, 3, 2))
    chance = random.Random(2026)  # the same numbers each time it is run
    numbers = [f"2025{number:08}" for number in chance.sample(range(10**8), ORDERS + wanted)]
    add_orders(context.shop(), numbers[:ORDERS], chance)
    return chance.sample(numbers[:ORDERS], wanted), numbers[ORDERS:]


def add_orders(engine: Engine, numbers: Sequence[str], chance: random.Random) -> None:
    """Add orders of these numbers, each of one of the demo shop's customers."""
    with read_transaction(engine) as session:
        people = list(session.execute(select(customers.c.id)).scalars())
    placed_at = datetime(2025, 6, 1, tzinfo=timezone.utc)
    rows = [
        {
            "number": number,
            "customer_id": chance.choice(people),
            "placed_at": placed_at + timedelta(minutes=minute),
            "status": "paid",
        }
        for minute, number in enumerate(numbers)
    ]
    with write_transaction(engine) as session:
        session.execute(insert(orders), rows)


async def measure(known: Sequence[str], unknown: Sequence[str]) -> list[tuple[float, float]]:
    """Time an action for a number of each kind, in turns, each kind first every other time."""
    action = ActionTrackOrder()
    times = []
    gc.collect()
    gc.disable()
    try:
        for turn, pair in enumerate(zip(known, unknown, strict=True)):
            taken = {}
            for number in pair if turn % 2 == 0 else reversed(pair):
                taken[number] = await timed(action, number, message_from_somebody_new())
            times.append((taken[pair[0]], taken[pair[1]]))
    finally:
        gc.enable()
    return times


async def timed(action: ActionTrackOrder, number: str, message: tuple[str, str]) -> float:
    """Ask for an order with a wrong contact; return how many seconds the answer took."""
    conversation_id, message_id = message
    slots = {"order_number": number, "contact": WRONG_CONTACT, "language": "en"}
    tracker = Tracker(
        conversation_id, slots, {"message_id": message_id}, [], False, None, {}, "action_listen"
    )
    dispatcher, domain = CollectingDispatcher(), dict[str, Any]()
    began = time.perf_counter()
    await action.run(dispatcher, tracker, domain)
    took = time.perf_counter() - began
    said = [message["response"] for message in dispatcher.messages]
    if said != [NOT_PROVED]:
        raise RuntimeError(f"{number} was answered {said}, so the times compare nothing")
    return took


def message_from_somebody_new() -> tuple[str, str]:
    """A message of a conversation and a client address of its own; return both ids."""
    now = utcnow()
    with write_transaction(context.conversations()) as session:
        conversation = new_conversation(session, "web", "en", now)
        row = InboxRow(
            conversation_id=conversation.id,
            channel="web",
            account=conversation.id,
            external_id="1",
            kind="text",
            text=WRONG_CONTACT,
            language="en",
            address=f"2001:db8::{conversation.id[:4]}:{conversation.id[4:8]}",
            status=InboxStatus.DONE.value,
            attempts=1,
            available_at=now,
            received_at=now,
        )
        session.add(row)
        session.flush()
        return str(conversation.id), f"inbox-{row.id}"


def spread(seconds: Sequence[float]) -> dict[str, float]:
    """Quartiles, in milliseconds."""
    low, middle, high = statistics.quantiles([1000 * each for each in seconds], n=4)
    return {"q1": round(low, 3), "median": round(middle, 3), "q3": round(high, 3)}


if __name__ == "__main__":
    main()
