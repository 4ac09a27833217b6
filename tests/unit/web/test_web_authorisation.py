"""The table of docs/security.md is the app's: every route stands in it, and keeps to it.

Each route is called by whom it is not for. Tests of single rooms say more of each; here none can
be forgotten.
"""

from __future__ import annotations

import ast
import re
from functools import cache
from http.cookies import SimpleCookie
from pathlib import Path

import httpx
import pytest
from starlette.routing import Mount, Route

from tenin.demo_shop import COOKIE as DEMO_COOKIE
from tenin.desk.access import COOKIE
from tenin.desk.accounts import PERMISSIONS
from tenin.desk.models import Role
from tenin.web import SECURITY_HEADERS
from tests.unit.web.conftest import SiteMaker
from tests.unit.web.served import Site

ROOT = Path(__file__).parents[3]
PAGE = (ROOT / "docs" / "security.md").read_text(encoding="utf-8")
TABLE = dict(re.findall(r"^\| `([A-Z]+ /[^`]*)` \| ([a-z -]+) \|$", PAGE, re.MULTILINE))
NOBODY = "0" * 32
EVERY = frozenset().union(*PERMISSIONS.values())
# Who gets which answer, if they are not whom it is for.
REFUSED = {
    "session": {401},
    "visitor": {401, 422},
    "link": {404},
    "one-time link": {403},
    "form": {403},
    "metrics token": {404},
}
# What the pages behind a link may say in place of the usual.
STRICTER = {"referrer-policy": "no-referrer", "content-security-policy": "frame-ancestors 'none'"}
# Where cookies are given, for a form's token too, and taken back.
SIGNING = {
    *("GET /desk/sign-in", "POST /desk/sign-in", "POST /desk/sign-out"),
    *("POST /demo/sign-in", "POST /demo/sign-out"),
}
CHANGES = ("POST", "PUT", "PATCH", "DELETE")


def needs(who: str) -> frozenset[str]:
    """The permissions of which a row of the table says that one is enough; none: not the desk's."""
    if who == "any role":
        return EVERY
    named = frozenset(who.split(" or "))
    return named if named <= EVERY else frozenset()


def address(path: str) -> str:
    path = re.sub(r"\{[^}]*:int\}", "1", path).replace("…", "nothing.js")
    return re.sub(r"\{[^}]*\}", NOBODY, path)


def asked(http: httpx.Client, call: str, **headers: str) -> httpx.Response:
    """The answer to a call, of a stream only its head."""
    method, path = call.split(" ")
    body = {} if method in CHANGES else None
    given = {"idempotency-key": "a-key", **headers}
    with http.stream(method, address(path), json=body, headers=given) as answer:
        if not answer.headers.get("content-type", "").startswith("text/event-stream"):
            answer.read()
    return answer


def rows(*kinds: str) -> list[str]:
    return [call for call, who in TABLE.items() if who in kinds]


def desk_rows() -> list[str]:
    return [call for call, who in TABLE.items() if needs(who)]


def test_every_route_stands_in_the_table_and_no_other(open_site: Site) -> None:
    served: set[str] = set()
    for route in open_site.app.routes:
        if isinstance(route, Mount):
            served.add(f"GET {route.path}/…")
            continue
        assert isinstance(route, Route)
        served |= {f"{method} {route.path}" for method in (route.methods or set()) - {"HEAD"}}
        for method in (route.methods or set()) - {"HEAD"}:
            told = needs(TABLE.get(f"{method} {route.path}", ""))
            assert told == getattr(route.endpoint, "needs", frozenset()), route.path
    assert served == set(TABLE)
    for who in TABLE.values():
        assert who == "anyone" or who in REFUSED or needs(who), who


@pytest.mark.parametrize("kind", sorted(REFUSED))
def test_who_has_no_right_is_refused(open_site: Site, kind: str) -> None:
    found = rows(kind)
    assert found
    http = open_site.http()
    wrong = (
        {},
        {"authorization": f"Bearer {NOBODY}"},
        {"authorization": f"Basic {NOBODY}"},
        {"cookie": f"{COOKIE}={NOBODY}; {DEMO_COOKIE}={NOBODY}"},
    )
    for call in found:
        for headers in wrong:
            answer = asked(http, call, **headers)
            assert answer.status_code in REFUSED[kind], (call, headers, answer.text)


