"""A whole turn of Tenin's beside the stock bot's: quick, long, in bursts, by many at once; memory.

Two whole systems on this machine: Tenin (web, bot and actions, SQLite; `tenin run` in a folder of
its own), from the web tier's door to the reply on the customer's stream; and the bot of `rasa init`
under `rasa run`, trackers in memory, from its REST channel's door to the answer. Both are asked
what each knows, the same kinds of message, from its training examples (`stock.ASKED`). Our turns
commit message, events and replies to a database, which the stock bot's do not.

In every part both are measured in one run, in turns, warmed up, `--rounds` times; what is told is
the median of the rounds. Parts, each of which replaces its own figures in results/turns.json:

    latency     one after the other, conversations of five messages
    long        turn 10 and turn 300 of one conversation; what a turn loads of it
    burst       five messages of one customer at once, beside five one by one
    throughput  so many customers, each of whom says the next as soon as they are answered
    memory      the bot process after 100 messages; from the start to the first answer

Run from the project's root, with a trained model:
    .venv/bin/python -m benchmarks.turns [latency] [long] [burst] [throughput] [memory]
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import itertools
import json
import statistics
import time
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any, Protocol

from sqlalchemy import select

from benchmarks.chat_client import Chat, p95
from benchmarks.stock import ASKED, ROOT, conversations, labelled, machine
from benchmarks.stock_server import FOLDER, StockServer, running_stock, stock_folder
from tenin.clock import utcnow
from tenin.conversation import tracker
from tenin.conversation.models import Conversation
from tenin.database import make_engine, read_transaction
from tenin.settings import load_settings
from tests.system import System, running_system

RESULT = Path(__file__).parent / "results" / "turns.json"
TARGETS = {
    "latency": {"median_at_most": 0.8, "p95_at_most": 1.0},
    "long": {"turn_300_over_turn_10_at_most": 1.3, "turn_300_at_most": 0.15, "loaded_at_most": 2.0},
    "burst": {"last_over_five_single_at_most": 1.2},
    "throughput": {"at_least": 2.0},
    "memory": {"memory_at_most": 0.7, "start_at_most": 0.4},
}
ROUNDS = 3
CONVERSATIONS = 8  # of a bot, in a round of `latency`
TURNS = 300
EARLY, LATE = range(6, 15), range(TURNS - 9, TURNS)  # around turn 10, and before 300
BURST = 5
BURSTS = 6  # in a round
CUSTOMERS = 16
THROUGHPUT_SECONDS = 15.0
MESSAGES_BEFORE_MEMORY = 100

Figures = dict[str, Any]


class Talk(Protocol):
    """One customer's conversation with a bot."""

    async def begin(self) -> None:
        """Open it; nothing of this is measured."""

    async def ask(self, *texts: str) -> float:
        """Say all of it at once; the seconds until the last of it is answered."""

    async def close(self) -> None:
        """Leave."""


class OurTalk(Chat):
    """A customer of ours: answered is who reads the bot's line, and that nothing waits for it."""

    def __init__(self, port: int, address: str) -> None:
        """Nothing is open yet."""
        super().__init__(port, address)
        self._answered, self._at, self._working = False, 0.0, False

    async def begin(self) -> None:
        """Get a session, and open the stream."""
        await super().begin()
        await self.listen()

    def heard(self, event: str, data: dict[str, Any], at: float) -> None:
        """Take note of who spoke last, and whether the bot has more to answer."""
        super().heard(event, data, at)
        self._at = at
        if event == "state":
            self._working = data["working"]
        else:
            self._answered = data["author"] == "bot"

    async def ask(self, *texts: str) -> float:
        """Say all of it at once; the seconds until the last of it is answered."""
        keys = [uuid.uuid4().hex for _ in texts]
        began = time.perf_counter()
        for key, text in zip(keys, texts, strict=True):  # one connection: one after the other
            status, _, answer = await self.post("/chat/messages", {"text": text}, key)
            if status != 202:
                raise RuntimeError(f"not taken: {status} {answer}")
        await self.until(
            lambda: self._answered and not self._working and all(key in self.seen for key in keys)
        )
        return self._at - began


