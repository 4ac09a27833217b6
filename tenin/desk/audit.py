"""What was done at the desk that somebody may have to answer for: written once, never changed.

An entry is written in the transaction of what it tells, so that neither is there without the
other. It holds no password, no token, and of a failed try to sign in only an account's login,
never what was typed: some type their password there.
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from tenin.clock import utcnow
from tenin.desk.models import AuditEntry

if TYPE_CHECKING:
    from tenin.desk.accounts import Account

MOST = 500  # entries at once

# What accounts and sign-in write. Others add their own names, in the same form.
SIGNED_IN = "signed_in"
SIGN_IN_FAILED = "sign_in_failed"
SIGN_IN_LOCKED = "sign_in_locked"
SIGNED_OUT = "signed_out"
LINK_MADE = "link_made"
LINK_USED = "link_used"
ACCOUNT_MADE = "account_made"
ACCOUNT_CHANGED = "account_changed"
PASSWORD_CHANGED = "password_changed"  # noqa: S105  a name of what was done


def record(
    session: Session,
    account: Account | None,
    action: str,
    subject: str | None = None,
    detail: dict[str, Any] | None = None,
    address: str | None = None,
    now: datetime | None = None,
) -> None:
    """Write down what was done.

    Args:
        account: who did it; None: nobody who is signed in, or a command on the machine.
        action: what, as a name such as `account_changed`.
        subject: whom or what it was done to: an account's login, a skill, a day.
        detail: values that JSON knows; never a password or a token.
        address: the client's, None for a command.
    """
    session.add(
        AuditEntry(
            at=now or utcnow(),
            agent_id=account and account.id,
            agent_name=account and account.name,
            action=action,
            subject=subject,
            detail=detail or {},
            address=address,
        )
    )
    session.flush()


def entries(session: Session, before: int | None = None, limit: int = 100) -> list[dict[str, Any]]:
    """The latest entries, the newest first, in the form that the desk's calls answer with.

    Args:
        before: only those older than the entry of this id, for the next page.
        limit: at most so many (and never more than `MOST`).
    """
    wanted = select(AuditEntry).order_by(AuditEntry.id.desc()).limit(max(1, min(limit, MOST)))
    if before is not None:
        wanted = wanted.where(AuditEntry.id < before)
    return [
        {
            "id": entry.id,
            "at": entry.at.isoformat().replace("+00:00", "Z"),
            "agent": entry.agent_id and {"id": entry.agent_id, "name": entry.agent_name},
            "action": entry.action,
            "subject": entry.subject,
            "detail": entry.detail,
            "address": entry.address,
        }
        for entry in session.execute(wanted).scalars()
    ]
