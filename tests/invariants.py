"""What must hold of a database of conversations after any fault: nothing lost, nothing doubled.

`check` looks at the tables alone, whoever wrote them: the whole system, a worker without a model,
a web tier without a bot. It raises AssertionError with what is wrong.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Mapping
from typing import Any

from sqlalchemy import select
from sqlalchemy.engine import Engine

from tenin.conversation.models import (
    Conversation,
    Handoff,
    InboxRow,
    Line,
    OutboxRow,
    TrackerEvent,
)
from tenin.database import read_transaction

Row = Mapping[str, Any]

# How a bot of the tests says under which epoch its turn began.
BEGUN_UNDER = re.compile(r"\[begun under (\d+)\]$")
SETTLED = {"done", "person", "failed", "erased"}


def check(engine: Engine, settled: bool = True, keys: set[str] | None = None) -> None:
    """Hold a database against all of the invariants.

    Args:
        engine: of the database.
        settled: whether everything that was accepted must have come to its end by now.
        keys: the external ids of all that was acknowledged, where a test knows them.
    """
    with read_transaction(engine) as session:
        conversations, inbox, lines, outbox, events, handoffs = (
            [dict(row) for row in session.execute(select(model.__table__)).mappings()]
            for model in (Conversation, InboxRow, Line, OutboxRow, TrackerEvent, Handoff)
        )
    _every_message_has_one_fate(inbox, settled)
    _accepted_once(inbox, lines, keys)
    _what_failed_is_seen(inbox, handoffs)
    _lines_are_whole(conversations, lines, outbox)
    _no_reply_twice(inbox, lines, outbox, events)
    _no_reply_begun_before_a_person_came(lines, outbox)


def _every_message_has_one_fate(inbox: list[Row], settled: bool) -> None:
    fates = Counter(row["status"] for row in inbox)
    assert set(fates) <= SETTLED | {"waiting"}, fates
    assert not settled or not fates["waiting"], f"accepted and never answered: {fates}"
    for row in inbox:
        assert (row["done_at"] is None) == (row["status"] == "waiting"), row


def _accepted_once(inbox: list[Row], lines: list[Row], keys: set[str] | None) -> None:
    given = Counter((row["channel"], row["account"], row["external_id"]) for row in inbox)
    assert set(given.values()) <= {1}, given.most_common(3)
    said = Counter(
        (line["conversation_id"], line["key"])
        for line in lines
        if line["author"] == "customer" and line["key"] is not None
    )
    assert set(said.values()) <= {1}, said.most_common(3)
    own = {(line["conversation_id"], line["number"]) for line in lines}
    for row in inbox:
        if row["line_number"] is not None:
            assert (row["conversation_id"], row["line_number"]) in own, row
    if keys is not None:
        there = {row["external_id"] for row in inbox}
        assert keys <= there, f"acknowledged and lost: {sorted(keys - there)[:5]}"


def _what_failed_is_seen(inbox: list[Row], handoffs: list[Row]) -> None:
    """A message that was given up has brought its conversation before a person."""
    seen = {each["conversation_id"] for each in handoffs if each["reason"] == "turn_failed"}
    for row in inbox:
        assert row["status"] != "failed" or row["conversation_id"] in seen, row


def _lines_are_whole(conversations: list[Row], lines: list[Row], outbox: list[Row]) -> None:
    numbers: dict[str, list[int]] = defaultdict(list)
    for line in lines:
        numbers[line["conversation_id"]].append(line["number"])
    for conversation in conversations:
        found = sorted(numbers[conversation["id"]])
        assert found == list(range(1, conversation["last_line"] + 1)), conversation["id"]
    chat = [row for row in outbox if row["channel"] != "email"]
    going_out = Counter((row["conversation_id"], row["line_number"]) for row in chat)
    for line in lines:
        expected = 0 if line["author"] in ("customer", "note") else 1
        at = (line["conversation_id"], line["number"])
        assert going_out[at] == expected, (line["author"], line["text"])


def _no_reply_twice(
    inbox: list[Row], lines: list[Row], outbox: list[Row], events: list[Row]
) -> None:
    """A message's turn was committed once if it is done, and not at all else."""
    said = {(line["conversation_id"], line["number"]): line for line in lines}
    commits: dict[int, set[Any]] = defaultdict(set)
    for row in outbox:
        line = said[row["conversation_id"], row["line_number"]]
        if line["author"] == "bot":
            commits[row["inbox_id"]].add(line["at"])  # a commit has one moment for all it writes
    heard = Counter(
        each["inbox_id"] for each in events if each["event"]["event"] == "user"
    )  # erasing a conversation takes these too
    for row in inbox:
        if row["status"] == "erased":
            continue
        done = row["status"] == "done"
        assert heard[row["id"]] == int(done), (row["status"], heard[row["id"]], row["text"])
        assert len(commits[row["id"]]) <= int(done), (row["status"], row["text"])


def _no_reply_begun_before_a_person_came(lines: list[Row], outbox: list[Row]) -> None:
    epochs = {(row["conversation_id"], row["line_number"]): row["epoch"] for row in outbox}
    shown = [line for line in lines if line["visibility"] == "all"]
    served = {
        (line["conversation_id"], epochs[line["conversation_id"], line["number"]])
        for line in shown
        if line["author"] == "agent"
    }
    for line in shown:
        if line["author"] != "bot":
            continue
        epoch = epochs[line["conversation_id"], line["number"]]
        assert (line["conversation_id"], epoch) not in served, line["text"]
        begun = BEGUN_UNDER.search(line["text"])
        assert begun is None or int(begun[1]) == epoch, (line["text"], epoch)
