"""What leads see and change, in the database: skills, hours and holidays, canned replies.

Each change happens in one transaction with its line in the audit log, and only if what the page
showed is still there.
"""

from __future__ import annotations

import zlib
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import select, text, update
from sqlalchemy.orm import Session

from tenin.clock import utcnow
from tenin.conversation.models import Conversation, Owner
from tenin.desk import audit, lead_checks
from tenin.desk.accounts import Account
from tenin.desk.hours import HOLIDAYS, HOURS, load_schedule
from tenin.desk.lead_checks import Known, changed_meanwhile, check_version, fingerprint, refusal
from tenin.desk.models import Agent, CannedReply, DeskSetting, Skill
from tenin.desk.schedule import Schedule, as_json
from tenin.web import Problem

SKILLS_CHANGED = "skills_changed"
HOURS_CHANGED = "hours_changed"
HOLIDAYS_CHANGED = "holidays_changed"
CANNED_ADDED = "canned_added"
CANNED_CHANGED = "canned_changed"
CANNED_REMOVED = "canned_removed"
CANNED_ORDERED = "canned_ordered"
LARGEST_ID = 2**31 - 1


class Change:
    """Who changes something, from where; the others wait until it is done."""

    def __init__(
        self, session: Session, by: Account, address: str | None, now: datetime | None = None
    ) -> None:
        """Begin, alone."""
        self.session, self.by, self.address, self.now = session, by, address, now or utcnow()
        if session.get_bind().dialect.name == "postgresql":  # SQLite has one writer anyway
            key = {"key": zlib.crc32(b"desk_settings")}
            session.execute(text("SELECT pg_advisory_xact_lock(:key)"), key)

    def tell(self, action: str, subject: str | None, detail: dict[str, Any]) -> None:
        """Write down what was done."""
        audit.record(self.session, self.by, action, subject, detail, self.address, now=self.now)


def skills(session: Session) -> list[dict[str, Any]]:
    """All skills, by their ids."""
    rows = session.execute(select(Skill).order_by(Skill.id)).scalars()
    return [
        {"id": row.id, "titles": row.titles, "categories": list(row.categories)} for row in rows
    ]


def save_skills(change: Change, body: Mapping[str, Any], known: Known) -> None:
    """Put these skills in the place of those there are.

    One that an agent or a canned reply names can't go: the agent would serve all of them. Who
    waits for one that goes may be served by anybody.
    """
    session = change.session
    before = skills(session)
    check_version(body, before)
    after = sorted(lead_checks.skills(body.get("skills"), known), key=lambda each: str(each["id"]))
    gone = {each["id"] for each in before} - {each["id"] for each in after}
    _check_unused(session, gone)
    for key in gone:
        session.delete(session.get(Skill, key))
    session.execute(
        update(Conversation)
        .where(Conversation.owner == Owner.QUEUE.value, Conversation.skill.in_(gone))
        .values(skill=None)
        .execution_options(synchronize_session=False)
    )
    there = {each["id"]: each for each in before}
    changed = [each for each in after if there.get(each["id"]) != each]
    for each in changed:
        session.merge(Skill(**each))
    session.flush()
    if gone or changed:
        detail = {"removed": sorted(gone), "changed": [each["id"] for each in changed]}
        change.tell(SKILLS_CHANGED, None, detail)


def _check_unused(session: Session, gone: set[str]) -> None:
    for agent in session.execute(select(Agent).order_by(Agent.login)).scalars():
        if used := sorted(gone.intersection(agent.skills)):
            raise _in_use(used[0], f"the agent {agent.name}")
    for reply in session.execute(select(CannedReply).order_by(CannedReply.shortcut)).scalars():
        if reply.skill in gone:
            raise _in_use(reply.skill, f"the canned reply {reply.shortcut}")


def _in_use(skill: str, by: str) -> Problem:
    return Problem(409, "skill_in_use", f"{skill} is used by {by}.", "Take it away there first.")


def hours(session: Session, default: Schedule) -> tuple[Schedule, dict[str, Any], Any]:
    """The hours that hold, as schedule, and hours and holidays as JSON."""
    schedule = load_schedule(session, default)
    return schedule, *as_json(schedule)


def save_hours(change: Change, body: Mapping[str, Any], default: Schedule) -> None:
    """Set the week and the zone."""
    _, before, _ = hours(change.session, default)
    check_version(body, before)
    given = {"zone": body.get("zone"), "week": body.get("week")}
    after, _ = as_json(lead_checks.schedule(given))
    _set(change, HOURS, before, after, HOURS_CHANGED)


