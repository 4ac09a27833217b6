"""The desk opens for an agent's cookie alone, and the cookie comes from a link that works once."""

from __future__ import annotations

import re
import time
from http.cookies import SimpleCookie

import httpx
import pytest
from itsdangerous import TimestampSigner, URLSafeTimedSerializer

from tenin.app import create_app
from tenin.desk import blueprints
from tenin.desk.access import COOKIE, SALT, Agent, new_link, sign
from tenin.desk.routes import routes
from tenin.settings import DeskSettings
from tenin.web import SECURITY_HEADERS
from tests.agent import DeskAgent
from tests.unit.web.conftest import SiteMaker
from tests.unit.web.refusals import refused
from tests.unit.web.served import Site, plain_client

OPEN = "/desk/enter"  # the one address that lets in
PAGE = "/desk"
CALLS = [
    (method, route.path.replace("{id}", "0" * 32))
    for route in routes
    if route.path not in (OPEN, PAGE)
    for method in sorted(route.methods - {"HEAD"})
]
CHANGING = [(method, path) for method, path in CALLS if method != "GET"]
MEI = Agent("mei", "Mei")
HOUR = 3600


def signed(site: Site, *, age: float = 0, secret: str = "", salt: str = SALT) -> str:
    """A cookie as the desk signs it, made some seconds ago, or with what isn't the desk's."""

    class Then(TimestampSigner):
        def get_timestamp(self) -> int:
            return int(time.time() - age)

    maker = URLSafeTimedSerializer(secret or site.settings.secret, salt=salt, signer=Then)
    return str(maker.dumps({"id": MEI.id, "name": MEI.name}))


def strangers(site: Site) -> dict[str, str | None]:
    """Cookies that open nothing, by what is wrong with them."""
    good = sign(MEI, site.settings)
    data, stamp, signature = good.split(".")
    twisted = ("A" if signature[0] != "A" else "B") + signature[1:]
    return {
        "none": None,
        "empty": "",
        "garbage": "garbage",
        "dots": "..",
        "unsigned": data,
        "no signature": f"{data}.{stamp}.",
        "another signature": f"{data}.{stamp}.{twisted}",
        "another agent": f"eyJpZCI6ImV2YSIsIm5hbWUiOiJFdmEifQ.{stamp}.{signature}",
        "another secret": signed(site, secret="another secret, just as long as it is"),
        "another salt": signed(site, salt="another"),
        "too old": signed(site, age=12 * HOUR + 2),
        "no bytes of ASCII": "ÿþ",
        "very long": "x" * 4_000,
    }


def test_the_routes_are_all_that_the_app_serves_below_desk(open_site: Site) -> None:
    app = create_app(open_site.settings)
    served = [route for route in app.routes if route.path.startswith("/desk")]
    assert served == [*routes, *blueprints.routes]
    app.state.services.engine.dispose()
    app.state.services.shop_engine.dispose()
    assert {OPEN, PAGE} < {route.path for route in routes}
    assert len(CALLS) == len(routes) - 2
    assert {method for method, _ in CHANGING} == {"POST"}
    assert len(CHANGING) == 3


@pytest.mark.parametrize(("method", "path"), CALLS)
def test_no_call_is_answered_without_the_cookie(open_site: Site, method: str, path: str) -> None:
    for what, cookie in strangers(open_site).items():
        headers = {"x-tenin-desk": "1", "idempotency-key": "a-key"}
        if cookie is not None:
            headers["cookie"] = f"{COOKIE}={cookie}"
        with refused(open_site, 401, "not_an_agent") as send:
            send(method, path, headers=headers, json={"epoch": 0, "text": what})


@pytest.mark.parametrize("path", [path for method, path in CALLS if method == "GET"])
def test_asking_for_the_headers_alone_needs_the_cookie_too(open_site: Site, path: str) -> None:
    assert open_site.http().head(path).status_code == 401


def test_the_page_says_how_to_get_in(open_site: Site) -> None:
    for cookie in strangers(open_site).values():
        headers = {} if cookie is None else {"cookie": f"{COOKIE}={cookie}".encode()}
        with plain_client(open_site.url) as http:
            answer = http.get(PAGE, headers=headers)
        assert answer.status_code == 401
        assert answer.headers["content-type"] == "text/html; charset=utf-8"
        assert answer.headers["cache-control"] == "no-store"
        assert "tenin desk-link" in answer.text
        assert "desk.js" not in answer.text


def test_a_customers_token_opens_no_desk(open_site: Site) -> None:
    token = open_site.customer().token
    for headers in ({"authorization": f"Bearer {token}"}, {"cookie": f"{COOKIE}={token}"}):
        with refused(open_site, 401, "not_an_agent") as send:
            send("GET", "/desk/api/conversations", headers=headers)


@pytest.mark.parametrize(("method", "path"), CHANGING)
@pytest.mark.parametrize("header", [None, "", "0", "true", "11"])
def test_no_change_is_made_for_another_sites_form(
    open_site: Site, method: str, path: str, header: str | None
) -> None:
    headers = {
        "cookie": f"{COOKIE}={sign(MEI, open_site.settings)}",
        "idempotency-key": "a-key",
        "origin": "https://elsewhere.example",
    }
    if header is not None:
        headers["x-tenin-desk"] = header
    with refused(open_site, 403, "not_from_the_desk") as send:
        send(method, path, headers=headers, json={"epoch": 0, "text": "hello"})


