"""Somebody holds the database's one write lock: nothing is lost, doubled or out of order.

The customer's page is told that it failed, keeps the message and sends it again under its key;
then it is answered once. The agent is told so too, and their page does the same.

As in the thirty seconds that `make nightly` waits, the lock is held six times as long as a writer
waits for it; here both are shorter, by `?timeout=` in the database's URL.
"""

from __future__ import annotations

import contextlib
import sqlite3
import threading
import time
import uuid
from collections.abc import Callable, Iterator

import httpx
import pytest

from tests.faults.small_system import Small, worker_beside
from tests.invariants import check
from tests.unit.web.conftest import SiteMaker

WRITER_WAITS = 0.2
LOCKED = 6 * WRITER_WAITS


@pytest.fixture
def small(make_site: SiteMaker, monkeypatch: pytest.MonkeyPatch) -> Iterator[Small]:
    site = make_site(DATABASE_URL=f"sqlite:///var/tenin.db?timeout={WRITER_WAITS}")
    with worker_beside(site, monkeypatch) as small:
        yield small
    assert all("database is locked" in error for error in site.errors), site.errors
    site.errors.clear()


@contextlib.contextmanager
def locked(small: Small) -> Iterator[None]:
    """Hold the write lock until it has been for so long, and the block has ended."""
    file = str(small.site.engine.url.database)
    with contextlib.closing(sqlite3.connect(file, isolation_level=None, timeout=30)) as connection:
        connection.execute("BEGIN IMMEDIATE")
        until = time.monotonic() + LOCKED
        yield
        time.sleep(max(0.0, until - time.monotonic()))
        connection.execute("ROLLBACK")


def until_taken(post: Callable[[], httpx.Response], refused: list[int]) -> None:
    """Send the same again until it is taken, as the pages do."""
    deadline = time.monotonic() + 60
    while True:
        answer = post()
        if answer.status_code in (200, 202):
            return
        assert answer.status_code == 500, answer.text
        assert answer.json()["error"]["remedy"] == "Try again later."
        refused.append(answer.status_code)
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_while_the_bot_serves(small: Small) -> None:
    customers = [small.site.customer() for _ in range(3)]
    for customer in customers:
        customer.send(text="before")
    refused: list[int] = []
    keys = {f"{which}-{number}" for which in range(3) for number in range(2)}

    def write(which: int) -> None:
        for number in range(2):
            body, key = {"text": f"message {number}"}, f"{which}-{number}"
            until_taken(lambda: customers[which].post(body, key), refused)  # noqa: B023

    with locked(small):  # while the worker is at the first ones, too
        threads = [threading.Thread(target=write, args=(which,)) for which in range(3)]
        for thread in threads:
            thread.start()
    for thread in threads:
        thread.join()
    small.settled()
    assert refused, "nobody was told that it failed"
    check(small.site.engine, keys=keys)
    for customer in customers:
        said = [line["text"] for line in customer.lines() if line["author"] == "bot"]
        wanted = ["before", "message 0", "message 1"]
        assert said == [f"you said: {text} [begun under 0]" for text in wanted]


def test_while_a_person_serves(small: Small) -> None:
    customer, mei = small.site.customer(), small.site.agent("Mei")
    customer.send(text="A person, please")
    small.settled()
    conversation = small.site.conversation(customer).id
    mei.take(conversation)
    refused: list[int] = []

    def mei_writes() -> None:
        headers = {"idempotency-key": uuid.uuid4().hex}
        path = f"/desk/api/conversations/{conversation}/messages"
        body = {"text": "I see to it"}
        until_taken(lambda: mei.http.post(path, json=body, headers=headers), refused)

    agent = threading.Thread(target=mei_writes)
    with locked(small):
        agent.start()
        writer = threading.Thread(
            target=lambda: [
                until_taken(lambda: customer.post({"text": text}, key), refused)  # noqa: B023
                for text, key in (("one", "key-1"), ("two", "key-2"))
            ]
        )
        writer.start()
    writer.join()
    agent.join()
    small.settled()
    assert refused
    check(small.site.engine, keys={"key-1", "key-2"})
    lines = mei.look(conversation)["lines"]
    own = [line["text"] for line in lines if line["author"] in ("customer", "agent")]
    assert sorted(own) == ["A person, please", "I see to it", "one", "two"]
    assert own.index("one") < own.index("two")
    assert [line["author"] for line in customer.lines()].count("bot") == 1  # before Mei came
