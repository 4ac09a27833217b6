"""Erasing: none of a customer's words is left in any table, and what ran before comes to an end."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tenin.conversation import (
    consent,
    delivery,
    erasure,
    identity,
    ownership,
    page_views,
    ratings,
    restock,
    turns,
)
from tenin.conversation.erasure import TurnRunsError
from tenin.conversation.models import OutboxRow, WebSession
from tenin.conversation.ownership import OwnershipConflict
from tenin.conversation.page_views import View
from tenin.conversation.transcript import NoSuchConversation, Reply, add_line
from tenin.conversation.turns import LeaseLost
from tenin.database import read_transaction, write_transaction
from tests.unit.conversation.room import Room, after, at_once, breaks_whole

WORD = "Zaubernuss"  # stands in everything that the customer says or is told
ADDRESS = f"{WORD.lower()}@shop.example"
HOUR = timedelta(hours=1)


def erase(room: Room, *conversations: str, seconds: float = 100) -> None:
    with write_transaction(room.engine) as session:
        erasure.erase(session, conversations, after(seconds))


def found(room: Room, word: str = WORD) -> dict[str, int]:
    """In how many rows of each table the word stands."""
    counts = {
        name: sum(word.lower() in row.lower() for row in rows) for name, rows in room.dump().items()
    }
    return {name: count for name, count in counts.items() if count}


def lived(room: Room) -> str:
    """A conversation in which everything was said, done and left that can be."""
    conversation = room.begin()
    with write_transaction(room.engine) as session:
        identity.sign_in(session, conversation, f"c-{WORD}", after(3600))
        session.add(WebSession(token_hash="h", conversation_id=conversation, created_at=after(0)))
        page_views.keep_consent(session, conversation, True, after(0))
        page_views.keep_view(session, conversation, View(f"/{WORD}", WORD, f"K-{WORD}"), after(1))
        restock.wish(session, conversation, f"K-{WORD}", ADDRESS, after(1))
        consent.give_consent(session, conversation, ADDRESS, after(1))
        consent.give_consent(session, conversation, ADDRESS, after(1), answers=True)
        identity.remember_proof(session, conversation, f"SO-{WORD}", after(1))
    room.accept(conversation, f"I am {WORD}", address=f"{WORD}", payload=f'/x{{"y": "{WORD}"}}')
    turn = room.begin_turn()
    answer = Reply(WORD, [(WORD, f"/need_{WORD}")], [{"title": WORD}])
    outcome = room.outcome(turn, WORD)
    turns.commit(
        room.engine,
        turn,
        turns.Outcome(outcome.events, outcome.snapshot, [answer], outcome.loaded),
        room.voice,
        after(2),
    )
    room.click_person(conversation, now=after(3))
    room.take(conversation, room.conversation(conversation).epoch, now=after(4))
    room.say(conversation, f"Hello {WORD}", "a", now=after(5))
    with room.locked(conversation) as (session, held):
        ownership.add_note(session, held, "Mei", f"{WORD} is kind", "n")
        line = add_line(session, held, ownership.Author.SYSTEM, Reply(WORD))
        delivery.put_mail(
            session,
            held,
            line.number,
            holder=f"conversation:{conversation}",
            address=ADDRESS,
            subject=WORD,
            text=WORD,
            now=after(5),
        )
    epoch = room.conversation(conversation).epoch
    room.do(ownership.resolve, conversation, epoch, "mei", "solved", now=after(6))
    [handoff] = room.handoffs(conversation)
    with write_transaction(room.engine) as session:
        ratings.rate(session, handoff.id, conversation, 5, WORD, after(7))
    return conversation


def test_no_word_is_left_in_any_table(room: Room) -> None:
    conversation, other = lived(room), room.begin()
    room.answer(other)
    assert {
        "inbox",
        "line",
        "offer",
        "tracker_event",
        "tracker_snapshot",
        "mail_content",
        "mail_consent",
        "handoff",
        "page_view",
        "proved_order",
        "restock_wish",
        "signed_in",
    } == found(room).keys()
    before = len(room.lines(conversation))
    breaks_whole(room, lambda: erase(room, conversation))
    assert found(room) == {}
    # What others are counted by stays, without words.
    assert len(room.lines(conversation)) == before
    assert {line.text for line in room.lines(conversation)} == {""}
    [handoff] = room.handoffs(conversation)
    assert (handoff.rating, handoff.rating_word, handoff.outcome) == (5, None, "resolved")
    assert {row.status for row in room.outbox(conversation)} <= {"delivered", "suppressed"}
    assert room.tables("web_session") == {"web_session": []}
    assert room.said(other, "bot") == ["hello to you"]
    assert room.load(other) != []


def test_erased_again_changes_nothing(room: Room) -> None:
    conversation = lived(room)
    erase(room, conversation)
    before = room.dump()
    erase(room, conversation, seconds=200)
    assert room.dump() == before
    with pytest.raises(NoSuchConversation):
        erase(room, "0" * 32)


def test_all_of_a_customers_or_none(room: Room) -> None:
    first, second = room.begin(), room.begin()
    room.answer(first)
    room.accept(second)
    room.begin_turn()
    before = room.dump()
    with pytest.raises(TurnRunsError):
        erase(room, first, second, seconds=1)
    assert room.dump() == before


def test_an_address_for_all_conversations_goes_with_the_last(room: Room) -> None:
    first, second = room.begin(), room.begin()
    for conversation in (first, second):
        with write_transaction(room.engine) as session:
            identity.sign_in(session, conversation, "c-7", after(60))
    with write_transaction(room.engine) as session:
        consent.give_consent(session, first, ADDRESS)
    erase(room, first)
    with read_transaction(room.engine) as session:
        assert consent.consented_address(session, second) == ADDRESS
    erase(room, second)
    assert found(room) == {}


def test_a_turn_is_waited_for(room: Room) -> None:
    conversation = room.begin()
    room.accept(conversation)
    turn = room.begin_turn()
    with pytest.raises(TurnRunsError):
        erase(room, conversation, seconds=1)
    room.commit(turn, "Your order is changed", now=after(2))
    erase(room, conversation, seconds=3)
    assert room.statuses(conversation) == ["done"]


def test_a_turn_that_died_writes_nothing_any_more(room: Room) -> None:
    conversation = room.begin()
    room.accept(conversation)
    turn = room.begin_turn()
    outcome = room.outcome(turn, WORD)
    erase(room, conversation, seconds=3600)
    before = room.dump()
    with pytest.raises(LeaseLost):
        turns.commit(room.engine, turn, outcome, room.voice, after(3601))
    turns.release(room.engine, turn, "too late", HOUR, after(3601))
    assert room.dump() == before
    assert room.statuses(conversation) == ["erased"]
    assert room.claim(after(9000)) is None


@pytest.mark.parametrize("serves", ["queue", "agent", "message"])
def test_whoever_serves_finds_it_ended(room: Room, serves: str) -> None:
    conversation = room.begin()
    room.answer(conversation)
    room.click_person(conversation)
    if serves == "agent":
        room.take(conversation, room.conversation(conversation).epoch)
    if serves == "message":
        room.do(ownership.leave_message, conversation)
    epoch = room.conversation(conversation).epoch
    erase(room, conversation)
    now = room.conversation(conversation)
    assert (now.owner, now.agent_id, now.waiting_since, now.told_kind) == ("bot", None, None, None)
    assert [each.outcome for each in room.handoffs(conversation)] == ["left"]
    for act in (
        lambda: room.say(conversation, "still there?", "k"),
        lambda: room.take(conversation, epoch),
        lambda: room.take(conversation, now.epoch),
        lambda: room.hand_back(conversation, epoch),
    ):
        with pytest.raises(OwnershipConflict):
            act()


def test_nobody_goes_on_with_it(room: Room) -> None:
    conversation = room.begin()
    room.answer(conversation)
    erase(room, conversation)
    before = room.dump()
    for act in (
        lambda: room.accept(conversation, "on its way"),
        lambda: room.click_person(conversation),
    ):
        with pytest.raises(NoSuchConversation):
            act()
    with pytest.raises(NoSuchConversation), write_transaction(room.engine) as session:
        consent.give_consent(session, conversation, ADDRESS)
    with pytest.raises(NoSuchConversation), write_transaction(room.engine) as session:
        identity.sign_in(session, conversation, "c-7", after(1))
    assert room.dump() == before


def test_erasing_and_writing_at_once(room: Room) -> None:
    """Whichever is first: a message is either erased or refused, and none is left to be done."""
    conversation = room.begin()
    room.answer(conversation)

    def act(number: int) -> None:
        if number % 2:
            room.accept(conversation, WORD)
        else:
            erase(room, conversation)

    for outcome in at_once(6, act):
        assert outcome is None or isinstance(outcome, NoSuchConversation) or outcome.fresh  # type: ignore[union-attr]
    assert found(room) == {}
    assert set(room.statuses(conversation)) <= {"done", "erased"}
    assert room.claim(after(9000)) is None


def test_mail_that_waits_is_not_sent(room: Room) -> None:
    conversation = lived(room)
    erase(room, conversation)
    assert delivery.claim_mail(room.engine, attempts=5, now=after(9000)) is None
    with read_transaction(room.engine) as session:
        mails = session.query(OutboxRow).filter(OutboxRow.channel == "email").all()
    assert {mail.status for mail in mails} == {"suppressed"}
