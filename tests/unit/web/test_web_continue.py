"""The link in a mail: looked at it changes nothing, pressed it opens the lines and no more."""

from __future__ import annotations

import re
from datetime import timedelta

import httpx
import jwt
import pytest

from tenin.channels.continuing import PURPOSE, continue_link
from tenin.channels.customer_token import issue_token, load_rules
from tenin.channels.mail_stop import stop_link
from tenin.clock import utcnow
from tenin.conversation import identity
from tenin.database import read_transaction, write_transaction
from tenin.keys import key_for
from tenin.language.languages import configured
from tenin.pages.rendering import strings
from tenin.settings import Settings
from tests.customer import Customer
from tests.unit.web.refusals import assert_error
from tests.unit.web.served import Site

PUBLIC = "https://chat.kodama.example/shop"
TOKEN = re.compile(r'data-token="([A-Za-z0-9_-]{43})"')
HOUR = timedelta(hours=1)


def public(site: Site) -> Settings:
    """The site's settings with an address from outside."""
    web = site.settings.web.copy(update={"public_url": PUBLIC})
    return site.settings.copy(update={"web": web})


def path_of(site: Site, conversation: str, days: float = 0) -> str:
    """The path of a link in a mail that was written so many days ago."""
    link = continue_link(conversation, utcnow() - timedelta(days=days), public(site))
    assert link is not None
    base, _, token = link.rpartition("/chat/continue/")
    assert base == PUBLIC
    return f"/chat/continue/{token}"


def press(site: Site, conversation: str) -> Customer:
    """Whoever has the mail presses the button, on another device."""
    page = site.http().post(path_of(site, conversation))
    assert page.status_code == 200, page.text
    [token] = TOKEN.findall(page.text)
    return site.customer(token=token)


def shows(answer: httpx.Response, language: str, state: str) -> bool:
    return strings(language)["continue"][state]["title"] in answer.text


@pytest.mark.parametrize("language", configured().ready)
def test_looking_changes_nothing_and_pressing_opens(site: Site, language: str) -> None:
    customer = site.customer(language)
    customer.send(event="opened")
    site.answer("Welcome")
    path = path_of(site, site.conversation(customer).id)
    http = site.http({"accept-language": "en"})
    before = site.rows()
    for _ in range(2):
        seen = http.get(path)
        assert (seen.status_code, seen.headers["cache-control"]) == (200, "no-store")
        assert shows(seen, language, "ask")
        assert '<form method="post">' in seen.text
        assert "data-token" not in seen.text
    assert http.head(path).status_code == 200
    assert site.rows() == before
    pressed = http.post(path)
    assert shows(pressed, language, "going")
    assert pressed.headers["cache-control"] == "no-store"
    assert f'lang="{language}"' in pressed.text
    [token] = TOKEN.findall(pressed.text)
    there = site.customer(token=token)
    assert [line["text"] for line in there.lines()] == ["Welcome"]
    there.send(text="Thank you, that is what I needed")
    assert customer.lines()[-1]["text"] == "Thank you, that is what I needed"


def spoilt(site: Site, conversation: str) -> dict[str, str]:
    good = path_of(site, conversation).rpartition("/")[2]
    until = int((utcnow() + HOUR).timestamp())
    claims = {"aud": PURPOSE, "sub": conversation, "exp": until}
    rules = load_rules(site.settings)
    assert rules is not None
    stop = stop_link(1, public(site))
    assert stop is not None
    head, body, signature = good.split(".")
    key = key_for(site.settings.secret, PURPOSE)
    return {
        "another purpose": jwt.encode({**claims, "aud": "tenin.mail_stop"}, key),
        "no purpose": jwt.encode({"sub": conversation, "exp": until}, key),
        "no end": jwt.encode({"sub": conversation, "aud": PURPOSE}, key),
        "the secret itself": jwt.encode(claims, site.settings.secret),
        "unsigned": jwt.encode(claims, None, algorithm="none"),
        "a mail's that stops": stop.rpartition("/")[2],
        "a customer's": issue_token(conversation, rules, HOUR),
        "nobody's conversation": jwt.encode({**claims, "sub": "0" * 32}, key),
        "no text": jwt.encode({**claims, "sub": "a\0b"}, key),
        "spoilt": f"{head}.{body}.{signature[:-2]}AA",
        "cut": good[:-5],
        "not a token": "abc",
        "not ASCII": "%E6%9C%A8",
        "endless": "a" * 3000,
    }


