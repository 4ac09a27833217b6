"""Two leads who save at the same moment: one has it, the other is told, on both databases."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.engine import Engine

from tenin.database import read_transaction, write_transaction
from tenin.desk import lead_store
from tenin.desk.accounts import Account
from tenin.desk.lead_checks import Known, fingerprint
from tenin.desk.lead_store import Change
from tenin.desk.models import AuditEntry
from tenin.desk.schedule import as_json, read_schedule
from tenin.web import Problem

AT_ONCE = 4
LEA = Account("lea", "Lea", "lea", "lead", frozenset({"serve", "lead"}))
KNOWN = Known(("en",), ("track_order",))
DEFAULT = read_schedule({"zone": "UTC", "week": {"mon": [["09:00", "17:00"]]}})
NOTHING = fingerprint([])


def skills(change: Change, number: int) -> None:
    wanted = [{"id": f"skill_{number}", "titles": {"en": "x"}, "categories": []}]
    lead_store.save_skills(change, {"version": NOTHING, "skills": wanted}, KNOWN)


def hours(change: Change, number: int) -> None:
    week = {"tue": [["09:00", f"1{number}:00"]]}
    body = {"version": fingerprint(as_json(DEFAULT)[0]), "zone": "UTC", "week": week}
    lead_store.save_hours(change, body, DEFAULT)


def holidays(change: Change, number: int) -> None:
    day = {"date": f"2026-12-0{number + 1}", "name": "x", "spans": []}
    lead_store.save_holidays(change, {"version": NOTHING, "holidays": [day]}, DEFAULT)


def same_shortcut(change: Change, _: int) -> None:
    body = {"shortcut": "wait", "skill": None, "texts": {"en": "Wait"}}
    lead_store.add_canned(change, body, KNOWN, 100)


@pytest.mark.parametrize(
    ("save", "refusal"),
    [
        (skills, "changed_meanwhile"),
        (hours, "changed_meanwhile"),
        (holidays, "changed_meanwhile"),
        (same_shortcut, "shortcut_doubled"),
    ],
)
def test_of_several_at_once_one_has_it(
    engine: Engine, save: Callable[[Change, int], None], refusal: str
) -> None:
    together = Barrier(AT_ONCE)

    def one(number: int) -> str:
        together.wait()
        try:
            with write_transaction(engine) as session:
                save(Change(session, LEA, None), number)
        except Problem as problem:
            return problem.code
        return "saved"

    with ThreadPoolExecutor(AT_ONCE) as pool:
        outcomes = sorted(pool.map(one, range(AT_ONCE)))
    assert outcomes == sorted(["saved", *[refusal] * (AT_ONCE - 1)])
    assert len(log(engine)) == 1


def test_what_changes_nothing_is_not_told(engine: Engine) -> None:
    def change(work: Callable[[Change], Any]) -> None:
        with write_transaction(engine) as session:
            work(Change(session, LEA, "127.0.0.1"))

    change(lambda each: skills(each, 1))
    with read_transaction(engine) as session:
        there = lead_store.skills(session)
    same = {"version": fingerprint(there), "skills": there}
    change(lambda each: lead_store.save_skills(each, same, KNOWN))
    week, days = as_json(DEFAULT)
    change(
        lambda each: lead_store.save_hours(each, {**week, "version": fingerprint(week)}, DEFAULT)
    )
    change(
        lambda each: lead_store.save_holidays(each, {"holidays": [], "version": NOTHING}, DEFAULT)
    )
    change(lambda each: lead_store.order_canned(each, {"order": days}))
    [entry] = log(engine)
    assert (entry.action, entry.agent_id, entry.address) == ("skills_changed", "lea", "127.0.0.1")


def log(engine: Engine) -> list[AuditEntry]:
    with read_transaction(engine) as session:
        return list(session.execute(select(AuditEntry)).scalars())
