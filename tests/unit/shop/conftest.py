"""The shop's tests run on SQLite and on PostgreSQL, most of them on the demo shop, only reading."""

import contextlib
from collections.abc import Iterator
from datetime import date

import pytest
from sqlalchemy.engine import Engine
from sqlalchemy.orm import Session

from tenin.database import make_engine, migrate, read_transaction, write_transaction
from tenin.shop.models import MIGRATIONS, VERSION_TABLE
from tenin.shop.sample_data import load_sample_data
from tests.databases import database_url, engine, postgres_database, postgres_url, sqlite_url

__all__ = ["database_url", "engine", "postgres_url"]

TODAY = date(2026, 3, 2)


@pytest.fixture(scope="session")
def today() -> date:
    """The day on which the demo shop is loaded."""
    return TODAY


@pytest.fixture(scope="session", params=["sqlite", "postgresql"])
def demo_shop(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Engine]:
    """The demo shop, made once of each kind: for tests that only read."""
    with contextlib.ExitStack() as stack:
        if request.param == "sqlite":
            url = sqlite_url(tmp_path_factory.mktemp("shop"))
        else:
            server = request.getfixturevalue("postgres_url")
            url = stack.enter_context(postgres_database(server))
        engine = make_engine(url)
        stack.callback(engine.dispose)
        migrate(engine, MIGRATIONS, VERSION_TABLE)
        with write_transaction(engine) as session:
            load_sample_data(session, TODAY)
        yield engine


@pytest.fixture
def session(demo_shop: Engine) -> Iterator[Session]:
    """A session on the demo shop that can't write."""
    with read_transaction(demo_shop) as session:
        yield session


@pytest.fixture
def empty_shop(engine: Engine) -> Engine:
    """A shop of a test's own, with tables and nothing in them."""
    migrate(engine, MIGRATIONS, VERSION_TABLE)
    return engine
