"""The links by which a customer opens an invoice: signed for this one purpose, and short-lived.

The action that answers with an invoice makes one, the web tier's `/invoice/<token>` reads it. Who
has the link may read the invoice until it expires: it names the order and a language, no more.
"""

import hmac
from dataclasses import dataclass
from datetime import datetime, timedelta

import jwt

from tenin.clock import utcnow

ALGORITHM = "HS256"
AUDIENCE = "tenin.invoice"
LONGEST_TOKEN = 1_024
# The key is made for this purpose: what the secret signs elsewhere proves nothing here.
PURPOSE = b"tenin.shop.invoice_link"


class BadLinkError(Exception):
    """A token that isn't one of ours; the message is a reason for the log, without the token."""


class ExpiredLinkError(BadLinkError):
    """A token of ours whose time is over."""

    def __init__(self, language: str) -> None:
        """Keep the language to say so in."""
        super().__init__("expired")
        self.language = language


@dataclass(frozen=True)
class InvoiceLink:
    """Which invoice a link opens, and in which language."""

    order: str
    language: str


def sign_link(secret: str, link: InvoiceLink, lasts: timedelta, now: datetime | None = None) -> str:
    """Return the token that opens an invoice for as long as `lasts`; it fits into a path."""
    ends = (now or utcnow()) + lasts
    return _signed(secret, link.order, link.language, int(ends.timestamp()))


def read_link(secret: str, token: str, now: datetime | None = None) -> InvoiceLink:
    """Return what a token opens.

    Raises:
        ExpiredLinkError: if its time is over.
        BadLinkError: if it isn't, sign for sign, a token that `sign_link` gave out.
    """
    if not token.isascii() or len(token) > LONGEST_TOKEN:
        raise BadLinkError("not a token")
    try:
        claims = jwt.decode(
            token,
            _key(secret),
            algorithms=[ALGORITHM],
            audience=AUDIENCE,
            # Its time is looked at below: who comes late is told so in their language.
            options={"require": ["sub", "lang", "aud", "exp"], "verify_exp": False},
        )
        order, language, ends = str(claims["sub"]), str(claims["lang"]), int(claims["exp"])
    except (jwt.PyJWTError, ValueError, TypeError, OverflowError, RecursionError) as error:
        raise BadLinkError(type(error).__name__) from None
    # Base64 may be written in several ways; ours is one.
    if not hmac.compare_digest(_signed(secret, order, language, ends), token):
        raise BadLinkError("not as it was written")
    if ends <= (now or utcnow()).timestamp():
        raise ExpiredLinkError(language)
    return InvoiceLink(order, language)


def _signed(secret: str, order: str, language: str, ends: int) -> str:
    claims = {"sub": order, "lang": language, "aud": AUDIENCE, "exp": ends}
    return jwt.encode(claims, _key(secret), algorithm=ALGORITHM)


def _key(secret: str) -> bytes:
    return hmac.digest(secret.encode(), PURPOSE, "sha256")
