"""The accounts of the desk: who may come, as what, and what each role may do.

Every change is written into the audit log in the same transaction (`tenin.desk.audit`). What is
wrong with a value is an AccountError, which routes and commands turn into their own form.
"""

from __future__ import annotations

import hashlib
import re
import secrets
import unicodedata
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from tenin.clock import utcnow
from tenin.desk import audit, passwords
from tenin.desk.models import Agent, Role, Skill
from tenin.desk.sessions import end_sessions
from tenin.language.languages import configured

SERVE, LEAD, TRAIN, ADMIN = "serve", "lead", "train", "admin"
PERMISSIONS: Mapping[Role, frozenset[str]] = {
    Role.AGENT: frozenset({SERVE}),
    Role.LEAD: frozenset({SERVE, LEAD}),
    Role.TRAINER: frozenset({TRAIN}),
    Role.ADMIN: frozenset({SERVE, LEAD, TRAIN, ADMIN}),
}
ANY_ROLE = tuple(sorted(frozenset().union(*PERMISSIONS.values())))

LOGIN = re.compile(r"[a-z0-9][a-z0-9._@+-]{0,63}")
ID = re.compile(r"[A-Za-z0-9_-]{1,32}")
LONGEST_NAME = 80
MOST_AT_ONCE = 50
CHANGEABLE = ("login", "name", "role", "skills", "languages", "capacity", "active")
ENDS_SESSIONS = ("role", "active")


class AccountError(Exception):
    """What can't be done with an account: `code` for programs, message and `remedy` for people."""

    def __init__(self, code: str, message: str, remedy: str) -> None:
        """Hold what is wrong and what helps."""
        super().__init__(f"{message}: {remedy}")
        self.code, self.message, self.remedy = code, message, remedy


@dataclass(frozen=True)
class Account:
    """Who is signed in: what a request may know of an account."""

    id: str
    name: str
    login: str
    role: str
    permissions: frozenset[str]


def account_of(agent: Agent) -> Account:
    """The account of a row."""
    role = Role(agent.role)
    return Account(agent.id, agent.name, agent.login, role.value, PERMISSIONS[role])


def create(
    session: Session,
    login: str,
    name: str,
    role: str = Role.AGENT.value,
    *,
    skills: Iterable[str] = (),
    languages: Iterable[str] = (),
    capacity: int = 3,
    password: str | None = None,
    by: Account | None = None,
    address: str | None = None,
    now: datetime | None = None,
) -> Agent:
    """Make an account.

    Args:
        skills, languages: what the agent serves; none stands for all.
        password: None: the account can be entered by a one-time link alone.
        by: who makes it; None: a command on the machine.

    Raises:
        AccountError: if a value can't be taken, or the login is another account's.
        PasswordError: if the password can't be.
    """
    values = check(
        session, login, name, role, skills=skills, languages=languages, capacity=capacity
    )
    return _add(session, secrets.token_hex(8), values, password, by, address, now)


def check(
    session: Session,
    login: str,
    name: str,
    role: str,
    *,
    skills: Iterable[str] = (),
    languages: Iterable[str] = (),
    capacity: int = 3,
) -> dict[str, Any]:
    """The values of a new account as they would be kept. Raises AccountError as `create` does."""
    values: dict[str, Any] = {
        "login": _login(login),
        "name": _name(name),
        "role": _role(role),
        "skills": _skills(session, skills),
        "languages": _languages(languages),
        "capacity": _capacity(capacity),
    }
    _check_free(session, values["login"])
    return values


def find(session: Session, login: str) -> Agent | None:
    """The account of a login, however its letters are written; None if there is none."""
    login = login.strip().lower()
    if not LOGIN.fullmatch(login):
        return None
    wanted = select(Agent).where(Agent.login == login)
    found: Agent | None = session.execute(wanted).scalar_one_or_none()
    return found


def by_id(session: Session, agent_id: str) -> Agent:
    """The account of an id. Raises AccountError if there is none."""
    agent: Agent | None = session.get(Agent, agent_id) if ID.fullmatch(agent_id) else None
    if agent is None:
        raise AccountError(
            "no_such_account", "there is no such account", "look at the list of accounts again"
        )
    return agent


