"""Limits on proving an order one's own: each count alone, and kept across restarts."""

from datetime import timedelta

import pytest
from sqlalchemy import text
from sqlalchemy.engine import Engine

from tenin.clock import utcnow
from tenin.conversation.identity import ProofTry, begin_proof, failed_tries, mark_proved
from tenin.database import make_engine, read_transaction, write_transaction
from tests.unit.conversation.room import after, at_once, new_key

WINDOW = timedelta(minutes=15)
FAILURES = 5


def attempt(
    engine: Engine,
    *,
    seconds: float = 0,
    message: str | None = None,
    conversation: str | None = None,
    order: str | None = None,
    address: str | None = None,
) -> ProofTry:
    """One try, with nothing in common with another but what is given."""
    with write_transaction(engine) as session:
        return begin_proof(
            session,
            message_id=message or new_key(),
            conversation_id=conversation or new_key(),
            order_number=order or new_key(),
            address=address or new_key(),
            failures=FAILURES,
            window=WINDOW,
            now=after(seconds),
        )


SHARED = pytest.mark.parametrize(
    "shared", [{"conversation": "c1"}, {"order": "SO1042"}, {"address": "192.0.2.7"}]
)


@SHARED
def test_five_failures_close_the_door_by_each_count_alone(
    engine: Engine, shared: dict[str, str]
) -> None:
    for number in range(FAILURES):
        assert attempt(engine, seconds=60 * number, **shared) == ProofTry(True)
    assert attempt(engine, seconds=300, **shared) == ProofTry(False, 10)
    assert attempt(engine, seconds=301, **shared) == ProofTry(False, 10)
    assert attempt(engine, seconds=301) == ProofTry(True)  # somebody else's


@SHARED
def test_the_door_opens_when_the_window_has_passed(engine: Engine, shared: dict[str, str]) -> None:
    for number in range(FAILURES):
        attempt(engine, seconds=60 * number, **shared)
    for second in (400, 600, 899.9):  # trying at a closed door does not keep it closed
        refused = attempt(engine, seconds=second, **shared)
        assert not refused.allowed
        assert 0 < refused.wait_minutes <= 9
    assert attempt(engine, seconds=899.9, **shared) == ProofTry(False, 1)
    assert attempt(engine, seconds=900, **shared) == ProofTry(True)
    assert attempt(engine, seconds=901, **shared) == ProofTry(False, 1)  # the next leaves at 960
    assert attempt(engine, seconds=901 + 60, **shared) == ProofTry(True)


def test_the_wait_it_names_is_enough(engine: Engine) -> None:
    for number in range(FAILURES):
        attempt(engine, seconds=7 * number, conversation="c1")
    refused = attempt(engine, seconds=100, conversation="c1")
    second = 100 + 60 * refused.wait_minutes
    assert attempt(engine, seconds=second - 61, conversation="c1").allowed is False
    assert attempt(engine, seconds=second, conversation="c1").allowed is True


def test_the_longest_of_the_waits_counts(engine: Engine) -> None:
    for _ in range(FAILURES):
        attempt(engine, seconds=0, conversation="c1")
        attempt(engine, seconds=240, order="SO1042")
    assert attempt(engine, seconds=300, conversation="c1", order="SO1042") == ProofTry(False, 14)
    assert attempt(engine, seconds=300, conversation="c1") == ProofTry(False, 10)


@SHARED
def test_proved_tries_do_not_count(engine: Engine, shared: dict[str, str]) -> None:
    for number in range(FAILURES * 2):
        assert attempt(engine, message=f"m{number}", **shared).allowed
        with write_transaction(engine) as session:
            mark_proved(session, f"m{number}")
    for _ in range(FAILURES):
        assert attempt(engine, **shared).allowed
    assert not attempt(engine, **shared).allowed


def test_a_turn_that_runs_again_is_the_same_try(engine: Engine) -> None:
    for _ in range(10):
        assert attempt(engine, message="inbox-1", conversation="c1").allowed
    for number in range(2, FAILURES + 1):
        assert attempt(engine, message=f"inbox-{number}", conversation="c1").allowed
    assert not attempt(engine, message="inbox-9", conversation="c1").allowed
    # The last one allowed runs again too, though the door has closed behind it.
    assert attempt(engine, message=f"inbox-{FAILURES}", conversation="c1").allowed


def test_a_proof_stays_proved_when_its_turn_runs_again(engine: Engine) -> None:
    for number in range(FAILURES):
        attempt(engine, message=f"inbox-{number}", conversation="c1")
    with write_transaction(engine) as session:
        mark_proved(session, "inbox-2")
    assert attempt(engine, seconds=5, message="inbox-2", conversation="c1").allowed
    assert attempt(engine, seconds=6, conversation="c1").allowed  # four failures so far
    assert not attempt(engine, seconds=7, conversation="c1").allowed


def test_a_try_counts_as_failed_until_it_is_proved(engine: Engine) -> None:
    now = utcnow()

    def tries(window: timedelta = WINDOW) -> int:
        with read_transaction(engine) as session:
            return failed_tries(session, "c1", window)

    assert tries() == 0
    for number in range(3):
        with write_transaction(engine) as session:
            begin_proof(
                session,
                message_id=f"m{number}",
                conversation_id="c1",
                order_number="SO1042",
                address=None,
                failures=FAILURES,
                window=WINDOW,
                now=now - timedelta(minutes=10 * number),
            )
    assert tries() == 2
    assert tries(timedelta(hours=1)) == 3
    with write_transaction(engine) as session:
        mark_proved(session, "m0")
    assert tries() == 1


def test_without_addresses_they_do_not_count_together(engine: Engine) -> None:
    for number in range(FAILURES * 2):
        with write_transaction(engine) as session:
            done = begin_proof(
                session,
                message_id=f"m{number}",
                conversation_id=f"c{number}",
                order_number=f"SO{number}",
                address=None,
                failures=FAILURES,
                window=WINDOW,
                now=after(number),
            )
        assert done.allowed


def test_a_restart_forgets_nothing(engine: Engine) -> None:
    for _ in range(FAILURES):
        attempt(engine, order="SO1042")
    engine.dispose()
    restarted = make_engine(engine.url.render_as_string(hide_password=False))
    try:
        assert attempt(restarted, seconds=1, order="SO1042") == ProofTry(False, 15)
    finally:
        restarted.dispose()


def test_the_order_number_is_not_kept(engine: Engine) -> None:
    attempt(engine, order="SO1042")
    with read_transaction(engine) as session:
        row = session.execute(text("SELECT * FROM proof_attempt")).one()
    assert not any("SO1042" in str(value) for value in row)


@SHARED
def test_tries_at_the_same_moment_are_all_counted(engine: Engine, shared: dict[str, str]) -> None:
    tried = at_once(3 * FAILURES, lambda _: attempt(engine, **shared))
    assert all(isinstance(one, ProofTry) for one in tried), tried
    assert sum(isinstance(one, ProofTry) and one.allowed for one in tried) == FAILURES
