"""`tenin missed list|show|accept|dismiss|reopen|export`: what was missed, in the terminal.

`tenin.training.commands` adds it to the others. Every look gathers what is new first.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from tenin.settings import Settings

if TYPE_CHECKING:
    from sqlalchemy.engine import Engine

    from tenin.training.missed.decisions import Group
    from tenin.training.missed.export import Plan

Command = Callable[[Settings, argparse.Namespace], int | None]
Add = Callable[[str, Command, str], argparse.ArgumentParser]

HEAD = ("GROUP", "LANGUAGE", "MESSAGES", "PERSONS", "LIKELIEST NEED", "FOR EXAMPLE")
LONGEST_NAME = 50
WHY = {
    "refused": "not understood",
    "unsure": "answered unsurely",
    "person": "a person followed",
    "rating": "rated badly",
    "marked": "marked at the desk",
}
EPILOG = """\
Nothing goes live by it: what is exported is measured by `tenin evaluate`, then released.
"""


def add_commands(add: Add) -> None:
    """Add the command by `add`, which takes a name, a function and a line of help."""
    missed = add("missed", _missed, "Learn from messages that the bot did not serve well.")
    missed.epilog = EPILOG
    what = missed.add_subparsers(metavar="list|show|accept|dismiss|reopen|export")
    missed.set_defaults(missed=_list, language=None)

    def add_to_missed(name: str, command: Command, text: str) -> argparse.ArgumentParser:
        added = what.add_parser(name, help=text, description=text)
        added.set_defaults(missed=command)
        return added

    listed = add_to_missed("list", _list, "List the groups: the largest and most costly first.")
    listed.add_argument("--language", help="of one language alone, as in ja")
    show = add_to_missed("show", _show, "Show the messages of a group.")
    accept = add_to_missed("accept", _accept, "Take a group as examples of a need.")
    dismiss = add_to_missed("dismiss", _dismiss, "Let a group be, and what joins it later.")
    reopen = add_to_missed("reopen", _reopen, "Take back what was decided, unless it is exported.")
    for parser in (show, accept, dismiss, reopen):
        parser.add_argument("group", metavar="GROUP", help="as `tenin missed list` names it")
    accept.add_argument(
        "--need", help="in full; faq/<name> for a new FAQ (default: the likeliest of the group)"
    )
    accept.add_argument(
        "--only",
        help="the numbers of the messages to take, as `show` has them: 1,3 (default: all)",
    )
    accept.add_argument(
        "--write",
        action="append",
        default=[],
        metavar="NUMBER=TEXT",
        help="take a message in other words",
    )
    export = add_to_missed("export", _export, "Write what was accepted for the files.")
    how = export.add_mutually_exclusive_group(required=True)
    how.add_argument("--patch", type=Path, metavar="FILE", help="as a patch for `git apply`")
    how.add_argument("--branch", metavar="NAME", help="as a commit on a new branch from HEAD")
    how.add_argument("--here", action="store_true", help="into the files here")
    export.add_argument(
        "--again", action="store_true", help="also what was exported before and isn't in the files"
    )


def _missed(settings: Settings, given: argparse.Namespace) -> int:
    return given.missed(settings, given) or 0


def _list(settings: Settings, given: argparse.Namespace) -> None:
    from tabulate import tabulate

    from tenin.database import read_transaction
    from tenin.training.missed.decisions import groups

    with _database(settings) as engine:
        _gather(settings, engine)
        with read_transaction(engine) as session:
            found = groups(session, given.language)
    rows = [
        (
            each.id,
            each.language,
            len(each.messages),
            each.persons,
            each.needs[0] if each.needs else "",
            _short(each.name),
        )
        for each in found
    ]
    if rows:
        print(tabulate(rows, HEAD, tablefmt="plain", disable_numparse=True))
    else:
        print("Nothing that was missed waits for a decision.")


def _show(settings: Settings, given: argparse.Namespace) -> None:
    from tenin.database import read_transaction
    from tenin.training.missed.decisions import group_of

    with _database(settings) as engine, read_transaction(engine) as session:
        group = group_of(session, given.group)
    print(f"{group.id} ({group.language}), likeliest: {', '.join(group.needs) or 'no need'}")
    for number, each in enumerate(group.messages, 1):
        taken = f"{each.need} {each.confidence:.2f}" if each.need and each.confidence else "nothing"
        why = ", ".join(WHY[reason] for reason in each.reasons)
        print(f"{number:>3}. {each.text}")
        if each.wording != each.text:
            print(f"     to be written: {each.wording}")
        print(f"     {why}; taken for {taken}")
    for answer in group.answers:
        print(f"An agent answered: {answer}")


def _accept(settings: Settings, given: argparse.Namespace) -> None:
    from tenin.database import write_transaction
    from tenin.training.missed import decisions

    needs = decisions.needs_of(settings.root)
    with _database(settings) as engine, write_transaction(engine) as session:
        group = decisions.group_of(session, given.group)
        need = given.need or (group.needs[0] if group.needs else "")
        chosen = _chosen(group, given.only, given.write)
        count = decisions.accept(session, group.id, need, needs, chosen)
    print(f"{count} taken as examples of {need}. Write them: tenin missed export")


def _dismiss(settings: Settings, given: argparse.Namespace) -> None:
    from tenin.database import write_transaction
    from tenin.training.missed import decisions

    with _database(settings) as engine, write_transaction(engine) as session:
        print(f"{decisions.dismiss(session, given.group)} dismissed")


def _reopen(settings: Settings, given: argparse.Namespace) -> None:
    from tenin.database import write_transaction
    from tenin.training.missed import decisions

    with _database(settings) as engine, write_transaction(engine) as session:
        print(f"{decisions.reopen(session, given.group)} wait for a decision again")


def _export(settings: Settings, given: argparse.Namespace) -> int:
    from tenin.database import read_transaction, write_transaction
    from tenin.training.missed import export

    with _database(settings) as engine:
        with read_transaction(engine) as session:
            sentences = export.accepted(session, given.again)
        if not sentences:
            print("Nothing was accepted that isn't exported yet.")
            return 0
        if given.branch:
            made = export.on_branch(settings.root, given.branch, sentences)
        else:
            made = export.plan(settings.root, sentences)
            if given.here:
                made.changes.write()
            elif made.changes.names:
                given.patch.write_text(made.changes.patch(), encoding="utf-8", newline="")
        sheets = export.write_sheets(settings.root, made)
        with write_transaction(engine) as session:
            export.settle(session, made.settled)
    _tell(made, given, sheets)
    return 1 if any(not each.settled for each in made.left_out) else 0


def _tell(made: Plan, given: argparse.Namespace, sheets: list[Path]) -> None:
    where = f" on branch {given.branch}" if given.branch else ""
    where = f" in {given.patch}" if given.patch else where
    for name in made.changes.names:
        print(f"{name}: changed{where}")
    for sheet in sheets:
        print(f"{sheet}: fill in what is empty, then: tenin add faq --from {sheet}")
    for each in made.left_out:
        print(f"left out: {each.sentence.text!r} {each.why}")
    if made.changes.names:
        print("Nothing is live yet: tenin check, then tenin evaluate.")


def _chosen(group: Group, only: str | None, written: list[str]) -> dict[int, str]:
    """The wordings to take, by the messages' ids."""
    messages = dict(enumerate(group.messages, 1))
    numbers = [_number(each, messages) for each in only.split(",")] if only else list(messages)
    chosen = {messages[number].id: messages[number].wording for number in numbers}
    for each in written:
        number, _, text = each.partition("=")
        chosen[messages[_number(number, messages)].id] = text
    return chosen


