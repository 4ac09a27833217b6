"""A blank page on a small site, to import the pages' modules into."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page

from tests.browser.widget.module_site import ModuleSite, module_site


@contextlib.contextmanager
def opened(browser: Browser, site: ModuleSite) -> Iterator[Page]:
    """Open the site's blank page; no script may fail on it but by the name "on purpose"."""
    context = browser.new_context()
    page = context.new_page()
    faults: list[str] = []
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.goto(site.url)
    yield page
    context.close()
    assert [fault for fault in faults if "on purpose" not in fault] == []


@pytest.fixture(scope="module")
def shared_site() -> Iterator[ModuleSite]:
    """The site, open for the tests of one file."""
    with module_site() as site:
        yield site


@pytest.fixture
def site(shared_site: ModuleSite) -> ModuleSite:
    """The site, with nothing asked and nothing ordered yet."""
    shared_site.reset()
    return shared_site


@pytest.fixture(scope="module")
def blank(browser: Browser, shared_site: ModuleSite) -> Iterator[Page]:
    """A page to import modules into that keep nothing."""
    with opened(browser, shared_site) as page:
        yield page


@pytest.fixture
def page(browser: Browser, site: ModuleSite) -> Iterator[Page]:
    """A page with a storage of its own."""
    with opened(browser, site) as page:
        yield page
