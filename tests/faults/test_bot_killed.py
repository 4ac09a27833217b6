"""Signal 9 for the bot of the whole system, at random times of its turns (`make nightly`).

The customer waits for the bot to start again, is told so after some seconds, and has one answer to
each message, in order. In CI the worker alone is killed instead (`test_worker_killed.py`), and
this bot once, in the middle of a turn (`test_tiers_down.py`).
"""

from __future__ import annotations

import contextlib
import os
import random
import signal
import time
from collections.abc import Iterator

import pytest

from tenin.database import make_engine
from tenin.supervisor import DEATHS, DEATHS_WITHIN
from tests.answers import is_wording_of
from tests.customer import Customer
from tests.faults.test_tiers_down import RECOVERY, wait_until_up
from tests.invariants import check
from tests.system import System, send_agents_away

KILLS = int(os.environ.get("TENIN_FAULT_BOT_KILLS", "200"))
LONGEST = 0.3  # seconds: about what two turns take
AT_ONCE = 4
PACE = DEATHS_WITHIN / (DEATHS - 1)  # faster, and the supervisor gives the bot up
GREETING, THANKS = "hello", "thanks"


@pytest.fixture
def customers(system: System) -> Iterator[list[Customer]]:
    send_agents_away(system)
    with contextlib.ExitStack() as stack:
        made = [Customer(system.url, "en") for _ in range(AT_ONCE)]
        for customer in made:
            stack.callback(customer.close)
        yield made


@pytest.mark.parametrize("number", range(KILLS))
def test_killed_at_any_time(system: System, customers: list[Customer], number: int) -> None:
    chance = random.Random(number)
    began = time.monotonic()
    for customer in customers:
        customer.send(text=GREETING)
        customer.send(text=THANKS)
    time.sleep(chance.uniform(0, LONGEST))
    os.kill(system.pid("bot"), signal.SIGKILL)
    wait_until_up(system, "bot")
    for customer in customers:
        lines = customer.read_until(
            lambda lines, state: bool(lines) and not state["working"], RECOVERY
        )
        thanked = [line for line in lines if is_wording_of("utter_thanks", "en", str(line["text"]))]
        assert len(thanked) == 1, lines
    engine = make_engine(f"sqlite:///{system.root}/var/tenin.db")
    try:
        check(engine, settled=False)
    finally:
        engine.dispose()
    time.sleep(max(0.0, began + PACE - time.monotonic()))
