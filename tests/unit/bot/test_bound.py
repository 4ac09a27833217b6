"""A bounded snapshot means to Rasa what the whole conversation does.

`tenin.conversation.tracker.bound` works on plain events without Rasa; here Rasa's own tracker
says whether the slots and the open form come out the same.
"""

import warnings
from typing import Any

from hypothesis import example, given, settings
from hypothesis import strategies as st
from rasa.shared.core.domain import Domain
from rasa.shared.core.events import deserialise_events
from rasa.shared.core.trackers import DialogueStateTracker

from tenin.conversation.tracker import bound, fresh_start

Event = dict[str, Any]


SLOTS = ["language", "size", "requested_slot", "person_wanted", "misunderstood"]


def domain() -> Domain:
    """Slots that Rasa does not fill by itself, one with a value from the start, and two forms."""
    slots: dict[str, Any] = {
        name: {"type": "any", "mappings": [{"type": "custom"}]} for name in SLOTS
    }
    slots["misunderstood"]["initial_value"] = 0
    forms = {name: {"required_slots": []} for name in ("track_order_form", "proof_form")}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # Rasa's, whatever the slots are
        return Domain.from_dict({"version": "3.1", "slots": slots, "forms": forms})


DOMAIN = domain()

LISTEN: Event = {"event": "action", "name": "action_listen"}
REWIND: Event = {"event": "rewind"}
RESTARTED: Event = {"event": "restart"}


def user(text: str) -> Event:
    return {
        "event": "user",
        "text": text,
        "parse_data": {"text": text, "intent": {"name": "inform"}, "entities": []},
    }


def slot(name: str, value: object) -> Event:
    return {"event": "slot", "name": name, "value": value}


def loop(name: str | None) -> Event:
    return {"event": "active_loop", "name": name}


users = st.sampled_from([user("hello"), user("M")])
settled = st.one_of(
    st.builds(slot, st.sampled_from(SLOTS), st.sampled_from([None, 0, 1, "M"])),
    st.builds(loop, st.sampled_from([None, "track_order_form", "proof_form"])),
    st.sampled_from(
        [
            LISTEN,
            {"event": "action", "name": "action_ask_size"},
            {"event": "action", "name": "track_order_form"},
            {"event": "bot", "text": "Which size?"},
            {"event": "reset_slots"},
        ]
    ),
)
anything = st.lists(
    st.one_of(
        users,
        users,
        settled,
        settled,
        settled,
        st.sampled_from([RESTARTED, {"event": "session_started"}]),
    ),
    max_size=40,
)
sizes = st.integers(1, 5)


def tracker(events: list[Event]) -> DialogueStateTracker:
    """Rasa's tracker of these events, made as `ConversationTrackerStore` makes it."""
    found = DialogueStateTracker("c1", DOMAIN.slots)
    for event in deserialise_events([{"timestamp": 1.0, **event} for event in events]):
        found.update(event, DOMAIN)
    return found


def state(events: list[Event]) -> tuple[dict[str, Any], str | None]:
    found = tracker(events)
    return found.current_slot_values(), found.active_loop_name


def count_users(events: list[Event]) -> int:
    return sum(event["event"] == "user" for event in events)


@settings(max_examples=300, database=None)
@given(anything, sizes)
@example([slot("size", "M"), LISTEN, user("a"), RESTARTED, LISTEN, user("b")], 1)
@example([slot("size", "M"), user("a"), {"event": "reset_slots"}, user("b")], 1)
@example([loop("proof_form"), user("a"), {"event": "session_started"}, user("b")], 1)
def test_the_state_is_that_of_the_whole_conversation(events: list[Event], turns: int) -> None:
    kept = bound(events, turns)
    assert state(kept) == state(events)
    assert count_users(kept) <= turns
    assert bound(kept, turns) == kept


@settings(max_examples=50, database=None)
@given(st.lists(anything, max_size=6), sizes)
def test_bounding_after_each_turn_comes_to_the_same(parts: list[list[Event]], turns: int) -> None:
    snapshot: list[Event] = []
    whole: list[Event] = []
    for part in parts:
        snapshot = bound([*snapshot, *part], turns)
        whole += part
        assert state(snapshot) == state(whole)
        assert count_users(snapshot) <= turns
    assert [event for event in snapshot if event["event"] == "user"] == [
        event for event in bound(whole, turns) if event["event"] == "user"
    ]


done = settled.filter(lambda event: event["event"] != "action")


@st.composite
def conversations(draw: st.DrawFn) -> list[Event]:
    """Turns as Rasa writes them; in some the customer's message is taken back."""
    events: list[Event] = [{"event": "session_started"}, slot("language", "en"), LISTEN]
    for number in range(draw(st.integers(1, 10))):
        # The tracker store sets the language after Rasa listens and before the message.
        events += draw(st.lists(st.just(slot("language", "zh-Hans")), max_size=1))
        events.append(user(f"message {number}"))
        events += draw(st.lists(done, max_size=4))
        if draw(st.integers(0, 3)) == 0:
            events.append(REWIND)
        events.append(LISTEN)
    return events


@settings(max_examples=100, database=None)
@given(conversations(), sizes)
@example([slot("size", 1), LISTEN, user("a"), LISTEN, slot("language", "en"), user("b"), REWIND], 1)
@example([slot("size", 1), LISTEN, user("a"), LISTEN, slot("size", 2), user("b"), REWIND], 1)
def test_messages_taken_back_stay_taken_back(events: list[Event], turns: int) -> None:
    kept = bound(events, turns)
    assert state(kept) == state(events)
    assert count_users(kept) <= turns


@settings(max_examples=100, database=None)
@given(conversations(), sizes)
def test_the_messages_kept_are_the_last_with_all_that_followed(
    events: list[Event], turns: int
) -> None:
    kept = bound(events, turns)
    wanted = events[[i for i, event in enumerate(events) if event["event"] == "user"][-turns:][0] :]
    assert kept[-len(wanted) :] == wanted
    # What stands before is state: no more than one setting for each slot and one for the form.
    assert len(kept) - len(wanted) <= len(SLOTS) + 4


@settings(max_examples=20, database=None)
@given(conversations())
def test_three_hundred_messages_cost_what_three_do(events: list[Event]) -> None:
    snapshot: list[Event] = []
    for _ in range(300 // max(count_users(events), 1)):
        snapshot = bound([*snapshot, *events], 3)
    assert len(snapshot) <= 3 * 8 + len(SLOTS) + 4


@settings(max_examples=100, database=None)
@given(anything, st.dictionaries(st.sampled_from(["size", "language"]), st.integers(0, 3)))
def test_a_fresh_start_closes_the_form_and_keeps_what_was_learnt(
    events: list[Event], learnt: dict[str, int]
) -> None:
    before, _ = state(events)
    slots, open_form = state([*events, *fresh_start(learnt)])
    assert open_form is None
    cleared = {"requested_slot": None, "person_wanted": None}
    assert slots == {**before, **cleared, **learnt}
    assert tracker([*events, *fresh_start(learnt)]).latest_action_name == "action_listen"
