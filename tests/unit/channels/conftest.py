"""Keys and tokens as a shop has them."""

from __future__ import annotations

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey


@pytest.fixture(scope="session")
def shop_key() -> RSAPrivateKey:
    """The private key of a shop."""
    return rsa.generate_private_key(65_537, 2_048)
