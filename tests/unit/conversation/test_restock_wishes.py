"""Wishes to hear that a product is back: kept by conversation, told there, each once."""

from __future__ import annotations

from typing import Any

import pytest

from tenin.conversation import consent, delivery, restock
from tenin.conversation.consent import BadAddressError, mail_wanted
from tenin.conversation.identity import sign_in
from tenin.conversation.restock import TOLD_SLOT, Wish
from tenin.conversation.transcript import NoSuchConversation
from tenin.database import read_transaction, write_transaction
from tests.answers import is_wording_of
from tests.unit.conversation.room import Room, after, at_once, breaks_whole

SKU = "KT-603"
ADDRESS = "lin@shop.example"
NAMES = {"en": "Nest Tent", "zh-Hans": "鸟巢帐篷", "zh-Hant": "鳥巢帳篷", "ja": "ネストテント"}


def wish(room: Room, conversation: str, address: str | None = None, sku: str = SKU) -> None:
    with write_transaction(room.engine) as session:
        restock.wish(session, conversation, sku, address, after(1))


def untold(room: Room, *skus: str) -> list[Wish]:
    with read_transaction(room.engine) as session:
        return restock.untold(session, skus or (SKU,))


def tell(room: Room, wished: Wish, seconds: float = 2, names: Any = NAMES) -> bool:
    with write_transaction(room.engine) as session:
        return restock.tell(session, wished, names, room.voice, after(seconds))


def mails(room: Room) -> list[tuple[str, str]]:
    return [(row["address"], row["holder"]) for row in room.tables("mail_content")["mail_content"]]


@pytest.mark.parametrize("language", sorted(NAMES))
def test_told_where_it_was_wished_in_its_language(room: Room, language: str) -> None:
    conversation, other = room.begin(language), room.begin(language)
    wish(room, conversation)
    with read_transaction(room.engine) as session:
        assert restock.waiting_for(session) == {language: [SKU]}
    [wished] = untold(room)
    assert (wished.conversation_id, wished.language) == (conversation, language)
    assert tell(room, wished)
    [line] = room.said(conversation, "system")
    assert is_wording_of("utter_restock_back", language, line)
    assert NAMES[language] in line
    assert room.lines(other) == []
    assert mails(room) == []
    assert untold(room) == []
    assert not tell(room, wished)
    assert len(room.lines(conversation)) == 1


def test_told_once_however_many_tell(room: Room) -> None:
    conversation = room.begin()
    wish(room, conversation, ADDRESS)
    [wished] = untold(room)
    assert sorted(at_once(4, lambda _: tell(room, wished))) == [False, False, False, True]  # type: ignore[type-var]
    assert len(room.lines(conversation)) == len(mails(room)) == 1


def test_telling_is_whole_or_nothing(room: Room) -> None:
    conversation = room.begin()
    wish(room, conversation, ADDRESS)
    [wished] = untold(room)
    assert breaks_whole(room, lambda: tell(room, wished)) is True


def test_wishing_is_whole_or_nothing(room: Room) -> None:
    conversation = room.begin()
    breaks_whole(room, lambda: wish(room, conversation, ADDRESS))
    assert len(untold(room)) == 1


def test_wished_again_is_one_wish_until_it_was_told(room: Room) -> None:
    conversation = room.begin()
    assert at_once(4, lambda _: wish(room, conversation)) == [None] * 4
    wish(room, conversation, sku="KS-104")
    assert [each.sku for each in untold(room, SKU, "KS-104")] == [SKU, "KS-104"]
    [wished] = untold(room)
    tell(room, wished)
    assert untold(room) == []
    wish(room, conversation)
    [again] = untold(room)
    assert again.id == wished.id
    assert tell(room, again, 3)
    assert len(room.said(conversation, "system")) == 2


def test_the_mail_goes_to_the_address_of_the_wish(room: Room) -> None:
    """Before the one for all notices; and to that where there is none, or none any more."""
    with_both, withdrawn, with_one = room.begin(), room.begin(), room.begin()
    for each in (with_both, withdrawn, with_one):
        with write_transaction(room.engine) as session:
            consent.give_consent(session, each, f"all@{each}.example")
        wish(room, each, ADDRESS if each != with_one else None)
    wish(room, withdrawn, None)  # wished again: in the chat alone
    for wished in untold(room):
        tell(room, wished)
    assert mails(room) == [
        (ADDRESS, f"restock:{with_both}:{SKU}"),
        (f"all@{withdrawn}.example", f"conversation:{withdrawn}"),
        (f"all@{with_one}.example", f"conversation:{with_one}"),
    ]


