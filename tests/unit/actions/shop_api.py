"""A shop's API on loopback for the actions: the reference API, which a test may slow or spoil."""

from __future__ import annotations

import asyncio
import contextlib
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

import pytest
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from tenin.clock import utcnow
from tenin.database import make_engine
from tenin.shop.database_shop import DatabaseShop
from tenin.shop.reference_api import demo_terms, make_app
from tests.contract.shops import served
from tests.unit.actions.counter import Counter

TOKEN = "a-token-of-the-tests"


@dataclass
class Api:
    """A shop's API that thinks `before` it does what it is asked, and `after`, so many seconds.

    `spoilt`: every answer is nonsense. `dropped`: so many changes are never made, `lost`: so many
    are made, and either way no answer comes.
    """

    behind: DatabaseShop
    before: float = 0.0
    after: float = 0.0
    spoilt: bool = False
    dropped: int = 0
    lost: int = 0
    asked: list[str] = field(default_factory=list)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        self.asked.append(scope["path"])
        await asyncio.sleep(self.before)
        if scope["path"] == "/changes" and self.dropped > 0:
            self.dropped -= 1
            return
        loses = scope["path"] == "/changes" and self.lost > 0
        self.lost -= loses

        async def answer(message: Message) -> None:
            if loses:
                raise ConnectionResetError("the answer is lost")
            if message["type"] == "http.response.start":
                await asyncio.sleep(self.after)
            elif self.spoilt:
                message = {**message, "body": b"x" * len(message["body"])}
            await send(message)

        with contextlib.suppress(ConnectionResetError):
            await self._app(scope, receive, answer)

    def __post_init__(self) -> None:
        """Make the API."""
        self._app: ASGIApp = make_app(self.behind, TOKEN)


@contextlib.contextmanager
def connected(
    root: Path,
    today: Path,
    settings: str,
    monkeypatch: pytest.MonkeyPatch,
    now: Callable[[], datetime] = utcnow,
) -> Iterator[tuple[Counter, Api]]:
    """The actions of a shop whose settings name its API, with the demo shop of `today` in both.

    The API has a database of its own, `theirs.db`, and its own time, `now`; the database of the
    settings has the goods. `settings` are added to tenin.yml.
    """
    for name in ("shop.db", "theirs.db"):
        shutil.copy(today, root / "var" / name)
    engine = make_engine(f"sqlite:///{root}/var/theirs.db")
    api = Api(DatabaseShop(engine, demo_terms(), now))
    try:
        with served(api) as url:
            text = f"{settings}\nshop:\n  api_url: {url}/\n  api_timeout_seconds: 5\n"
            (root / "tenin.yml").write_text(text, encoding="utf-8")
            monkeypatch.setenv("TENIN_SHOP_API_TOKEN", TOKEN)
            with Counter() as counter:
                yield counter, api
    finally:
        engine.dispose()
