"""Who is on duty in tests: by the hours somebody could be, and nobody is unless a test says so."""

from __future__ import annotations

from sqlalchemy import update
from sqlalchemy.engine import Engine

from tenin.clock import utcnow
from tenin.database import write_transaction
from tenin.desk.models import Agent, DeskSetting
from tenin.desk.schedule import DAYS

ALWAYS_OPEN = {"zone": "Asia/Shanghai", "week": {day: [["00:00", "24:00"]] for day in DAYS}}


def open_always(engine: Engine) -> None:
    """Set the hours as a lead does; whether an agent is there is a test's to say."""
    with write_transaction(engine) as session:
        session.merge(DeskSetting(name="hours", value=ALWAYS_OPEN, updated_at=utcnow()))


def empty_desk(engine: Engine) -> None:
    """Send all agents away, whom an earlier test let in."""
    with write_transaction(engine) as session:
        session.execute(
            update(Agent).values(seen_at=None).execution_options(synchronize_session=False)
        )
