"""A rating: of a service that was resolved in this conversation, once."""

from __future__ import annotations

import pytest

from tenin.conversation import ownership
from tenin.conversation.models import Handoff
from tenin.conversation.ratings import NothingToRate, RatedAlready, rate, ratings_of
from tenin.conversation.transcript import NoSuchConversation
from tenin.database import read_transaction, write_transaction
from tests.unit.conversation.room import Room, after, at_once, breaks_whole


def served(room: Room, *, resolved: bool = True) -> tuple[str, int]:
    """A conversation that was served, and the record of it."""
    conversation = room.begin()
    room.request_person(conversation)
    room.take(conversation, room.conversation(conversation).epoch)
    with room.locked(conversation) as (session, locked):
        handoff = int(locked.handoff_id or 0)
        if resolved:
            ownership.resolve(session, locked, locked.epoch, "mei", "solved", room.voice, after(10))
    return conversation, handoff


def give(
    room: Room, conversation: str, handoff: int, rating: int = 4, word: str | None = ""
) -> None:
    with write_transaction(room.engine) as session:
        rate(session, handoff, conversation, rating, word, after(20))


def test_it_is_kept_on_the_record_whole_or_not_at_all(room: Room) -> None:
    conversation, handoff = served(room)
    breaks_whole(room, lambda: give(room, conversation, handoff, 5, "kind"))
    with read_transaction(room.engine) as session:
        row = session.get(Handoff, handoff)
        assert (row.rating, row.rating_word, row.rated_at) == (5, "kind", after(20))
        assert ratings_of(session, conversation) == {handoff: 5}


def test_once_however_many_send_it_at_once(room: Room) -> None:
    conversation, handoff = served(room)
    answers = at_once(4, lambda number: give(room, conversation, handoff, number + 1))
    assert [type(each) for each in answers].count(RatedAlready) == 3
    assert answers.count(None) == 1
    with pytest.raises(RatedAlready):
        give(room, conversation, handoff)


def test_what_is_not_there_to_rate(room: Room) -> None:
    conversation, handoff = served(room)
    other, running = served(room, resolved=False)
    for where, what in ((other, handoff), (other, running), (conversation, handoff + 1000)):
        with pytest.raises(NothingToRate):
            give(room, where, what)
    room.hand_back(other, room.conversation(other).epoch)
    with pytest.raises(NothingToRate):
        give(room, other, running)
    with pytest.raises(NoSuchConversation):
        give(room, "nobody's", handoff)
    for rating, word in ((0, None), (6, None), (3, "x" * 501)):
        with pytest.raises(ValueError, match="out of bounds"):
            give(room, conversation, handoff, rating, word)
    with read_transaction(room.engine) as session:
        assert ratings_of(session, conversation) == {}
