"""The range of waiting time that a customer is told."""

from __future__ import annotations

import heapq
import random
import subprocess
import sys

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tenin.desk.waiting import PLACES, RECENT, in_minutes, wait_range

durations = st.floats(min_value=0, max_value=100_000, allow_nan=False)
examples = settings(max_examples=60)
situations = st.tuples(
    st.integers(1, 60),
    st.integers(1, 12),
    st.lists(durations, max_size=14),
    st.lists(durations, max_size=30),
)


def services(count: int, median: float = 400.0, spread: float = 0.7, seed: int = 1) -> list[float]:
    chance = random.Random(seed)
    return [median * chance.lognormvariate(0, spread) for _ in range(count)]


def width(place: int, servers: int, busy: list[float], recent: list[float]) -> int:
    low, high = wait_range(place, servers, busy, recent)
    return high - low


def test_with_an_agent_free_it_takes_until_somebody_accepts() -> None:
    low, high = wait_range(1, 3, [100.0, 200.0], services(100))
    assert 0 <= low <= 10 <= high <= 45
    assert in_minutes(low, high) == (0, 1)


def test_services_that_always_last_alike_leave_little_doubt() -> None:
    recent = [600.0 + step for step in range(-20, 21)] * 5
    low, high = wait_range(1, 1, [300.0], recent)
    assert low < 310 < high < 600
    low, high = wait_range(1, 4, [590.0, 10.0, 20.0, 30.0], recent)
    assert low < 60
    assert high < 300


def test_a_service_that_began_earlier_ends_sooner_if_all_last_alike() -> None:
    recent = services(RECENT, spread=0.1)
    assert wait_range(1, 1, [350.0], recent)[1] < wait_range(1, 1, [10.0], recent)[1]


def test_a_service_that_outlasts_all_others_is_not_about_to_end() -> None:
    recent = services(RECENT, median=300, spread=1.0)
    assert wait_range(1, 1, [7200.0], recent)[1] > wait_range(1, 1, [10.0], recent)[1]


def test_the_range_narrows_as_data_comes() -> None:
    known = [services(count, median=480, spread=0.8) for count in (0, 5, 30, RECENT)]
    widths = [width(6, 5, [60.0] * 5, recent) for recent in known]
    assert widths == sorted(widths, reverse=True)
    assert widths[0] > 1.4 * widths[-1]


def test_without_data_a_service_is_taken_for_eight_minutes_roughly() -> None:
    low, high = wait_range(1, 1, [0.0], [])
    assert low < 480 < high
    assert 900 < high < 3600


def test_data_outweighs_what_was_assumed() -> None:
    quick = wait_range(4, 2, [20.0, 20.0], services(60, median=90))
    slow = wait_range(4, 2, [20.0, 20.0], services(60, median=2400))
    assert quick[1] < slow[0]


def test_only_the_latest_services_count() -> None:
    latest = services(RECENT)
    alone = wait_range(3, 2, [1.0, 2.0], latest)
    assert wait_range(3, 2, [1.0, 2.0], latest + [9000.0] * 500) == alone


def test_who_serves_more_than_the_capacity_must_end_first() -> None:
    recent = services(100)
    assert wait_range(1, 2, [60.0] * 5, recent)[0] > wait_range(1, 2, [60.0] * 2, recent)[0]


def test_far_back_a_wait_grows_in_proportion() -> None:
    recent = services(100)
    low, high = wait_range(PLACES, 5, [60.0] * 5, recent)
    assert wait_range(2 * PLACES, 5, [60.0] * 5, recent) == (2 * low, 2 * high)


@pytest.mark.parametrize(("place", "servers", "named"), [(0, 1, "place"), (1, 0, "servers")])
def test_what_has_no_range_is_refused(place: int, servers: int, named: str) -> None:
    with pytest.raises(ValueError, match=named):
        wait_range(place, servers, [], [])


def test_another_process_gives_the_same_answer() -> None:
    asked = (
        "from tenin.desk.waiting import wait_range; print(wait_range(7, 4, [50.0] * 4, [300.0]))"
    )
    said = subprocess.run([sys.executable, "-c", asked], capture_output=True, text=True, check=True)
    assert said.stdout.strip() == str(wait_range(7, 4, [50.0] * 4, [300.0]))


@pytest.mark.parametrize("place", [1, 4, 15])
@pytest.mark.parametrize("servers", [1, 6])
def test_most_waits_of_a_queue_played_out_by_itself_are_within(place: int, servers: int) -> None:
    """Played with a heap and the true law of services, of which the range knows a sample."""
    chance = random.Random(place * 100 + servers)
    low, high = wait_range(place, servers, [0.0] * servers, services(RECENT))
    waits = []
    for _ in range(2000):
        free = [400 * chance.lognormvariate(0, 0.7) for _ in range(servers)]
        heapq.heapify(free)
        for _ in range(place - 1):
            heapq.heappush(free, heapq.heappop(free) + 400 * chance.lognormvariate(0, 0.7))
        waits.append(free[0] + 10)
    within = sum(low <= wait <= high for wait in waits) / len(waits)
    assert 0.68 <= within <= 0.99


@examples
@given(situations, st.integers(1, 30))
def test_a_later_place_is_never_promised_sooner(
    situation: tuple[int, int, list[float], list[float]], later: int
) -> None:
    place, servers, busy, recent = situation
    near, far = wait_range(*situation), wait_range(place + later, servers, busy, recent)
    assert 0 <= near[0] <= near[1]
    assert near[0] <= far[0]
    assert near[1] <= far[1]


@examples
@given(situations, st.integers(1, 6))
def test_more_agents_are_never_promised_later(
    situation: tuple[int, int, list[float], list[float]], more: int
) -> None:
    place, servers, busy, recent = situation
    few, many = wait_range(*situation), wait_range(place, servers + more, busy, recent)
    assert many[0] <= few[0]
    assert many[1] <= few[1]


@examples
@given(situations, durations)
def test_an_agent_who_comes_busy_makes_it_no_longer(
    situation: tuple[int, int, list[float], list[float]], age: float
) -> None:
    place, servers, busy, recent = situation
    busy = busy[:servers]
    without = wait_range(place, servers, busy, recent)
    beside = wait_range(place, servers + 1, [*busy, age], recent)
    assert beside[0] <= without[0]
    assert beside[1] <= without[1]


@pytest.mark.parametrize(
    ("seconds", "minutes"),
    [
        ((0, 0), (0, 1)),
        ((0, 60), (0, 1)),
        ((61, 61), (1, 2)),
        ((60, 60), (1, 2)),
        ((100, 431), (1, 8)),
        ((539, 600), (8, 10)),
        ((599, 601), (9, 15)),
        ((600, 600), (10, 15)),
        ((899, 1501), (10, 30)),
        ((900, 1500), (15, 25)),
    ],
)
def test_minutes_that_are_said(seconds: tuple[int, int], minutes: tuple[int, int]) -> None:
    assert in_minutes(*seconds) == minutes


@given(st.integers(0, 50_000), st.integers(0, 50_000))
def test_what_is_said_holds_the_range(low: int, more: int) -> None:
    first, last = in_minutes(low, low + more)
    assert 60 * first <= low
    assert low + more <= 60 * last
    assert first < last
    for said in (first, last):
        assert said <= 10 or said % 5 == 0


@pytest.mark.parametrize("seconds", [(-1, 5), (6, 5)])
def test_what_is_no_range_is_refused(seconds: tuple[int, int]) -> None:
    with pytest.raises(ValueError, match="no range"):
        in_minutes(*seconds)
