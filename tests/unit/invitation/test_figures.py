"""What invitations came to, beside visitors who were held out."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

import pytest
from sqlalchemy.engine import Engine

from tenin.database import read_transaction, write_transaction
from tenin.invitation.figures import ALL, Difference, Share, difference, outcomes
from tenin.invitation.models import Answer, Invited, Visitor

START = datetime(2026, 11, 1, tzinfo=timezone.utc)
DAY = timedelta(days=1)


@pytest.mark.parametrize(
    ("one", "other", "low", "high"),
    [
        # The examples of Newcombe's paper, table II, method 10.
        (Share(56, 70), Share(48, 80), 0.0524, 0.3339),
        (Share(9, 10), Share(3, 10), 0.1705, 0.8090),
        (Share(0, 10), Share(0, 20), -0.1611, 0.2775),
        (Share(10, 10), Share(0, 20), 0.6791, 1.0),
    ],
)
def test_the_interval_is_newcombes(one: Share, other: Share, low: float, high: float) -> None:
    found = difference(one, other)
    assert found is not None
    assert (found.low, found.high) == (pytest.approx(low, abs=1e-4), pytest.approx(high, abs=1e-4))
    assert found.value == pytest.approx(one.did / one.of - other.did / other.of)
    assert -1 <= found.low <= found.value <= found.high <= 1


def test_nobody_makes_no_difference() -> None:
    assert difference(Share(0, 0), Share(1, 2)) is None
    assert Share(0, 0).value is None


def visitor(session: object, name: str, held_out: bool, chatted: float | None) -> None:
    session.add(  # type: ignore[attr-defined]
        Visitor(
            id=name,
            held_out=held_out,
            language="en",
            first_seen=START,
            began_at=START,
            seen_at=START,
            visits=1,
            page={},
            products=[],
            chatted_at=None if chatted is None else START + chatted * DAY,
            ordered_at=START + 0.5 * DAY if name.startswith("order") else None,
        )
    )


def invited(name: str, rule: str, days: float, answer: Answer, held_out: bool) -> Invited:
    return Invited(
        visitor_id=name,
        invitation=rule,
        held_out=held_out,
        promises_person=False,
        page="home",
        at=START + days * DAY,
        answer=answer.value,
    )


def test_each_visitor_counts_once_from_the_first_time(engine: Engine) -> None:
    with write_transaction(engine) as session:
        visitor(session, "order-1", False, 0.2)
        visitor(session, "late", False, 3)
        visitor(session, "out-1", True, 0.1)
        visitor(session, "out-2", True, None)
        session.flush()
        session.add_all(
            [
                invited("order-1", "a", 0.1, Answer.ACCEPTED, False),
                invited("order-1", "a", 0.3, Answer.DISMISSED, False),
                invited("order-1", "b", 0.9, Answer.SHOWN, False),
                invited("late", "a", 0.1, Answer.DISMISSED, False),
                invited("out-1", "a", 0.1, Answer.SHOWN, True),
                invited("out-2", "a", 0.1, Answer.SHOWN, True),
                invited("out-2", "a", 9, Answer.SHOWN, True),
            ]
        )
    with read_transaction(engine) as session:
        a, b, everything = outcomes(session, START, START + 5 * DAY)
        assert outcomes(session, START + 30 * DAY, START + 40 * DAY)[0].shown == 0
    assert (a.invitation, b.invitation, everything.invitation) == ("a", "b", ALL)
    assert (a.shown, a.accepted, a.dismissed) == (3, 1, 2)
    assert (a.chatted, a.chatted_held_out) == (Share(1, 2), Share(1, 2))
    assert (a.ordered, a.ordered_held_out) == (Share(1, 2), Share(0, 2))
    assert isinstance(a.adds_orders, Difference)
    assert a.adds_orders.value == 0.5
    assert (b.chatted, b.adds_chats) == (Share(0, 1), None)
    assert (everything.shown, everything.ordered) == (4, Share(1, 2))