def test_the_address_of_a_wish_is_for_that_alone(room: Room) -> None:
    conversation = room.begin()
    wish(room, conversation, ADDRESS)
    wish(room, conversation, sku="KS-104")
    with read_transaction(room.engine) as session:
        assert consent.consented_address(session, conversation) is None
        wanted = mail_wanted(session, conversation)
    assert (wanted.notices, wanted.anything) == (False, True)
    for wished in untold(room, SKU, "KS-104"):
        tell(room, wished)
    assert mails(room) == [(ADDRESS, f"restock:{conversation}:{SKU}")]


def test_an_address_given_for_a_wish_serves_once(room: Room) -> None:
    conversation = room.begin()
    wish(room, conversation, ADDRESS)
    [wished] = untold(room)
    tell(room, wished)
    mail = delivery.claim_mail(room.engine, attempts=3, now=after(3))
    assert mail is not None
    delivery.mail_failed(room.engine, mail, "not now", attempts=3, now=after(3))
    with read_transaction(room.engine) as session:
        assert mail_wanted(session, conversation).anything  # it is tried again
    mail = delivery.claim_mail(room.engine, attempts=3, now=after(600))
    assert mail is not None
    delivery.mail_delivered(room.engine, mail, after(600))
    with read_transaction(room.engine) as session:
        assert not mail_wanted(session, conversation).anything
        assert restock.contacts(session, [wished])[1:] == [(SKU, ADDRESS)]


def test_an_address_given_anew_outlasts_the_mail_before(room: Room) -> None:
    conversation = room.begin()
    wish(room, conversation, ADDRESS)
    [wished] = untold(room)
    tell(room, wished)
    mail = delivery.claim_mail(room.engine, attempts=3, now=after(3))
    assert mail is not None
    with write_transaction(room.engine) as session:
        restock.wish(session, conversation, SKU, ADDRESS, after(4))
    delivery.mail_delivered(room.engine, mail, after(5))
    with read_transaction(room.engine) as session:
        assert mail_wanted(session, conversation).anything


def test_mail_withdrawn_holds_the_notice_of_a_wish_back_too(room: Room) -> None:
    conversation, other = room.begin(), room.begin()
    for each in (conversation, other):
        wish(room, each, ADDRESS)
    [first, _] = untold(room)
    tell(room, first)
    with write_transaction(room.engine) as session:
        consent.withdraw_consent(session, conversation)
    assert delivery.claim_mail(room.engine, attempts=3, now=after(3)) is None
    with read_transaction(room.engine) as session:
        assert delivery.mail_statuses(session, conversation) == {1: "suppressed"}
        assert not mail_wanted(session, conversation).anything
        assert mail_wanted(session, other).anything


def test_a_customer_withdraws_for_all_their_conversations(room: Room) -> None:
    first, second, strangers = room.begin(), room.begin(), room.begin()
    for each, customer in ((first, "7"), (second, "7"), (strangers, "8")):
        with write_transaction(room.engine) as session:
            sign_in(session, each, customer, after(600))
        wish(room, each, ADDRESS)
    with write_transaction(room.engine) as session:
        consent.withdraw_consent(session, second)
    with read_transaction(room.engine) as session:
        gets = [mail_wanted(session, each).anything for each in (first, second, strangers)]
    assert gets == [False, False, True]


@pytest.mark.parametrize("owner", ["queue", "agent", "signed out"])
def test_told_whoever_has_the_conversation_and_wherever_the_customer_is(
    room: Room, owner: str
) -> None:
    conversation = room.begin()
    wish(room, conversation)
    if owner == "signed out":
        with write_transaction(room.engine) as session:
            sign_in(session, conversation, "7", after(-600))
    else:
        room.request_person(conversation)
    if owner == "agent":
        room.take(conversation, room.conversation(conversation).epoch)
    before = room.conversation(conversation).epoch
    [wished] = untold(room)
    assert tell(room, wished)
    assert is_wording_of("utter_restock_back", "en", room.lines(conversation)[-1].text)
    assert room.conversation(conversation).epoch == before


