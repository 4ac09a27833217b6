"""What every test may ask for: a whole running Tenin, one for each pytest process."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator

import pytest

from tests.system import System, running_system


@pytest.fixture(scope="session")
def system() -> Iterator[System]:
    """Tenin with all its tiers, open, shared by the tests of this process."""
    with running_system() as running:
        yield running


@pytest.fixture(scope="session")
def chromium() -> str:
    """The path of Debian's Chromium; without it the test is skipped, or fails if all must run."""
    found = shutil.which("chromium") or shutil.which("chromium-browser")
    if found is None:
        message = "no chromium on this machine: install Debian's package `chromium`"
        if os.environ.get("TENIN_REQUIRE_ALL") == "1":
            pytest.fail(message)
        pytest.skip(message)
    return found


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Tests that need the whole system go to one worker of pytest-xdist: it starts once."""
    for item in items:
        if "system" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.xdist_group("system"))
