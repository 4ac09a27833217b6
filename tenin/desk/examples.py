"""Good examples for training: a customer's sentence that a lead marked, personal data masked."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from tenin.clock import utcnow
from tenin.conversation.models import Author, Line
from tenin.conversation.transcript import NoSuchConversation, lock_conversation
from tenin.desk.masking import masked
from tenin.desk.models import TrainingExample

__all__ = ["NoSuchConversation", "NotACustomersLine", "forget_examples", "mark_example"]


class NotACustomersLine(LookupError):
    """There is no such line of the customer in this conversation."""


def mark_example(
    session: Session,
    conversation_id: str,
    line_number: int,
    need: str | None,
    marked_by: str,
    *,
    names: Iterable[str] = (),
    now: datetime | None = None,
) -> TrainingExample:
    """Keep a customer's sentence, and what an agent answered to it, as an example.

    Marked again, the line is kept once, with the need that was named last.

    Args:
        need: what it is an example of, in full; None if that is for a trainer to say.
        marked_by: the account's id.
        names: of the people in the conversation, as far as they are known.

    Raises:
        NoSuchConversation: if there is none of that id.
        NotACustomersLine: if the line isn't there or is somebody else's.
    """
    conversation = lock_conversation(session, conversation_id)
    of = Line.conversation_id == conversation_id
    line = session.execute(
        select(Line).where(of, Line.number == line_number, Line.author == Author.CUSTOMER.value)
    ).scalar_one_or_none()
    if line is None:
        raise NotACustomersLine(f"{conversation_id} {line_number}")
    answer = session.execute(
        select(Line)
        .where(of, Line.number > line_number, Line.author == Author.AGENT.value)
        .order_by(Line.number)
        .limit(1)
    ).scalar_one_or_none()
    known = {*names, conversation.agent_name or "", answer.name or "" if answer else ""}
    example = session.execute(
        select(TrainingExample).where(
            TrainingExample.conversation_id == conversation_id,
            TrainingExample.line_number == line_number,
        )
    ).scalar_one_or_none()
    if example is None:
        example = TrainingExample(conversation_id=conversation_id, line_number=line_number)
        session.add(example)
    example.language = conversation.language
    example.text = masked(line.text, known)
    example.answer = masked(answer.text, known) if answer is not None else None
    example.need, example.marked_by, example.at = need, marked_by, now or utcnow()
    session.flush()
    found: TrainingExample = example
    return found


def forget_examples(session: Session, conversation_ids: Iterable[str]) -> None:
    """Keep no example of what was said in these conversations."""
    session.execute(
        delete(TrainingExample)
        .where(TrainingExample.conversation_id.in_(list(conversation_ids)))
        .execution_options(synchronize_session="fetch")
    )
