"""Tests of Rasa's NLU pipeline: real storage, real training, in folders of theirs."""

import os
from pathlib import Path
from typing import NamedTuple

import pytest

# Rasa's models are written for SQLAlchemy 1.4; read at its import.
os.environ.setdefault("SQLALCHEMY_SILENCE_UBER_WARNING", "1")

from rasa.engine.graph import ExecutionContext, GraphSchema
from rasa.engine.storage.local_model_storage import LocalModelStorage
from rasa.engine.storage.resource import Resource


class Places(NamedTuple):
    """Where a component keeps things, as Rasa hands it over."""

    storage: LocalModelStorage
    resource: Resource
    context: ExecutionContext


@pytest.fixture
def places(tmp_path: Path) -> Places:
    """Storage of the test's own."""
    folder = tmp_path / "storage"
    folder.mkdir()
    return Places(LocalModelStorage(folder), Resource("tested"), ExecutionContext(GraphSchema({})))


@pytest.fixture(scope="session")
def cache(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The folder for jieba's prepared dictionary."""
    return str(tmp_path_factory.mktemp("jieba"))
