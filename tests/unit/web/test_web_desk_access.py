"""The desk opens for a session alone; a session begins with a link that works once, and ends."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from datetime import timedelta
from http.cookies import SimpleCookie

import httpx
import pytest
from sqlalchemy import select, update
from starlette.routing import Route

from tenin.app import create_app
from tenin.clock import utcnow
from tenin.database import read_transaction, write_transaction
from tenin.desk import accounts
from tenin.desk.access import COOKIE, new_link
from tenin.desk.accounts import PERMISSIONS
from tenin.desk.models import Agent, AuditEntry, DeskSession, Role
from tenin.desk.sessions import token_hash
from tenin.pages.rendering import strings
from tenin.settings import DeskSettings
from tenin.web import SECURITY_HEADERS
from tests.agent import DeskAgent
from tests.unit.web.conftest import SiteMaker
from tests.unit.web.refusals import refused
from tests.unit.web.served import Site, plain_client

ENTER = "/desk/enter"
OPEN = {ENTER, "/desk/sign-in", "/desk/sign-out"}  # what needs no account
CALLS = ("/desk/api/", "/desk/stream")
NOBODY = "0" * 32
NOT_ALLOWED = strings("en")["desk"]["account"]["not_allowed"]["title"]
TYPES = {"GET": None, "POST": {}, "PUT": {}, "PATCH": {}, "DELETE": None}


@pytest.fixture(scope="session")
def desk_routes(open_site: Site) -> Iterator[list[Route]]:
    """Every route of the app below /desk, whoever has added it."""
    app = create_app(open_site.settings)
    yield [route for route in app.routes if route.path.startswith("/desk")]
    app.state.services.engine.dispose()
    app.state.services.shop_engine.dispose()


def asked(routes: list[Route]) -> list[tuple[str, str, frozenset[str]]]:
    """Method, address and needed permissions of every guarded route."""
    return [
        (method, re.sub(r"\{[^}]*\}", NOBODY, route.path), route.endpoint.needs)
        for route in routes
        if route.path not in OPEN
        for method in sorted(route.methods - {"HEAD"})
    ]


def is_call(path: str) -> bool:
    return path.startswith(CALLS)


def token_of(agent: DeskAgent | httpx.Client) -> str:
    http = agent.http if isinstance(agent, DeskAgent) else agent
    return str(http.cookies[COOKIE])


def strangers(site: Site) -> dict[str, str | None]:
    """Cookies that open nothing, by what is wrong with them."""
    good = token_of(site.agent())
    ended = site.agent()
    with write_transaction(site.engine) as session:
        session.delete(session.get(DeskSession, token_hash(token_of(ended))))
    return {
        "none": None,
        "empty": "",
        "garbage": "garbage",
        "another's beginning": good[:-1],
        "longer": good + "x",
        "twisted": ("A" if good[0] != "A" else "B") + good[1:],
        "the hash that is kept": token_hash(good),
        "ended": token_of(ended),
        "signed, as they once were": "eyJpZCI6Im1laSIsIm5hbWUiOiJNZWkifQ.aGVsbG8.c2lnbmF0dXJl",
        "no bytes of ASCII": "ÿþ",
        "very long": "x" * 4_000,
    }


def move(site: Site, agent: DeskAgent, **by: timedelta) -> None:
    """Shift the moments of an agent's session into the past, as if time had gone by."""
    key = token_hash(token_of(agent))
    with write_transaction(site.engine) as session:
        row = session.get(DeskSession, key)
        values = {name: getattr(row, name) - shift for name, shift in by.items()}
        session.execute(update(DeskSession).where(DeskSession.token_hash == key).values(**values))


def used_at(site: Site, agent: DeskAgent) -> float:
    with read_transaction(site.engine) as session:
        row = session.get(DeskSession, token_hash(token_of(agent)))
        return float(row.used_at.timestamp())


def status(agent: DeskAgent) -> int:
    return agent.http.get("/desk/api/me").status_code


