"""Whether a customer wants notices by e-mail, and where: given by them, and withdrawn by them.

A signed-in customer's consent holds for all their conversations, anybody else's for the one
they gave it in, an address given for one wish (`tenin.conversation.restock`) for that alone, and
one left with a message for a person for the answers to it (`tenin.conversation.answers_by_mail`).
`tenin.conversation.notices` asks before it writes a mail, and the delivery asks again before it
sends one.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import and_, func, literal, or_, select, update
from sqlalchemy.orm import Session

from tenin.clock import utcnow
from tenin.conversation.identity import owner_of
from tenin.conversation.models import (
    Handoff,
    MailConsent,
    MailContent,
    OutboxRow,
    Outcome,
    RestockWish,
    SignedIn,
)
from tenin.conversation.transcript import lock_for_customer

LONGEST_ADDRESS = 254
OF_ANSWERS = "answers:"
ANSWERS_LAST = timedelta(days=7)  # so long after a request's end its address still gets answers
PASSED_ON = (Outcome.TRANSFERRED.value, Outcome.RETURNED.value)  # the request went on
# An address as mail servers everywhere take it; what it leaves out can't reach a header.
ADDRESS = re.compile(
    r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*"
    r"@(?:[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.)+[A-Za-z]{2,63}"
)


class BadAddressError(ValueError):
    """This is no e-mail address that mail can be sent to."""


@dataclass(frozen=True)
class MailWanted:
    """What mail a conversation's customer gets: its notices, or anything at all (one wish)."""

    notices: bool = False
    anything: bool = False


NO_MAIL = MailWanted()


def is_address(text: str) -> bool:
    """Whether mail can be sent to this."""
    return len(text) <= LONGEST_ADDRESS and ADDRESS.fullmatch(text) is not None


def give_consent(
    session: Session,
    conversation_id: str,
    address: str,
    now: datetime | None = None,
    *,
    wish: str | None = None,
    answers: bool = False,
) -> None:
    """The customer of this conversation wants notices at this address.

    Given again, it holds for the newer address. With `wish`, the SKU of a product, it holds for
    the one notice that the product is back. With `answers` it holds for what persons answer to
    the request that the conversation is in, and for no notice.

    Raises:
        BadAddressError: if it is no address.
        NoSuchConversation: if there is none of that id.
    """
    address = address.strip()
    if not is_address(address):
        raise BadAddressError("no e-mail address")
    lock_for_customer(session, conversation_id)
    holder = answers_of(conversation_id) if answers else holder_of(session, conversation_id)
    if wish is not None:
        holder = _of_wish(conversation_id, wish)
    session.merge(
        MailConsent(holder=holder, address=address, given_at=now or utcnow(), withdrawn_at=None)
    )
    session.flush()


def withdraw_consent(session: Session, conversation_id: str, now: datetime | None = None) -> None:
    """The customer of this conversation wants no mail any more; what waits won't be sent."""
    _withdraw(session, _theirs(session, conversation_id), now)


def withdraw_for_wish(
    session: Session, conversation_id: str, sku: str, now: datetime | None = None
) -> None:
    """The customer wants to hear of this wish in the conversation alone."""
    _withdraw(session, MailConsent.holder == _of_wish(conversation_id, sku), now)


def withdraw_of_mail(session: Session, outbox_id: int, now: datetime | None = None) -> bool:
    """Whoever got this mail wants none any more at its address, whoever gave that to us.

    Returns:
        Whether there is such a mail (any more).
    """
    address = _address_of_mail(session, outbox_id)
    if address is None:
        return False
    _withdraw(session, func.lower(MailConsent.address) == address.lower(), now)
    return True


def end_of_wish(session: Session, outbox_id: int, now: datetime | None = None) -> None:
    """This mail has come to its end: an address given for the wish it told of has served.

    One given anew since, with a new wish, stays.
    """
    mail = select(MailContent.holder).where(MailContent.outbox_id == outbox_id)
    put = select(OutboxRow.at).where(OutboxRow.id == outbox_id)
    condition = and_(
        MailConsent.holder.startswith("restock:"),
        MailConsent.holder == mail.scalar_subquery(),
        MailConsent.given_at <= put.scalar_subquery(),
    )
    _withdraw(session, condition, now)


def mail_goes_to_address_of(session: Session, outbox_id: int) -> bool:
    """Whether anybody's consent still stands for the address that this mail went to."""
    address = _address_of_mail(session, outbox_id)
    if address is None:
        return False
    same = func.lower(MailConsent.address) == address.lower()
    return session.execute(_standing(same)).first() is not None


def mail_wanted(session: Session, conversation_id: str) -> MailWanted:
    """What mail the customer of this conversation gets at present."""
    standing = set(session.execute(_standing(_theirs(session, conversation_id))).scalars())
    notices = standing.intersection(_holders(session, conversation_id))
    return MailWanted(bool(notices), bool(standing))


