"""The clock is set back an hour: nobody waits that hour, and nothing is done twice."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tenin.conversation import turns
from tenin.conversation.leases import LONGEST_PAUSE, SKEW
from tenin.conversation.turns import LeaseLost
from tests.unit.conversation.room import LEASE, START, Room, after

HOUR = 3600.0
BACK = after(-HOUR)


def test_what_was_accepted_before_is_taken_at_once(room: Room) -> None:
    conversation = room.begin()
    room.accept(conversation, "hello")
    turn = room.begin_turn(BACK)
    assert turn.text == "hello"
    assert room.commit(turn, "hello to you", now=BACK)
    assert room.statuses(conversation) == ["done"]


def test_a_worker_that_died_before_is_not_waited_for(room: Room) -> None:
    conversation = room.begin()
    room.accept(conversation, "hello")
    dead = room.begin_turn()
    turn = room.begin_turn(BACK)
    assert turn.inbox_id == dead.inbox_id
    with pytest.raises(LeaseLost):  # it lived after all
        room.commit(dead, "too late", now=BACK)
    assert room.commit(turn, "hello to you", now=BACK)
    assert room.said(conversation, "bot") == ["hello to you"]


def test_a_worker_that_lives_keeps_what_it_renews(room: Room) -> None:
    room.accept(room.begin(), "hello")
    turn = room.begin_turn()
    assert turns.renew(room.engine, turn, LEASE, BACK)
    assert room.claim(BACK) is None
    assert room.commit(turn, "hello to you", now=BACK)


def test_a_lease_of_a_clock_a_little_ahead_stands(room: Room) -> None:
    room.accept(room.begin(), "hello")
    room.begin_turn()
    assert room.claim(START - SKEW) is None
    assert room.claim(START - SKEW - LONGEST_PAUSE) is None
    assert room.claim(START - SKEW - LONGEST_PAUSE - timedelta(seconds=1)) is not None


def test_a_pause_before_the_next_try_is_as_long_as_it_was(room: Room) -> None:
    room.accept(room.begin(), "hello")
    turns.release(room.engine, room.begin_turn(), "fault", timedelta(seconds=4), after(0))
    assert room.claim(after(1)) is None
    assert room.claim(START - LONGEST_PAUSE) is None
    assert room.claim(BACK) is not None


def test_a_customer_who_waits_is_told_so(room: Room) -> None:
    conversation = room.begin()
    room.accept(conversation, "hello")
    before = BACK - timedelta(seconds=8)
    assert room.slow(before, BACK) == [conversation]
    assert room.tell_slow(conversation, before, BACK)
    assert not room.tell_slow(conversation, before, BACK)
    assert len(room.said(conversation, "system")) == 1


def test_also_of_a_message_that_a_dead_worker_had(room: Room) -> None:
    conversation = room.begin()
    room.accept(conversation, "hello")
    room.begin_turn()
    assert room.slow(BACK - timedelta(seconds=8), BACK) == [conversation]
