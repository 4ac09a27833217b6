"""What the actions share: settings, databases, the deadline, and who is asking."""

from __future__ import annotations

import asyncio
import contextvars
import functools
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from rasa_sdk import Tracker
from sqlalchemy.engine import Engine

from tenin.database import make_engine
from tenin.language.languages import configured
from tenin.language.policy import Policy, load_policy
from tenin.language.wording import load_responses
from tenin.settings import Settings, load_settings
from tenin.shop.choice import chosen_shop, terms_of
from tenin.shop.deadline import until
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
    """The shop as orders are asked of it."""
    return chosen_shop(settings(), shop(), terms())


@functools.lru_cache(maxsize=1)
def terms() -> Terms:
    """The shop's terms as far as orders go by them, from policy.yml."""
    return terms_of(_policy())


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
    said_at = next((event.get("timestamp") for event in events), None)
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
