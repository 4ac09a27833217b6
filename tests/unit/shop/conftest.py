"""The shop's tests run on SQLite and on PostgreSQL."""

from tests.databases import database_url, engine, postgres_url

__all__ = ["database_url", "engine", "postgres_url"]
