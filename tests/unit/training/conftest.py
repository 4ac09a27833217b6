"""Projects for tests to change: a copy of the files of trainers, and a small one learnt from."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tenin.training.understanding import learn
from tests.unit.training import small_project

PROJECT = Path(__file__).parents[3]
COPIED = (
    "data",
    "tests/nlu",
    "tests/dialogues",
    "actions",
    "blueprints",
    "tenin/pages/static/locale",
    "tenin/shop/documents",
    "tenin/shop/sample",
    "tenin/journey/labels.yml",
)


def copy_of_project(root: Path) -> Path:
    """Copy the project, as far as trainers work on it, to `root`."""
    for name in COPIED:
        if (PROJECT / name).is_dir():
            ignored = shutil.ignore_patterns("__pycache__")
            shutil.copytree(PROJECT / name, root / name, ignore=ignored)
        else:
            (root / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(PROJECT / name, root / name)
    for file in PROJECT.glob("*.yml"):
        shutil.copy(file, root / file.name)
    return root


@pytest.fixture
def copied(tmp_path: Path) -> Path:
    """The root of a copy of the project."""
    return copy_of_project(tmp_path / "project")


@pytest.fixture(scope="session")
def learnt_once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small project, learnt from once; not to be changed."""
    root = tmp_path_factory.mktemp("project")
    small_project.make(root)
    learn(root, small_project.nowhere)
    return root


@pytest.fixture
def project(learnt_once: Path, tmp_path: Path) -> Path:
    """The same, for a test to change."""
    return Path(shutil.copytree(learnt_once, tmp_path / "small"))
