"""Rasa's memory on a real database: kept whole outside a turn, committed once within one."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from rasa.core.tracker_store import TrackerStore
from rasa.shared.core.events import (
    ActionExecuted,
    ActiveLoop,
    BotUttered,
    SessionStarted,
    SlotSet,
    UserUttered,
)
from rasa.shared.core.trackers import DialogueStateTracker
from rasa.utils.endpoints import read_endpoint_config
from sqlalchemy import event

from tenin.bot.runtime import Runtime, running
from tenin.bot.tracker_store import ConversationTrackerStore
from tenin.conversation.turns import LeaseLost
from tests.unit.bot.inbox_side import InboxSide, answer, domain, heard


@pytest.fixture
def inbox(here: Runtime) -> InboxSide:
    return InboxSide(here)


@pytest.fixture
def store(here: Runtime) -> ConversationTrackerStore:
    """The store that endpoints.yml names, made as Rasa makes it."""
    path = str(here.settings.root / "endpoints.yml")
    made = TrackerStore.create(read_endpoint_config(path, "tracker_store"), domain())
    assert type(made) is ConversationTrackerStore
    return made


def slots_of(tracker: DialogueStateTracker) -> dict[str, Any]:
    return tracker.current_slot_values()


def last_action(tracker: DialogueStateTracker) -> str | None:
    executed = [e.action_name for e in tracker.events if isinstance(e, ActionExecuted)]
    return executed[-1] if executed else None


# Outside a turn: `rasa shell`, `rasa test`


async def test_an_unknown_conversation_is_none(store: ConversationTrackerStore) -> None:
    assert await store.retrieve("c1") is None
    assert await store.retrieve_full_tracker("c1") is None
    assert not await store.exists("c1")
    assert list(await store.keys()) == []


async def test_what_is_saved_outside_a_turn_comes_back(store: ConversationTrackerStore) -> None:
    tracker = await store.get_or_create_tracker("c1")
    assert last_action(tracker) == "action_listen"
    for each in (
        UserUttered("where is 202603020001", {"name": "track_order", "confidence": 0.9}),
        SlotSet("order_number", "202603020001"),
        SlotSet("menu", "orders"),
        ActionExecuted("track_order_form"),
        ActiveLoop("track_order_form"),
        SlotSet("requested_slot", "contact"),
        BotUttered("Which e-mail address?", {"buttons": [{"title": "x", "payload": "/deny"}]}),
        ActionExecuted("action_listen"),
    ):
        tracker.update(each, domain())
    await store.save(tracker)

    found = await store.retrieve("c1")
    assert found is not None
    assert slots_of(found) == slots_of(tracker)
    assert slots_of(found)["order_number"] == "202603020001"
    assert found.active_loop_name == tracker.active_loop_name == "track_order_form"
    assert found.get_slot("requested_slot") == "contact"
    assert list(found.events) == list(tracker.events)
    assert found.latest_action_name == "action_listen"
    full = await store.retrieve_full_tracker("c1")
    assert full is not None
    assert list(full.events) == list(tracker.events)
    assert list(await store.keys()) == ["c1"]


async def test_saving_again_outside_a_turn_keeps_each_event_once(
    store: ConversationTrackerStore,
) -> None:
    for text in ("one", "two", "three"):
        tracker = await store.get_or_create_tracker("c1")
        tracker.update(UserUttered(text), domain())
        tracker.update(ActionExecuted("action_listen"), domain())
        await store.save(tracker)
    full = await store.retrieve_full_tracker("c1")
    assert full is not None
    texts = [e.text for e in full.events if isinstance(e, UserUttered)]
    assert texts == ["one", "two", "three"]
    assert sum(isinstance(e, ActionExecuted) for e in full.events) == 4


# Within a turn


async def test_the_first_turn_begins_a_session_and_writes_nothing_before_its_commit(
    store: ConversationTrackerStore, inbox: InboxSide
) -> None:
    inbox.receive(inbox.conversation_in("zh-Hans"), language="zh-Hans")
    state = inbox.take_turn()
    before = inbox.dump()
    tracker = await store.get_or_create_tracker(state.turn.conversation_id)
    assert [type(e) for e in tracker.events] == [
        ActionExecuted,
        SessionStarted,
        SlotSet,
        ActionExecuted,
    ]
    assert tracker.get_slot("language") == "zh-Hans"
    assert tracker.get_slot("menu") == "start"  # its value in domain.yml
    assert last_action(tracker) == "action_listen"
    await store.save(tracker)  # Rasa saves an empty tracker before a conversation's first turn
    assert inbox.dump() == before
    assert not state.committed


async def test_a_commit_writes_what_the_turn_did_once(
    store: ConversationTrackerStore, inbox: InboxSide
) -> None:
    conversation = inbox.conversation_in()
    inbox.receive(conversation)
    state = inbox.take_turn()
    tracker = await store.get_or_create_tracker(conversation)
    answer(tracker, state, "hello to you", "what can I do?")
    await store.save(tracker)
    assert state.committed
    assert inbox.statuses(conversation) == ["done"]
    assert inbox.said(conversation, "bot") == ["hello to you", "what can I do?"]
    assert inbox.conversation(conversation).lease_token is None
    assert inbox.load(conversation) == [e.as_dict() for e in tracker.events]
    full = await store.retrieve_full_tracker(conversation)
    assert full is not None
    assert list(full.events) == list(tracker.events)

    after_commit = inbox.dump()
    with pytest.raises(RuntimeError, match=f"{state.turn.message_id} was to be committed twice"):
        await store.save(tracker)
    assert inbox.dump() == after_commit


async def test_the_next_turn_goes_on_from_there(
    store: ConversationTrackerStore, inbox: InboxSide
) -> None:
    conversation = inbox.conversation_in()
    inbox.receive(conversation, "one")
    inbox.receive(conversation, "two")
    for expected in ("one", "two"):
        state = inbox.take_turn()
        tracker = await store.get_or_create_tracker(conversation)
        assert len(state.base) == (0 if expected == "one" else len(tracker.events))
        answer(tracker, state, f"yes, {expected}")
        tracker.update(SlotSet("menu", expected), domain())
        await store.save(tracker)
    found = await store.retrieve_full_tracker(conversation)
    assert found is not None
    assert [e.text for e in found.events if isinstance(e, UserUttered)] == ["one", "two"]
    assert sum(isinstance(e, SessionStarted) for e in found.events) == 1
    assert found.get_slot("menu") == "two"
    assert inbox.said(conversation, "bot") == ["yes, one", "yes, two"]


async def test_the_language_of_the_message_is_the_slot_s(
    store: ConversationTrackerStore, inbox: InboxSide
) -> None:
    conversation = inbox.conversation_in()
    said = [("hello", "en"), ("你好", "zh-Hans"), ("在吗", "zh-Hans"), ("hello", "en")]
    for text, language in said:
        inbox.receive(conversation, text, language=language)
        state = inbox.take_turn()
        tracker = await store.get_or_create_tracker(conversation)
        assert tracker.get_slot("language") == language
        answer(tracker, state, "ok")
        await store.save(tracker)
    found = await store.retrieve_full_tracker(conversation)
    assert found is not None
    set_to = [e.value for e in found.events if isinstance(e, SlotSet) and e.key == "language"]
    assert set_to == ["en", "zh-Hans", "en"]  # only when it changes
    assert found.get_slot("language") == "en"


async def test_a_lease_taken_over_writes_nothing(
    store: ConversationTrackerStore, inbox: InboxSide
) -> None:
    conversation = inbox.conversation_in()
    inbox.receive(conversation)
    state = inbox.take_turn()
    tracker = await store.get_or_create_tracker(conversation)
    answer(tracker, state, "too late")
    inbox.steal_lease(state.turn)
    before = inbox.dump()
    with pytest.raises(LeaseLost, match=state.turn.message_id):
        await store.save(tracker)
    assert inbox.dump() == before
    assert not state.committed


async def test_a_commit_that_breaks_may_be_tried_again(
    store: ConversationTrackerStore, inbox: InboxSide, here: Runtime
) -> None:
    conversation = inbox.conversation_in()
    inbox.receive(conversation)
    state = inbox.take_turn()
    tracker = await store.get_or_create_tracker(conversation)
    answer(tracker, state, "hello")
    before = inbox.dump()

    def fail(_connection: Any) -> None:
        raise OSError("the disk is full")

    event.listen(here.engine, "commit", fail)
    try:
        with pytest.raises(OSError, match="full"):
            await store.save(tracker)
    finally:
        event.remove(here.engine, "commit", fail)
    assert inbox.dump() == before
    assert not state.committed
    await store.save(tracker)
    assert inbox.said(conversation, "bot") == ["hello"]


async def test_a_failed_turn_leaves_the_message_an_apology_and_a_listening_bot(
    store: ConversationTrackerStore, inbox: InboxSide
) -> None:
    conversation = inbox.conversation_in()
    inbox.receive(conversation, "202603020001, where is it?")
    state = inbox.take_turn()
    tracker = await store.get_or_create_tracker(conversation)
    for each in (
        heard(state.turn, "track_order"),
        SlotSet("order_number", "202603020001"),
        ActionExecuted("track_order_form"),
        ActiveLoop("track_order_form"),
        BotUttered("Let me see"),
        ActionExecuted("action_track_order"),
        SlotSet("order_number", None),
        ActionExecuted("action_listen"),
    ):
        tracker.update(each, domain())
    state.messages.append({"text": "Let me see"})
    state.failed = "action_track_order"
    await store.save(tracker)

    [apology] = inbox.said(conversation, "bot")
    wordings = inbox.voice.responses.variations["utter_action_failed"]
    assert apology in {said.text for said in wordings if said.language == "en"}
    assert inbox.conversation(conversation).owner == "bot"
    found = await store.retrieve(conversation)
    assert found is not None
    assert found.get_slot("order_number") == "202603020001"  # as the customer said it
    assert found.active_loop_name is None
    assert found.latest_action_name == "action_listen"
    assert [e.text for e in found.events if isinstance(e, BotUttered)] == [apology]
    assert found.latest_message is not None
    assert found.latest_message.text == "202603020001, where is it?"


async def test_who_asked_for_a_person_in_a_failed_turn_is_in_the_queue(
    store: ConversationTrackerStore, inbox: InboxSide
) -> None:
    conversation = inbox.conversation_in()
    inbox.receive(conversation, "a person!")
    state = inbox.take_turn()
    tracker = await store.get_or_create_tracker(conversation)
    tracker.update(heard(state.turn, "human_agent"), domain())
    tracker.update(ActionExecuted("action_listen"), domain())
    state.failed = "action_handoff"
    await store.save(tracker)
    assert inbox.conversation(conversation).owner == "queue"
    assert inbox.said(conversation, "bot") == []
    assert len(inbox.said(conversation, "system")) == 1


async def test_the_memory_is_bounded_and_still_knows_all_slots(
    store: ConversationTrackerStore, inbox: InboxSide, here: Runtime
) -> None:
    conversation = inbox.conversation_in()
    kept = here.settings.snapshot.turns
    sizes = []
    for number in range(3 * kept):
        inbox.receive(conversation, f"message {number}")
        state = inbox.take_turn()
        tracker = await store.get_or_create_tracker(conversation)
        sizes.append(len(state.base))
        answer(tracker, state, "ok")
        if number == 1:
            tracker.update(SlotSet("order_number", "202603020001"), domain())
            tracker.update(ActiveLoop("track_order_form"), domain())
        await store.save(tracker)
    assert len(set(sizes[-kept:])) == 1  # a turn costs the same at the end as in the middle
    found = await store.retrieve(conversation)
    assert found is not None
    heard_of = [e.text for e in found.events if isinstance(e, UserUttered)]
    assert heard_of == [f"message {number}" for number in range(2 * kept, 3 * kept)]
    assert found.get_slot("order_number") == "202603020001"
    assert found.get_slot("language") == "en"
    assert found.active_loop_name == "track_order_form"
    full = await store.retrieve_full_tracker(conversation)
    assert full is not None
    assert sum(isinstance(e, UserUttered) for e in full.events) == 3 * kept


async def test_what_an_agent_learnt_is_known_to_rasa_afterwards(
    store: ConversationTrackerStore, inbox: InboxSide
) -> None:
    conversation = inbox.conversation_in()
    inbox.receive(conversation)
    state = inbox.take_turn()
    tracker = await store.get_or_create_tracker(conversation)
    answer(tracker, state, "Which order?")
    tracker.update(ActiveLoop("track_order_form"), domain())
    tracker.update(SlotSet("requested_slot", "order_number"), domain())
    await store.save(tracker)
    inbox.take(conversation, 0)
    inbox.hand_back(conversation, 1, learnt={"order_number": "202603020001"})

    inbox.receive(conversation, "and now?")
    state = inbox.take_turn()
    found = await store.get_or_create_tracker(conversation)
    assert found.active_loop_name is None
    assert found.get_slot("requested_slot") is None
    assert found.get_slot("order_number") == "202603020001"
    assert found.latest_action_name == "action_listen"
    answer(found, state, "Well")
    await store.save(found)
    assert inbox.said(conversation, "bot") == ["Which order?", "Well"]


async def test_turns_at_once_keep_apart(store: ConversationTrackerStore, inbox: InboxSide) -> None:
    """Each task has its own running turn, also in the threads that the store works in."""
    conversations = [inbox.conversation_in() for _ in range(6)]
    for conversation in conversations:
        inbox.receive(conversation, f"I am {conversation}")

    async def turn() -> None:
        state = inbox.take_turn()
        tracker = await store.get_or_create_tracker(state.turn.conversation_id)
        await asyncio.sleep(0.01)
        answer(tracker, state, f"you said: {state.turn.text}")
        await asyncio.sleep(0.01)
        await store.save(tracker)

    await asyncio.gather(*(turn() for _ in conversations))
    assert running.get() is None
    for conversation in conversations:
        assert inbox.said(conversation, "bot") == [f"you said: I am {conversation}"]
        assert inbox.statuses(conversation) == ["done"]
