"""Invitations are decided on rows: on SQLite and PostgreSQL, each test with empty tables."""

from tests.unit.conversation.conftest import (  # noqa: F401
    engine,
    postgres_engine,
    postgres_url,
    sqlite_engine,
)
