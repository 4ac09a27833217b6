"""A turn of the bot under way when the conversation changes hands."""

from dataclasses import replace
from datetime import timedelta

import pytest

from tenin.conversation import turns
from tenin.conversation.transcript import find_offer, lines_after
from tenin.database import read_transaction
from tests.unit.conversation.room import Room, after


def settings(room: Room, conversation: str) -> tuple[str | None, dict[str, object]]:
    """The open form and the slots that Rasa would find."""
    loop, slots = None, {}
    for event in room.load(conversation):
        if event["event"] == "active_loop":
            loop = event["name"]
        elif event["event"] == "slot":
            slots[event["name"]] = event["value"]
    return loop, slots


def form_opened(slot: str) -> tuple[dict[str, object], ...]:
    return (
        {"event": "active_loop", "name": "track_order_form"},
        {"event": "slot", "name": "requested_slot", "value": slot},
        {"event": "action", "name": "action_listen"},
    )


@pytest.mark.parametrize("change", ["asked", "taken", "clicked"])
def test_replies_of_a_turn_overtaken_are_for_the_desk_only(room: Room, change: str) -> None:
    conversation = room.begin()
    room.answer(conversation)
    room.accept(conversation, "where is my order")
    turn = room.begin_turn()
    if change == "asked":
        room.request_person(conversation)
    elif change == "taken":
        room.take(conversation, 0)
    else:
        room.click_person(conversation)
    owner, epoch = room.conversation(conversation).owner, room.conversation(conversation).epoch
    assert turns.renew(room.engine, turn, timedelta(seconds=10), after(1))

    # Its own wish for a person is moot: the queue is not asked a second time.
    assert room.commit(turn, "It is on its way.", wanted="asked", now=after(2)) is False

    line = room.lines(conversation)[-1]
    assert (line.author, line.text, line.visibility) == ("bot", "It is on its way.", "desk")
    outgoing = room.outbox(conversation)[-1]
    assert (outgoing.line_number, outgoing.status) == (line.number, "suppressed")
    assert (outgoing.inbox_id, outgoing.epoch) == (turn.inbox_id, epoch)
    found = room.conversation(conversation)
    assert (found.owner, found.epoch, found.lease_token) == (owner, epoch, None)
    assert found.asked == (0 if change == "taken" else 1)
    row = next(row for row in room.rows(conversation) if row.id == turn.inbox_id)
    assert (row.status, row.done_at) == ("done", after(2))
    with read_transaction(room.engine) as session:
        seen = [each.text for each in lines_after(session, conversation, 0)]
        at_desk = [each.text for each in lines_after(session, conversation, 0, desk=True)]
    assert "It is on its way." not in seen
    assert at_desk == [each.text for each in room.lines(conversation)]
    assert room.load(conversation)[-2]["text"] == "It is on its way."  # Rasa knows what it did


def test_offers_of_a_suppressed_reply_can_not_be_pressed(room: Room) -> None:
    conversation = room.begin()
    room.accept(conversation)
    turn = room.begin_turn()
    room.take(conversation, 0)
    outcome = room.outcome(turn)
    reply = room.voice.reply("utter_handed_back", "en", "web")
    assert reply.buttons
    turns.commit(
        room.engine, turn, turns.Outcome(outcome.events, outcome.snapshot, [reply]), room.voice
    )
    line = room.lines(conversation)[-1]
    assert (line.visibility, len(line.buttons)) == ("desk", len(reply.buttons))
    with read_transaction(room.engine) as session:
        for button in line.buttons:
            assert find_offer(session, conversation, button["id"]) is None


def test_a_turn_that_fails_after_a_person_took_over_is_not_run_again(room: Room) -> None:
    conversation = room.begin()
    room.accept(conversation)
    turn = room.begin_turn()
    room.take(conversation, 0)
    turns.release(room.engine, turn, "fault", timedelta(seconds=1), after(1))
    assert room.statuses(conversation) == ["person"]
    assert room.claim(after(60)) is None


def test_what_handing_back_added_survives_a_turn_that_ran_meanwhile(room: Room) -> None:
    conversation = room.begin()
    room.answer(conversation)
    room.accept(conversation, "where is my order")
    turn = room.begin_turn()
    base = room.load(conversation)
    room.take(conversation, 0)
    room.hand_back(conversation, 1, learnt={"order_number": "SO1042"})

    opened = form_opened("order_number")
    assert room.commit(turn, "Your order number?", base=base, extra=opened) is False

    loop, slots = settings(room, conversation)
    assert loop is None
    assert slots["requested_slot"] is None
    assert slots["order_number"] == "SO1042"
    texts = [event.get("text") for event in room.load(conversation)]
    assert "where is my order" in texts
    assert room.load(conversation)[-1]["name"] == "action_listen"
    assert room.said(conversation, "bot")[-1] == "Your order number?"
    assert room.lines(conversation)[-1].visibility == "desk"


