"""Writes what trainers accepted into the files: as a patch, on a branch, or here.

A sentence that is in the files already, or held out to measure by, is never taken. What is to be a
new FAQ becomes a sheet that `tenin add faq --from` takes, with the agent's answer as the draft of
its reply. Nothing is trained or released by it: that is for `tenin evaluate` and whoever releases.
"""

from __future__ import annotations

import subprocess
import tempfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from tenin.clock import utcnow
from tenin.desk import audit
from tenin.language.languages import configured
from tenin.language.yamlfile import read_yaml
from tenin.training.corpus import HELD_OUT, TRAINED, Sentence, folded, read_sentences
from tenin.training.missed.models import Decision, MissedMessage
from tenin.training.writing import Changes, block

EXPORTED = "missed_exported"
SHEETS = "var/missed"
SUBJECT = "training: Learn from what was missed."
GIT_SECONDS = 60
FAQ = "faq/"


class ExportError(Exception):
    """It can't be written; the message names the remedy."""


@dataclass(frozen=True)
class Accepted:
    """A sentence that a trainer accepted, with the agent's answer to what it was made of."""

    id: int
    text: str
    need: str
    language: str
    answer: str | None


@dataclass(frozen=True)
class LeftOut:
    """A sentence that isn't taken, and why; `settled` if nobody need look at it again."""

    sentence: Accepted
    why: str
    settled: bool


@dataclass
class Plan:
    """What is to be written: changes of files, sheets by their names, and what is left out."""

    changes: Changes
    taken: list[Accepted] = field(default_factory=list)
    left_out: list[LeftOut] = field(default_factory=list)
    sheets: dict[str, str] = field(default_factory=dict)

    @property
    def settled(self) -> list[int]:
        """The messages that needn't be exported again."""
        left = [each.sentence.id for each in self.left_out if each.settled]
        return [*(each.id for each in self.taken), *left]


def accepted(session: Session, again: bool = False) -> list[Accepted]:
    """Give what was accepted and not exported yet, or with `again` all that was accepted."""
    wanted = select(MissedMessage).where(MissedMessage.decision == Decision.ACCEPTED.value)
    if not again:
        wanted = wanted.where(MissedMessage.exported_at.is_(None))
    wanted = wanted.order_by(MissedMessage.language, MissedMessage.given_need, MissedMessage.id)
    return [
        Accepted(row.id, row.wording, row.given_need, row.language, row.answer)
        for row in session.execute(wanted).scalars()
    ]


def plan(root: Path, sentences: Sequence[Accepted]) -> Plan:
    """Say what becomes of these sentences in the files of a project; nothing is written.

    Raises:
        YAMLFileError, WritingError: for a file that must be corrected first. OSError.
    """
    made = Plan(Changes(root))
    languages = sorted({each.language for each in sentences})
    there = [each for code in languages for each in read_sentences(root, TRAINED, code)]
    held = [each for code in languages for each in read_sentences(root, HELD_OUT, code)]
    known = {(each.language, each.folded): each for each in there}
    kept_back = {(each.language, each.folded): each for each in held}
    files = {(each.language, each.need): each.file for each in there}
    every_need = {each.need for each in there}
    new: dict[Path, dict[str, list[str]]] = {}
    drafts: dict[str, list[Accepted]] = {}
    for each in sentences:
        key = (each.language, folded(each.text))
        if why := _why_not(each, known.get(key), kept_back.get(key), root):
            made.left_out.append(why)
            continue
        file = files.get((each.language, each.need))
        if file is not None:
            new.setdefault(file, {}).setdefault(each.need, []).append(each.text)
        elif each.need.startswith(FAQ) and each.need not in every_need:
            drafts.setdefault(each.need.removeprefix(FAQ), []).append(each)
        else:
            none = f"{each.need} has no examples in {each.language} yet: write the first by hand"
            made.left_out.append(LeftOut(each, none, False))
            continue
        known[key] = Sentence(each.text, each.need, each.language, file or root, 0)
        made.taken.append(each)
    for file, by_need in sorted(new.items()):
        _add(made.changes, file.relative_to(root), by_need, root)
    made.sheets = {name: _sheet(name, of) for name, of in sorted(drafts.items())}
    return made


