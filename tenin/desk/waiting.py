"""How long a customer will wait for a person: a range, from what is known the moment it is told.

The desk promises by it (`tenin.desk.promises`); it knows neither database nor clock. How well
the promises are kept is simulated in `benchmarks/waiting.py`.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import lru_cache
from statistics import NormalDist
from typing import Any

import numpy as np
from numpy.typing import NDArray

# How many of the latest services say something about the next ones.
RECENT = 200
# The share of futures in which the wait is below the range, and above it: waits lean to the left,
# where less is cut off. Said in whole minutes, rounded outwards, it is kept more often.
BELOW, ABOVE = 0.05, 0.20
# Without data a service takes this long (median, in seconds) with this spread of its logarithm;
# it counts as much as so many services (for the median, and for the spread).
PRIOR_MEDIAN, PRIOR_SPREAD = 480.0, 0.8
PRIOR_WEIGHT, PRIOR_SPREAD_WEIGHT = 2.0, 6.0
# An agent who is free notices and accepts: median in seconds, spread of the logarithm.
ACCEPT_MEDIAN, ACCEPT_SPREAD = 10.0, 0.8
# One in so many who are served comes from the fast lane and came later.
OVERTAKING = 1 / 12
# Agents come, go and have their breaks: how far (spread of the logarithm) that stretches a long
# wait, and the wait, in seconds, that it stretches half as far.
CHANGE, CHANGE_HALF = 0.35, 600.0
PATHS = 256  # futures that are tried
PLACES = 400  # beyond this a wait grows in proportion

Floats = NDArray[np.float64]
_COLUMNS = np.arange(PATHS)
_SHORTEST, _LONGEST = 1.0, 8 * 3600.0  # seconds; what lies outside is a clock or a forgotten page


def wait_range(
    place: int, servers: int, busy: Sequence[float], recent: Sequence[float]
) -> tuple[int, int]:
    """Give the range, in whole seconds, in which a customer's waiting will most likely end.

    `place` counts from 1; `servers` is how many conversations the agents who are there serve at
    once; `busy` says of each that runs how many seconds it has lasted (fewer than `servers`:
    the others are free; more: as many must end before anybody is taken); `recent` are the
    durations of services that ended, the newest first, in seconds, and may be empty.

    The futures of the queue are tried out: each service that runs goes on for as long as those
    that lasted that long do, each customer ahead takes the first agent who is free and keeps
    them for a service's time (Whitt, "Predicting Queueing Delays", Management Science 45(6),
    1999; the recursion is Kiefer's and Wolfowitz's, 1955). Services last log-normally (Brown et
    al., "Statistical Analysis of a Telephone Call Center", JASA 100, 2005); median and spread
    are drawn for each future from what the recent ones leave open (normal-inverse-gamma), so
    that the range narrows as data comes. The random numbers are a fixed table: the same
    question has the same answer, a later place never a shorter one, another agent never a
    longer one.

    Raises ValueError for a place or a number of servers below 1.
    """
    if place < 1:
        raise ValueError(f"place is {place}: it counts from 1")
    if servers < 1:
        raise ValueError(f"servers is {servers}: ask for a range only while an agent is there")
    if place > PLACES:
        low, high = wait_range(PLACES, servers, busy, recent)
        return low * place // PLACES, -(-high * place // PLACES)
    waits = np.sort(_futures(place, servers, busy, recent))
    low, high = waits[int(PATHS * BELOW)], waits[math.ceil(PATHS * (1 - ABOVE)) - 1]
    return math.floor(low), math.ceil(high)


def in_minutes(low: float, high: float) -> tuple[int, int]:
    """Round a range of seconds outwards to what is said: minutes below ten, then fives.

    The upper end is at least a step above the lower one. Raises ValueError if `low` is negative
    or above `high`.
    """
    if not 0 <= low <= high:
        raise ValueError(f"{low} to {high} seconds is no range: 0 <= low <= high")
    first = math.floor(low / 60)
    first = first if first < 10 else first // 5 * 5
    last = max(math.ceil(high / 60), first + 1)
    return first, last if last <= 10 else math.ceil(last / 5) * 5


def _futures(place: int, servers: int, busy: Sequence[float], recent: Sequence[float]) -> Floats:
    """The waiting time in each future."""
    table = _table()
    middle, spread = _drawn(recent)
    accept = table["accept"]
    free = _free_at(servers, busy, middle, spread)
    # Where the customer stands once those from the fast lane have gone before; whoever finds an
    # agent free is not overtaken.
    waits_behind = place - max(0, servers - len(busy))
    turn = np.full(PATHS, place)
    if waits_behind > 0:
        turn += table["overtaken"][waits_behind - 1]
    steps = int(turn.max())
    takes = np.exp(middle + spread * table["service"][:steps]) + accept[:steps]
    begins = np.empty((steps, PATHS))
    for step in range(steps):
        who = free.argmin(axis=0)
        begins[step] = free[who, _COLUMNS]
        free[who, _COLUMNS] = begins[step] + takes[step]
    begun = begins[turn - 1, _COLUMNS]
    stretched = begun * np.exp(CHANGE * table["change"] * begun / (begun + CHANGE_HALF))
    accepted: Floats = stretched + accept[-1]
    return accepted


def _drawn(recent: Sequence[float]) -> tuple[Floats, Floats]:
    """Median (its logarithm) and spread of services in each future."""
    logs = np.log(np.clip(np.asarray(recent[:RECENT], dtype=float), _SHORTEST, _LONGEST))
    count, prior = len(logs), math.log(PRIOR_MEDIAN)
    mean = float(logs.mean()) if count else prior
    weight = PRIOR_WEIGHT + count
    squares = PRIOR_SPREAD_WEIGHT * PRIOR_SPREAD**2
    if count:
        squares += float(((logs - mean) ** 2).sum())
        squares += PRIOR_WEIGHT * count / weight * (mean - prior) ** 2
    freedom = PRIOR_SPREAD_WEIGHT + count
    table = _table()
    # Wilson and Hilferty's chi-squared.
    step = 2 / (9 * freedom)
    chi = freedom * np.maximum(1 - step + table["spread"] * math.sqrt(step), 0.1) ** 3
    spread = np.sqrt(squares / chi)
    middle = (PRIOR_WEIGHT * prior + count * mean) / weight
    return middle + spread / math.sqrt(weight) * table["middle"], spread


def _free_at(servers: int, busy: Sequence[float], middle: Floats, spread: Floats) -> Floats:
    """When each place at an agent is free, in each future: a row for each of `servers`."""
    ages = np.clip(np.asarray(busy, dtype=float), _SHORTEST, _LONGEST)[:, None]
    rows = np.arange(len(ages)) % PLACES
    grid, fatigue, chances = _survival(), _table()["left"][rows], (np.log(ages) - middle) / spread
    lasted = np.interp(chances, grid[0], grid[1])
    ends = np.interp(lasted + fatigue, grid[1], grid[0])
    left = np.maximum(np.exp(middle + spread * ends) - ages, 0.0)
    if len(ages) > servers:
        return np.sort(left, axis=0)[len(ages) - servers :]
    return np.concatenate([left, np.zeros((servers - len(ages), PATHS))])


@lru_cache(maxsize=1)
def _table() -> dict[str, Any]:
    """The random numbers: in each row every share of the distribution once, in its own order.

    (A Latin hypercube: McKay, Beckman and Conover, Technometrics 21, 1979.)
    """
    chance = np.random.default_rng(5)
    shares = (np.arange(PATHS) + 0.5) / PATHS
    normal = np.array([NormalDist().inv_cdf(share) for share in shares])

    def rows(values: Floats, count: int) -> Floats:
        return chance.permuted(np.tile(values, (count, 1)), axis=1)

    middle, spread, change = rows(normal, 3)
    passed = chance.geometric(1 - OVERTAKING, (PLACES, PATHS)) - 1
    overtaken = passed.cumsum(axis=0)
    steps = PLACES + int(overtaken.max()) + 1
    return {
        "middle": middle,
        "spread": spread,
        "change": change,
        "service": rows(normal, steps),
        "accept": np.exp(math.log(ACCEPT_MEDIAN) + ACCEPT_SPREAD * rows(normal, steps + 1)),
        "left": rows(-np.log(shares), PLACES),
        "overtaken": overtaken,
    }


@lru_cache(maxsize=1)
def _survival() -> tuple[Floats, Floats]:
    """Points of the normal distribution, and minus the logarithm of the share beyond each."""
    points = np.linspace(-8.0, 36.0, 4401)
    beyond = [-math.log(0.5 * math.erfc(point / math.sqrt(2))) for point in points]
    return points, np.array(beyond)
