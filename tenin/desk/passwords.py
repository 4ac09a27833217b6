"""Passwords: which are taken, how they are kept (argon2id), and whether one is right.

Checking costs the same whether the account is there or not. It takes some 50 ms and 64 MiB: the
web tier does it away from its event loop, few at a time (`tenin.desk.sign_in`).
"""

from __future__ import annotations

import functools
import secrets
import unicodedata
from pathlib import Path

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

SHORTEST = 10
LONGEST = 200
# Those of the commonest that are long enough to be taken otherwise, one to a line.
COMMON_FILE = Path(__file__).with_name("common_passwords.txt")

_hasher = PasswordHasher()


class PasswordError(Exception):
    """A password that is not taken: `code` for programs, the message and `remedy` for people."""

    def __init__(self, code: str, message: str, remedy: str) -> None:
        """Hold what is wrong and what helps."""
        super().__init__(f"{message}: {remedy}")
        self.code, self.message, self.remedy = code, message, remedy


def check_rules(password: str, login: str, name: str) -> None:
    """Raise PasswordError unless an account of this login and name may have this password."""
    text = _normal(password)
    if not _is_text(text):
        raise PasswordError(
            "password_not_text",
            "the password has control characters or broken Unicode in it",
            "type it again, with letters, digits, signs and blanks only",
        )
    if len(text) < SHORTEST:
        raise PasswordError(
            "password_too_short",
            f"the password has fewer than {SHORTEST} characters",
            "choose a longer one; several words make a good one",
        )
    if len(text) > LONGEST:
        raise PasswordError(
            "password_too_long",
            f"the password has more than {LONGEST} characters",
            "choose a shorter one",
        )
    folded = text.casefold()
    if folded.strip() in {_normal(each).casefold().strip() for each in (login, name)}:
        raise PasswordError(
            "password_is_name",
            "the password is the account's own name or login",
            "choose one that nobody can guess from them",
        )
    if folded in _common() or len(set(folded)) == 1:
        raise PasswordError(
            "password_common",
            "this password is one of the first that are tried",
            "choose another; several words make a good one",
        )


def hashed(password: str) -> str:
    """What is kept of a password."""
    return _hasher.hash(_normal(password))


def is_right(stored: str | None, password: str) -> bool:
    """Whether a password is the one that was kept; with none kept it isn't, and takes as long."""
    decoy = _decoy()  # also where it isn't needed: the first of all tries takes as long either way
    try:
        right = _hasher.verify(decoy if stored is None else stored, _normal(password))
    except (VerificationError, InvalidHashError, UnicodeEncodeError):
        return False
    return right and stored is not None


def needs_new_hash(stored: str) -> bool:
    """Whether a password was kept with other parameters than today's."""
    return _hasher.check_needs_rehash(stored)


@functools.lru_cache(maxsize=1)
def _common() -> frozenset[str]:
    return frozenset(COMMON_FILE.read_text(encoding="utf-8").split())


@functools.lru_cache(maxsize=1)
def _decoy() -> str:
    return _hasher.hash(secrets.token_urlsafe())


def _normal(password: str) -> str:
    """One form for what keyboards and input methods write differently, as full-width digits."""
    return unicodedata.normalize("NFKC", password)


def _is_text(text: str) -> bool:
    return not any(unicodedata.category(character) in ("Cc", "Cs") for character in text)
