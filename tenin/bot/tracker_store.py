"""The tracker store: Rasa's memory of a conversation, and the one commit of a turn.

Rasa saves a tracker once, last. Inside a turn `save` therefore writes all that
the turn did in one transaction (`tenin.conversation.turns.commit`); outside one
(`rasa shell`, tests) it only stores what Rasa remembers.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from typing import Any

from rasa.core.brokers.broker import EventBroker
from rasa.core.tracker_store import TrackerStore
from rasa.shared.core.domain import Domain
from rasa.shared.core.events import ActionExecuted, SessionStarted, SlotSet, deserialise_events
from rasa.shared.core.trackers import DialogueStateTracker
from sqlalchemy import select

from tenin.bot.replies import outcome_of
from tenin.bot.runtime import RunningTurn, running, runtime
from tenin.conversation import tracker as memory
from tenin.conversation import turns
from tenin.conversation.models import TrackerEvent, TrackerSnapshot
from tenin.database import read_transaction, write_transaction

LANGUAGE = "language"


class ConversationTrackerStore(TrackerStore):
    """Named in endpoints.yml under `tracker_store`; its database is tenin.yml's."""

    def __init__(
        self,
        domain: Domain | None,
        event_broker: EventBroker | None = None,
        **kwargs: Any,
    ) -> None:
        """Open the project's database."""
        super().__init__(domain, event_broker, **kwargs)
        self._runtime = runtime()

    async def retrieve(self, sender_id: str) -> DialogueStateTracker | None:
        """The bounded tracker, or None if Rasa has never seen the conversation."""
        turn = running.get()
        events = await asyncio.to_thread(self._load, sender_id)
        if turn is not None:
            turn.base = events
        if not events:
            return None
        tracker = self._tracker(sender_id, events)
        if turn is not None and tracker.get_slot(LANGUAGE) != turn.turn.language:
            tracker.update(SlotSet(LANGUAGE, turn.turn.language), self.domain)
        return tracker

    async def retrieve_full_tracker(self, conversation_id: str) -> DialogueStateTracker | None:
        """The tracker with every event since the beginning."""
        events = await asyncio.to_thread(self._load_all, conversation_id)
        return self._tracker(conversation_id, events) if events else None

    async def create_tracker(
        self, sender_id: str, append_action_listen: bool = True
    ) -> DialogueStateTracker:
        """A tracker that has started its session and listens; saved with its first turn."""
        tracker = self.init_tracker(sender_id)
        turn = running.get()
        if turn is None:
            if append_action_listen:
                tracker.update(ActionExecuted("action_listen"))
            return tracker
        for event in (
            ActionExecuted("action_session_start"),
            SessionStarted(),
            SlotSet(LANGUAGE, turn.turn.language),
            ActionExecuted("action_listen"),
        ):
            tracker.update(event, self.domain)
        return tracker

    async def save(self, tracker: DialogueStateTracker) -> None:
        """Commit the running turn, or outside one store what Rasa remembers.

        Raises:
            LeaseLost: if the turn is no longer this worker's; nothing is written then.
        """
        turn = running.get()
        if turn is None:
            await asyncio.to_thread(self._store, tracker)
            return
        new = [event.as_dict() for event in list(tracker.events)[len(turn.base) :]]
        if not any(
            event["event"] == "user" and event.get("message_id") == turn.turn.message_id
            for event in new
        ):
            return  # before the turn's message is in it, there is nothing to commit
        await asyncio.to_thread(self._commit, turn, new)

    async def keys(self) -> Iterable[str]:
        """The ids of all conversations Rasa has seen."""
        with read_transaction(self._runtime.engine) as session:
            return list(session.execute(select(TrackerSnapshot.conversation_id)).scalars())

    def _commit(self, turn: RunningTurn, new: list[dict[str, Any]]) -> None:
        if turn.committed:
            raise RuntimeError(f"{turn.turn.message_id} was to be committed twice")
        outcome = outcome_of(turn, new, self._runtime.voice, self._runtime.settings.snapshot.turns)
        turns.commit(self._runtime.engine, turn.turn, outcome, self._runtime.voice)
        turn.committed = True

    def _store(self, tracker: DialogueStateTracker) -> None:
        events = [event.as_dict() for event in tracker.events]
        with write_transaction(self._runtime.engine) as session:
            known = memory.load(session, tracker.sender_id)
            snapshot = memory.bound(events, self._runtime.settings.snapshot.turns)
            memory.store(session, tracker.sender_id, events[len(known) :], snapshot)

    def _load(self, sender_id: str) -> list[dict[str, Any]]:
        with read_transaction(self._runtime.engine) as session:
            return memory.load(session, sender_id)

    def _load_all(self, sender_id: str) -> list[dict[str, Any]]:
        with read_transaction(self._runtime.engine) as session:
            events = select(TrackerEvent.event).where(TrackerEvent.conversation_id == sender_id)
            return list(session.execute(events.order_by(TrackerEvent.id)).scalars())

    def _tracker(self, sender_id: str, events: list[dict[str, Any]]) -> DialogueStateTracker:
        tracker = self.init_tracker(sender_id)
        for event in deserialise_events(events):
            tracker.update(event, self.domain)
        return tracker
