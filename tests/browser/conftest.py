"""A real browser for the tests: Debian's Chromium, headless, without calls of its own."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from tests.browser.chat_page import PATIENCE

ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
DESKTOP = {"width": 1280, "height": 800}
PHONE = {"width": 390, "height": 844}
expect.set_options(timeout=PATIENCE)  # what is awaited comes, on a busy machine a while later


@pytest.fixture(scope="module")
def browser(chromium: str) -> Iterator[Browser]:
    """One file's browser: Playwright's event loop must not outlive it, other tests have theirs."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture
def faults() -> list[str]:
    """What a page complained of; a test ends with it empty."""
    return []


@pytest.fixture
def new_context(browser: Browser, faults: list[str]) -> Iterator[Callable[..., BrowserContext]]:
    """Make a browser of one person: own storage, language and size."""
    contexts: list[BrowserContext] = []

    def make(locale: str = "en-US", viewport: dict[str, int] | None = None) -> BrowserContext:
        context = browser.new_context(
            locale=locale,
            viewport=viewport or DESKTOP,  # type: ignore[arg-type]
        )
        context.on("page", lambda page: watch(page, faults))
        contexts.append(context)
        return context

    yield make
    for context in contexts:
        context.close()
    assert not faults


def watch(page: Page, faults: list[str]) -> None:
    def console(message: Any) -> None:
        if message.type == "error" and "net::ERR" not in message.text:
            faults.append(f"{message.text} {message.location['url']}".strip())

    page.on("pageerror", lambda error: faults.append(str(error)))
    page.on("console", console)
