"""What a customer may be told while Chatwoot serves: passed on, or kept until it can be reached."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.engine import Engine
from sqlalchemy.orm import Session

from tenin.clock import utcnow
from tenin.conversation import ownership
from tenin.conversation.models import Awaiting, Conversation, Owner
from tenin.conversation.people import Kind, People, Promise
from tenin.conversation.transcript import Reply, lock_conversation
from tenin.conversation.voice import Voice
from tenin.database import read_transaction, write_transaction
from tenin.desk.chatwoot.records import failing_since, has_it
from tenin.desk.models import OtherDesk

OURS = (Kind.ELSEWHERE.value, Kind.UNREACHABLE.value)


@dataclass(frozen=True)
class ChatwootPeople:
    """Those who serve at Chatwoot; `own` are those of our desk, for what Chatwoot didn't take."""

    own: People

    def promise(self, session: Session, conversation: Conversation, now: datetime) -> Promise:
        """What the customer of a conversation in the queue may be told now."""
        if conversation.awaiting == Awaiting.MESSAGE.value:
            return Promise(Kind.MESSAGE)
        row = session.get(OtherDesk, conversation.id)
        if row is not None and has_it(conversation, row):
            if row.open:
                return Promise(Kind.ELSEWHERE)
            return self.own.promise(session, conversation, now)
        failed = row is not None and row.error is not None
        if failed or failing_since(session) is not None:
            return Promise(Kind.UNREACHABLE)
        return Promise(Kind.ELSEWHERE)

    def skill_for(self, session: Session, category: str | None) -> str | None:
        """The skill that this need asks for at our desk; Chatwoot has rules of its own."""
        return self.own.skill_for(session, category)

    def question(self, session: Session, conversation: Conversation) -> Reply | None:
        """What our desk would ask; the answer is a line, and travels like any other."""
        return self.own.question(session, conversation)


def tell_what_holds(engine: Engine, voice: Voice) -> list[str]:
    """Tell those who wait what has turned out otherwise than they were told, once.

    Returns:
        The conversations in which something was said.
    """
    waiting = select(Conversation).where(
        Conversation.owner == Owner.QUEUE.value, Conversation.told_kind.in_(OURS)
    )
    now = utcnow()
    with read_transaction(engine) as session:
        found = [
            str(each.id)
            for each in session.execute(waiting).scalars()
            if voice.people.promise(session, each, now).kind.value != each.told_kind
        ]
    return [each for each in found if _tell(engine, each, voice, now)]


def _tell(engine: Engine, conversation_id: str, voice: Voice, now: datetime) -> bool:
    with write_transaction(engine) as session:
        conversation = lock_conversation(session, conversation_id)
        if conversation.owner != Owner.QUEUE.value or conversation.told_kind not in OURS:
            return False
        if voice.people.promise(session, conversation, now).kind.value == conversation.told_kind:
            return False
        ownership.tell_promise(session, conversation, voice, ownership.FIRST, now)
        return True