def settle(session: Session, ids: Iterable[int], now: datetime | None = None) -> None:
    """Keep that these messages are exported, and that somebody did so."""
    now, ids = now or utcnow(), list(ids)
    session.execute(
        update(MissedMessage)
        .where(MissedMessage.id.in_(ids))
        .values(exported_at=now)
        .execution_options(synchronize_session="fetch")
    )
    audit.record(session, None, EXPORTED, None, {"messages": len(ids)}, None, now)


def write_sheets(root: Path, made: Plan) -> list[Path]:
    """Write the sheets of a plan below `var/missed`; give their files."""
    found = []
    for name, text in made.sheets.items():
        file = root / SHEETS / f"{name}.yml"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
        found.append(file)
    return found


def on_branch(root: Path, name: str, sentences: Sequence[Accepted]) -> Plan:
    """Commit the changes on a new branch that begins at HEAD; what is checked out stays as it is.

    Raises:
        ExportError: if there is no repository, or git won't make the branch or the commit.
    """
    prefix = _git(root, "rev-parse", "--show-prefix").strip()
    with tempfile.TemporaryDirectory(prefix="tenin-missed-") as folder:
        tree = Path(folder) / "tree"
        _git(root, "check-ref-format", "--branch", name)
        _git(root, "worktree", "add", "--quiet", "-b", name, str(tree), "HEAD")
        kept = False
        try:
            made = plan(tree / prefix, sentences)
            if files := made.changes.write():
                _git(tree / prefix, "add", "--", *files)
                _git(tree / prefix, "commit", "--quiet", "-m", SUBJECT)
                kept = True
        finally:
            _git(root, "worktree", "remove", "--force", str(tree))
            if not kept:
                _git(root, "branch", "--quiet", "-D", name)
    return made


def _why_not(
    sentence: Accepted, known: Sentence | None, held: Sentence | None, root: Path
) -> LeftOut | None:
    if held is not None:
        at = f"{held.file.relative_to(root)}:{held.line}"
        return LeftOut(sentence, f"is held out to measure by ({at})", True)
    if known is None:
        return None
    at = f"{known.file.relative_to(root)}:{known.line}" if known.line else "among these"
    if known.need == sentence.need:
        return LeftOut(sentence, f"is an example already ({at})", True)
    why = f"is an example of {known.need} ({at}): decide which is right, and change it there"
    return LeftOut(sentence, why, False)


def _add(changes: Changes, name: Path, by_need: dict[str, list[str]], root: Path) -> None:
    entries = read_yaml(root / name)["nlu"]
    document = changes.document(name.as_posix())
    for need, texts in by_need.items():
        at = max(i for i, entry in enumerate(entries) if entry.get("intent") == need)
        document.add_examples(["nlu", at, "examples"], texts)
    changes.put(name.as_posix(), document.text())


def _sheet(name: str, sentences: Sequence[Accepted]) -> str:
    """A sheet for `tenin add faq --from`, with gaps where a person must write."""
    sheet: dict[str, Any] = {"faq": name}
    for code in dict.fromkeys([*configured().ready, *(each.language for each in sentences)]):
        of = [each for each in sentences if each.language == code]
        answers = [each.answer for each in of if each.answer]
        sheet[code] = {
            "title": "",
            "examples": [each.text for each in of],
            "held_out": [],
            "answer": [max(answers, key=len)] if answers else [],
        }
    head = [
        f"# A new FAQ, {FAQ}{name}, from what customers asked and an agent answered. The answers",
        "# are drafts: word them for every customer, and in every language. Fill in what is empty,",
        f"# then: tenin add faq --from {SHEETS}/{name}.yml",
    ]
    return "\n".join([*head, *block(sheet), ""])


def _git(folder: Path, *arguments: str) -> str:
    try:
        done = subprocess.run(  # noqa: S603  no shell, and our own words but for a branch's name
            ["git", "-C", str(folder), *arguments],  # noqa: S607
            capture_output=True,
            text=True,
            timeout=GIT_SECONDS,
            stdin=subprocess.DEVNULL,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise ExportError(f"git can't be run ({error}): use --patch or --here") from error
    if done.returncode:
        told = " ".join(done.stderr.split()) or f"exit code {done.returncode}"
        raise ExportError(f"git {arguments[0]}: {told}. Correct that, or use --patch or --here.")
    return done.stdout
