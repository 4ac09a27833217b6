"""The groups of missed messages as a trainer sees them, and what a trainer decides.

What is accepted is to become examples of a need (`export`); what is dropped or dismissed stays
where it is and is not shown again. Each decision is in the audit log, by numbers and names of
needs alone. The page and the command both come here.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

import regex
from sqlalchemy import select
from sqlalchemy.orm import Session

from tenin.clock import utcnow
from tenin.desk import audit
from tenin.desk.accounts import Account
from tenin.desk.lead_checks import fingerprint
from tenin.language.yamlfile import read_yaml
from tenin.training.corpus import TRAINED
from tenin.training.missed.gathering import alone
from tenin.training.missed.models import Decision, MissedMessage, Reason

ACCEPTED, DISMISSED, REOPENED = "missed_accepted", "missed_dismissed", "missed_reopened"
LONGEST = 300
PROPOSED = 3
NEEDED_A_PERSON = (Reason.PERSON.value, Reason.RATING.value)
# What is never proposed: nothing an example is for.
NO_NEEDS = frozenset({"out_of_scope", "inform", "nlu_fallback"})
NEW_FAQ = regex.compile(r"faq/[a-z][a-z0-9_]{0,39}")
_STAND_INS = Path(__file__).with_name("stand_ins.yml")
_MASKED = regex.compile(r"\[(\w+)\]")
_BRACKETS = regex.compile(r"[\[\]{}\p{Cc}\p{Cs}]")
_NAMED = regex.compile(r"^\s*- intent:\s*[\"']?([\w/]+)", regex.MULTILINE)


class DecisionError(Exception):
    """What can't be decided so: `code` for programs, message and `remedy` for people."""

    def __init__(self, code: str, message: str, remedy: str) -> None:
        """Hold what is wrong and what helps."""
        super().__init__(f"{message}: {remedy}")
        self.code, self.message, self.remedy = code, message, remedy


@dataclass(frozen=True)
class Message:
    """One message of a group; `wording` is how it may stand in the files."""

    id: int
    text: str
    wording: str
    reasons: tuple[str, ...]
    need: str | None
    confidence: float | None
    answer: str | None
    at: datetime


@dataclass(frozen=True)
class Group:
    """Messages that are alike and wait for a decision, the most central first.

    `needs` are the likeliest, the likeliest first; `persons` how many were followed by a person;
    `decided` how many of the group were decided on before; `version` changes with the messages.
    """

    id: str
    language: str
    name: str
    messages: tuple[Message, ...]
    needs: tuple[str, ...]
    reasons: Mapping[str, int]
    persons: int
    decided: int
    version: str

    @property
    def answers(self) -> list[str]:
        """What agents said to them, each once, to the most central first."""
        return list(dict.fromkeys(each.answer for each in self.messages if each.answer))


def groups(session: Session, language: str | None = None) -> list[Group]:
    """Give the groups that wait for a decision: the largest and most costly first.

    A message that was followed by a person costs twice.
    """
    wanted = select(MissedMessage).where(MissedMessage.group_id.is_not(None))
    if language is not None:
        wanted = wanted.where(MissedMessage.language == language)
    members: dict[str, list[MissedMessage]] = {}
    for row in session.execute(wanted.order_by(MissedMessage.id)).scalars():
        members.setdefault(row.group_id, []).append(row)
    found = [
        _group(name, rows)
        for name, rows in members.items()
        if any(row.decision == Decision.OPEN.value for row in rows)
    ]
    return sorted(found, key=lambda each: (-len(each.messages) - each.persons, each.id))


def group_of(session: Session, group_id: str) -> Group:
    """Give one group. Raises DecisionError (`no_such_group`) if nothing of it waits."""
    rows = _rows(session, group_id)
    if not any(row.decision == Decision.OPEN.value for row in rows):
        raise DecisionError(
            "no_such_group",
            f"no missed messages of a group {group_id!r} wait for a decision",
            "look at the list again (`tenin missed list`)",
        )
    return _group(group_id, rows)


def accept(
    session: Session,
    group_id: str,
    need: str,
    needs: Sequence[str],
    wordings: Mapping[int, str] | None = None,
    *,
    version: str | None = None,
    by: Account | None = None,
    address: str | None = None,
    now: datetime | None = None,
) -> int:
    """Take messages of a group as examples of a need; the others of it are dropped.

    Args:
        need: in full; one that `needs` has not must be a new FAQ, `faq/<name>`.
        needs: those that the project has.
        wordings: by the message's id, how it is to stand in the files; None: all, as proposed.
        version: of the group as it was shown; None: as it is now.

    Returns:
        How many were taken.

    Raises:
        DecisionError: `no_such_group`, `changed_meanwhile`, `no_such_need`, `nothing_chosen`,
            `wording_empty`, `wording_too_long`, `wording_masked`, `wording_signs`.
    """
    alone(session)
    group = _shown(session, group_id, version)
    if need not in needs and not NEW_FAQ.fullmatch(need):
        raise DecisionError(
            "no_such_need",
            f"there is no need {need!r}",
            "choose one of data/nlu, or name a new FAQ as faq/<name>, in a–z, 0–9 and _",
        )
    if wordings is None:
        wordings = {each.id: each.wording for each in group.messages}
    shown = {each.id for each in group.messages}
    if not wordings or set(wordings) - shown:
        raise DecisionError(
            "nothing_chosen", "no message of the group is chosen", "choose one, or dismiss it"
        )
    texts = {number: _checked(wording) for number, wording in wordings.items()}
    now = now or utcnow()
    for row in _rows(session, group_id):
        if row.decision != Decision.OPEN.value:
            continue
        row.decided_by, row.decided_at = by.name if by else None, now
        if row.id in texts:
            row.decision, row.given_need = Decision.ACCEPTED.value, need
            row.wording = texts[row.id]
        else:
            row.decision = Decision.DROPPED.value
    detail = {"need": need, "accepted": len(texts), "dropped": len(shown) - len(texts)}
    audit.record(session, by, ACCEPTED, group_id, detail, address, now)
    return len(texts)


