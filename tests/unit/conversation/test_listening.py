"""What wakes the tiers on PostgreSQL: the commit itself, whoever made it, and nothing before it."""

from __future__ import annotations

import asyncio
import socket
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass

import pytest
from sqlalchemy import text
from sqlalchemy.engine import Engine

from tenin.channels.hub import Hub
from tenin.clock import utcnow
from tenin.conversation.listening import DatabaseListening, Topic, listen
from tenin.conversation.models import Conversation
from tenin.conversation.transcript import new_conversation
from tenin.conversation.voice import Voice
from tenin.conversation.wake import LOOPBACK, wake
from tenin.database import write_transaction
from tests.unit.conversation.room import Room, after, empty
from tests.unit.conversation.test_wake import free_port

PATIENCE = 30.0


@dataclass
class Ear:
    """A listening, and what it has heard."""

    listening: DatabaseListening
    heard: asyncio.Queue[str]

    async def next(self) -> str:
        return await asyncio.wait_for(self.heard.get(), PATIENCE)


@pytest.fixture
def apart(postgres_engine: Engine, voice: Voice) -> Room:
    """The room on PostgreSQL, empty."""
    empty(postgres_engine)
    return Room(postgres_engine, voice)


async def ear(room: Room, topic: Topic) -> Ear:
    heard: asyncio.Queue[str] = asyncio.Queue()
    listening = await listen(room.engine, 0, topic, heard.put_nowait)
    assert isinstance(listening, DatabaseListening)
    await asyncio.wait_for(listening.up.wait(), PATIENCE)
    return Ear(listening, heard)


@pytest.fixture
async def bot(apart: Room) -> AsyncIterator[Ear]:
    found = await ear(apart, Topic.WAITING)
    yield found
    found.listening.close()


@pytest.fixture
async def web(apart: Room) -> AsyncIterator[Ear]:
    found = await ear(apart, Topic.MOVED)
    yield found
    found.listening.close()


async def test_a_message_wakes_the_bot_and_the_web_tier(apart: Room, bot: Ear, web: Ear) -> None:
    conversation = await asyncio.to_thread(apart.begin)
    assert (await web.next()).startswith(conversation)
    await asyncio.to_thread(apart.accept, conversation, now=after(1))
    assert await bot.next() == conversation
    assert (await web.next()).startswith(conversation)


async def test_what_is_rolled_back_wakes_nobody(apart: Room, web: Ear) -> None:
    def fail() -> None:
        with write_transaction(apart.engine) as session:
            new_conversation(session, "web", "en", utcnow())
            session.flush()
            raise RuntimeError("rolled back")

    with pytest.raises(RuntimeError):
        await asyncio.to_thread(fail)
    conversation = await asyncio.to_thread(apart.begin)
    assert (await web.next()).startswith(conversation), "the first that is heard was committed"


async def test_a_message_for_a_person_and_a_lease_wake_no_bot(apart: Room, bot: Ear) -> None:
    served, other = await asyncio.to_thread(apart.begin), await asyncio.to_thread(apart.begin)
    await asyncio.to_thread(apart.accept, served)
    assert await bot.next() == served
    turn = await asyncio.to_thread(apart.begin_turn)
    await asyncio.to_thread(apart.commit, turn, "hello")
    await asyncio.to_thread(apart.click_person, served)
    await asyncio.to_thread(apart.accept, served)
    await asyncio.to_thread(apart.accept, other)
    assert await bot.next() == other


async def test_a_connection_that_breaks_is_made_anew(apart: Room, web: Ear) -> None:
    def cut() -> None:
        with write_transaction(apart.engine) as session:
            of_listeners = "FROM pg_stat_activity WHERE query LIKE 'LISTEN%'"
            assert session.execute(text(f"SELECT pg_terminate_backend(pid) {of_listeners}")).all()

    await asyncio.to_thread(cut)
    deadline = time.monotonic() + PATIENCE
    while web.heard.empty():
        assert time.monotonic() < deadline
        await asyncio.to_thread(apart.begin)
        await asyncio.sleep(0.05)


async def test_the_hub_tells_once_what_is_heard_and_polled(apart: Room, web: Ear) -> None:
    hub = Hub()
    conversation = await asyncio.to_thread(apart.begin, "en", utcnow())
    word = await web.next()
    with write_transaction(apart.engine) as session:
        at = session.get(Conversation, conversation).updated_at
    with hub.listening(conversation) as behind, hub.listening(conversation) as ahead:
        ahead.has_read(at)
        hub.woken(word)
        assert (await behind.wait(0.01)).moved == {conversation}
        assert not await ahead.wait(0.01), "its stream has read that change already"
        hub.woken(conversation)
        assert (await ahead.wait(0.01)).moved == {conversation}


async def test_beside_sqlite_a_datagram_wakes(sqlite_engine: Engine) -> None:
    heard: asyncio.Queue[str] = asyncio.Queue()
    port = free_port()
    listening = await listen(sqlite_engine, port, Topic.MOVED, heard.put_nowait)
    assert listening is not None
    try:
        with (
            socket.socket(type=socket.SOCK_DGRAM) as other,
            pytest.raises(OSError, match="in use"),
        ):
            other.bind((LOOPBACK, port))
        wake(port, "conversation")
        assert await asyncio.wait_for(heard.get(), PATIENCE) == "conversation"
    finally:
        listening.close()
