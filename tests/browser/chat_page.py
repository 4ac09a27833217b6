"""The demo shop's page with the chat, as a test's hands and eyes find their way in it."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from functools import cache
from typing import Any

from playwright.sync_api import BrowserContext, Locator, Page, expect

from tests.answers import is_wording_of
from tests.system import PROJECT

PATIENCE = 30_000  # milliseconds

LANGUAGES = {"en": "en-US", "zh-Hans": "zh-CN"}
"""The browser's language for each of ours."""


@cache
def strings(language: str) -> dict[str, Any]:
    """What the pages say in a language."""
    folder = PROJECT / "tenin" / "pages" / "static" / "locale" / language
    return {file.stem: json.loads(file.read_text(encoding="utf-8")) for file in folder.iterdir()}


def until(condition: Callable[[], Any], page: Page | None = None) -> Any:
    """Wait until it holds, for what a page or the server does a moment later; what it found.

    What a test hears of a page (its requests, its console) comes only while the page is given.
    """
    deadline = time.monotonic() + PATIENCE / 1000
    while not (found := condition()):
        assert time.monotonic() < deadline, "waited in vain"
        if page is None:
            time.sleep(0.05)
        else:
            page.wait_for_timeout(50)
    return found


class ChatPage:
    """One tab with the shop's page."""

    def __init__(self, context: BrowserContext, url: str, language: str) -> None:
        """Open the shop's page in a new tab."""
        self.language = language
        self.words = strings(language)["widget"]
        self.person = strings(language)["person"]
        self.page: Page = context.new_page()
        self.page.goto(f"{url}/")

    def open(self) -> ChatPage:
        """Open the chat by its button."""
        self.page.get_by_role("button", name=self.words["open"]).click()
        expect(self.box()).to_be_focused(timeout=PATIENCE)
        return self

    def box(self) -> Locator:
        """Where one writes."""
        return self.page.get_by_role("textbox", name=self.words["placeholder"])

    def log(self) -> Locator:
        """What was said."""
        return self.page.get_by_role("log")

    def say(self, text: str) -> None:
        """Write and send by Enter."""
        self.box().fill(text)
        self.box().press("Enter")

    def choose(self, title: str) -> None:
        """Click the newest choice of this title."""
        self.log().get_by_role("button", name=title, exact=True).last.click()

    def shows(self, words: str) -> None:
        """Wait until these words stand in the log."""
        expect(self.log()).to_contain_text(words, timeout=PATIENCE)

    def answers(self, key: str) -> str:
        """Wait until the last bubble is a wording of the response; its text."""
        self.page.wait_for_function(
            """() => document.querySelector('tenin-chat').shadowRoot
                     .querySelector('.typing').hidden""",
            timeout=PATIENCE,
        )
        deadline = 100
        for _ in range(deadline):
            for text in reversed(self.bubbles()):
                if is_wording_of(key, self.language, text):
                    return text
            self.page.wait_for_timeout(100)
        raise AssertionError(f"no {key} among {self.bubbles()}")

    def bubbles(self) -> list[str]:
        """The texts of all bubbles, in order."""
        return self.log().locator(".bubble").all_inner_texts()
