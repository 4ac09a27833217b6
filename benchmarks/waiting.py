"""Customers who wait for a person: is what they are told kept, and is it narrow enough to help?

Simulates a shop's desk, three loads, days with fixed seeds. A day has a morning and an evening
peak, and each hour is busier or quieter than planned (gamma, a fifth either way: Avramidis,
Deslauriers and L'Ecuyer, "Modeling Daily Arrivals to a Telephone Call Center", Management
Science 50(7), 2004); `even` is the same shop without either, where those who wait are mostly the
next. One customer in ten has the fast lane. Agents serve 1 to 3 at once, come, have a break, go
(and finish what they began); an offer takes its time and is sometimes let pass. Services are
log-normal with a tail of troublesome ones. The load is what arrives over what agents can serve.
Nobody leaves the queue, and no promise knows when agents will come or go.

At each arrival `wait_range` promises with what the desk knows then: nothing of services on a
shop's first day's morning, the latest 200 later. Counted are those who had to wait, that is, for
whom no agent was free (`to_all` counts everybody). `told` judges the minutes that are said, which
is the promise; `seconds` the range before it is rounded. The plain estimate is place × average of
the same recent services / how many agents serve at once: a point, kept when the wait was no
longer; it is also judged with the width of `seconds` around it, half on either side.

Run from the project's root:  .venv/bin/python -m benchmarks.waiting
"""

import argparse
import heapq
import json
import math
import os
import platform
import random
import statistics
import time
from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tenin.clock import utcnow
from tenin.desk.waiting import PRIOR_MEDIAN, PRIOR_SPREAD, RECENT, in_minutes, wait_range

RESULTS = Path(__file__).parent / "results"

SEED = 2026
SHOPS, DAYS = 4, 5  # each shop begins without data and is watched for so many days
LOADS = {"quiet": 0.6, "busy": 0.85, "full": 0.98}
KEPT_AT_LEAST, WIDTH_AT_MOST = 0.8, 1.5
HOUR = 3600.0
OPENS, CLOSES = 9, 21
# How much arrives in each hour from opening to closing, and how far an hour is off (variation).
PEAKS = (0.6, 0.9, 1.4, 1.2, 0.8, 0.9, 1.1, 1.0, 0.8, 0.9, 1.3, 1.1)
EVEN = (1.0,) * (CLOSES - OPENS)
HOURS_VARY = 0.2
# Agents: how many they serve at once, their hours, when they have half an hour's break.
SHIFTS = (
    (1, 9.0, 15.0, 11.75),
    (2, 9.0, 15.0, 12.25),
    (2, 9.0, 15.25, 12.75),
    (3, 9.0, 15.0, 13.25),
    (2, 10.5, 19.0, 14.0),
    (1, 14.75, 21.0, 17.25),
    (2, 15.0, 21.0, 17.75),
    (2, 15.0, 21.0, 18.25),
    (3, 14.75, 21.0, 18.75),
)
BREAK = 0.5
FAST_LANE = 0.1
# Services: most are ordinary, some troublesome; median in seconds and spread of the logarithm.
ORDINARY, TROUBLESOME, TROUBLESOME_SHARE = (420.0, 0.7), (1500.0, 0.8), 0.08
ACCEPT, PASSED, ACCEPT_SECONDS = (8.0, 0.7), 0.04, 30.0


@dataclass
class Customer:
    """One who asks for a person."""

    number: int
    arrives: float
    fast: bool
    service: float
    place: int = 0
    promised: tuple[int, int] = (0, 0)
    plain: float = 0.0
    day: int = 0
    had_to_wait: bool = False
    waited: float = 0.0


@dataclass
class Agent:
    """One who serves; `there` while new customers are taken."""

    capacity: int
    there: bool = False
    serving: dict[int, float] = field(default_factory=dict)  # since when, by customer


