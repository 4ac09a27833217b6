"""One owner of a conversation; a person is never refused, and never told the same twice."""

import random
from itertools import pairwise

import pytest

from tenin.conversation import ownership, queue
from tenin.conversation.models import Conversation
from tenin.conversation.ownership import OwnershipConflict
from tenin.conversation.transcript import lock_conversation
from tenin.database import write_transaction
from tenin.language.fill import fill
from tests.unit.conversation.room import Room, after, at_once, breaks_whole

PROMISED = {"low": 2, "high": 5}


def wordings(room: Room, key: str, language: str = "en", **values: object) -> set[str]:
    found = room.voice.responses.variations[key]
    assert room.voice.responses.policy is not None
    known = {**room.voice.responses.policy.values(language, "en"), **values}
    return {fill(each.text, known, language) for each in found if each.language == language}


def test_asking_gives_a_place_in_the_queue(room: Room) -> None:
    first, second = room.begin(), room.begin("zh-Hans")
    room.request_person(first, "complaint", after(1))
    room.request_person(second, "asked", after(2))
    for conversation, reason, moment in ((first, "complaint", 1), (second, "asked", 2)):
        found = room.conversation(conversation)
        assert (found.owner, found.epoch, found.asked) == ("queue", 1, 1)
        assert (found.reason, found.waiting_since) == (reason, after(moment))
        assert found.agent_id is found.agent_name is None
    [told] = room.said(first, "system")
    assert told in wordings(room, "utter_handoff_queued", place=1, **PROMISED)
    [told] = room.said(second, "system")
    assert told in wordings(room, "utter_handoff_queued", "zh-Hans", place=2, **PROMISED)
    assert [row.status for row in room.outbox(second)] == ["pending"]


def test_the_place_moves_up(room: Room) -> None:
    waiting = [room.begin() for _ in range(3)]
    for moment, conversation in enumerate(waiting):
        room.request_person(conversation, now=after(moment))
    room.take(waiting[0], 1)
    for place, conversation in enumerate(waiting[1:], start=1):
        with room.locked(conversation) as (session, found):
            assert queue.place_in_queue(session, found) == place
    room.request_person(waiting[2], now=after(60))  # asking again is the fast lane
    assert room.said(waiting[2], "system")[-1] in wordings(
        room, "utter_handoff_waiting", place=1, **PROMISED
    )
    assert room.conversation(waiting[2]).waiting_since == after(2)


def test_asked_again_it_counts_and_says_it_in_other_words(room: Room) -> None:
    conversation = room.begin()
    for moment in range(4):
        room.request_person(conversation, "asked" if moment == 0 else "again", after(moment))
    found = room.conversation(conversation)
    assert (found.owner, found.epoch, found.asked) == ("queue", 1, 4)
    assert (found.reason, found.waiting_since) == ("asked", after(0))
    told = room.said(conversation, "system")
    assert told[0] in wordings(room, "utter_handoff_queued", place=1, **PROMISED)
    assert set(told[1:]) == wordings(room, "utter_handoff_waiting", place=1, **PROMISED)


def test_asked_while_an_agent_serves_it_says_so(room: Room) -> None:
    conversation = room.begin()
    room.take(conversation, 0)
    room.click_person(conversation)
    found = room.conversation(conversation)
    assert (found.owner, found.agent_id, found.epoch, found.asked) == ("agent", "mei", 1, 0)
    assert room.said(conversation, "system")[-1] in wordings(
        room, "utter_handoff_serving", agent="Mei"
    )


def test_a_person_who_serves_is_not_announced_twice_in_the_same_words(room: Room) -> None:
    conversation = room.begin()
    room.take(conversation, 0)
    for moment in range(4):
        room.click_person(conversation, now=after(moment))
    told = room.said(conversation, "system")
    assert len(told) == 5
    assert all(one != next_one for one, next_one in pairwise(told))


