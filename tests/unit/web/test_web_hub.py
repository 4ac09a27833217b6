"""The poll that needs no wake-up: it finds what moved, late or not, and tells it once."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import TypeVar

import pytest
from sqlalchemy.engine import Engine
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from tenin.channels.hub import Hub
from tenin.clock import utcnow
from tenin.conversation.models import Conversation
from tenin.conversation.transcript import new_conversation
from tenin.database import Read, make_engine, read_transaction, write_transaction
from tests.databases import sqlite_url

T = TypeVar("T")


@pytest.fixture
def engine(databases: Path, tmp_path: Path) -> Iterator[Engine]:
    """An engine on a copy of the prepared database."""
    shutil.copy(databases / "tenin.db", tmp_path / "tenin.db")
    engine = make_engine(sqlite_url(tmp_path))
    yield engine
    engine.dispose()


def written(engine: Engine, at: datetime) -> str:
    with write_transaction(engine) as session:
        return str(new_conversation(session, "web", "en", at).id)


def reading(engine: Engine) -> Read:
    async def read(work: Callable[[Session], T]) -> T:
        with read_transaction(engine) as session:
            return work(session)

    return read


async def moved(hub: Hub, engine: Engine) -> set[str]:
    with hub.listening(None) as listener:
        await hub.poll(reading(engine))
        return (await listener.wait(0.01)).moved


async def test_what_moved_is_told_once(engine: Engine) -> None:
    hub = Hub()
    first = written(engine, utcnow())
    assert await moved(hub, engine) == {first}
    assert await moved(hub, engine) == set()
    second = written(engine, utcnow())
    with write_transaction(engine) as session:
        session.get(Conversation, first).updated_at = utcnow()
    assert await moved(hub, engine) == {first, second}
    assert await moved(hub, engine) == set()


async def test_a_writer_that_waited_for_its_turn_is_not_missed(engine: Engine) -> None:
    hub = Hub()
    assert await moved(hub, engine) == set()
    late = written(engine, utcnow() - timedelta(seconds=8))
    assert await moved(hub, engine) == {late}
    with write_transaction(engine) as session:  # and one that was begun even earlier
        session.get(Conversation, late).updated_at = utcnow() - timedelta(seconds=9)
    assert await moved(hub, engine) == {late}


async def test_a_poll_that_failed_leaves_no_gap(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tenin.channels.hub.OVERLAP", timedelta(0))
    hub = Hub()
    conversation = written(engine, utcnow())
    _rename(engine, "conversation", "elsewhere")
    with pytest.raises(OperationalError):
        await hub.poll(reading(engine))
    _rename(engine, "elsewhere", "conversation")
    assert await moved(hub, engine) == {conversation}


async def test_what_is_long_past_is_not_read_again(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tenin.channels.hub.OVERLAP", timedelta(0))
    hub = Hub()
    conversation = written(engine, utcnow())
    await hub.poll(reading(engine))
    assert hub._seen.keys() == {conversation}
    await hub.poll(reading(engine))
    assert hub._seen == {}


async def test_the_poll_leaves_alone_who_has_read_it(engine: Engine) -> None:
    hub = Hub()
    at = utcnow()
    conversation = written(engine, at)
    with hub.listening(conversation) as ahead, hub.listening(conversation) as behind:
        ahead.has_read(at)
        behind.has_read(at - timedelta(seconds=1))
        await hub.poll(reading(engine))
        assert not await ahead.wait(0.01)
        assert (await behind.wait(0.01)).moved == {conversation}
        with write_transaction(engine) as session:
            session.get(Conversation, conversation).updated_at = utcnow()
        await hub.poll(reading(engine))
        assert (await ahead.wait(0.01)).moved == {conversation}


async def test_each_listener_hears_of_its_own(engine: Engine) -> None:
    hub = Hub()
    with hub.listening("one") as one, hub.listening("one") as again, hub.listening(None) as all_:
        hub.moved("one")
        hub.moved("two")
        hub.moved("one")
        assert (await one.wait(0.01)).moved == (await again.wait(0.01)).moved == {"one"}
        assert (await all_.wait(0.01)).moved == {"one", "two"}
        assert not await one.wait(0.01)
    hub.moved("one")
    assert not await one.wait(0.01)


async def test_a_signal_is_heard_by_who_listens_and_by_nobody_else(engine: Engine) -> None:
    hub = Hub()
    with hub.listening("one") as one, hub.listening("two") as two, hub.listening(None) as all_:
        hub.signal("one", "typing", who="customer")
        hub.signal("", "agents")
        assert [signal.name for signal in (await one.wait(0.01)).signals] == ["typing"]
        assert not await two.wait(0.01)
        heard = (await all_.wait(0.01)).signals
        assert [(signal.conversation_id, signal.name) for signal in heard] == [
            ("one", "typing"),
            ("", "agents"),
        ]


def _rename(engine: Engine, old: str, new: str) -> None:
    with engine.begin() as connection:
        connection.exec_driver_sql(f"ALTER TABLE {old} RENAME TO {new}")
