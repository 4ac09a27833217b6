"""Keys made of the secret, one for each purpose, and the tokens of links that they sign.

What is signed for one purpose proves nothing elsewhere. A token is a JWT (RFC 7519) that fits into
a path; it can be read by whoever has it, so it holds names of rows and nothing of a person.
"""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING

import jwt

from tenin.clock import utcnow

if TYPE_CHECKING:
    from tenin.settings import Settings

ALGORITHM = "HS256"
LONGEST_TOKEN = 1_024


class BadTokenError(Exception):
    """A token that isn't one of ours; the message is a reason for the log, without the token."""


class ExpiredTokenError(BadTokenError):
    """A token of ours whose time is over; `claims` is what it says."""

    def __init__(self, claims: Mapping[str, str]) -> None:
        """Keep what it says."""
        super().__init__("expired")
        self.claims = claims


def key_for(secret: str, purpose: str) -> bytes:
    """Return the 32 bytes by which things are signed for `purpose`, a name used nowhere else."""
    return hmac.digest(secret.encode(), purpose.encode(), "sha256")


def signed(secret: str, purpose: str, claims: Mapping[str, str], ends: datetime | None) -> str:
    """Return a token that says `claims`, until `ends`; None: without end."""
    return _encoded(secret, purpose, claims, None if ends is None else int(ends.timestamp()))


def claims_of(
    secret: str,
    purpose: str,
    token: str,
    names: tuple[str, ...],
    *,
    ends: bool,
    now: datetime | None = None,
) -> dict[str, str]:
    """Return what a token says.

    Args:
        names: of the claims that it has, and no other.
        ends: whether it is one that ends.

    Raises:
        ExpiredTokenError: if its time is over.
        BadTokenError: if it isn't, sign for sign, a token that `signed` gave out.
    """
    if not token.isascii() or len(token) > LONGEST_TOKEN:
        raise BadTokenError("not a token")
    wanted = ["aud", *names, *(["exp"] if ends else [])]
    try:
        found = jwt.decode(
            token,
            key_for(secret, purpose),
            algorithms=[ALGORITHM],
            audience=purpose,
            # Its time is looked at below: who comes late may be told so by what it says.
            options={"require": wanted, "verify_exp": False},
        )
        claims = {name: str(found[name]) for name in names}
        until = int(found["exp"]) if ends else None
    except (jwt.PyJWTError, ValueError, TypeError, OverflowError, RecursionError) as error:
        raise BadTokenError(type(error).__name__) from None
    # Base64 may be written in several ways; ours is one.
    if not hmac.compare_digest(_encoded(secret, purpose, claims, until), token):
        raise BadTokenError("not as it was written")
    if until is not None and until <= (now or utcnow()).timestamp():
        raise ExpiredTokenError(claims)
    return claims


def bot_token(settings: Settings) -> str:
    """Return what the web tier shows the bot tier to have texts understood.

    TENIN_BOT_TOKEN, else made of the secret, which both tiers have.
    """
    return settings.bot_token or key_for(settings.secret, "tenin.parse").hex()


def _encoded(secret: str, purpose: str, claims: Mapping[str, str], until: int | None) -> str:
    said = {"aud": purpose, **claims, **({} if until is None else {"exp": until})}
    return jwt.encode(said, key_for(secret, purpose), algorithm=ALGORITHM)
