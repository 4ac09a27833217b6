"""The actions' tests: the real executor of rasa_sdk on the demo shop, in databases of each test."""

import os
import shutil
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest

# Rasa's models are written for SQLAlchemy 1.4; read at its import.
os.environ.setdefault("SQLALCHEMY_SILENCE_UBER_WARNING", "1")

from tenin.clock import utcnow
from tenin.conversation import models as conversation_models
from tenin.database import make_engine, migrate, write_transaction
from tenin.shop import models as shop_models
from tenin.shop.orders import SHOP_TIME_ZONE
from tenin.shop.sample_data import load_sample_data
from tests.unit.actions.counter import Counter
from tests.unit.bot.inbox_side import PROJECT

LINKED = ("data", "menus.yml", "policy.yml")


@pytest.fixture(scope="session")
def databases(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with both databases, to copy: no conversation, and the demo shop."""
    folder = tmp_path_factory.mktemp("databases")
    conversations = make_engine(f"sqlite:///{folder}/tenin.db")
    migrate(conversations, conversation_models.MIGRATIONS, conversation_models.VERSION_TABLE)
    conversations.dispose()
    shop = make_engine(f"sqlite:///{folder}/shop.db")
    migrate(shop, shop_models.MIGRATIONS, shop_models.VERSION_TABLE)
    with write_transaction(shop) as session:
        load_sample_data(session, date(2026, 3, 2))
    shop.dispose()
    return folder


@pytest.fixture
def root(tmp_path: Path, databases: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project root of its own: the project's wording, copies of the databases, no settings."""
    for name in LINKED:
        (tmp_path / name).symlink_to(PROJECT / name)
    (tmp_path / "var").mkdir()
    for name in ("tenin.db", "shop.db"):
        shutil.copy(databases / name, tmp_path / "var" / name)
    for name in [name for name in os.environ if name.startswith("TENIN_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("TENIN_ROOT", str(tmp_path))
    return tmp_path


@pytest.fixture
def counter(root: Path) -> Iterator[Counter]:
    """The shop's counter: whoever comes is served by the actions."""
    with Counter() as opened:
        yield opened


@pytest.fixture(scope="session")
def shop_of_today(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The demo shop as it is loaded today, to copy: the terms count from now."""
    file = tmp_path_factory.mktemp("today") / "shop.db"
    engine = make_engine(f"sqlite:///{file}")
    migrate(engine, shop_models.MIGRATIONS, shop_models.VERSION_TABLE)
    with write_transaction(engine) as session:
        load_sample_data(session, utcnow().astimezone(SHOP_TIME_ZONE).date())
    engine.dispose()
    return file


@pytest.fixture
def counter_today(root: Path, shop_of_today: Path) -> Iterator[Counter]:
    """The shop's counter, today."""
    shutil.copy(shop_of_today, root / "var" / "shop.db")
    with Counter() as opened:
        yield opened