def test_the_desk_is_for_who_is_signed_in(open_site: Site) -> None:
    customer = open_site.customer()
    for headers in ({}, {"cookie": f"{COOKIE}={customer.token}"}, dict(customer.http.headers)):
        for call in desk_rows():
            headers = {k: v for k, v in headers.items() if k in ("cookie", "authorization")}
            answer = asked(open_site.http(), call, **headers, **{"x-tenin-desk": "1"})
            path = call.split(" ")[1]
            is_call = path.startswith(("/desk/api/", "/desk/stream"))
            assert answer.status_code == (401 if is_call else 303), call
            assert is_call or answer.headers["location"].startswith("/desk/sign-in?"), call


@pytest.mark.parametrize("role", list(Role), ids=lambda role: role.value)
def test_a_role_gets_what_the_table_gives_it(open_site: Site, role: Role) -> None:
    agent = open_site.agent(f"Table {role.value}", role.value)
    for call in desk_rows():
        refused = not needs(TABLE[call]) & PERMISSIONS[role]
        answer = asked(agent.http, call)
        if refused:
            assert answer.status_code == 403, call
        elif "/desk/api/" in call:
            assert answer.status_code not in (401, 403), call


def test_what_changes_something_needs_the_desks_own_header(open_site: Site) -> None:
    agent = open_site.agent("Table header", Role.ADMIN.value)
    del agent.http.headers["x-tenin-desk"]
    changing = [call for call in desk_rows() if call.split(" ")[0] in CHANGES]
    assert len(changing) > 20
    for call in changing:
        answer = asked(agent.http, call)
        # Pages' forms have a token of their own in its place.
        assert answer.status_code == 403, (call, answer.status_code)


def test_anybody_is_let_in_where_the_table_says_so(open_site: Site) -> None:
    for call in rows("anyone"):
        answer = asked(open_site.http(), call)
        assert answer.status_code not in (401, 403), call
        assert answer.status_code < 500, call


def test_every_answer_of_every_route_has_the_headers(open_site: Site) -> None:
    http = open_site.http()
    for call in TABLE:
        answer = asked(http, call)
        for name, value in SECURITY_HEADERS.items():
            [given] = answer.headers.get_list(name)
            stricter = TABLE[call] == "link" and STRICTER.get(name, given + "?") in given
            assert given == value or stricter, (call, name)
        assert "server" not in answer.headers
        assert "set-cookie" not in answer.headers or call in SIGNING, call


@pytest.mark.parametrize("https", [False, True])
def test_cookies_keep_to_themselves(make_site: SiteMaker, https: bool) -> None:
    site = make_site(WEB_TRUSTED_PROXIES="127.0.0.1", DEMO_SIGN_IN_WORD="kodama")
    headers = {"x-forwarded-proto": "https"} if https else {}
    given: dict[str, object] = {}
    entered = site.http(headers).get(site.desk_link())
    customer = {"email": _a_demo_customer(site), "word": "kodama"}
    signed_in = site.http(headers).post("/demo/sign-in", data=customer)
    for answer in (entered, signed_in):
        cookies = SimpleCookie(answer.headers["set-cookie"])
        for name, cookie in cookies.items():
            given[name] = cookie
            assert cookie["httponly"] is True
            assert cookie["samesite"] == "lax"
            assert bool(cookie["secure"]) is https, name
    assert set(given) == {COOKIE, DEMO_COOKIE}
    for name in given:
        assert f"`{name}`" in PAGE


def _a_demo_customer(site: Site) -> str:
    page = site.http().get("/").text
    found = re.search(r'value="([^"@]+@[^"]+)"', page)
    assert found, "the demo shop's page offers its customers"
    return found[1]


@cache
def names_in(file: Path) -> frozenset[str]:
    tree = ast.parse(file.read_text(encoding="utf-8"))
    kinds = (ast.FunctionDef, ast.AsyncFunctionDef)
    return frozenset(node.name for node in tree.body if isinstance(node, kinds))


def test_every_threat_has_an_answer_that_is_tested() -> None:
    threats = PAGE.partition("## Threats and answers")[2].partition("\n**Left open.**")[0]
    lines = [line for line in threats.splitlines() if line.startswith("| ")][2:]
    assert len(lines) > 15
    for line in lines:
        named = re.findall(r"`(tests/[\w/]+\.py)::(\w+)`", line)
        assert named, line
        for file, name in named:
            assert name in names_in(ROOT / file), f"{file}::{name}"
