"""The commands of the desk: `tenin desk-link` and `tenin agent add|list|password|…`.

Whoever can run a command on the shop's machine is trusted with the desk: here the first admin is
made. `tenin.cli` adds these to its own; what goes wrong is told by it in one line.
"""

from __future__ import annotations

import argparse
import contextlib
import getpass
import re
import sys
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from tenin.settings import Settings

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

Command = Callable[[Settings, argparse.Namespace], int | None]
Add = Callable[[str, Command, str], argparse.ArgumentParser]

CAPACITY = re.compile(r"[0-9]{1,4}")
EPILOG = "The first admin: tenin agent add mei --name 'Mei Lin' --role admin"


def add_commands(add: Add) -> None:
    """Add the desk's commands by `add`, which takes a name, a function and a line of help."""
    link = add("desk-link", _desk_link, "Print a new one-time link to the agents' desk.")
    whom = link.add_mutually_exclusive_group()
    whom.add_argument("--login", help="the account that it signs in")
    whom.add_argument(
        "--name",
        help="the account of this name; one is made if there is none "
        "(default: desk.agent_name of the settings, an admin)",
    )
    link.add_argument(
        "--role", default="agent", help="the role of an account that --name makes (default: agent)"
    )
    agent = add("agent", _agent, "Make, list and change the accounts of the desk.")
    agent.epilog = EPILOG
    what = agent.add_subparsers(metavar="add|list|password|deactivate|activate", required=True)

    def add_to_agent(name: str, command: Command, text: str) -> argparse.ArgumentParser:
        added = what.add_parser(name, help=text, description=text)
        added.set_defaults(agent=command)
        return added

    new = add_to_agent("add", _add, "Make an account; its password is asked for twice.")
    new.add_argument("login", metavar="LOGIN", help="what one signs in with, as in mei or mei.lin")
    new.add_argument("--name", required=True, help="the name that customers see")
    new.add_argument("--role", required=True, help="agent, lead, trainer or admin")
    new.add_argument("--skills", default="", help="as in returns,orders (default: all)")
    new.add_argument("--languages", default="", help="as in ja,en (default: all)")
    new.add_argument("--capacity", default="3", help="conversations at once (default: 3)")
    how = new.add_mutually_exclusive_group()
    _add_password_stdin(how)
    how.add_argument(
        "--no-password",
        action="store_true",
        help="without one: the account is entered by `tenin desk-link --login`, and sets its own",
    )
    add_to_agent("list", _list, "List the accounts.")
    password = add_to_agent("password", _password, "Give an account another password.")
    _add_password_stdin(password)
    off = add_to_agent("deactivate", _deactivate, "Let an account in no more; ends its sessions.")
    on = add_to_agent("activate", _activate, "Let a deactivated account in again.")
    for parser in (password, off, on):
        parser.add_argument("login", metavar="LOGIN", help="the account's login")


def _add_password_stdin(parser: argparse._ActionsContainer) -> None:
    parser.add_argument(
        "--password-stdin", action="store_true", help="read the password from standard input"
    )


def _desk_link(settings: Settings, given: argparse.Namespace) -> None:
    from tenin import start

    print(start.new_desk_link(settings, given.name, given.login, given.role))


def _agent(settings: Settings, given: argparse.Namespace) -> int:
    return given.agent(settings, given) or 0


def _add(settings: Settings, given: argparse.Namespace) -> None:
    from tenin.desk import accounts

    values = {
        "role": given.role,
        "skills": _listed(given.skills),
        "languages": _listed(given.languages),
        "capacity": int(given.capacity) if CAPACITY.fullmatch(given.capacity) else 0,
    }
    with _transaction(settings) as session:  # before somebody thinks of a password for nothing
        accounts.check(session, given.login, given.name, **values)
    password = None if given.no_password else _asked(given)
    with _transaction(settings) as session:
        agent = accounts.create(session, given.login, given.name, password=password, **values)
    print(f"{agent.login} is {_with_article(agent.role)}")


def _list(settings: Settings, _given: argparse.Namespace) -> None:
    from tenin.desk import accounts

    head = ("LOGIN", "NAME", "ROLE", "ACTIVE", "PASSWORD", "SKILLS", "LANGUAGES", "CAPACITY")
    rows = [head]
    with _transaction(settings) as session:
        for agent in accounts.every(session):
            rows.append(
                (
                    agent.login,
                    agent.name,
                    agent.role,
                    "yes" if agent.active else "no",
                    "yes" if agent.password_hash else "no",
                    ",".join(agent.skills) or "all",
                    ",".join(agent.languages) or "all",
                    str(agent.capacity),
                )
            )
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        cells = (cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        print("  ".join(cells).rstrip())


def _password(settings: Settings, given: argparse.Namespace) -> None:
    from tenin.desk import accounts

    with _transaction(settings) as session:
        agent_id = accounts.by_login(session, given.login).id
    password = _asked(given)
    with _transaction(settings) as session:
        agent = accounts.set_password(session, agent_id, password)
    print(f"{agent.login} has another password, and is signed out everywhere")


def _deactivate(settings: Settings, given: argparse.Namespace) -> None:
    _set_active(settings, given.login, False)
    print(f"{given.login} is not active any more, and is signed out everywhere")


def _activate(settings: Settings, given: argparse.Namespace) -> None:
    _set_active(settings, given.login, True)
    print(f"{given.login} is active again")


def _set_active(settings: Settings, login: str, active: bool) -> None:
    from tenin.desk import accounts

    with _transaction(settings) as session:
        agent = accounts.by_login(session, login)
        accounts.change(session, agent.id, {"active": active})


def _asked(given: argparse.Namespace) -> str:
    """The password, from standard input or asked for twice."""
    from tenin.desk.passwords import PasswordError

    if given.password_stdin:
        try:
            return sys.stdin.readline().rstrip("\r\n")
        except UnicodeDecodeError:
            raise PasswordError(
                "password_not_text", "standard input is not UTF-8", "write the password in UTF-8"
            ) from None
    if not sys.stdin.isatty():
        raise PasswordError(
            "no_terminal",
            "there is no terminal to ask for the password at",
            "give it on standard input with --password-stdin",
        )
    try:
        password = getpass.getpass("Password: ")
        again = getpass.getpass("Once more: ")
    except EOFError:
        password, again = "", "-"
    if password != again:
        raise PasswordError(
            "not_the_same", "the two passwords differ", "run the command again and type one twice"
        )
    return password


def _listed(text: str) -> list[str]:
    return [part.strip() for part in text.split(",") if part.strip()]


def _with_article(role: str) -> str:
    return f"{'an' if role[0] in 'aeiou' else 'a'} {role}"


@contextlib.contextmanager
def _transaction(settings: Settings) -> Iterator[Session]:
    from tenin.conversation.models import MIGRATIONS, VERSION_TABLE
    from tenin.database import check_schema, make_engine, write_transaction

    engine = make_engine(settings.database.url)
    try:
        check_schema(engine, MIGRATIONS, VERSION_TABLE)
        with write_transaction(engine) as session:
            yield session
    finally:
        engine.dispose()
