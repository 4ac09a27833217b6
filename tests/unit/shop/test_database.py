"""Engines, transactions, the UTC type and migrations, on both databases."""

import contextlib
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest
from sqlalchemy import Column, Integer, MetaData, Table, inspect, select, text
from sqlalchemy.engine import Engine
from sqlalchemy.exc import DBAPIError, StatementError

from tenin.database import (
    SchemaError,
    UTCDateTime,
    check_schema,
    make_engine,
    migrate,
    read_transaction,
    write_transaction,
)

notes = Table(
    "notes",
    MetaData(),
    Column("id", Integer, primary_key=True),
    Column("at", UTCDateTime),
)

ENV = '"""Made for a test."""\nfrom tenin.database import run_migrations\n\nrun_migrations()\n'
REVISION = '''"""Made for a test."""
import sqlalchemy as sa
from alembic import op

revision = "{revision}"
down_revision = {down!r}


def upgrade():
    {upgrade}
'''
CREATE = "op.create_table('{0}', sa.Column('id', sa.Integer, primary_key=True))"


@pytest.fixture
def notes_table(engine: Engine) -> Table:
    notes.metadata.create_all(engine)
    return notes


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A migrations folder with one revision, and a name that needs care."""
    folder = tmp_path / "100% room" / "migrations"
    (folder / "versions").mkdir(parents=True)
    (folder / "env.py").write_text(ENV)
    add_revision(folder, "a1", None, CREATE.format("first"))
    return folder


def add_revision(folder: Path, revision: str, down: str | None, upgrade: str) -> None:
    source = REVISION.format(revision=revision, down=down, upgrade=upgrade)
    (folder / "versions" / f"{revision}.py").write_text(source)


def fail() -> None:
    raise ArithmeticError


def count(engine: Engine) -> int:
    with read_transaction(engine) as session:
        return len(session.execute(select(notes)).all())


def test_a_write_commits_and_an_error_rolls_it_back(engine: Engine, notes_table: Table) -> None:
    with write_transaction(engine) as session:
        session.execute(notes.insert().values(at=None))
    with contextlib.suppress(ArithmeticError), write_transaction(engine) as session:
        session.execute(notes.insert().values(at=None))
        fail()
    assert count(engine) == 1


def test_a_savepoint_is_undone_alone(engine: Engine, notes_table: Table) -> None:
    with write_transaction(engine) as session:
        session.execute(notes.insert().values(id=1))
        with contextlib.suppress(ArithmeticError), session.begin_nested():
            session.execute(notes.insert().values(id=2))
            fail()
    assert count(engine) == 1


def test_a_read_transaction_refuses_writing_and_leaves_the_connection_able_to(
    engine: Engine, notes_table: Table
) -> None:
    with pytest.raises(DBAPIError), read_transaction(engine) as session:
        session.execute(notes.insert().values(at=None))
    assert engine.pool.checkedout() == 0
    with write_transaction(engine) as session:
        session.execute(notes.insert().values(at=None))
    with engine.begin() as connection:
        connection.execute(notes.insert().values(at=None))
    assert count(engine) == 2


def test_a_read_transaction_sees_one_snapshot(engine: Engine, notes_table: Table) -> None:
    with read_transaction(engine) as reading:
        assert reading.execute(select(notes)).all() == []
        with write_transaction(engine) as writing:
            writing.execute(notes.insert().values(at=None))
        assert reading.execute(select(notes)).all() == []
    assert count(engine) == 1


def test_writers_wait_for_one_another(engine: Engine, notes_table: Table) -> None:
    """Read, then write what was read plus one: with a deferred BEGIN, SQLite would refuse."""
    with write_transaction(engine) as session:
        session.execute(notes.insert().values(id=1))

    def raise_by_one(_: int) -> None:
        with write_transaction(engine) as session:
            statement = select(notes.c.id).with_for_update()
            value = session.execute(statement).scalar_one()
            time.sleep(0.002)
            session.execute(notes.update().values(id=value + 1))

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(raise_by_one, range(20)))
    with read_transaction(engine) as session:
        assert session.execute(select(notes.c.id)).scalar_one() == 21


def test_a_reader_is_not_kept_waiting_by_a_writer(engine: Engine, notes_table: Table) -> None:
    with write_transaction(engine) as session:
        session.execute(notes.insert().values(at=None))
        with ThreadPoolExecutor(1) as pool:
            assert pool.submit(count, engine).result(timeout=2) == 0


def test_moments_come_back_aware_and_in_utc(engine: Engine, notes_table: Table) -> None:
    moment = datetime(2026, 3, 1, 7, 30, 15, 123456, tzinfo=timezone(timedelta(hours=8)))
    with write_transaction(engine) as session:
        session.execute(text("SELECT 1"))
        session.execute(notes.insert().values(id=1, at=moment))
        session.execute(notes.insert().values(id=2, at=None))
    with read_transaction(engine) as session:
        stored = session.execute(select(notes.c.at).order_by(notes.c.id)).scalars().all()
        assert stored == [moment, None]
        assert stored[0].utcoffset() == timedelta(0)
        later = select(notes.c.id).where(notes.c.at > moment - timedelta(microseconds=1))
        assert session.execute(later).scalars().all() == [1]


def test_a_naive_moment_is_refused(engine: Engine, notes_table: Table) -> None:
    with pytest.raises(StatementError, match="time zone"), write_transaction(engine) as session:
        session.execute(notes.insert().values(at=datetime(2026, 3, 1)))


def test_sqlite_is_set_up_in_a_new_folder(tmp_path: Path) -> None:
    engine = make_engine(f"sqlite:///{tmp_path}/new/folder/shop.db")
    with engine.connect() as connection:
        settings = {
            name: connection.exec_driver_sql(f"PRAGMA {name}").scalar_one()
            for name in ("journal_mode", "busy_timeout", "foreign_keys", "synchronous")
        }
    engine.dispose()
    assert settings == {
        "journal_mode": "wal",
        "busy_timeout": 5000,
        "foreign_keys": 1,
        "synchronous": 1,
    }


def test_how_long_a_writer_waits_is_set_by_the_url(tmp_path: Path) -> None:
    engine = make_engine(f"sqlite:///{tmp_path}/shop.db?timeout=0.25")
    with engine.connect() as connection:
        assert connection.exec_driver_sql("PRAGMA busy_timeout").scalar_one() == 250
    engine.dispose()


@pytest.mark.parametrize("given", ["soon", "0", "-1", "601", "nan", "inf"])
def test_a_wait_that_is_none_is_refused(tmp_path: Path, given: str) -> None:
    with pytest.raises(ValueError, match=r"\?timeout=5"):
        make_engine(f"sqlite:///{tmp_path}/shop.db?timeout={given}")


@pytest.mark.parametrize(
    "url", ["", "no url", "mysql://root:secret@host/shop", "sqlite://", "sqlite:///:memory:"]
)
def test_other_urls_are_refused_in_one_line_without_the_password(url: str) -> None:
    with pytest.raises(ValueError, match="sqlite:///") as caught:
        make_engine(url)
    assert "secret" not in str(caught.value)
    assert "\n" not in str(caught.value)


def test_migrating_makes_the_tables_once(engine: Engine, folder: Path) -> None:
    with pytest.raises(SchemaError, match="run `make run` or `tenin migrate`"):
        check_schema(engine, folder, "room_version")
    migrate(engine, folder, "room_version")
    migrate(engine, folder, "room_version")
    check_schema(engine, folder, "room_version")
    assert set(inspect(engine).get_table_names()) == {"first", "room_version"}


def test_two_rooms_share_a_database(engine: Engine, folder: Path, tmp_path: Path) -> None:
    other = tmp_path / "other"
    (other / "versions").mkdir(parents=True)
    (other / "env.py").write_text(ENV)
    add_revision(other, "z1", None, CREATE.format("others"))
    migrate(engine, folder, "room_version")
    migrate(engine, other, "other_version")
    check_schema(engine, folder, "room_version")
    check_schema(engine, other, "other_version")


def test_a_database_older_than_the_code_is_brought_up(engine: Engine, folder: Path) -> None:
    migrate(engine, folder, "room_version")
    add_revision(folder, "a2", "a1", CREATE.format("second"))
    with pytest.raises(SchemaError, match="run `make run` or `tenin migrate`"):
        check_schema(engine, folder, "room_version")
    migrate(engine, folder, "room_version")
    check_schema(engine, folder, "room_version")
    assert inspect(engine).has_table("second")


def test_a_database_newer_than_the_code_is_refused(engine: Engine, folder: Path) -> None:
    add_revision(folder, "a2", "a1", CREATE.format("second"))
    migrate(engine, folder, "room_version")
    (folder / "versions" / "a2.py").unlink()
    for refuses in (check_schema, migrate):
        with pytest.raises(SchemaError, match="newer Tenin: update the code") as caught:
            refuses(engine, folder, "room_version")
        assert "\n" not in str(caught.value)


def test_a_migration_that_fails_half_way_leaves_nothing(engine: Engine, folder: Path) -> None:
    broken = CREATE.format("half") + "; raise RuntimeError('half-way')"
    add_revision(folder, "a2", "a1", broken)
    with pytest.raises(RuntimeError, match="half-way"):
        migrate(engine, folder, "room_version")
    assert inspect(engine).get_table_names() == []


def test_processes_may_migrate_at_once(database_url: str, folder: Path) -> None:
    start = threading.Barrier(4)

    def one_start(_: int) -> None:
        engine = make_engine(database_url)
        try:
            start.wait()
            migrate(engine, folder, "room_version")
            check_schema(engine, folder, "room_version")
        finally:
            engine.dispose()

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(one_start, range(4)))


def test_a_damaged_file_is_named_in_one_line(tmp_path: Path, folder: Path) -> None:
    (tmp_path / "shop.db").write_bytes(b"this is not a database, only words" * 100)
    engine = make_engine(f"sqlite:///{tmp_path}/shop.db")
    for refuses in (check_schema, migrate):
        with pytest.raises(SchemaError, match=r"shop\.db: .*restore a backup") as caught:
            refuses(engine, folder, "room_version")
        assert "\n" not in str(caught.value)
    engine.dispose()


def test_a_server_that_is_not_there_is_named_without_its_password(folder: Path) -> None:
    engine = make_engine("postgresql://tenin:secret@127.0.0.1:1/tenin")
    with pytest.raises(SchemaError, match="check its URL and that it runs") as caught:
        check_schema(engine, folder, "room_version")
    engine.dispose()
    assert "secret" not in str(caught.value)
    assert "\n" not in str(caught.value)
