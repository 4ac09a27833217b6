"""Keys and tokens as a shop has them, and a real mail server."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

from tests.mail_server import MailServer, mail_server


@pytest.fixture(scope="session")
def shop_key() -> RSAPrivateKey:
    """The private key of a shop."""
    return rsa.generate_private_key(65_537, 2_048)


@pytest.fixture
def server() -> Iterator[MailServer]:
    """A mail server that takes what it is given, unless told otherwise."""
    with mail_server() as server:
        yield server
