"""The links by which a customer opens an invoice: signed for this one purpose, and short-lived.

The action that answers with an invoice makes one, the web tier's `/invoice/<token>` reads it. Who
has the link may read the invoice until it expires: it names the order and a language, no more.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from tenin.clock import utcnow
from tenin.keys import claims_of, signed

PURPOSE = "tenin.invoice"


@dataclass(frozen=True)
class InvoiceLink:
    """Which invoice a link opens, and in which language."""

    order: str
    language: str


def sign_link(secret: str, link: InvoiceLink, lasts: timedelta, now: datetime | None = None) -> str:
    """Return the token that opens an invoice for as long as `lasts`; it fits into a path."""
    claims = {"sub": link.order, "lang": link.language}
    return signed(secret, PURPOSE, claims, (now or utcnow()) + lasts)


def read_link(secret: str, token: str, now: datetime | None = None) -> InvoiceLink:
    """Return what a token opens.

    Raises:
        ExpiredTokenError: if its time is over; its claim `lang` is the language to say so in.
        BadTokenError: if it isn't, sign for sign, a token that `sign_link` gave out.
    """
    claims = claims_of(secret, PURPOSE, token, ("sub", "lang"), ends=True, now=now)
    return InvoiceLink(claims["sub"], claims["lang"])
