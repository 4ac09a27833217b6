"""The shop's token: what is believed, and everything that isn't."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import given
from hypothesis import strategies as st

from tenin.channels.customer_token import (
    LONGEST_BINDING,
    BadTokenError,
    TokenRules,
    issue_token,
    load_rules,
    read_token,
)
from tenin.clock import utcnow
from tenin.settings import SettingsError, load_settings

SECRET = "a secret that shop and chat share"
AUDIENCE = "tenin"
LEEWAY = timedelta(seconds=10)
RULES = TokenRules("HS256", SECRET, AUDIENCE, "", LEEWAY)
MINUTE = timedelta(minutes=1)
LONG_AGO = 1_577_836_800  # seconds; fixed, for the workers of a run must name their cases alike
FAR_OFF = 2**31


def claims(**other: Any) -> dict[str, Any]:
    found = {"sub": "7", "aud": AUDIENCE, "exp": utcnow() + MINUTE, **other}
    return {name: value for name, value in found.items() if value is not None}


def signed(secret: Any = SECRET, algorithm: str = "HS256", **other: Any) -> str:
    return jwt.encode(claims(**other), secret, algorithm=algorithm)


def by_hand(header: dict[str, Any], body: Any, secret: bytes | None = None) -> str:
    """A token as libraries refuse to make it; HMAC-SHA256 if there is a secret."""

    def part(data: bytes) -> str:
        return base64.urlsafe_b64encode(data).rstrip(b"=").decode()

    text = f"{part(json.dumps(header).encode())}.{part(json.dumps(body).encode())}"
    mac = b"" if secret is None else hmac.digest(secret, text.encode(), hashlib.sha256)
    return f"{text}.{part(mac)}"


def pem(key: Any) -> bytes:
    found: bytes = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    return found


def test_a_good_token_names_the_customer_and_its_end() -> None:
    end = utcnow().replace(microsecond=0) + MINUTE
    found = read_token(signed(exp=end, sub="客-7 a"), RULES)
    assert (found.id, found.until) == ("客-7 a", end + LEEWAY)
    assert read_token(signed(aud=["other", AUDIENCE]), RULES).id == "7"


def test_the_leeway_is_for_clocks_that_differ() -> None:
    now = utcnow()
    assert read_token(signed(exp=now - timedelta(seconds=5)), RULES).until > now
    assert read_token(signed(nbf=now + timedelta(seconds=5)), RULES).id == "7"


def test_a_token_for_ever_holds_for_a_month() -> None:
    for end in (2**31, 2**60, 10**300):
        assert read_token(signed(exp=end), RULES).until <= utcnow() + LONGEST_BINDING + LEEWAY


@pytest.mark.parametrize(
    "other",
    [
        {"sub": None},
        {"sub": ""},
        {"sub": " \n"},
        {"sub": "7\n8"},
        {"sub": "x" * 129},
        {"exp": None},
        {"exp": 1},
        {"exp": -1},
        {"exp": LONG_AGO},
        {"aud": None},
        {"aud": "another"},
        {"aud": []},
        {"aud": "tenin "},
        {"nbf": FAR_OFF},
        {"iat": FAR_OFF},
    ],
    ids=str,
)
def test_a_token_that_says_the_wrong_thing_is_refused(other: dict[str, Any]) -> None:
    with pytest.raises(BadTokenError):
        read_token(signed(**other), RULES)


@pytest.mark.parametrize("sub", [7, True, ["7"], {"a": "7"}, 1.5])
def test_a_subject_is_text(sub: Any) -> None:
    body = {"sub": sub, "aud": AUDIENCE, "exp": 2**31}
    good = by_hand({"alg": "HS256", "typ": "JWT"}, {**body, "sub": "7"}, SECRET.encode())
    assert read_token(good, RULES).id == "7"
    with pytest.raises(BadTokenError):
        read_token(by_hand({"alg": "HS256", "typ": "JWT"}, body, SECRET.encode()), RULES)


@pytest.mark.parametrize("exp", [float("inf"), float("nan"), "soon", True, [], {}])
def test_an_end_is_a_moment(exp: Any) -> None:
    body = {"sub": "7", "aud": AUDIENCE, "exp": exp}
    with pytest.raises(BadTokenError):
        read_token(by_hand({"alg": "HS256"}, body, SECRET.encode()), RULES)


def test_the_algorithm_is_ours_to_say(shop_key: RSAPrivateKey) -> None:
    body = {"sub": "7", "aud": AUDIENCE, "exp": 2**31}
    public = pem(shop_key)
    by_key = TokenRules("RS256", shop_key.public_key(), AUDIENCE, "", LEEWAY)
    assert read_token(signed(shop_key, "RS256"), by_key).id == "7"
    refused = [
        (by_hand({"alg": "none"}, body), RULES),
        (by_hand({"alg": "None"}, body), RULES),
        (by_hand({"alg": "nOnE", "typ": "JWT"}, body), by_key),
        (by_hand({}, body, SECRET.encode()), RULES),
        (by_hand({"alg": "HS256"}, body), RULES),
        (signed(algorithm="HS512", secret=SECRET * 2), RULES),
        (signed(algorithm="HS384", secret=SECRET * 2), RULES),
        (signed(shop_key, "RS256"), RULES),
        (signed(shop_key, "RS512"), by_key),
        (signed(shop_key, "PS256"), by_key),
        (signed(), by_key),
        # The public key, which everyone knows, as if it were the shared secret.
        (by_hand({"alg": "HS256"}, body, public), by_key),
        (by_hand({"alg": "HS256", "jwk": {"k": "x"}, "kid": "../x"}, body, public), by_key),
    ]
    for number, (token, rules) in enumerate(refused):
        with pytest.raises(BadTokenError):
            print(number, read_token(token, rules))


def test_another_key_signs_nothing(shop_key: RSAPrivateKey) -> None:
    other = rsa.generate_private_key(65_537, 2_048)
    rules = TokenRules("RS256", shop_key.public_key(), AUDIENCE, "", LEEWAY)
    for token, by in ((signed(SECRET + "x"), RULES), (signed(other, "RS256"), rules)):
        with pytest.raises(BadTokenError, match="InvalidSignatureError"):
            read_token(token, by)


def test_the_issuer_counts_where_one_is_set() -> None:
    rules = TokenRules("HS256", SECRET, AUDIENCE, "shop", LEEWAY)
    assert read_token(signed(iss="shop"), rules).id == "7"
    for issuer in (None, "other", ["shop"]):
        body = {**claims(iss=issuer), "exp": 2**31}
        with pytest.raises(BadTokenError):
            read_token(by_hand({"alg": "HS256"}, body, SECRET.encode()), rules)


def test_without_a_key_no_token_is_believed() -> None:
    for key in (b"", b"x"):
        with pytest.raises(BadTokenError, match="no key"):
            read_token(by_hand({"alg": "HS256"}, {"sub": "7"}, key), None)


@given(st.one_of(st.none(), st.integers(), st.text(), st.binary(), st.lists(st.text())))
def test_what_is_no_token_is_refused_as_one(token: object) -> None:
    with pytest.raises(BadTokenError):
        read_token(token, RULES)


@given(st.data())
def test_a_changed_token_is_refused(data: st.DataObject) -> None:
    token = by_hand({"alg": "HS256"}, {"sub": "7", "aud": AUDIENCE, "exp": 2**31}, SECRET.encode())
    # The last letter of a part holds bits that mean nothing.
    ends = ("", ".")
    places = [n for n in range(len(token)) if token[n] != "." and token[n + 1 : n + 2] not in ends]
    place = data.draw(st.sampled_from(places))
    letter = data.draw(st.sampled_from("ABCDEFGHIJKLMNOPQRSTUVWXYZabcxyz0189-_."))
    changed = token[:place] + letter + token[place + 1 :]
    if changed != token:
        with pytest.raises(BadTokenError):
            read_token(changed, RULES)


def test_deep_and_long_tokens_are_refused() -> None:
    deep = base64.urlsafe_b64encode(b"[" * 2_000).decode().rstrip("=")
    for token in (f"{deep}.{deep}.x", f"{deep[:900]}.a.b", signed(more="x" * 5_000), "." * 4_096):
        with pytest.raises(BadTokenError):
            read_token(token, RULES)


def test_a_refusal_tells_nothing_of_the_token() -> None:
    token = by_hand({"alg": "HS256", "crit": ["secret-thing"]}, {"sub": "7"}, SECRET.encode())
    with pytest.raises(BadTokenError) as caught:
        read_token(token, RULES)
    assert "secret-thing" not in str(caught.value)


# The rules, from the settings


def rules_of(root: Path, **environ: str) -> TokenRules | None:
    named = {f"TENIN_{name}": value for name, value in environ.items()}
    return load_rules(load_settings(root, {"TENIN_SECRET": "s" * 40, **named}))


def test_the_demo_shop_signs_where_no_key_is_given(tmp_path: Path) -> None:
    rules = rules_of(tmp_path)
    assert rules is not None
    assert rules.demo
    assert "ssss" not in repr(rules)
    assert repr(rules.key) not in repr(rules)
    token = issue_token("7", rules, MINUTE)
    assert read_token(token, rules).id == "7"
    other = load_rules(load_settings(tmp_path, {"TENIN_SECRET": "t" * 40}))
    with pytest.raises(BadTokenError):
        read_token(token, other)
    assert rules_of(tmp_path, DEMO_SIGN_IN_WORD="") is None
    named = rules_of(tmp_path, IDENTITY_ISSUER="shop")
    assert named is not None
    assert read_token(issue_token("7", named, MINUTE), named).id == "7"


def test_a_shops_own_secret_ends_the_demos_word(tmp_path: Path) -> None:
    demo, own = rules_of(tmp_path), rules_of(tmp_path, IDENTITY_SECRET=SECRET)
    assert demo is not None
    assert own is not None
    assert not own.demo
    assert read_token(signed(), own).id == "7"
    with pytest.raises(BadTokenError):
        read_token(issue_token("7", demo, MINUTE), own)
    with pytest.raises(ValueError, match="only the demo"):
        issue_token("7", own, MINUTE)


def test_a_shops_public_key_comes_from_a_file(tmp_path: Path, shop_key: RSAPrivateKey) -> None:
    (tmp_path / "shop.pem").write_bytes(pem(shop_key))
    rules = rules_of(tmp_path, IDENTITY_ALGORITHM="RS256", IDENTITY_PUBLIC_KEY_FILE="shop.pem")
    assert rules is not None
    assert not rules.demo
    assert read_token(signed(shop_key, "RS256"), rules).id == "7"


def test_a_key_that_cannot_be_used_is_told(tmp_path: Path, shop_key: RSAPrivateKey) -> None:
    (tmp_path / "garbage.pem").write_bytes(b"garbage")
    (tmp_path / "small.pem").write_bytes(pem(rsa.generate_private_key(65_537, 1_024)))
    (tmp_path / "curve.pem").write_bytes(pem(ec.generate_private_key(ec.SECP256R1())))
    (tmp_path / "good.pem").write_bytes(pem(shop_key))
    for file in ("", "absent.pem", "garbage.pem", "small.pem", "curve.pem", "."):
        with pytest.raises(SettingsError, match=r"^tenin\.yml: identity\.public_key_file: "):
            rules_of(tmp_path, IDENTITY_ALGORITHM="RS256", IDENTITY_PUBLIC_KEY_FILE=file)
    with pytest.raises(SettingsError, match="HS256 has no public key"):
        rules_of(tmp_path, IDENTITY_PUBLIC_KEY_FILE="good.pem")


def test_time_is_told_in_utc() -> None:
    now = datetime(2026, 11, 22, tzinfo=timezone.utc)
    rules = TokenRules("HS256", SECRET, AUDIENCE, "", LEEWAY, demo=True)
    token = issue_token("7", rules, timedelta(hours=1), now)
    assert jwt.decode(token, options={"verify_signature": False})["exp"] == 1795309200
