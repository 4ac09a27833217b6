"""What stands round the classes that Rasa makes: the web tier's inbox, and Rasa's own objects.

`InboxSide` is the conversation room at the present time, since the worker asks the clock itself.
"""

from __future__ import annotations

import warnings
from datetime import timedelta
from functools import lru_cache
from pathlib import Path
from typing import Any

from rasa.shared.core.domain import Domain
from rasa.shared.core.events import ActionExecuted, BotUttered, UserUttered
from rasa.shared.core.trackers import DialogueStateTracker
from sqlalchemy import update

from tenin.bot.payloads import parse
from tenin.bot.runtime import RunningTurn, Runtime, running
from tenin.clock import utcnow
from tenin.conversation.inbox import Accepted
from tenin.conversation.models import Conversation
from tenin.conversation.turns import Turn
from tenin.database import write_transaction
from tests.unit.conversation.room import Room

PROJECT = Path(__file__).parents[3]


@lru_cache(maxsize=1)
def domain() -> Domain:
    """The project's domain, without the responses that training merges into it."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Slot auto-fill has been removed")  # said of any domain
        return Domain.load(str(PROJECT / "domain.yml"))


class InboxSide(Room):
    """The room of a runtime; whatever is done in it is done now."""

    def __init__(self, here: Runtime) -> None:
        """Work on the database of `here`."""
        super().__init__(here.engine, here.voice)

    def conversation_in(self, language: str = "en") -> str:
        """Begin a conversation; return its id."""
        return self.begin(language, utcnow())

    def receive(self, conversation_id: str, text: str = "hello", **rest: Any) -> Accepted:
        """Take a customer's message."""
        return self.accept(conversation_id, text, now=utcnow(), **rest)

    def take_turn(self) -> RunningTurn:
        """Lease the next message; from here on this task works on it, as the worker's does."""
        state = RunningTurn(self.begin_turn(utcnow()))
        running.set(state)
        return state

    def steal_lease(self, turn: Turn) -> None:
        """Let another worker have the conversation, for less than what clocks may differ by."""
        with write_transaction(self.engine) as session:
            session.execute(
                update(Conversation)
                .where(Conversation.id == turn.conversation_id)
                .values(lease_token="another worker", lease_until=utcnow() + timedelta(seconds=25))
            )


def heard(turn: Turn, need: str = "greet") -> UserUttered:
    """The message of a turn as Rasa notes it, understood as `need`."""
    data = parse(f"/{need}", turn.text)
    return UserUttered(
        turn.text,
        data["intent"],
        data["entities"],
        data,
        input_channel=turn.channel,
        message_id=turn.message_id,
    )


def answer(tracker: DialogueStateTracker, state: RunningTurn, *texts: str) -> None:
    """Hear the turn's message, say `texts`, and listen, as Rasa's processor notes it."""
    tracker.update(heard(state.turn), domain())
    for text in texts:
        said = BotUttered(text)
        tracker.update(said, domain())
        state.messages.append(said.message())
    tracker.update(ActionExecuted("action_listen"), domain())
