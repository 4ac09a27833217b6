"""A shop's API on loopback for the actions: the reference API, which a test may slow or spoil."""

from __future__ import annotations

import asyncio
import contextlib
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from tenin.database import make_engine
from tenin.shop.database_shop import DatabaseShop
from tenin.shop.reference_api import demo_terms, make_app
from tests.contract.shops import served
from tests.unit.actions.counter import Counter

TOKEN = "a-token-of-the-tests"


@dataclass
class Api:
    """A shop's API that thinks `before` it does what it is asked, and `after`, so many seconds.

    `spoilt`: every answer is nonsense. `lost`: so many answers to changes never arrive, though
    the changes are made.
    """

    behind: DatabaseShop
    before: float = 0.0
    after: float = 0.0
    spoilt: bool = False
    lost: int = 0
    asked: list[str] = field(default_factory=list)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        self.asked.append(scope["path"])
        await asyncio.sleep(self.before)
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
    root: Path, today: Path, settings: str, monkeypatch: pytest.MonkeyPatch
) -> Iterator[tuple[Counter, Api]]:
    """The actions of a shop whose settings name its API, with the demo shop of `today` in both.

    The API has a database of its own; that of the settings has the goods. `settings` are added
    to tenin.yml.
    """
    for name in ("shop.db", "theirs.db"):
        shutil.copy(today, root / "var" / name)
    engine = make_engine(f"sqlite:///{root}/var/theirs.db")
    api = Api(DatabaseShop(engine, demo_terms()))
    try:
        with served(api) as url:
            text = f"{settings}\nshop:\n  api_url: {url}/\n  api_timeout_seconds: 5\n"
            (root / "tenin.yml").write_text(text, encoding="utf-8")
            monkeypatch.setenv("TENIN_SHOP_API_TOKEN", TOKEN)
            with Counter() as counter:
                yield counter, api
    finally:
        engine.dispose()
