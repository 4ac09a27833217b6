"""A conversation played by a test: lines of every kind, said on a real web tier without a bot."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from playwright.sync_api import Page

from tenin.conversation.models import Author, Conversation
from tenin.conversation.transcript import Reply, add_line
from tenin.database import read_transaction
from tests.browser.chat_page import PATIENCE
from tests.unit.web.persons import locked
from tests.unit.web.served import Site

LOCALES = {"en": "en-US", "zh-Hans": "zh-CN", "zh-Hant": "zh-TW", "ja": "ja-JP"}
"""The browser's language for each of ours."""

TENT = {
    "kind": "product",
    "title": "Nest 2 Tent",
    "text": "Two people, two kilograms, and up in three minutes.",
    "price": 1299.0,
    "currency": "CNY",
    "image": "/static/products/camping.svg",
    "url": "/#KT-601",
    "in_stock": True,
}
SHOES = {
    **TENT,
    "title": "Moss Trail Shoes",
    "text": "A firm sole for wet stones.",
    "price": 569.0,
    "image": "/static/products/shoes.svg",
    "url": "/#KS-101",
    "in_stock": False,
}
ORDER = {
    "kind": "order",
    "title": "202611190042",
    "number": "202611190042",
    "status": "shipped",
    "placed_on": "2026-11-19",
    "expected_on": "2026-11-24",
    "delivered_on": None,
    "carrier": "SF Express",
    "tracking_number": "SF1029384756",
    "items": [
        {"name": "Nest 2 Tent", "details": "green", "quantity": 1},
        {"name": "Moss Trail Shoes", "details": "42, grey", "quantity": 2},
    ],
    "total": 2437.0,
    "currency": "CNY",
}


def begun(site: Site, page: Page) -> str:
    """The conversation that a page, the only one of the site, has begun; waits until it has."""
    for _ in range(PATIENCE // 100):
        with read_transaction(site.engine) as session:
            found = session.query(Conversation).order_by(Conversation.created_at.desc()).first()
            if found is not None:
                return str(found.id)
        page.wait_for_timeout(100)
    raise AssertionError("no conversation was begun")


def said(
    site: Site,
    conversation: str,
    text: str,
    *,
    buttons: Sequence[tuple[str, str]] = (),
    cards: Sequence[dict[str, Any]] = (),
    author: Author = Author.BOT,
    name: str | None = None,
) -> None:
    """Let the bot, the system or an agent say something in a conversation."""
    with locked(site, conversation) as (session, found):
        add_line(session, found, author, Reply(text, buttons, cards), name=name)


def shadow(page: Page, script: str) -> Any:
    """What a script finds in the chat's shadow root, which it has as `root`."""
    return page.evaluate(
        f"() => {{ const root = document.querySelector('tenin-chat').shadowRoot; {script} }}"
    )
