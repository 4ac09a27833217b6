"""The poll that needs no wake-up: it finds what moved, late or not, and tells it once."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy.engine import Engine
from sqlalchemy.exc import OperationalError

from tenin.channels.hub import Hub
from tenin.clock import utcnow
from tenin.conversation.models import Conversation
from tenin.conversation.transcript import new_conversation
from tenin.database import make_engine, write_transaction
from tests.databases import sqlite_url


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


async def moved(hub: Hub) -> set[str]:
    with hub.listening(None) as listener:
        await hub.poll()
        return await listener.wait(0.01)


async def test_what_moved_is_told_once(engine: Engine) -> None:
    hub = Hub(engine)
    first = written(engine, utcnow())
    assert await moved(hub) == {first}
    assert await moved(hub) == set()
    second = written(engine, utcnow())
    with write_transaction(engine) as session:
        session.get(Conversation, first).updated_at = utcnow()
    assert await moved(hub) == {first, second}
    assert await moved(hub) == set()


async def test_a_writer_that_waited_for_its_turn_is_not_missed(engine: Engine) -> None:
    hub = Hub(engine)
    assert await moved(hub) == set()
    late = written(engine, utcnow() - timedelta(seconds=8))
    assert await moved(hub) == {late}
    with write_transaction(engine) as session:  # and one that was begun even earlier
        session.get(Conversation, late).updated_at = utcnow() - timedelta(seconds=9)
    assert await moved(hub) == {late}


async def test_a_poll_that_failed_leaves_no_gap(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tenin.channels.hub.OVERLAP", timedelta(0))
    hub = Hub(engine)
    conversation = written(engine, utcnow())
    _rename(engine, "conversation", "elsewhere")
    with pytest.raises(OperationalError):
        await hub.poll()
    _rename(engine, "elsewhere", "conversation")
    assert await moved(hub) == {conversation}


async def test_what_is_long_past_is_not_read_again(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tenin.channels.hub.OVERLAP", timedelta(0))
    hub = Hub(engine)
    conversation = written(engine, utcnow())
    await hub.poll()
    assert hub._seen.keys() == {conversation}
    await hub.poll()
    assert hub._seen == {}


async def test_each_listener_hears_of_its_own(engine: Engine) -> None:
    hub = Hub(engine)
    with hub.listening("one") as one, hub.listening("one") as again, hub.listening(None) as all_:
        hub.moved("one")
        hub.moved("two")
        hub.moved("one")
        assert await one.wait(0.01) == await again.wait(0.01) == {"one"}
        assert await all_.wait(0.01) == {"one", "two"}
        assert await one.wait(0.01) == set()
    hub.moved("one")
    assert await one.wait(0.01) == set()


def _rename(engine: Engine, old: str, new: str) -> None:
    with engine.begin() as connection:
        connection.exec_driver_sql(f"ALTER TABLE {old} RENAME TO {new}")
