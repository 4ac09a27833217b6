"""Visitors of the shop's pages who agreed to be known, and whether one is invited now.

The page judges its own conditions (`tenin.invitation.rules`) and asks; whether it may is decided
here, on rows, so that tabs, reloads and several web processes share one budget.
"""

from __future__ import annotations

import enum
import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from sqlalchemy import delete, func, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from tenin.clock import utcnow
from tenin.conversation.models import Author, Conversation, Line
from tenin.invitation.models import BY_HAND, Answer, Invited, Visitor
from tenin.invitation.rules import Invitation, Invitations

VISIT_ENDS = timedelta(minutes=30)  # without a page
HERE = timedelta(seconds=90)
FRESH = timedelta(seconds=45)  # with the next word, 15 s later at most, well within HERE
WEEK = timedelta(days=7)
DISMISSALS_COUNT = timedelta(days=90)
OFFER_STANDS = timedelta(minutes=2)  # a person promised is kept free for so long
MOST_PRODUCTS = 30
MOST_LISTED = 100


class Why(str, enum.Enum):
    """Why a visitor is not invited."""

    HELD_OUT = "held_out"
    BUDGET = "budget"
    RESTING = "resting"
    NOBODY = "nobody"  # a person is promised, and none has time
    CHATTING = "chatting"


@dataclass(frozen=True)
class Page:
    """What a page says of itself, checked: what it is, and perhaps a product and a cart."""

    kind: str
    path: str
    title: str
    sku: str | None = None
    cart_items: int = 0
    cart_value: Decimal | None = None
    currency: str | None = None

    def shown(self) -> dict[str, Any]:
        """As it is kept, for agents."""
        value = None if self.cart_value is None else str(self.cart_value)
        return {
            "kind": self.kind,
            "path": self.path,
            "title": self.title,
            "sku": self.sku,
            "cart_items": self.cart_items,
            "cart_value": value,
            "currency": self.currency,
        }


def visitor_id(own_id: str) -> str:
    """By what a visitor is known here: a hash of the id that their browser made."""
    return hashlib.sha256(own_id.encode()).hexdigest()


def is_held_out(visitor: str, percent: int) -> bool:
    """Whether a visitor is of the share that is never invited: always the same for one visitor."""
    drawn = hashlib.sha256(f"held out {visitor}".encode()).digest()
    return int.from_bytes(drawn[:8], "big") % 10_000 < percent * 100


def see(
    session: Session,
    visitor: str,
    page: Page,
    language: str,
    rules: Invitations,
    now: datetime | None = None,
    *,
    conversation_id: str | None = None,
) -> Visitor:
    """A visitor looks at a page, or still does; half an hour without one ends a visit.

    Args:
        conversation_id: the chat that their browser has; gone on with in this visit, or begun, it
            counts as chatting.
    """
    now = now or utcnow()
    found = _locked(session, visitor)
    if found is None:
        found = _new(session, visitor, language, rules, now)
    if now - found.seen_at > VISIT_ENDS:
        found.began_at, found.visits, found.products = now, found.visits + 1, []
    found.seen_at, found.language, found.page = now, language, page.shown()
    if page.sku is not None:
        others = [sku for sku in found.products if sku != page.sku]
        found.products = [*others, page.sku][-MOST_PRODUCTS:]
    if conversation_id is not None:
        found.conversation_id = conversation_id
        talked = None if is_chatting(found) else _talked(session, conversation_id, now)
        if talked is not None:
            found.chatted_at = max(talked, found.began_at)
    session.flush()
    return found


def is_chatting(visitor: Visitor) -> bool:
    """Whether a visitor has chatted in this visit."""
    return visitor.chatted_at is not None and visitor.chatted_at >= visitor.began_at


def is_known(
    session: Session,
    visitor: str,
    page: Page,
    language: str,
    now: datetime | None = None,
    *,
    conversation_id: str | None = None,
) -> bool:
    """Whether `see` would change nothing but a time that is fresh, and nobody invites by hand."""
    now = now or utcnow()
    found = session.get(Visitor, visitor)
    if found is None or found.hand_text is not None:
        return False
    if found.language != language or found.page != page.shown():
        return False
    if conversation_id is not None:
        if found.conversation_id != conversation_id:
            return False
        if not is_chatting(found) and _talked(session, conversation_id, now) is not None:
            return False
    latest = found.products[-1] if found.products else None
    return now - found.seen_at < FRESH and page.sku in (None, latest)


