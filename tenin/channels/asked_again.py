"""What is typed in the queue is a person's to read; but whoever asks for one again is heard.

Rasa isn't called while a conversation waits. The bot tier only says what the text means, and
without it nothing is lost: the line is there, and the button for a person works by itself.
"""

from __future__ import annotations

from sqlalchemy.orm import Session

from tenin.conversation import ownership
from tenin.conversation.models import Awaiting, Owner
from tenin.conversation.transcript import lock_conversation
from tenin.desk.understanding import asks_for_person
from tenin.services import Services


async def hear(services: Services, conversation_id: str, text: str, language: str) -> None:
    """Let a waiting conversation take the fast lane if this text surely asks for a person."""
    if not await asks_for_person(services.settings, text, language):
        return

    def ask(session: Session) -> None:
        conversation = lock_conversation(session, conversation_id)
        waits = conversation.owner == Owner.QUEUE.value
        if waits and conversation.awaiting == Awaiting.LIVE.value:
            ownership.request_person(session, conversation, "asked", services.voice)

    await services.write(ask)
    services.hub.moved(conversation_id)
