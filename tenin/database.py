"""The database under every room: engines, transactions, the UTC column type, migrations.

`make_engine` opens SQLite or PostgreSQL by URL; `write_transaction` and `read_transaction` give
the sessions that the rooms (`tenin.shop`, `tenin.conversation`) work with; `migrate` and
`check_schema` bring a room's tables up to date, or refuse a database of another age, at start.
"""

import sqlite3
import time
import zlib
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import datetime, timezone
from functools import partial
from pathlib import Path
from typing import Any, Protocol, TypeVar

from alembic import command, context
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine, event, text
from sqlalchemy.engine import URL, Connection, Dialect, Engine, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError
from sqlalchemy.orm import Session
from sqlalchemy.pool import QueuePool
from sqlalchemy.types import DateTime, TypeDecorator

T = TypeVar("T")

BUSY_TIMEOUT_MS = 5_000
MIGRATION_BUSY_TIMEOUT_MS = 60_000
LONGEST_BUSY_TIMEOUT_MS = 600_000
# A server that is gone without a word is noticed within a minute, also by who only listens.
KEEPALIVE = {"keepalives_idle": 30, "keepalives_interval": 10, "keepalives_count": 3}

REMEDY_OLDER = "run `make run` or `tenin migrate`"
REMEDY_NEWER = "this database was written by a newer Tenin: update the code or restore a backup"


class SchemaError(Exception):
    """The database can't be used as it is; the message is one line and names the remedy."""


class UTCDateTime(TypeDecorator):  # type: ignore[misc]
    """A moment in time: aware datetimes in, aware UTC datetimes out.

    PostgreSQL stores `timestamp with time zone`; SQLite stores the naive UTC time, whose text
    sorts as the moments do. A naive datetime is refused with ValueError.
    """

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Turn an aware datetime into what the database stores."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"a moment needs a time zone, this one has none: {value!r}")
        utc = value.astimezone(timezone.utc)
        return utc.replace(tzinfo=None) if dialect.name == "sqlite" else utc

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Turn what the database stores into an aware UTC datetime."""
        if value is None:
            return None
        if value.tzinfo is None:
            return value.replace(tzinfo=timezone.utc)
        return value.astimezone(timezone.utc)


def make_engine(url: str) -> Engine:
    """Return the engine for a database URL, `sqlite:///path` or `postgresql://…`.

    For SQLite the folder of the file is created, and `?timeout=` says how many seconds one that
    writes waits for another (5). Raises ValueError for any other URL, with a message that shows no
    password.
    """
    try:
        parsed = make_url(url)
    except ArgumentError:
        raise ValueError(
            "the database URL can't be read; write sqlite:///var/tenin.db "
            "or postgresql://user@host/name"
        ) from None
    if parsed.drivername in ("sqlite", "sqlite+pysqlite"):
        if parsed.database in (None, "", ":memory:"):
            raise ValueError("SQLite needs a file, as in sqlite:///var/tenin.db")
        Path(parsed.database).parent.mkdir(parents=True, exist_ok=True)
        busy_ms = busy_timeout_ms(parsed)
        engine = create_engine(
            parsed,
            future=True,
            hide_parameters=True,
            connect_args={
                "check_same_thread": False,
                "timeout": busy_ms / 1000,
                "isolation_level": None,  # pysqlite begins nothing by itself: _begin_sqlite does
            },
            poolclass=QueuePool,
        )
        event.listen(engine, "connect", partial(_configure_sqlite, busy_ms))
        event.listen(engine, "begin", _begin_sqlite)
        return engine
    if parsed.drivername in ("postgresql", "postgresql+psycopg2", "postgres"):
        return create_engine(
            parsed.set(drivername="postgresql+psycopg2"),
            future=True,
            hide_parameters=True,  # what customers wrote is in no error, and so in no log
            pool_pre_ping=True,
            connect_args={"connect_timeout": 5, **KEEPALIVE},
        )
    raise ValueError(
        f"Tenin keeps its data in SQLite or PostgreSQL, not in {parsed.drivername!r}: "
        "use a URL that begins with sqlite:/// or postgresql://"
    )


class Read(Protocol):
    """Runs work on one snapshot of a database, off the event loop."""

    async def __call__(self, work: Callable[[Session], T]) -> T:
        """Give what the work gives."""


@contextmanager
def write_transaction(engine: Engine) -> Iterator[Session]:
    """Give a session whose one transaction may write; commit at the end, roll back on an error.

    On SQLite it starts with BEGIN IMMEDIATE, so that it waits for another writer at its start and
    not in its middle, where SQLite would refuse at once. On PostgreSQL it is a plain BEGIN.
    """
    with Session(engine, future=True, expire_on_commit=False) as session, session.begin():
        session.connection(execution_options={"sqlite_begin": "BEGIN IMMEDIATE"})
        yield session


@contextmanager
def read_transaction(engine: Engine) -> Iterator[Session]:
    """Give a session that sees one snapshot of the database; a write in it is an error."""
    options: dict[str, Any] = {"sqlite_begin": "BEGIN", "sqlite_query_only": True}
    if engine.dialect.name == "postgresql":
        options = {"postgresql_readonly": True, "isolation_level": "REPEATABLE READ"}
    with Session(engine, future=True, expire_on_commit=False) as session:
        session.connection(execution_options=options)
        yield session


def migrate(engine: Engine, folder: Path, version_table: str) -> None:
    """Bring the tables of one room to the newest revision of its migrations folder.

    Several processes may call this at once: one works, the others wait and find it done.
    Everything happens in one transaction. Raises SchemaError when the database is newer than the
    code or can't be opened.
    """
    config = Config()
    config.set_main_option("script_location", str(folder).replace("%", "%%"))
    config.attributes["version_table"] = version_table
    with _readable(engine), _migration_connection(engine, version_table) as connection:
        if _schema_age(connection, folder, version_table) == "newer":
            raise SchemaError(f"{_shown(engine)}: {REMEDY_NEWER}")
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
        if connection.dialect.name == "sqlite":
            broken = connection.exec_driver_sql("PRAGMA foreign_key_check").first()
            if broken is not None:
                raise SchemaError(
                    f"{_shown(engine)}: a row of table {broken[0]} refers to a row of table "
                    f"{broken[2]} that is missing: restore a backup"
                )


def check_schema(engine: Engine, folder: Path, version_table: str) -> None:
    """Raise SchemaError, naming the remedy, unless a room's tables are those the code expects."""
    with _readable(engine), engine.connect() as connection:
        age = _schema_age(connection, folder, version_table)
    if age == "older":
        raise SchemaError(f"{_shown(engine)}: the database is older than the code: {REMEDY_OLDER}")
    if age == "newer":
        raise SchemaError(f"{_shown(engine)}: {REMEDY_NEWER}")


