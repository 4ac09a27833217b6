"""Does one who floods slow others down? Their message-to-line time, quiet and flooded.

The real web tier on SQLite, with the limits of `tenin.yml`, in a process of its own; no bot tier:
measured is from the sending of a message until its line has come back by the customer's stream
(request, limits, inbox in one transaction, wake-up, stream). Told is the median of the rounds'
ratios, flooded to quiet at the 95th percentile, with its spread over resampled rounds: a machine
that stalls for a second sways whichever round it hits, so rounds are short and many.

Customers with an address and a stream each say something in turn. Quiet and flooded phases
alternate in one run; in the latter one address sends all the time, from a process of its own, in
several sessions over many connections, each of which waits for its answer, whatever that is. Both
processes share the machine, so the flood's own work counts against us too.

Run from the project's root:  .venv/bin/python -m benchmarks.flood
"""

import argparse
import asyncio
import itertools
import json
import multiprocessing
import random
import statistics
import tempfile
import time
from collections import Counter
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from benchmarks.chat_client import Chat, p95
from benchmarks.stock import machine
from tenin.clock import utcnow
from tenin.settings_limits import LimitsSettings
from tests.web_process import web_process

RESULT = Path(__file__).parent / "results" / "flood.json"

AT_MOST = 1.3
CUSTOMERS = 40
BETWEEN = 0.1  # seconds between two messages of the customers
PHASE = 5.0
ROUNDS = 30  # of a quiet and a flooded phase each
FLOODERS = 50  # connections, each of which waits for its answer
FLOOD_SESSIONS = 10
FLOOD_RATE = 200.0  # requests a second of all together
FLOOD_ADDRESS = "198.51.100.7"


