"""Links to invoices: what is signed opens, for its time, and nothing else does."""

from __future__ import annotations

import hmac
from datetime import datetime, timedelta, timezone

import jwt
import pytest
from hypothesis import assume, given
from hypothesis import settings as tried
from hypothesis import strategies as st

from tenin.channels.customer_token import DEMO_PURPOSE
from tenin.keys import LONGEST_TOKEN, BadTokenError, ExpiredTokenError
from tenin.shop.invoice_link import PURPOSE, InvoiceLink, read_link, sign_link

SECRET = "a secret of the tests, long enough"
NOW = datetime(2026, 3, 2, 9, 30, tzinfo=timezone.utc)
HALF_AN_HOUR = timedelta(minutes=30)
LINK = InvoiceLink("202611190042", "zh-Hant")
TOKEN = sign_link(SECRET, LINK, HALF_AN_HOUR, NOW)
KEY = hmac.digest(SECRET.encode(), PURPOSE.encode(), "sha256")
CLAIMS = {
    "aud": PURPOSE,
    "sub": LINK.order,
    "lang": LINK.language,
    "exp": int((NOW + HALF_AN_HOUR).timestamp()),
}
URL_SAFE = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_."


@given(
    order=st.text(min_size=1, max_size=64).filter(lambda text: text.isprintable()),
    language=st.sampled_from(["en", "zh-Hans", "zh-Hant", "ja"]),
    minutes=st.integers(1, 1440),
)
@tried(max_examples=50, database=None)
def test_what_is_signed_opens(order: str, language: str, minutes: int) -> None:
    link = InvoiceLink(order, language)
    token = sign_link(SECRET, link, timedelta(minutes=minutes), NOW)
    assert read_link(SECRET, token, NOW) == link
    assert set(token) <= set(URL_SAFE)
    before_its_end = NOW + timedelta(minutes=minutes, seconds=-1)
    assert read_link(SECRET, token, before_its_end) == link
    with pytest.raises(ExpiredTokenError) as caught:
        read_link(SECRET, token, NOW + timedelta(minutes=minutes))
    assert caught.value.claims["lang"] == language


@given(at=st.integers(0, len(TOKEN) - 1), sign=st.characters(max_codepoint=0x2FF))
@tried(max_examples=400, database=None)
def test_a_changed_sign_never_opens(at: int, sign: str) -> None:
    assume(sign != TOKEN[at])
    for altered in (
        TOKEN[:at] + sign + TOKEN[at + 1 :],
        TOKEN[:at] + sign + TOKEN[at:],
        TOKEN[:at] + TOKEN[at + 1 :],
        TOKEN[:at],
    ):
        with pytest.raises(BadTokenError):
            read_link(SECRET, altered, NOW)


@pytest.mark.parametrize("part", ["head", "claims", "signature"])
def test_no_other_letter_stands_for_the_last_of_a_part(part: str) -> None:
    """Base64 leaves bits of a last letter unused: written otherwise they mean the same."""
    ends = [at - 1 for at, sign in enumerate(f"{TOKEN}.") if sign == "."]
    at = dict(zip(("head", "claims", "signature"), ends, strict=True))[part]
    for sign in URL_SAFE:
        if sign != TOKEN[at]:
            with pytest.raises(BadTokenError):
                read_link(SECRET, TOKEN[:at] + sign + TOKEN[at + 1 :], NOW)


@given(text=st.text(max_size=200))
@tried(max_examples=100, database=None)
def test_any_other_text_opens_nothing(text: str) -> None:
    with pytest.raises(BadTokenError):
        read_link(SECRET, text, NOW)


@pytest.mark.parametrize(
    "token",
    [
        sign_link("another secret of tests, long enough", LINK, HALF_AN_HOUR, NOW),
        jwt.encode(CLAIMS, SECRET, "HS256"),  # the secret itself is no key
        jwt.encode(CLAIMS, hmac.digest(SECRET.encode(), DEMO_PURPOSE.encode(), "sha256"), "HS256"),
        jwt.encode({**CLAIMS, "aud": "tenin"}, KEY, "HS256"),
        jwt.encode({**CLAIMS, "aud": [PURPOSE]}, KEY, "HS256"),
        jwt.encode({**CLAIMS, "more": 1}, KEY, "HS256"),
        jwt.encode({**CLAIMS, "exp": CLAIMS["exp"] + 0.5}, KEY, "HS256"),  # type: ignore[operator]
        jwt.encode({k: v for k, v in CLAIMS.items() if k != "exp"}, KEY, "HS256"),
        jwt.encode({k: v for k, v in CLAIMS.items() if k != "lang"}, KEY, "HS256"),
        jwt.encode(CLAIMS, None, "none"),
        jwt.encode(CLAIMS, KEY, "HS256", headers={"kid": "x"}),
        sign_link(SECRET, InvoiceLink("9" * LONGEST_TOKEN, "en"), HALF_AN_HOUR, NOW),
    ],
    ids=[
        "another secret",
        "the secret itself",
        "the key of customers",
        "another audience",
        "a list of audiences",
        "more said",
        "half a second",
        "no end",
        "no language",
        "unsigned",
        "another head",
        "too long",
    ],
)
def test_no_other_token_passes(token: str) -> None:
    assert read_link(SECRET, jwt.encode(CLAIMS, KEY, "HS256"), NOW) == LINK
    with pytest.raises(BadTokenError):
        read_link(SECRET, token, NOW)


def test_a_link_says_order_and_language_and_nothing_more() -> None:
    said = jwt.decode(TOKEN, options={"verify_signature": False})
    assert said == CLAIMS