def test_every_route_says_what_it_needs(desk_routes: list[Route]) -> None:
    every = frozenset().union(*PERMISSIONS.values())
    for route in desk_routes:
        needs = getattr(route.endpoint, "needs", None)
        assert needs is not None, f"{route.path} stands behind no guard"
        assert bool(needs) is (route.path not in OPEN), route.path
        assert needs <= every, route.path
        if "/lead" in route.path:
            assert needs <= {"lead", "train", "admin"}, route.path
    assert len(desk_routes) > 10


def test_no_route_answers_without_a_session(open_site: Site, desk_routes: list[Route]) -> None:
    for what, cookie in strangers(open_site).items():
        headers = {"x-tenin-desk": "1", "idempotency-key": "a-key"}
        if cookie is not None:
            headers["cookie"] = f"{COOKIE}={cookie}"
        with refused(open_site, 401, "not_signed_in") as send:
            for method, path, _ in asked(desk_routes):
                if is_call(path):
                    send(method, path, headers=headers, json=TYPES[method])
                    continue
                raw = {name: value.encode() for name, value in headers.items()}
                with plain_client(open_site.url) as http:
                    answer = http.request(method, path, headers=raw)
                assert answer.status_code == 303, (what, path)
                assert answer.headers["location"] == f"/desk/sign-in?next={path}", what
                assert answer.headers["cache-control"] == "no-store"


def test_asking_for_the_headers_alone_needs_a_session_too(
    open_site: Site, desk_routes: list[Route]
) -> None:
    for method, path, _ in asked(desk_routes):
        if method == "GET":
            assert open_site.http().head(path).status_code == (401 if is_call(path) else 303)


@pytest.mark.parametrize("role", list(Role), ids=lambda role: role.value)
def test_each_role_reaches_what_it_may_and_nothing_else(
    open_site: Site, desk_routes: list[Route], role: Role
) -> None:
    agent = open_site.agent(f"Role {role.value}", role.value)
    key = {"idempotency-key": "a-key"}
    tried = {True: 0, False: 0}
    for method, path, needs in asked(desk_routes):
        may = bool(needs & PERMISSIONS[role])
        tried[may] += 1
        with agent.http.stream(method, path, json=TYPES[method], headers=key) as answer:
            if may and answer.status_code not in (401, 403):
                continue
            answer.read()
        assert answer.status_code == 403, path
        if may:  # a form without its token, no more
            assert not is_call(path), path
            assert NOT_ALLOWED not in answer.text
            continue
        if is_call(path):
            error = answer.json()["error"]
            assert error["code"] == "not_allowed"
            for permission in needs:
                assert permission in error["message"]
        else:
            assert NOT_ALLOWED in answer.text
            assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert tried[True]
    assert (
        tried[False]
        or role is Role.ADMIN
        or not any("/lead" in path for _, path, _ in asked(desk_routes))
    )


def test_what_each_role_may() -> None:
    assert {role.value: set(may) for role, may in PERMISSIONS.items()} == {
        "agent": {"serve"},
        "lead": {"serve", "lead"},
        "trainer": {"train"},
        "admin": {"serve", "lead", "train", "admin"},
    }


@pytest.mark.parametrize("language", ["en", "zh-CN", "zh-TW", "ja"])
def test_the_page_that_says_no_is_in_the_readers_language(open_site: Site, language: str) -> None:
    trainer = open_site.agent("Tao", "trainer")
    answer = trainer.http.get("/desk", headers={"accept-language": language})
    assert answer.status_code == 403
    assert "Tao" in answer.text
    assert 'href="/desk/train/missed"' in answer.text  # where a trainer may go
    assert answer.headers["cache-control"] == "no-store"


def test_a_customers_token_opens_no_desk(open_site: Site) -> None:
    token = open_site.customer().token
    for headers in ({"authorization": f"Bearer {token}"}, {"cookie": f"{COOKIE}={token}"}):
        with refused(open_site, 401, "not_signed_in") as send:
            send("GET", "/desk/api/conversations", headers=headers)


