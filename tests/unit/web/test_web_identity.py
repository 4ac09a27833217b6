"""Signed in on the shop's page: who the chat takes a customer for, and that it goes on anyway."""

from __future__ import annotations

import logging
from datetime import timedelta
from typing import Any

import jwt
import pytest

from tenin.channels.customer_token import issue_token, load_rules
from tenin.clock import utcnow
from tenin.conversation import identity
from tenin.database import read_transaction, write_transaction
from tests.customer import Customer
from tests.unit.web.conftest import SiteMaker
from tests.unit.web.refusals import assert_error, refused
from tests.unit.web.served import Site

SECRET = "a secret that shop and chat share"


@pytest.fixture
def shop(make_site: SiteMaker) -> Site:
    """A site whose shop signs its customers' tokens."""
    return make_site(IDENTITY_SECRET=SECRET)


def token(customer: str = "7", seconds: float = 600, secret: str = SECRET, **more: Any) -> str:
    claims = {"sub": customer, "aud": "tenin", "exp": utcnow() + timedelta(seconds=seconds)}
    return jwt.encode({**claims, **more}, secret, algorithm="HS256")


def begin(site: Site, **body: Any) -> tuple[Customer, bool]:
    answer = site.http().post("/chat/session", json=body)
    assert answer.status_code == 201
    return site.customer(token=answer.json()["token"]), answer.json()["signed_in"]


def who(site: Site, customer: Customer) -> str | None:
    with read_transaction(site.engine) as session:
        return identity.customer_of(session, site.conversation(customer).id)


def test_a_session_begins_as_the_customers(shop: Site) -> None:
    known, signed_in = begin(shop, customer=token("c-7"))
    assert signed_in
    assert who(shop, known) == "c-7"
    stranger, signed_in = begin(shop)
    assert not signed_in
    assert who(shop, stranger) is None


@pytest.mark.parametrize(
    "bad",
    [
        token(seconds=-60),
        token(secret="another secret, just as long as it is"),
        token(aud="another"),
        "garbage",
        "",
        7,
        ["x"],
        {"sub": "7"},
        "x" * 20_000,
    ],
    ids=lambda value: str(value)[:20],
)
def test_a_bad_token_leaves_the_chat_anonymous(
    shop: Site, bad: object, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING)
    customer, signed_in = begin(shop, customer=bad)
    assert not signed_in
    assert "a customer's token was refused" in caplog.text
    if isinstance(bad, str) and len(bad) > 20:
        assert bad not in caplog.text
    headers = {"authorization": f"Bearer {customer.token}"}
    with refused(shop, 401, "bad_customer_token") as send:
        send("POST", "/chat/sign-in", json={"customer": bad}, headers=headers)
        send("POST", "/chat/sign-in", json={"token": bad}, headers=headers)
    assert who(shop, customer) is None
    assert customer.send(text="Do you hear me?") == 1
    shop.answer("Yes")
    assert [line["text"] for line in customer.lines()] == ["Do you hear me?", "Yes"]


def test_a_bad_token_takes_nothing_from_one_who_is_signed_in(shop: Site) -> None:
    customer, _ = begin(shop, customer=token("7"))
    answer = customer.http.post("/chat/sign-in", json={"customer": "garbage"})
    assert_error(answer, 401, "bad_customer_token")
    assert who(shop, customer) == "7"


def test_signing_in_and_out_in_a_conversation(shop: Site) -> None:
    customer, _ = begin(shop)
    customer.send(text="hello")
    conversation = shop.answer("Hello")
    with write_transaction(shop.engine) as session:
        identity.remember_proof(session, conversation, "20261120001")
    for _ in range(2):
        answer = customer.http.post("/chat/sign-in", json={"customer": token("7")})
        assert (answer.status_code, answer.content) == (204, b"")
    assert who(shop, customer) == "7"
    assert shop.conversation(customer).id == conversation
    for _ in range(2):
        assert customer.http.post("/chat/sign-out").status_code == 204
    assert who(shop, customer) is None
    with read_transaction(shop.engine) as session:
        assert identity.proved_orders(session, conversation) == frozenset()
    assert customer.send(text="still here") == 3


@pytest.mark.parametrize("gone", [False, True])
def test_another_customer_does_not_get_into_a_conversation(shop: Site, gone: bool) -> None:
    customer, _ = begin(shop, customer=token("7"))
    if gone:
        customer.http.post("/chat/sign-out")
    headers = {"authorization": f"Bearer {customer.token}"}
    with refused(shop, 409, "other_customer") as send:
        send("POST", "/chat/sign-in", json={"customer": token("8")}, headers=headers)
    other, signed_in = begin(shop, customer=token("8"))
    assert signed_in
    assert shop.conversation(other).id != shop.conversation(customer).id
    assert (who(shop, customer), who(shop, other)) == (None if gone else "7", "8")


def test_the_demos_word_is_none_where_the_shop_has_its_own(site: Site, shop: Site) -> None:
    assert site.settings.secret == shop.settings.secret
    rules = load_rules(site.settings)
    assert rules is not None
    demo = issue_token("7", rules, timedelta(minutes=5))
    assert begin(site, customer=demo)[1]
    assert not begin(shop, customer=demo)[1]
    assert not begin(site, customer=token())[1]
