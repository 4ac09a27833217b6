"""Signing in by password: who gets in, how often one may try, and what no other site can do."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from http.cookies import SimpleCookie
from typing import Any
from urllib.parse import urlencode

import httpx
import pytest
from argon2 import PasswordHasher
from sqlalchemy import select, update

from tenin.database import read_transaction, write_transaction
from tenin.desk import accounts, passwords
from tenin.desk.access import COOKIE
from tenin.desk.forms import FORM_COOKIE
from tenin.desk.models import Agent, AuditEntry, SignInAttempt
from tests.agent import DeskAgent, form_token, sign_in
from tests.unit.web.conftest import SiteMaker
from tests.unit.web.refusals import refused
from tests.unit.web.served import Site

PASSWORD = "a lantern for the night"
KEPT = passwords.hashed(PASSWORD)  # made once: each takes its time


def account(site: Site, login: str = "mei", role: str = "agent", kept: str | None = KEPT) -> str:
    """Make an account with the password above; its id."""
    with write_transaction(site.engine) as session:
        agent = accounts.create(session, login, login.title(), role)
        agent.password_hash = kept
        return str(agent.id)


def row(site: Site, login: str = "mei") -> Agent:
    with read_transaction(site.engine) as session:
        agent = accounts.find(session, login)
        assert agent is not None
        return agent


def audit(site: Site) -> list[tuple[str, str | None]]:
    """What was written down since the accounts were made, the oldest first."""
    with read_transaction(site.engine) as session:
        rows = session.execute(select(AuditEntry).order_by(AuditEntry.id)).scalars().all()
    return [(row.action, row.subject) for row in rows if row.action != "account_made"]


def later(site: Site, by: timedelta) -> None:
    """Let time go by for the tries that were written down."""
    with write_transaction(site.engine) as session:
        for attempt in session.execute(select(SignInAttempt)).scalars():
            session.execute(
                update(SignInAttempt)
                .where(SignInAttempt.id == attempt.id)
                .values(at=attempt.at - by)
            )


def signed_in(http: httpx.Client) -> bool:
    return http.get("/desk/api/me").status_code == 200


def test_a_password_opens_the_desk(site: Site) -> None:
    account(site)
    http = site.http()
    answer = sign_in(http, " Mei ", PASSWORD)  # however its letters are written
    assert (answer.status_code, answer.headers["location"]) == (303, "/desk")
    assert answer.headers["cache-control"] == "no-store"
    assert http.get("/desk/api/me").json()["agent"]["name"] == "Mei"
    assert http.get("/desk").status_code == 200
    given = next(value for value in answer.headers.get_list("set-cookie") if COOKIE in value)
    cookie = SimpleCookie(given)[COOKIE]
    assert cookie["httponly"] is True
    assert (cookie["samesite"].lower(), cookie["path"]) == ("lax", "/desk")
    assert PASSWORD not in str(site.rows())
    assert http.cookies[COOKIE] not in str(site.rows())
    assert audit(site) == [("signed_in", "mei")]


def test_the_tests_agent_may_sign_in_so(site: Site) -> None:
    account(site, "lin", "lead")
    agent = DeskAgent(site.url, login="lin", password=PASSWORD)
    assert agent.conversations() == []
    agent.http.close()


@pytest.mark.parametrize(
    ("login", "password"),
    [
        ("mei", PASSWORD + "!"),
        ("mei", PASSWORD[:-1]),
        ("mei", ""),
        ("", PASSWORD),
        ("", ""),
        ("nobody", PASSWORD),
        ("link-only", PASSWORD),
        ("link-only", ""),
        ("inactive", PASSWORD),
        ("mei\0", PASSWORD),
        ("mei' OR 1=1 --", PASSWORD),
        ("x" * 5_000, "y" * 5_000),
        ("\ud800美", "\udfff"),
    ],
    ids=lambda text: text[:12].encode("unicode_escape").decode(),
)
def test_what_is_wrong_is_told_the_same_way(site: Site, login: str, password: str) -> None:
    account(site)
    account(site, "link-only", kept=None)
    inactive = account(site, "inactive")
    with write_transaction(site.engine) as session:
        accounts.change(session, inactive, {"active": False})
    http = site.http()
    page = http.get("/desk/sign-in")
    form = {"token": form_token(page.text), "login": login, "password": password}
    answer = http.post("/desk/sign-in", content=urlencode(form, errors="surrogatepass"))
    assert answer.status_code == 403
    assert "Login or password is wrong." in answer.text
    assert not password or f'value="{password}"' not in answer.text
    assert not [each for each in answer.headers.get_list("set-cookie") if f"{COOKIE}=" in each]
    assert not signed_in(http)
    [attempt] = site.rows()["sign_in_attempt"]
    assert attempt["succeeded"] is False
    entries = site.rows()["audit_entry"]
    [failure] = [entry for entry in entries if entry["action"] == "sign_in_failed"]
    known = login if login in ("mei", "link-only", "inactive") else None
    assert (failure["subject"], failure["agent_id"]) == (known, None)
    assert failure["address"] == "127.0.0.1"


def test_what_was_typed_is_kept_nowhere(site: Site) -> None:
    account(site)
    sign_in(site.http(), "my password, typed into the wrong field", "mei-typed-here")
    rows = str(site.rows())
    assert "typed into" not in rows
    assert "typed-here" not in rows


def test_an_unknown_login_costs_as_much_as_a_wrong_password(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    checked = []
    verify = PasswordHasher.verify

    def counted(self: PasswordHasher, kept: str, password: str) -> bool:
        checked.append(passwords.needs_new_hash(kept))
        return bool(verify(self, kept, password))

    monkeypatch.setattr(PasswordHasher, "verify", counted)
    account(site)
    account(site, "link-only", kept=None)
    for login in ("mei", "nobody", "link-only"):
        sign_in(site.http(), login, "not the right one")
    assert checked == [False, False, False]  # each once, with the same parameters


def test_a_password_kept_with_older_parameters_is_kept_anew(site: Site) -> None:
    weak = PasswordHasher(time_cost=1, memory_cost=1024, parallelism=1)
    account(site, kept=weak.hash(PASSWORD))
    assert sign_in(site.http(), "mei", PASSWORD).status_code == 303
    kept = row(site).password_hash
    assert kept is not None
    assert not passwords.needs_new_hash(kept)
    assert sign_in(site.http(), "mei", PASSWORD).status_code == 303
    assert row(site).password_hash == kept


def test_a_wrong_password_renews_nothing(site: Site) -> None:
    weak = PasswordHasher(time_cost=1, memory_cost=1024, parallelism=1).hash(PASSWORD)
    account(site, kept=weak)
    sign_in(site.http(), "mei", "not the right one")
    assert row(site).password_hash == weak


# Where one comes from and goes to


@pytest.mark.parametrize(
    ("wanted", "goes"),
    [
        ("", "/desk"),
        ("/desk/account", "/desk/account"),
        ("/desk/blueprints?a=1&b=%E7%BE%8E", "/desk/blueprints?a=1&b=%E7%BE%8E"),
        ("https://elsewhere.example", "/desk"),
        ("//elsewhere.example/desk", "/desk"),
        ("/\\elsewhere.example", "/desk"),
        ("/desk\\..\\x", "/desk"),
        ("/desk.elsewhere.example", "/desk"),
        ("/desk@elsewhere.example", "/desk"),
        ("/", "/desk"),
        ("/desk/a\r\nset-cookie: a=b", "/desk"),
        ("javascript:alert(1)", "/desk"),
        ("/desk/sign-out", "/desk"),
        ("/desk/sign-in", "/desk"),
        ("/desk/enter?key=made-up", "/desk"),
    ],
)
def test_one_goes_on_to_the_desks_own_pages_alone(site: Site, wanted: str, goes: str) -> None:
    account(site)
    http = site.http()
    page = http.get("/desk/sign-in", params={"next": wanted})
    shown = re.search(r'name="next" value="([^"]*)"', page.text)
    assert shown
    assert shown[1] in ("", wanted.replace("&", "&amp;"))
    answer = sign_in(http, "mei", PASSWORD, wanted)
    assert (answer.status_code, answer.headers["location"]) == (303, goes)
    # And so does who is signed in already.
    again = http.get("/desk/sign-in", params={"next": wanted})
    assert (again.status_code, again.headers["location"]) == (303, goes)


def test_who_was_sent_to_sign_in_comes_back(site: Site) -> None:
    account(site)
    http = site.http()
    sent = http.get("/desk/blueprints?from=mail&x=1")
    page = http.get(sent.headers["location"])
    assert 'value="/desk/blueprints?from=mail&amp;x=1"' in page.text


def test_a_trainer_goes_where_trainers_may(site: Site) -> None:
    account(site, "tao", "trainer")
    http = site.http()
    assert sign_in(http, "tao", PASSWORD).headers["location"] == "/desk/train/missed"
    assert http.get("/desk/train/missed").status_code == 200
    assert http.get("/desk").status_code == 403


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("en", "Sign in to the desk"),
        ("zh-CN", "登录客服工作台"),
        ("zh-TW", "登入客服工作台"),
        ("ja", "対応デスクにログイン"),
    ],
)
def test_the_form_is_in_the_readers_language(site: Site, language: str, words: str) -> None:
    page = site.http({"accept-language": language}).get("/desk/sign-in")
    assert words in page.text
    assert "<script" not in page.text
    assert page.headers["cache-control"] == "no-store"
    assert "tenin_desk_form" in page.headers["set-cookie"]


# Another site's page


def test_a_session_is_never_one_that_was_there_before(site: Site) -> None:
    account(site)
    account(site, "lin")
    http = site.http()
    http.cookies.set(COOKIE, "planted-by-somebody-else", path="/desk")
    sign_in(http, "mei", PASSWORD)
    mine = http.cookies.get(COOKIE, domain="127.0.0.1")
    assert mine not in (None, "planted-by-somebody-else")
    # Signed in as another in the same browser: the session before is over.
    page = site.http().get("/desk/sign-in")
    form_value = SimpleCookie(page.headers["set-cookie"])[FORM_COOKIE].value
    answer = site.http().post(
        "/desk/sign-in",
        data={"token": form_token(page.text), "login": "lin", "password": PASSWORD},
        headers={"cookie": f"{COOKIE}={mine}; {FORM_COOKIE}={form_value}"},
    )
    assert answer.status_code == 303
    assert not signed_in(site.http({"cookie": f"{COOKIE}={mine}"}))


@pytest.mark.parametrize(
    "form",
    [
        {},
        {"token": ""},
        {"token": "made-up"},
        {"token": "another's"},
        {"token": "right", "cookie": ""},
        {"token": "right", "cookie": "x" * 43},
        {"token": "right", "cookie": "made-up"},
    ],
    ids=str,
)
def test_a_form_that_is_not_this_browsers_signs_nobody_in(site: Site, form: dict[str, str]) -> None:
    account(site)
    http = site.http()
    page = http.get("/desk/sign-in")
    right = form_token(page.text)
    others = form_token(site.http().get("/desk/sign-in").text)
    assert right != others
    data = {"login": "mei", "password": PASSWORD}
    if "token" in form:
        data["token"] = {"right": right, "another's": others}.get(form["token"], form["token"])
    if "cookie" in form:
        http.cookies.clear()
        http.cookies.set(FORM_COOKIE, form["cookie"], path="/desk/sign-in")
    answer = http.post("/desk/sign-in", data=data)
    assert answer.status_code == 403
    assert "had been open too long" in answer.text
    assert not signed_in(http)
    assert site.rows()["sign_in_attempt"] == []  # no password was looked at
    if "cookie" not in form:
        assert form_token(answer.text) == right  # and the form is there again, ready to be sent


@pytest.mark.parametrize(
    "headers",
    [{"sec-fetch-site": "cross-site"}, {"sec-fetch-site": "same-site"}, {"origin": "null"}],
    ids=str,
)
def test_another_sites_form_signs_nobody_in_or_out(site: Site, headers: dict[str, str]) -> None:
    account(site)
    http = site.http()
    token = form_token(http.get("/desk/sign-in").text)
    data = {"token": token, "login": "mei", "password": PASSWORD}
    with refused(site, 403, "from_another_site", http) as send:
        for path in ("/desk/sign-in", "/desk/sign-out"):
            send("POST", path, data=data, headers=headers)
    sign_in(http, "mei", PASSWORD)
    within = form_token(http.get("/desk/account").text)
    change = {"token": within, "old": PASSWORD, "new": "another long one", "again": ""}
    with refused(site, 403, "from_another_site", http) as send:
        send("POST", "/desk/account", data=change, headers=headers)
        send("POST", "/desk/sign-out", data={"token": within}, headers=headers)
    assert signed_in(http)


def test_what_is_no_form_is_refused(site: Site) -> None:
    with refused(site, 400, "not_a_form") as send:
        send("POST", "/desk/sign-in", content=b"login=\xff\xfe")
        send("POST", "/desk/sign-in", content=b"a=1&" * 60)
    with refused(site, 413, "body_too_large") as send:
        send("POST", "/desk/sign-in", content=b"a" * 70_000)


# Signing out


def test_signing_out_ends_this_browsers_session_alone(site: Site) -> None:
    account(site)
    here, there = site.http(), site.http()
    for http in (here, there):
        sign_in(http, "mei", PASSWORD)
    kept = here.cookies[COOKIE]
    token = form_token(here.get("/desk/account").text)
    answer = here.post("/desk/sign-out", data={"token": token})
    assert (answer.status_code, answer.headers["location"]) == (303, "/desk/sign-in?signed_out")
    assert COOKIE not in here.cookies
    assert not signed_in(site.http({"cookie": f"{COOKIE}={kept}"}))  # also where it was kept
    assert signed_in(there)
    assert "You are signed out." in here.get("/desk/sign-in?signed_out").text
    assert audit(site)[-1] == ("signed_out", "mei")


def test_the_desks_script_signs_out_by_its_header(site: Site, mei: DeskAgent) -> None:
    answer = mei.http.post("/desk/sign-out")
    assert answer.status_code == 204
    assert not signed_in(mei.http)
    with refused(site, 403, "not_from_the_desk") as send:
        send("POST", "/desk/sign-out", headers={"x-tenin-desk": "0"})


def test_nobody_is_signed_out_by_a_form_of_another_session(site: Site, mei: DeskAgent) -> None:
    other = site.agent("Lin")
    token = form_token(other.http.get("/desk/account").text)
    del mei.http.headers["x-tenin-desk"]
    with refused(site, 403, "not_from_the_desk", mei.http) as send:
        send("POST", "/desk/sign-out", data={"token": token})
        send("POST", "/desk/sign-out", data={})
        send("POST", "/desk/sign-out")
    assert signed_in(mei.http)


def test_who_is_not_signed_in_may_sign_out_all_the_same(site: Site) -> None:
    answer = site.http().post("/desk/sign-out")
    assert answer.status_code == 303
    assert site.rows()["audit_entry"] == []


# Too many tries


def fail(site: Site, login: str = "mei", **client: Any) -> httpx.Response:
    return sign_in(site.http(**client), login, "not the right one")


@pytest.mark.parametrize("login", ["mei", "nobody"])
def test_after_five_failures_a_login_waits(site: Site, login: str) -> None:
    account(site)
    for _ in range(5):
        assert fail(site, login).status_code == 403
    before = len(site.rows()["sign_in_attempt"])
    for password in ("not the right one", PASSWORD):  # the right one as well
        answer = sign_in(site.http(), login, password)
        assert answer.status_code == 429
        assert "Please try again in 15 minutes." in answer.text
        assert 14 * 60 < int(answer.headers["retry-after"]) <= 15 * 60
    assert len(site.rows()["sign_in_attempt"]) == before  # waiting helps
    locked = ("sign_in_locked", login if login == "mei" else None)
    assert audit(site).count(locked) == 1
    later(site, timedelta(minutes=14, seconds=30))
    answer = sign_in(site.http(), login, PASSWORD)
    assert "Please try again in 1 minute." in answer.text
    later(site, timedelta(seconds=31))
    assert sign_in(site.http(), login, PASSWORD).status_code == (303 if login == "mei" else 403)


def test_the_wait_outlasts_a_restart(make_site: SiteMaker, databases: Any) -> None:
    site = make_site(DESK_SIGN_IN_FAILURES=1)
    account(site)
    assert fail(site).status_code == 403
    again = make_site(DESK_SIGN_IN_FAILURES=1, DATABASE_URL=site.settings.database.url)
    assert sign_in(again.http(), "mei", PASSWORD).status_code == 429


def test_other_logins_do_not_wait(site: Site) -> None:
    account(site)
    account(site, "lin")
    for _ in range(5):
        fail(site, "mei")
    assert sign_in(site.http(), "lin", PASSWORD).status_code == 303


def test_who_gets_in_begins_to_count_anew(site: Site) -> None:
    account(site)
    for _ in range(4):
        fail(site)
    assert sign_in(site.http(), "mei", PASSWORD).status_code == 303
    for _ in range(4):
        assert fail(site).status_code == 403
    assert sign_in(site.http(), "mei", PASSWORD).status_code == 303


def test_an_address_waits_after_its_own_failures(make_site: SiteMaker) -> None:
    site = make_site(DESK_SIGN_IN_FAILURES_BY_ADDRESS=3, WEB_TRUSTED_PROXIES="127.0.0.1")
    account(site)

    def come(address: str, login: str, password: str) -> int:
        http = site.http({"x-forwarded-for": address})
        return sign_in(http, login, password).status_code

    for login in ("a", "b"):
        assert come("192.0.2.1", login, PASSWORD) == 403
    # A success doesn't make the address's failures undone.
    assert come("192.0.2.1", "mei", PASSWORD) == 303
    assert come("192.0.2.1", "c", PASSWORD) == 403
    assert come("192.0.2.1", "mei", PASSWORD) == 429
    assert come("192.0.2.2", "mei", PASSWORD) == 303  # others come in
    # One IPv6 network is one address.
    for number in range(3):
        assert come(f"2001:db8:1:2::{number + 1}", "nobody", PASSWORD) == 403
    assert come("2001:db8:1:2:ffff::9", "mei", PASSWORD) == 429
    assert come("2001:db8:1:3::1", "mei", PASSWORD) == 303


def test_an_address_that_the_client_wrote_itself_does_not_count(make_site: SiteMaker) -> None:
    site = make_site(DESK_SIGN_IN_FAILURES_BY_ADDRESS=2)
    account(site)
    for number in range(2):
        http = site.http({"x-forwarded-for": f"192.0.2.{number}"})
        assert sign_in(http, f"nobody{number}", "not the right one").status_code == 403
    http = site.http({"x-forwarded-for": "192.0.2.77"})
    assert sign_in(http, "mei", PASSWORD).status_code == 429


def test_many_tries_at_once_are_counted_one_by_one(site: Site) -> None:
    account(site)
    with ThreadPoolExecutor(12) as crowd:
        found = sorted(answer.status_code for answer in crowd.map(lambda _: fail(site), range(12)))
    assert found == [403] * 5 + [429] * 7
    assert len(site.rows()["sign_in_attempt"]) == 5
