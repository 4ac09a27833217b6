"""The simulated desk of `benchmarks/waiting.py`, shortened, and the figures that are on file."""

from __future__ import annotations

import json
import random
from collections import Counter, deque

import pytest

from benchmarks import waiting
from benchmarks.waiting import LOADS, Agent, Customer, Day


@pytest.fixture(scope="module")
def day() -> list[Customer]:
    return waiting.simulate(LOADS["busy"], shops=1, days=1)


def test_everybody_is_promised_something_and_served(day: list[Customer]) -> None:
    assert len(day) > 200
    for customer in day:
        low, high = customer.promised
        assert 0 <= low <= high
        assert customer.place >= 1
        assert customer.waited > 0
        assert customer.plain > 0


def test_as_much_arrives_as_the_load_says() -> None:
    chance = random.Random(3)
    days = [list(waiting.arrivals(chance, 0.85, day, even=True)) for day in range(20)]
    work = sum(each.service + waiting.mean(*waiting.ACCEPT) for day in days for each in day)
    hours = sum(capacity * (end - start - 0.5) for capacity, start, end, _ in waiting.SHIFTS)
    assert work / (20 * hours * 3600) == pytest.approx(0.85, abs=0.05)


def test_who_finds_an_agent_free_waits_for_no_more_than_the_accepting(day: list[Customer]) -> None:
    served_at_once = [each.waited for each in day if not each.had_to_wait]
    assert served_at_once
    assert max(served_at_once) < waiting.ACCEPT_SECONDS + 120
    assert max(each.waited for each in day if each.had_to_wait) > 120


def test_the_fast_lane_waits_less() -> None:
    customers = waiting.simulate(LOADS["full"], shops=1, days=1)
    waits = {
        fast: [each.waited for each in customers if each.fast is fast and each.had_to_wait]
        for fast in (True, False)
    }
    assert sum(waits[True]) / len(waits[True]) < sum(waits[False]) / len(waits[False]) / 2


def test_nobody_serves_more_than_the_capacity_nor_begins_anew_when_gone() -> None:
    served = Counter[str]()

    class Watched(Day):
        def give_out(self, now: float) -> None:
            before = [set(agent.serving) for agent in self.agents]
            super().give_out(now)
            for agent, known in zip(self.agents, before, strict=True):
                begun = set(agent.serving) - known
                assert agent.there or not begun
                assert len(agent.serving) <= agent.capacity
                served["begun"] += len(begun)
                served["at the limit"] += len(agent.serving) == agent.capacity
                served["gone and finishing"] += bool(agent.serving) and not agent.there

    chance = random.Random(4)
    customers = list(waiting.arrivals(chance, 0.85, 0, even=False))
    Watched(chance, deque(maxlen=50)).run(customers)
    assert served["begun"] == len(customers)
    assert served["at the limit"]
    assert served["gone and finishing"]


def test_a_promise_knows_nothing_of_what_comes_later() -> None:
    """The same past with another future leaves the promise as it was."""
    promises = []
    for last in (60.0, 6000.0):
        shop = Day(random.Random(1), deque([300.0] * 20))
        shop.agents = [Agent(1, there=True)]
        first = Customer(0, 0.0, False, last)
        second = Customer(1, 20.0, False, last)
        for customer in (first, second):
            shop.arrive(customer, customer.arrives)
            shop.give_out(customer.arrives)
        promises.append((first.promised, second.promised, second.place, second.had_to_wait))
    assert promises[0] == promises[1]
    assert promises[0][2:] == (1, True)


def test_the_same_seed_gives_the_same_days(day: list[Customer]) -> None:
    assert waiting.simulate(LOADS["busy"], shops=1, days=1) == day


def test_most_promises_of_a_day_are_kept(day: list[Customer]) -> None:
    found = waiting.figures(day)
    assert found["told"]["count"] == found["had_to_wait"] > 50
    assert 0.7 <= found["told"]["kept"] <= found["told"]["not_later"] <= 1
    assert found["plain"]["not_later"] < found["told"]["not_later"]
    assert sum(some["count"] for some in found["told_by_place"].values()) == found["had_to_wait"]


def test_what_is_judged() -> None:
    found = waiting.judged([(0, 60, 30.0), (60, 120, 30.0), (0, 60, 90.0), (0, 120, 120.0)])
    assert found == {
        "count": 4,
        "kept": 0.5,
        "not_later": 0.75,
        "median_width": 60,
        "median_wait": 60,
        "width_over_wait": 1.0,
    }


@pytest.mark.parametrize("load", LOADS)
def test_the_figures_on_file_reach_the_goals(load: str) -> None:
    result = json.loads((waiting.RESULTS / "waiting.json").read_text(encoding="utf-8"))
    goals, told = result["targets"], result["peaks"][load]["told"]
    assert told["kept"] >= goals["kept_at_least"] == 0.8
    assert told["width_over_wait"] <= goals["width_over_wait_at_most"] == 1.5


def test_the_table_on_file_is_of_the_figures_on_file() -> None:
    result = json.loads((waiting.RESULTS / "waiting.json").read_text(encoding="utf-8"))
    shown = (waiting.RESULTS / "waiting.txt").read_text(encoding="utf-8")
    assert shown == waiting.table(result)
