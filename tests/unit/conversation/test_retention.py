"""What is old enough goes, a few at a time, and never what a person has or anybody waits for."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from tenin.conversation import identity, page_views, retention
from tenin.conversation.page_views import View
from tenin.database import read_transaction, write_transaction
from tests.unit.conversation.room import START, Room, after

DAY = timedelta(days=1)


def at(days: float) -> datetime:
    return START + days * DAY


def old(
    room: Room, days: float, web: float = 30, customer: float = 90, limit: int = 20
) -> list[str]:
    with read_transaction(room.engine) as session:
        return retention.old_conversations(
            session, web_days=web, customer_days=customer, now=at(days), limit=limit
        )


def test_each_kind_has_its_time(room: Room) -> None:
    anonymous, signed_in = room.begin(), room.begin()
    with write_transaction(room.engine) as session:
        identity.sign_in(session, signed_in, "c-7", after(60))
        identity.sign_out(session, signed_in)  # it is that customer's all the same
    assert old(room, 29) == []
    assert old(room, 31) == [anonymous]
    assert sorted(old(room, 91)) == sorted([anonymous, signed_in])
    assert old(room, 9000, web=0) == [signed_in]
    assert old(room, 9000, customer=0) == [anonymous]
    assert old(room, 9000, web=0, customer=0) == []


def test_time_counts_from_the_last_word(room: Room) -> None:
    conversation = room.begin()
    room.answer(conversation, now=at(20))
    assert old(room, 49) == []
    assert old(room, 51) == [conversation]


def test_the_oldest_first_and_not_all_at_once(room: Room) -> None:
    made = [room.begin(now=at(number)) for number in (3, 1, 2)]
    assert old(room, 60, limit=2) == [made[1], made[2]]


@pytest.mark.parametrize("why", ["queue", "agent", "message waits", "turn runs"])
def test_what_is_not_at_rest_stays(room: Room, why: str) -> None:
    conversation = room.begin()
    room.accept(conversation)
    if why in ("queue", "agent"):
        room.click_person(conversation)
    if why == "agent":
        room.take(conversation, room.conversation(conversation).epoch)
    if why == "turn runs":
        room.begin_turn(at(31))
        assert old(room, 31) == []
    else:
        assert old(room, 9000) == []


def test_pages_go_before_the_chat(room: Room) -> None:
    bots, persons = room.begin(), room.begin()
    for conversation in (bots, persons):
        with write_transaction(room.engine) as session:
            page_views.keep_consent(session, conversation, True, at(0))
            for number in range(3):
                view = View(f"/{number}", "A page")
                page_views.keep_view(session, conversation, view, at(number))
    room.click_person(persons)

    def forget(days: float, now: float, limit: int = 500) -> int:
        with write_transaction(room.engine) as session:
            return retention.forget_old_views(session, days, at(now), limit)

    assert forget(0, 9000) == 0
    assert forget(10, 9) == 0
    assert forget(10, 11.5) == 2
    assert forget(10, 9000, limit=1) == 1
    with read_transaction(room.engine) as session:
        assert page_views.views_of(session, bots) == []
        assert len(page_views.views_of(session, persons)) == 3


def test_tries_go_when_they_count_no_longer(room: Room) -> None:
    conversation = room.begin()
    with write_transaction(room.engine) as session:
        for number in range(2):
            identity.begin_proof(
                session,
                message_id=f"inbox-{number}",
                conversation_id=conversation,
                order_number="1",
                address=None,
                failures=5,
                window=DAY,
                now=at(number),
            )
        assert retention.forget_old_tries(session, DAY, at(1.5)) == 1
        assert retention.forget_old_tries(session, DAY, at(1.5)) == 0