def dismiss(
    session: Session,
    group_id: str,
    *,
    version: str | None = None,
    by: Account | None = None,
    address: str | None = None,
    now: datetime | None = None,
) -> int:
    """Let a group be: it isn't shown again, nor what joins it. Returns how many messages.

    Raises:
        DecisionError: `no_such_group`, `changed_meanwhile`.
    """
    alone(session)
    _shown(session, group_id, version)
    now, count = now or utcnow(), 0
    for row in _rows(session, group_id):
        if row.decision == Decision.OPEN.value:
            row.decision, row.decided_at = Decision.DISMISSED.value, now
            row.decided_by = by.name if by else None
            count += 1
    audit.record(session, by, DISMISSED, group_id, {"dismissed": count}, address, now)
    return count


def reopen(session: Session, group_id: str, *, now: datetime | None = None) -> int:
    """Let a group wait for a decision again, as far as it isn't in the files; how many messages.

    Raises:
        DecisionError: `no_such_group` if nothing of it was decided that could be taken back.
    """
    alone(session)
    rows = [
        row
        for row in _rows(session, group_id)
        if row.decision != Decision.OPEN.value and row.exported_at is None
    ]
    if not rows:
        raise DecisionError(
            "no_such_group",
            f"nothing was decided of a group {group_id!r} that could be taken back",
            "what was exported is corrected in the files",
        )
    for row in rows:
        row.decision, row.given_need, row.wording = Decision.OPEN.value, None, None
        row.decided_by = row.decided_at = None
    audit.record(session, None, REOPENED, group_id, {"reopened": len(rows)}, None, now)
    return len(rows)


def needs_of(root: Path) -> list[str]:
    """Give the needs that the project has examples of, in full, in the order of their names."""
    found: set[str] = set()
    for file in sorted((root / TRAINED).rglob("*.yml")):
        found.update(_NAMED.findall(file.read_text(encoding="utf-8")))
    return sorted(found)


def proposed_wording(text: str, language: str) -> str:
    """Give a masked message as it may stand in the files: what was masked is made up."""
    known = _stand_ins()
    made_up = {**known["all"], **known["languages"].get(language, known["languages"]["en"])}
    wording = _MASKED.sub(lambda match: str(made_up.get(match[1], match[0])), text)
    return " ".join(wording.split())


@cache
def _stand_ins() -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = read_yaml(_STAND_INS)
    return found


def _rows(session: Session, group_id: str) -> list[MissedMessage]:
    wanted = select(MissedMessage).where(MissedMessage.group_id == group_id)
    return list(session.execute(wanted.order_by(MissedMessage.id)).scalars())


def _shown(session: Session, group_id: str, version: str | None) -> Group:
    group = group_of(session, group_id)
    if version is not None and version != group.version:
        raise DecisionError(
            "changed_meanwhile",
            "the group has changed since it was shown",
            "load the page again, and decide on what stands there now",
        )
    return group


def _group(name: str, rows: Sequence[MissedMessage]) -> Group:
    waiting = [row for row in rows if row.decision == Decision.OPEN.value]
    waiting.sort(key=lambda row: (-row.central, row.id))
    messages = [
        Message(
            row.id,
            row.text,
            proposed_wording(row.text, row.language),
            tuple(row.reasons),
            row.need,
            row.confidence,
            row.answer,
            row.at,
        )
        for row in waiting
    ]
    reasons = Counter(reason for row in waiting for reason in row.reasons)
    return Group(
        id=name,
        language=waiting[0].language,
        name=waiting[0].text,
        messages=tuple(messages),
        needs=_likeliest(rows),
        reasons=dict(reasons),
        persons=sum(any(each in NEEDED_A_PERSON for each in row.reasons) for row in waiting),
        decided=len(rows) - len(waiting),
        version=fingerprint([[row.id, row.text, row.decision] for row in rows]),
    )


def _likeliest(rows: Sequence[MissedMessage]) -> tuple[str, ...]:
    """The needs of a group: what was decided of it counts most, then leads' marks, then the bot."""
    weights: Counter[str] = Counter()
    for row in rows:
        for need, confidence in row.ranking:
            weights[need] += confidence / len(rows)
        if row.marked_need:
            weights[row.marked_need] += 1
        if row.given_need:
            weights[row.given_need] += 10
    ranked = [need for need, _ in weights.most_common() if need not in NO_NEEDS]
    return tuple(ranked[:PROPOSED])


def _checked(wording: str) -> str:
    text = " ".join(wording.split())
    if not text:
        raise DecisionError("wording_empty", "a sentence is empty", "write it, or leave it out")
    if len(text) > LONGEST:
        raise DecisionError(
            "wording_too_long",
            f"a sentence has more than {LONGEST} characters",
            "keep what it asks for, and leave out the rest",
        )
    if _MASKED.search(text):
        raise DecisionError(
            "wording_masked",
            f"in {text!r} something masked is left",
            "write something made up in its place, or leave it out",
        )
    if _BRACKETS.search(text):
        raise DecisionError(
            "wording_signs",
            f"{text!r} has brackets, braces or signs that can't be seen",
            "write it without them: in the files they would mean something",
        )
    return text
