"""The web tier killed with streams open, and its machine's clock set back.

Killed: the customer's page connects again, goes on after the last line it has, and sends under
its key what was not acknowledged; nothing is missing and nothing there twice. Set back an hour:
nobody waits that hour; who waits is told so and offered a person.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import threading
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from pathlib import Path

import httpx
import pytest

from tenin.clock import utcnow
from tests.answers import is_wording_of, voice
from tests.customer import Customer
from tests.invariants import check
from tests.unit.conversation.room import Room
from tests.unit.web.streams import Stream
from tests.web_process import WebProcess, web_process

HOUR = timedelta(hours=1)
PATIENCE = 60.0


def stream_of(web: WebProcess, customer: Customer, after: int = 0) -> Stream:
    headers = {"authorization": f"Bearer {customer.token}", "last-event-id": str(after)}
    return Stream(web.url, "/chat/stream", headers)


def answer_all(room: Room, back: timedelta = timedelta(0)) -> int:
    """Answer all that may be taken now, by a clock that is `back`; how many it was."""
    answered = 0
    while turn := room.claim(utcnow() - back):
        room.commit(turn, f"you said: {turn.text}", now=utcnow() - back)
        answered += 1
    return answered


def until(condition: Callable[[], object], why: str) -> None:
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline, f"waited for {why}"
        time.sleep(0.02)


def test_killed_with_streams_open(tmp_path: Path) -> None:
    with web_process(tmp_path) as web, contextlib.ExitStack() as guests:
        room = Room(web.engine, voice())
        customers = [Customer(web.url) for _ in range(4)]
        for customer in customers:
            guests.callback(customer.close)
            customer.send(text="first")
        answer_all(room)
        streams = [guests.enter_context(stream_of(web, customer)) for customer in customers]
        for stream in streams:
            stream.wait_for_text("you said: first")
        keys = [[f"key-{which}-{number}" for number in range(3)] for which in range(4)]
        taken: list[str] = []
        killed = threading.Event()

        def write(which: int) -> None:
            """Send until the tier is gone, then again once it is back, as the page does."""
            for number, key in enumerate(keys[which]):
                while True:
                    try:
                        answer = customers[which].post({"text": f"text {number}"}, key)
                    except httpx.HTTPError:
                        killed.wait(PATIENCE)
                        time.sleep(0.1)
                        continue
                    assert answer.status_code in (200, 202), answer.text
                    taken.append(key)
                    break

        writers = [threading.Thread(target=write, args=(which,)) for which in range(4)]
        for writer in writers:
            writer.start()
        until(lambda: len(taken) >= 2, "the first to be taken")
        web.stop()
        for stream in streams:
            until(lambda: stream.ended, "the streams to end")  # noqa: B023
        answer_all(room)
        web.start()
        killed.set()
        seen = [stream.lines()[-1]["id"] for stream in streams]
        resumed = [
            guests.enter_context(stream_of(web, customer, after))
            for customer, after in zip(customers, seen, strict=True)
        ]
        for writer in writers:
            writer.join()
        for customer, own in zip(customers, keys, strict=True):  # as if no answer had come through
            for number, key in enumerate(own):
                assert customer.post({"text": f"text {number}"}, key).status_code == 200
        answer_all(room)
        check(web.engine, keys={key for each in keys for key in each})
        texts = [f"text {number}" for number in range(3)]
        for before, after in zip(streams, resumed, strict=True):
            after.wait(lambda stream: f"you said: {texts[-1]}" in stream.texts(), PATIENCE)
            lines = before.lines() + after.lines()
            assert [line["id"] for line in lines] == list(range(1, 9))
            said = [line["text"] for line in lines]
            assert sorted(said) == sorted(
                [text for own in ["first", *texts] for text in (own, f"you said: {own}")]
            )
            assert [text for text in said if text in texts] == texts


def clock_of(web: WebProcess) -> datetime:
    return parsedate_to_datetime(httpx.get(f"{web.url}/health", trust_env=False).headers["date"])


@pytest.fixture
def fake_time(tmp_path: Path) -> tuple[dict[str, str], Path]:
    """The environment of a process whose clock follows a file."""
    libraries = sorted(Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1"))
    if shutil.which("faketime") is None or not libraries:
        message = "no faketime on this machine: install Debian's package `faketime`"
        if os.environ.get("TENIN_REQUIRE_ALL") == "1":
            pytest.fail(message)
        pytest.skip(message)
    file = tmp_path / "clock"
    file.write_text("+0", encoding="ascii")
    environ = {
        "LD_PRELOAD": str(libraries[0]),
        "FAKETIME_TIMESTAMP_FILE": str(file),
        "FAKETIME_NO_CACHE": "1",
        "FAKETIME_DONT_FAKE_MONOTONIC": "1",
        "DONT_FAKE_MONOTONIC": "1",
    }
    return environ, file


def test_clock_set_back_an_hour(tmp_path: Path, fake_time: tuple[dict[str, str], Path]) -> None:
    environ, clock = fake_time
    root = tmp_path / "root"
    root.mkdir()
    environ = {**environ, "TENIN_TURN_SLOW_NOTICE_SECONDS": "1"}
    with web_process(root, environ) as web, contextlib.ExitStack() as guests:
        room = Room(web.engine, voice())
        before, waits, dead, later = (Customer(web.url) for _ in range(4))
        for customer in (before, waits, dead, later):
            guests.callback(customer.close)
        dead.send(text="mine is in hand")
        assert room.claim(utcnow()) is not None  # by a worker that dies of it
        before.send(text="mine waits")
        clock.write_text("-3600", encoding="ascii")
        until(lambda: utcnow() - clock_of(web) > HOUR / 2, "the clock to be set back")
        waits.send(text="where is my order?")
        later.send(text="hello")
        # Nobody takes them: each is told so, of the time before as of the time after.
        for customer in (before, waits, dead, later):
            told = customer.read_until(lambda lines, _: bool(lines), PATIENCE)
            assert is_wording_of("utter_bot_slow", "en", told[0]["text"])
        button = waits.lines()[-1]["buttons"][0]
        assert button["title"] == "Talk to a person"
        waits.send(button=button["id"])
        waits.read_until(lambda _, state: state["owner"] == "queue", PATIENCE)
        # The next worker waits neither for the clock nor for the lease of the dead one.
        assert answer_all(room, HOUR) == 3
        left = ((before, "mine waits"), (dead, "mine is in hand"), (later, "hello"))
        for customer, text in left:
            lines = customer.read_until(
                lambda lines, state: not state["working"] and bool(lines), PATIENCE
            )
            assert [line["text"] for line in lines] == [f"you said: {text}"]
        check(web.engine)
