"""A conversation's messages are handled one at a time, in order, by one leased worker."""

import contextlib
import threading
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import event
from sqlalchemy.engine import Engine

from tenin.clock import utcnow
from tenin.conversation import turns
from tenin.conversation.turns import LeaseLost, Turn
from tests.unit.conversation.room import LEASE, Room, after, at_once, breaks_whole

LONG = timedelta(minutes=5)


def test_nothing_waits(room: Room) -> None:
    room.begin()
    before = room.dump()
    assert room.claim() is None
    assert room.dump() == before


def test_a_turn_carries_its_message(room: Room) -> None:
    conversation = room.begin()
    room.answer(conversation)
    accepted = room.accept(
        conversation,
        "怎么退货",
        kind="button",
        payload="/faq/returns",
        language="zh-Hans",
        address="::1",
    )
    turn = room.begin_turn(after(1))
    assert turn.conversation_id == conversation
    assert (turn.inbox_id, turn.message_id) == (accepted.inbox_id, f"inbox-{accepted.inbox_id}")
    assert (turn.kind, turn.text, turn.payload) == ("button", "怎么退货", "/faq/returns")
    assert (turn.channel, turn.language, turn.address) == ("web", "zh-Hans", "::1")
    assert (turn.attempt, turn.epoch, turn.recent) == (1, 0, ("hello to you",))
    found = room.conversation(conversation)
    assert (found.lease_token, found.lease_until) == (turn.token, after(11))


def test_one_conversation_one_at_a_time_and_in_order(room: Room) -> None:
    conversation = room.begin()
    rows = [room.accept(conversation, f"message {number}").inbox_id for number in range(3)]
    for row in rows:
        turn = room.begin_turn()
        assert turn.inbox_id == row
        assert room.claim() is None
        room.commit(turn, f"answer to {row}")
    assert room.claim() is None
    assert room.statuses(conversation) == ["done"] * 3
    assert room.said(conversation, "bot") == [f"answer to {row}" for row in rows]


def test_conversations_run_beside_each_other_the_longest_waiting_first(room: Room) -> None:
    conversations = [room.begin() for _ in range(3)]
    order = [2, 0, 1]
    for number in order:
        room.accept(conversations[number])
    taken = [room.begin_turn().conversation_id for _ in order]
    assert taken == [conversations[number] for number in order]
    assert room.claim() is None


def test_a_message_that_backs_off_holds_back_those_behind_it(room: Room) -> None:
    conversation, other = room.begin(), room.begin()
    first = room.accept(conversation, "first").inbox_id
    room.accept(conversation, "second")
    turn = room.begin_turn()
    turns.release(room.engine, turn, "x" * 5_000, timedelta(seconds=4), after(1))
    row = room.rows(conversation)[0]
    assert (row.status, row.available_at, len(row.error)) == ("waiting", after(5), 2_000)
    assert room.conversation(conversation).lease_token is None
    room.accept(other, "another customer's")
    assert room.begin_turn(after(4)).conversation_id == other
    assert room.claim(after(4.9)) is None
    again = room.begin_turn(after(5))
    assert (again.inbox_id, again.attempt, again.text) == (first, 2, "first")
    room.commit(again, "sorry for the delay", now=after(5))
    assert room.rows(conversation)[0].error is None
    assert room.begin_turn(after(5)).text == "second"


def test_a_turn_that_is_no_longer_ones_own_is_not_released(room: Room) -> None:
    conversation = room.begin()
    room.accept(conversation)
    old = room.begin_turn()
    room.begin_turn(after(11))
    before = room.dump()
    turns.release(room.engine, old, "too late", timedelta(seconds=1), after(12))
    assert room.dump() == before


def test_the_lease_runs_out_and_the_old_worker_writes_nothing(room: Room) -> None:
    conversation = room.begin()
    room.accept(conversation)
    old = room.begin_turn()
    assert room.claim(after(10)) is None
    new = room.begin_turn(after(10.1))
    assert (new.inbox_id, new.attempt) == (old.inbox_id, 2)
    assert new.token != old.token
    before = room.dump()
    with pytest.raises(LeaseLost, match=old.message_id):
        room.commit(old, "from the old worker", now=after(10.2))
    assert room.dump() == before
    assert room.commit(new, "from the new worker", now=after(11))
    with pytest.raises(LeaseLost):
        room.commit(old, "from the old worker", now=after(12))
    assert room.said(conversation, "bot") == ["from the new worker"]


def test_a_late_commit_counts_while_nobody_else_took_the_message(room: Room) -> None:
    conversation = room.begin()
    room.accept(conversation)
    turn = room.begin_turn()
    assert room.commit(turn, "slow but sure", now=after(60))
    assert room.claim(after(61)) is None
    with pytest.raises(LeaseLost):
        room.commit(turn, "again", now=after(62))


def test_a_renewed_lease_stands(room: Room) -> None:
    conversation = room.begin()
    room.accept(conversation)
    turn = room.begin_turn()
    assert turns.renew(room.engine, turn, LEASE, after(8))
    assert room.claim(after(18)) is None
    new = room.begin_turn(after(18.1))
    before = room.dump()
    assert not turns.renew(room.engine, turn, LEASE, after(19))
    assert room.dump() == before
    room.commit(new, "done", now=after(20))
    assert not turns.renew(room.engine, new, LEASE, after(21))


def test_workers_claiming_at_once_never_get_the_same_conversation(room: Room) -> None:
    conversations = [room.begin() for _ in range(6)]
    for conversation in conversations * 3:
        room.accept(conversation)

    def claim_all(_: int) -> list[Turn]:
        mine = []
        while turn := room.claim(lease=LONG):
            mine.append(turn)
        return mine

    answers = at_once(4, claim_all)
    taken = Counter(turn.conversation_id for mine in answers for turn in mine)
    # A worker may look while others hold all that is free, so what is left is taken after.
    taken.update(turn.conversation_id for turn in claim_all(0))
    assert taken == Counter(conversations)