def main() -> None:
    """Measure, print, and write the results down."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    options = parser.parse_args()
    # Each customer may say 20 things a minute, and says no more.
    limits = {
        f"TENIN_LIMITS_{key.upper()}": str(entry.default)
        for key, entry in LimitsSettings.__fields__.items()
    }
    environ = {
        **limits,
        "TENIN_WEB_TRUSTED_PROXIES": "127.0.0.1",
        "TENIN_TURN_SLOW_NOTICE_SECONDS": "600",  # no bot: nobody is to be told so
    }
    with (
        tempfile.TemporaryDirectory(prefix="tenin") as folder,
        web_process(Path(folder), environ) as web,
    ):
        found = asyncio.run(measured(web.port, options.rounds))
    result = {
        "target": {"p95_flooded_over_quiet_at_most": AT_MOST},
        "how": {
            "measured": "message to line: web tier with inbox and stream, without a bot tier",
            "rounds": options.rounds,
            "phase_seconds": PHASE,
            "customers": CUSTOMERS,
            "messages_a_second": 1 / BETWEEN,
            "flood_requests_a_second_wanted": FLOOD_RATE,
            "flood_connections": FLOODERS,
        },
        **found,
        "machine": machine(),
        "date": utcnow().date().isoformat(),
    }
    text = json.dumps(result, indent=2) + "\n"
    print(text, end="")
    RESULT.write_text(text, encoding="utf-8")


async def measured(port: int, rounds: int) -> dict[str, Any]:
    """Let customers talk through quiet and flooded phases in turn; all figures."""
    customers = [Chat(port, f"192.0.2.{number + 1}") for number in range(CUSTOMERS)]
    for customer in customers:
        await customer.begin()
        await customer.listen()
    turns = itertools.cycle(customers)
    ours, theirs = multiprocessing.get_context("spawn").Pipe()
    flood = multiprocessing.get_context("spawn").Process(target=flooding, args=(port, theirs))
    flood.start()
    theirs.close()  # so that nobody waits for one who has failed
    await asyncio.to_thread(ours.recv)  # it has its sessions
    await phase(turns, 3.0)  # warm
    times: dict[str, list[list[float]]] = {"quiet": [], "flooded": []}
    try:
        for _ in range(rounds):
            times["quiet"].append(await phase(turns, PHASE))
            ours.send(PHASE)
            times["flooded"].append(await phase(turns, PHASE))
            await asyncio.to_thread(ours.recv)
    finally:
        ours.send(None)
        answers = await asyncio.to_thread(ours.recv)
        flood.join()
        await asyncio.gather(*(customer.close() for customer in customers))
    figures = {name: told(phases) for name, phases in times.items()}
    ratios = [
        p95(flooded) / p95(quiet)
        for quiet, flooded in zip(times["quiet"], times["flooded"], strict=True)
    ]
    ratio = round(statistics.median(ratios), 3)
    rate = round(sum(answers.values()) / (rounds * PHASE), 1)
    return {
        **figures,
        "p95_flooded_over_quiet": ratio,
        "of_nine_in_ten_resamples_of_the_rounds": resampled(ratios),
        "met": ratio <= AT_MOST,
        "flood": {"requests_a_second": rate, "answers": {str(k): v for k, v in answers.items()}},
    }


def resampled(ratios: list[float]) -> list[float]:
    """Give the middle nine tenths of the median over 2,000 bootstrap samples of the rounds."""
    chance = random.Random(6)
    medians = [statistics.median(chance.choices(ratios, k=len(ratios))) for _ in range(2000)]
    cuts = statistics.quantiles(medians, n=20)
    return [round(cuts[0], 3), round(cuts[-1], 3)]


def told(phases: list[list[float]]) -> dict[str, Any]:
    """Give the figures of the messages of all phases."""
    seconds = [each for phase in phases for each in phase]
    return {
        "messages": len(seconds),
        "median_ms": round(1000 * statistics.median(seconds), 2),
        "p95_ms": round(1000 * p95(seconds), 2),
    }


async def phase(turns: "itertools.cycle[Chat]", seconds: float) -> list[float]:
    """Have one customer after the other say something; the times of all."""
    said = []
    began = time.perf_counter()
    while time.perf_counter() - began < seconds:
        said.append(asyncio.create_task(next(turns).say("Where is my parcel?")))
        await asyncio.sleep(BETWEEN)
    answers = await asyncio.gather(*said)
    if refused := [status for status, _ in answers if status != 202]:
        raise RuntimeError(f"a quiet customer was refused: {refused}")
    return [waited for _, waited in answers]


def flooding(port: int, orders: Connection) -> None:
    """Flood for as many seconds as ordered, again and again; None ends it."""
    asyncio.run(_flooding(port, orders))


async def _flooding(port: int, orders: Connection) -> None:
    flooders = [Chat(port, FLOOD_ADDRESS) for _ in range(FLOODERS)]
    for number, flooder in enumerate(flooders):
        if number < FLOOD_SESSIONS:
            await flooder.begin()
        flooder.token = flooders[number % FLOOD_SESSIONS].token
    answers: Counter[int] = Counter()
    orders.send("ready")
    while (seconds := await asyncio.to_thread(orders.recv)) is not None:
        until = time.perf_counter() + seconds
        await asyncio.gather(
            *(
                _flood(flooder, number / FLOOD_RATE, until, answers)
                for number, flooder in enumerate(flooders)
            )
        )
        orders.send("done")
    orders.send(dict(answers))


async def _flood(flooder: Chat, after: float, until: float, answers: Counter[int]) -> None:
    await asyncio.sleep(after)  # not all at once
    due = time.perf_counter()
    number = 0
    while time.perf_counter() < until:
        number += 1
        status, _, _ = await flooder.post(
            "/chat/messages", {"text": "flood"}, f"{id(flooder)}-{number}-{until:.0f}"
        )
        answers[status] += 1
        due += FLOODERS / FLOOD_RATE
        await asyncio.sleep(max(0.0, due - time.perf_counter()))


if __name__ == "__main__":
    main()