def test_without_a_name_in_its_language_it_waits(room: Room) -> None:
    conversation = room.begin("ja")
    wish(room, conversation)
    [wished] = untold(room)
    assert not tell(room, wished, names={"en": "Nest Tent"})
    assert untold(room) == [wished]
    assert room.lines(conversation) == []


def test_what_can_t_be_wished_for(room: Room) -> None:
    with pytest.raises(NoSuchConversation):
        wish(room, "absent")
    conversation = room.begin()
    with pytest.raises(BadAddressError):
        wish(room, conversation, "lin")
    assert untold(room) == []  # nothing by half
    wish(room, conversation, ADDRESS)
    with write_transaction(room.engine) as session:
        restock.take_back(session, conversation, SKU)
        restock.take_back(session, conversation, "never wished")
    assert untold(room) == []
    with read_transaction(room.engine) as session:
        assert not mail_wanted(session, conversation).anything


def test_the_shop_s_contacts_of_a_wish(room: Room) -> None:
    first, second = room.begin(), room.begin()
    wish(room, first, ADDRESS)
    wish(room, second)
    with read_transaction(room.engine) as session:
        found = restock.contacts(session, untold(room))
    assert found == [(SKU, f"chat:{first}"), (SKU, ADDRESS), (SKU, f"chat:{second}")]


# the welcome


def wishes_of(room: Room, customer: str = "7") -> list[int]:
    with read_transaction(room.engine) as session:
        return [each.id for each in restock.of_customer(session, customer)]


def welcomed(room: Room, told: list[int], *, taken_over: bool = False) -> str:
    """A conversation whose first turn named these wishes."""
    conversation = room.begin()
    room.accept(conversation)
    turn = room.begin_turn()
    if taken_over:
        room.request_person(conversation)
    slot = {"event": "slot", "timestamp": 1.0, "name": TOLD_SLOT, "value": told}
    assert room.commit(turn, "welcome", extra=(slot,)) is not taken_over
    return conversation


def wished_by(room: Room, customer: str, sku: str = SKU) -> str:
    conversation = room.begin()
    with write_transaction(room.engine) as session:
        sign_in(session, conversation, customer, after(600))
    wish(room, conversation, sku=sku)
    return conversation


def test_a_welcome_tells_a_wish_once(room: Room) -> None:
    conversation, strangers = wished_by(room, "7"), wished_by(room, "8")
    [mine, other] = untold(room)
    assert wishes_of(room) == [mine.id]
    welcomed(room, [mine.id])
    assert wishes_of(room) == []
    assert untold(room) == [other]
    assert not tell(room, mine)
    assert room.lines(conversation) == []
    assert wishes_of(room, "8") == [other.id]
    assert strangers == other.conversation_id


def test_a_welcome_that_nobody_saw_tells_nothing(room: Room) -> None:
    wished_by(room, "7")
    [mine] = untold(room)
    welcomed(room, [mine.id], taken_over=True)
    assert untold(room) == [mine]
    assert wishes_of(room) == [mine.id]


def test_a_turn_without_a_welcome_tells_nothing(room: Room) -> None:
    wished_by(room, "7")
    room.answer(room.begin())
    assert len(untold(room)) == 1


def test_a_welcome_names_what_the_notice_told_unread(room: Room) -> None:
    conversation = wished_by(room, "7")
    [mine] = untold(room)
    tell(room, mine)
    assert wishes_of(room) == [mine.id]
    with write_transaction(room.engine) as session:
        delivery.mark_received(session, conversation, 1)
    assert wishes_of(room) == []
    wish(room, conversation)  # anew
    assert wishes_of(room) == [mine.id]


def test_a_welcome_changes_nothing_about_when_it_was_told(room: Room) -> None:
    wished_by(room, "7")
    [mine] = untold(room)
    tell(room, mine)
    welcomed(room, [mine.id])
    [row] = room.tables("restock_wish")["restock_wish"]
    assert row["told_at"] == after(2)
    assert row["welcomed_at"] is not None
