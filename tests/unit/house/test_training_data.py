"""The files that trainers and the shop write: `tenin check` finds nothing in them."""

from __future__ import annotations

from tenin.training.check.whole import check
from tests.unit.house.tree import PROJECT


def test_nothing_is_found() -> None:
    assert [str(finding) for finding in check(PROJECT)] == []
