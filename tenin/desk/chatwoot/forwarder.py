"""Passes on to Chatwoot what is due, and asks for what we may have missed of its agents.

Nothing waits for it: it works on the rows of `records`, away from every message's way. Each call
is followed by a commit, so whatever is killed in between, a call that may have been made is
looked for at Chatwoot before it is made again.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from threading import Event
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.engine import Engine
from sqlalchemy.orm import Session

from tenin.clock import utcnow
from tenin.conversation import ownership
from tenin.conversation.models import Author, Conversation, Handoff, Line, Owner
from tenin.conversation.transcript import lock_conversation, words_of
from tenin.conversation.voice import Voice
from tenin.database import read_transaction, write_transaction
from tenin.desk.chatwoot import events, records
from tenin.desk.chatwoot.api import ChatwootAPI, Refused, Unreachable
from tenin.desk.chatwoot.records import LeaseLost, Task, What
from tenin.desk.chatwoot.story import story
from tenin.desk.models import OtherDesk

AT_ONCE = 4  # conversations
STEPS = 20  # of one conversation, before others have their turn
GONE = timedelta(seconds=60)
MARGIN = timedelta(minutes=10)  # between our clock and Chatwoot's

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Forwarder:
    """Chatwoot's API, and how long one worker may have a conversation in hand without a word."""

    api: ChatwootAPI
    lease: timedelta
    remembered: timedelta

    def pass_on(self, engine: Engine, voice: Voice) -> list[str]:
        """Do all that is due now; after a call that failed the rest waits for the next time.

        Returns:
            The conversations that changed hands or got a line by it.
        """
        waiting = records.due(engine, utcnow())
        if not waiting:
            return []
        stop = Event()
        work = partial(self._conversation, engine, voice, stop)
        with ThreadPoolExecutor(min(AT_ONCE, len(waiting))) as pool:
            moved = list(pool.map(work, waiting))
        return [each for each, has in zip(waiting, moved, strict=True) if has]

    def _conversation(
        self, engine: Engine, voice: Voice, stop: Event, conversation_id: str
    ) -> bool:
        moved = False
        for _ in range(STEPS):
            task = None if stop.is_set() else records.claim(engine, conversation_id, self.lease)
            if task is None:
                break
            try:
                moved = self._done(engine, voice, task) or moved
            except LeaseLost:
                break
            except Unreachable as error:
                stop.set()
                moved = _failed(engine, voice, task, str(error)) or moved
            except Refused as refusal:
                logger.warning("conversation %s: %s", conversation_id, refusal)
                moved = _refused(engine, voice, task, refusal) or moved
            except Exception:  # ours: it must not keep the others waiting
                logger.exception("conversation %s could not be passed on", conversation_id)
                break
        return moved

    def _done(self, engine: Engine, voice: Voice, task: Task) -> bool:
        steps: dict[What, Callable[[Engine, Voice, Task], bool]] = {
            What.TELL: self._tell,
            What.PASS: self._pass,
            What.CLOSE: self._close,
            What.LOOK: self._look,
        }
        return steps[task.what](engine, voice, task)

    def _tell(self, engine: Engine, voice: Voice, task: Task) -> bool:
        """Make sure of contact and conversation, and put the story into it as a note."""
        unsure = task.unsure
        keep = partial(records.save, engine, task, self.lease)
        contact = task.contact
        if contact is None:
            identifier = f"{events.OUR_SOURCES}{task.conversation_id}"
            contact = self.api.contact(identifier, f"Tenin {task.conversation_id[:8]}")
            keep(contact=contact.id, source=contact.source)
        remote = task.remote_id
        if remote is None:
            remote = self.api.found_conversation(contact) if unsure else None
            remote = remote or self.api.make_conversation(contact)
            keep(remote_id=remote, forwarded=0)
            task, unsure = replace(task, forwarded=0), False
        else:
            self.api.set_status(remote, "open")
            keep()
        # What is passed on after the note is fixed with it: the number stands in its source.
        beginning = f"{events.OUR_SOURCES}{task.conversation_id}-h{task.handoff_id}-"
        told = self.api.source_of(remote, beginning) if unsure else None
        if told is None:
            with read_transaction(engine) as session:
                conversation = session.get(Conversation, task.conversation_id)
                text = story(session, conversation, voice, task.forwarded, self.remembered)
                told = f"{beginning}{_start(session, task)}"
            self.api.write(remote, text, told, note=True)
        start = int(told.removeprefix(beginning))
        records.finish(
            engine,
            task,
            handoff_id=task.handoff_id,
            open=True,
            forwarded=start,
            looked_at=utcnow(),
        )
        return False

    def _pass(self, engine: Engine, _: Voice, task: Task) -> bool:
        """Pass on the customer's lines, each one known to be there before the next."""
        remote, unsure = str(task.remote_id), task.unsure
        with read_transaction(engine) as session:
            lines = records.customer_lines(session, task.conversation_id, task.forwarded)
        for line in lines:
            source = f"{events.OUR_SOURCES}{task.conversation_id}-{line.number}"
            known = unsure and self.api.source_of(remote, source, whole=True)
            text = words_of(line)
            if text.strip() and not known:
                self.api.write(remote, text, source)
            unsure = False
            records.save(engine, task, self.lease, forwarded=line.number)
        records.finish(engine, task)
        return False

    def _close(self, engine: Engine, voice: Voice, task: Task) -> bool:
        """Say there that it is theirs no longer, and resolve it.

        Whoever writes there meanwhile has it opened once more: that is left to be closed next.
        """
        with read_transaction(engine) as session:
            last = int(session.get(Conversation, task.conversation_id).last_line)
        if task.remote_id is not None:
            with read_transaction(engine) as session:
                conversation = session.get(Conversation, task.conversation_id)
                agent = conversation.agent_name
                key = "utter_chatwoot_taken" if agent else "utter_chatwoot_over"
                text = voice.reply(
                    key, conversation.language, conversation.channel, agent=agent
                ).text
                source = f"{events.OUR_SOURCES}{conversation.id}-e{conversation.epoch}"
            if not (task.unsure and self.api.source_of(task.remote_id, source, whole=True)):
                self.api.write(task.remote_id, text, source, note=True)
            self.api.set_status(task.remote_id, events.RESOLVED)
        now = utcnow()
        with write_transaction(engine) as session:
            lock_conversation(session, task.conversation_id)
            wrote = records.they_wrote(session, task.conversation_id, last)
            records.end(session, task, **({} if wrote else {"open": False}))
            records.set_reach(session, False, now)
        return False

    def _look(self, engine: Engine, voice: Voice, task: Task) -> bool:
        """Ask for what a webhook may not have told us: Chatwoot calls an inbox's only once."""
        remote, now = str(task.remote_id), utcnow()
        shown = self.api.conversation(remote)
        messages = self.api.messages_since(remote, (task.looked_at or now) - MARGIN)
        with write_transaction(engine) as session:
            conversation = lock_conversation(session, task.conversation_id)
            row = session.get(OtherDesk, task.conversation_id)
            moved = False
            if row.open and row.handoff_id == conversation.handoff_id == task.handoff_id:
                moved = _missed(session, conversation, row, shown, messages, voice, now)
            records.end(session, task, looked_at=now)
            records.set_reach(session, False, now)
        return moved


