"""The pages of the shop that a customer has looked at: told with their consent alone, kept short.

The web channel (`tenin.channels.context`) writes them down; the desk's case card and
recommendations read them. Withdrawn consent takes them away; `tenin.conversation.retention` does
after some time.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from tenin.clock import utcnow
from tenin.conversation.models import PageConsent, PageView
from tenin.conversation.transcript import lock_for_customer

MOST_KEPT = 30
LONGEST_PATH, LONGEST_TITLE, LONGEST_SKU = 512, 200, 64
LONGEST_STAY = 24 * 60 * 60  # seconds; a tab left open tells nothing more
KINDS = ("home", "category", "product", "cart", "checkout", "order", "search", "help", "other")
SAME_VISIT = timedelta(minutes=30)  # the page told of again within it is one visit
# Parts of a path that may say who somebody is: an address, a long number, a key that only
# machines read.
PERSONAL = re.compile(
    r"@|%40|[0-9]{7,}|^(?=.*[0-9])[A-Za-z0-9_=.]{20,}$|^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$",
    re.IGNORECASE,
)
HIDDEN = "…"


class NoConsentError(Exception):
    """The customer has not agreed that pages seen are told."""


@dataclass(frozen=True)
class View:
    """A page as it is told: a path without query and fragment, and what stands on it."""

    path: str
    title: str
    sku: str | None = None
    kind: str | None = None
    seconds: int | None = None


def consent_given(session: Session, conversation_id: str) -> bool | None:
    """Whether the customer agreed; None if they were never asked."""
    row = session.get(PageConsent, conversation_id, populate_existing=True)
    return None if row is None else bool(row.agreed)


def keep_consent(
    session: Session, conversation_id: str, agreed: bool, now: datetime | None = None
) -> None:
    """The customer agrees that pages seen are told, or no longer: then what was told goes.

    Raises:
        NoSuchConversation: if there is none of that id.
    """
    lock_for_customer(session, conversation_id)
    session.merge(PageConsent(conversation_id=conversation_id, agreed=agreed, at=now or utcnow()))
    if not agreed:
        forget_views(session, conversation_id)
    session.flush()


def forget_views(session: Session, conversation_id: str) -> None:
    """Keep none of the pages seen in a conversation."""
    session.execute(
        delete(PageView)
        .where(PageView.conversation_id == conversation_id)
        .execution_options(synchronize_session="fetch")
    )


def keep_view(
    session: Session, conversation_id: str, view: View, now: datetime | None = None
) -> None:
    """Keep a page seen, the last `MOST_KEPT` of a conversation.

    The same page told of again at once, as when it is left, is one view that lasted longer.

    Raises:
        NoConsentError: without the customer's consent.
        NoSuchConversation: if there is none of that id.
    """
    now = now or utcnow()
    lock_for_customer(session, conversation_id)
    if not consent_given(session, conversation_id):
        raise NoConsentError(conversation_id)
    path = without_persons(view.path)
    last = session.execute(
        select(PageView)
        .where(PageView.conversation_id == conversation_id)
        .order_by(PageView.id.desc())
        .limit(1)
    ).scalar_one_or_none()
    same = last is not None and (last.path, last.sku) == (path, view.sku)
    if last is not None and same and now - last.at < SAME_VISIT:
        last.title, last.kind = view.title, view.kind or last.kind
        last.seconds = max(view.seconds or 0, last.seconds or 0) or None
    else:
        session.add(
            PageView(
                conversation_id=conversation_id,
                path=path,
                title=view.title,
                sku=view.sku,
                kind=view.kind,
                seconds=view.seconds,
                at=now,
            )
        )
    session.flush()
    _keep_the_last(session, conversation_id)


def views_of(session: Session, conversation_id: str, limit: int = MOST_KEPT) -> list[PageView]:
    """The pages seen in a conversation, the newest first."""
    rows = select(PageView).where(PageView.conversation_id == conversation_id)
    return list(session.execute(rows.order_by(PageView.id.desc()).limit(limit)).scalars())


def products_seen(session: Session, conversation_id: str) -> list[str]:
    """The SKUs of the products looked at, the newest first, each once."""
    return list(dict.fromkeys(v.sku for v in views_of(session, conversation_id) if v.sku))


def without_persons(path: str) -> str:
    """A path with those parts hidden that may be an address, a long number or a key."""
    return "/".join(HIDDEN if PERSONAL.search(part) else part for part in path.split("/"))


def _keep_the_last(session: Session, conversation_id: str) -> None:
    kept = (
        select(PageView.id)
        .where(PageView.conversation_id == conversation_id)
        .order_by(PageView.id.desc())
        .offset(MOST_KEPT)
        .limit(1)
    )
    newest_to_go = session.execute(kept).scalar_one_or_none()
    if newest_to_go is not None:
        session.execute(
            delete(PageView)
            .where(PageView.conversation_id == conversation_id, PageView.id <= newest_to_go)
            .execution_options(synchronize_session="fetch")
        )
