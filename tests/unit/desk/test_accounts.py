"""Accounts: what can be made of them and changed, on SQLite and PostgreSQL."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.engine import Engine

from tenin.database import read_transaction, write_transaction
from tenin.desk import accounts, audit, passwords, sessions
from tenin.desk.accounts import PERMISSIONS, Account, AccountError, account_of
from tenin.desk.models import Agent, AuditEntry, DeskSession, Role, Skill
from tenin.desk.passwords import PasswordError
from tenin.settings import DeskSettings

SETTINGS = DeskSettings()
NOW = datetime(2026, 3, 1, 12, tzinfo=timezone.utc)
BOSS = Account("boss", "Boss", "boss", "admin", PERMISSIONS[Role.ADMIN])


def made(engine: Engine, login: str = "mei", role: str = "agent", **values: Any) -> str:
    with write_transaction(engine) as session:
        return str(accounts.create(session, login, login.title(), role, **values).id)


def changed(engine: Engine, agent_id: str, **values: Any) -> Agent:
    with write_transaction(engine) as session:
        return accounts.change(session, agent_id, values, by=BOSS, address="192.0.2.1", now=NOW)


def fault(code: str, work: Callable[[], Any]) -> str:
    """The one line that says what is wrong and what helps."""
    with pytest.raises((AccountError, PasswordError)) as caught:
        work()
    error = caught.value
    assert error.code == code
    assert error.message
    assert error.remedy
    assert str(error) == f"{error.message}: {error.remedy}"
    assert "\n" not in str(error)
    return str(error)


def logged(engine: Engine) -> list[dict[str, Any]]:
    with read_transaction(engine) as session:
        return audit.entries(session)


def test_an_account_is_found_by_its_login(engine: Engine) -> None:
    agent_id = made(engine, " Mei.Lin@Shop.example ", "lead")
    with read_transaction(engine) as session:
        for login in ("mei.lin@shop.example", "MEI.LIN@SHOP.EXAMPLE", " mei.lin@shop.example"):
            agent = accounts.find(session, login)
            assert agent is not None
            assert agent.id == agent_id
        for login in ("", "mei", "mei\0", "\ud800", "x" * 10_000, "%"):
            assert accounts.find(session, login) is None
        account = account_of(accounts.by_id(session, agent_id))
    assert (account.login, account.role) == ("mei.lin@shop.example", "lead")
    assert account.permissions == {"serve", "lead"}


@pytest.mark.parametrize(
    ("code", "values"),
    [
        ("login_empty", {"login": ""}),
        ("login_empty", {"login": " \u3000"}),
        ("login_empty", {"login": None}),
        ("login_wrong", {"login": "mei lin"}),
        ("login_wrong", {"login": "-mei"}),
        ("login_wrong", {"login": "美"}),
        ("login_wrong", {"login": "x" * 65}),
        ("login_wrong", {"login": "mei\0"}),
        ("name_empty", {"name": ""}),
        ("name_empty", {"name": "\n"}),
        ("name_empty", {"name": 7}),
        ("name_wrong", {"name": "x" * 81}),
        ("name_wrong", {"name": "Mei\0"}),
        ("name_wrong", {"name": "\ud800"}),
        ("no_such_role", {"role": "chief"}),
        ("no_such_role", {"role": ""}),
        ("no_such_role", {"role": None}),
        ("no_such_skill", {"skills": ["returns", "juggling"]}),
        ("no_such_language", {"languages": ["en", "tlh"]}),
        ("not_a_list", {"skills": "returns"}),
        ("not_a_list", {"languages": [1]}),
        ("not_a_list", {"languages": None}),
        ("capacity_wrong", {"capacity": 0}),
        ("capacity_wrong", {"capacity": 51}),
        ("capacity_wrong", {"capacity": "3"}),
        ("capacity_wrong", {"capacity": True}),
        ("capacity_wrong", {"capacity": 2.0}),
    ],
    ids=lambda value: value if isinstance(value, str) else ascii(value)[:30],
)
def test_what_can_not_be_taken_is_told(engine: Engine, code: str, values: dict[str, Any]) -> None:
    with write_transaction(engine) as session:
        session.add(Skill(id="returns", titles={}, categories=[]))
    good: dict[str, Any] = {"login": "mei", "name": "Mei", "role": "agent"}

    def make() -> None:
        with write_transaction(engine) as session:
            accounts.create(session, **{**good, **values})

    fault(code, make)
    agent_id = made(engine, "lin", skills=["returns", "returns"], languages=["ja", "en"])
    fault(code, lambda: changed(engine, agent_id, **values))
    with read_transaction(engine) as session:
        [agent] = session.execute(select(Agent)).scalars()
    assert (agent.login, agent.name, agent.role, agent.capacity) == ("lin", "Lin", "agent", 3)
    assert (agent.skills, agent.languages) == (["returns"], ["ja", "en"])


def test_a_login_is_one_accounts_alone(engine: Engine) -> None:
    made(engine, "mei")
    other = made(engine, "lin")
    assert "mei" in fault("login_taken", lambda: made(engine, "MEI"))
    fault("login_taken", lambda: changed(engine, other, login="Mei"))
    assert changed(engine, other, login="LIN").login == "lin"  # its own is no other's


def test_of_many_who_take_a_login_at_once_one_has_it(engine: Engine) -> None:
    def take(_: int) -> str:
        try:
            return made(engine, "mei")
        except AccountError as error:
            return error.code

    with ThreadPoolExecutor(6) as crowd:
        found = list(crowd.map(take, range(6)))
    assert found.count("login_taken") == 5


def test_what_is_changed_is_written_down_with_what_it_was(engine: Engine) -> None:
    agent_id = made(engine, "mei")
    agent = changed(engine, agent_id, name="Mei  Lin", capacity=5, languages=["ja"], role="agent")
    assert (agent.name, agent.capacity, agent.languages) == ("Mei Lin", 5, ["ja"])
    changed(engine, agent_id, name="Mei Lin")  # nothing new, nothing to tell
    [entry, made_entry] = logged(engine)
    assert entry["action"] == "account_changed"
    assert entry["subject"] == "mei"
    assert entry["agent"] == {"id": "boss", "name": "Boss"}
    assert (entry["address"], entry["at"]) == ("192.0.2.1", "2026-03-01T12:00:00Z")
    assert entry["detail"] == {
        "name": ["Mei", "Mei Lin"],
        "capacity": [3, 5],
        "languages": [[], ["ja"]],
    }
    assert (made_entry["action"], made_entry["agent"]) == ("account_made", None)


def test_what_is_no_value_of_an_account_is_refused(engine: Engine) -> None:
    agent_id = made(engine, "mei")
    for values in ({"id": "x"}, {"password_hash": "x"}, {"presence": "online"}, {"nothing": 1}):
        line = fault("no_such_value", lambda values=values: changed(engine, agent_id, **values))
        assert next(iter(values)) in line
    fault("active_wrong", lambda: changed(engine, agent_id, active="no"))
    for unknown in ("nobody", "", "\0", "x" * 99, "'"):
        fault("no_such_account", lambda unknown=unknown: changed(engine, unknown, name="x"))


def test_the_last_active_admin_stays_one(engine: Engine) -> None:
    first = made(engine, "mei", "admin")
    for values in ({"role": "lead"}, {"active": False}, {"role": "agent", "active": False}):
        line = fault("last_admin", lambda values=values: changed(engine, first, **values))
        assert "mei is the last active admin" in line
    changed(engine, first, name="Mei Lin")
    second = made(engine, "lin", "admin")
    changed(engine, first, active=False)
    fault("last_admin", lambda: changed(engine, second, role="lead"))
    changed(engine, first, name="Mei", role="lead")  # who isn't active may be demoted
    changed(engine, first, active=True, role="admin")
    changed(engine, second, role="lead")


def test_two_admins_can_not_demote_each_other_at_once(engine: Engine) -> None:
    both = [made(engine, login, "admin") for login in ("mei", "lin")]

    def demote(agent_id: str) -> str:
        try:
            changed(engine, agent_id, role="agent")
        except AccountError as error:
            return error.code
        return "done"

    with ThreadPoolExecutor(2) as pair:
        assert sorted(pair.map(demote, both)) == ["done", "last_admin"]


@pytest.mark.parametrize(
    ("values", "ends"),
    [
        ({"role": "lead"}, True),
        ({"active": False}, True),
        ({"name": "Lin"}, False),
        ({"role": "agent", "capacity": 4}, False),
    ],
    ids=str,
)
def test_what_ends_sessions(engine: Engine, values: dict[str, Any], ends: bool) -> None:
    mei, lin = made(engine, "mei"), made(engine, "lin")
    with write_transaction(engine) as session:
        tokens = [sessions.open_session(session, each, SETTINGS) for each in (mei, mei, lin)]
    changed(engine, mei, **values)
    with read_transaction(engine) as session:
        found = [sessions.find_session(session, token, SETTINGS) is None for token in tokens]
    assert found == [ends, ends, False]


def test_an_account_of_a_name_is_made_once(engine: Engine) -> None:
    def named(name: str, role: str = "agent") -> Agent:
        with write_transaction(engine) as session:
            return accounts.named(session, name, role)

    first = named("Mei 美", "lead")
    assert (first.login, first.role, first.password_hash) == ("mei", "lead", None)
    assert named(" Mei  美 ", "admin").id == first.id
    assert named("Mei 美").role == "lead"
    other = named("Mei")  # another name, whose login is taken
    assert other.login.startswith("mei-")
    japanese = named("春")
    assert japanese.login == japanese.id
    changed(engine, japanese.id, name="Haru")
    assert named("春").id != japanese.id
    made(engine, "mei2")
    changed(engine, other.id, name="Mei2")
    line = fault("name_ambiguous", lambda: named("Mei2"))
    assert other.login in line
    assert "mei2" in line
    fault("name_empty", lambda: named(" "))


# Passwords


@pytest.mark.parametrize(
    ("code", "password"),
    [
        ("password_too_short", ""),
        ("password_too_short", "nine char"),
        ("password_too_long", "boots " * 34),
        ("password_is_name", "mei.lin@shop"),
        ("password_is_name", "MEI.LIN@SHOP"),
        ("password_is_name", "Ｍｅｉ Ｌｉｎ Ｗａｎｇ"),
        ("password_is_name", " Mei Lin Wang "),
        ("password_common", "1234567890"),
        ("password_common", "Password123"),
        ("password_common", "aaaaaaaaaaaa"),
        ("password_common", "QWERTYUIOP"),
        ("password_not_text", "boots\0and a tent"),
        ("password_not_text", "boots\nand a tent"),
        ("password_not_text", "boots \ud800 and a tent"),
    ],
    ids=lambda value: ascii(value)[:24],
)
def test_passwords_that_are_not_taken(engine: Engine, code: str, password: str) -> None:
    agent_id = made(engine, "mei.lin@shop")
    changed(engine, agent_id, name="Mei Lin Wang")

    def change() -> None:
        with write_transaction(engine) as session:
            accounts.set_password(session, agent_id, password)

    line = fault(code, change)
    assert not password or password not in line

    def make() -> None:
        with write_transaction(engine) as session:
            accounts.create(session, "mei.lin@shop", "Mei Lin Wang", password=password)

    with write_transaction(engine) as session:
        session.delete(session.get(Agent, agent_id))
    fault(code, make)


@pytest.mark.parametrize(
    "password", ["boots&tents", "長靴と寝袋とランタンと本", "a b c d e f", "x" * 100 + "y"]
)
def test_passwords_that_are(engine: Engine, password: str) -> None:
    agent_id = made(engine, "mei")
    with write_transaction(engine) as session:
        token = sessions.open_session(session, agent_id, SETTINGS)
        agent = accounts.set_password(session, agent_id, password, by=BOSS)
        assert sessions.find_session(session, token, SETTINGS) is None
        kept = agent.password_hash
    assert kept is not None
    assert kept.startswith("$argon2id$")
    assert passwords.is_right(kept, password)
    assert not passwords.is_right(kept, password + " ")
    assert not passwords.is_right(None, password)
    assert logged(engine)[0] | {"id": 0, "at": ""} == {
        "id": 0,
        "at": "",
        "agent": {"id": "boss", "name": "Boss"},
        "action": "password_changed",
        "subject": "mei",
        "detail": {},
        "address": None,
    }
    with read_transaction(engine) as session:
        assert password not in str(
            [vars(row) for row in session.execute(select(AuditEntry)).scalars()]
        )


def test_full_width_signs_are_the_same_password() -> None:
    kept = passwords.hashed("lantern 2026!")
    assert passwords.is_right(kept, "ｌａｎｔｅｒｎ　２０２６！")
    assert passwords.is_right(passwords.hashed("re\u0301sume\u0301s are long"), "résumés are long")


def test_what_is_kept_and_broken_opens_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    # Also where somebody knew the password that unknown accounts are compared with.
    known = passwords.hashed("a lantern for the night")
    monkeypatch.setattr(passwords, "_decoy", lambda: known)
    for kept in ("", "plain text", "$argon2id$v=19$m=65536,t=3,p=4$broken"):
        assert not passwords.is_right(kept, kept)
        assert not passwords.is_right(kept, "a lantern for the night")
    assert not passwords.is_right(None, "a lantern for the night")
    assert not passwords.is_right(passwords.hashed("a lantern"), "\ud800")


# Sessions


def test_a_session_ends_on_time(engine: Engine) -> None:
    agent_id = made(engine)
    with write_transaction(engine) as session:
        token = sessions.open_session(session, agent_id, SETTINGS, NOW)

    def found(after: timedelta) -> bool:
        with read_transaction(engine) as session:
            return sessions.find_session(session, token, SETTINGS, NOW + after) is not None

    second = timedelta(seconds=1)
    assert found(timedelta())
    assert found(timedelta(hours=4) - second)
    assert not found(timedelta(hours=4))
    for hours in (3, 6, 9, 11):
        with write_transaction(engine) as session:
            sessions.touch_session(session, token, NOW + timedelta(hours=hours))
    assert found(timedelta(hours=12) - second)
    assert not found(timedelta(hours=12))


def test_a_use_is_written_again_after_a_minute(engine: Engine) -> None:
    agent_id = made(engine)
    with write_transaction(engine) as session:
        token = sessions.open_session(session, agent_id, SETTINGS, NOW)
        for seconds, touch in ((0, False), (59, False), (61, True)):
            at = NOW + timedelta(seconds=seconds)
            found = sessions.find_session(session, token, SETTINGS, at)
            assert found is not None
            assert found.touch is touch


def test_only_the_hash_of_a_token_is_kept(engine: Engine) -> None:
    agent_id = made(engine)
    with write_transaction(engine) as session:
        token = sessions.open_session(session, agent_id, SETTINGS)
        [row] = session.execute(select(DeskSession)).scalars()
        assert token not in str(vars(row))
        assert sessions.find_session(session, row.token_hash, SETTINGS) is None
        assert sessions.end_session(session, token + "x") is None
        assert sessions.end_session(session, token) == agent_id
        assert sessions.end_session(session, token) is None
        assert sessions.find_session(session, token, SETTINGS) is None


# The audit log


def test_entries_come_page_by_page_the_newest_first(engine: Engine) -> None:
    with write_transaction(engine) as session:
        for number in range(7):
            audit.record(session, None, "tried", str(number), now=NOW)
    with read_transaction(engine) as session:
        first = audit.entries(session, limit=3)
        second = audit.entries(session, before=first[-1]["id"], limit=3)
        last = audit.entries(session, before=second[-1]["id"], limit=3)
        assert audit.entries(session, before=last[-1]["id"]) == []
        assert len(audit.entries(session, limit=0)) == 1
    assert [entry["subject"] for entry in [*first, *second, *last]] == list("6543210")