def _missed(
    session: Session,
    conversation: Conversation,
    row: OtherDesk,
    shown: dict[str, Any],
    messages: list[dict[str, Any]],
    voice: Voice,
    now: datetime,
) -> bool:
    moved = False
    status = str(shown.get("status"))
    for message in messages:
        written = events.read_message(message, status)
        if written is not None:
            moved = events.agent_wrote(session, conversation, row, written, voice, now) or moved
    agent = events.read_agent((shown.get("meta") or {}).get("assignee"))
    at = events.read_time(shown.get("updated_at")) or now
    if status == events.RESOLVED:
        ended = events.status_changed(session, conversation, row, status, agent, at, voice, now)
        moved = ended or moved
    return moved


def _start(session: Session, task: Task) -> int:
    """The number after which the customer's lines go as messages of their own.

    The line with which a person was asked for is the first of them.
    """
    asking = select(func.max(Line.number)).where(
        Line.conversation_id == task.conversation_id,
        Line.author == Author.CUSTOMER.value,
    )
    handoff = session.get(Handoff, task.handoff_id) if task.handoff_id is not None else None
    if handoff is not None:  # none is of before there were records
        asking = asking.where(Line.at <= handoff.asked_at)
    return max(task.forwarded, int(session.execute(asking).scalar_one() or 1) - 1)


def _failed(engine: Engine, voice: Voice, task: Task, error: str) -> bool:
    """It is tried again later. A customer whose agent can't be reached waits for any other."""
    now = utcnow()
    with write_transaction(engine) as session:
        conversation = lock_conversation(session, task.conversation_id)
        if records.failing_since(session) is None:
            logger.warning("Chatwoot can't be reached: %s", error)
        try:
            records.postpone(session, task, error, now)
        except LeaseLost:
            return False
        since = records.failing_since(session)
        if task.what is not What.PASS or conversation.owner != Owner.AGENT.value:
            return False
        if since is None or since > now - GONE or not records.is_theirs(conversation):
            return False
        ownership.give_up(session, conversation, voice, now)
        return True


def _refused(engine: Engine, voice: Voice, task: Task, refusal: Refused) -> bool:
    """It is for our own desk from now on, whose agents are shown why."""
    now = utcnow()
    with write_transaction(engine) as session:
        conversation = lock_conversation(session, task.conversation_id)
        gone: dict[str, Any] = {}
        if refusal.status == 404:  # deleted there
            gone = {"contact": None, "source": None, "remote_id": None, "forwarded": 0}
        try:
            records.end(session, task, open=False, **gone)
        except LeaseLost:
            return False
        records.set_reach(session, False, now)
        if not records.is_theirs(conversation):
            return False
        if conversation.owner == Owner.AGENT.value:
            ownership.give_up(session, conversation, voice, now)
        row = session.get(OtherDesk, task.conversation_id)
        row.handoff_id = conversation.handoff_id
        row.error = str(refusal)[: records.LONGEST_ERROR]
        told = voice.reply(
            "utter_chatwoot_refused",
            conversation.language,
            conversation.channel,
            error=str(refusal),
        )
        key = f"chatwoot-refused-{conversation.handoff_id}"
        ownership.add_note(session, conversation, "Chatwoot", told.text, key)
        return True
