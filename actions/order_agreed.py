"""The change that a customer was quoted, and the key under which the shop is asked for it.

Both stand in a slot from the quote on. Every yes to that quote asks under that key, also one that
comes after an apology, when nobody knows whether the change before got through: the shop then
makes it once, or finds it made. The slot is emptied when the shop has said yes or no, and filled
anew when something else is quoted.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from tenin.shop import wire
from tenin.shop.interface import Change


@dataclass(frozen=True)
class Agreed:
    """A change and its key; `tried`: the customer said yes, and there was no answer of the shop."""

    change: Change
    key: str
    tried: bool = False

    def after_trial(self) -> Agreed:
        """The same, tried."""
        return replace(self, tried=True)

    def written(self) -> dict[str, Any]:
        """What the slot holds of it."""
        return {"change": wire.write_change(self.change), "key": self.key, "tried": self.tried}


def read_agreed(written: dict[str, Any] | None) -> Agreed | None:
    """What a slot holds; None if it is empty."""
    if written is None:
        return None
    return Agreed(wire.read_change(written["change"]), written["key"], written["tried"])


def agreed_of(change: Change, before: Agreed | None, new_key: str) -> Agreed:
    """A change with its key: that from before if it is the same change, else a new one."""
    return before if before is not None and before.change == change else Agreed(change, new_key)
