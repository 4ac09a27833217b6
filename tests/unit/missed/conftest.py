"""Tests of what was missed: with the conversation room's databases, SQLite and PostgreSQL."""

import pytest

from tests.unit.conversation.conftest import (
    engine,
    postgres_engine,
    postgres_url,
    room,
    sqlite_engine,
    voice,
)
from tests.unit.conversation.room import Room
from tests.unit.missed.served import Shop

__all__ = ["engine", "postgres_engine", "postgres_url", "room", "sqlite_engine", "voice"]


@pytest.fixture
def shop(room: Room) -> Shop:
    """Customers and a bot that understands as it is told."""
    return Shop(room)