@pytest.mark.parametrize("header", [None, "", "0", "true", "11"])
def test_no_change_is_made_for_another_sites_form(
    open_site: Site, desk_routes: list[Route], header: str | None
) -> None:
    headers = {"cookie": f"{COOKIE}={token_of(open_site.agent())}", "idempotency-key": "a-key"}
    if header is not None:
        headers["x-tenin-desk"] = header
    tried = 0
    with refused(open_site, 403, "not_from_the_desk") as send:
        for method, path, needs in asked(desk_routes):
            if is_call(path) and method != "GET" and "serve" in needs:
                send(method, path, headers=headers, json={"epoch": 0, "text": "hello"})
                tried += 1
    assert tried >= 3


@pytest.mark.parametrize(
    "headers",
    [
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site"},
        {"sec-fetch-site": ""},
        {"sec-fetch-site": "cross-site", "origin": "own"},
        {"origin": "https://elsewhere.example"},
        {"origin": "http://localhost:1"},
        {"origin": "null"},
        {"origin": ""},
    ],
    ids=str,
)
def test_no_change_is_made_for_another_sites_script(
    open_site: Site, headers: dict[str, str]
) -> None:
    own = {name: open_site.url if value == "own" else value for name, value in headers.items()}
    sent = {"cookie": f"{COOKIE}={token_of(open_site.agent())}", "x-tenin-desk": "1", **own}
    with refused(open_site, 403, "from_another_site") as send:
        path = f"/desk/api/conversations/{NOBODY}/take"
        send("POST", path, headers=sent, json={"epoch": 0})


@pytest.mark.parametrize(
    "headers",
    [
        {"sec-fetch-site": "same-origin", "origin": "own"},
        {"sec-fetch-site": "same-origin", "origin": "https://behind-a-proxy.example"},
        {"sec-fetch-site": "none"},
        {"origin": "own"},
        {"origin": "https://desk.shop.example"},
        {},
    ],
    ids=str,
)
def test_the_desks_own_page_may_change(make_site: SiteMaker, headers: dict[str, str]) -> None:
    site = make_site(WEB_PUBLIC_URL="https://desk.shop.example/chat")
    sent = {name: site.url if value == "own" else value for name, value in headers.items()}
    path = f"/desk/api/conversations/{NOBODY}/take"
    answer = site.agent().http.post(path, json={"epoch": 0}, headers=sent)
    assert answer.json()["error"]["code"] == "no_such_conversation"


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
    rows = str(site.rows())
    assert key not in rows  # only its hash is kept
    assert token_of(first) not in rows
    assert len(key) >= 43
    assert len(token_of(first)) >= 43


@pytest.mark.parametrize(
    "query", ["", "?key=", "?key=made-up", "?key=%00", "?key=%ff", "?key=" + "x" * 9_000, "?k=1"]
)
def test_a_key_that_was_never_made_opens_nothing(site: Site, query: str) -> None:
    site.desk_link()
    answer = site.http({"accept-language": "zh-CN"}).get(f"{ENTER}{query}")
    assert answer.status_code == 403
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert 'lang="zh-Hans"' in answer.text
    assert "set-cookie" not in answer.headers
    assert [row["used_at"] for row in site.rows()["desk_link"]] == [None]
    assert site.rows()["desk_session"] == []


def test_a_link_expires(site: Site) -> None:
    hasty = site.settings.copy(update={"desk": DeskSettings(link_minutes=0.005)})
    soon, late = (new_link(site.engine, hasty, "Mei") for _ in range(2))
    assert site.http().get(f"{ENTER}?key={soon}").status_code == 303
    time.sleep(0.4)
    assert site.http().get(f"{ENTER}?key={late}").status_code == 403


def test_a_link_is_of_no_use_once_its_account_is_inactive(site: Site) -> None:
    link = site.desk_link("Mei")
    with write_transaction(site.engine) as session:
        accounts.change(session, accounts.named(session, "Mei").id, {"active": False})
    answer = site.http().get(link)
    assert answer.status_code == 403
    assert "set-cookie" not in answer.headers


