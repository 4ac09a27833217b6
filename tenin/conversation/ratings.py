"""What a customer thought of a person's service: 1 to 5 and a word, once for each.

Kept on the record of the service (`Handoff`), from which the desk's figures come.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from tenin.clock import utcnow
from tenin.conversation.models import Handoff, Outcome
from tenin.conversation.transcript import lock_for_customer

LOWEST, HIGHEST = 1, 5
LONGEST_WORD = 500


class NothingToRate(LookupError):
    """There is no such service in this conversation, or it hasn't come to its end."""


class RatedAlready(Exception):
    """It was rated before: the first rating stands."""


def rate(
    session: Session,
    handoff_id: int,
    conversation_id: str,
    rating: int,
    word: str | None,
    now: datetime | None = None,
) -> Handoff:
    """Keep what the customer of a conversation thought of a service that was resolved in it.

    Args:
        rating: from `LOWEST` to `HIGHEST`.
        word: what they say of it, at most `LONGEST_WORD` characters; None if nothing.

    Raises:
        NoSuchConversation, NothingToRate, RatedAlready.
        ValueError: if rating or word are out of bounds.
    """
    if not LOWEST <= rating <= HIGHEST or len(word or "") > LONGEST_WORD:
        raise ValueError("the rating or its word is out of bounds")
    lock_for_customer(session, conversation_id)
    handoff: Handoff | None = session.get(Handoff, handoff_id, populate_existing=True)
    if (
        handoff is None
        or handoff.conversation_id != conversation_id
        or handoff.outcome != Outcome.RESOLVED.value
    ):
        raise NothingToRate(handoff_id)
    if handoff.rated_at is not None:
        raise RatedAlready(handoff_id)
    handoff.rating, handoff.rating_word = rating, word or None
    handoff.rated_at = now or utcnow()
    session.flush()
    return handoff


def ratings_of(session: Session, conversation_id: str) -> dict[int, int]:
    """The ratings given in a conversation, by the id of the service."""
    rows = session.execute(
        select(Handoff.id, Handoff.rating).where(
            Handoff.conversation_id == conversation_id, Handoff.rated_at.is_not(None)
        )
    )
    return {int(number): int(rating) for number, rating in rows}
