"""Rasa stands behind two narrow doors: tenin/bot and actions. Nothing else knows of it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.unit.house.tree import PRODUCT, PROJECT, imports, name_of, parsed, python_files

OF_RASA = {"rasa", "sanic", "tensorflow"}


def top(module: str) -> str:
    return module.split(".")[0]


def test_only_the_bot_room_imports_rasa() -> None:
    found = {
        name_of(path)
        for path in python_files(*PRODUCT)
        if any(top(module) in OF_RASA for module, _ in imports(path))
    }
    assert found
    assert {name for name in found if not name.startswith("tenin/bot/")} == set()


def test_only_the_actions_import_its_sdk() -> None:
    found = {
        name_of(path)
        for path in python_files(*PRODUCT)
        if any(top(module) == "rasa_sdk" for module, _ in imports(path))
    }
    assert found
    assert {name for name in found if not name.startswith("actions/")} == set()


REFERENCE_API = "tenin/shop/reference_api.py"  # a program of its own


def test_the_conversation_and_the_shop_know_no_framework() -> None:
    for path in python_files("tenin/conversation", "tenin/shop", "tenin/language"):
        if name_of(path) == REFERENCE_API:
            continue
        modules = {top(module) for module, _ in imports(path)}
        assert not modules & {"rasa", "rasa_sdk", "starlette", "uvicorn", "sanic"}, name_of(path)


def test_nothing_imports_the_reference_api() -> None:
    for path in python_files(*PRODUCT):
        named = {f"{module}.{name}" for module, name in imports(path)}
        assert not any("shop.reference_api" in each for each in named), name_of(path)


def test_rooms_do_not_reach_into_those_above_them() -> None:
    """What a room may import of the project; a room below never knows one above."""
    above = {
        "tenin/language": ("bot", "channels", "conversation", "desk", "pages", "shop"),
        "tenin/shop": ("bot", "channels", "conversation", "desk", "pages"),
        "tenin/conversation": ("bot", "channels", "desk", "pages", "shop"),
        "tenin/channels": ("bot",),
        "tenin/desk": ("bot",),
        "tenin/pages": ("bot",),
        "actions": ("bot", "channels", "desk", "pages"),
    }
    for folder, rooms in above.items():
        for path in python_files(folder):
            for module, _ in imports(path):
                parts = module.split(".")
                assert parts[0] != "tests", name_of(path)
                assert not (parts[0] == "tenin" and parts[1:2] and parts[1] in rooms), (
                    f"{name_of(path)} imports {module}"
                )


@pytest.mark.parametrize(
    ("module", "forbidden"),
    [
        ("tenin.app", {"rasa", "rasa_sdk", "sanic", "tensorflow", "spacy"}),
        ("tenin.cli", {"rasa", "rasa_sdk", "sanic", "tensorflow"}),
        ("actions.track_order", {"rasa", "tensorflow", "starlette"}),
    ],
)
def test_what_a_tier_loads(module: str, forbidden: set[str]) -> None:
    """As it happens, in a process of its own: also what is reached by way of others."""
    ask = f"import sys, {module}; print(*{{name.split('.')[0] for name in sys.modules}})"
    loaded = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", ask],
        cwd=PROJECT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout.split()
    assert top(module) in loaded
    assert not forbidden.intersection(loaded)


def test_no_sql_in_the_actions() -> None:
    """They may hold an engine; what is asked of it is the rooms' business."""
    allowed = {("sqlalchemy.engine", "Engine")}
    for path in python_files("actions"):
        for module, name in imports(path):
            if top(module) in ("sqlalchemy", "sqlite3", "psycopg2"):
                assert (module, name) in allowed, f"{name_of(path)} imports {name} of {module}"
            assert not module.endswith(".models"), f"{name_of(path)} imports tables: {module}"
        for each in ("execute", "exec_driver_sql", "scalars", "scalar"):
            assert f".{each}(" not in path.read_text(encoding="utf-8"), name_of(path)


def test_every_module_says_what_it_is_for() -> None:
    for path in python_files(*PRODUCT):
        if "migrations/versions" in name_of(path):
            continue
        [first, *_] = parsed(path).body or [None]
        assert first is not None, f"{name_of(path)} is empty"
        docstring = getattr(getattr(first, "value", None), "value", None)
        assert isinstance(docstring, str), f"{name_of(path)} begins without a docstring"
        assert docstring.strip(), f"{name_of(path)} begins with an empty docstring"


def test_imports_are_found_wherever_they_stand(tmp_path: Path) -> None:
    """Or the tests above would see nothing."""
    file = tmp_path / "module.py"
    file.write_text(
        "import a.b\ndef f():\n    from c.d import e\n    import_module('g')\nfrom . import h\n"
    )
    assert list(imports(file)) == [("a.b", ""), ("c.d", "e"), ("g", "")]
