"""Proof that a form of the desk was filled in on the desk's own page, without any script.

Two checks, either of which would do for most browsers: what the browser itself says of where the
form came from (`tenin.desk.guard.check_same_site`), and a token in the form that is made of a
cookie and the secret. Before one is signed in that cookie is the form's own; afterwards it is the
session's, so that a form is of no use to another session.
"""

from __future__ import annotations

import hmac
import re
import secrets

from starlette.requests import Request
from starlette.responses import Response

from tenin.desk.access import COOKIE
from tenin.keys import key_for
from tenin.settings import Settings
from tenin.web import came_by_https

FORM_COOKIE = "tenin_desk_form"
FORM_PATH = "/desk/sign-in"
FIELD = "token"
SECONDS = 2 * 3600
PURPOSE = "desk form"
_COOKIE_VALUE = re.compile(r"[A-Za-z0-9_-]{43}")


def form_cookie(request: Request) -> str:
    """The value that the sign-in form is bound to: the browser's, or a new one."""
    value = request.cookies.get(FORM_COOKIE, "")
    return value if _COOKIE_VALUE.fullmatch(value) else secrets.token_urlsafe(32)


def set_form_cookie(answer: Response, request: Request, settings: Settings, value: str) -> None:
    """Give the browser what the form is bound to."""
    answer.set_cookie(
        FORM_COOKIE,
        value,
        max_age=SECONDS,
        path=FORM_PATH,
        secure=came_by_https(request, settings),
        httponly=True,
        samesite="lax",
    )


def token_before(settings: Settings, value: str) -> str:
    """The token of the sign-in form for this value of the form's cookie."""
    return _token(settings, f"before:{value}")


def token_within(settings: Settings, request: Request) -> str:
    """The token of any other form, for the session that this request belongs to."""
    return _token(settings, f"within:{request.cookies.get(COOKIE, '')}")


def is_before(settings: Settings, request: Request, given: str) -> bool:
    """Whether a sign-in form comes from the page that this browser was given."""
    value = request.cookies.get(FORM_COOKIE, "")
    return bool(_COOKIE_VALUE.fullmatch(value)) and _same(token_before(settings, value), given)


def is_within(settings: Settings, request: Request, given: str) -> bool:
    """Whether a form comes from a page that was made for this session."""
    return bool(request.cookies.get(COOKIE)) and _same(token_within(settings, request), given)


def _token(settings: Settings, bound: str) -> str:
    text = bound.encode("utf-8", "surrogatepass")
    return hmac.new(key_for(settings.secret, PURPOSE), text, "sha256").hexdigest()


def _same(right: str, given: str) -> bool:
    return hmac.compare_digest(right.encode(), given.encode("utf-8", "surrogatepass"))
