"""The benchmarks' customers measure what they say: from the sending until the bot has answered."""

from __future__ import annotations

import asyncio
import threading
import time
from urllib.parse import urlsplit

import pytest

from benchmarks import widget
from benchmarks.turns import OurTalk
from tests.unit.web.served import Site

PAUSE = 0.3
TIMES_OUT = 20.0


def answering(site: Site, count: int) -> threading.Thread:
    """A bot that takes its time for each of so many messages."""

    def work() -> None:
        for number in range(count):
            deadline = time.monotonic() + TIMES_OUT
            while sum(row["line_number"] is not None for row in site.rows()["inbox"]) <= number:
                assert time.monotonic() < deadline
                time.sleep(0.01)
            time.sleep(PAUSE)
            site.answer(f"Answer {number}", "and more")

    thread = threading.Thread(target=work)
    thread.start()
    return thread


@pytest.mark.parametrize("texts", [["one"], ["one", "two", "three"]], ids=["one", "three"])
def test_an_answer_is_whole(site: Site, texts: list[str]) -> None:
    async def talk() -> tuple[float, int]:
        customer = OurTalk(urlsplit(site.url).port or 0, "192.0.2.1")
        await customer.begin()
        took = await asyncio.wait_for(customer.ask(*texts), TIMES_OUT)
        lines = len(customer.seen)
        await customer.close()
        return took, lines

    bot = answering(site, len(texts))
    took, seen = asyncio.run(talk())
    bot.join()
    assert took >= PAUSE * len(texts)
    assert seen == len(texts) + 1  # its own by key, all of the bot's by none
    (conversation,) = site.rows()["conversation"]
    last = max(site.rows()["line"], key=lambda line: line["id"])
    assert last["author"] == "bot"
    assert all(row["status"] == "done" for row in site.rows()["inbox"]), conversation


def test_visitors_come_in_turns_and_the_first_of_each_does_not_count() -> None:
    came: list[str] = []

    def visitor(name: str, milliseconds: float, weight: int) -> dict[str, object]:
        came.append(name)
        first = came.count(name) == 1
        return {"milliseconds": 9_999 if first else milliseconds, "weights": {"/a": weight}}

    found = widget.measured(
        {"tenin": lambda: visitor("tenin", 30, 200), "stock": lambda: visitor("stock", 60, 100)},
        rounds=2,
        visitors=2,
    )
    assert came[2:] == ["stock", "tenin"] * 2 + ["tenin", "stock"] * 2
    assert found["tenin_over_stock"] == {"weight_bytes": 2.0, "first_answer_ms": 0.5}
    assert found["tenin"]["rounds_ms"] == [30, 30]
