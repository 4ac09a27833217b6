"""The buckets that limit what is sent: never more than allowed, never less, in bounded memory."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tenin.channels.limits import MINUTE, Buckets, Limits
from tenin.settings_limits import LimitsSettings

rates = st.integers(1, 1_000)
pauses = st.lists(st.floats(0, 120), min_size=1, max_size=60)


def try_one(buckets: Buckets, key: str, now: float) -> bool:
    if buckets.wait(key, now) > 0:
        return False
    buckets.take(key, now)
    return True


@given(rate=rates, pauses=pauses, tries=st.integers(1, 40))
def test_never_more_than_a_minute_at_once_and_what_has_come_back(
    rate: int, pauses: list[float], tries: int
) -> None:
    buckets, now, taken = Buckets(rate), 0.0, []
    for pause in pauses:
        now += pause
        taken += [now for _ in range(tries) if try_one(buckets, "a", now)]
    for i, begin in enumerate(taken):
        for j in range(i, len(taken)):
            allowed = rate + (taken[j] - begin) * rate / MINUTE
            assert j - i + 1 <= allowed + 1e-3


@given(rate=rates, pauses=pauses)
def test_one_who_waits_as_told_is_let_through_and_not_long_before(
    rate: int, pauses: list[float]
) -> None:
    buckets, now = Buckets(rate), 0.0
    for pause in pauses:
        now += pause
        while try_one(buckets, "a", now):
            pass
        wait = buckets.wait("a", now)
        assert 0 < wait <= MINUTE / rate + 1e-6
        assert buckets.wait("a", now + wait * 0.99 - 1e-3) > 0 or wait < 1e-2
        assert try_one(buckets, "a", now + wait)
        now += wait


@given(rate=rates, count=st.integers(1, 50))
def test_keys_do_not_share(rate: int, count: int) -> None:
    buckets = Buckets(rate)
    while try_one(buckets, "flood", 0):
        pass
    assert all(try_one(buckets, str(number), 0) for number in range(count))


@given(
    keys=st.lists(st.integers(0, 30), max_size=200),
    pauses=st.lists(st.floats(0, 100), min_size=200, max_size=200),
)
def test_a_bucket_that_is_forgotten_was_full_or_memory_is(
    keys: list[int], pauses: list[float]
) -> None:
    bounded, free = Buckets(3, most_keys=10), Buckets(3, most_keys=10_000)
    now = 0.0
    for key, pause in zip(keys, pauses, strict=False):
        now += pause
        try_one(bounded, str(key), now)
        assert len(bounded) <= 10
        try_one(free, str(key), now)
        if len(free) < 10:
            others = range(31)
            assert [bounded.wait(str(k), now) for k in others] == [
                free.wait(str(k), now) for k in others
            ]


def test_a_flood_of_new_addresses_is_held_in_bounded_memory() -> None:
    buckets = Buckets(60, most_keys=1_000)
    for number in range(50_000):
        assert try_one(buckets, str(number), number / 1e6)
    assert len(buckets) == 1_000
    assert try_one(buckets, "later", 1e6)
    assert len(buckets) == 1


def test_a_clock_that_goes_back_gives_nothing_away() -> None:
    buckets = Buckets(2)
    assert try_one(buckets, "a", 100)
    assert try_one(buckets, "a", 100)
    assert not try_one(buckets, "a", 50)


@pytest.mark.parametrize("kind", ["messages", "uploads"])
def test_who_is_refused_takes_nothing_from_others(kind: str) -> None:
    now = 0.0
    of = {f"{kind}_by_session": 2, f"{kind}_by_address": 4, f"{kind}_by_shop": 5}
    limits = Limits(LimitsSettings(**of), lambda: now)
    assert [limits.ask(kind, ["flood", "home", ""]) for _ in range(30)][:3] == [0, 0, 30]
    assert limits.ask(kind, ["quiet", "home", ""]) == 0  # the address has two of four left
    assert limits.ask(kind, ["other", "home", ""]) == 0
    assert limits.ask(kind, ["third", "home", ""]) == 15
    assert limits.ask(kind, ["far", "away", ""]) == 0  # and the shop one of five
    assert limits.ask(kind, ["far", "away", ""]) == 12
    now = 12.0
    assert limits.ask(kind, ["far", "away", ""]) == 0


def test_nought_is_no_limit() -> None:
    limits = Limits(LimitsSettings(sessions_by_address=0, sessions_by_shop=0))
    assert {limits.ask("sessions", ["home", ""]) for _ in range(100_000)} == {0}


def test_a_wait_is_whole_seconds_at_least_one() -> None:
    limits = Limits(LimitsSettings(sessions_by_address=1_000, sessions_by_shop=0), lambda: 0.0)
    waits = [limits.ask("sessions", ["home", ""]) for _ in range(1_001)]
    assert math.ceil(waits[-1]) == 1
