"""A worker at work in a test: the real inbox, tracker store and database, and a scripted agent.

The agent stands where Rasa's stands: it takes what the worker hands it through the real store,
and what it understands and says is the test's.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field

from rasa.core.channels.channel import UserMessage
from rasa.shared.core.events import ActionExecuted, BotUttered, UserUttered

from tenin.bot.payloads import parse
from tenin.bot.runtime import Runtime
from tenin.bot.tracker_store import ConversationTrackerStore
from tenin.bot.worker import Worker
from tests.unit.bot.inbox_side import InboxSide, domain

PATIENCE = 20.0

Behaviour = Callable[[UserMessage], Awaitable[str]]


async def echo(message: UserMessage) -> str:
    return f"you said: {message.text}"


def a_greeting(_: str) -> str:
    return "greet"


@dataclass
class ScriptedAgent:
    """Does with a message what Rasa's processor does, in its order; says what `behave` gives."""

    store: ConversationTrackerStore
    behave: Behaviour = echo
    saves: bool = True
    need: Callable[[str], str] = a_greeting
    messages: list[UserMessage] = field(default_factory=list)
    began: list[float] = field(default_factory=list)
    busy: list[str] = field(default_factory=list)
    most_busy: int = 0
    overlapped: bool = False

    async def handle_message(self, message: UserMessage) -> None:
        self.messages.append(message)
        self.began.append(time.monotonic())
        self.overlapped |= message.sender_id in self.busy
        self.busy.append(message.sender_id)
        self.most_busy = max(self.most_busy, len(self.busy))
        try:
            await self._turn(message)
        finally:
            self.busy.remove(message.sender_id)

    async def _turn(self, message: UserMessage) -> None:
        tracker = await self.store.get_or_create_tracker(
            message.sender_id, append_action_listen=False
        )
        data = message.parse_data or parse(f"/{self.need(message.text)}", message.text)
        heard = UserUttered(
            message.text,
            data["intent"],
            data["entities"],
            data,
            input_channel=message.input_channel,
            message_id=message.message_id,
        )
        tracker.update(heard, domain())
        said = BotUttered(await self.behave(message))
        tracker.update(said, domain())
        await message.output_channel.send_response(message.sender_id, said.message())
        tracker.update(ActionExecuted("action_listen"), domain())
        if self.saves:
            await self.store.save(tracker)

    @property
    def texts(self) -> list[str]:
        return [message.text for message in self.messages]


@dataclass
class Floor:
    """What a test of the worker sees."""

    here: Runtime
    inbox: InboxSide
    agent: ScriptedAgent
    worker: Worker
    task: asyncio.Task[None]

    def receive(self, conversation_id: str, text: str = "hello", **rest: object) -> None:
        """Take a customer's message and wake the worker, as the web tier does."""
        self.inbox.receive(conversation_id, text, **rest)
        self.worker.wake(conversation_id)


@contextlib.asynccontextmanager
async def working(here: Runtime, behave: Behaviour = echo) -> AsyncIterator[Floor]:
    """A worker that works until the block ends."""
    agent = ScriptedAgent(ConversationTrackerStore(domain()), behave)
    worker = Worker(agent, here)  # type: ignore[arg-type]
    task = asyncio.create_task(worker.run())
    try:
        yield Floor(here, InboxSide(here), agent, worker, task)
    finally:
        await worker.stop()
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


async def until(condition: Callable[[], object], seconds: float = PATIENCE) -> None:
    """Wait until something is so; fail if it never is."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not come to pass in time"
        await asyncio.sleep(0.02)