class StockTalk:
    """A customer of the stock bot's REST channel."""

    def __init__(self, port: int) -> None:
        """A sender that it does not know; connections for as much as is said at once."""
        self.sender = uuid.uuid4().hex
        self._connections = [Chat(port, "") for _ in range(BURST)]

    async def begin(self) -> None:
        """Nothing is to be opened."""

    async def ask(self, *texts: str) -> float:
        """Say all of it at once; the seconds until the last of it is answered."""
        began = time.perf_counter()
        await asyncio.gather(*map(self._say, self._connections, texts))
        return time.perf_counter() - began

    async def close(self) -> None:
        """Leave."""
        for connection in self._connections:
            await connection.close()

    async def _say(self, connection: Chat, text: str) -> None:
        body = {"sender": self.sender, "message": text}
        status, _, _ = await connection.post("/webhooks/rest/webhook", body)
        if status != 200:
            raise RuntimeError(f"the stock bot answered {status}")


class Bots:
    """Both systems, running, and what their customers say."""

    def __init__(self, tenin: System, stock: StockServer) -> None:
        """Draw what is said from the training examples of each."""
        self.tenin, self.stock = tenin, stock
        self._addresses = itertools.count(1)
        folders = {"tenin": ROOT / "data" / "nlu", "stock": FOLDER / "data"}
        self._said = {
            name: itertools.cycle(conversations(labelled(folder), ASKED[name]))
            for name, folder in folders.items()
        }

    def texts(self, name: str) -> list[str]:
        """Give five messages of one conversation."""
        return next(self._said[name])

    @contextlib.asynccontextmanager
    async def talk(self, name: str) -> AsyncIterator[Talk]:
        """Open a new customer's conversation for as long as the block runs."""
        number = next(self._addresses)
        talk: Talk = (
            OurTalk(self.tenin.ports["web"], f"10.0.{number // 250}.{number % 250 + 1}")
            if name == "tenin"
            else StockTalk(self.stock.port)
        )
        try:
            await talk.begin()
            yield talk
        finally:
            await talk.close()


NAMES = ("tenin", "stock")


