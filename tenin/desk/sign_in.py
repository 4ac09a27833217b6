"""Signing in and out by password, and one's own account: plain pages that need no script.

A password is checked away from the event loop and from the threads that serve everybody, few at
a time: argon2 takes 64 MiB for each. No answer tells whether an account is there.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, TypeVar

from sqlalchemy.orm import Session
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route

from tenin.desk import access, accounts, attempts, audit, forms, passwords, sessions
from tenin.desk.accounts import ANY_ROLE, Account, account_of
from tenin.desk.attempts import Try
from tenin.desk.guard import (
    PROOF_HEADER,
    SIGN_IN,
    check_from_the_desk,
    check_same_site,
    guard_page,
    home_of,
    open_to_all,
    reader_language,
)
from tenin.pages.rendering import render, strings
from tenin.services import Services, services_of
from tenin.web import Problem, client_address, form_body

T = TypeVar("T")

SIGN_OUT = "/desk/sign-out"
ACCOUNT = "/desk/account"
# Where one may come from and go back to: our own pages, but none that signs in or out.
LOCAL = re.compile(r"/desk(?!/sign-|/enter)(?:[/?][!-\[\]-~]*)?")
LONGEST_SHOWN = 64
HASHES_AT_ONCE = 2

_hashing = ThreadPoolExecutor(HASHES_AT_ONCE, thread_name_prefix="password")


@dataclass(frozen=True)
class _Started:
    """A try to sign in, and the account that the login names: its id and what is kept."""

    attempt: Try
    agent_id: str | None = None
    login: str | None = None
    kept: str | None = None


async def show(request: Request) -> Response:
    """`GET /desk/sign-in`: the form; who is signed in goes on to where they wanted to."""
    account = await access.read_session(services_of(request), request)
    if account is not None:
        return _go(_wanted(request.query_params.get("next", "")) or home_of(account))
    said = "signed_out" if "signed_out" in request.query_params else None
    return await _form(request, request.query_params.get("next", ""), said=said)


async def sign_in(request: Request) -> Response:
    """`POST /desk/sign-in`: begin a session by login and password."""
    services = services_of(request)
    settings = services.settings
    check_same_site(request, settings)
    form = await form_body(request)
    wanted, login, password = (form.get(name, "") for name in ("next", "login", "password"))
    if not await asyncio.to_thread(forms.is_before, settings, request, form.get(forms.FIELD, "")):
        return await _form(request, wanted, login, "stale", 403)
    address = client_address(request, settings)
    started = await services.write(lambda session: _start(session, services, login, address))
    if started.attempt.id is None:
        return await _form(request, wanted, login, "locked", 429, started.attempt)
    right = await _checked(lambda: passwords.is_right(started.kept, password))
    renewed = None
    if right and started.kept and passwords.needs_new_hash(started.kept):
        renewed = await _checked(lambda: passwords.hashed(password))

    def finish(session: Session) -> tuple[Account, str] | None:
        if right:
            return _finish(session, services, request, started, renewed)
        _failed(session, services, login, started, address)
        return None

    begun = await services.write(finish)
    if begun is None:
        return await _form(request, wanted, login, "wrong", 403)
    account, token = begun
    answer = _go(_wanted(wanted) or home_of(account))
    access.set_cookie(answer, request, settings, token)
    return answer


async def sign_out(request: Request) -> Response:
    """`POST /desk/sign-out`: end this browser's session.

    By the form of the account's page, or by script with the header X-Tenin-Desk: then 204.
    """
    services = services_of(request)
    by_script = PROOF_HEADER in request.headers
    if by_script:
        check_from_the_desk(request, services.settings)
    else:
        check_same_site(request, services.settings)
    account = await access.read_session(services, request)
    if account is not None:
        form = {} if by_script else await form_body(request)
        given = form.get(forms.FIELD, "")
        if not by_script and not await asyncio.to_thread(
            forms.is_within, services.settings, request, given
        ):
            raise Problem(
                403,
                "not_from_the_desk",
                "This form did not come from the desk's page.",
                "Open your account's page and sign out there.",
            )
        token = request.cookies[access.COOKIE]
        address = client_address(request, services.settings)

        def end(session: Session) -> None:
            if sessions.end_session(session, token) is not None:
                audit.record(session, account, audit.SIGNED_OUT, account.login, None, address)

        await services.write(end)
    answer: Response = Response(status_code=204) if by_script else _go(f"{SIGN_IN}?signed_out")
    access.drop_cookie(answer, request, services.settings)
    return answer


async def _show_account(request: Request, services: Services, account: Account) -> Response:
    """`GET /desk/account`: who one is, the form for the password, and the way out."""
    said = "saved" if "saved" in request.query_params else None
    return await _account_page(request, services, account, said=said)


async def _change_password(request: Request, services: Services, account: Account) -> Response:
    """`POST /desk/account`: another password; every other browser is signed out by it."""
    settings = services.settings
    check_same_site(request, settings)
    form = await form_body(request)
    old, new, again = (form.get(name, "") for name in ("old", "new", "again"))

    async def refused(error: str, status: int = 422, attempt: Try | None = None) -> Response:
        return await _account_page(request, services, account, error, status, attempt)

    if not await asyncio.to_thread(forms.is_within, settings, request, form.get(forms.FIELD, "")):
        return await refused("stale", 403)
    if new != again:
        return await refused("not_the_same")
    try:
        passwords.check_rules(new, account.login, account.name)
    except passwords.PasswordError as error:
        return await refused(error.code)
    address = client_address(request, settings)
    kept = await services.read(lambda session: accounts.by_id(session, account.id).password_hash)
    attempt = Try(None)
    if kept is not None:  # whoever finds a browser open mustn't guess without end
        started = await services.write(
            lambda session: _start(session, services, account.login, address)
        )
        attempt = started.attempt
        if attempt.id is None:
            return await refused("locked", 429, attempt)
        if not await _checked(lambda: passwords.is_right(kept, old)):
            await services.write(
                lambda session: _failed(session, services, account.login, started, address)
            )
            return await refused("wrong")

    def change(session: Session) -> str | None:
        if accounts.by_id(session, account.id).password_hash != kept:
            return None  # changed meanwhile
        attempts.mark_succeeded(session, attempt)
        accounts.set_password(session, account.id, new, by=account, address=address)
        return access.enter(session, account, request, settings)

    token = await services.write(change)
    if token is None:
        return await refused("stale", 403)
    answer = _go(f"{ACCOUNT}?saved")
    access.set_cookie(answer, request, settings, token)
    return answer


routes = [
    Route(SIGN_IN, open_to_all(show), methods=["GET"]),
    Route(SIGN_IN, open_to_all(sign_in), methods=["POST"]),
    Route(SIGN_OUT, open_to_all(sign_out), methods=["POST"]),
    Route(ACCOUNT, guard_page(_show_account, ANY_ROLE), methods=["GET"]),
    Route(ACCOUNT, guard_page(_change_password, ANY_ROLE), methods=["POST"]),
]


def _start(session: Session, services: Services, login: str, address: str | None) -> _Started:
    settings = services.settings
    key = attempts.login_key(settings, login)
    attempt = attempts.begin_try(session, key, address, settings.desk)
    agent = accounts.find(session, login)
    if agent is None:
        return _Started(attempt)
    return _Started(attempt, agent.id, agent.login, agent.password_hash if agent.active else None)


def _finish(
    session: Session,
    services: Services,
    request: Request,
    started: _Started,
    renewed: str | None,
) -> tuple[Account, str] | None:
    """Begin the session, unless the account was changed while its password was checked."""
    assert started.agent_id is not None
    agent = accounts.by_id(session, started.agent_id)
    if not agent.active or agent.password_hash != started.kept:
        return None
    if renewed is not None:
        agent.password_hash = renewed
    attempts.mark_succeeded(session, started.attempt)
    account = account_of(agent)
    address = client_address(request, services.settings)
    audit.record(session, account, audit.SIGNED_IN, account.login, None, address)
    return account, access.enter(session, account, request, services.settings)


def _failed(
    session: Session, services: Services, login: str, started: _Started, address: str | None
) -> None:
    settings = services.settings
    audit.record(session, None, audit.SIGN_IN_FAILED, started.login, None, address)
    if attempts.is_locked(session, attempts.login_key(settings, login), settings.desk):
        detail = {"minutes": settings.desk.sign_in_window_minutes}
        audit.record(session, None, audit.SIGN_IN_LOCKED, started.login, detail, address)


async def _checked(work: Callable[[], T]) -> T:
    return await asyncio.get_running_loop().run_in_executor(_hashing, work)


def _wanted(address: str) -> str | None:
    """The page to go on to, if it is one of the desk's own."""
    return address if LOCAL.fullmatch(address) else None