def invite(
    session: Session,
    visitor: str,
    rule: Invitation,
    rules: Invitations,
    free_agents: Callable[[Session], int],
    now: datetime | None = None,
) -> Invited | Why:
    """The conditions of a rule hold for a visitor, who was seen: show it, or why not.

    A visitor who is held out is noted once in a visit for each rule.

    Args:
        free_agents: how many conversations more the agents who are there could serve at once.
    """
    now = now or utcnow()
    found = _locked(session, visitor)
    if found is None or now - found.seen_at > VISIT_ENDS:
        return Why.RESTING
    if is_chatting(found):
        return Why.CHATTING
    earlier = _earlier(session, visitor, now)
    shown = [each for each in earlier if not each.held_out]
    this_visit = [each for each in earlier if each.at >= found.began_at]
    if found.held_out:
        if all(each.invitation != rule.name for each in this_visit):
            session.add(_row(found, rule, now, held_out=True))
        return Why.HELD_OUT
    in_visit = [each for each in shown if each.at >= found.began_at]
    in_week = [each for each in shown if each.at > now - WEEK]
    if len(in_visit) >= rules.per_session or len(in_week) >= rules.per_week:
        return Why.BUDGET
    if _rests(shown, rules, now):
        return Why.RESTING
    if rule.promises_person and free_agents(session) <= _promised(session, now):
        return Why.NOBODY
    row = _row(found, rule, now, held_out=False)
    session.add(row)
    session.flush()
    return row


def answered(
    session: Session, visitor: str, number: int, answer: Answer, now: datetime | None = None
) -> bool:
    """The visitor accepted or dismissed an invitation of theirs; the first answer counts.

    Returns:
        False if there is no such invitation of this visitor's.
    """
    now = now or utcnow()
    if _locked(session, visitor) is None:
        return False
    row = session.get(Invited, number)
    if row is None or row.visitor_id != visitor or row.held_out:
        return False
    if row.answer == Answer.SHOWN.value:
        row.answer, row.answered_at = answer.value, now
    return True


def invite_by_hand(
    session: Session,
    visitor: str,
    agent_id: str,
    agent_name: str,
    text: str,
    now: datetime | None = None,
) -> bool:
    """An agent invites a visitor who is here; it is fetched by the page's next word.

    Returns:
        False if the visitor is gone, is held out, or chats already.
    """
    now = now or utcnow()
    found = _locked(session, visitor)
    if found is None or found.held_out or now - found.seen_at > HERE:
        return False
    if is_chatting(found):
        return False
    found.hand_by, found.hand_name, found.hand_text, found.hand_at = (
        agent_id,
        agent_name,
        text,
        now,
    )
    return True


def take_by_hand(
    session: Session, visitor: str, now: datetime | None = None
) -> tuple[Invited, str] | None:
    """What an agent has invited this visitor by, once, and the agent's name; None if nothing."""
    now = now or utcnow()
    found = _locked(session, visitor)
    if found is None or found.hand_text is None:
        return None
    text, agent_id, name, at = found.hand_text, found.hand_by, found.hand_name, found.hand_at
    found.hand_by = found.hand_name = found.hand_text = found.hand_at = None
    if at is None or now - at > HERE:
        return None
    row = Invited(
        visitor_id=visitor,
        invitation=BY_HAND,
        held_out=False,
        promises_person=True,
        agent_id=agent_id,
        text=text,
        page=str(found.page.get("kind", "other")),
        sku=found.page.get("sku"),
        at=now,
        answer=Answer.SHOWN.value,
    )
    session.add(row)
    session.flush()
    return row, str(name)


def began_chat(
    session: Session,
    visitor: str,
    conversation_id: str,
    number: int | None = None,
    now: datetime | None = None,
) -> Invited | None:
    """A visitor began a chat, perhaps by accepting an invitation of theirs.

    Returns:
        That invitation.
    """
    now = now or utcnow()
    found = _locked(session, visitor)
    if found is None:
        return None
    found.conversation_id, found.chatted_at = conversation_id, now
    if number is None or not answered(session, visitor, number, Answer.ACCEPTED, now):
        return None
    row: Invited = session.get(Invited, number)
    if row.answer != Answer.ACCEPTED.value:
        return None
    row.conversation_id = conversation_id
    return row


def ordered(
    session: Session,
    visitor: str,
    value: Decimal | None,
    currency: str | None,
    now: datetime | None = None,
) -> None:
    """The page told that the visitor has ordered."""
    found = _locked(session, visitor)
    if found is not None:
        found.ordered_at = now or utcnow()
        found.order_value = None if value is None else str(value)
        found.order_currency = currency


