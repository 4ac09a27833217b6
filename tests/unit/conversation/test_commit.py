"""A turn commits once and whole, and only what was said to the bot reaches the customer."""

import json
from typing import Any

import psycopg2
import pytest
from sqlalchemy import event, select, text
from sqlalchemy.exc import DBAPIError, StatementError

from tenin.conversation import turns
from tenin.conversation.models import TrackerEvent
from tenin.conversation.transcript import Reply
from tenin.conversation.turns import Outcome
from tenin.database import read_transaction
from tests.unit.conversation.room import Room, after, breaks_whole, events_of


def tracker_events(room: Room, conversation: str) -> list[dict[str, Any]]:
    with read_transaction(room.engine) as session:
        wanted = select(TrackerEvent.event).where(TrackerEvent.conversation_id == conversation)
        return list(session.execute(wanted.order_by(TrackerEvent.id)).scalars())


def test_a_commit_writes_all_that_the_turn_did(room: Room) -> None:
    conversation = room.begin()
    accepted = room.accept(conversation, "recommend something")
    turn = room.begin_turn()
    card = {"kind": "product", "title": "Coat", "price": 329.0, "currency": "CNY"}
    reply = Reply("A coat?", [("Yes", "/affirm"), ("No", "/deny")], [card])
    events = events_of(turn, "A coat?")
    outcome = Outcome(events, events, [reply, Reply("Or a hat?")])
    assert turns.commit(room.engine, turn, outcome, room.voice, after(2)) is True

    _, coat, hat = room.lines(conversation)
    assert (coat.number, coat.author, coat.text, coat.visibility) == (2, "bot", "A coat?", "all")
    assert [button["title"] for button in coat.buttons] == ["Yes", "No"]
    assert all(set(button) == {"id", "title"} for button in coat.buttons)  # no payload goes out
    assert coat.cards == [card]
    assert (hat.number, hat.text, hat.buttons, hat.cards) == (3, "Or a hat?", [], [])
    assert coat.at == hat.at == after(2)
    for outgoing, number in zip(room.outbox(conversation), (2, 3), strict=True):
        assert (outgoing.line_number, outgoing.status) == (number, "pending")
        assert (outgoing.inbox_id, outgoing.epoch) == (accepted.inbox_id, 0)
    [row] = room.rows(conversation)
    assert (row.status, row.done_at, row.error) == ("done", after(2), None)
    found = room.conversation(conversation)
    assert (found.owner, found.epoch, found.last_line) == ("bot", 0, 3)
    assert (found.lease_token, found.lease_until) == (None, None)
    assert tracker_events(room, conversation) == room.load(conversation) == events


def test_the_next_turn_adds_to_the_log_and_replaces_the_snapshot(room: Room) -> None:
    conversation = room.begin()
    room.answer(conversation)
    first = room.load(conversation)
    room.accept(conversation, "and now?")
    turn = room.begin_turn()
    new = events_of(turn, "well")
    outcome = Outcome(new, [{"event": "session_started"}], [Reply("well")], loaded=len(first))
    turns.commit(room.engine, turn, outcome, room.voice)
    assert tracker_events(room, conversation) == [*first, *new]
    assert room.load(conversation) == [{"event": "session_started"}]


def test_a_turn_that_says_nothing_is_done_all_the_same(room: Room) -> None:
    conversation = room.begin()
    room.accept(conversation)
    assert room.commit(room.begin_turn())
    assert room.statuses(conversation) == ["done"]
    assert room.outbox(conversation) == []


def test_a_wish_for_a_person_leaves_with_the_replies(room: Room) -> None:
    conversation = room.begin()
    room.accept(conversation, "a person please")
    room.accept(conversation, "hello?")
    turn = room.begin_turn()
    assert room.commit(turn, "Of course.", wanted="complaint", now=after(4)) is True
    found = room.conversation(conversation)
    assert (found.owner, found.epoch, found.reason, found.asked) == ("queue", 1, "complaint", 1)
    assert found.waiting_since == after(4)
    assert [line.author for line in room.lines(conversation)][2:] == ["bot", "system"]
    assert [row.status for row in room.outbox(conversation)] == ["pending", "pending"]
    assert room.statuses(conversation) == ["done", "person"]
    assert room.claim(after(5)) is None


