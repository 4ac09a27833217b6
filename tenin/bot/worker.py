"""The bot tier's worker: takes messages from the inbox and hands them to Rasa.

A few turns run at once, each of another conversation. Nothing is sent from here:
what a turn says is in its commit, and the web tier is woken.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from rasa.core.channels.channel import OutputChannel, UserMessage

from tenin import logs, metrics
from tenin.bot import payloads
from tenin.bot.runtime import RunningTurn, Runtime, running
from tenin.conversation import turns
from tenin.conversation.turns import Turn
from tenin.conversation.wake import wake

if TYPE_CHECKING:  # it brings TensorFlow along, which the tests of this room do without
    from rasa.core.agent import Agent

POLL_SECONDS = 1.0
LONGEST_TURN_SECONDS = 60.0
DRAIN_SECONDS = 5.0

logger = logging.getLogger(__name__)


class CollectedChannel(OutputChannel):  # type: ignore[misc]
    """Keeps what Rasa says until the turn is committed."""

    def __init__(self, turn: RunningTurn) -> None:
        """Collect into `turn`."""
        self._turn = turn

    def name(self) -> str:  # type: ignore[override]
        """The customer's channel: wording is chosen by it."""
        return self._turn.turn.channel

    async def send_response(self, recipient_id: str, message: dict[str, Any]) -> None:
        """Keep one message whole."""
        self._turn.messages.append(message)


class Worker:
    """Runs turns of the bot until it is stopped."""

    def __init__(self, agent: Agent, room: Runtime) -> None:
        """Work with a loaded agent on the inbox of `room`."""
        self._agent = agent
        self._room = room
        self._lease = timedelta(seconds=room.settings.turn.lease_seconds)
        self._woken = asyncio.Event()
        self._stopping = False
        self._taking = asyncio.Lock()
        self._tasks: set[asyncio.Task[None]] = set()

    def wake(self, _conversation_id: str = "") -> None:
        """There may be work now."""
        self._woken.set()

    async def run(self) -> None:
        """Take and run turns until `stop`."""
        at_once = self._room.settings.bot.workers_at_once
        while not self._stopping:
            self._woken.clear()
            if len(self._tasks) < at_once and await self._take():
                continue
            with contextlib.suppress(asyncio.TimeoutError):
                await asyncio.wait_for(self._woken.wait(), POLL_SECONDS)

    async def stop(self, within: float = DRAIN_SECONDS) -> None:
        """Take no more; let running turns end, or after a while leave them to their leases."""
        self._stopping = True
        self._woken.set()
        with contextlib.suppress(asyncio.TimeoutError):
            await asyncio.wait_for(self._drain(), within)

    async def _drain(self) -> None:
        async with self._taking:
            pass  # a turn that was just being taken is among the tasks now
        while self._tasks:
            await asyncio.wait(self._tasks)

    async def _take(self) -> bool:
        """Begin the next turn; False if none can be taken now."""
        async with self._taking:
            turn = await self._claim()
            if turn is None:
                return False
            task = asyncio.create_task(self._run_turn(turn))
            self._tasks.add(task)
            task.add_done_callback(self._finished)
            return True

    def _finished(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        self._woken.set()

    async def _claim(self) -> Turn | None:
        try:
            return await asyncio.to_thread(
                turns.claim,
                self._room.engine,
                self._room.voice,
                lease=self._lease,
                attempts=self._room.settings.turn.attempts,
            )
        except Exception:
            logger.exception("the inbox can't be read; trying again")
            await asyncio.sleep(POLL_SECONDS)
            return None

    async def _run_turn(self, turn: Turn) -> None:
        with (
            logs.about(conversation=turn.conversation_id, message=turn.message_id),
            metrics.RUNNING_TURNS.track_inprogress(),
        ):
            began = time.monotonic()
            ended = await self._run(turn)
            metrics.TURNS.labels(ended).observe(time.monotonic() - began)

    async def _run(self, turn: Turn) -> str:
        """Run a turn to its end; how it ended."""
        work = asyncio.create_task(self._handle(turn))
        renewal = asyncio.create_task(self._renew(turn, work))
        try:
            await asyncio.wait_for(work, LONGEST_TURN_SECONDS)
            return "committed"
        except turns.LeaseLost:
            logger.warning("%s: the lease was lost, nothing was written", turn.message_id)
            return "lease_lost"
        except (Exception, asyncio.CancelledError) as error:
            logger.exception("%s: attempt %s failed", turn.message_id, turn.attempt)
            await self._release(turn, error)
            return "failed"
        finally:
            renewal.cancel()
            wake(self._room.settings.web.port, turn.conversation_id)

    async def _handle(self, turn: Turn) -> None:
        state = RunningTurn(turn)
        running.set(state)
        await self._agent.handle_message(_message(turn, state))
        if not state.committed:
            raise RuntimeError("Rasa ended the turn without saving it")

    async def _renew(self, turn: Turn, work: asyncio.Task[None]) -> None:
        while True:
            await asyncio.sleep(self._lease.total_seconds() / 3)
            try:
                stands = await asyncio.to_thread(turns.renew, self._room.engine, turn, self._lease)
            except Exception:
                logger.exception("%s: the lease could not be renewed", turn.message_id)
                continue
            if not stands and not work.done():
                work.cancel()
                return

    async def _release(self, turn: Turn, error: BaseException) -> None:
        delay = timedelta(seconds=min(8.0, 0.5 * 2 ** (turn.attempt - 1)))
        try:
            await asyncio.to_thread(
                turns.release, self._room.engine, turn, f"{type(error).__name__}: {error}", delay
            )
        except Exception:
            logger.exception("%s: left to its lease", turn.message_id)


def _message(turn: Turn, state: RunningTurn) -> UserMessage:
    parse_data = payloads.parse(turn.payload, turn.text) if turn.payload else None
    return UserMessage(
        text=turn.text if parse_data else payloads.as_plain_text(turn.text),
        output_channel=CollectedChannel(state),
        sender_id=turn.conversation_id,
        input_channel=turn.channel,
        message_id=turn.message_id,
        parse_data=parse_data,
    )
