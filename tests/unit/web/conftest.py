"""The web tier's tests: the real app on a free port, in a folder of its own.

The databases are migrated and the demo shop is loaded once, by what `tenin run` does it with;
each site works on copies. No bot runs: where a turn is needed the test is the worker.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tenin.settings import load_settings
from tenin.start import load_demo_shop, migrate_all
from tests.agent import DeskAgent
from tests.customer import Customer
from tests.unit.web.served import Site, make_root

SiteMaker = Callable[..., Site]


@pytest.fixture(scope="session")
def databases(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the two databases: no conversations yet, and the demo shop."""
    settings = load_settings(tmp_path_factory.mktemp("prepared"), {})
    migrate_all(settings, lambda _: None)
    load_demo_shop(settings, lambda _: None)
    return settings.path("var")


@pytest.fixture(scope="session")
def open_site(databases: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A site that tests share as it is, for what leaves nothing behind but sessions."""
    yield from _opened(tmp_path_factory.mktemp("open"), databases)


@pytest.fixture(scope="session")
def emptied_site(databases: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """The site that `site` gives to one test after the other."""
    yield from _opened(tmp_path_factory.mktemp("emptied"), databases)


@pytest.fixture
def site(emptied_site: Site) -> Iterator[Site]:
    """A site without conversations, for one test alone."""
    emptied_site.empty()
    yield emptied_site
    emptied_site.leave()


@pytest.fixture
def make_site(databases: Path, tmp_path: Path) -> Iterator[SiteMaker]:
    """Open a site on settings of the test's own: `make_site(TURN_ATTEMPTS=3)`."""
    with contextlib.ExitStack() as stack:

        def make(**settings: object) -> Site:
            root = tmp_path / f"site-{len(list(tmp_path.iterdir()))}"
            root.mkdir()
            environ = {f"TENIN_{name}": str(value) for name, value in settings.items()}
            return stack.enter_context(
                contextlib.contextmanager(_opened)(root, databases, **environ)
            )

        yield make


@pytest.fixture
def customer(site: Site) -> Customer:
    """A customer of the test's own site."""
    return site.customer()


@pytest.fixture
def mei(site: Site) -> DeskAgent:
    """An agent of the test's own site."""
    return site.agent("Mei")


@pytest.fixture
def lin(site: Site) -> DeskAgent:
    """Another agent."""
    return site.agent("Lin")


@pytest.fixture
def conversation(site: Site, customer: Customer) -> str:
    """A conversation that waits for a person."""
    customer.send(text="A person, please")
    return site.answer("One moment", wanted="asked")


def _opened(folder: Path, databases: Path, **environ: str) -> Iterator[Site]:
    site = Site(make_root(folder, databases), {"TENIN_TURN_SLOW_NOTICE_SECONDS": "600", **environ})
    try:
        site.start()
        yield site
    finally:
        site.stop()