def _go(address: str) -> RedirectResponse:
    return RedirectResponse(address, status_code=303, headers={"cache-control": "no-store"})


async def _form(
    request: Request,
    wanted: str,
    login: str = "",
    said: str | None = None,
    status: int = 200,
    attempt: Try | None = None,
) -> Response:
    """The page to sign in on, with what is to be said of the last try."""
    settings = services_of(request).settings
    value = forms.form_cookie(request)
    answer = await _page(
        request,
        "desk_sign_in.html",
        status,
        attempt,
        token=await asyncio.to_thread(forms.token_before, settings, value),
        next=_wanted(wanted) or "",
        login=login[:LONGEST_SHOWN],
        said=said,
    )
    forms.set_form_cookie(answer, request, settings, value)
    return answer


async def _account_page(
    request: Request,
    services: Services,
    account: Account,
    said: str | None = None,
    status: int = 200,
    attempt: Try | None = None,
) -> Response:
    kept = await services.read(lambda session: accounts.by_id(session, account.id).password_hash)
    return await _page(
        request,
        "desk_account.html",
        status,
        attempt,
        token=await asyncio.to_thread(forms.token_within, services.settings, request),
        account=account,
        has_password=kept is not None,
        home=home_of(account),
        said=said,
    )


async def _page(
    request: Request, template: str, status: int, attempt: Try | None, **content: Any
) -> Response:
    language = reader_language(request)
    words = strings(language)["desk"]
    headers = {"cache-control": "no-store"}
    minutes = 0
    if attempt is not None:
        headers["retry-after"] = str(attempt.wait_seconds)
        minutes = attempt.wait_minutes
    html = render(template, language=language, strings=words, minutes=minutes, **content)
    return HTMLResponse(html, status_code=status, headers=headers)
