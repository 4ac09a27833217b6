"""Who a request to the desk comes from, and the one-time links that let somebody in.

A browser is signed in by a session (`tenin.desk.sessions`), whose token is in the cookie. It
begins with a password (`tenin.desk.sign_in`) or with a link: whoever can run a command on the
shop's machine can make one, and is trusted with it.
"""

from __future__ import annotations

import asyncio
import hashlib
import logging
import secrets
from datetime import datetime, timedelta

from sqlalchemy import select, update
from sqlalchemy.engine import Engine
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session
from starlette.requests import Request
from starlette.responses import Response

from tenin.clock import utcnow
from tenin.conversation.models import DeskLink
from tenin.database import write_transaction
from tenin.desk import accounts, audit, routing, sessions
from tenin.desk.accounts import Account, AccountError, account_of
from tenin.desk.models import Agent, Presence, Role
from tenin.services import Services
from tenin.settings import Settings
from tenin.web import came_by_https

COOKIE = "tenin_desk"
PATH = "/desk"
KEY_BYTES = 32

logger = logging.getLogger(__name__)
_touching: set[asyncio.Task[None]] = set()


async def read_session(services: Services, request: Request) -> Account | None:
    """The account that a request is signed in as; the database is asked once per request."""
    if not hasattr(request.state, "desk_account"):
        request.state.desk_account = await _account(services, request)
    found: Account | None = request.state.desk_account
    return found


def current_agent(request: Request) -> Account:
    """The account that a guarded request is signed in as (`tenin.desk.guard`).

    Raises:
        LookupError: if nothing has asked for its session, or nobody is signed in.
    """
    found: Account | None = getattr(request.state, "desk_account", None)
    if found is None:
        raise LookupError("this request came past no guard")
    return found


async def is_still_signed_in(services: Services, request: Request) -> bool:
    """Whether a request's session stands now: what goes on, as a stream, asks now and then."""
    token = request.cookies.get(COOKIE, "")
    found = await services.read(
        lambda session: sessions.find_session(session, token, services.settings.desk)
    )
    return found is not None


def set_cookie(answer: Response, request: Request, settings: Settings, token: str) -> None:
    """Give the browser the token of its session."""
    answer.set_cookie(
        COOKIE,
        token,
        max_age=int(settings.desk.cookie_hours * 3600),
        path=PATH,
        secure=came_by_https(request, settings),
        httponly=True,
        samesite="lax",  # strict is lost when the link is opened from a mail; changes need a header
    )
    answer.headers["cache-control"] = "no-store"


def drop_cookie(answer: Response, request: Request, settings: Settings) -> None:
    """Take the token from the browser."""
    secure = came_by_https(request, settings)
    answer.delete_cookie(COOKIE, path=PATH, secure=secure, httponly=True, samesite="lax")
    answer.headers["cache-control"] = "no-store"


def new_link(
    engine: Engine,
    settings: Settings,
    name: str | None = None,
    role: str = Role.AGENT.value,
    *,
    login: str | None = None,
) -> str:
    """Make a one-time link; returns the key to put into it.

    Args:
        name: whom it signs in: the one account of this name, made with `role` and without a
            password if there is none.
        login: the account that it signs in, instead of a name.

    Raises:
        AccountError: if there is no such login, the account isn't active, or the name can't
            be taken or is several accounts'.
    """
    key = secrets.token_urlsafe(KEY_BYTES)
    with write_transaction(engine) as session:
        agent = _linked(session, settings, name, role, login)
        session.add(
            DeskLink(
                key_hash=_hash(key),
                agent_id=agent.id,
                agent_name=agent.name,
                expires_at=utcnow() + timedelta(minutes=settings.desk.link_minutes),
            )
        )
        audit.record(session, None, audit.LINK_MADE, agent.login)
    return key


def use_link(
    session: Session, key: str, address: str | None = None, now: datetime | None = None
) -> Account | None:
    """The account a link was made for, once; None if the link is unknown, used, or expired.

    None, too, if the account isn't active any more.
    """
    now = now or utcnow()
    used = session.execute(
        update(DeskLink)
        .where(
            DeskLink.key_hash == _hash(key),
            DeskLink.used_at.is_(None),
            DeskLink.expires_at > now,
        )
        .values(used_at=now)
        .execution_options(synchronize_session=False)
    )
    if used.rowcount != 1:
        return None
    agent = session.execute(
        select(Agent)
        .join(DeskLink, DeskLink.agent_id == Agent.id)
        .where(DeskLink.key_hash == _hash(key), Agent.active.is_(True))
    ).scalar_one_or_none()
    if agent is None:
        return None
    account = account_of(agent)
    audit.record(session, account, audit.LINK_USED, account.login, None, address, now)
    return account


def enter(session: Session, account: Account, request: Request, settings: Settings) -> str:
    """Begin a session for this browser, and end the one it had; returns the new token.

    Who serves customers is online with it. The token is always a new one: who has planted a cookie
    beforehand gains nothing by it.
    """
    if old := request.cookies.get(COOKIE):
        sessions.end_session(session, old)
    if accounts.SERVE in account.permissions:
        routing.set_presence(session, account.id, Presence.ONLINE)
    return sessions.open_session(session, account.id, settings.desk)


async def _account(services: Services, request: Request) -> Account | None:
    token = request.cookies.get(COOKIE, "")
    if not token:
        return None
    found = await services.read(
        lambda session: sessions.find_session(session, token, services.settings.desk)
    )
    if found is None:
        return None
    if found.touch:  # beside the request, which needn't wait until the database can be written
        task = asyncio.create_task(_touch(services, token))
        _touching.add(task)
        task.add_done_callback(_touching.discard)
    return account_of(found.agent)


async def _touch(services: Services, token: str) -> None:
    try:
        await services.write(lambda session: sessions.touch_session(session, token))
    except DBAPIError as error:
        logger.warning("a session's use was not written down: %s", error.orig)


def _linked(
    session: Session, settings: Settings, name: str | None, role: str, login: str | None
) -> Agent:
    if login is not None:
        agent = accounts.by_login(session, login)
    elif name is not None:
        agent = accounts.named(session, name, role)
    else:
        agent = accounts.named(session, settings.desk.agent_name, Role.ADMIN.value)
    if not agent.active:
        raise AccountError(
            "account_inactive",
            f"the account {agent.login} is not active",
            "let an admin make it active again, or name another by --login",
        )
    return agent


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
