"""A message is accepted once, and one that a person must answer never reaches the bot."""

import pytest

from tenin.conversation import inbox
from tenin.conversation.inbox import Accepted
from tenin.conversation.models import Owner
from tenin.conversation.transcript import NoSuchConversation
from tenin.database import read_transaction
from tests.unit.conversation.room import Room, after, at_once, breaks_whole


def test_a_message_becomes_a_line_and_a_waiting_row(room: Room) -> None:
    conversation = room.begin("zh-Hans")
    accepted = room.accept(conversation, "hi there", key="k1", address="192.0.2.1", now=after(3))
    assert accepted.fresh
    assert accepted.line_number == 1
    assert accepted.owner is Owner.BOT
    [line] = room.lines(conversation)
    assert (line.number, line.author, line.text, line.key) == (1, "customer", "hi there", "k1")
    [row] = room.rows(conversation)
    assert row.id == accepted.inbox_id
    assert (row.status, row.kind, row.line_number, row.address) == (
        "waiting",
        "text",
        1,
        "192.0.2.1",
    )
    assert row.received_at == row.available_at == after(3)
    assert room.outbox(conversation) == []
    assert room.conversation(conversation).language == "en"  # the message's, not the first one
    with read_transaction(room.engine) as session:
        assert inbox.is_waiting(session, conversation)


def test_the_same_key_again_is_the_same_message(room: Room) -> None:
    conversation = room.begin()
    first = room.accept(conversation, "hello", key="k1")
    before = room.dump()
    again = room.accept(conversation, "something else", key="k1", now=after(60))
    assert again == Accepted(first.inbox_id, first.line_number, False, Owner.BOT)
    assert room.dump() == before


def test_a_key_belongs_to_its_account(room: Room) -> None:
    one, other = room.begin(), room.begin()
    assert room.accept(one, key="k1").fresh
    accepted = room.accept(other, key="k1")
    assert accepted.fresh
    assert room.rows(other)[0].id == accepted.inbox_id


def test_a_repeat_after_a_change_of_owner_says_who_owns_it_now(room: Room) -> None:
    conversation = room.begin()
    room.accept(conversation, key="k1")
    room.take(conversation, 0)
    before = room.dump()
    again = room.accept(conversation, key="k1")
    assert not again.fresh
    assert again.owner is Owner.AGENT
    assert room.dump() == before


def test_four_threads_with_one_message_make_one_row(room: Room) -> None:
    conversation = room.begin()
    answers = at_once(4, lambda _: room.accept(conversation, key="the same"))
    assert all(isinstance(answer, Accepted) for answer in answers), answers
    assert sorted(answer.fresh for answer in answers) == [False, False, False, True]
    assert len({(answer.inbox_id, answer.line_number) for answer in answers}) == 1
    assert len(room.rows(conversation)) == len(room.lines(conversation)) == 1


def test_four_threads_with_four_messages_number_the_lines(room: Room) -> None:
    conversation = room.begin()
    answers = at_once(4, lambda number: room.accept(conversation, key=f"k{number}"))
    assert sorted(answer.line_number for answer in answers) == [1, 2, 3, 4]
    rows, lines = room.rows(conversation), room.lines(conversation)
    assert [row.line_number for row in rows] == [line.number for line in lines] == [1, 2, 3, 4]
    assert [row.external_id for row in rows] == [line.key for line in lines]


def test_an_event_of_the_page_has_no_line(room: Room) -> None:
    conversation = room.begin("zh-Hans")
    accepted = room.accept(conversation, "", kind="event", payload="/opened", language="en")
    assert accepted.fresh
    assert accepted.line_number is None
    assert room.lines(conversation) == []
    assert room.statuses(conversation) == ["waiting"]
    assert room.conversation(conversation).language == "zh-Hans"
    assert room.begin_turn().payload == "/opened"


def test_the_button_for_a_person_needs_no_bot(room: Room) -> None:
    conversation = room.begin()
    room.accept(conversation, "where is my order")
    accepted = room.click_person(conversation, now=after(5))
    assert accepted.owner is Owner.QUEUE
    found = room.conversation(conversation)
    assert (found.owner, found.epoch, found.reason, found.asked) == ("queue", 1, "asked", 1)
    assert found.waiting_since == after(5)
    assert room.statuses(conversation) == ["person", "person"]
    assert [row.done_at for row in room.rows(conversation)] == [after(5)] * 2
    assert room.claim(after(6)) is None
    [told] = room.said(conversation, "system")
    assert "place 1" in told or "queue is 1" in told
    [outgoing] = room.outbox(conversation)
    assert (outgoing.line_number, outgoing.status, outgoing.epoch) == (3, "pending", 1)


def test_typed_words_are_never_the_button(room: Room) -> None:
    conversation = room.begin()
    accepted = room.accept(conversation, "/human_agent")
    assert accepted.owner is Owner.BOT
    assert room.statuses(conversation) == ["waiting"]


def test_the_button_pressed_twice_under_one_key_asks_once(room: Room) -> None:
    conversation = room.begin()
    room.click_person(conversation, key="k1")
    before = room.dump()
    again = room.click_person(conversation, key="k1")
    assert not again.fresh
    assert again.owner is Owner.QUEUE
    assert room.dump() == before


@pytest.mark.parametrize("kind", ["text", "event"])
@pytest.mark.parametrize("owner", ["queue", "agent"])
def test_what_comes_while_a_person_owns_is_theirs(room: Room, owner: str, kind: str) -> None:
    conversation = room.begin()
    room.request_person(conversation)
    if owner == "agent":
        room.take(conversation, 1)
    accepted = room.accept(conversation, "are you there?", kind=kind, now=after(9))
    assert accepted.owner.value == owner
    [row] = room.rows(conversation)
    assert (row.status, row.done_at) == ("person", after(9))
    assert room.claim(after(10)) is None
    assert room.claim(after(1_000)) is None


def test_an_unknown_conversation_is_refused(room: Room) -> None:
    room.begin()
    before = room.dump()
    with pytest.raises(NoSuchConversation):
        room.accept("no-such-conversation")
    assert room.dump() == before


def test_a_message_is_accepted_whole_or_not_at_all(room: Room) -> None:
    conversation = room.begin()
    room.accept(conversation, "first")
    accepted = breaks_whole(room, lambda: room.click_person(conversation, key="k1"))
    assert accepted.fresh
    assert accepted.owner is Owner.QUEUE
    assert [line.number for line in room.lines(conversation)] == [1, 2, 3]
