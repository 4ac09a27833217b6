"""Writers take turns by whom they are for: one who asks much waits for itself."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor

import pytest

from tenin.database import write_transaction
from tenin.fair_turns import FairTurns
from tests.unit.web.conftest import SiteMaker

PATIENCE = 20.0


async def until(found: Callable[[], bool]) -> None:
    for _ in range(1000):
        if found():
            return
        await asyncio.sleep(0)
    raise AssertionError("it did not come to that")


class Writers:
    """Writers who write when they are told to, and the order in which they had their turns."""

    def __init__(self, at_once: int = 1) -> None:
        self.turns = FairTurns(at_once)
        self.began: list[str] = []
        self.ends: dict[str, asyncio.Event] = {}
        self.tasks: dict[str, asyncio.Task[None]] = {}

    async def come(self, key: str, name: str) -> None:
        self.ends[name] = asyncio.Event()
        self.tasks[name] = asyncio.create_task(self._write(key, name))
        await asyncio.sleep(0)

    async def _write(self, key: str, name: str) -> None:
        async with self.turns.turn(key):
            self.began.append(name)
            await self.ends[name].wait()

    async def finish(self) -> None:
        for end in self.ends.values():
            end.set()
        await asyncio.gather(*self.tasks.values(), return_exceptions=True)
        assert len(self.turns) == 0


def run(test: Callable[[], Awaitable[None]]) -> None:
    asyncio.run(asyncio.wait_for(test(), PATIENCE))  # type: ignore[arg-type]


def test_who_sends_much_waits_for_itself() -> None:
    async def test() -> None:
        writers = Writers()
        for number in range(5):
            await writers.come("flood", f"flood-{number}")
        await writers.come("mei", "mei-0")
        await writers.come("mei", "mei-1")
        await writers.come("tao", "tao-0")
        await writers.finish()
        assert writers.began == [
            *("flood-0", "flood-1", "mei-0", "tao-0"),
            *("flood-2", "mei-1", "flood-3", "flood-4"),
        ]

    run(test)


def test_nobody_in_particular_is_somebody_each_time() -> None:
    async def test() -> None:
        writers = Writers()
        for key, name in (("flood", "f0"), ("flood", "f1"), ("flood", "f2"), ("", "a"), ("", "b")):
            await writers.come(key, name)
        await writers.finish()
        assert writers.began == ["f0", "f1", "a", "b", "f2"]

    run(test)


@pytest.mark.parametrize("at_once", [1, 2, 4])
def test_never_more_at_once_and_never_fewer(at_once: int) -> None:
    async def test() -> None:
        writers = Writers(at_once)
        for number in range(9):
            await writers.come(f"{number % 3}", f"{number}")
        for done in range(9):
            for _ in range(9):
                await asyncio.sleep(0)
            assert len(writers.began) == min(9, at_once + done)
            writers.ends[writers.began[done]].set()
        await writers.finish()
        assert sorted(writers.began) == [f"{number}" for number in range(9)]

    run(test)


def test_who_leaves_while_waiting_holds_nobody_up() -> None:
    async def test() -> None:
        writers = Writers()
        for name in ("first", "leaves", "stays"):
            await writers.come(name, name)
        writers.tasks["leaves"].cancel()
        await asyncio.sleep(0)
        await writers.finish()
        assert writers.began == ["first", "stays"]

    run(test)


def test_who_leaves_as_the_turn_comes_passes_it_on() -> None:
    async def test() -> None:
        writers = Writers()
        for name in ("first", "leaves", "stays"):
            await writers.come(name, name)
        writers.ends["first"].set()
        await until(lambda: len(writers.turns) == 1)  # its turn has come, it doesn't run yet
        writers.tasks["leaves"].cancel()
        await writers.finish()
        assert "stays" in writers.began

    run(test)


@pytest.mark.parametrize("key", ["first", "other"])
def test_who_leaves_in_the_moment_before_the_turn_comes_is_passed_over(key: str) -> None:
    async def test() -> None:
        writers = Writers()
        await writers.come("holder", "holds")
        await writers.come("first", "leaves")
        await writers.come(key, "stays")
        writers.ends["holds"].set()
        writers.tasks["leaves"].cancel()  # it hears of it after the turn was passed on
        await until(lambda: "stays" in writers.began)
        assert not writers.tasks["holds"].exception()
        await writers.finish()
        await writers.come("", "after")
        assert writers.began == ["holds", "stays", "after"]
        await writers.finish()

    run(test)


def test_who_fails_passes_the_turn_on() -> None:
    async def test() -> None:
        turns = FairTurns()
        with pytest.raises(ZeroDivisionError):
            async with turns.turn("a"):
                raise ZeroDivisionError
        async with turns.turn("b"):
            pass

    run(test)


def test_one_message_comes_before_the_many_of_another_address(make_site: SiteMaker) -> None:
    site = make_site(WEB_TRUSTED_PROXIES="127.0.0.1")
    flood, quiet = site.customer(), site.customer()
    flood.http.headers["x-forwarded-for"] = "192.0.2.1"
    quiet.http.headers["x-forwarded-for"] = "192.0.2.2"
    sent = 12
    with ThreadPoolExecutor(sent + 1) as senders:
        with write_transaction(site.engine):  # nobody can write meanwhile
            several = [senders.submit(flood.post, {"text": f"flood {n}"}) for n in range(sent)]
            wait_for(lambda: len(site.writers) == sent - 1)
            one = senders.submit(quiet.post, {"text": "quiet"})
            wait_for(lambda: len(site.writers) == sent)
        statuses = {answer.result().status_code for answer in [*several, one]}
    assert statuses == {202}
    rows = [row["text"] for row in sorted(site.rows()["inbox"], key=lambda row: row["id"])]
    assert len(rows) == sent + 1
    assert rows.index("quiet") <= 2


def wait_for(found: Callable[[], bool]) -> None:
    """Wait, less long than a writer waits for SQLite."""
    pause = threading.Event()
    deadline = time.monotonic() + 4
    while not found():
        assert time.monotonic() < deadline
        pause.wait(0.005)
