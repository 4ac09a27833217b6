"""Which sites' pages may call the chat, and what `/widget.js` is to each."""

from __future__ import annotations

import httpx
import pytest

from tests.unit.web.conftest import SiteMaker
from tests.unit.web.refusals import assert_error
from tests.unit.web.served import Site

SHOP, OTHER = "https://shop.example", "https://other.example"
ASKS = {"access-control-request-method": "POST", "access-control-request-headers": "authorization"}
OTHERS = [
    OTHER,
    "http://shop.example",
    "https://shop.example:8443",
    "https://x.shop.example",
    "null",
]


@pytest.fixture
def site(make_site: SiteMaker) -> Site:
    """A site whose chat one shop's pages may show."""
    return make_site(WEB_SITES=f"{SHOP}, http://localhost:3000")


def varies(answer: httpx.Response) -> bool:
    return "Origin" in answer.headers.get("vary", "").split(", ")


def assert_not_readable(answer: httpx.Response) -> None:
    """A browser keeps the answer from the page that asked."""
    assert not [name for name in answer.headers if name.startswith("access-control-")]
    assert varies(answer)


def test_a_listed_site_is_told_that_it_may_ask(site: Site) -> None:
    for origin in (SHOP, "http://localhost:3000"):
        http = site.http({"origin": origin, "sec-fetch-site": "cross-site"})
        answer = http.options("/chat/messages", headers=ASKS)
        assert (answer.status_code, answer.content) == (204, b"")
        assert answer.headers["access-control-allow-origin"] == origin
        allowed = answer.headers["access-control-allow-headers"].lower().split(", ")
        assert set(allowed) == {
            "authorization",
            "content-type",
            "idempotency-key",
            "last-event-id",
            "x-file-name",
        }
        assert "POST" in answer.headers["access-control-allow-methods"]
        assert "access-control-allow-credentials" not in answer.headers, "there are no cookies"
        assert varies(answer)


def test_a_listed_site_chats(site: Site) -> None:
    http = site.http({"origin": SHOP, "sec-fetch-site": "cross-site"})
    begun = http.post("/chat/session", json={"language": "ja"})
    assert begun.status_code == 201
    http.headers["authorization"] = f"Bearer {begun.json()['token']}"
    sent = http.post("/chat/messages", json={"text": "Hi"}, headers={"idempotency-key": "1"})
    refused = http.post("/chat/messages", json={"text": "Hi"})  # a fault can be read, too
    assert (sent.status_code, refused.status_code) == (202, 400)
    with http.stream("GET", "/chat/stream") as stream:
        assert stream.status_code == 200
    for answer in (begun, sent, refused, stream):
        assert answer.headers["access-control-allow-origin"] == SHOP
        assert answer.headers["access-control-expose-headers"] == "Retry-After"
        assert varies(answer)


@pytest.mark.parametrize("origin", OTHERS)
def test_another_site_is_refused_by_the_server(site: Site, origin: str) -> None:
    before = site.rows()["conversation"]
    customer = site.customer()
    for fetch in ("cross-site", "same-site"):
        http = site.http({"origin": origin, "sec-fetch-site": fetch})
        bearer = {"authorization": f"Bearer {customer.token}"}
        answers = [
            http.options("/chat/messages", headers=ASKS),
            http.post("/chat/session", json={}),
            # What a browser sends without asking first.
            http.post("/chat/session", content=b"{}", headers={"content-type": "text/plain"}),
            http.get("/chat/stream", headers=bearer),
            http.post("/chat/nothing"),
        ]
        for answer in answers:
            assert_error(answer, 403, "site_not_allowed")
            assert_not_readable(answer)
            assert "web.sites" in answer.json()["error"]["remedy"]
            assert origin in answer.json()["error"]["remedy"]
    assert len(site.rows()["conversation"]) == len(before) + 1, "the customer's own alone"


def test_without_sites_only_our_own_pages_chat(open_site: Site) -> None:
    own = open_site.url
    for headers in (
        {"origin": own, "sec-fetch-site": "same-origin"},
        {"origin": own},  # an older browser
        {"origin": "https://seen-from-outside.example", "sec-fetch-site": "same-origin"},
        {},  # a program
    ):
        answer = open_site.http(headers).post("/chat/session", json={})
        assert answer.status_code == 201, headers
        assert_not_readable(answer)
    for headers in ({"origin": SHOP}, {"origin": SHOP, "sec-fetch-site": "cross-site"}):
        answer = open_site.http(headers).post("/chat/session", json={})
        assert_error(answer, 403, "site_not_allowed")


def test_the_address_seen_from_outside_is_our_own(make_site: SiteMaker) -> None:
    site = make_site(WEB_PUBLIC_URL="https://chat.shop.example/service")
    own = site.http({"origin": "https://chat.shop.example"})
    assert own.post("/chat/session", json={}).status_code == 201
    assert_error(
        site.http({"origin": SHOP}).post("/chat/session", json={}), 403, "site_not_allowed"
    )


def test_a_link_from_a_mail_is_followed_from_anywhere(site: Site) -> None:
    http = site.http({"sec-fetch-site": "cross-site", "accept": "text/html"})
    assert http.get("/chat/continue/x").status_code == 404  # by its own page, not refused


def test_the_loader_goes_to_who_may_show_the_chat(site: Site) -> None:
    wanted = [
        (None, True),
        (SHOP, True),
        (site.url, True),
        *((origin, False) for origin in OTHERS),
    ]
    for origin, may in wanted:
        headers = {} if origin is None else {"origin": origin}
        answer = site.http(headers).get("/widget.js")
        assert answer.status_code == 200
        assert answer.headers["content-type"].startswith("text/javascript")
        assert ("customElements" in answer.text) is may, origin
        assert ("web.sites" in answer.text) is not may, origin
        # Else the browser would not run what says why.
        assert answer.headers["access-control-allow-origin"] == "*"
        assert answer.headers["cross-origin-resource-policy"] == "cross-origin"
        assert answer.headers["cache-control"] == "no-cache"
        assert set(answer.headers["vary"].split(", ")) == {"Accept-Encoding", "Origin"}
        again = site.http({**headers, "if-none-match": answer.headers["etag"]}).get("/widget.js")
        assert again.status_code == 304
        assert varies(again)
    assert site.http({"origin": SHOP}).get("/widget.js").headers["etag"] != answer.headers["etag"]


def test_the_desk_and_the_shop_are_no_other_sites_to_read(site: Site) -> None:
    http = site.http({"origin": SHOP})
    for path in ("/", "/desk/api/me", "/health"):
        assert "access-control-allow-origin" not in http.get(path).headers
