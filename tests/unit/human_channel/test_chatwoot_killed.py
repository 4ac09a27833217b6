"""Killed between a call and its commit, and several workers at once: nothing lost or doubled."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import update
from sqlalchemy.engine import Engine

from tenin.conversation import ownership
from tenin.conversation.people import Kind, NobodyKnown
from tenin.conversation.voice import Voice
from tenin.database import write_transaction
from tenin.desk.chatwoot import forwarder as module
from tenin.desk.chatwoot import records
from tenin.desk.chatwoot.api import ChatwootAPI
from tenin.desk.chatwoot.forwarder import Forwarder
from tenin.desk.chatwoot.promises import ChatwootPeople, tell_what_holds
from tenin.desk.models import OtherDesk
from tenin.settings_desk import ChatwootSettings
from tests.unit.conversation.conftest import engine, postgres_engine, postgres_url, sqlite_engine
from tests.unit.conversation.room import PROJECT, Room, after, at_once
from tests.unit.human_channel.chatwoot_server import (
    ACCOUNT,
    INBOX,
    SAM,
    TIMEOUT,
    TOKEN,
    Chatwoot,
)

__all__ = ["engine", "postgres_engine", "postgres_url", "sqlite_engine"]

LEASE = timedelta(seconds=30)
LINES = [f"line {number}" for number in range(4)]


class Killed(BaseException):
    """The process is gone."""


@pytest.fixture
def server() -> Iterator[Chatwoot]:
    """A Chatwoot that nobody is told by."""
    server = Chatwoot()
    server.start()
    server.run_webhooks()
    yield server
    server.close()


@pytest.fixture
def forwarder(server: Chatwoot) -> Iterator[Forwarder]:
    settings = ChatwootSettings(
        url=f"http://127.0.0.1:{server.port}",
        account_id=ACCOUNT,
        inbox_id=INBOX,
        timeout_seconds=TIMEOUT,
    )
    api = ChatwootAPI(settings, TOKEN)
    yield Forwarder(api, LEASE, timedelta(hours=1))
    api.close()


@pytest.fixture(scope="module")
def voice() -> Voice:
    """The project's wording, and what Chatwoot lets promise."""
    return Voice.load(PROJECT, ChatwootPeople(NobodyKnown()))


@pytest.fixture
def room(engine: Engine, voice: Voice) -> Room:
    return Room(engine, voice)


def wait_for_a_person(room: Room) -> str:
    """A customer who asked and wrote on; the conversation's id."""
    conversation = room.begin()
    room.click_person(conversation)
    for number, text in enumerate(LINES, 1):
        room.accept(conversation, text, now=after(number))
    return conversation


def expire(engine: Engine) -> None:
    """Time passes: no lease stands, no wait lasts."""
    long_ago = {"available_at": datetime.fromisoformat("2026-01-01T00:00:00+00:00")}
    with write_transaction(engine) as session:
        session.execute(update(OtherDesk).values(**long_ago))


def killing(monkeypatch: pytest.MonkeyPatch, commit: int) -> list[str]:
    """Let the worker die at its commit of this number, from 0; what it had to commit."""
    names: list[str] = []
    for name in ("save", "finish"):
        real: Callable[..., None] = getattr(records, name)

        def dying(*given: Any, _real: Callable[..., None] = real, _name: str = name, **values: Any):
            names.append(_name)
            if len(names) == commit + 1:
                raise Killed(_name)
            return _real(*given, **values)

        monkeypatch.setattr(records, name, dying)
    return names


@pytest.mark.parametrize("commit", range(9))
def test_killed_before_any_of_its_commits(
    room: Room,
    server: Chatwoot,
    forwarder: Forwarder,
    monkeypatch: pytest.MonkeyPatch,
    commit: int,
) -> None:
    """Contact, conversation, story; five lines and the end of them: nine commits in all."""
    conversation = wait_for_a_person(room)
    with monkeypatch.context() as context:
        names = killing(context, commit)
        with pytest.raises(Killed):
            forwarder.pass_on(room.engine, room.voice)
        assert len(names) == commit + 1
    # While its lease stands nobody goes on; then somebody does.
    asked = len(server.asked)
    assert forwarder.pass_on(room.engine, room.voice) == []
    assert len(server.asked) == asked
    for _ in range(2):
        expire(room.engine)
        forwarder.pass_on(room.engine, room.voice)
    assert len(server.contacts) == len(server.conversations) == 1
    [number] = server.conversations
    assert server.said(number) == ["Talk to a person", *LINES]
    assert len(server.said(number, "note")) == 1
    assert room.conversation(conversation).told_kind == Kind.ELSEWHERE.value


def test_nine_commits_are_all(
    room: Room, server: Chatwoot, forwarder: Forwarder, monkeypatch: pytest.MonkeyPatch
) -> None:
    wait_for_a_person(room)
    names = killing(monkeypatch, 1_000)
    forwarder.pass_on(room.engine, room.voice)
    assert names == ["save", "save", "finish", "save", "save", "save", "save", "save", "finish"]
    assert len(server.messages) == 6


