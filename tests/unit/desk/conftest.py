"""The desk's tests with a database: the conversation room's, on SQLite and PostgreSQL."""

from tests.unit.conversation.conftest import (
    engine,
    postgres_engine,
    postgres_url,
    room,
    sqlite_engine,
    voice,
)

__all__ = ["engine", "postgres_engine", "postgres_url", "room", "sqlite_engine", "voice"]