def main() -> None:
    """Measure, print, and write the results down."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("what", nargs="*", help=f"{', '.join(TARGETS)}; all if none is named")
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    options = parser.parse_args()
    if unknown := set(options.what) - set(TARGETS):
        parser.error(f"there is no {', '.join(sorted(unknown))}: {', '.join(TARGETS)} are")
    parts: dict[str, Callable[[Bots, int], Awaitable[Figures]]] = {
        "latency": latency,
        "long": long,
        "burst": burst,
        "throughput": throughput,
    }
    for name in options.what or TARGETS:
        if name == "memory":
            found = memory(options.rounds)
        else:
            with running_stock() as stock, running_system() as tenin:
                found = asyncio.run(warmed(parts[name], Bots(tenin, stock), options.rounds))
        found |= {"rounds": options.rounds, "machine": machine()}
        write(name, found | {"date": utcnow().date().isoformat()})


def write(name: str, found: Figures) -> None:
    """Print the figures of a part, and put them in the place of its last ones."""
    print(json.dumps({name: found}, indent=2))
    known = json.loads(RESULT.read_text(encoding="utf-8")) if RESULT.exists() else {}
    text = json.dumps(known | {"targets": TARGETS, name: found}, indent=2) + "\n"
    RESULT.write_text(text, encoding="utf-8")


async def warmed(
    part: Callable[[Bots, int], Awaitable[Figures]], bots: Bots, rounds: int
) -> Figures:
    """Have some conversations with both that do not count, then measure."""
    for _ in range(5):
        for name in NAMES:
            await spoken(bots, name)
    return await part(bots, rounds)


async def spoken(bots: Bots, name: str) -> list[float]:
    """Have one conversation of five messages; the seconds of each."""
    async with bots.talk(name) as talk:
        return [await talk.ask(text) for text in bots.texts(name)]


async def latency(bots: Bots, rounds: int) -> Figures:
    """Messages one after the other: median and 95th percentile of each round, and our share."""
    figures: dict[str, dict[str, list[float]]] = {n: {"median": [], "p95": []} for n in NAMES}
    for number in range(rounds):
        seconds: dict[str, list[float]] = {name: [] for name in NAMES}
        for _ in range(CONVERSATIONS):
            for name in turned(number):
                seconds[name] += await spoken(bots, name)
        for name in NAMES:
            figures[name]["median"].append(statistics.median(seconds[name]))
            figures[name]["p95"].append(p95(seconds[name]))
    return told(figures, {name: f"{name}_tenin_over_stock" for name in ("median", "p95")})


async def long(bots: Bots, rounds: int) -> Figures:
    """One conversation of each, turn by turn: what turn 10 and turn 300 take."""
    names = ("turn_10", "turn_300")
    figures: dict[str, dict[str, list[float]]] = {n: {each: [] for each in names} for n in NAMES}
    loaded: list[list[int]] = []
    for number in range(rounds):
        seconds: dict[str, list[float]] = {name: [] for name in NAMES}
        counts: list[int] = []
        async with bots.talk("tenin") as ours, bots.talk("stock") as theirs:
            talks = {"tenin": ours, "stock": theirs}
            for turn in range(TURNS):
                for name in turned(number):
                    text = bots.texts(name)[turn % len(ASKED[name])]
                    seconds[name].append(await talks[name].ask(text))
                if turn + 1 in (10, TURNS):
                    counts.append(events_loaded(bots.tenin))
        loaded.append(counts)
        for name in NAMES:
            for each, turns in zip(names, (EARLY, LATE), strict=True):
                figures[name][each].append(statistics.median(seconds[name][t] for t in turns))
    found = told(figures, {name: f"{name}_tenin_over_stock" for name in names})
    for name in NAMES:
        growth = found[name]["turn_300_ms"] / found[name]["turn_10_ms"]
        found[name]["turn_300_over_turn_10"] = round(growth, 3)
    return found | {"events_a_turn_loads_at_10_and_300": loaded}


def events_loaded(tenin: System) -> int:
    """How many events a turn of the conversation that moved last loads now."""
    engine = make_engine(load_settings(tenin.root, tenin.environ).database.url)
    newest = select(Conversation.id).order_by(Conversation.updated_at.desc()).limit(1)
    try:
        with read_transaction(engine) as session:
            return len(tracker.load(session, session.execute(newest).scalar_one()))
    finally:
        engine.dispose()


async def burst(bots: Bots, rounds: int) -> Figures:
    """Five messages at once, until the last is answered, beside the same five one by one."""
    names = ("single_five", "at_once")
    figures: dict[str, dict[str, list[float]]] = {n: {each: [] for each in names} for n in NAMES}
    for number in range(rounds):
        seconds: dict[str, dict[str, list[float]]] = {n: {e: [] for e in names} for n in NAMES}
        for _ in range(BURSTS):
            for name in turned(number):
                texts = bots.texts(name)[:BURST]
                async with bots.talk(name) as talk:
                    seconds[name]["single_five"].append(sum([await talk.ask(t) for t in texts]))
                async with bots.talk(name) as talk:
                    seconds[name]["at_once"].append(await talk.ask(*texts))
        for name in NAMES:
            for each in names:
                figures[name][each].append(statistics.median(seconds[name][each]))
    found = told(figures, {"at_once": "at_once_tenin_over_stock"})
    for name in NAMES:
        over = found[name]["at_once_ms"] / found[name]["single_five_ms"]
        found[name]["last_over_five_single"] = round(over, 3)
    return found


async def throughput(bots: Bots, rounds: int) -> Figures:
    """Customers who each say the next as soon as they are answered: answers a second."""
    rates: dict[str, list[float]] = {name: [] for name in NAMES}
    for number in range(rounds):
        for name in turned(number):
            rates[name].append(await rate(bots, name))
    middle = {name: statistics.median(each) for name, each in rates.items()}
    return {
        "customers": CUSTOMERS,
        "answers_a_second": {
            name: {"median": round(middle[name], 1), "rounds": [round(e, 1) for e in rates[name]]}
            for name in NAMES
        },
        "tenin_over_stock": round(middle["tenin"] / middle["stock"], 3),
    }


async def rate(bots: Bots, name: str) -> float:
    """How many answers a second all customers got together."""
    until = time.perf_counter() + THROUGHPUT_SECONDS

    async def customer() -> int:
        answers = 0
        while time.perf_counter() < until:
            async with bots.talk(name) as talk:
                for text in bots.texts(name):
                    await talk.ask(text)
                    answers += time.perf_counter() < until
        return answers

    return sum(await asyncio.gather(*(customer() for _ in range(CUSTOMERS)))) / THROUGHPUT_SECONDS


def memory(rounds: int) -> Figures:
    """Start both, one at a time: seconds to a first answer, and memory after messages."""
    figures: dict[str, dict[str, list[float]]] = {n: {"start": [], "bot": []} for n in NAMES}
    stock_folder()  # trained before anything is measured
    for _ in range(rounds):
        began = time.perf_counter()
        with running_system() as tenin, standing_stock() as none:
            bots = Bots(tenin, none)
            asyncio.run(one(bots, "tenin"))
            figures["tenin"]["start"].append(time.perf_counter() - began)
            figures["tenin"]["bot"].append(after_messages(bots, "tenin", tenin.pid("bot")))
        with running_stock() as stock:
            figures["stock"]["start"].append(stock.opened)
            bots = Bots(tenin, stock)
            figures["stock"]["bot"].append(after_messages(bots, "stock", stock.pid))
    middle = {
        name: {each: statistics.median(values) for each, values in of.items()}
        for name, of in figures.items()
    }
    return {
        "seconds_to_first_answer": {name: rounded(figures[name]["start"]) for name in NAMES},
        "bot_process_mb": {name: rounded(figures[name]["bot"]) for name in NAMES},
        "start_tenin_over_stock": round(middle["tenin"]["start"] / middle["stock"]["start"], 3),
        "memory_tenin_over_stock": round(middle["tenin"]["bot"] / middle["stock"]["bot"], 3),
    }


@contextlib.contextmanager
def standing_stock() -> Iterator[StockServer]:
    """Where a stock bot would be, while none runs."""
    yield StockServer("", 0, 0, 0.0)


async def one(bots: Bots, name: str) -> None:
    """Say one thing and be answered."""
    async with bots.talk(name) as talk:
        await talk.ask(bots.texts(name)[0])


def after_messages(bots: Bots, name: str, pid: int) -> float:
    """Say as much as memory is measured after; the process's resident megabytes then."""

    async def talked() -> None:
        for _ in range(MESSAGES_BEFORE_MEMORY // len(ASKED[name])):
            await spoken(bots, name)

    asyncio.run(talked())
    for line in Path(f"/proc/{pid}/status").read_text(encoding="ascii").splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) / 1024
    raise RuntimeError("the kernel tells no VmRSS")


def turned(number: int) -> list[str]:
    """Both bots, the one first in even rounds and the other in odd ones."""
    return sorted(NAMES, reverse=number % 2 == 0)


def rounded(values: list[float]) -> list[float]:
    """The values of all rounds, to a tenth."""
    return [round(value, 1) for value in values]


def told(figures: dict[str, dict[str, list[float]]], ratios: dict[str, str]) -> Figures:
    """Give the medians of the rounds in milliseconds, the rounds, and our share of stock's."""
    middle = {
        name: {each: statistics.median(values) for each, values in of.items()}
        for name, of in figures.items()
    }
    found: Figures = {
        name: {f"{each}_ms": round(1000 * value, 1) for each, value in middle[name].items()}
        | {f"{each}_rounds_ms": [round(1000 * v, 1) for v in of] for each, of in of_bot.items()}
        for name, of_bot in figures.items()
    }
    return found | {
        told_as: round(middle["tenin"][each] / middle["stock"][each], 3)
        for each, told_as in ratios.items()
    }


if __name__ == "__main__":
    main()