def by_login(session: Session, login: str) -> Agent:
    """The account of a login. Raises AccountError if there is none."""
    agent = find(session, login)
    if agent is None:
        raise AccountError(
            "no_such_account",
            f"there is no account {login!r}",
            "see `tenin agent list`, or make it with `tenin agent add`",
        )
    return agent


def every(session: Session) -> list[Agent]:
    """All accounts, the active ones first, by login."""
    wanted = select(Agent).order_by(Agent.active.desc(), Agent.login)
    return list(session.execute(wanted).scalars())


def named(
    session: Session,
    name: str,
    role: str = Role.AGENT.value,
    now: datetime | None = None,
) -> Agent:
    """The one account of a name, made without a password if there is none.

    Raises:
        AccountError: if the name can't be taken, or several accounts have it.
    """
    name = _name(name)
    rows: list[Agent] = session.execute(select(Agent).where(Agent.name == name)).scalars().all()
    if len(rows) > 1:
        logins = ", ".join(sorted(row.login for row in rows))
        raise AccountError(
            "name_ambiguous", f"several accounts are called {name}", f"name one by login: {logins}"
        )
    if rows:
        return rows[0]
    # As links named agents before there were accounts: their conversations stay theirs.
    agent_id = hashlib.sha256(f"agent:{name}".encode()).hexdigest()[:16]
    ascii_name = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    login = re.sub(r"[^a-z0-9]+", "-", ascii_name).strip("-")[:40] or agent_id
    if find(session, login) is not None:
        login = f"{login}-{agent_id}"
    if session.get(Agent, agent_id) is not None:  # an account of this name was renamed since
        agent_id = secrets.token_hex(8)
    values = {
        "login": login,
        "name": name,
        "role": _role(role),
        "skills": [],
        "languages": [],
        "capacity": 3,
    }
    return _add(session, agent_id, values, None, None, None, now)


def change(
    session: Session,
    agent_id: str,
    values: Mapping[str, Any],
    *,
    by: Account | None = None,
    address: str | None = None,
    now: datetime | None = None,
) -> Agent:
    """Change an account: any of `CHANGEABLE`. Another role, or none active, ends its sessions.

    Raises:
        AccountError: if there is no such account, a value can't be taken, the login is another
            account's, or no active admin would be left.
    """
    admins = _active_admins(session)  # locked first, so that two can't demote each other
    agent = by_id(session, agent_id)
    if unknown := sorted(set(values) - set(CHANGEABLE)):
        raise AccountError(
            "no_such_value",
            f"an account has no {', '.join(unknown)} to change",
            f"change {', '.join(CHANGEABLE)}",
        )
    readers: dict[str, Callable[[Any], Any]] = {
        "login": _login,
        "name": _name,
        "role": _role,
        "skills": lambda value: _skills(session, value),
        "languages": _languages,
        "capacity": _capacity,
        "active": _active,
    }
    new = {key: readers[key](value) for key, value in values.items()}
    changed = {key: value for key, value in new.items() if getattr(agent, key) != value}
    if "login" in changed:
        _check_free(session, changed["login"])
    loses_admin = changed.get("role", agent.role) != Role.ADMIN.value or not changed.get(
        "active", agent.active
    )
    if loses_admin and [admin.id for admin in admins] == [agent.id]:
        raise AccountError(
            "last_admin",
            f"{agent.login} is the last active admin",
            "make another account an admin first",
        )
    if not changed:
        return agent
    told = {key: [getattr(agent, key), value] for key, value in changed.items()}
    was = agent.login
    for key, value in changed.items():
        setattr(agent, key, value)
    _flush(session, agent.login)
    if set(changed) & set(ENDS_SESSIONS):
        end_sessions(session, agent.id)
    audit.record(session, by, audit.ACCOUNT_CHANGED, was, told, address, now)
    return agent


def set_password(
    session: Session,
    agent_id: str,
    password: str,
    *,
    by: Account | None = None,
    address: str | None = None,
    now: datetime | None = None,
) -> Agent:
    """Give an account another password and end its sessions.

    Raises:
        AccountError: if there is no such account.
        PasswordError: if the password can't be taken.
    """
    agent = by_id(session, agent_id)
    passwords.check_rules(password, agent.login, agent.name)
    agent.password_hash = passwords.hashed(password)
    session.flush()
    end_sessions(session, agent.id)
    audit.record(session, by, audit.PASSWORD_CHANGED, agent.login, None, address, now)
    return agent


