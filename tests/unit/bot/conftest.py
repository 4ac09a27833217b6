"""The bot room's tests: the project's own files in a root of each test's own, on SQLite."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

# Rasa's models are written for SQLAlchemy 1.4; read at its import.
os.environ.setdefault("SQLALCHEMY_SILENCE_UBER_WARNING", "1")

from tenin.bot.runtime import Runtime, running, runtime
from tenin.conversation.models import MIGRATIONS, VERSION_TABLE
from tenin.database import make_engine, migrate
from tests.databases import sqlite_url

PROJECT = Path(__file__).parents[3]
LINKED = ("data", "domain.yml", "endpoints.yml", "languages.yml", "menus.yml", "policy.yml")


@pytest.fixture(scope="session")
def migrated_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database with the conversation room's empty tables, to copy."""
    folder = tmp_path_factory.mktemp("migrated")
    engine = make_engine(sqlite_url(folder))
    migrate(engine, MIGRATIONS, VERSION_TABLE)
    engine.dispose()
    return folder / "tenin.db"


@pytest.fixture
def root(tmp_path: Path, migrated_file: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A project root of its own: the project's files, an empty database, no other settings."""
    for name in LINKED:
        (tmp_path / name).symlink_to(PROJECT / name)
    (tmp_path / "var").mkdir()
    shutil.copy(migrated_file, tmp_path / "var" / "tenin.db")
    for name in [name for name in os.environ if name.startswith("TENIN_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("TENIN_ROOT", str(tmp_path))
    monkeypatch.setenv("TENIN_ACTION_URL", "http://127.0.0.1:9/webhook")  # in endpoints.yml
    runtime.cache_clear()
    yield tmp_path
    if runtime.cache_info().currsize:
        runtime().engine.dispose()
    runtime.cache_clear()
    running.set(None)


@pytest.fixture
def here(root: Path) -> Runtime:
    """The runtime of that root."""
    return runtime()
