"""The conversation room's tests run on SQLite and PostgreSQL, with the project's own wording.

The room's migrations run once per kind of database; each test begins with empty tables.
"""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.engine import Engine

from tenin.conversation.models import metadata
from tenin.conversation.voice import Voice
from tenin.database import make_engine, migrate
from tests.databases import engine, postgres_database, postgres_url, sqlite_url
from tests.unit.conversation.room import MIGRATIONS, PROJECT, VERSION_TABLE, Room

__all__ = ["engine", "postgres_url"]


@pytest.fixture(scope="session")
def migrated_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An SQLite file with the room's empty tables, to copy."""
    folder = tmp_path_factory.mktemp("migrated")
    _migrate(sqlite_url(folder))
    return folder / "tenin.db"


@pytest.fixture(scope="session")
def migrated_server(postgres_url: str) -> Iterator[str]:
    """A PostgreSQL database with the room's tables, emptied for each test."""
    with postgres_database(postgres_url) as url:
        _migrate(url)
        yield url


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URL of a database of each kind with the room's empty tables."""
    if request.param == "sqlite":
        shutil.copy(request.getfixturevalue("migrated_file"), tmp_path / "tenin.db")
        return sqlite_url(tmp_path)
    url: str = request.getfixturevalue("migrated_server")
    engine = make_engine(url)
    names = ", ".join(table.name for table in metadata.sorted_tables)
    with engine.begin() as connection:
        connection.execute(text("SET LOCAL lock_timeout = '5s'"))
        connection.execute(text(f"TRUNCATE {names} RESTART IDENTITY"))
    engine.dispose()
    return url


@pytest.fixture(scope="session")
def voice() -> Voice:
    """The wording and menus of the project."""
    return Voice.load(PROJECT)


@pytest.fixture
def room(engine: Engine, voice: Voice) -> Room:
    """The room on an empty database of each kind."""
    return Room(engine, voice)


def _migrate(url: str) -> None:
    engine = make_engine(url)
    migrate(engine, MIGRATIONS, VERSION_TABLE)
    engine.dispose()
