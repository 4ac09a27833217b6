"""How often a password may be tried: counted by login and by address, over restarts.

A try is written down as failed before the password is looked at, and marked after: many at once,
or a crash in between, gain nothing. A refused one is not written, so that waiting helps. Neither
login nor address tells from the answer whether the account is there.
"""

from __future__ import annotations

import hmac
import ipaddress
import math
import zlib
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import delete, func, select, update
from sqlalchemy.orm import Session

from tenin.clock import utcnow
from tenin.desk.models import SignInAttempt
from tenin.keys import key_for
from tenin.settings import DeskSettings, Settings

LOCKS = 7_002  # PostgreSQL's advisory locks of this module
PURPOSE = "desk sign-in attempt"
IPV6_PREFIX = 64  # what one customer of a network has to choose from


@dataclass(frozen=True)
class Try:
    """A try that may go ahead, by its id; or else after how many seconds one may again."""

    id: int | None
    wait_seconds: int = 0

    @property
    def wait_minutes(self) -> int:
        """The wait as it is said: whole minutes, rounded up."""
        return math.ceil(self.wait_seconds / 60)


def login_key(settings: Settings, login: str) -> str:
    """What stands for a login in the table. Not the text: some type their password there."""
    text = login.strip().lower().encode("utf-8", "surrogatepass")
    return hmac.new(key_for(settings.secret, PURPOSE), text, "sha256").hexdigest()


def begin_try(
    session: Session,
    login: str,
    address: str | None,
    settings: DeskSettings,
    now: datetime | None = None,
) -> Try:
    """Write a try down and say whether it may go ahead.

    Args:
        login: its `login_key`.
        address: the client's; of IPv6 its network counts. None: only the login is counted.
        now: the present moment, for the tests.
    """
    now = now or utcnow()
    window = timedelta(minutes=settings.sign_in_window_minutes)
    network = _network(address)
    _one_at_a_time(session, login, network)
    session.execute(
        delete(SignInAttempt)
        .where(SignInAttempt.at <= now - window)
        .execution_options(synchronize_session=False)
    )
    opens = [
        _opens_at(session, _failures_of_login(login), settings.sign_in_failures, window),
        network
        and _opens_at(
            session,
            [SignInAttempt.address == network],
            settings.sign_in_failures_by_address,
            window,
        ),
    ]
    if closed := [moment for moment in opens if moment]:
        return Try(None, max(1, math.ceil((max(closed) - now).total_seconds())))
    attempt = SignInAttempt(login=login, address=network, succeeded=False, at=now)
    session.add(attempt)
    session.flush()
    return Try(attempt.id)


def mark_succeeded(session: Session, attempt: Try) -> None:
    """The password was right: the login's failures before are forgotten, the address's stay."""
    session.execute(
        update(SignInAttempt)
        .where(SignInAttempt.id == attempt.id)
        .values(succeeded=True)
        .execution_options(synchronize_session=False)
    )


def is_locked(
    session: Session, login: str, settings: DeskSettings, now: datetime | None = None
) -> bool:
    """Whether the login waits now, as after the last failure that was allowed."""
    now = now or utcnow()
    window = timedelta(minutes=settings.sign_in_window_minutes)
    since = [*_failures_of_login(login), SignInAttempt.at > now - window]
    return _opens_at(session, since, settings.sign_in_failures, window) is not None


def _failures_of_login(login: str) -> list[Any]:
    """Those of a login since it last succeeded."""
    last_good = (
        select(func.coalesce(func.max(SignInAttempt.id), 0))
        .where(SignInAttempt.login == login, SignInAttempt.succeeded.is_(True))
        .scalar_subquery()
    )
    return [SignInAttempt.login == login, SignInAttempt.id > last_good]


def _opens_at(
    session: Session, which: list[Any], failures: int, window: timedelta
) -> datetime | None:
    """When the oldest of the last `failures` leaves the window; None if there are fewer."""
    oldest: datetime | None = session.execute(
        select(SignInAttempt.at)
        .where(*which, SignInAttempt.succeeded.is_(False))
        .order_by(SignInAttempt.at.desc(), SignInAttempt.id.desc())
        .offset(failures - 1)
        .limit(1)
    ).scalar_one_or_none()
    return oldest and oldest + window


def _network(address: str | None) -> str | None:
    try:
        parsed = ipaddress.ip_address(address or "")
    except ValueError:
        return address and address[:64]
    if isinstance(parsed, ipaddress.IPv6Address):
        return str(ipaddress.ip_network((int(parsed), IPV6_PREFIX), strict=False))
    return str(parsed)


def _one_at_a_time(session: Session, *keys: str | None) -> None:
    """Let tries that share a key wait for each other, so that none goes uncounted.

    SQLite has one writer anyway. Sorted, so that two tries can't wait for each other.
    """
    if session.get_bind().dialect.name == "postgresql":
        for number in sorted({zlib.crc32(key.encode()) for key in keys if key is not None}):
            session.execute(select(func.pg_advisory_xact_lock(LOCKS, number - 2**31)))