def test_handing_back_during_the_very_first_turn(room: Room) -> None:
    """Rasa has nothing yet that the hand-back could add to."""
    conversation = room.begin()
    room.accept(conversation, "where is my order")
    turn = room.begin_turn()
    room.take(conversation, 0)
    room.hand_back(conversation, 1, learnt={"order_number": "SO1042"})
    room.commit(turn, "Your order number?", base=[], extra=form_opened("order_number"))
    loop, slots = settings(room, conversation)
    assert loop is None
    assert slots["requested_slot"] is None
    assert slots["order_number"] == "SO1042"


def test_a_turn_that_read_its_memory_after_the_hand_back(room: Room) -> None:
    """Claimed before, loaded after: its form must not stay open, nobody saw the question."""
    conversation = room.begin()
    room.answer(conversation)
    room.accept(conversation, "where is my order")
    turn = room.begin_turn()
    room.take(conversation, 0)
    room.hand_back(conversation, 1, learnt={"order_number": "SO1042"})
    base = room.load(conversation)
    room.commit(turn, "Your order number?", base=base, extra=form_opened("order_number"))
    loop, slots = settings(room, conversation)
    assert loop is None
    assert slots["requested_slot"] is None
    assert slots["order_number"] == "SO1042"


def test_a_turn_overtaken_then_handed_back_after_it_ended(room: Room) -> None:
    conversation = room.begin()
    room.accept(conversation, "where is my order")
    turn = room.begin_turn()
    room.take(conversation, 0)
    room.commit(turn, "Your order number?", extra=form_opened("order_number"))
    assert settings(room, conversation)[0] == "track_order_form"
    room.hand_back(conversation, 1, learnt={"order_number": "SO1042"})
    loop, slots = settings(room, conversation)
    assert loop is None
    assert slots == {**slots, "requested_slot": None, "order_number": "SO1042"}


def test_after_handing_back_the_next_turn_waits_for_the_one_still_running(room: Room) -> None:
    conversation = room.begin()
    room.accept(conversation, "first")
    old = room.begin_turn()
    room.take(conversation, 0)
    room.hand_back(conversation, 1)
    room.accept(conversation, "second")
    assert room.claim(after(5)) is None
    room.commit(old, "answer to the first", now=after(6))
    new = room.begin_turn(after(6))
    assert (new.text, new.epoch) == ("second", 2)
    assert room.commit(new, "answer to the second", now=after(7)) is True
    visible = [line.text for line in room.lines(conversation) if line.visibility == "all"]
    assert "answer to the first" not in visible
    assert visible[-1] == "answer to the second"
    assert room.statuses(conversation) == ["done", "done"]


@pytest.mark.parametrize("taken", [False, True])
def test_the_language_asked_for_is_the_conversation_s_whoever_has_it(
    room: Room, taken: bool
) -> None:
    """Who took over meanwhile sees what the customer wants, and so do the system's lines."""
    conversation = room.begin("en")
    room.accept(conversation, "in Japanese, please")
    turn = room.begin_turn()
    if taken:
        room.take(conversation, 0)
    outcome = replace(room.outcome(turn, "Japanese it is."), language="ja")
    assert turns.commit(room.engine, turn, outcome, room.voice) is not taken
    assert room.conversation(conversation).language == "ja"
    if taken:
        room.hand_back(conversation, 1)
        wordings = room.voice.responses.variations["utter_handed_back"]
        handed_back = {each.text for each in wordings if each.language == "ja"}
        assert room.said(conversation, "system")[-1] in handed_back


def test_a_turn_that_names_no_language_leaves_it_as_it_is(room: Room) -> None:
    """Also the one of a message that came in meanwhile."""
    conversation = room.begin("en")
    room.accept(conversation, "hello")
    turn = room.begin_turn()
    room.accept(conversation, "お願いします", language="ja")
    room.commit(turn, "hello")
    assert room.conversation(conversation).language == "ja"


def test_a_wish_for_a_person_is_answered_in_the_language_asked_for(room: Room) -> None:
    conversation = room.begin("en")
    room.accept(conversation, "a person, in Japanese")
    turn = room.begin_turn()
    outcome = replace(room.outcome(turn, wanted="asked"), language="ja")
    turns.commit(room.engine, turn, outcome, room.voice)
    [said] = room.said(conversation, "system")
    assert any("\u3041" <= sign <= "\u30ff" for sign in said)