def test_a_commit_that_breaks_anywhere_writes_nothing(room: Room) -> None:
    conversation = room.begin()
    room.answer(conversation)
    room.accept(conversation, "a person please")
    room.accept(conversation, "hello?")
    turn = room.begin_turn()
    outcome = room.outcome(turn, "Of course.", "One moment.", wanted="asked")
    current = breaks_whole(
        room, lambda: turns.commit(room.engine, turn, outcome, room.voice, after(1))
    )
    assert current is True
    assert room.statuses(conversation) == ["done", "done", "person"]
    assert room.said(conversation, "bot") == ["hello to you", "Of course.", "One moment."]
    assert len(room.said(conversation, "system")) == 1


def test_what_cannot_be_kept_is_not_half_kept(room: Room) -> None:
    """An event that is no JSON: the message waits, and is answered once afterwards."""
    conversation = room.begin()
    room.accept(conversation, "hello")
    turn = room.begin_turn()
    before = room.dump()
    bad = {"event": "slot", "name": "size", "value": object()}
    with pytest.raises(StatementError, match="JSON serializable"):
        room.commit(turn, "It fits.", extra=(bad,), now=after(1))
    assert room.dump() == before
    assert room.statuses(conversation) == ["waiting"]
    again = room.begin_turn(after(11))
    assert again.message_id == turn.message_id
    assert room.commit(again, "It fits.", now=after(12))
    assert room.said(conversation, "bot") == ["It fits."]
    assert room.claim(after(13)) is None


@pytest.mark.parametrize("words", ["INSERT INTO line", "UPDATE inbox", "UPDATE conversation"])
def test_a_connection_that_breaks_in_the_middle(room: Room, words: str) -> None:
    """The server ends the connection (or the file's is closed) just before a statement."""
    conversation = room.begin()
    room.accept(conversation, "hello")
    turn = room.begin_turn()
    outcome = room.outcome(turn, "hi", wanted="asked")
    before = room.dump()
    cut: list[str] = []

    def break_it(connection: Any, _cursor: Any, sql: str, *_: Any) -> None:
        if sql.startswith(words) and not cut:
            cut.append(sql)
            raw = connection.connection.connection
            if room.engine.dialect.name == "sqlite":
                raw.close()
            else:
                end_backend(room, raw.get_backend_pid())

    event.listen(room.engine, "before_cursor_execute", break_it)
    try:
        with pytest.raises(DBAPIError):
            turns.commit(room.engine, turn, outcome, room.voice, after(1))
    finally:
        event.remove(room.engine, "before_cursor_execute", break_it)
    assert cut
    room.engine.dispose()
    assert room.dump() == before
    assert turns.commit(room.engine, turn, outcome, room.voice, after(2))
    assert room.statuses(conversation) == ["done"]
    assert room.said(conversation, "bot") == ["hi"]


def end_backend(room: Room, pid: int) -> None:
    url = room.engine.url.set(drivername="postgresql").render_as_string(hide_password=False)
    connection = psycopg2.connect(url)
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_terminate_backend(%s)", [pid])
    finally:
        connection.close()


def test_the_log_is_stored_as_it_was_said(room: Room) -> None:
    conversation = room.begin("zh-Hans")
    room.accept(conversation, "衣服太大了 😀\n'; DROP TABLE line; --")
    turn = room.begin_turn()
    room.commit(turn, "换小一号吧：“M”码")
    assert [line.text for line in room.lines(conversation)] == [turn.text, "换小一号吧：“M”码"]
    assert tracker_events(room, conversation)[0]["text"] == turn.text
    with read_transaction(room.engine) as session:
        stored = session.execute(text("SELECT event FROM tracker_event")).scalars().first()
    assert json.loads(stored) if isinstance(stored, str) else stored
