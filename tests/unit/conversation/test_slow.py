"""A message that no worker takes: the web tier says so, once."""

import pytest

from tenin.conversation.inbox import ASK_FOR_PERSON
from tenin.conversation.transcript import NoSuchConversation, find_offer
from tenin.database import read_transaction
from tests.unit.conversation.room import Room, after, at_once, breaks_whole


def told(room: Room, conversation: str) -> int:
    return len(room.said(conversation, "system"))


def test_a_customer_who_waits_is_told_once_with_a_person_on_offer(room: Room) -> None:
    conversation, other = room.begin(), room.begin("zh-Hans")
    room.accept(conversation, "hello?")
    room.accept(conversation, "anyone?", now=after(7))
    room.accept(other, "在吗", language="zh-Hans", now=after(3))
    assert room.slow(after(-1), after(7)) == []
    assert room.slow(after(0), after(8)) == [conversation]
    assert set(room.slow(after(3), after(11))) == {conversation, other}

    def tell() -> bool:
        return room.tell_slow(conversation, after(0), after(8))

    assert breaks_whole(room, tell) is True
    line = room.lines(conversation)[-1]
    wordings = room.voice.responses.variations["utter_bot_slow"]
    assert (line.author, line.visibility) == ("system", "all")
    assert line.text in {each.text for each in wordings if each.language == "en"}
    assert room.outbox(conversation)[0].status == "pending"
    [button] = line.buttons
    with read_transaction(room.engine) as session:
        assert find_offer(session, conversation, button["id"]).payload == ASK_FOR_PERSON

    # Both messages that waited then are one wave.
    assert room.slow(after(60), after(68)) == [other]
    assert room.tell_slow(conversation, after(60), after(68)) is False
    assert told(room, conversation) == 1
    assert room.statuses(conversation) == ["waiting", "waiting"]
    assert room.begin_turn(after(69)).text == "hello?"


def test_of_four_who_would_tell_at_once_one_does(room: Room) -> None:
    conversation = room.begin()
    room.accept(conversation)
    answers = at_once(4, lambda _: room.tell_slow(conversation, after(0), after(8)))
    assert sorted(answers) == [False, False, False, True]
    assert told(room, conversation) == 1


def test_the_next_wave_is_told_in_other_words(room: Room) -> None:
    conversation = room.begin()
    for wave in range(3):
        room.accept(conversation, now=after(60 * wave))
        assert room.tell_slow(conversation, after(60 * wave), after(60 * wave + 8))
        room.commit(room.begin_turn(after(60 * wave + 9)), "here I am")
    assert len(set(room.said(conversation, "system"))) == 3


def test_not_while_a_worker_has_it_in_hand(room: Room) -> None:
    conversation = room.begin()
    room.accept(conversation)
    turn = room.begin_turn(after(7))  # the lease stands until 17
    assert room.slow(after(5), after(13)) == []
    assert room.tell_slow(conversation, after(5), after(13)) is False
    assert room.slow(after(9), after(17)) == []
    assert room.slow(after(9), after(17.1)) == [conversation]
    assert room.tell_slow(conversation, after(9), after(17.1)) is True
    assert room.commit(turn, "sorry", now=after(18))
    assert room.slow(after(60), after(68)) == []
    assert told(room, conversation) == 1


@pytest.mark.parametrize("owner", ["queue", "agent"])
def test_not_when_a_person_owns_it(room: Room, owner: str) -> None:
    conversation = room.begin()
    room.accept(conversation)
    assert room.slow(after(0), after(8)) == [conversation]
    room.request_person(conversation)
    if owner == "agent":
        room.take(conversation, 1)
    before = room.dump()
    assert room.slow(after(0), after(8)) == []
    assert room.tell_slow(conversation, after(0), after(8)) is False
    assert room.dump() == before


def test_an_unknown_conversation_is_an_error(room: Room) -> None:
    with pytest.raises(NoSuchConversation):
        room.tell_slow("nobody", after(0), after(8))
