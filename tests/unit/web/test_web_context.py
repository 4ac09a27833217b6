"""Pages seen, told by the widget: agreed to, well formed, and never against the browser's word."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.customer import Customer
from tests.unit.web.refusals import assert_error, refused
from tests.unit.web.served import Site

TENT: dict[str, Any] = {"url": "/tents/nest", "title": "Nest 2 Tent", "sku": "KT-601"}


def agree(customer: Customer, agreed: bool = True, **headers: str) -> Any:
    return customer.http.post("/chat/pages/consent", json={"agreed": agreed}, headers=headers)


def see(customer: Customer, body: dict[str, Any] | None = None, **headers: str) -> Any:
    return customer.http.post("/chat/pages", json=body or TENT, headers=headers)


def seen(site: Site) -> list[tuple[str, str | None]]:
    return [(row["path"], row["sku"]) for row in site.rows()["page_view"]]


def test_agreed_told_and_withdrawn(site: Site, customer: Customer) -> None:
    assert customer.http.get("/chat/pages").json() == {"agreed": None}
    assert_error(see(customer), 409, "no_consent")
    assert agree(customer).status_code == 204
    assert customer.http.get("/chat/pages").json() == {"agreed": True}
    assert see(customer, {**TENT, "kind": "product", "seconds": 12}).status_code == 204
    assert see(customer, {**TENT, "url": "/about", "sku": "NO-SUCH"}).status_code == 204
    assert seen(site) == [("/tents/nest", "KT-601"), ("/about", None)]
    assert agree(customer, False).status_code == 204
    assert customer.http.get("/chat/pages").json() == {"agreed": False}
    assert seen(site) == []
    assert_error(see(customer), 409, "no_consent")


@pytest.mark.parametrize("signal", ["sec-gpc", "dnt"])
def test_a_browser_that_wants_privacy_is_heeded(
    site: Site, customer: Customer, signal: str
) -> None:
    assert_error(agree(customer, **{signal: "1"}), 403, "privacy_signal")
    assert customer.http.get("/chat/pages").json() == {"agreed": None}
    assert agree(customer, **{signal: "0"}).status_code == 204
    assert_error(see(customer, **{signal: "1"}), 403, "privacy_signal")
    assert seen(site) == []
    assert agree(customer, False, **{signal: "1"}).status_code == 204


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"url": "/search?q=lin@example.com"}, "bad_page"),
        ({"url": "/x#y"}, "bad_page"),
        ({"url": "https://shop.example/x"}, "bad_page"),
        ({"url": ""}, "bad_page"),
        ({"url": None}, "bad_page"),
        ({"url": ["/"]}, "bad_page"),
        ({"url": "/" + "x" * 512}, "text_too_long"),
        ({"url": "/\u0000"}, "text_not_characters"),
        ({"title": ""}, "text_empty"),
        ({"title": 7}, "text_not_text"),
        ({"title": "x" * 201}, "text_too_long"),
        ({"title": "\ud800"}, "text_not_characters"),
        ({"sku": ""}, "text_empty"),
        ({"sku": 7}, "text_not_text"),
        ({"sku": "x" * 65}, "text_too_long"),
        ({"kind": "secret"}, "bad_kind"),
        ({"kind": ["home"]}, "bad_kind"),
        ({"seconds": -1}, "bad_seconds"),
        ({"seconds": 2**63}, "bad_seconds"),
        ({"seconds": 1.5}, "bad_seconds"),
        ({"seconds": True}, "bad_seconds"),
    ],
    ids=lambda value: str(value)[:24].encode("ascii", "replace").decode(),
)
def test_what_is_no_page_is_refused(
    site: Site, customer: Customer, change: dict[str, Any], code: str
) -> None:
    agree(customer)
    headers = {"authorization": f"Bearer {customer.token}"}
    with refused(site, 422, code) as send:
        body = json.dumps({**TENT, **change}).encode()
        send("POST", "/chat/pages", content=body, headers=headers)


def test_a_session_is_needed(site: Site) -> None:
    with refused(site, 401, "no_session") as send:
        send("GET", "/chat/pages")
        send("POST", "/chat/pages", json=TENT)
        send("POST", "/chat/pages/consent", json={"agreed": True})


@pytest.mark.parametrize("agreed", [None, 1, "true", []])
def test_a_decision_is_yes_or_no(site: Site, customer: Customer, agreed: object) -> None:
    headers = {"authorization": f"Bearer {customer.token}"}
    with refused(site, 422, "no_decision") as send:
        send("POST", "/chat/pages/consent", json={"agreed": agreed}, headers=headers)
