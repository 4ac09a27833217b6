"""Routing over the database: offers and their end, gone agents, what waiting customers are told."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from tenin.conversation import ownership, queue
from tenin.conversation.models import Awaiting, Conversation
from tenin.conversation.people import Kind, Promise
from tenin.database import write_transaction
from tenin.desk import routing
from tenin.desk.models import Agent, Presence
from tenin.settings import DeskSettings
from tests.unit.conversation.room import Room, after, at_once

SETTINGS = DeskSettings(accept_seconds=30, gone_seconds=60)


@dataclass
class Told:
    """Those who serve, saying what a test has them say."""

    promise_: Promise = field(default_factory=lambda: Promise(Kind.PLACE, dict(VALUES)))

    def promise(self, session: Any, conversation: Conversation, now: datetime) -> Promise:
        if conversation.awaiting == Awaiting.MESSAGE.value:
            return Promise(Kind.MESSAGE)
        return self.promise_

    def skill_for(self, session: Any, category: str | None) -> str | None:
        return "returns" if category == "return_item" else None

    def question(self, session: Any, conversation: Conversation) -> None:
        return None


VALUES = {"place": 1, "low": 2, "high": 5}


def comes(room: Room, name: str, at: float = 0, **rest: Any) -> str:
    """An agent who is online since then."""
    values: dict[str, Any] = {
        "skills": [],
        "languages": [],
        "capacity": 2,
        "presence": Presence.ONLINE.value,
        **rest,
    }
    moment = after(at)
    with write_transaction(room.engine) as session:
        session.add(
            Agent(
                id=name,
                login=name,
                name=name.title(),
                role="agent",
                created_at=moment,
                presence_since=moment,
                seen_at=moment,
                **values,
            )
        )
    return name


def is_seen(room: Room, at: float, *names: str) -> None:
    with write_transaction(room.engine) as session:
        for name in names:
            routing.seen(session, name, after(at))


def routed(room: Room, at: float) -> set[str]:
    """The conversations that a run of the routing moved."""
    return set(routing.route(room.engine, room.voice, SETTINGS, after(at)))


def asks(room: Room, at: float = 0, language: str = "en", **rest: Any) -> str:
    conversation = room.begin(language)
    room.request_person(conversation, now=after(at), **rest)
    return conversation


def offered(room: Room, *conversations: str) -> list[str | None]:
    return [room.conversation(each).offered_to for each in conversations]


def test_what_waits_is_offered_in_its_order_as_far_as_there_is_room(room: Room) -> None:
    waiting = [asks(room, moment) for moment in range(3)]
    comes(room, "mei", 5)
    assert routed(room, 5) == set(waiting[:2])
    assert offered(room, *waiting) == ["mei", "mei", None]
    assert room.conversation(waiting[0]).offered_until == after(35)
    assert routed(room, 6) == set()


def test_an_offer_not_accepted_in_time_goes_to_the_next_and_round_again(room: Room) -> None:
    waiting = asks(room)
    comes(room, "mei", 0, capacity=1)
    comes(room, "ken", 1, capacity=1)
    assert routed(room, 2) == {waiting}
    assert offered(room, waiting) == ["mei"]
    is_seen(room, 33, "mei", "ken")
    assert routed(room, 33) == {waiting}
    assert offered(room, waiting) == ["ken"]
    is_seen(room, 66, "mei", "ken")
    routed(room, 66)
    assert offered(room, waiting) == ["mei"]
    assert room.conversation(waiting).waiting_since == after(0)


def test_passing_on_by_hand_or_going_busy_offers_it_to_another(room: Room) -> None:
    waiting = asks(room)
    comes(room, "mei", 0)
    comes(room, "ken", 1)
    routed(room, 2)
    with room.locked(waiting) as (session, conversation):
        routing.decline(session, conversation, "ken", after(3))  # not on offer to Ken
        assert conversation.offered_to == "mei"
        routing.decline(session, conversation, "mei", after(3))
    routed(room, 4)
    assert offered(room, waiting) == ["ken"]
    with write_transaction(room.engine) as session:
        assert routing.set_presence(session, "ken", Presence.BUSY, after(5)) == [waiting]
    routed(room, 6)
    assert offered(room, waiting) == ["mei"]


@pytest.mark.parametrize("presence", ["busy", "away"])
def test_nothing_is_offered_to_who_takes_nothing(room: Room, presence: str) -> None:
    comes(room, "mei", presence=presence)
    waiting = asks(room)
    assert routed(room, 1) == set()
    assert offered(room, waiting) == [None]


def test_one_whose_page_is_gone_is_away_and_the_unanswered_returns_in_front(room: Room) -> None:
    comes(room, "mei", 0)
    first = asks(room, 0)
    room.take(first, 1, "mei", after(1))
    answered = asks(room, 2)
    room.take(answered, 1, "mei", after(3))
    room.say(answered, "Hello, how can I help?", "k", "mei", after(4))
    urgent = asks(room, 5, signs=["anger"])
    other = asks(room, 6)
    assert first not in routed(room, 59)
    moved = routed(room, 62)
    assert first in moved
    assert answered not in moved
    found = room.conversation(first)
    assert (found.owner, found.agent_id, found.waiting_since) == ("queue", None, after(0))
    assert room.conversation(answered).agent_id == "mei"
    assert [handoff.outcome for handoff in room.handoffs(first)] == ["returned", None]
    places = {}
    for each in (first, urgent, other):
        with room.locked(each) as (session, conversation):
            places[each] = queue.place_in_queue(session, conversation)
    assert places == {urgent: 1, first: 2, other: 3}


def test_who_comes_back_in_time_keeps_what_they_have(room: Room) -> None:
    comes(room, "mei", 0)
    waiting = asks(room)
    room.take(waiting, 1, "mei", after(1))
    is_seen(room, 50, "mei")
    assert routed(room, 100) == set()
    assert room.conversation(waiting).agent_id == "mei"


def test_an_offer_to_one_who_is_gone_is_taken_back_at_once(room: Room) -> None:
    waiting = asks(room)
    comes(room, "mei", 0)
    routed(room, 0)
    comes(room, "ken", 61)
    with room.locked(waiting) as (_, conversation):
        conversation.offered_until = after(1000)
    routed(room, 62)
    assert offered(room, waiting) == ["ken"]


def test_a_transfer_to_an_agent_is_theirs_first_then_anybodys(room: Room) -> None:
    comes(room, "mei", 0)
    comes(room, "ken", 0)
    waiting = asks(room)
    room.take(waiting, 1, "mei", after(1))
    room.do(ownership.transfer, waiting, 2, "mei", to_agent="ken", until=after(31), now=after(1))
    assert routed(room, 2) == set()
    assert offered(room, waiting) == ["ken"]
    is_seen(room, 32, "mei", "ken")
    routed(room, 32)
    assert offered(room, waiting) == ["mei"]


def test_a_skill_is_asked_for_by_the_category(room: Room) -> None:
    comes(room, "mei", 0, skills=["payment"])
    comes(room, "ken", 0, skills=["returns"])
    waiting = asks(room, category="return_item")
    routed(room, 1)
    assert offered(room, waiting) == ["ken"]


def test_two_web_tiers_at_once_offer_each_once_and_nobody_too_much(room: Room) -> None:
    waiting = [asks(room, moment) for moment in range(6)]
    for name in ("mei", "ken"):
        comes(room, name, 5, capacity=2)
    answers = at_once(4, lambda _: routed(room, 6))
    assert not [each for each in answers if isinstance(each, BaseException)], answers
    given = [each for each in offered(room, *waiting) if each is not None]
    assert sorted(given) == ["ken", "ken", "mei", "mei"]


# what is told


def test_what_was_told_is_renewed_after_a_minute_if_it_changed(room: Room) -> None:
    told = Told()
    room.voice = replace(room.voice, people=told)
    waiting = asks(room)
    said = room.said(waiting, "system")
    told.promise_ = Promise(Kind.PLACE, {**VALUES, "low": 3})
    assert routed(room, 59) == set()
    assert routed(room, 61) == set()  # a minute more or less is no news
    told.promise_ = Promise(Kind.PLACE, {"place": 1, "low": 8, "high": 15})
    assert routed(room, 90) == set()  # looked at a moment ago
    assert routed(room, 122) == {waiting}
    assert room.conversation(waiting).told == told.promise_.values
    assert room.said(waiting, "system") == said  # shown beside the conversation, not said in it


def test_another_kind_of_promise_is_said(room: Room) -> None:
    told = Told()
    room.voice = replace(room.voice, people=told)
    waiting = asks(room)
    told.promise_ = Promise(Kind.NOBODY, {"place": 1})
    assert routed(room, 61) == {waiting}
    assert room.conversation(waiting).told_kind == "nobody"
    assert len(room.said(waiting, "system")) == 2


def test_at_closing_time_a_request_becomes_a_message(room: Room) -> None:
    told = Told()
    room.voice = replace(room.voice, people=told)
    waiting = asks(room)
    opens = after(0) + timedelta(hours=12)
    told.promise_ = Promise(Kind.CLOSED, {"place": 1, "opens": opens})
    assert routed(room, 61) == {waiting}
    found = room.conversation(waiting)
    assert (found.owner, found.awaiting, found.told_kind) == ("queue", "message", "message")
    assert room.lines(waiting)[-1].cards == [{"type": "contact"}]
    assert routed(room, 200) == set()


def test_who_was_told_that_it_is_closed_keeps_their_place_till_it_opens(room: Room) -> None:
    opens = after(0) + timedelta(hours=12)
    told = Told(Promise(Kind.CLOSED, {"place": 1, "opens": opens}))
    room.voice = replace(room.voice, people=told)
    waiting = asks(room)
    assert routed(room, 61) == set()
    told.promise_ = Promise(Kind.PLACE, dict(VALUES))
    assert routed(room, 125) == {waiting}
    assert room.conversation(waiting).awaiting == "live"
