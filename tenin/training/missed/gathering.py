"""Finds missed messages in the conversations and keeps them, masked, each in a group.

Looked at is what has changed since it was looked at last; a second look adds nothing. What comes
out of the transcript is masked first (`tenin.desk.masking`), with the names that are known. The
slow parts, masking and grouping, hold no lock. A conversation that was erased meanwhile is left
out, and `forget_missed` takes away what was kept of it.
"""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import regex
from sqlalchemy import delete, or_, select, text
from sqlalchemy.engine import Engine
from sqlalchemy.orm import Session

from tenin.clock import utcnow
from tenin.conversation.models import (
    Author,
    Conversation,
    Handoff,
    InboxRow,
    InboxStatus,
    Line,
    SignedIn,
    TrackerEvent,
)
from tenin.database import read_transaction, write_transaction
from tenin.desk.masking import masked
from tenin.desk.models import DeskSetting, TrainingExample
from tenin.shop.interface import Shop, ShopError
from tenin.training.corpus import TRAINED
from tenin.training.missed import likeness
from tenin.training.missed.models import Decision, MissedMessage, Reason
from tenin.training.missed.reasons import Heard, Said, Service, missed, says_something

LOOKED_AT = "missed_looked_at"  # the name in desk_setting
OVERLAP = timedelta(minutes=5)  # clocks differ, and a transaction takes its time
AT_ONCE = 50
CAME_IN = (InboxStatus.DONE.value,)
_TELLING = ("user", "action", "active_loop")
ORDER = {reason.value: at for at, reason in enumerate(Reason)}

_EXAMPLE = regex.compile(r"^ +- (?!intent:)(.+)$", regex.MULTILINE)

Names = Callable[[str], str | None]


class GatheringError(Exception):
    """What was missed can't be looked for now; the message names the remedy."""


@dataclass(frozen=True)
class _Found:
    """A row as it is to be kept."""

    conversation_id: str
    line_number: int
    values: Mapping[str, Any]


def gather(engine: Engine, root: Path, name_of: Names, now: datetime | None = None) -> int:
    """Look for what was missed since the last look, and group it.

    Args:
        root: of the project, whose examples tell what is common in a language.
        name_of: the name of a customer of the shop, by their id, as of `names_from`. What it
            raises ends the look, which will be taken again from where it began: a name that isn't
            told can't be masked.

    Returns:
        How many messages are new.
    """
    now = now or utcnow()
    with read_transaction(engine) as session:
        changed = _changed(session, _looked_at(session))
    new = 0
    for at in range(0, len(changed), AT_ONCE):
        few = changed[at : at + AT_ONCE]
        with read_transaction(engine) as session:
            known = _known(session, few)
        found = [each for one in known for each in _of(one, name_of)]
        with write_transaction(engine) as session:
            new += _keep(session, few, found)
    for language in _ungrouped(engine):
        _group(engine, root, language)
    with write_transaction(engine) as session:
        value = {"at": now.isoformat()}
        session.merge(DeskSetting(name=LOOKED_AT, value=value, updated_at=now))
    return new


def names_from(shop: Shop) -> Names:
    """Names as a shop tells them; what it raises while it is down is told in a line.

    Raises, when asked: GatheringError.
    """

    def name_of(customer_id: str) -> str | None:
        try:
            customer = shop.customer(customer_id)
        except ShopError as error:
            raise GatheringError(
                "the shop doesn't tell its customers' names now, so that they can't be masked: "
                "try again when it answers"
            ) from error
        return customer.name if customer is not None else None

    return name_of


def forget_missed(session: Session, conversation_ids: Iterable[str]) -> None:
    """Keep no missed message of these conversations."""
    session.execute(
        delete(MissedMessage)
        .where(MissedMessage.conversation_id.in_(list(conversation_ids)))
        .execution_options(synchronize_session="fetch")
    )


def looked_at(session: Session) -> datetime | None:
    """When it was looked at last."""
    row: DeskSetting | None = session.get(DeskSetting, LOOKED_AT)
    return datetime.fromisoformat(row.value["at"]) if row is not None else None


def _looked_at(session: Session) -> datetime | None:
    last = looked_at(session)
    return last and last - OVERLAP


def _changed(session: Session, since: datetime | None) -> list[str]:
    wanted = select(Conversation.id).where(Conversation.erased_at.is_(None))
    if since is not None:
        rated = select(Handoff.conversation_id).where(Handoff.rated_at >= since)
        marked = select(TrainingExample.conversation_id).where(TrainingExample.at >= since)
        wanted = wanted.where(
            or_(
                Conversation.updated_at >= since,
                Conversation.id.in_(rated),
                Conversation.id.in_(marked),
            )
        )
    return [str(each) for each in session.execute(wanted.order_by(Conversation.id)).scalars()]


