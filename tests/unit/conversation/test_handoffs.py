"""What becomes of a wish for a person: its record, its priority, and each way it may end."""

from __future__ import annotations

import pytest

from tenin.conversation import ownership, queue
from tenin.conversation.inbox import ASK_FOR_PERSON, LEAVE_MESSAGE, LEAVE_QUEUE
from tenin.conversation.models import Author
from tenin.conversation.ownership import OwnershipConflict
from tests.unit.conversation.room import Room, after, breaks_whole


def place(room: Room, conversation: str) -> int:
    with room.locked(conversation) as (session, found):
        return queue.place_in_queue(session, found)


def press(room: Room, conversation: str, payload: str, at: float = 0) -> None:
    room.accept(conversation, "a button", kind="button", payload=payload, now=after(at))


def test_a_record_tells_asking_promise_taking_first_answer_and_end(room: Room) -> None:
    conversation = room.begin("ja")
    room.request_person(conversation, "complaint", after(1), category="return_item")
    room.take(conversation, 1, now=after(61))
    room.say(conversation, "お待たせしました。", "k1", now=after(70))
    room.say(conversation, "確認いたします。", "k2", now=after(90))
    room.do(ownership.resolve, conversation, 2, "mei", "solved", now=after(600))
    [found] = room.handoffs(conversation)
    assert (found.reason, found.category, found.skill, found.language) == (
        "complaint",
        "return_item",
        "returns",
        "ja",
    )
    assert (found.asked_at, found.promised_low, found.promised_high) == (after(1), 120, 300)
    assert (found.agent_id, found.agent_name, found.taken_at) == ("mei", "Mei", after(61))
    assert (found.first_answer_at, found.ended_at) == (after(70), after(600))
    assert (found.outcome, found.resolution, found.rating) == ("resolved", "solved", None)


def test_a_takeover_from_the_bot_has_a_record_too(room: Room) -> None:
    conversation = room.begin()
    room.take(conversation, 0, now=after(5))
    room.hand_back(conversation, 1, now=after(9))
    [found] = room.handoffs(conversation)
    assert (found.reason, found.asked_at, found.taken_at) == ("takeover", after(5), after(5))
    assert found.outcome == "handed_back"


def test_resolving_gives_the_bot_a_clear_head_and_asks_for_a_rating_once(room: Room) -> None:
    conversation = room.begin()
    room.answer(conversation)
    room.request_person(conversation)
    room.take(conversation, 1)
    breaks_whole(
        room, lambda: room.do(ownership.resolve, conversation, 2, "mei", "solved", now=after(9))
    )
    found = room.conversation(conversation)
    assert (found.owner, found.agent_id, found.asked, found.priority) == ("bot", None, 0, 0)
    assert (found.signs, found.category, found.handoff_id) == ([], None, None)
    [handoff] = room.handoffs(conversation)
    cards = [card for line in room.lines(conversation) for card in line.cards]
    assert cards == [{"type": "rating", "handoff": handoff.id}]
    assert room.load(conversation)[-1]["name"] == "action_listen"
    with pytest.raises(OwnershipConflict):
        room.do(ownership.resolve, conversation, 3, "mei", "solved")


@pytest.mark.parametrize(
    ("signs", "priority"),
    [((), 0), (("not_understood",), 1), (("anger",), 2), (("not_understood", "complaint"), 2)],
)
def test_signs_raise_the_priority_and_are_kept_as_its_reason(
    room: Room, signs: tuple[str, ...], priority: int
) -> None:
    conversation = room.begin()
    room.request_person(conversation, signs=signs)
    found = room.conversation(conversation)
    assert found.priority == priority
    assert found.signs == list(signs)


def test_who_is_urgent_goes_first_and_messages_go_last(room: Room) -> None:
    message, early, late, urgent = (room.begin() for _ in range(4))
    press(room, message, LEAVE_MESSAGE, 0)
    room.request_person(early, now=after(1))
    room.request_person(late, now=after(2))
    room.request_person(urgent, now=after(3), signs=["anger"])
    assert [place(room, each) for each in (urgent, early, late, message)] == [1, 2, 3, 4]


def test_a_place_counts_only_those_whom_the_same_agents_serve(room: Room) -> None:
    returns, anything, other = (room.begin() for _ in range(3))
    room.request_person(anything, now=after(0))
    room.request_person(other, now=after(1), category="payment_problem")
    room.request_person(returns, now=after(2), category="return_item")
    with room.locked(other) as (_, conversation):
        conversation.skill = "payment"
    assert place(room, returns) == 2  # payment's is served by others


def test_leaving_the_queue_gives_the_conversation_back_to_the_bot(room: Room) -> None:
    conversation = room.begin()
    press(room, conversation, ASK_FOR_PERSON)
    press(room, conversation, LEAVE_QUEUE, 5)
    found = room.conversation(conversation)
    assert (found.owner, found.epoch, found.asked, found.waiting_since) == ("bot", 2, 0, None)
    assert [handoff.outcome for handoff in room.handoffs(conversation)] == ["left"]
    room.accept(conversation, "a question", now=after(6))
    assert room.begin_turn(after(6)).text == "a question"