@pytest.mark.parametrize("language", ["en", "zh-Hans"])
def test_no_two_consecutive_lines_of_the_system_are_equal(room: Room, language: str) -> None:
    """Thirty random things that make the system speak, in a conversation of each language."""
    chance = random.Random(language)
    conversation, other = room.begin(language), room.begin(language)
    for moment in range(30):
        found = room.conversation(conversation)
        deeds = ["ask", "ask", "slow"]
        if found.owner != "agent":
            deeds.append("take")
        else:
            deeds = ["hand back", "ask"]
        deed = chance.choice(deeds)
        if deed == "ask":
            room.click_person(conversation, now=after(moment), language=language)
        elif deed == "take":
            room.take(conversation, found.epoch)
        elif deed == "hand back":
            room.hand_back(conversation, found.epoch)
        elif found.owner == "bot":
            room.accept(conversation, language=language, now=after(moment))
            assert room.tell_slow(conversation, after(moment), after(moment))
        if chance.random() < 0.3:  # the place changes or doesn't
            room.request_person(other, now=after(-moment))
    told = room.said(conversation, "system")
    assert len(told) > 20
    assert [text for text, following in pairwise(told) if text == following] == []


def test_taking_from_the_queue_and_from_the_bot(room: Room) -> None:
    queued, talking = room.begin(), room.begin()
    room.accept(talking, "I look for a coat")
    room.request_person(queued)
    room.take(queued, 1, now=after(5))
    room.take(talking, 0, now=after(6))
    for conversation, epoch in ((queued, 2), (talking, 1)):
        found = room.conversation(conversation)
        assert (found.owner, found.agent_id, found.agent_name) == ("agent", "mei", "Mei")
        assert (found.epoch, found.waiting_since) == (epoch, None)
        assert room.said(conversation, "system")[-1] in wordings(
            room, "utter_agent_joined", agent="Mei"
        )
    assert room.statuses(talking) == ["person"]
    assert room.claim(after(7)) is None


@pytest.mark.parametrize("epoch", [0, 2, -1])
def test_taking_what_changed_meanwhile_is_refused(room: Room, epoch: int) -> None:
    conversation = room.begin()
    room.request_person(conversation)
    before = room.dump()
    with pytest.raises(OwnershipConflict):
        room.take(conversation, epoch)
    assert room.dump() == before


@pytest.mark.parametrize("agent", ["mei", "kenji"])
def test_taking_what_an_agent_has_is_refused(room: Room, agent: str) -> None:
    conversation = room.begin()
    room.take(conversation, 0)
    before = room.dump()
    with pytest.raises(OwnershipConflict):
        room.take(conversation, 1, agent)
    assert room.dump() == before


def test_of_agents_who_take_at_once_one_has_it(room: Room) -> None:
    agents = ["mei", "kenji", "ada", "li"]
    for _ in range(5):
        conversation = room.begin()
        room.request_person(conversation)
        answers = at_once(4, lambda number, it=conversation: room.take(it, 1, agents[number]))
        winners = [agent for agent, answer in zip(agents, answers, strict=True) if answer is None]
        losers = [answer for answer in answers if answer is not None]
        assert len(winners) == 1, answers
        assert all(isinstance(error, OwnershipConflict) for error in losers), answers
        found = room.conversation(conversation)
        assert (found.agent_id, found.epoch) == (winners[0], 2)
        assert len(room.said(conversation, "system")) == 2


def test_an_agent_says_a_thing_once(room: Room) -> None:
    conversation = room.begin()
    room.take(conversation, 0)
    first = room.say(conversation, "Hello, Mei here.", "k1")
    before = room.dump()
    assert room.say(conversation, "Hello, Mei here.", "k1") == first
    assert room.dump() == before
    assert room.say(conversation, "Let me look.", "k2") == first + 1
    line = room.lines(conversation)[-1]
    assert (line.author, line.name, line.text, line.visibility) == (
        "agent",
        "Mei",
        "Let me look.",
        "all",
    )
    assert room.outbox(conversation)[-1].status == "pending"


def test_an_agents_line_sent_four_times_at_once_is_one_line(room: Room) -> None:
    conversation = room.begin()
    room.take(conversation, 0)
    answers = at_once(4, lambda _: room.say(conversation, "Hello", "k1"))
    assert answers == [2] * 4
    assert room.said(conversation, "agent") == ["Hello"]


def test_a_customers_key_does_not_stand_for_an_agents(room: Room) -> None:
    conversation = room.begin()
    room.take(conversation, 0)
    room.accept(conversation, "hello?", key="k1")
    room.say(conversation, "Hello!", "k1")
    assert room.said(conversation, "agent") == ["Hello!"]


