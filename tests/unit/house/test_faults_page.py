"""docs/faults.md names tests that exist, and every test of a fault."""

from __future__ import annotations

import ast
import re

from tests.unit.house.tree import PROJECT

PAGE = PROJECT / "docs" / "faults.md"
NAMED = re.compile(r"`(tests/[a-z_/]+\.py)(?:::(test_\w+))?`")
# Of the tests themselves.
NOT_FAULTS = {
    "test_the_invariants_are_seen_broken",
    "test_logs_hold_no_tokens",
    "test_each_tier_is_measured_and_writes_about_what",
}


def names_in(path: str) -> set[str]:
    """The names of the tests in a file."""
    tree = ast.parse((PROJECT / path).read_text(encoding="utf-8"))
    functions = (ast.FunctionDef, ast.AsyncFunctionDef)
    names = {node.name for node in ast.walk(tree) if isinstance(node, functions)}
    return {name for name in names if name.startswith("test_")}


def test_the_page_names_tests_that_exist() -> None:
    named = NAMED.findall(PAGE.read_text(encoding="utf-8"))
    assert len(named) > 40
    for path, test in named:
        assert (PROJECT / path).is_file(), path
        assert not test or test in names_in(path), f"{path}::{test}"


def test_every_test_of_a_fault_is_on_the_page() -> None:
    named = set(NAMED.findall(PAGE.read_text(encoding="utf-8")))
    for file in (PROJECT / "tests" / "faults").glob("test_*.py"):
        path = file.relative_to(PROJECT).as_posix()
        for test in names_in(path) - NOT_FAULTS:
            assert (path, test) in named, f"{path}::{test} is not on {PAGE.name}"
