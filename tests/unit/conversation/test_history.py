"""One customer's conversations are one history, for them alone and while they are signed in."""

from __future__ import annotations

from typing import Any

import pytest

from tenin.conversation import consent, erasure, history, identity, page_views
from tenin.conversation.history import NotSignedInError
from tenin.conversation.models import Author, Visibility
from tenin.conversation.page_views import View
from tenin.conversation.transcript import Reply, add_line
from tenin.database import read_transaction, write_transaction
from tests.unit.conversation.room import Room, after

EMMA, OLIVER = "c-emma", "c-oliver"


def begin(room: Room, customer: str | None = None, seconds: float = 3600) -> str:
    conversation = room.begin()
    if customer is not None:
        with write_transaction(room.engine) as session:
            identity.sign_in(session, conversation, customer, after(seconds))
    return conversation


def earlier(
    room: Room, conversation: str, before: int | None = None, limit: int = 50, seconds: float = 1
) -> tuple[list[str], int | None]:
    with read_transaction(room.engine) as session:
        page = history.earlier_lines(session, conversation, before, limit, after(seconds))
    assert page.until > after(seconds)
    return [line.text for line in page.lines], page.before


def own(room: Room, conversation: str, seconds: float = 1) -> list[str]:
    with read_transaction(room.engine) as session:
        return history.own_conversations(session, conversation, after(seconds))


def test_what_was_said_on_other_devices_in_order(room: Room) -> None:
    laptop, phone = begin(room, EMMA), begin(room, EMMA)
    stranger, oliver = begin(room), begin(room, OLIVER)
    room.accept(laptop, "from the laptop")
    room.accept(stranger, "a stranger's")
    room.accept(oliver, "Oliver's")
    room.accept(phone, "from the phone")
    room.accept(laptop, "the laptop again")
    assert earlier(room, phone) == (["from the laptop", "the laptop again"], None)
    assert earlier(room, laptop) == (["from the phone"], None)
    assert earlier(room, oliver) == ([], None)
    # What is said there later is there at the next look.
    room.accept(laptop, "and later")
    assert earlier(room, phone)[0][-1] == "and later"


def test_what_the_customer_never_saw_is_not_shown(room: Room) -> None:
    laptop, phone = begin(room, EMMA), begin(room, EMMA)
    with room.locked(laptop) as (session, conversation):
        add_line(session, conversation, Author.BOT, Reply("suppressed"), visibility=Visibility.DESK)
        add_line(session, conversation, Author.NOTE, Reply("a note"), visibility=Visibility.DESK)
        add_line(session, conversation, Author.BOT, Reply("seen"))
    assert earlier(room, phone) == (["seen"], None)


def test_page_by_page_to_the_oldest(room: Room) -> None:
    laptop, phone = begin(room, EMMA), begin(room, EMMA)
    said = [f"line {number}" for number in range(7)]
    for text in said:
        room.accept(laptop, text)
    pages: list[list[str]] = []
    before: int | None = None
    while True:
        lines, before = earlier(room, phone, before, limit=3)
        pages.insert(0, lines)
        if before is None:
            break
    assert [len(page) for page in pages] == [1, 3, 3]
    assert [text for page in pages for text in page] == said


def test_nobody_else_sees_any_of_it(room: Room) -> None:
    laptop, phone, stranger = begin(room, EMMA), begin(room, EMMA, 60), begin(room)
    room.accept(laptop, "a secret")
    with pytest.raises(NotSignedInError):
        earlier(room, stranger)
    earlier(room, phone, seconds=59)
    with pytest.raises(NotSignedInError):
        earlier(room, phone, seconds=61)  # the shop's word is over
    with write_transaction(room.engine) as session:
        identity.sign_out(session, laptop)
    with pytest.raises(NotSignedInError):
        earlier(room, laptop)


def test_whose_conversations_one_has(room: Room) -> None:
    laptop, phone, stranger = begin(room, EMMA), begin(room, EMMA, 60), begin(room)
    begin(room, OLIVER)
    assert own(room, stranger) == [stranger]
    assert sorted(own(room, phone)) == sorted([laptop, phone])
    with pytest.raises(NotSignedInError):
        own(room, phone, seconds=61)


def test_what_was_erased_is_no_history(room: Room) -> None:
    laptop, phone = begin(room, EMMA), begin(room, EMMA)
    room.accept(laptop, "gone soon")
    with write_transaction(room.engine) as session:
        erasure.erase(session, [laptop], after(9))
    assert earlier(room, phone) == ([], None)
    assert own(room, phone) == [phone]


def test_all_that_is_kept_is_told(room: Room) -> None:
    laptop, phone, other = begin(room, EMMA), begin(room, EMMA), begin(room, OLIVER)
    room.answer(laptop)
    room.accept(other, "Oliver's")
    with write_transaction(room.engine) as session:
        page_views.keep_consent(session, phone, True, after(1))
        page_views.keep_view(session, phone, View("/tents", "Tents", "KT-601"), after(1))
        consent.give_consent(session, phone, "emma@shop.example", after(1))
        consent.give_consent(session, other, "oliver@shop.example", after(1))
        identity.remember_proof(session, laptop, "SO-1", after(1))
    with read_transaction(room.engine) as session:
        kept: dict[str, Any] = history.kept_of(session, [laptop, phone])
    first, second = kept["conversations"]
    assert kept["customer"] == EMMA
    assert [each["address"] for each in kept["mail_addresses"]] == ["emma@shop.example"]
    assert [line["text"] for line in first["lines"]] == ["hello", "hello to you"]
    assert first["orders_proved"] == ["SO-1"]
    assert second["pages_agreed"] is True
    assert [page["title"] for page in second["pages"]] == ["Tents"]
    assert "liver" not in str(kept)
