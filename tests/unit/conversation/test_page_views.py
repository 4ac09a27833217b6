"""Pages seen: with consent alone, the last thirty, without what may say who somebody is."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tenin.conversation import page_views
from tenin.conversation.page_views import MOST_KEPT, NoConsentError, View
from tenin.conversation.transcript import NoSuchConversation
from tenin.database import read_transaction, write_transaction
from tests.unit.conversation.room import Room, after

TENT = View("/tents/nest", "Nest 2 Tent", "KT-601", "product")


def agree(room: Room, conversation: str, agreed: bool = True) -> None:
    with write_transaction(room.engine) as session:
        page_views.keep_consent(session, conversation, agreed, after(0))


def see(room: Room, conversation: str, view: View = TENT, seconds: float = 1) -> None:
    with write_transaction(room.engine) as session:
        page_views.keep_view(session, conversation, view, after(seconds))


def seen(room: Room, conversation: str) -> list[tuple[str, str | None, int | None]]:
    with read_transaction(room.engine) as session:
        views = page_views.views_of(session, conversation)
        return [(view.path, view.sku, view.seconds) for view in views]


def test_nothing_is_kept_without_consent(room: Room) -> None:
    conversation, other = room.begin(), room.begin()
    agree(room, other)
    with pytest.raises(NoConsentError):
        see(room, conversation)
    agree(room, conversation, False)
    with pytest.raises(NoConsentError):
        see(room, conversation)
    with pytest.raises(NoSuchConversation):
        agree(room, "0" * 32)
    assert seen(room, conversation) == []


def test_consent_withdrawn_takes_away_what_was_told(room: Room) -> None:
    conversation, other = room.begin(), room.begin()
    for each in (conversation, other):
        agree(room, each)
        see(room, each)
    agree(room, conversation, False)
    assert seen(room, conversation) == []
    assert seen(room, other) == [("/tents/nest", "KT-601", None)]
    with read_transaction(room.engine) as session:
        assert page_views.consent_given(session, conversation) is False
        assert page_views.consent_given(session, other) is True
        assert page_views.consent_given(session, room.begin()) is None


def test_the_last_are_kept_the_newest_first(room: Room) -> None:
    conversation = room.begin()
    agree(room, conversation)
    for number in range(MOST_KEPT + 5):
        see(room, conversation, View(f"/p/{number}", "A page", f"SKU-{number % 3}"), number)
    paths = [path for path, _, _ in seen(room, conversation)]
    assert paths == [f"/p/{number}" for number in range(MOST_KEPT + 4, 4, -1)]
    with read_transaction(room.engine) as session:
        assert page_views.products_seen(session, conversation) == ["SKU-1", "SKU-0", "SKU-2"]


def test_a_page_told_of_again_at_once_lasted_longer(room: Room) -> None:
    conversation = room.begin()
    agree(room, conversation)
    see(room, conversation)
    see(room, conversation, replace(TENT, seconds=40), 41)
    see(room, conversation, replace(TENT, seconds=7), 50)
    assert seen(room, conversation) == [("/tents/nest", "KT-601", 40)]
    see(room, conversation, replace(TENT, sku=None), 60)
    see(room, conversation, TENT, 61)
    see(room, conversation, TENT, 61 + 3600)
    assert [sku for _, sku, _ in seen(room, conversation)] == ["KT-601", "KT-601", None, "KT-601"]


@pytest.mark.parametrize(
    ("path", "kept"),
    [
        ("/", "/"),
        ("/shoes/moss-trail-shoes-2026", "/shoes/moss-trail-shoes-2026"),
        ("/orders/202611190042", "/orders/…"),
        ("/u/lin@example.com/wishes", "/u/…/wishes"),
        ("/u/lin%40example.com", "/u/…"),
        ("/reset/9f8e7d6c5b4a39281706f5e4", "/reset/…"),
        ("/w/0b9cf1de-1a2b-4c3d-8e4f-a1b2c3d4e5f6", "/w/…"),
        ("/a-long-name-of-one-product-in-words", "/a-long-name-of-one-product-in-words"),
        ("/靴/森の靴", "/靴/森の靴"),
    ],
)
def test_what_may_say_who_somebody_is_is_hidden(path: str, kept: str) -> None:
    assert page_views.without_persons(path) == kept