def save_holidays(change: Change, body: Mapping[str, Any], default: Schedule) -> None:
    """Set the days that are otherwise."""
    _, week, before = hours(change.session, default)
    check_version(body, before)
    if not isinstance(body.get("holidays"), list):
        raise refusal("not_a_list", "`holidays` is no list.", "Send a list, if need be empty.")
    _, after = as_json(lead_checks.schedule(week, body["holidays"]))
    _set(change, HOLIDAYS, before, after, HOLIDAYS_CHANGED)


def _set(change: Change, name: str, before: Any, after: Any, action: str) -> None:
    if before == after:
        return
    change.session.merge(DeskSetting(name=name, value=after, updated_at=change.now))
    change.session.flush()
    change.tell(action, None, {"before": before, "after": after})


def canned(session: Session) -> list[dict[str, Any]]:
    """All canned replies in their order, each with its version."""
    rows = session.execute(select(CannedReply).order_by(CannedReply.place, CannedReply.id))
    return [
        {"id": row.id, **_reply(row), "version": fingerprint(_reply(row))} for row in rows.scalars()
    ]


def _reply(row: CannedReply) -> dict[str, Any]:
    return {"shortcut": row.shortcut, "skill": row.skill, "texts": dict(row.texts)}


def add_canned(change: Change, body: Mapping[str, Any], known: Known, longest: int) -> int:
    """Add a canned reply as the last; returns its id."""
    values = lead_checks.canned(body, known, longest)
    rows = change.session.execute(select(CannedReply)).scalars().all()
    if len(rows) >= lead_checks.MOST_REPLIES:
        raise refusal(
            "too_many",
            f"There are {lead_checks.MOST_REPLIES} canned replies already.",
            "Remove one first.",
        )
    _check_shortcut(rows, values["shortcut"], None)
    place = max((row.place for row in rows), default=0) + 1
    row = CannedReply(place=place, updated_at=change.now, **values)
    change.session.add(row)
    change.session.flush()
    change.tell(CANNED_ADDED, row.shortcut, {"texts": row.texts})
    return int(row.id)


def save_canned(
    change: Change, reply_id: object, body: Mapping[str, Any], known: Known, longest: int
) -> None:
    """Change one canned reply."""
    row = _there(change.session, reply_id)
    before = _reply(row)
    check_version(body, before)
    values = lead_checks.canned(body, known, longest)
    rows = change.session.execute(select(CannedReply)).scalars().all()
    _check_shortcut(rows, values["shortcut"], row.id)
    if values == before:
        return
    row.shortcut, row.skill, row.texts = values["shortcut"], values["skill"], values["texts"]
    row.updated_at = change.now
    change.session.flush()
    changed = {key: [before[key], value] for key, value in values.items() if before[key] != value}
    change.tell(CANNED_CHANGED, row.shortcut, changed)


def remove_canned(change: Change, reply_id: object, body: Mapping[str, Any]) -> None:
    """Remove one canned reply."""
    row = _there(change.session, reply_id)
    check_version(body, _reply(row))
    change.session.delete(row)
    change.session.flush()
    change.tell(CANNED_REMOVED, row.shortcut, {"texts": row.texts})


def order_canned(change: Change, body: Mapping[str, Any]) -> None:
    """Put the canned replies into another order; all of them must be named."""
    wanted = body.get("order")
    if not isinstance(wanted, list) or not all(type(each) is int for each in wanted):
        raise refusal("not_a_list", "`order` is no list of ids.", "Send all ids in their order.")
    rows = {row.id: row for row in change.session.execute(select(CannedReply)).scalars()}
    if len(wanted) != len(rows) or set(wanted) != set(rows):
        raise changed_meanwhile()
    if wanted == [each["id"] for each in canned(change.session)]:
        return
    for place, key in enumerate(wanted, 1):
        rows[key].place = place
    change.session.flush()
    change.tell(CANNED_ORDERED, None, {"order": [rows[key].shortcut for key in wanted]})


def _there(session: Session, reply_id: object) -> CannedReply:
    number = str(reply_id)
    key = int(number) if number.isascii() and number.isdecimal() and len(number) < 11 else 0
    row: CannedReply | None = session.get(CannedReply, key) if 0 < key <= LARGEST_ID else None
    if row is None:
        raise Problem(
            404, "no_such_reply", "There is no such canned reply.", "Look at the list again."
        )
    return row


def _check_shortcut(rows: Any, shortcut: str, own: int | None) -> None:
    for row in rows:
        if row.id != own and row.shortcut.casefold() == shortcut.casefold():
            raise refusal(
                "shortcut_doubled",
                f"There is a canned reply {row.shortcut} already.",
                "Choose another shortcut.",
            )
