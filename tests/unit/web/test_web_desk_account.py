"""One's own account at the desk: another password, which signs out everywhere else."""

from __future__ import annotations

import httpx
import pytest

from tenin.database import write_transaction
from tenin.desk import accounts, passwords
from tenin.desk.access import COOKIE
from tests.agent import DeskAgent, form_token, sign_in
from tests.unit.web.served import Site

PASSWORD = "a lantern for the night"
KEPT = passwords.hashed(PASSWORD)  # made once: each takes its time
NEW = "three boots and a tent"


@pytest.fixture
def mei_id(site: Site) -> str:
    """The id of an account with the password above."""
    with write_transaction(site.engine) as session:
        agent = accounts.create(session, "mei", "Mei Lin", "lead")
        agent.password_hash = KEPT
        return str(agent.id)


@pytest.fixture
def http(site: Site, mei_id: str) -> httpx.Client:
    """A browser that has signed in."""
    client = site.http()
    assert sign_in(client, "mei", PASSWORD).status_code == 303
    return client


def change(http: httpx.Client, **form: str) -> httpx.Response:
    token = form_token(http.get("/desk/account").text)
    fields = {"token": token, "old": PASSWORD, "new": NEW, "again": NEW, **form}
    return http.post("/desk/account", data=fields)


def signed_in(http: httpx.Client) -> bool:
    return http.get("/desk/api/me").status_code == 200


@pytest.mark.parametrize(
    ("language", "role"), [("en", "Lead"), ("zh-CN", "主管"), ("zh-TW", "主管"), ("ja", "リーダー")]
)
def test_the_page_says_who_one_is(http: httpx.Client, language: str, role: str) -> None:
    page = http.get("/desk/account", headers={"accept-language": language})
    for expected in ("Mei Lin", ">mei<", role, 'action="/desk/sign-out"'):
        assert expected in page.text
    assert "<script" not in page.text
    assert page.headers["cache-control"] == "no-store"


def test_another_password_ends_the_other_sessions(site: Site, http: httpx.Client) -> None:
    there = site.http()
    sign_in(there, "mei", PASSWORD)
    before = http.cookies[COOKIE]
    answer = change(http)
    assert (answer.status_code, answer.headers["location"]) == (303, "/desk/account?saved")
    assert "Your password is changed." in http.get("/desk/account?saved").text
    assert http.cookies[COOKIE] != before
    assert signed_in(http)
    assert not signed_in(there)
    assert not signed_in(site.http({"cookie": f"{COOKIE}={before}"}))
    assert sign_in(site.http(), "mei", PASSWORD).status_code == 403
    assert sign_in(site.http(), "mei", NEW).status_code == 303
    rows = site.rows()
    assert NEW not in str(rows)
    changed = [row for row in rows["audit_entry"] if row["action"] == "password_changed"]
    assert [(row["agent_name"], row["subject"], row["address"]) for row in changed] == [
        ("Mei Lin", "mei", "127.0.0.1")
    ]


@pytest.mark.parametrize(
    ("form", "status", "words"),
    [
        ({"old": "not the right one"}, 422, "The present password is wrong."),
        ({"old": ""}, 422, "The present password is wrong."),
        ({"again": NEW + " "}, 422, "The two new passwords differ."),
        ({"new": "short", "again": "short"}, 422, "fewer than 10"),
        ({"new": "x y" * 70, "again": "x y" * 70}, 422, "more than 200"),
        ({"new": "ＭＥＩ  lin", "again": "ＭＥＩ  lin"}, 422, "fewer than 10"),
        ({"new": "qwertyuiop", "again": "qwertyuiop"}, 422, "first that are tried"),
        ({"new": "a\tb and more of it", "again": "a\tb and more of it"}, 422, "can&#39;t be used"),
        ({"token": "made-up"}, 403, "had been open too long"),
        ({"token": ""}, 403, "had been open too long"),
    ],
    ids=lambda value: "",
)
def test_what_is_wrong_changes_nothing(
    site: Site, http: httpx.Client, form: dict[str, str], status: int, words: str
) -> None:
    before = site.rows()
    answer = change(http, **form)
    assert answer.status_code == status
    assert words in answer.text
    assert form.get("new", NEW) not in answer.text
    after = site.rows()
    for table in ("agent", "desk_session"):
        assert after[table] == before[table]
    assert signed_in(http)


def test_a_form_of_another_session_changes_nothing(site: Site, http: httpx.Client) -> None:
    other = site.http()
    sign_in(other, "mei", PASSWORD)
    token = form_token(other.get("/desk/account").text)
    assert change(http, token=token).status_code == 403


def test_the_present_password_may_not_be_guessed_without_end(
    site: Site, http: httpx.Client
) -> None:
    for _ in range(5):
        assert change(http, old="not the right one").status_code == 422
    answer = change(http)
    assert answer.status_code == 429
    assert "Please try again in 15 minutes." in answer.text
    assert sign_in(site.http(), "mei", PASSWORD).status_code == 429  # it is one count


def test_who_has_no_password_sets_one_and_needs_it_from_then_on(site: Site) -> None:
    agent = site.agent("Mei")
    page = agent.http.get("/desk/account").text
    assert "You have no password yet" in page
    assert 'name="old"' not in page
    assert change(agent.http, old="").status_code == 303
    assert signed_in(agent.http)
    assert sign_in(site.http(), "mei", NEW).status_code == 303
    assert 'name="old"' in agent.http.get("/desk/account").text
    assert change(agent.http, old="", new="still another one", again="still another one")
    assert sign_in(site.http(), "mei", "still another one").status_code == 403


def test_a_password_changed_elsewhere_ends_this_session(
    site: Site, http: httpx.Client, mei_id: str, mei: DeskAgent
) -> None:
    with write_transaction(site.engine) as session:
        accounts.set_password(session, mei_id, NEW)
    assert not signed_in(http)
    answer = http.post("/desk/account", data={"new": NEW, "again": NEW})
    assert answer.headers["location"] == "/desk/sign-in?next=/desk/account"
    assert signed_in(mei.http)  # an account of another name