def main() -> None:
    """Simulate, print, and write the results down."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--shops", type=int, default=SHOPS)
    parser.add_argument("--days", type=int, default=DAYS)
    options = parser.parse_args()
    began = time.perf_counter()
    result = {
        "targets": {"kept_at_least": KEPT_AT_LEAST, "width_over_wait_at_most": WIDTH_AT_MOST},
        "how": {"seed": SEED, "shops": options.shops, "days": options.days, "loads": LOADS},
        **measured(options.shops, options.days),
        "seconds": round(time.perf_counter() - began, 1),
        "cpu_seconds": round(sum(os.times()[:4]), 1),
        "machine": {
            "platform": f"{platform.system()} {platform.machine()}",
            "cores": os.cpu_count(),
            "python": platform.python_version(),
            "load_average": round(os.getloadavg()[0], 1),
        },
        "date": utcnow().date().isoformat(),
    }
    shown = table(result)
    print(shown, end="")
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / "waiting.json").write_text(json.dumps(result, indent=2) + "\n", encoding="utf-8")
    (RESULTS / "waiting.txt").write_text(shown, encoding="utf-8")


def measured(shops: int, days: int) -> dict[str, dict[str, Any]]:
    """Simulate each load with peaks and, half as often, evenly, on all cores."""
    with ProcessPoolExecutor() as pool:
        running = {
            kind: {
                name: pool.submit(level, load, count, days, kind == "even")
                for name, load in reversed(LOADS.items())
            }
            for kind, count in (("peaks", shops), ("even", max(1, shops // 2)))
        }
        return {
            kind: {name: by_name[name].result() for name in LOADS}
            for kind, by_name in running.items()
        }


def level(load: float, shops: int, days: int, even: bool) -> dict[str, Any]:
    """Simulate one load and give its figures."""
    return figures(simulate(load, shops, days, even=even))


def simulate(load: float, shops: int, days: int, *, even: bool = False) -> list[Customer]:
    """Let so many shops have so many days at this load; give all who asked for a person."""
    found: list[Customer] = []
    for shop in range(shops):
        chance = random.Random(f"{SEED} {load} {shop} {even}")
        recent: deque[float] = deque(maxlen=RECENT)
        for number in range(days):
            customers = list(arrivals(chance, load, number, even))
            Day(chance, recent).run(customers)
            found += customers
    return found


def arrivals(chance: random.Random, load: float, day: int, even: bool) -> Iterator[Customer]:
    """Give a day's customers in order; on average over days they make this load."""
    offered = sum(capacity * (end - start - BREAK) for capacity, start, end, _ in SHIFTS) * HOUR
    wanted = load * offered / (mean_service() + mean(*ACCEPT))
    hours = EVEN if even else PEAKS
    steady = 1 / HOURS_VARY**2
    number = 0
    for hour, share in enumerate(hours, OPENS):
        busier = 1.0 if even else chance.gammavariate(steady, 1 / steady)
        rate = wanted * share / sum(hours) * busier / HOUR
        now = hour * HOUR
        while (now := now + chance.expovariate(rate)) < (hour + 1) * HOUR:
            middle, spread = TROUBLESOME if chance.random() < TROUBLESOME_SHARE else ORDINARY
            service = chance.lognormvariate(math.log(middle), spread)
            yield Customer(number, now, chance.random() < FAST_LANE, service, day=day)
            number += 1


def mean(middle: float, spread: float) -> float:
    """The mean of a log-normal distribution."""
    return middle * math.exp(spread**2 / 2)


def mean_service() -> float:
    """How long a service takes on average, in seconds."""
    share = TROUBLESOME_SHARE
    return (1 - share) * mean(*ORDINARY) + share * mean(*TROUBLESOME)


class Day:
    """A day at the desk: events in the order of time, and a queue as in `conversation.queue`."""

    def __init__(self, chance: random.Random, recent: deque[float]) -> None:
        """Begin a day; `recent` holds the durations of services that ended, the newest first."""
        self.chance, self.recent = chance, recent
        self.agents = [Agent(capacity) for capacity, *_ in SHIFTS]
        self.queue: list[tuple[bool, float, int, Customer]] = []
        self.events: list[tuple[float, int, str, Any]] = []
        self.count = 0

    def run(self, customers: Sequence[Customer]) -> None:
        """Serve them all; each then knows what was promised and how long the wait was.

        Those who wait at closing time are served by who is there.
        """
        for agent, (_, start, end, pause) in zip(self.agents, SHIFTS, strict=True):
            self.at(start * HOUR, "comes", agent)
            self.at(pause * HOUR, "goes", agent)
            self.at((pause + BREAK) * HOUR, "comes", agent)
            if end < CLOSES:
                self.at(end * HOUR, "goes", agent)
        for customer in customers:
            self.at(customer.arrives, "arrives", customer)
        while self.events:
            now, _, what, who = heapq.heappop(self.events)
            if what == "arrives":
                self.arrive(who, now)
            elif what == "ends":
                agent, customer = who
                self.recent.appendleft(now - agent.serving.pop(customer.number))
            else:
                who.there = what == "comes"
            self.give_out(now)

    def at(self, when: float, what: str, who: Any) -> None:
        """Something will happen."""
        self.count += 1
        heapq.heappush(self.events, (when, self.count, what, who))

    def arrive(self, customer: Customer, now: float) -> None:
        """Put a customer into the queue and promise."""
        entry = (not customer.fast, customer.arrives, customer.number, customer)
        heapq.heappush(self.queue, entry)
        there = [agent for agent in self.agents if agent.there]
        servers = sum(agent.capacity for agent in there)
        busy = [max(0.0, now - since) for agent in there for since in agent.serving.values()]
        customer.place = sum(other <= entry for other in self.queue)
        customer.had_to_wait = customer.place > servers - len(busy)
        recent = list(self.recent)
        customer.promised = wait_range(customer.place, servers, busy, recent)
        average = statistics.fmean(recent or [mean(PRIOR_MEDIAN, PRIOR_SPREAD)])
        customer.plain = customer.place * average / servers

    def give_out(self, now: float) -> None:
        """Give those in front to the agents with most places free."""
        while self.queue:
            free = [a for a in self.agents if a.there and len(a.serving) < a.capacity]
            if not free:
                return
            agent = max(free, key=lambda each: each.capacity - len(each.serving))
            customer = heapq.heappop(self.queue)[-1]
            accepted = now + self.chance.lognormvariate(math.log(ACCEPT[0]), ACCEPT[1])
            if self.chance.random() < PASSED:
                accepted += ACCEPT_SECONDS
            customer.waited = accepted - customer.arrives
            agent.serving[customer.number] = accepted
            self.at(accepted + customer.service, "ends", (agent, customer))