def test_what_was_written_meanwhile_is_not_lost(
    room: Room, server: Chatwoot, forwarder: Forwarder, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The story was sent and its commit lost; the customer wrote on before it was found there."""
    conversation = wait_for_a_person(room)
    with monkeypatch.context() as context:
        killing(context, 2)
        with pytest.raises(Killed):
            forwarder.pass_on(room.engine, room.voice)
    room.accept(conversation, "one more", now=after(9))
    expire(room.engine)
    forwarder.pass_on(room.engine, room.voice)
    [number] = server.conversations
    assert server.said(number) == ["Talk to a person", *LINES, "one more"]
    assert len(server.said(number, "note")) == 1


def test_found_behind_many_newer_messages(
    room: Room, server: Chatwoot, forwarder: Forwarder, monkeypatch: pytest.MonkeyPatch
) -> None:
    conversation = wait_for_a_person(room)
    with monkeypatch.context() as context:
        killing(context, 3)
        with pytest.raises(Killed):
            forwarder.pass_on(room.engine, room.voice)
    [number] = server.conversations

    for count in range(50):
        server.write(number, SAM, f"busy {count}", private=count % 2 == 0)
    expire(room.engine)
    forwarder.pass_on(room.engine, room.voice)
    assert server.said(number) == ["Talk to a person", *LINES]
    assert room.conversation(conversation).owner == "queue"


def test_several_workers_at_once_pass_on_once(
    room: Room, server: Chatwoot, forwarder: Forwarder
) -> None:
    conversations = [wait_for_a_person(room) for _ in range(3)]
    errors = [
        each
        for each in at_once(4, lambda _: forwarder.pass_on(room.engine, room.voice))
        if isinstance(each, BaseException)
    ]
    assert errors == []
    forwarder.pass_on(room.engine, room.voice)
    assert len(server.conversations) == len(server.contacts) == len(conversations)
    for number in server.conversations:
        assert server.said(number) == ["Talk to a person", *LINES]
        assert len(server.said(number, "note")) == 1


def test_several_workers_at_once_tell_once(
    room: Room, server: Chatwoot, forwarder: Forwarder
) -> None:
    conversation = wait_for_a_person(room)
    server.down = True
    forwarder.pass_on(room.engine, room.voice)
    told = at_once(4, lambda _: tell_what_holds(room.engine, room.voice))
    assert sorted(told, key=len) == [[], [], [], [conversation]]
    assert room.conversation(conversation).told_kind == Kind.UNREACHABLE.value


def test_who_has_lost_the_lease_changes_nothing(
    room: Room, server: Chatwoot, forwarder: Forwarder
) -> None:
    conversation = wait_for_a_person(room)
    slow = records.claim(room.engine, conversation, LEASE)
    assert slow is not None
    expire(room.engine)
    forwarder.pass_on(room.engine, room.voice)
    with pytest.raises(records.LeaseLost):
        records.save(room.engine, slow, LEASE, forwarded=0)
    with pytest.raises(records.LeaseLost):
        records.finish(room.engine, slow, open=False)
    assert records.claim(room.engine, conversation, LEASE) is None


def test_the_waits_grow_and_differ(room: Room) -> None:
    conversation = wait_for_a_person(room)
    waits = []
    for _ in range(9):
        expire(room.engine)
        task = records.claim(room.engine, conversation, LEASE)
        assert task is not None
        now = datetime.fromisoformat("2026-11-22T10:00:00+00:00")
        with write_transaction(room.engine) as session:
            records.postpone(session, task, "no answer", now)
            row = session.get(OtherDesk, conversation, populate_existing=True)
            waits.append((row.available_at - now).total_seconds())
    for number, wait in enumerate(waits):
        longest = min(60, 2 * 2**number)
        assert longest / 2 <= wait <= longest
    assert len(set(waits)) == 9


def test_a_colleagues_name_in_the_record(room: Room) -> None:
    """`change_agent`: the record of the service names who has it now, and only an agent's may."""
    conversation = wait_for_a_person(room)
    with room.locked(conversation) as (session, row), pytest.raises(ownership.OwnershipConflict):
        ownership.change_agent(session, row, "chatwoot:2", "Rio", room.voice)
    with room.locked(conversation) as (session, row):
        ownership.take(session, row, row.epoch, "chatwoot:1", "Sam", room.voice)
    with room.locked(conversation) as (session, row):
        ownership.change_agent(session, row, "chatwoot:2", "Rio", room.voice)
        assert ownership.handoffs.current(session, row).agent_name == "Rio"
    now = room.conversation(conversation)
    assert (now.agent_id, now.last_agent_id, now.epoch) == ("chatwoot:2", "chatwoot:2", 3)


def test_one_that_cant_be_told_keeps_no_other_waiting(
    room: Room,
    server: Chatwoot,
    forwarder: Forwarder,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:

    broken, sound = wait_for_a_person(room), wait_for_a_person(room)
    real = module.story

    def story(session: Any, conversation: Any, *rest: Any) -> str:
        if conversation.id == broken:
            raise ValueError("this one can't be worded")
        return real(session, conversation, *rest)

    with monkeypatch.context() as context:
        context.setattr(module, "story", story)
        forwarder.pass_on(room.engine, room.voice)
    assert broken in caplog.text
    notes = {
        server.contacts[row["contact_id"]]["identifier"]: server.said(number, "note")
        for number, row in server.conversations.items()
    }
    assert len(notes[f"tenin-{sound}"]) == 1
    assert notes[f"tenin-{broken}"] == []
    expire(room.engine)
    forwarder.pass_on(room.engine, room.voice)
    assert [len(server.said(number, "note")) for number in server.conversations] == [1, 1]


def test_who_waited_before_there_were_records_is_told_too(
    room: Room, server: Chatwoot, forwarder: Forwarder
) -> None:
    conversation = wait_for_a_person(room)
    with room.locked(conversation) as (_, row):
        row.handoff_id = None
    forwarder.pass_on(room.engine, room.voice)
    [number] = server.conversations
    assert len(server.said(number, "note")) == 1
    assert server.said(number) == LINES[-1:]
    assert all(text in server.said(number, "note")[0] for text in LINES)
