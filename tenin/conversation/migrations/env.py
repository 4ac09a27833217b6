"""Alembic's entry to the conversation room's migrations."""

from tenin.database import run_migrations

run_migrations()