def test_the_same_name_is_the_same_account(site: Site) -> None:
    def agent_of(name: str) -> dict[str, str]:
        found: dict[str, str] = site.agent(name).http.get("/desk/api/me").json()["agent"]
        return found

    assert agent_of("Mei") == agent_of("Mei")
    assert agent_of("Mei")["id"] != agent_of("Lin")["id"]
    with read_transaction(site.engine) as session:
        rows = session.execute(select(Agent).order_by(Agent.login)).scalars().all()
    assert [(row.login, row.role, row.password_hash) for row in rows] == [
        ("lin", "agent", None),
        ("mei", "agent", None),
    ]


def test_a_link_signs_in_an_account_by_its_login(site: Site) -> None:
    with write_transaction(site.engine) as session:
        accounts.create(session, "mei.lin", "Mei Lin", "trainer")
    key = new_link(site.engine, site.settings, login="Mei.Lin")
    answer = site.http().get(f"{ENTER}?key={key}")
    assert answer.headers["location"] == "/desk/train/missed"  # a trainer has no desk


def test_the_link_of_the_settings_is_an_admins(site: Site) -> None:
    for _ in range(2):
        http = site.http()
        http.get(f"{ENTER}?key={new_link(site.engine, site.settings)}")
        assert http.get("/desk").status_code == 200
    [row] = site.rows()["agent"]
    assert (row["login"], row["name"], row["role"]) == ("demo-agent", "Demo agent", "admin")
    assert row["password_hash"] is None


def test_a_link_begins_a_new_session_and_ends_the_browsers_old_one(site: Site) -> None:
    agent = site.agent("Mei")
    planted = token_of(agent)
    answer = agent.http.get(site.desk_link("Lin"))
    assert answer.status_code == 303
    assert token_of(agent) != planted
    assert agent.http.get("/desk/api/me").json()["agent"]["name"] == "Lin"
    old = site.http({"cookie": f"{COOKIE}={planted}"})
    assert old.get("/desk/api/me").status_code == 401
    # A cookie that somebody made up and planted is not taken over.
    victim = site.http()
    victim.cookies.set(COOKIE, "planted-by-somebody-else", path="/desk")
    [given] = victim.get(site.desk_link("Mei")).headers.get_list("set-cookie")
    assert "planted" not in given


def test_two_browsers_have_two_sessions(site: Site) -> None:
    here, there = site.agent("Mei"), site.agent("Mei")
    assert token_of(here) != token_of(there)
    with write_transaction(site.engine) as session:
        session.delete(session.get(DeskSession, token_hash(token_of(there))))
    assert (status(here), status(there)) == (200, 401)


def test_the_cookie_stays_with_the_desk(site: Site) -> None:
    answer = site.http().get(site.desk_link())
    [given] = answer.headers.get_list("set-cookie")
    cookie = SimpleCookie(given)[COOKIE]
    assert cookie["httponly"] is True
    assert cookie["samesite"].lower() == "lax"
    assert cookie["path"] == "/desk"
    assert int(cookie["max-age"]) == 12 * 3600
    assert cookie["domain"] == ""
    assert cookie["secure"] == ""  # this site has no TLS, and a browser would not send it


@pytest.mark.parametrize(
    ("proxies", "said", "secure"),
    [
        ("127.0.0.1", "https", True),
        ("127.0.0.0/8", "http, https", True),
        ("127.0.0.1", "HTTPS", True),
        ("127.0.0.1", "https, http", False),  # what stands before, the client may have written
        ("127.0.0.1", "http", False),
        ("127.0.0.1", "", False),
        ("", "https", False),
        ("10.0.0.0/8", "https", False),
    ],
)
def test_only_a_trusted_proxy_makes_the_cookie_secure(
    make_site: SiteMaker, proxies: str, said: str, secure: bool
) -> None:
    site = make_site(WEB_TRUSTED_PROXIES=proxies)
    answer = site.http({"x-forwarded-proto": said}).get(site.desk_link())
    [given] = answer.headers.get_list("set-cookie")
    assert ("secure" in given.lower()) is secure


