"""What stands before every route of the desk: who may, and that it was the desk's page that asked.

`guard` is for calls (errors as JSON), `guard_page` for pages (a way to sign in, or a page that
says no), `open_to_all` for the few that need no account. Each leaves `needs` on what it returns,
the permissions of which one is enough; a test walks all routes and looks.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from tenin.desk.access import read_session
from tenin.desk.accounts import SERVE, Account
from tenin.language.languages import match
from tenin.pages.rendering import render, strings
from tenin.services import Services, services_of
from tenin.settings import Settings
from tenin.web import Problem, asked_by_own_page

PROOF_HEADER = "x-tenin-desk"
SIGN_IN = "/desk/sign-in"

Endpoint = Callable[[Request], Awaitable[Response]]
Handler = Callable[[Request, Services, Account], Awaitable[Response]]
Needs = str | tuple[str, ...]


def guard(handler: Handler, permission: Needs = SERVE, changes: bool = False) -> Endpoint:
    """Only those who are signed in and have a permission get to a call's `handler`.

    Args:
        permission: of `tenin.desk.accounts`; of several one is enough.
        changes: it changes something: only the desk's own page may ask for it.

    The endpoint raises Problem: 401 `not_signed_in`, 403 `not_allowed`, `not_from_the_desk` or
    `from_another_site`.
    """
    needs = _needs(permission)

    async def guarded(request: Request) -> Response:
        services = services_of(request)
        account = await read_session(services, request)
        if account is None:
            raise Problem(
                401, "not_signed_in", "You are not signed in at the desk.", f"Sign in: {SIGN_IN}"
            )
        if not needs & account.permissions:
            named = " or ".join(sorted(needs))
            raise Problem(
                403,
                "not_allowed",
                f"This needs the permission {named}, which the role {account.role} has not.",
                "Ask an admin for another role.",
            )
        if changes:
            check_from_the_desk(request, services.settings)
        return await handler(request, services, account)

    return _marked(guarded, needs)


def guard_page(handler: Handler, permission: Needs = SERVE) -> Endpoint:
    """Only those who are signed in and have a permission get to a page's `handler`.

    Others are sent to sign in, and then come back; who is signed in but may not gets a page that
    says so, with status 403.
    """
    needs = _needs(permission)

    async def guarded(request: Request) -> Response:
        services = services_of(request)
        account = await read_session(services, request)
        if account is None:
            return to_sign_in(request)
        if not needs & account.permissions:
            return not_allowed(request, account)
        return await handler(request, services, account)

    return _marked(guarded, needs)


def open_to_all(endpoint: Endpoint) -> Endpoint:
    """Mark what needs no account: signing in and out, and one-time links."""
    return _marked(endpoint, frozenset())


def check_from_the_desk(request: Request, settings: Settings) -> None:
    """Raise Problem (403) unless a changing call comes from the desk's own page.

    It has a header that another site's form can't send, nor its script without our leave.
    """
    if request.headers.get(PROOF_HEADER) != "1":
        raise Problem(
            403,
            "not_from_the_desk",
            "This call did not come from the desk's page.",
            "Send the header X-Tenin-Desk: 1.",
        )
    check_same_site(request, settings)


def check_same_site(request: Request, settings: Settings) -> None:
    """Raise Problem (403) if the browser says that another site's page is asking."""
    if not asked_by_own_page(request, settings):
        raise Problem(
            403,
            "from_another_site",
            "This was sent by another site's page.",
            "Do it on the desk's own page; behind a proxy set web.public_url.",
        )


def to_sign_in(request: Request) -> Response:
    """Send a browser to sign in, and from there back to the page it asked for."""
    wanted = request.url.path + (f"?{request.url.query}" if request.url.query else "")
    address = f"{SIGN_IN}?next={quote(wanted, safe='/')}"
    return RedirectResponse(address, status_code=303, headers={"cache-control": "no-store"})


def home_of(account: Account) -> str:
    """The page an account begins with: the desk, or for those who don't serve what they may see."""
    return "/desk" if SERVE in account.permissions else "/desk/train/missed"


def not_allowed(request: Request, account: Account) -> Response:
    """The page that says that a role doesn't include this."""
    language = reader_language(request)
    html = render(
        "desk_not_allowed.html",
        language=language,
        strings=strings(language)["desk"],
        account=account,
        home=home_of(account),
    )
    return HTMLResponse(html, status_code=403, headers={"cache-control": "no-store"})


def reader_language(request: Request) -> str:
    """The language of the desk's pages for whoever asks."""
    return match(request.headers.get("accept-language", "").split(",")[0])


def _needs(permission: Needs) -> frozenset[str]:
    return frozenset((permission,) if isinstance(permission, str) else permission)


def _marked(endpoint: Endpoint, needs: frozenset[str]) -> Endpoint:
    setattr(endpoint, "needs", needs)  # noqa: B010  functions have no attribute of this name
    return endpoint
