"""A snapshot, replayed by Rasa itself, is the conversation it was taken of."""

from __future__ import annotations

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from rasa.shared.core.events import UserUttered, deserialise_events
from rasa.shared.core.trackers import DialogueStateTracker

from tenin.conversation.tracker import bound
from tests.unit.bot.inbox_side import domain

Event = dict[str, Any]


def event(kind: str, **rest: Any) -> Event:
    return {"event": kind, "timestamp": 1.0, **rest}


def listen() -> Event:
    return event("action", name="action_listen")


slots = st.builds(
    lambda name, value: event("slot", name=name, value=value),
    st.sampled_from(["order_number", "contact", "menu", "requested_slot", "language"]),
    st.sampled_from([None, "a", "b"]),
)
loops = st.sampled_from([None, "track_order_form"]).map(
    lambda name: event("active_loop", name=name)
)
deeds = st.one_of(
    slots,
    slots,
    loops,
    st.just(event("action", name="utter_greet")),
    st.just(event("bot", text="hello")),
    st.just(event("reset_slots")),
)


@st.composite
def turns(draw: st.DrawFn) -> list[list[Event]]:
    """Turns as Rasa notes them: heard, done, listening; now and then one taken back."""
    found: list[list[Event]] = [
        [event("action", name="action_session_start"), event("session_started"), listen()]
    ]
    for number in range(draw(st.integers(0, 12))):
        text = f"message {number}"
        turn = [event("user", text=text, parse_data={"intent": {"name": "greet"}, "text": text})]
        turn += draw(st.lists(deeds, max_size=6))
        turn.append(listen())
        if draw(st.integers(0, 9)) == 0:
            turn.append(event("rewind"))
        if draw(st.integers(0, 19)) == 0:
            turn += [event("restart"), listen()]
        found.append(turn)
    return found


def replay(events: list[Event]) -> DialogueStateTracker:
    tracker = DialogueStateTracker("c1", domain().slots)
    for each in deserialise_events(events):
        tracker.update(each, domain())
    return tracker


def texts(tracker: DialogueStateTracker) -> list[str | None]:
    return [each.text for each in tracker.applied_events() if isinstance(each, UserUttered)]


@settings(max_examples=100, deadline=None)
@given(turns(), st.integers(1, 5))
def test_a_snapshot_is_the_same_to_rasa(conversation: list[list[Event]], kept: int) -> None:
    """Bounded once from the whole, and turn by turn from the last snapshot, as it is in service."""
    whole = [each for turn in conversation for each in turn]
    rolling: list[Event] = []
    for turn in conversation:
        rolling = bound([*rolling, *turn], kept)
    expected = replay(whole)
    for snapshot in (bound(whole, kept), rolling):
        found = replay(snapshot)
        assert found.current_slot_values() == expected.current_slot_values()
        assert found.active_loop_name == expected.active_loop_name
        if texts(found):  # else all that was kept was taken back
            assert found.latest_action_name == expected.latest_action_name
        assert texts(found) == texts(expected)[len(texts(expected)) - len(texts(found)) :]
        assert sum(each["event"] == "user" for each in snapshot) <= kept
