"""What every test may ask for: a whole running Tenin, one for each pytest process."""

from __future__ import annotations

import os
import shutil
from collections.abc import Generator, Iterator

import pytest
from hypothesis import settings

from tenin.journey.model import NamedTest
from tests.system import PROJECT, System, running_system
from tests.trace import Tracing

# No example is too slow on a busy machine; all runs try the same ones, unless told to look further.
settings.register_profile("tenin", deadline=None, derandomize=True)
settings.register_profile("wide", deadline=None)
settings.load_profile(os.environ.get("TENIN_HYPOTHESIS", "tenin"))

PASSED = pytest.StashKey[bool]()
# Mail is offered, and sent to where nobody listens; stock is looked at every second.
OFFERS = {
    "TENIN_EMAIL_HOST": "127.0.0.1",
    "TENIN_EMAIL_PORT": "9",
    "TENIN_EMAIL_TLS": "plain",
    "TENIN_EMAIL_SENDER": "service@kodama.example",
    "TENIN_NOTICES_RESTOCK_SECONDS": "1",
}


@pytest.fixture(scope="session")
def system() -> Iterator[System]:
    """Tenin with all its tiers, open, shared by the tests of this process."""
    with running_system(OFFERS) as running:
        yield running


@pytest.fixture
def trace(request: pytest.FixtureRequest, system: System) -> Iterator[Tracing]:
    """What the bot does for the customers that are followed, kept if the test passes."""
    file = request.path.relative_to(PROJECT).as_posix()
    tracing = Tracing(system, NamedTest(file, request.node.originalname))
    yield tracing
    tracing.close(request.node.stash.get(PASSED, False))


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


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item,
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Tell a test's fixtures, when they come to their end, whether it passed."""
    report = yield
    if report.when == "call":
        item.stash[PASSED] = report.passed
    return report


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Browser tests that need the whole system go to one worker of pytest-xdist: it starts once.

    Told dialogues and faults are all of that kind, and many: each worker has a system for them.
    """
    for item in items:
        if "system" in getattr(item, "fixturenames", ()) and "browser" in item.path.parts:
            item.add_marker(pytest.mark.xdist_group("system"))
