"""Whether a customer wants notices by e-mail, and where: given by them, and withdrawn by them.

A signed-in customer's consent holds for all their conversations, anybody else's for the one
they gave it in. `tenin.conversation.notices` asks before it writes a mail, and the delivery
asks again before it sends one.
"""

from __future__ import annotations

import re
from datetime import datetime

from sqlalchemy import update
from sqlalchemy.orm import Session

from tenin.clock import utcnow
from tenin.conversation.identity import owner_of
from tenin.conversation.models import MailConsent
from tenin.conversation.transcript import lock_conversation

LONGEST_ADDRESS = 254
# An address as mail servers everywhere take it; what it leaves out can't reach a header.
ADDRESS = re.compile(
    r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*"
    r"@(?:[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.)+[A-Za-z]{2,63}"
)


class BadAddressError(ValueError):
    """This is no e-mail address that mail can be sent to."""


def give_consent(
    session: Session, conversation_id: str, address: str, now: datetime | None = None
) -> None:
    """The customer of this conversation wants notices at this address.

    Given again, it holds for the newer address.

    Raises:
        BadAddressError: if it is no address.
        NoSuchConversation: if there is none of that id.
    """
    address = address.strip()
    if len(address) > LONGEST_ADDRESS or not ADDRESS.fullmatch(address):
        raise BadAddressError("no e-mail address")
    lock_conversation(session, conversation_id)
    session.merge(
        MailConsent(
            holder=holder_of(session, conversation_id),
            address=address,
            given_at=now or utcnow(),
            withdrawn_at=None,
        )
    )
    session.flush()


def withdraw_consent(session: Session, conversation_id: str, now: datetime | None = None) -> None:
    """The customer of this conversation wants no mail any more; what waits won't be sent."""
    session.execute(
        update(MailConsent)
        .where(
            MailConsent.holder.in_(_holders(session, conversation_id)),
            MailConsent.withdrawn_at.is_(None),
        )
        .values(withdrawn_at=now or utcnow())
    )


def consented_address(session: Session, conversation_id: str) -> str | None:
    """Where notices of this conversation go by mail; None without consent."""
    for holder in _holders(session, conversation_id):
        address = address_of_holder(session, holder)
        if address is not None:
            return address
    return None


def address_of_holder(session: Session, holder: str) -> str | None:
    """Where one who gave consent gets mail; None if it was withdrawn, or never given."""
    row = session.get(MailConsent, holder, populate_existing=True)
    return None if row is None or row.withdrawn_at is not None else str(row.address)


def holder_of(session: Session, conversation_id: str) -> str:
    """Who consents for this conversation: its customer, or whoever holds it."""
    return _holders(session, conversation_id)[0]


def _holders(session: Session, conversation_id: str) -> list[str]:
    """The customer first; consent given before they signed in is the conversation's own."""
    owner = owner_of(session, conversation_id)
    own = f"conversation:{conversation_id}"
    return [own] if owner is None else [f"customer:{owner}", own]
