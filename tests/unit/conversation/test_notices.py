"""Notices: a line, a mail where there is consent, each once; and who consents."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tenin.conversation import delivery
from tenin.conversation.consent import (
    BadAddressError,
    consented_address,
    give_consent,
    withdraw_consent,
)
from tenin.conversation.identity import sign_in
from tenin.conversation.notices import notify
from tenin.database import read_transaction, write_transaction
from tests.answers import is_wording_of
from tests.unit.conversation.room import Room, after, at_once, breaks_whole

ADDRESS = "lin@shop.example"


def consent(room: Room, conversation: str, address: str | None = ADDRESS) -> None:
    with write_transaction(room.engine) as session:
        if address is None:
            withdraw_consent(session, conversation, after(1))
        else:
            give_consent(session, conversation, address, after(1))


def address(room: Room, conversation: str) -> str | None:
    with read_transaction(room.engine) as session:
        return consented_address(session, conversation)


def tell(room: Room, conversation: str, key: str = "k", seconds: float = 2) -> int:
    with write_transaction(room.engine) as session:
        values = {"agent": "Mei"}
        return notify(
            session,
            conversation,
            "utter_agent_joined",
            values,
            room.voice,
            key=key,
            now=after(seconds),
        )


def mails(room: Room, conversation: str) -> dict[int, str]:
    with read_transaction(room.engine) as session:
        return delivery.mail_statuses(session, conversation)


@pytest.mark.parametrize("language", ["en", "zh-Hans", "zh-Hant", "ja"])
def test_a_line_and_with_consent_a_mail(room: Room, language: str) -> None:
    conversation = room.begin(language)
    assert tell(room, conversation, "first") == 1
    assert mails(room, conversation) == {}
    consent(room, conversation)
    assert tell(room, conversation, "second") == 2
    assert mails(room, conversation) == {2: "pending"}
    for text in room.said(conversation, "system"):
        assert is_wording_of("utter_agent_joined", language, text)
    [mail] = room.tables("mail_content")["mail_content"]
    assert (mail["address"], mail["language"]) == (ADDRESS, language)
    # What the browser has shown says nothing of the mail.
    with room.locked(conversation) as (session, _):
        assert delivery.mark_received(session, conversation, 2, after(3)) == 2
        assert delivery.statuses(session, conversation) == {1: "delivered", 2: "delivered"}
    assert mails(room, conversation) == {2: "pending"}


def test_told_again_it_is_told_once(room: Room) -> None:
    conversation, other = room.begin(), room.begin()
    for each in (conversation, other):
        consent(room, each)
    assert at_once(4, lambda _: tell(room, conversation)) == [1] * 4
    assert tell(room, other) == 1
    assert tell(room, conversation, "another") == 2
    assert mails(room, conversation) == {1: "pending", 2: "pending"}
    assert len(room.outbox(conversation)) == 4


def test_a_notice_is_whole_or_nothing(room: Room) -> None:
    conversation = room.begin()
    consent(room, conversation)
    assert breaks_whole(room, lambda: tell(room, conversation)) == 1


def test_consent_is_given_changed_and_withdrawn(room: Room) -> None:
    conversation, other = room.begin(), room.begin()
    assert address(room, conversation) is None
    consent(room, conversation)
    consent(room, conversation, " Lin.2+x@shop.example ")
    assert address(room, conversation) == "Lin.2+x@shop.example"
    assert address(room, other) is None
    consent(room, conversation, None)
    assert address(room, conversation) is None
    consent(room, conversation)
    assert address(room, conversation) == ADDRESS


def test_a_customers_consent_holds_wherever_they_are_signed_in(room: Room) -> None:
    first, second, strangers = room.begin(), room.begin(), room.begin()
    consent(room, first)  # before signing in: this conversation's own
    with write_transaction(room.engine) as session:
        for each in (first, second):
            sign_in(session, each, "7", after(600))
    assert (address(room, first), address(room, second)) == (ADDRESS, None)
    consent(room, second, "seven@shop.example")
    assert (address(room, first), address(room, second)) == ("seven@shop.example",) * 2
    assert address(room, strangers) is None
    consent(room, first, None)
    assert (address(room, first), address(room, second)) == (None, None)


@pytest.mark.parametrize(
    "bad",
    [
        "",
        "lin",
        "lin@",
        "@shop.example",
        "lin@shop",
        "lin@@shop.example",
        "a b@shop.example",
        "lin@shop.example, other@shop.example",
        "lin@shop.example\nBcc: x@shop.example",
        "Lin <lin@shop.example>",
        "林@shop.example",
        "lin@商店.example",
        '"lin"@shop.example',
        "lin@[127.0.0.1]",
        "lin@-shop.example",
        "x" * 250 + "@shop.example",
    ],
)
def test_what_is_no_address_is_refused(room: Room, bad: str) -> None:
    conversation = room.begin()
    with pytest.raises(BadAddressError):
        consent(room, conversation, bad)
    assert address(room, conversation) is None


@given(st.integers(1, 10_000))
def test_the_wait_grows_and_has_an_end(attempt: int) -> None:
    wait = delivery.wait_after(attempt)
    assert timedelta(seconds=15) <= wait <= delivery.LONGEST_WAIT
    assert wait >= min(delivery.FIRST_WAIT * 2 ** min(attempt - 1, 9), delivery.LONGEST_WAIT) / 2