def test_workers_in_a_crowd_answer_each_message_once_and_in_order(room: Room) -> None:
    conversations = [room.begin() for _ in range(5)]
    for number in range(4):
        for conversation in conversations:
            room.accept(conversation, f"{number}", now=utcnow())
    holders: dict[str, int] = {}
    guard = threading.Lock()
    faults: list[str] = []
    deadline = time.monotonic() + 30

    def work(worker: int) -> int:
        done = 0
        while time.monotonic() < deadline:
            turn = room.claim(utcnow(), LONG)
            if turn is None:
                if all(set(room.statuses(each)) == {"done"} for each in conversations):
                    return done
                time.sleep(0.005)
                continue
            with guard:
                if turn.conversation_id in holders:
                    faults.append(f"two workers in {turn.conversation_id}")
                holders[turn.conversation_id] = worker
            attempt = turn.attempt
            if attempt == 1 and turn.inbox_id % 4 == 0:
                with guard:
                    del holders[turn.conversation_id]
                turns.release(room.engine, turn, "fault", timedelta(milliseconds=20))
                continue
            outcome = room.outcome(turn, f"answer to {turn.text}")
            with guard:
                del holders[turn.conversation_id]
            turns.commit(room.engine, turn, outcome, room.voice)
            done += 1
        raise TimeoutError

    answers = at_once(4, work)
    assert sum(answers) == 20, answers
    assert faults == []
    for conversation in conversations:
        assert room.said(conversation, "bot") == [f"answer to {number}" for number in range(4)]
        assert [line.number for line in room.lines(conversation)] == list(range(1, 9))


def test_after_the_last_attempt_a_person_gets_it(room: Room) -> None:
    conversation = room.begin()
    room.accept(conversation, "the one that breaks the bot")
    room.accept(conversation, "the next")
    for attempt in range(1, 4):
        turn = room.claim(after(11 * attempt), attempts=3)
        assert turn is not None
        assert turn.attempt == attempt
    assert room.claim(after(43), attempts=3) is None  # the third lease stands
    assert room.claim(after(44), attempts=3) is None
    assert room.statuses(conversation) == ["failed", "person"]
    found = room.conversation(conversation)
    assert (found.owner, found.reason, found.epoch) == ("queue", "turn_failed", 1)
    assert (found.lease_token, found.lease_until, found.waiting_since) == (None, None, after(44))
    sorry, told = room.said(conversation, "system")
    wordings = room.voice.responses.variations["utter_turn_failed"]
    assert sorry in {wording.text for wording in wordings}
    assert "1" in told  # the place
    assert found.priority == 2
    assert room.outbox(conversation)[0].status == "pending"
    before = room.dump()
    with pytest.raises(LeaseLost):
        room.commit(turn, "too late", now=after(50))
    assert room.claim(after(1_000), attempts=3) is None
    assert room.dump() == before


def test_giving_up_on_one_conversation_takes_the_next(room: Room) -> None:
    broken, sound = room.begin(), room.begin()
    room.accept(broken)
    assert room.begin_turn().attempt == 1
    room.accept(sound)

    def claim() -> Turn | None:
        return room.claim(after(11), attempts=1)

    turn = breaks_whole(room, claim)
    assert turn is not None
    assert turn.conversation_id == sound
    assert room.statuses(broken) == ["failed"]
    assert room.conversation(broken).owner == "queue"


@contextlib.contextmanager
def slow_look(engine: Engine, seconds: float) -> Iterator[threading.Event]:
    """Let PostgreSQL sleep between the snapshot in which a claim looks and the lock it takes."""
    looking = threading.Event()

    def slow(_connection: Any, _cursor: Any, sql: str, parameters: Any, *_: Any) -> Any:
        if "SKIP LOCKED" in sql and not looking.is_set():
            looking.set()
            nap = f"WHERE (SELECT pg_sleep({seconds})) IS NOT NULL AND inbox.status"
            slowed = sql.replace("WHERE inbox.status", nap, 1)
            assert slowed != sql
            return slowed, parameters
        return sql, parameters

    event.listen(engine, "before_cursor_execute", slow, retval=True)
    try:
        yield looking
    finally:
        event.remove(engine, "before_cursor_execute", slow)


@pytest.mark.parametrize("engine", ["postgresql"], indirect=True)
@pytest.mark.parametrize("meanwhile", ["answered", "given back", "taken over"])
def test_a_claim_that_looked_before_another_finished(room: Room, meanwhile: str) -> None:
    """What it saw is old by the time it has the lock: the message is not taken a second time."""
    conversation = room.begin()
    room.accept(conversation, "first")
    turn = room.begin_turn()
    outcome = room.outcome(turn, "answer")
    with slow_look(room.engine, 0.8) as looking, ThreadPoolExecutor(1) as pool:
        claim = pool.submit(room.claim, after(11))  # the lease has run out
        assert looking.wait(10)
        time.sleep(0.2)
        if meanwhile == "answered":
            turns.commit(room.engine, turn, outcome, room.voice, after(11))
        elif meanwhile == "given back":
            turns.release(room.engine, turn, "fault", timedelta(seconds=4), after(11))
        else:
            room.take(conversation, 0)
        assert claim.result(30) is None
    expected = {"answered": "done", "given back": "waiting", "taken over": "person"}
    [row] = room.rows(conversation)
    assert (row.status, row.attempts) == (expected[meanwhile], 1)
