"""No room for another byte: what cannot be kept is not acknowledged, and what was is answered.

The customer's page is told that it failed and sends the same again under its key; once there is
room, each message is there once and has its one answer. The agent sees the same lines.
"""

from __future__ import annotations

import logging
import os
import resource
from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import event
from sqlalchemy.engine import Connection, Engine

from tenin.bot.runtime import Runtime
from tests.faults.small_system import Small, worker_beside
from tests.faults.worker_alone import expire_leases, nothing_waits, settle, start
from tests.invariants import check
from tests.unit.bot.inbox_side import InboxSide
from tests.unit.web.conftest import SiteMaker

LONG = "x" * 3_900  # about a page of the database
NO_LIMIT = 2**30
CANT_READ = "the inbox can't be read; trying again\n"  # as the worker's log has it
CANT_COMMIT = "%s: attempt %s failed\n"


@pytest.fixture
def small(make_site: SiteMaker, monkeypatch: pytest.MonkeyPatch) -> Iterator[Small]:
    site = make_site()
    with worker_beside(site, monkeypatch) as small:
        yield small
    assert all("full" in error for error in site.errors), site.errors
    site.errors.clear()


@pytest.fixture
def pages(small: Small) -> Iterator[dict[str, int]]:
    """How many pages the database may have at `most`, in every connection of this process."""
    pages = {"most": NO_LIMIT}
    file = small.site.engine.url.database

    def limit(connection: Connection) -> None:
        if connection.engine.url.database == file:
            connection.exec_driver_sql(f"PRAGMA max_page_count = {pages['most']}")

    event.listen(Engine, "begin", limit)
    yield pages
    event.remove(Engine, "begin", limit)


def test_a_database_that_may_not_grow(small: Small, pages: dict[str, int]) -> None:
    customers = [small.site.customer() for _ in range(3)]
    customers[0].send(text="before")
    small.settled()
    sent: list[tuple[int, dict[str, Any], str]] = []
    refused: list[int] = []
    pages["most"] = 1  # SQLite makes it as many as there are
    for number in range(6):
        for which, customer in enumerate(customers):
            body, key = {"text": f"{number} {LONG}"}, f"key-{which}-{number}"
            answer = customer.post(body, key)
            sent.append((which, body, key))
            if answer.status_code != 202:
                assert answer.status_code == 500, answer.text
                assert answer.json()["error"]["remedy"] == "Try again later."
                refused.append(which)
    assert set(refused) == {0, 1, 2}, "there was room for all"
    check(small.site.engine, settled=False)
    pages["most"] = NO_LIMIT
    for which, body, key in sent:
        assert customers[which].post(body, key).status_code in (200, 202)
    small.settled()
    check(small.site.engine, keys={key for *_, key in sent})
    for customer in customers:
        said = [line["text"][:10] for line in customer.lines() if line["author"] == "bot"]
        assert len(said) == 6 + (customer is customers[0])


def test_a_process_that_may_write_no_larger_file(here: Runtime) -> None:
    """The worker fails at another point each time, is killed, and the next goes on."""
    inbox = InboxSide(here)
    keys, failures = set(), []
    for number, most in enumerate((0, 4_096, 12_288, 36_864, 49_152, 65_536, 131_072)):
        for which in range(3):
            keys.add(f"key-{number}-{which}")
            inbox.receive(inbox.conversation_in(), LONG, key=f"key-{number}-{which}")
        expire_leases(here)
        failures.append(first_failure(here, most))
        check(here.engine, settled=False, keys=keys)
    assert set(failures) == {CANT_READ, CANT_COMMIT}
    settle(here)
    check(here.engine, keys=keys)


def first_failure(here: Runtime, most: int) -> str:
    """What a worker says first that may write files of so many bytes; it is killed then."""
    reader, writer = os.pipe()

    class Tell(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            os.write(writer, f"{record.msg}\n".encode())

    def limit() -> None:
        logging.getLogger("tenin.bot.worker").addHandler(Tell())
        resource.setrlimit(resource.RLIMIT_FSIZE, (most, most))

    child = start(here, nothing_waits, prepare=limit)
    os.close(writer)
    with open(reader, encoding="utf-8") as said:
        failure = said.readline()  # nothing at its end
    child.kill()
    child.wait()
    return failure
