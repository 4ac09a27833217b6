"""The shop's word on who is signed in: a token (JWT) that its page gives to the chat.

The web channel verifies it; the demo shop, where no shop has given a key of its own, issues it.
Which algorithm and key count is set by the operator and never read from a token.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import jwt
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.serialization import load_pem_public_key

from tenin.clock import utcnow
from tenin.conversation.identity import LONGEST_CUSTOMER_ID
from tenin.keys import key_for
from tenin.settings import Settings, SettingsError

LONGEST_TOKEN = 4_096
LONGEST_BINDING = timedelta(days=30)
SMALLEST_KEY = 2_048  # bits of an RSA key
DEMO_PURPOSE = "tenin.demo_shop.customers"


class BadTokenError(Exception):
    """A token that proves nothing; the message is a reason for the log, without the token."""


@dataclass(frozen=True)
class TokenRules:
    """What a token must be signed with, and what it must say."""

    algorithm: str
    key: Any = field(repr=False)
    audience: str
    issuer: str
    leeway: timedelta
    demo: bool = False


@dataclass(frozen=True)
class SignedCustomer:
    """A customer by the shop's word: their id there, and until when it holds."""

    id: str
    until: datetime


def load_rules(settings: Settings) -> TokenRules | None:
    """Return the rules of the settings; those of the demo shop where no key is given.

    None: there is neither a key nor a demo shop to sign in to, and every token is refused.

    Raises SettingsError when the key can't be used.
    """
    given = settings.identity
    terms = (given.audience, given.issuer, timedelta(seconds=given.leeway_seconds))
    if given.algorithm == "RS256":
        key = _public_key(settings.path(given.public_key_file), given.public_key_file)
        return TokenRules("RS256", key, *terms)
    if given.public_key_file:
        raise SettingsError(
            "tenin.yml: identity.public_key_file: HS256 has no public key: "
            "write `algorithm: RS256`, or remove the line"
        )
    if settings.identity_secret:
        return TokenRules("HS256", settings.identity_secret, *terms)
    if settings.demo.sign_in_word:
        own = key_for(settings.secret, DEMO_PURPOSE)
        return TokenRules("HS256", own, *terms, demo=True)
    return None


def read_token(
    token: object, rules: TokenRules | None, now: datetime | None = None
) -> SignedCustomer:
    """Return the customer whom a token names.

    Raises BadTokenError for anything that isn't a token of the shop's, for us, and in time.
    """
    if rules is None:
        raise BadTokenError("no key is set to verify tokens with")
    if not isinstance(token, str) or not token.isascii() or len(token) > LONGEST_TOKEN:
        raise BadTokenError("not a token")
    try:
        claims = jwt.decode(
            token,
            rules.key,
            algorithms=[rules.algorithm],
            audience=rules.audience,
            issuer=rules.issuer or None,
            leeway=rules.leeway,
            options={"require": ["sub", "exp", "aud", *(["iss"] if rules.issuer else [])]},
        )
        now = now or utcnow()
        ends = min(int(claims["exp"]), int((now + LONGEST_BINDING).timestamp()))
        until = datetime.fromtimestamp(ends, timezone.utc) + rules.leeway
    except (jwt.PyJWTError, ValueError, TypeError, OverflowError, RecursionError) as error:
        # The message may hold what the token says; its name says what is wrong.
        raise BadTokenError(type(error).__name__) from None
    customer_id = claims["sub"]
    if not 0 < len(customer_id) <= LONGEST_CUSTOMER_ID or not customer_id.isprintable():
        raise BadTokenError("the subject is no customer's id")
    return SignedCustomer(customer_id, until)


def issue_token(
    customer_id: str, rules: TokenRules, lasts: timedelta, now: datetime | None = None
) -> str:
    """Return a token of the demo shop for a customer.

    Raises ValueError for rules that are a real shop's: only that shop may issue.
    """
    if not rules.demo:
        raise ValueError("only the demo shop's tokens are issued here")
    now = now or utcnow()
    claims = {"sub": customer_id, "aud": rules.audience, "iat": now, "exp": now + lasts}
    if rules.issuer:
        claims["iss"] = rules.issuer
    return jwt.encode(claims, rules.key, algorithm=rules.algorithm)


def _public_key(file: Path, named: str) -> RSAPublicKey:
    place = "tenin.yml: identity.public_key_file"
    if not named:
        raise SettingsError(f"{place}: RS256 needs the shop's public key: name its PEM file")
    try:
        key = load_pem_public_key(file.read_bytes())
    except (OSError, ValueError, UnsupportedAlgorithm):
        raise SettingsError(f"{place}: {named} can't be read as a public key in PEM") from None
    if not isinstance(key, RSAPublicKey) or key.key_size < SMALLEST_KEY:
        raise SettingsError(f"{place}: {named}: an RSA key of {SMALLEST_KEY} bits is needed")
    return key
