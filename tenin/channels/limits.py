"""How much a session, an address and a whole shop may send: too much is refused, with a time.

Buckets of tokens in this process's memory: what a minute allows is there at once, and comes back
evenly. A route asks first of all, before it reads the body or the database; and
`tenin.channels.gate` looks before any route is sought, so that a flood costs next to nothing and
others are answered as fast as ever. To be asked on the event loop alone.
"""

from __future__ import annotations

import ipaddress
import math
import time
from collections import OrderedDict
from collections.abc import Callable, Sequence
from functools import lru_cache

from starlette.requests import Request

from tenin.channels.sessions import bearer, token_hash
from tenin.services import services_of
from tenin.settings import Settings
from tenin.settings_limits import LimitsSettings
from tenin.web import Problem, client_address

MINUTE = 60.0
MOST_KEYS = 20_000  # of one limit; a minute's flood from more addresses meets the shop's limit
ROUNDING = 1e-6  # of a token
NETWORK = 64  # bits of an IPv6 address that one customer has for themselves

OF_SESSIONS = ("messages", "uploads")  # what each session has a limit of its own for

Clock = Callable[[], float]


class Buckets:
    """One limit: a bucket for each key, of which the longest untouched is forgotten first."""

    def __init__(self, by_minute: int, most_keys: int = MOST_KEYS) -> None:
        """So many a minute for each key, or any number with 0."""
        self.by_minute = by_minute
        self._most_keys = most_keys
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def __len__(self) -> int:
        """How many keys are remembered."""
        return len(self._buckets)

    def wait(self, key: str, now: float) -> float:
        """The seconds until this key may take one; 0 if it may now."""
        if not self.by_minute:
            return 0.0
        missing = 1 - self._tokens(key, now)
        return missing * MINUTE / self.by_minute if missing > ROUNDING else 0.0

    def take(self, key: str, now: float) -> None:
        """Take one, which `wait` said is there."""
        if not self.by_minute:
            return
        self._buckets[key] = (self._tokens(key, now) - 1, now)
        self._buckets.move_to_end(key)
        while self._buckets:
            oldest = next(iter(self._buckets))
            full = self._tokens(oldest, now) >= self.by_minute
            if not full and len(self._buckets) <= self._most_keys:
                break
            del self._buckets[oldest]  # a full bucket is as good as none

    def _tokens(self, key: str, now: float) -> float:
        left, at = self._buckets.get(key, (float(self.by_minute), now))
        return min(self.by_minute, left + max(0.0, now - at) * self.by_minute / MINUTE)


class Limits:
    """The limits of this process, for each kind of what is sent."""

    def __init__(self, limits: LimitsSettings, clock: Clock = time.monotonic) -> None:
        """Every bucket is full."""
        self._clock = clock
        self._of = {
            "messages": [
                Buckets(limits.messages_by_session),
                Buckets(limits.messages_by_address),
                Buckets(limits.messages_by_shop),
            ],
            "sessions": [Buckets(limits.sessions_by_address), Buckets(limits.sessions_by_shop)],
            "uploads": [
                Buckets(limits.uploads_by_session),
                Buckets(limits.uploads_by_address),
                Buckets(limits.uploads_by_shop),
            ],
            "visits": [Buckets(limits.visits_by_address), Buckets(limits.visits_by_shop)],
        }

    def wait(self, kind: str, keys: Sequence[str]) -> float:
        """The seconds until one may be taken of each of the kind's limits; 0 if it may now.

        `keys` name who asks, in the order of the limits.
        """
        now = self._clock()
        return max(limit.wait(key, now) for limit, key in zip(self._of[kind], keys, strict=True))

    def ask(self, kind: str, keys: Sequence[str]) -> float:
        """Take one of each of the kind's limits, or, if one is used up, none of any.

        Returns:
            0, or the seconds until it may be asked again, as `wait` tells them.
        """
        wait = self.wait(kind, keys)
        if wait == 0:
            now = self._clock()
            for limit, key in zip(self._of[kind], keys, strict=True):
                limit.take(key, now)
        return wait


def limit_messages(request: Request) -> None:
    """Count a message of the session whose token the request carries.

    Raises:
        Problem: 429 `too_many_messages`, with the time after which it may come again.
    """
    _limit(request, "messages")


def limit_sessions(request: Request) -> None:
    """Count a new session.

    Raises:
        Problem: 429 `too_many_sessions`, with the time after which it may come again.
    """
    _limit(request, "sessions")


def limit_uploads(request: Request) -> None:
    """Count a file of the session whose token the request carries.

    Raises:
        Problem: 429 `too_many_uploads`, with the time after which it may come again.
    """
    _limit(request, "uploads")


def limit_visits(request: Request) -> None:
    """Count what a page tells of a visitor, who has no session.

    Raises:
        Problem: 429 `too_many_visits`, with the time after which it may come again.
    """
    _limit(request, "visits")


def network_of(request: Request, settings: Settings) -> str:
    """Whose the address is that a request came from: of IPv6 the network, which is one customer's.

    Empty where the server does not know; all of those are one.
    """
    return _network(client_address(request, settings) or "")


@lru_cache(4096)
def _network(address: str) -> str:
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return address
    if parsed.version == 4:
        return address
    return str(ipaddress.ip_network((int(parsed) >> NETWORK << NETWORK, NETWORK)))


def keys_of(request: Request, kind: str, network: str) -> list[str]:
    """Who asks, in the order of the kind's limits."""
    session = [token_hash(bearer(request))] if kind in OF_SESSIONS else []
    return [*session, network, ""]


def _limit(request: Request, kind: str) -> None:
    services = services_of(request)
    network = network_of(request, services.settings)
    wait = services.limits.ask(kind, keys_of(request, kind, network))
    if wait > 0:
        raise refusal(kind, wait)


def refusal(kind: str, wait: float) -> Problem:
    """What one is told who may send again in `wait` seconds."""
    seconds = math.ceil(wait)
    return Problem(
        429,
        f"too_many_{kind}",
        f"Too many {kind} came in too short a time.",
        f"Send it again in {seconds} s.",
        retry_after=seconds,
    )
