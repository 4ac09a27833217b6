"""How often a password may be tried, by a clock of the test's own, on SQLite and PostgreSQL."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta, timezone

import pytest
from sqlalchemy import select
from sqlalchemy.engine import Engine

from tenin.database import write_transaction
from tenin.desk.attempts import Try, begin_try, is_locked, login_key, mark_succeeded
from tenin.desk.models import SignInAttempt
from tenin.settings import DeskSettings, load_settings

SETTINGS = DeskSettings()
NOW = datetime(2026, 3, 1, 12, tzinfo=timezone.utc)
MINUTE = timedelta(minutes=1)


class Clock:
    """Tries at moments of the test's own."""

    def __init__(self, engine: Engine, settings: DeskSettings = SETTINGS) -> None:
        self.engine, self.settings, self.now = engine, settings, NOW

    def attempt(self, login: str = "mei", address: str | None = None, good: bool = False) -> Try:
        with write_transaction(self.engine) as session:
            found = begin_try(session, login, address, self.settings, self.now)
            if good and found.id is not None:
                mark_succeeded(session, found)
            return found

    def fails(self, times: int, login: str = "mei", address: str | None = None) -> None:
        for _ in range(times):
            assert self.attempt(login, address).id is not None

    def waits(self, login: str = "mei", address: str | None = None) -> int:
        found = self.attempt(login, address)
        assert found.id is None
        return found.wait_seconds


@pytest.fixture
def clock(engine: Engine) -> Clock:
    return Clock(engine)


def test_the_door_opens_when_the_oldest_of_the_last_five_leaves_the_window(clock: Clock) -> None:
    for _ in range(5):
        clock.fails(1)
        clock.now += MINUTE
    assert clock.waits() == 10 * 60
    clock.now += 10 * MINUTE - timedelta(seconds=1)
    assert clock.waits() == 1
    clock.now += timedelta(seconds=1)
    clock.fails(1)
    assert clock.waits() == 60  # the next of the five


def test_asking_during_the_wait_does_not_lengthen_it(clock: Clock) -> None:
    clock.fails(5)
    for _ in range(20):
        clock.waits()
    clock.now += 15 * MINUTE
    clock.fails(1)


def test_a_success_is_forgiven_to_the_login_but_not_to_the_address(clock: Clock) -> None:
    clock.fails(4, "mei", "192.0.2.1")
    assert clock.attempt("mei", "192.0.2.1", good=True).id is not None
    clock.fails(4, "mei", "192.0.2.1")
    for number in range(12):
        clock.fails(1, f"other{number}", "192.0.2.1")
    assert clock.waits("nobody", "192.0.2.1") == 15 * 60
    assert clock.attempt("mei", "192.0.2.2", good=True).id is not None
    clock.fails(5, "lin")
    assert clock.waits("lin", "192.0.2.3") == 15 * 60


def test_the_longer_of_two_waits_is_told(clock: Clock) -> None:
    for number in range(20):
        clock.fails(1, f"other{number}", "192.0.2.1")
    clock.now += 10 * MINUTE
    clock.fails(5, "mei", "192.0.2.9")
    assert clock.waits("mei", "192.0.2.1") == 15 * 60
    clock.now += 5 * MINUTE
    assert clock.waits("mei", "192.0.2.1") == 10 * 60


@pytest.mark.parametrize(
    ("address", "same", "other"),
    [
        ("192.0.2.1", "192.0.2.1", "192.0.2.2"),
        ("2001:db8:1:2::1", "2001:db8:1:2:ffff:ffff::", "2001:db8:1:3::1"),
        ("@socket" * 20, "@socket" * 20, "@another"),
    ],
)
def test_what_is_one_address(engine: Engine, address: str, same: str, other: str) -> None:
    clock = Clock(engine, DeskSettings(sign_in_failures_by_address=1))
    clock.fails(1, "a", address)
    clock.waits("b", same)
    clock.fails(1, "c", other)
    clock.fails(1, "d", None)  # none known: none counted
    clock.fails(1, "e", None)


def test_what_is_past_is_forgotten(clock: Clock, engine: Engine) -> None:
    clock.fails(3)
    clock.now += 15 * MINUTE
    clock.fails(1)
    with write_transaction(engine) as session:
        assert len(session.execute(select(SignInAttempt)).scalars().all()) == 1
        assert not is_locked(session, "mei", SETTINGS, clock.now)
    clock.fails(4)
    with write_transaction(engine) as session:
        assert is_locked(session, "mei", SETTINGS, clock.now)
        assert not is_locked(session, "mei", SETTINGS, clock.now + 15 * MINUTE)


def test_of_many_at_once_no_more_than_five_go_ahead(clock: Clock) -> None:
    with ThreadPoolExecutor(10) as crowd:
        found = list(crowd.map(lambda _: clock.attempt("mei", "192.0.2.1"), range(10)))
    assert sum(attempt.id is not None for attempt in found) == 5


def test_minutes_are_rounded_up() -> None:
    assert [Try(None, seconds).wait_minutes for seconds in (1, 60, 61, 900)] == [1, 1, 2, 15]


def test_a_login_is_counted_however_it_is_written_and_kept_as_no_text(tmp_path: object) -> None:
    settings = load_settings(tmp_path, {"TENIN_SECRET": "a secret of the tests, long enough"})
    other = load_settings(tmp_path, {"TENIN_SECRET": "another secret, just as long as it is"})
    key = login_key(settings, " Mei ")
    assert key == login_key(settings, "mei")
    assert key != login_key(settings, "lin")
    assert key != login_key(other, "mei")
    assert len(key) == 64
    assert len(login_key(settings, "\ud800" * 10_000)) == 64
