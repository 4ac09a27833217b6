"""Before the routes: what they would refuse for their limits is refused here, at less cost.

Nothing is counted of what is limited, so that a route counts what it takes, and nobody is refused
here whom a route would let in. Who is refused again and again, as no chat of ours is that waits as
long as it was told, gets its refusals late: a program that waits for each answer sends less by it.
Late answers cost no thread and are few for each address; what is beyond them is refused at once.
"""

from __future__ import annotations

import asyncio
import time
from collections import Counter

from starlette.requests import Request

from tenin.channels.limits import Buckets, Limits, keys_of, network_of, refusal
from tenin.fair_turns import whose
from tenin.settings import Settings
from tenin.web import ASGIApp, Receive, Scope, Send, problem_response

# A file's route reads what comes before it answers, so it refuses by itself.
LIMITED = {
    "/chat/messages": "messages",
    "/chat/contact": "messages",
    "/chat/session": "sessions",
    "/chat/visits": "visits",
    "/chat/visits/forget": "visits",
    "/chat/invitations": "visits",
}
PROMPT = 60  # refusals a minute that an address gets at once
LATE_SECONDS = 2.0
MOST_LATE = 200  # refusals of one address that are held at a time


class Gate:
    """ASGI middleware: refuses what is over a limit, and tells by whom writers take turns."""

    def __init__(self, app: ASGIApp, settings: Settings, limits: Limits) -> None:
        """Wrap `app`."""
        self.app, self._settings, self._limits = app, settings, limits
        self._prompt = Buckets(PROMPT)
        self._late: Counter[str] = Counter()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on, or refuse."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        request = Request(scope)
        network = network_of(request, self._settings)
        whose.set(network)
        kind = LIMITED.get(scope["path"]) if scope["method"] == "POST" else None
        wait = self._limits.wait(kind, keys_of(request, kind, network)) if kind else 0.0
        if kind is None or wait == 0:
            await self.app(scope, receive, send)
            return
        answer = await problem_response(request, refusal(kind, wait))
        await self._hold(network)
        await answer(scope, receive, send)

    async def _hold(self, network: str) -> None:
        """Wait, if this address has had enough refusals at once and not too many are held."""
        now = time.monotonic()
        if self._prompt.wait(network, now) == 0:
            self._prompt.take(network, now)
        elif self._late[network] < MOST_LATE:
            self._late[network] += 1
            try:
                await asyncio.sleep(LATE_SECONDS)
            finally:
                self._late[network] -= 1
                if not self._late[network]:
                    del self._late[network]