@dataclass(frozen=True)
class _Conversation:
    """All that is looked at of one conversation."""

    id: str
    language: str
    customer: str | None
    names: frozenset[str]
    heard: Sequence[Heard]
    languages: Mapping[int, str]
    services: Sequence[Service]
    lines: Sequence[Said]
    examples: Sequence[TrainingExample]


def _known(session: Session, ids: Sequence[str]) -> list[_Conversation]:
    def by_conversation(model: Any, *conditions: Any) -> dict[str, list[Any]]:
        rows = select(model).where(model.conversation_id.in_(ids), *conditions)
        found: dict[str, list[Any]] = {}
        for row in session.execute(rows.order_by(model.id)).scalars():
            found.setdefault(row.conversation_id, []).append(row)
        return found

    inbox = by_conversation(InboxRow, InboxRow.status.in_(CAME_IN), InboxRow.kind != "event")
    lines = by_conversation(Line)
    handoffs = by_conversation(Handoff)
    examples = by_conversation(TrainingExample)
    kind = TrackerEvent.event["event"].as_string()
    events = by_conversation(TrackerEvent, kind.in_(_TELLING))
    customers = dict(
        session.execute(
            select(SignedIn.conversation_id, SignedIn.customer_id).where(
                SignedIn.conversation_id.in_(ids)
            )
        ).all()
    )
    rows = select(Conversation).where(Conversation.id.in_(ids)).order_by(Conversation.id)
    return [
        _Conversation(
            row.id,
            row.language,
            customers.get(row.id),
            frozenset(
                name
                for name in (
                    row.agent_name,
                    *(line.name for line in lines.get(row.id, ()) if line.author == "agent"),
                    *(each.agent_name for each in handoffs.get(row.id, ())),
                )
                if name
            ),
            _heard(inbox.get(row.id, ()), events.get(row.id, ())),
            {each.line_number: each.language for each in inbox.get(row.id, ())},
            [
                Service(each.asked_at, each.ended_at, each.rating)
                for each in handoffs.get(row.id, ())
            ],
            [
                Said(
                    line.number,
                    line.author == Author.AGENT.value,
                    line.author == Author.CUSTOMER.value,
                    line.text,
                    line.at,
                )
                for line in lines.get(row.id, ())
            ],
            examples.get(row.id, ()),
        )
        for row in session.execute(rows).scalars()
    ]


def _heard(inbox: Sequence[InboxRow], events: Sequence[TrackerEvent]) -> list[Heard]:
    parsed: dict[int, Mapping[str, Any]] = {}
    actions: dict[int, list[str]] = {}
    forms: dict[int, bool] = {}
    form: str | None = None
    for row in events:
        event, inbox_id = row.event, row.inbox_id
        if event["event"] == "active_loop":
            form = event.get("name")
        elif inbox_id is not None and event["event"] == "user":
            parsed[inbox_id] = event.get("parse_data") or {}
            forms[inbox_id] = form is not None
        elif inbox_id is not None and event["event"] == "action":
            actions.setdefault(inbox_id, []).append(str(event.get("name")))
    return [
        Heard(
            row.line_number,
            row.text,
            row.kind == "text" and row.payload is None,
            row.received_at,
            row.done_at,
            parsed[row.id],
            actions.get(row.id, ()),
            forms[row.id],
        )
        for row in inbox
        if row.id in parsed and row.line_number is not None
    ]


def _of(one: _Conversation, name_of: Names) -> list[_Found]:
    found = missed(one.heard, one.services, one.lines)
    if not found and not one.examples:
        return []
    names = set(one.names)
    if one.customer is not None and (name := name_of(one.customer)):
        names |= {name, *(part for part in name.split() if len(part) > 1)}
    kept = {
        each.heard.line_number: {
            "language": one.languages.get(each.heard.line_number, one.language),
            "text": masked(each.heard.text, names),
            "answer": masked(each.answer, names) if each.answer else None,
            "reasons": [reason.value for reason in each.reasons],
            "marked_need": None,
            **_taken_for(each.heard),
        }
        for each in found
    }
    heard = {each.line_number: each for each in one.heard}
    at = {line.number: line.at for line in one.lines}
    for example in one.examples:
        number = example.line_number
        if number not in at or not says_something(example.text):
            continue
        values = kept.setdefault(number, {"reasons": [], **_taken_for(heard.get(number))})
        values |= {
            "language": one.languages.get(number, example.language),
            "text": example.text,
            "answer": example.answer or values.get("answer"),
            "marked_need": example.need,
            "reasons": [*values["reasons"], Reason.MARKED.value],
        }
    return [_Found(one.id, number, {**each, "at": at[number]}) for number, each in kept.items()]