def test_a_session_ends_after_its_hours_in_any_case(make_site: SiteMaker) -> None:
    site = make_site(DESK_COOKIE_HOURS=0.5, DESK_IDLE_HOURS=9)
    agent = site.agent()
    [given] = site.http().get(site.desk_link()).headers.get_list("set-cookie")
    assert int(SimpleCookie(given)[COOKIE]["max-age"]) == 1800
    move(site, agent, expires_at=timedelta(minutes=29))
    assert status(agent) == 200
    move(site, agent, expires_at=timedelta(minutes=1, seconds=1))
    assert status(agent) == 401


def test_a_session_ends_when_it_is_not_used(site: Site) -> None:
    used, unused = site.agent(), site.agent()
    move(site, used, used_at=timedelta(hours=3, minutes=59))
    assert status(used) == 200
    deadline = time.monotonic() + 10
    while used_at(site, used) < utcnow().timestamp() - 60:  # written beside the request
        assert time.monotonic() < deadline
        time.sleep(0.02)
    move(site, used, used_at=timedelta(hours=3, minutes=59))
    assert status(used) == 200  # its use counted
    move(site, unused, used_at=timedelta(hours=4, seconds=1))
    assert status(unused) == 401


def test_not_every_request_writes(site: Site) -> None:
    agent = site.agent()
    before = used_at(site, agent)
    for _ in range(5):
        assert status(agent) == 200
    time.sleep(0.2)
    assert used_at(site, agent) == before


def test_who_begins_a_session_forgets_those_that_are_over(site: Site) -> None:
    old, idle, good = site.agent(), site.agent(), site.agent()
    move(site, old, expires_at=timedelta(hours=13))
    move(site, idle, used_at=timedelta(hours=5))
    new = site.agent("Lin")
    kept = {row["token_hash"] for row in site.rows()["desk_session"]}
    assert kept == {token_hash(token_of(each)) for each in (good, new)}


@pytest.mark.parametrize("values", [{"role": "lead"}, {"active": False}], ids=str)
def test_another_role_or_none_ends_the_sessions_everywhere(
    site: Site, values: dict[str, object]
) -> None:
    here, there, other = site.agent("Mei"), site.agent("Mei"), site.agent("Lin")
    with write_transaction(site.engine) as session:
        accounts.change(session, accounts.named(session, "Mei").id, values)
    assert [status(each) for each in (here, there, other)] == [401, 401, 200]


def test_an_open_stream_ends_with_its_session(
    make_site: SiteMaker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tenin.desk.routes.SESSION_SECONDS", 0.1)
    site = make_site()
    agent = site.agent("Mei")
    with agent.http.stream("GET", "/desk/stream") as answer:
        said = answer.iter_text()
        for _ in range(5):
            assert ": here" in next(said)
        with write_transaction(site.engine) as session:
            accounts.change(session, accounts.named(session, "Mei").id, {"active": False})
        deadline = time.monotonic() + 10
        for _ in said:
            assert time.monotonic() < deadline
    assert status(agent) == 401


def test_links_are_written_into_the_audit_log(site: Site) -> None:
    site.http().get(site.desk_link("Mei"))
    with read_transaction(site.engine) as session:
        rows = session.execute(select(AuditEntry).order_by(AuditEntry.id)).scalars().all()
    assert [(row.action, row.subject, row.agent_name, row.address) for row in rows] == [
        ("account_made", "mei", None, None),
        ("link_made", "mei", None, None),
        ("link_used", "mei", "Mei", "127.0.0.1"),
    ]


def test_what_the_desk_answers_is_kept_by_no_cache(
    site: Site, mei: DeskAgent, desk_routes: list[Route]
) -> None:
    for method, path, needs in asked(desk_routes):
        if method != "GET" or NOBODY in path or "serve" not in needs or path.endswith("stream"):
            continue
        answer = mei.http.get(path)
        assert answer.headers["cache-control"] == "no-store", path
        assert SECURITY_HEADERS.items() <= dict(answer.headers).items()


def test_links_are_made_as_the_operators_command_makes_them(site: Site) -> None:
    keys = {new_link(site.engine, site.settings, "Mei") for _ in range(10)}
    assert len(keys) == 10
    for key in keys:
        assert site.http().get(f"{ENTER}?key={key}").status_code == 303