def test_a_message_that_was_left_is_not_lost_by_leaving_the_queue(room: Room) -> None:
    conversation = room.begin()
    press(room, conversation, LEAVE_MESSAGE)
    said = room.said(conversation, "system")[-1]
    press(room, conversation, LEAVE_QUEUE, 5)
    found = room.conversation(conversation)
    assert (found.owner, found.awaiting, found.epoch) == ("queue", "message", 1)
    assert [handoff.outcome for handoff in room.handoffs(conversation)] == [None]
    assert room.said(conversation, "system")[-1] != said


def test_leaving_a_queue_that_one_is_not_in_is_a_wish_for_the_menu(room: Room) -> None:
    conversation = room.begin()
    press(room, conversation, LEAVE_QUEUE)
    assert room.conversation(conversation).owner == "bot"
    assert room.begin_turn().payload == "/show_menu"


@pytest.mark.parametrize("before", ["bot", "queue"])
def test_leaving_a_message_asks_for_it_and_waits_without_a_place(room: Room, before: str) -> None:
    conversation = room.begin()
    if before == "queue":
        room.request_person(conversation)
    press(room, conversation, LEAVE_MESSAGE, 5)
    found = room.conversation(conversation)
    assert (found.owner, found.awaiting, found.told_kind) == ("queue", "message", "message")
    assert room.lines(conversation)[-1].cards == [{"type": "contact"}]
    [handoff] = room.handoffs(conversation)
    assert (handoff.awaiting, handoff.outcome) == ("message", None)


def test_who_answers_a_message_does_not_announce_themselves_to_nobody(room: Room) -> None:
    conversation = room.begin()
    press(room, conversation, LEAVE_MESSAGE)
    lines = len(room.lines(conversation))
    room.take(conversation, 1)
    assert len(room.lines(conversation)) == lines


def test_what_is_typed_while_waiting_is_acknowledged_once_each_time(room: Room) -> None:
    conversation = room.begin()
    room.request_person(conversation)
    said = len(room.said(conversation, "system"))
    for number in range(3):
        room.accept(conversation, f"more {number}")
    assert len(room.said(conversation, "system")) == said + 1
    assert room.statuses(conversation) == ["person"] * 3
    room.take(conversation, 1)
    room.accept(conversation, "to Mei")
    room.do(ownership.transfer, conversation, 2, "mei", to_skill="returns", now=after(9))
    said = len(room.said(conversation, "system"))
    room.accept(conversation, "still there?")
    assert len(room.said(conversation, "system")) == said + 1


def test_a_transfer_goes_to_the_front_and_counts_as_a_service_of_its_own(room: Room) -> None:
    earlier, conversation = room.begin(), room.begin()
    room.request_person(earlier, now=after(0))
    room.request_person(conversation, now=after(1))
    room.take(conversation, 1, now=after(2))
    breaks_whole(
        room,
        lambda: room.do(
            ownership.transfer,
            conversation,
            2,
            "mei",
            to_agent="ken",
            until=after(40),
            now=after(10),
        ),
    )
    found = room.conversation(conversation)
    assert (found.owner, found.agent_id, found.offered_to) == ("queue", None, "ken")
    assert (found.passed_over, found.waiting_since) == (["mei"], after(10))
    assert place(room, conversation) == 1
    assert [row.outcome for row in room.handoffs(conversation)] == ["transferred", None]


def test_a_note_is_seen_by_agents_alone_and_written_once(room: Room) -> None:
    conversation = room.begin()
    with room.locked(conversation) as (session, found):
        first = ownership.add_note(session, found, "Mei", "A regular customer.", "n1")
    with room.locked(conversation) as (session, found):
        assert ownership.add_note(session, found, "Mei", "A regular customer.", "n1") == first
    [line] = room.lines(conversation)
    assert (line.author, line.name, line.visibility) == (Author.NOTE.value, "Mei", "desk")
    assert room.outbox(conversation) == []


@pytest.mark.parametrize("epoch", [1, 3])
@pytest.mark.parametrize("agent", ["mei", "ken"])
def test_ending_what_changed_or_is_not_ones_own_is_refused(
    room: Room, epoch: int, agent: str
) -> None:
    conversation = room.begin()
    room.request_person(conversation)
    room.take(conversation, 1, "ken")
    before = room.dump()
    for act in (
        lambda: room.do(ownership.resolve, conversation, epoch, agent, "solved"),
        lambda: room.do(ownership.transfer, conversation, epoch, agent, to_skill="returns"),
    ):
        with pytest.raises(OwnershipConflict):
            act()
    assert room.dump() == before