def test_what_is_no_link_of_ours_opens_nothing(site: Site, customer: Customer) -> None:
    conversation = site.conversation(customer).id
    before = site.rows()
    for name, token in spoilt(site, conversation).items():
        http = site.http({"accept-language": "ja"})
        for answer in (
            http.get(f"/chat/continue/{token}"),
            http.post(f"/chat/continue/{token}"),
        ):
            assert answer.status_code == 404, name
            assert shows(answer, "ja", "bad"), name
    assert site.rows() == before


def test_a_link_expires(site: Site, customer: Customer) -> None:
    conversation = site.conversation(customer).id
    http = site.http({"accept-language": "zh-TW"})
    assert http.get(path_of(site, conversation, days=6.99)).status_code == 200
    before = site.rows()
    for answer in (
        http.get(path_of(site, conversation, days=7.01)),
        http.post(path_of(site, conversation, days=7.01)),
    ):
        assert answer.status_code == 410
        assert shows(answer, "zh-Hant", "expired")
    assert site.rows() == before


def test_another_sites_page_cannot_press_it(site: Site, customer: Customer) -> None:
    path = path_of(site, site.conversation(customer).id)
    answer = site.http().post(path, headers={"sec-fetch-site": "cross-site"})
    assert_error(answer, 403, "from_another_site")


def test_without_a_public_address_there_is_no_link(site: Site) -> None:
    assert continue_link("x", utcnow(), site.settings) is None


def signed_in(site: Site, conversation: str) -> str | None:
    with read_transaction(site.engine) as session:
        return identity.customer_of(session, conversation)


def proved(site: Site, conversation: str) -> frozenset[str]:
    with read_transaction(site.engine) as session:
        return identity.proved_orders(session, conversation)


def test_it_opens_the_lines_but_signs_nobody_in(site: Site) -> None:
    """Whoever has the mail gets no order of the customer's, and no stream after they are back."""
    rules = load_rules(site.settings)
    assert rules is not None
    word = issue_token("customer-1", rules, HOUR)
    customer = Customer(site.url, shops_word=word)
    conversation = site.conversation(customer).id
    with write_transaction(site.engine) as session:
        identity.remember_proof(session, conversation, "T1001")
    assert signed_in(site, conversation) == "customer-1"

    other = press(site, conversation)
    assert signed_in(site, conversation) is None
    assert proved(site, conversation) == frozenset()
    stream = site.stream(other)
    stream.wait_for_state(owner="bot")

    assert customer.http.post("/chat/sign-in", json={"customer": word}).status_code == 204
    assert signed_in(site, conversation) == "customer-1"
    stream._thread.join(10)
    assert stream.ended
    assert_error(other.post({"text": "Where is my order?"}), 401, "no_session")
    assert customer.lines() == []
    customer.close()


def test_signed_in_by_the_shop_the_session_is_like_any_other(site: Site) -> None:
    rules = load_rules(site.settings)
    assert rules is not None
    customer = site.customer()
    conversation = site.conversation(customer).id
    there, elsewhere = press(site, conversation), press(site, conversation)
    word = issue_token("customer-1", rules, HOUR)
    assert there.http.post("/chat/sign-in", json={"customer": word}).status_code == 204
    assert signed_in(site, conversation) == "customer-1"
    for who in (customer, there):
        assert who.post({"text": "Hello"}).status_code == 202
    assert elsewhere.post({"text": "Hello"}).status_code == 401
    assert customer.http.post("/chat/sign-in", json={"customer": word}).status_code == 204
    assert there.post({"text": "Hello again"}).status_code == 202

    strangers = issue_token("customer-2", rules, HOUR)
    refusal = press(site, conversation).http.post("/chat/sign-in", json={"customer": strangers})
    assert_error(refusal, 409, "other_customer")
