"""What a person answers to a customer who left a message, by mail to the address left with it.

The line is in the conversation anyway. Its mail waits for a while in the outbox: it is only sent
if the customer hasn't seen the line by then, together with all others that wait
(`tenin.conversation.delivery`).
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from tenin.conversation.consent import answer_address, answers_of
from tenin.conversation.delivery import EMAIL, put_mail
from tenin.conversation.models import Conversation, Line
from tenin.conversation.transcript import words_of
from tenin.conversation.voice import Voice


def mail_answer(
    session: Session, conversation: Conversation, line: Line, voice: Voice, now: datetime
) -> bool:
    """Put a mail of an agent's new line of a locked conversation into the outbox.

    Returns:
        Whether there is one: none without an address for answers.
    """
    address = answer_address(session, conversation.id, now)
    if address is None:
        return False
    subject = voice.reply(
        "utter_answer_mail_subject", conversation.language, EMAIL, agent=line.name or ""
    )
    put_mail(
        session,
        conversation,
        line.number,
        holder=answers_of(conversation.id),
        address=address,
        subject=subject.text,
        text=words_of(line),
        now=now,
    )
    return True
