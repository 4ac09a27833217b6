"""What the web tier's routes work with, made once at its start."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from sqlalchemy.engine import Engine
from sqlalchemy.orm import Session
from starlette.requests import Request

from tenin.channels.customer_token import TokenRules
from tenin.channels.hub import Hub
from tenin.conversation.voice import Voice
from tenin.database import read_transaction, write_transaction
from tenin.settings import Settings
from tenin.shop.interface import Shop

T = TypeVar("T")


@dataclass(frozen=True)
class Services:
    """Settings, databases, shop, wording, who listens, how the shop's tokens are verified."""

    settings: Settings
    engine: Engine
    shop_engine: Engine
    shop: Shop
    voice: Voice
    hub: Hub
    token_rules: TokenRules | None = None

    async def write(self, work: Callable[[Session], T]) -> T:
        """Run `work` in a transaction that is committed when this returns, off the event loop."""

        def run() -> T:
            with write_transaction(self.engine) as session:
                return work(session)

        return await asyncio.to_thread(run)

    async def read(self, work: Callable[[Session], T]) -> T:
        """Run `work` on one snapshot of the database, off the event loop."""

        def run() -> T:
            with read_transaction(self.engine) as session:
                return work(session)

        return await asyncio.to_thread(run)


def services_of(request: Request) -> Services:
    """The services of the app that serves this request."""
    services: Services = request.app.state.services
    return services
