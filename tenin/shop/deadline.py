"""By when whoever asks a shop must have their answer.

`actions.context.in_time` sets it round the work of a turn; `HttpShop` gives up then, and whoever
is about to change something asks whether there is time left: an apology that has been said must
not be followed by what it is about.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

_end: ContextVar[float | None] = ContextVar("shop_deadline", default=None)


@contextmanager
def until(end: float) -> Iterator[None]:
    """Have everything in the block done by `end`, as `time.monotonic` tells it."""
    before = _end.set(end)
    try:
        yield
    finally:
        _end.reset(before)


def seconds_left(longest: float) -> float:
    """How long a call may take: `longest`, or less if the time is up before; 0 if it is up."""
    end = _end.get()
    return longest if end is None else min(longest, max(end - time.monotonic(), 0.0))