def run_migrations() -> None:
    """Run the revisions that Alembic chose; the whole of every `migrations/env.py`."""
    context.configure(
        connection=context.config.attributes["connection"],
        version_table=context.config.attributes["version_table"],
        render_as_batch=True,
    )
    with context.begin_transaction():
        context.run_migrations()


def busy_timeout_ms(url: URL) -> int:
    """Return how long one that writes waits for another in SQLite: the URL's `timeout`, or 5 s.

    Raises ValueError for what is no such time.
    """
    given = str(url.query.get("timeout", BUSY_TIMEOUT_MS / 1000))
    try:
        milliseconds = int(float(given) * 1000)
    except (ValueError, OverflowError):
        milliseconds = 0
    if not 1 <= milliseconds <= LONGEST_BUSY_TIMEOUT_MS:
        raise ValueError(
            f"a writer can't wait {given!r} seconds for another: "
            "write 0.001 to 600, as in sqlite:///var/tenin.db?timeout=5"
        )
    return milliseconds


def _configure_sqlite(busy_ms: int, connection: Any, _record: Any) -> None:
    with closing(connection.cursor()) as cursor:
        cursor.execute(f"PRAGMA busy_timeout = {busy_ms}")
        cursor.execute("PRAGMA foreign_keys = ON")
        cursor.execute("PRAGMA synchronous = NORMAL")
        _use_write_ahead_log(cursor)


def _use_write_ahead_log(cursor: Any) -> None:
    """Switch to WAL; two processes doing so at once get "locked" without SQLite's own waiting."""
    deadline = time.monotonic() + BUSY_TIMEOUT_MS / 1000
    while True:
        try:
            cursor.execute("PRAGMA journal_mode = WAL")
            return
        except sqlite3.OperationalError as error:
            if "locked" not in str(error) or time.monotonic() > deadline:
                raise
            time.sleep(0.02)


def _begin_sqlite(connection: Connection) -> None:
    options = connection.get_execution_options()
    query_only = bool(options.get("sqlite_query_only", False))
    if connection.info.get("query_only", False) != query_only:
        connection.exec_driver_sql(f"PRAGMA query_only = {int(query_only)}")
        connection.info["query_only"] = query_only
    connection.exec_driver_sql(options.get("sqlite_begin", "BEGIN"))


@contextmanager
def _migration_connection(engine: Engine, version_table: str) -> Iterator[Connection]:
    """Give a connection of its own whose transaction holds the lock of this room's migrations."""
    with engine.connect() as connection:
        connection.detach()
        if connection.dialect.name == "sqlite":
            with closing(connection.connection.cursor()) as cursor:
                cursor.execute(f"PRAGMA busy_timeout = {MIGRATION_BUSY_TIMEOUT_MS}")
                # A batch migration drops and renames tables; what it leaves is checked at the end.
                cursor.execute("PRAGMA foreign_keys = OFF")
        connection = connection.execution_options(sqlite_begin="BEGIN IMMEDIATE")
        with connection.begin():
            if connection.dialect.name == "postgresql":
                connection.execute(
                    text("SELECT pg_advisory_xact_lock(:key)"),
                    {"key": zlib.crc32(version_table.encode())},
                )
            yield connection


def _schema_age(connection: Connection, folder: Path, version_table: str) -> str:
    """Return "current", "older" or "newer": the database beside the revisions in the folder."""
    script = ScriptDirectory(str(folder))
    known = {revision.revision for revision in script.walk_revisions()}
    there = set(
        MigrationContext.configure(
            connection, opts={"version_table": version_table}
        ).get_current_heads()
    )
    if there - known:
        return "newer"
    return "current" if there == set(script.get_heads()) else "older"


@contextmanager
def _readable(engine: Engine) -> Iterator[None]:
    try:
        yield
    except DBAPIError as error:
        reason = " ".join(str(error.orig).split())
        raise SchemaError(
            f"{_shown(engine)}: the database can't be used ({reason}): "
            "check its URL and that it runs, or restore a backup"
        ) from error


def _shown(engine: Engine) -> str:
    return str(engine.url.render_as_string(hide_password=True))