def _number(text: str, messages: Mapping[int, object]) -> int:
    from tenin.training.missed.decisions import DecisionError

    number = int(text) if text.strip().isascii() and text.strip().isdecimal() else 0
    if number not in messages:
        raise DecisionError(
            "no_such_number",
            f"the group has no message {text.strip()!r}",
            f"name 1 to {len(messages)}, as `tenin missed show` has them",
        )
    return number


def _gather(settings: Settings, engine: Engine) -> None:
    from tenin.database import make_engine
    from tenin.language.languages import configured
    from tenin.language.policy import load_policy
    from tenin.shop.choice import chosen_shop, terms_of
    from tenin.training.missed.gathering import gather, names_from

    shop_engine = make_engine(settings.shop.database_url)
    try:
        policy = load_policy(settings.root / "policy.yml", configured().names)
        shop = chosen_shop(settings, shop_engine, terms_of(policy))
        gather(engine, settings.root, names_from(shop))
    finally:
        shop_engine.dispose()


@contextmanager
def _database(settings: Settings) -> Iterator[Engine]:
    from tenin.conversation import models as conversation
    from tenin.database import check_schema, make_engine

    engine = make_engine(settings.database.url)
    try:
        check_schema(engine, conversation.MIGRATIONS, conversation.VERSION_TABLE)
        yield engine
    finally:
        engine.dispose()


def _short(text: str) -> str:
    return text if len(text) <= LONGEST_NAME else f"{text[: LONGEST_NAME - 1]}…"
