"""What the web tier's routes work with, made once at its start."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, TypeVar

from sqlalchemy.engine import Engine
from sqlalchemy.orm import Session
from starlette.requests import Request

from tenin.channels.customer_token import TokenRules
from tenin.channels.hub import Hub
from tenin.conversation.voice import Voice
from tenin.database import read_transaction, write_transaction
from tenin.fair_turns import FairTurns, whose
from tenin.invitation.rules import Invitations
from tenin.settings import Settings
from tenin.shop.interface import Shop

if TYPE_CHECKING:
    from tenin.channels.limits import Limits

T = TypeVar("T")

# For the routes' work on the databases. Much of it is Python's own, so on a busy machine more
# threads are in each other's way; what is slow for other reasons runs in the loop's threads.
THREADS = 4


@dataclass(frozen=True)
class Services:
    """Settings, databases, shop, wording, listeners, limits, token rules, who is invited.

    `writers` are the turns in which routes write.
    """

    settings: Settings
    engine: Engine
    shop_engine: Engine
    shop: Shop
    voice: Voice
    hub: Hub
    limits: Limits
    token_rules: TokenRules | None = None
    invitations: Invitations = field(default_factory=Invitations)
    writers: FairTurns = field(default_factory=FairTurns)
    threads: ThreadPoolExecutor = field(default_factory=partial(ThreadPoolExecutor, THREADS))

    async def write(self, work: Callable[[Session], T]) -> T:
        """Run `work` in a transaction that is committed when this returns, off the event loop.

        Those who ask (`whose`) take turns.
        """

        def run() -> T:
            with write_transaction(self.engine) as session:
                return work(session)

        async with self.writers.turn(whose.get()):
            return await self._in_thread(run)

    async def read(self, work: Callable[[Session], T]) -> T:
        """Run `work` on one snapshot of the database, off the event loop."""
        return await self._read(self.engine, work)

    async def read_shop(self, work: Callable[[Session], T]) -> T:
        """Run `work` on one snapshot of the shop's goods, off the event loop."""
        return await self._read(self.shop_engine, work)

    async def _read(self, engine: Engine, work: Callable[[Session], T]) -> T:
        def run() -> T:
            with read_transaction(engine) as session:
                return work(session)

        return await self._in_thread(run)

    async def _in_thread(self, run: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self.threads, run)


def services_of(request: Request) -> Services:
    """The services of the app that serves this request."""
    services: Services = request.app.state.services
    return services
