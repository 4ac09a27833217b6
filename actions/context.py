"""What the actions share: settings, databases, the deadline, and who is asking."""

from __future__ import annotations

import asyncio
import contextvars
import functools
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from typing import TypeVar

from rasa_sdk import Tracker
from sqlalchemy.engine import Engine

from tenin.database import make_engine
from tenin.language.languages import configured
from tenin.language.policy import Policy, load_policy
from tenin.language.wording import load_responses
from tenin.settings import Settings, load_settings
from tenin.shop.database_shop import DatabaseShop
from tenin.shop.deadline import until
from tenin.shop.http_shop import HttpShop
from tenin.shop.interface import Shop
from tenin.shop.terms import Terms

T = TypeVar("T")


@functools.lru_cache(maxsize=1)
def settings() -> Settings:
    """The project's settings."""
    return load_settings()


@functools.lru_cache(maxsize=1)
def conversations() -> Engine:
    """The database of the conversations."""
    return make_engine(settings().database.url)


@functools.lru_cache(maxsize=1)
def shop() -> Engine:
    """The shop's own database."""
    return make_engine(settings().shop.database_url)


@functools.lru_cache(maxsize=1)
def shop_of_orders() -> Shop:
    """The shop as orders are asked of it: its API if the settings name one, else its tables."""
    chosen = settings().shop
    if not chosen.api_url:
        return DatabaseShop(shop(), terms())
    # The settings hold no address without its token.
    token = str(settings().shop_api_token)
    return HttpShop(chosen.api_url, token, chosen.api_timeout_seconds)


@functools.lru_cache(maxsize=1)
def terms() -> Terms:
    """The shop's terms as far as orders go by them, from policy.yml."""
    said = _policy().shared
    fee, currency = said["cancellation_fee"]
    return Terms(
        return_days=said["returns_days"],
        exchange_days=said["exchange_days"],
        cancellation_fee=Decimal(fee),
        refund_working_days=said["refund_working_days"],
        currency=currency,
        most_pieces=said["ordering_most_pieces"],
        shop_name=dict(_policy().by_language["shop_name"]),
    )


@functools.lru_cache(maxsize=1)
def _policy() -> Policy:
    return load_policy(settings().root / "policy.yml", configured().names)


@functools.lru_cache(maxsize=1)
def answers() -> frozenset[str]:
    """The names of all responses there are."""
    return frozenset(load_responses(settings().root / "data" / "responses").variations)


def currency() -> str:
    """The currency that the shop sells in."""
    return str(_policy().shared["payment_currency"])


async def in_time(work: Callable[[], T], tracker: Tracker | None = None) -> T:
    """Run blocking `work` off the event loop, within the deadline of an action.

    With a `tracker` within that of its turn, which all its actions share.

    Raises:
        asyncio.TimeoutError: after the deadline; the customer then gets an apology.
    """
    left = settings().actions.deadline_seconds - (_seconds_since_message(tracker) if tracker else 0)
    end = time.monotonic() + left

    def run() -> T:
        with until(end):
            return work()

    called = functools.partial(contextvars.copy_context().run, run)
    running = asyncio.get_running_loop().run_in_executor(_threads(), called)
    return await asyncio.wait_for(running, left)


def _seconds_since_message(tracker: Tracker) -> float:
    """How long the customer's message has been understood; 0 where the clock was set back."""
    events = (event for event in reversed(tracker.events) if event["event"] == "user")
    said_at = next(events, {}).get("timestamp")
    return max(time.time() - said_at, 0.0) if said_at else 0.0


@functools.lru_cache(maxsize=1)
def _threads() -> ThreadPoolExecutor:
    """Threads for every turn at once, and as many for what their deadlines left running."""
    return ThreadPoolExecutor(2 * settings().bot.workers_at_once, "shop")


def language(tracker: Tracker) -> str:
    """The conversation's language."""
    return tracker.get_slot("language") or configured().default


def message_id(tracker: Tracker) -> str:
    """The id of the customer's message: the same if the turn runs again."""
    return str(tracker.latest_message["message_id"])