def _taken_for(heard: Heard | None) -> dict[str, Any]:
    if heard is None:
        return {"need": None, "confidence": None, "ranking": []}
    ranking = [[need, round(confidence, 4)] for need, confidence in heard.ranking]
    return {"need": heard.need, "confidence": heard.confidence, "ranking": ranking}


def _keep(session: Session, ids: Sequence[str], found: Sequence[_Found]) -> int:
    alone(session)
    # Held, so that none is erased between this look and the end of the transaction.
    there = set(
        session.execute(
            select(Conversation.id)
            .where(Conversation.id.in_(ids), Conversation.erased_at.is_(None))
            .order_by(Conversation.id)
            .with_for_update(read=True)
        ).scalars()
    )
    rows = {
        (row.conversation_id, row.line_number): row
        for row in session.execute(
            select(MissedMessage).where(MissedMessage.conversation_id.in_(ids))
        ).scalars()
    }
    new = 0
    for each in found:
        if each.conversation_id not in there:
            continue
        row = rows.get((each.conversation_id, each.line_number))
        if row is None:
            session.add(
                MissedMessage(
                    conversation_id=each.conversation_id,
                    line_number=each.line_number,
                    **each.values,
                )
            )
            new += 1
        elif row.decision == Decision.OPEN.value:
            for name, value in each.values.items():
                setattr(row, name, value)
    session.flush()
    return new


def _ungrouped(engine: Engine) -> list[str]:
    with read_transaction(engine) as session:
        wanted = (
            select(MissedMessage.language)
            .where(MissedMessage.group_id.is_(None))
            .group_by(MissedMessage.language)
            .order_by(MissedMessage.language)
        )
        return [str(each) for each in session.execute(wanted).scalars()]


def _group(engine: Engine, root: Path, language: str) -> None:
    """Give every message of a language its group; those that have one stay in it."""
    of = MissedMessage.language == language
    new = select(MissedMessage).where(of, MissedMessage.group_id.is_(None))
    old = select(MissedMessage).where(of, MissedMessage.group_id.is_not(None))
    with read_transaction(engine) as session:
        # What is too much at once is grouped at the next look.
        first = session.execute(new.order_by(MissedMessage.id).limit(likeness.MOST // 2)).scalars()
        rows: list[MissedMessage] = list(first)
        latest = old.order_by(MissedMessage.at.desc(), MissedMessage.id.desc())
        rows += session.execute(latest.limit(likeness.MOST - len(rows))).scalars()
    rows.sort(key=lambda row: int(row.id))
    known = [likeness.Message(row.text, dict(row.ranking), row.group_id) for row in rows]
    grouped = likeness.group(known, _examples(root / TRAINED / language))
    begun: dict[int, str] = {}
    joined: dict[int, tuple[str, float]] = {}
    for row, name, central in zip(rows, grouped.groups, grouped.central, strict=True):
        if isinstance(name, int):  # named for its first message, alike whoever groups
            name = begun.setdefault(name, _name(row))
        joined[row.id] = name, central
    dismissed = _dismissed(rows)
    with write_transaction(engine) as session:
        alone(session)
        wanted = select(MissedMessage).where(MissedMessage.id.in_(joined))
        for row in session.execute(wanted).scalars():
            name, row.central = joined[row.id]
            if row.group_id is not None:
                continue
            row.group_id = name
            if name in dismissed and row.decision == Decision.OPEN.value:
                row.decision = Decision.DISMISSED.value


def _examples(folder: Path) -> list[str]:
    """The examples of a language as lines: whether they are right is the check's business."""
    return [
        line
        for file in sorted(folder.rglob("*.yml"))
        for line in _EXAMPLE.findall(file.read_text(encoding="utf-8"))
    ]


def _dismissed(rows: Sequence[MissedMessage]) -> set[str]:
    """The groups that were dismissed as a whole: whatever joins them is dismissed with them."""
    decisions: dict[str, set[str]] = {}
    for row in rows:
        if row.group_id is not None:
            decisions.setdefault(row.group_id, set()).add(row.decision)
    return {name for name, of in decisions.items() if of == {Decision.DISMISSED.value}}


def _name(row: MissedMessage) -> str:
    return hashlib.sha256(f"{row.conversation_id} {row.line_number}".encode()).hexdigest()[:8]


def alone(session: Session) -> None:
    """Let nobody else gather or decide until the transaction ends; SQLite has one writer anyway."""
    if session.get_bind().dialect.name == "postgresql":
        key = {"key": zlib.crc32(b"missed_messages")}
        session.execute(text("SELECT pg_advisory_xact_lock(:key)"), key)