def _add(
    session: Session,
    agent_id: str,
    values: dict[str, Any],
    password: str | None,
    by: Account | None,
    address: str | None,
    now: datetime | None,
) -> Agent:
    kept = None
    if password is not None:
        passwords.check_rules(password, values["login"], values["name"])
        kept = passwords.hashed(password)
    now = now or utcnow()
    agent = Agent(id=agent_id, password_hash=kept, created_at=now, **values)
    session.add(agent)
    _flush(session, agent.login)
    told = {"name": agent.name, "role": agent.role}
    audit.record(session, by, audit.ACCOUNT_MADE, agent.login, told, address, now)
    return agent


def _active_admins(session: Session) -> list[Agent]:
    wanted = (
        select(Agent)
        .where(Agent.role == Role.ADMIN.value, Agent.active.is_(True))
        .order_by(Agent.id)
        .with_for_update()
    )
    return list(session.execute(wanted).scalars())


def _check_free(session: Session, login: str) -> None:
    if find(session, login) is not None:
        raise _taken(login)


def _flush(session: Session, login: str) -> None:
    try:
        session.flush()
    except IntegrityError:  # somebody else has just taken it
        raise _taken(login) from None


def _taken(login: str) -> AccountError:
    return AccountError(
        "login_taken", f"there is an account {login} already", "choose another login"
    )


def _login(value: object) -> str:
    login = value.strip().lower() if isinstance(value, str) else ""
    if not login:
        raise AccountError("login_empty", "the login is empty", "give one, as in mei or mei.lin")
    if not LOGIN.fullmatch(login):
        raise AccountError(
            "login_wrong",
            "the login can't be taken",
            "write 1 to 64 of a–z, 0–9 and . _ @ + -, with a letter or digit first",
        )
    return login


def _name(value: object) -> str:
    name = " ".join(value.split()) if isinstance(value, str) else ""
    if not name:
        raise AccountError("name_empty", "the name is empty", "give the name that customers see")
    if len(name) > LONGEST_NAME or any(unicodedata.category(c) in ("Cc", "Cs") for c in name):
        raise AccountError(
            "name_wrong",
            "the name can't be taken",
            f"write at most {LONGEST_NAME} letters, without control characters",
        )
    return name


def _role(value: object) -> str:
    try:
        return Role(value).value
    except ValueError:
        known = ", ".join(role.value for role in Role)
        raise AccountError("no_such_role", "there is no such role", f"choose of {known}") from None


def _skills(session: Session, value: object) -> list[str]:
    wanted = _list(value, "skills")
    known = set(session.execute(select(Skill.id)).scalars())
    return _all_known(wanted, known, "skill")


def _languages(value: object) -> list[str]:
    return _all_known(_list(value, "languages"), set(configured().ready), "language")


def _all_known(wanted: list[str], known: set[str], what: str) -> list[str]:
    if unknown := sorted(set(wanted) - known):
        there = ", ".join(sorted(known)) or "there are none yet"
        raise AccountError(
            f"no_such_{what}",
            f"there is no {what} {', '.join(unknown)}",
            f"choose of those there are ({there}), or none for all",
        )
    return list(dict.fromkeys(wanted))


def _list(value: object, what: str) -> list[str]:
    if isinstance(value, str) or not isinstance(value, Iterable):
        raise AccountError("not_a_list", f"{what} is no list", "send a list of their ids")
    found = list(value)
    if not all(isinstance(each, str) for each in found):
        raise AccountError("not_a_list", f"{what} is no list of texts", "send a list of their ids")
    return found


def _capacity(value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= MOST_AT_ONCE:
        raise AccountError(
            "capacity_wrong",
            "capacity is how many conversations an agent has at once",
            f"give a whole number from 1 to {MOST_AT_ONCE}",
        )
    return value


def _active(value: object) -> bool:
    if not isinstance(value, bool):
        raise AccountError("active_wrong", "active is neither true nor false", "send one of them")
    return value