def recipient(
    session: Session, conversation_id: str, wish: str | None = None
) -> tuple[str, str] | None:
    """Whose consent a notice of this conversation goes by mail with, and its address; or None.

    An address given for the wish that it tells of (a SKU) goes before the others.
    """
    holders = _holders(session, conversation_id)
    for holder in holders if wish is None else [_of_wish(conversation_id, wish), *holders]:
        address = address_of_holder(session, holder)
        if address is not None:
            return holder, address
    return None


def consented_address(session: Session, conversation_id: str) -> str | None:
    """Where notices of this conversation go by mail; None without consent."""
    found = recipient(session, conversation_id)
    return None if found is None else found[1]


def address_of_holder(session: Session, holder: str, now: datetime | None = None) -> str | None:
    """Where one who gave consent gets mail; None if it was withdrawn, never given, or is over."""
    row = session.get(MailConsent, holder, populate_existing=True)
    if row is None or row.withdrawn_at is not None:
        return None
    if is_for_answers(holder):
        ends = _end_of_request(session, holder.removeprefix(OF_ANSWERS), row.given_at)
        if ends is not None and ends + ANSWERS_LAST <= (now or utcnow()):
            return None
    return str(row.address)


def answer_address(
    session: Session, conversation_id: str, now: datetime | None = None
) -> str | None:
    """Where a person's answers in this conversation go by mail besides; None if nowhere."""
    return address_of_holder(session, answers_of(conversation_id), now)


def answer_address_given(session: Session, conversation_id: str) -> datetime | None:
    """When an address for answers was last left, whether or not it still holds; None if never."""
    row = session.get(MailConsent, answers_of(conversation_id), populate_existing=True)
    return None if row is None else row.given_at


def address_given_for_wish(session: Session, conversation_id: str, sku: str) -> str | None:
    """The address given last with a wish, whether or not it was withdrawn since."""
    row = session.get(MailConsent, _of_wish(conversation_id, sku), populate_existing=True)
    return None if row is None else str(row.address)


def holder_of(session: Session, conversation_id: str) -> str:
    """Who consents for this conversation: its customer, or whoever holds it."""
    return _holders(session, conversation_id)[0]


def answers_of(conversation_id: str) -> str:
    """The holder of the consent to a person's answers in this conversation."""
    return f"{OF_ANSWERS}{conversation_id}"


def is_for_answers(holder: str) -> bool:
    """Whether a holder's consent is that to a person's answers."""
    return holder.startswith(OF_ANSWERS)


def _end_of_request(session: Session, conversation_id: str, given_at: datetime) -> datetime | None:
    """When the request that an address was left in came to its end; None if it hasn't.

    A request may be passed on: each time is a record of its own.
    """
    rows = session.execute(
        select(Handoff.ended_at, Handoff.outcome)
        .where(
            Handoff.conversation_id == conversation_id,
            or_(Handoff.ended_at.is_(None), Handoff.ended_at >= given_at),
        )
        .order_by(Handoff.id)
    )
    ended_at: datetime = given_at
    for ended, outcome in rows:
        if ended is None:
            return None
        ended_at = ended
        if outcome not in PASSED_ON:
            break
    return ended_at


def _of_wish(conversation_id: str, sku: str) -> str:
    return f"restock:{conversation_id}:{sku}"


def _holders(session: Session, conversation_id: str) -> list[str]:
    """The customer first; consent given before they signed in is the conversation's own."""
    owner = owner_of(session, conversation_id)
    own = f"conversation:{conversation_id}"
    return [own] if owner is None else [f"customer:{owner}", own]


def _theirs(session: Session, conversation_id: str) -> Any:
    """The condition for every consent of this conversation's customer, those of wishes too."""
    owner = owner_of(session, conversation_id)
    conversations = RestockWish.conversation_id == conversation_id
    if owner is not None:
        owned = select(SignedIn.conversation_id).where(SignedIn.customer_id == owner)
        conversations = or_(conversations, RestockWish.conversation_id.in_(owned))
    of_wishes = select(
        literal("restock:") + RestockWish.conversation_id + literal(":") + RestockWish.sku
    ).where(conversations)
    own = [*_holders(session, conversation_id), answers_of(conversation_id)]
    return or_(MailConsent.holder.in_(own), MailConsent.holder.in_(of_wishes))


def _standing(condition: Any) -> Any:
    return select(MailConsent.holder).where(condition, MailConsent.withdrawn_at.is_(None))


def _withdraw(session: Session, condition: Any, now: datetime | None) -> None:
    session.execute(
        update(MailConsent)
        .where(condition, MailConsent.withdrawn_at.is_(None))
        .values(withdrawn_at=now or utcnow())
        .execution_options(synchronize_session=False)
    )


def _address_of_mail(session: Session, outbox_id: int) -> str | None:
    row = session.get(MailContent, outbox_id)
    return None if row is None else str(row.address)
