"""Databases for the tests of the rooms that keep data, on SQLite and on PostgreSQL.

A `conftest.py` takes what it needs by import, and overrides `database_url` or builds on it:

    from tests.databases import database_url, engine, postgres_url  # noqa: F401

`engine` runs a test twice, on an empty SQLite file and on an empty PostgreSQL database. One
PostgreSQL server serves a pytest process (under pytest-xdist each worker has its own).
"""

import contextlib
import itertools
import os
from collections.abc import Iterator
from pathlib import Path

import psycopg2
import pytest
from sqlalchemy.engine import Engine, make_url

from tenin.database import make_engine
from tests.postgres import PostgresMissing, start_postgres

_numbers = itertools.count(1)


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    """Start the PostgreSQL server of this pytest process; give the URL of its own database.

    Without a server the test is skipped, or fails if TENIN_REQUIRE_ALL is 1.
    """
    with contextlib.ExitStack() as stack:
        try:
            url = stack.enter_context(start_postgres())
        except PostgresMissing as missing:
            if os.environ.get("TENIN_REQUIRE_ALL") == "1":
                pytest.fail(str(missing))
            pytest.skip(str(missing))
        yield url


@contextlib.contextmanager
def postgres_database(server_url: str) -> Iterator[str]:
    """Make an empty database on a running server; give its URL; drop it afterwards."""
    name = f"test_{os.getpid()}_{next(_numbers)}"
    _administer(server_url, f"CREATE DATABASE {name} TEMPLATE template0")
    try:
        yield make_url(server_url).set(database=name).render_as_string(hide_password=False)
    finally:
        _administer(server_url, f"DROP DATABASE {name} WITH (FORCE)")


def sqlite_url(folder: Path) -> str:
    """Return the URL of an SQLite file, not there yet, in a folder."""
    return f"sqlite:///{folder / 'tenin.db'}"


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """Give the URL of an empty database of each kind."""
    if request.param == "sqlite":
        yield sqlite_url(tmp_path)
        return
    with postgres_database(request.getfixturevalue("postgres_url")) as url:
        yield url


@pytest.fixture
def engine(database_url: str) -> Iterator[Engine]:
    """Give an engine on an empty database of each kind."""
    engine = make_engine(database_url)
    yield engine
    engine.dispose()


def _administer(server_url: str, statement: str) -> None:
    connection = psycopg2.connect(server_url)
    try:
        connection.autocommit = True  # CREATE and DROP DATABASE allow no transaction
        with connection.cursor() as cursor:
            cursor.execute(statement)
    finally:
        connection.close()