def forget(session: Session, visitor: str) -> None:
    """Delete all that is known of a visitor."""
    for table, column in ((Invited, Invited.visitor_id), (Visitor, Visitor.id)):
        session.execute(
            delete(table).where(column == visitor).execution_options(synchronize_session=False)
        )


def forget_who_began(session: Session, conversation_ids: Sequence[str]) -> None:
    """Delete the visitors who began these conversations, and take them off invitations."""
    begun = select(Visitor.id).where(Visitor.conversation_id.in_(conversation_ids))
    for visitor in session.execute(begun).scalars().all():
        forget(session, str(visitor))
    session.execute(
        update(Invited)
        .where(Invited.conversation_id.in_(conversation_ids))
        .values(conversation_id=None)
        .execution_options(synchronize_session=False)
    )


def forget_before(session: Session, moment: datetime, limit: int = 500) -> int:
    """Delete visitors who were last seen before a moment, at most `limit`; how many they were."""
    gone = select(Visitor.id).where(Visitor.seen_at < moment).limit(limit)
    ids = session.execute(gone).scalars().all()
    for visitor in ids:
        forget(session, str(visitor))
    return len(ids)


def here(session: Session, now: datetime | None = None) -> list[Visitor]:
    """Who browses now and may be invited by hand, the latest come first."""
    now = now or utcnow()
    wanted = (
        select(Visitor)
        .where(Visitor.seen_at > now - HERE, Visitor.held_out.is_(False))
        .order_by(Visitor.began_at.desc(), Visitor.id)
        .limit(MOST_LISTED)
    )
    return list(session.execute(wanted).scalars())


def _talked(session: Session, conversation_id: str, now: datetime) -> datetime | None:
    """When the customer of a conversation said something last, or began it, if not long ago."""
    wanted = (
        select(Line.at)
        .where(Line.conversation_id == conversation_id, Line.author == Author.CUSTOMER.value)
        .order_by(Line.number.desc())
        .limit(1)
    )
    at: datetime | None = session.execute(wanted).scalar_one_or_none()
    if at is None:
        begun = select(Conversation.created_at).where(Conversation.id == conversation_id)
        at = session.execute(begun).scalar_one()
    return at if at is not None and now - at <= VISIT_ENDS else None


def _locked(session: Session, visitor: str) -> Visitor | None:
    wanted = select(Visitor).where(Visitor.id == visitor).with_for_update()
    found: Visitor | None = session.execute(wanted).scalar_one_or_none()
    return found


def _new(
    session: Session, visitor: str, language: str, rules: Invitations, now: datetime
) -> Visitor:
    made = Visitor(
        id=visitor,
        held_out=is_held_out(visitor, rules.held_out_percent),
        language=language,
        first_seen=now,
        began_at=now,
        seen_at=now,
        visits=1,
        page={},
        products=[],
    )
    try:
        with session.begin_nested():
            session.add(made)
    except IntegrityError:  # another tab's word came at the same time
        found = _locked(session, visitor)
        assert found is not None
        return found
    return made


def _earlier(session: Session, visitor: str, now: datetime) -> list[Invited]:
    wanted = (
        select(Invited)
        .where(Invited.visitor_id == visitor, Invited.at > now - DISMISSALS_COUNT)
        .order_by(Invited.at)
    )
    return list(session.execute(wanted).scalars())


def _rests(shown: list[Invited], rules: Invitations, now: datetime) -> bool:
    if shown and now - shown[-1].at < timedelta(minutes=rules.after_showing):
        return True
    dismissed = [each for each in shown if each.answer == Answer.DISMISSED.value]
    if not dismissed:
        return False
    rest = rules.after_dismissal[min(len(dismissed), len(rules.after_dismissal)) - 1]
    return bool(now - (dismissed[-1].answered_at or now) < timedelta(minutes=rest))


def _promised(session: Session, now: datetime) -> int:
    """How many invitations that promise a person stand unanswered now."""
    wanted = select(func.count()).where(
        Invited.promises_person.is_(True),
        Invited.held_out.is_(False),
        Invited.answer == Answer.SHOWN.value,
        Invited.at > now - OFFER_STANDS,
    )
    return int(session.execute(wanted).scalar_one())


def _row(visitor: Visitor, rule: Invitation, now: datetime, *, held_out: bool) -> Invited:
    return Invited(
        visitor_id=visitor.id,
        invitation=rule.name,
        held_out=held_out,
        promises_person=rule.promises_person,
        text=rule.texts.get(visitor.language),
        page=str(visitor.page.get("kind", "other")),
        sku=visitor.page.get("sku"),
        at=now,
        answer=Answer.SHOWN.value,
    )
