"""Puts what the desk begins with into a new database, once: skills and canned replies.

Called wherever the database is brought up to date (`tenin.start`). What leads have removed later
does not come back.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from tenin.clock import utcnow
from tenin.desk.desk_file import DeskFile
from tenin.desk.models import CannedReply, DeskSetting, Skill

# The setting that says that the desk has begun.
BEGUN = "begun"


def seed(session: Session, desk: DeskFile, now: datetime | None = None) -> tuple[int, int]:
    """Put skills and canned replies in where there were none before.

    Returns:
        How many of each; two zeros if it was done already, or there is nothing to begin with.
    """
    now = now or utcnow()
    if not (desk.skills or desk.canned) or session.get(DeskSetting, BEGUN) is not None:
        return 0, 0
    try:
        with session.begin_nested():
            session.add(DeskSetting(name=BEGUN, value=True, updated_at=now))
    except IntegrityError:
        return 0, 0  # another process has, just now
    skills = [] if _any(session, Skill) else _skills(desk)
    canned = [] if _any(session, CannedReply) else _canned(desk, now)
    session.add_all([*skills, *canned])
    session.flush()
    return len(skills), len(canned)


def _skills(desk: DeskFile) -> list[Skill]:
    return [
        Skill(id=skill.id, titles=dict(skill.titles), categories=list(skill.categories))
        for skill in desk.skills
    ]


def _canned(desk: DeskFile, now: datetime) -> list[CannedReply]:
    return [
        CannedReply(
            shortcut=canned.shortcut,
            place=place,
            skill=canned.skill,
            texts=dict(canned.texts),
            updated_at=now,
        )
        for place, canned in enumerate(desk.canned)
    ]


def _any(session: Session, table: type[Skill] | type[CannedReply]) -> bool:
    return bool(session.execute(select(func.count()).select_from(table)).scalar_one())
