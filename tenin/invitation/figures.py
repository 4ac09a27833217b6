"""What invitations came to, and what difference they make against visitors who are held out.

Counted by visitor, from the first time in the period that a rule's conditions held for them:
whoever was held out then had the same reason to be invited. The interval of a difference of two
shares is Newcombe's, from Wilson's intervals (R. G. Newcombe, "Interval estimation for the
difference between independent proportions", Statistics in Medicine 17, 1998, method 10).
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from tenin.invitation.models import Answer, Invited, Visitor

FOLLOWS = timedelta(hours=24)
Z = 1.959964  # of 95 percent
ALL = "all"


@dataclass(frozen=True)
class Share:
    """How many of a number of visitors did something."""

    did: int
    of: int

    @property
    def value(self) -> float | None:
        """Between 0 and 1; None of nobody."""
        return self.did / self.of if self.of else None


@dataclass(frozen=True)
class Difference:
    """What inviting adds to a share: between -1 and 1, with the bounds of its 95 % interval."""

    value: float
    low: float
    high: float


@dataclass(frozen=True)
class Outcome:
    """Of one rule, or of `all`: showings and answers, and what visitors did within a day.

    `chatted` and `ordered` are of the invited, `*_held_out` of those held out.
    """

    invitation: str
    shown: int
    accepted: int
    dismissed: int
    chatted: Share
    chatted_held_out: Share
    ordered: Share
    ordered_held_out: Share

    @property
    def adds_chats(self) -> Difference | None:
        """The difference in chats begun; None where either group is empty."""
        return difference(self.chatted, self.chatted_held_out)

    @property
    def adds_orders(self) -> Difference | None:
        """The difference in orders; None where either group is empty."""
        return difference(self.ordered, self.ordered_held_out)


def outcomes(session: Session, since: datetime, until: datetime) -> list[Outcome]:
    """What came of each rule's invitations from `since` on, before `until`; the last is `all`."""
    wanted = (
        select(Invited, Visitor)
        .join(Visitor, Visitor.id == Invited.visitor_id)
        .where(Invited.at >= since, Invited.at < until)
        .order_by(Invited.at, Invited.id)
    )
    rows = [(row, visitor) for row, visitor in session.execute(wanted)]
    by_name: dict[str, list[tuple[Invited, Visitor]]] = defaultdict(list)
    for row, visitor in rows:
        by_name[row.invitation].append((row, visitor))
    return [
        *(_outcome(name, found) for name, found in sorted(by_name.items())),
        _outcome(ALL, rows),
    ]


def difference(one: Share, other: Share) -> Difference | None:
    """How much greater one share is than another, with Newcombe's interval."""
    if not one.of or not other.of:
        return None
    a, b = one.did / one.of, other.did / other.of
    (a_low, a_high), (b_low, b_high) = _wilson(one), _wilson(other)
    low = a - b - math.sqrt((a - a_low) ** 2 + (b_high - b) ** 2)
    high = a - b + math.sqrt((a_high - a) ** 2 + (b - b_low) ** 2)
    return Difference(a - b, max(-1.0, low), min(1.0, high))


def _wilson(share: Share) -> tuple[float, float]:
    n, p = share.of, share.did / share.of
    middle = p + Z * Z / (2 * n)
    half = Z * math.sqrt(p * (1 - p) / n + Z * Z / (4 * n * n))
    scale = 1 + Z * Z / n
    return (middle - half) / scale, (middle + half) / scale


def _outcome(name: str, rows: Iterable[tuple[Invited, Visitor]]) -> Outcome:
    rows = list(rows)
    shown = [row for row, _ in rows if not row.held_out]
    first: dict[str, tuple[Invited, Visitor]] = {}
    for row, visitor in rows:
        first.setdefault(str(visitor.id), (row, visitor))
    invited = [each for each in first.values() if not each[0].held_out]
    held_out = [each for each in first.values() if each[0].held_out]
    return Outcome(
        name,
        len(shown),
        sum(row.answer == Answer.ACCEPTED.value for row in shown),
        sum(row.answer == Answer.DISMISSED.value for row in shown),
        _share(invited, "chatted_at"),
        _share(held_out, "chatted_at"),
        _share(invited, "ordered_at"),
        _share(held_out, "ordered_at"),
    )


def _share(group: list[tuple[Invited, Visitor]], what: str) -> Share:
    times = [(row.at, getattr(visitor, what)) for row, visitor in group]
    did = sum(at is not None and since <= at <= since + FOLLOWS for since, at in times)
    return Share(did, len(group))
