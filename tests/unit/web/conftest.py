"""The web tier's tests: the real app on a free port, in a folder of its own for each test.

The databases are migrated and the demo shop is loaded once, by what `tenin run` does it with;
each site works on copies. No bot runs: where a turn is needed the test is the worker.
"""

from __future__ import annotations

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
    """A site that tests share, for what leaves nothing behind but sessions."""
    site = Site(make_root(tmp_path_factory.mktemp("site"), databases), {})
    site.start()
    yield site
    site.stop()


@pytest.fixture
def make_site(databases: Path, tmp_path: Path) -> Iterator[SiteMaker]:
    """Open a site of the test's own, on settings of its own: `make_site(TURN_ATTEMPTS=3)`."""
    made: list[Site] = []

    def make(**settings: object) -> Site:
        root = tmp_path / f"site-{len(made)}"
        root.mkdir()
        environ = {f"TENIN_{name}": str(value) for name, value in settings.items()}
        site = Site(make_root(root, databases), environ)
        made.append(site)
        site.start()
        return site

    yield make
    for site in made:
        site.stop()


@pytest.fixture
def site(make_site: SiteMaker) -> Site:
    """A site of the test's own."""
    return make_site()


@pytest.fixture
def customer(site: Site) -> Customer:
    """A customer of the test's own site."""
    return site.customer()


@pytest.fixture
def agent(site: Site) -> DeskAgent:
    """An agent of the test's own site."""
    return site.agent()
