"""Signal 9 for the worker, anywhere: each customer hears one answer to each message, in order.

The customer sees nothing but a pause: no answer is missing, none comes twice, none comes after a
person. The agent sees the same lines, and what was given up stands in the queue.
"""

from __future__ import annotations

import contextlib
import itertools
import os
import random
import sqlite3
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import select

from tenin.bot.runtime import Runtime
from tenin.conversation.models import Line
from tenin.conversation.ownership import OwnershipConflict
from tenin.database import read_transaction
from tests.faults.worker_alone import PERSON, expire_leases, settle, start
from tests.invariants import BEGUN_UNDER, check
from tests.unit.bot.inbox_side import InboxSide

KILLS = int(os.environ.get("TENIN_FAULT_KILLS", "150"))
LONGEST = 0.06  # seconds: about what a worker takes from its start to the last of its turns
STEPS = 80
HELP = 0.2  # of the rounds a person is asked for, or comes by themselves


def test_killed_before_each_statement_of_a_turn(here: Runtime) -> None:
    """Accepted, leased, running, saving, committing, committed: each has its statements."""
    inbox = InboxSide(here)
    for step in itertools.count():
        conversation = inbox.conversation_in()
        inbox.receive(conversation, f"one {step}")
        inbox.receive(conversation, PERSON if step % 2 else f"two {step}")
        killed = start(here, done(conversation), die_at=step).wait()
        if not killed:
            assert step > 30, "a turn has more statements than that"
            break
    settle(here)
    check(here.engine)
    in_order(here)


def test_killed_at_any_time(here: Runtime) -> None:
    """Customers write and agents take over meanwhile; at the end everything has its one fate."""
    seed = int(os.environ.get("TENIN_FAULT_SEED", random.randrange(2**32)))
    print(f"TENIN_FAULT_SEED={seed}")
    chance = random.Random(seed)
    inbox = InboxSide(here)
    keys: set[str] = set()
    killed = 0

    def receive(conversation: str, text: str) -> None:
        key = f"key-{len(keys)}"
        inbox.receive(conversation, text, key=key)
        keys.add(key)

    while killed < KILLS:
        conversation = inbox.conversation_in()
        for number in range(chance.randint(1, 3)):
            receive(conversation, PERSON if chance.random() < HELP / 2 else f"message {number}")
        by_step = chance.random() < 0.5
        die_at = chance.randrange(STEPS) if by_step else None
        child = start(here, done(conversation), die_at)
        if chance.random() < 0.3:
            receive(conversation, "and one more")
        if chance.random() < HELP:
            with contextlib.suppress(OwnershipConflict):
                epoch = inbox.conversation(conversation).epoch
                inbox.take(conversation, epoch)
                inbox.say(conversation, "Here I am", f"hello-{len(keys)}")
        if not by_step:
            time.sleep(chance.uniform(0, LONGEST))
            child.kill()
        killed += child.wait()
        if chance.random() < 0.1:
            expire_leases(here)
    settle(here)
    check(here.engine, keys=keys)
    in_order(here)


def test_the_invariants_are_seen_broken(here: Runtime) -> None:
    """So that a database in which something was lost or doubled does not pass."""
    inbox = InboxSide(here)
    conversation = inbox.conversation_in()
    inbox.receive(conversation, "hello", key="one")
    with pytest.raises(AssertionError, match="never answered"):
        check(here.engine)
    settle(here)
    check(here.engine, keys={"one"})
    with pytest.raises(AssertionError, match="acknowledged and lost"):
        check(here.engine, keys={"one", "two"})
    for wrong in (
        "UPDATE inbox SET status = 'person'",
        "UPDATE inbox SET status = 'failed'",
        "UPDATE inbox SET line_number = 9",
        "UPDATE outbox SET epoch = 7",
        "UPDATE conversation SET last_line = 3",
        "DELETE FROM outbox",
        "DELETE FROM tracker_event",
        "UPDATE line SET author = 'agent' WHERE author = 'customer'",
        "INSERT INTO tracker_event (conversation_id, inbox_id, event)"
        " SELECT conversation_id, inbox_id, event FROM tracker_event",
    ):
        undo = here.engine.url.database
        here.engine.dispose()
        saved = Path(undo).read_bytes()
        with here.engine.begin() as connection:
            connection.exec_driver_sql(wrong)
        with pytest.raises(AssertionError):
            check(here.engine)
        here.engine.dispose()
        Path(undo).write_bytes(saved)
        check(here.engine)


def done(conversation: str) -> Callable[[sqlite3.Connection], bool]:
    """Whether nothing of a conversation waits."""
    wanted = "SELECT count(*) FROM inbox WHERE status = 'waiting' AND conversation_id = ?"
    return lambda database: database.execute(wanted, (conversation,)).fetchone() == (0,)


def in_order(here: Runtime) -> None:
    """Each conversation was answered in the order in which it was written."""
    with read_transaction(here.engine) as session:
        lines = list(
            session.execute(select(Line).order_by(Line.conversation_id, Line.number)).scalars()
        )
    for _, each in itertools.groupby(lines, lambda line: line.conversation_id):
        talk = list(each)
        said = [line.text for line in talk if line.author == "customer"]
        answered = [
            BEGUN_UNDER.sub("", line.text).strip().removeprefix("you said: ")
            for line in talk
            if line.author == "bot"
        ]
        rest = iter(said)
        assert all(text in rest for text in answered), (said, answered)