@pytest.mark.parametrize("owner", ["bot", "queue", "another agent"])
def test_only_the_agent_who_has_it_may_write(room: Room, owner: str) -> None:
    conversation = room.begin()
    if owner == "queue":
        room.request_person(conversation)
    elif owner == "another agent":
        room.take(conversation, 0, "kenji")
    before = room.dump()
    with pytest.raises(OwnershipConflict):
        room.say(conversation, "Hello", "k1")
    assert room.dump() == before


def test_a_line_said_before_handing_back_is_still_the_same_line(room: Room) -> None:
    """The answer to the agent's page was lost, and it sends the line again."""
    conversation = room.begin()
    room.take(conversation, 0)
    number = room.say(conversation, "Goodbye", "k1")
    room.hand_back(conversation, 1)
    assert room.say(conversation, "Goodbye", "k1") == number
    with pytest.raises(OwnershipConflict):
        room.say(conversation, "One more thing", "k2")


def test_handing_back_is_one_commit(room: Room) -> None:
    conversation = room.begin()
    room.answer(conversation)
    known = room.load(conversation)
    room.request_person(conversation, "complaint")
    room.take(conversation, 1)
    learnt = {"order_number": "SO1042", "size": None}
    breaks_whole(room, lambda: room.hand_back(conversation, 2, learnt=learnt, now=after(9)))

    found = room.conversation(conversation)
    assert (found.owner, found.epoch, found.asked) == ("bot", 3, 0)
    assert found.agent_id is found.agent_name is found.reason is found.waiting_since is None
    added = room.load(conversation)
    assert added[: len(known)] == known
    added = added[len(known) :]
    assert added[0]["event"] == "active_loop"
    assert added[0]["name"] is None
    assert added[-1]["event"] == "action"
    assert added[-1]["name"] == "action_listen"
    slots = {event["name"]: event["value"] for event in added if event["event"] == "slot"}
    assert slots["requested_slot"] is None
    assert {name: slots[name] for name in learnt} == learnt
    line = room.lines(conversation)[-1]
    assert line.author == "system"
    assert line.text in wordings(room, "utter_handed_back")
    assert [button["title"] for button in line.buttons] == [
        title for title, _ in room.voice.reply("utter_handed_back", "en", "web").buttons
    ]
    room.accept(conversation, "back to the bot")
    assert room.begin_turn().epoch == 3


def test_what_an_agent_learnt_is_known_though_the_bot_never_spoke(room: Room) -> None:
    conversation = room.begin()
    room.click_person(conversation)
    room.take(conversation, 1)
    room.hand_back(conversation, 2, learnt={"order_number": "SO1042"})
    slots = {event["name"]: event["value"] for event in room.load(conversation) if "value" in event}
    assert slots["order_number"] == "SO1042"


@pytest.mark.parametrize(("epoch", "agent"), [(0, "mei"), (2, "mei"), (1, "kenji")])
def test_handing_back_what_changed_or_is_not_ones_own_is_refused(
    room: Room, epoch: int, agent: str
) -> None:
    conversation = room.begin()
    room.take(conversation, 0)
    before = room.dump()
    with pytest.raises(OwnershipConflict):
        room.hand_back(conversation, epoch, agent)
    assert room.dump() == before


def test_handing_back_twice_is_refused(room: Room) -> None:
    conversation = room.begin()
    room.take(conversation, 0)
    room.hand_back(conversation, 1)
    before = room.dump()
    for epoch in (1, 2):
        with pytest.raises(OwnershipConflict):
            room.hand_back(conversation, epoch)
    assert room.dump() == before


def test_taking_is_whole_or_not_at_all(room: Room) -> None:
    conversation = room.begin()
    room.accept(conversation)
    breaks_whole(room, lambda: room.take(conversation, 0))
    assert room.conversation(conversation).agent_id == "mei"


@pytest.mark.parametrize("engine", ["postgresql"], indirect=True)
def test_a_change_after_one_looked_is_seen_by_who_locks(room: Room) -> None:
    """On SQLite nobody else can write between the look and the lock."""
    conversation = room.begin()
    with write_transaction(room.engine) as session:
        looked = session.get(Conversation, conversation)
        assert looked.owner == "bot"
        room.request_person(conversation)
        found = lock_conversation(session, conversation)
        assert found is looked
        assert (found.owner, found.epoch) == ("queue", 1)
        with pytest.raises(OwnershipConflict):
            ownership.take(session, found, 0, "mei", "Mei", room.voice)