def test_nobody_elsewhere_is_invited_to_read_or_call(open_site: Site) -> None:
    headers = {"origin": "https://elsewhere.example", "access-control-request-method": "POST"}
    for path in ("/desk/api/conversations", "/desk", "/chat/session"):
        for method in ("OPTIONS", "GET"):
            answer = open_site.http().request(method, path, headers=headers)
            assert not [name for name in answer.headers if name.startswith("access-control")]


def test_the_link_works_once(site: Site) -> None:
    link = site.desk_link("Mei 美")
    first, second = site.http(), site.http()
    assert site.http().head(link).status_code == 200  # a preview of the link doesn't use it up
    answer = first.get(link)
    assert (answer.status_code, answer.headers["location"]) == (303, "/desk")
    assert answer.headers["cache-control"] == "no-store"
    me = first.get("/desk/api/me")
    assert me.json()["agent"]["name"] == "Mei 美"
    page = first.get("/desk")
    assert page.status_code == 200
    assert "desk.js" in page.text

    for http in (second, first):
        again = http.get(link)
        assert again.status_code == 403
        assert "set-cookie" not in again.headers
        assert "tenin desk-link" in again.text
    assert second.get("/desk/api/me").status_code == 401
    assert first.get("/desk/api/me").status_code == 200  # who is in stays in
    key = link.partition("=")[2]
    assert key not in str(site.rows())  # only its hash is kept
    assert len(key) >= 43


@pytest.mark.parametrize(
    "query", ["", "?key=", "?key=made-up", "?key=%00", "?key=%ff", "?key=" + "x" * 9_000, "?k=1"]
)
def test_a_key_that_was_never_made_opens_nothing(site: Site, query: str) -> None:
    site.desk_link()
    answer = site.http({"accept-language": "zh-CN"}).get(f"{OPEN}{query}")
    assert answer.status_code == 403
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert 'lang="zh-Hans"' in answer.text
    assert "set-cookie" not in answer.headers
    assert [row["used_at"] for row in site.rows()["desk_link"]] == [None]


def test_a_link_expires(site: Site) -> None:
    desk = DeskSettings(link_minutes=0.005)
    hasty = site.settings.copy(update={"desk": desk})
    soon, late = (new_link(site.engine, hasty, "Mei") for _ in range(2))
    assert site.http().get(f"{OPEN}?key={soon}").status_code == 303
    time.sleep(0.4)
    assert site.http().get(f"{OPEN}?key={late}").status_code == 403


def test_the_same_name_is_the_same_agent(site: Site) -> None:
    def agent_of(name: str) -> dict[str, str]:
        found: dict[str, str] = site.agent(name).http.get("/desk/api/me").json()["agent"]
        return found

    assert agent_of("Mei") == agent_of("Mei")
    assert agent_of("Mei")["id"] != agent_of("Lin")["id"]


def test_the_cookie_stays_with_the_desk(site: Site) -> None:
    answer = site.http().get(site.desk_link())
    [given] = answer.headers.get_list("set-cookie")
    cookie = SimpleCookie(given)[COOKIE]
    assert cookie["httponly"] is True
    assert cookie["samesite"].lower() == "lax"
    assert cookie["path"] == "/desk"
    assert int(cookie["max-age"]) == 12 * HOUR
    assert cookie["domain"] == ""
    assert cookie["secure"] == ""  # this site has no TLS, and a browser would not send it
    assert not re.search(r"a secret of the tests", given)


def test_the_cookie_expires(make_site: SiteMaker) -> None:
    site = make_site(DESK_COOKIE_HOURS=0.5)
    for age, status in ((0, 200), (HOUR / 2 - 60, 200), (HOUR / 2 + 2, 401), (9 * HOUR, 401)):
        cookie = signed(site, age=age)
        answer = site.http({"cookie": f"{COOKIE}={cookie}"}).get("/desk/api/me")
        assert answer.status_code == status, age
    [given] = site.http().get(site.desk_link()).headers.get_list("set-cookie")
    assert int(SimpleCookie(given)[COOKIE]["max-age"]) == HOUR / 2


def test_what_the_desk_answers_is_kept_by_no_cache(site: Site, mei: DeskAgent) -> None:
    customer = site.customer()
    customer.send(text="hello")
    conversation = site.conversation(customer).id
    for _, path in [("GET", PAGE), *CALLS]:
        if path.endswith(("stream", "take", "messages", "handback")):
            continue
        answer: httpx.Response = mei.http.get(path.replace("0" * 32, conversation))
        assert answer.status_code == 200
        assert answer.headers["cache-control"] == "no-store"
        assert SECURITY_HEADERS.items() <= dict(answer.headers).items()


def test_links_are_made_as_the_operators_command_makes_them(site: Site) -> None:
    keys = {new_link(site.engine, site.settings, "Mei") for _ in range(10)}
    assert len(keys) == 10
    for key in keys:
        assert site.http().get(f"{OPEN}?key={key}").status_code == 303
