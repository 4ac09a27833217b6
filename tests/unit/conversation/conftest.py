"""The conversation room's tests run on SQLite and PostgreSQL, with the project's own wording.

The room's migrations run once per kind of database, and one engine serves all tests of a process;
each begins with empty tables.
"""

from collections.abc import Iterator

import pytest
from sqlalchemy.engine import Engine

from tenin.conversation.models import MIGRATIONS, VERSION_TABLE
from tenin.conversation.voice import Voice
from tenin.database import make_engine, migrate
from tests.databases import postgres_database, postgres_url, sqlite_url
from tests.unit.conversation.room import PROJECT, Room, TwoMinutes, empty

__all__ = ["postgres_url"]


@pytest.fixture(scope="session")
def sqlite_engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    """An engine on an SQLite file with the room's tables."""
    yield from _migrated(sqlite_url(tmp_path_factory.mktemp("conversation")))


@pytest.fixture(scope="session")
def postgres_engine(postgres_url: str) -> Iterator[Engine]:
    """An engine on a PostgreSQL database with the room's tables."""
    with postgres_database(postgres_url) as url:
        yield from _migrated(url)


@pytest.fixture(params=["sqlite", "postgresql"])
def engine(request: pytest.FixtureRequest) -> Engine:
    """An engine on each kind of database, the room's tables empty."""
    name = "sqlite_engine" if request.param == "sqlite" else "postgres_engine"
    engine: Engine = request.getfixturevalue(name)
    empty(engine)
    return engine


@pytest.fixture(scope="session")
def voice() -> Voice:
    """The wording and menus of the project."""
    return Voice.load(PROJECT, TwoMinutes())


@pytest.fixture
def room(engine: Engine, voice: Voice) -> Room:
    """The room on an empty database of each kind."""
    return Room(engine, voice)


def _migrated(url: str) -> Iterator[Engine]:
    engine = make_engine(url)
    migrate(engine, MIGRATIONS, VERSION_TABLE)
    yield engine
    engine.dispose()