def figures(customers: Sequence[Customer]) -> dict[str, Any]:
    """Say how the promises of one load were kept."""
    waiting = [each for each in customers if each.had_to_wait]
    by_place = {
        name: [each for each in waiting if first <= each.place <= last]
        for name, first, last in (("1", 1, 1), ("2-4", 2, 4), ("5-16", 5, 16), ("17-", 17, 10**6))
    }
    return {
        "asked": len(customers),
        "had_to_wait": len(waiting),
        "median_place": statistics.median(each.place for each in waiting),
        "told": judged([(*told(each), each.waited) for each in waiting]),
        "seconds": judged([(*each.promised, each.waited) for each in waiting]),
        "plain": plain(waiting),
        "told_by_place": {
            name: judged([(*told(each), each.waited) for each in some])
            for name, some in by_place.items()
            if some
        },
        "told_on_the_first_day": judged(
            [(*told(each), each.waited) for each in waiting if each.day == 0]
        ),
        "told_to_all": judged([(*told(each), each.waited) for each in customers]),
    }


def told(customer: Customer) -> tuple[int, int]:
    """The promise as it is said, in seconds."""
    low, high = in_minutes(*customer.promised)
    return 60 * low, 60 * high


def judged(promises: Sequence[tuple[float, float, float]]) -> dict[str, float]:
    """Say how many waits were within their range (low, high, wait), and how wide it was."""
    kept = sum(low <= waited <= high for low, high, waited in promises)
    in_time = sum(waited <= high for _, high, waited in promises)
    width = statistics.median(high - low for low, high, _ in promises)
    wait = statistics.median(waited for *_, waited in promises)
    return {
        "count": len(promises),
        "kept": round(kept / len(promises), 3),
        "not_later": round(in_time / len(promises), 3),
        "median_width": round(width),
        "median_wait": round(wait),
        "width_over_wait": round(width / wait, 2),
    }


def plain(waiting: Sequence[Customer]) -> dict[str, float]:
    """Say how the plain estimate would have done, and how far it is off beside our middle."""
    in_time = sum(each.waited <= each.plain for each in waiting)
    near = sum(
        abs(each.waited - each.plain) <= (each.promised[1] - each.promised[0]) / 2
        for each in waiting
    )
    return {
        "not_later": round(in_time / len(waiting), 3),
        "kept_with_our_width": round(near / len(waiting), 3),
        "median_error": round(statistics.median(abs(each.plain - each.waited) for each in waiting)),
        "median_error_of_our_middle": round(
            statistics.median(abs(sum(each.promised) / 2 - each.waited) for each in waiting)
        ),
    }


def table(result: dict[str, Any]) -> str:
    """Lay the figures of those who had to wait out to be read."""
    how = result["how"]
    lines = [
        f"{result['date']}, {how['shops']} shops (even: half) × {how['days']} days, "
        f"seed {how['seed']}; those who had to wait; width and wait: medians in seconds",
        "goals: told kept at least 80 %, width / wait at most 1.5",
        f"{'':16}{'asked':>6}{'waited':>7}{'place':>6}"
        f" | {'told kept':>9}{'in time':>8}{'width':>6}{'wait':>6}{'width/wait':>11}"
        f" | {'plain in time':>13}{'with our width':>15} | goals",
    ]
    for kind in ("peaks", "even"):
        for name, found in result[kind].items():
            said, point = found["told"], found["plain"]
            missed = [
                what
                for what, met in (
                    ("kept", said["kept"] >= KEPT_AT_LEAST),
                    ("width", said["width_over_wait"] <= WIDTH_AT_MOST),
                )
                if not met
            ]
            lines.append(
                f"{kind:6}{name:6}{LOADS[name]:4.2f}{found['asked']:6}{found['had_to_wait']:7}"
                f"{found['median_place']:6.0f} | {said['kept']:9.1%}{said['not_later']:8.1%}"
                f"{said['median_width']:6}{said['median_wait']:6}{said['width_over_wait']:11.2f}"
                f" | {point['not_later']:13.1%}{point['kept_with_our_width']:15.1%}"
                f" | {'missed: ' + ', '.join(missed) if missed else 'met'}"
            )
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    main()
