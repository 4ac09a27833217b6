"""A message that no worker takes: the customer hears so soon, once, with a person on offer."""

from __future__ import annotations

import socket
import subprocess
import sys
import time
from pathlib import Path

from tenin.conversation.transcript import Reply
from tests.answers import is_wording_of
from tests.system import PROJECT
from tests.unit.web.conftest import SiteMaker
from tests.unit.web.served import LOOPBACK, make_root

NOTICE_SECONDS = 1
SURE_SECONDS = NOTICE_SECONDS + 0.7  # the watch looks twice a second
# In a process of its own, since another test may have told a language before.
BEGIN = """
import asyncio, pathlib, sys
from tenin.app import create_app
from tenin.language import entities, evidence
from tenin.settings import load_settings

def ready():
    print(evidence._marks.cache_info().currsize, entities._rules.cache_info().currsize)

async def begin():
    app = create_app(load_settings(pathlib.Path(sys.argv[1]), {"TENIN_WEB_PORT": sys.argv[2]}))
    ready()
    async with app.router.lifespan_context(app):
        ready()

asyncio.run(begin())
"""


def test_the_customer_is_told_and_can_get_a_person(make_site: SiteMaker) -> None:
    site = make_site(TURN_SLOW_NOTICE_SECONDS=NOTICE_SECONDS)
    served, forgotten = site.customer(), site.customer()
    served.send(text="hello")
    turn = site.claim("hello")  # the lease stands: someone has it in hand
    other, stream = site.stream(served), site.stream(forgotten)
    began = time.monotonic()
    forgotten.send(text="Where is my order?")

    stream.wait(lambda stream: len(stream.lines()) == 2)
    waited = stream.events[-1].at - began
    assert NOTICE_SECONDS <= waited < NOTICE_SECONDS + 3
    said = stream.lines()[1]
    assert said["author"] == "system"
    assert is_wording_of("utter_bot_slow", "en", said["text"])
    assert [button["title"] for button in said["buttons"]] == ["Talk to a person"]
    state = stream.states()[-1]
    assert (state["owner"], state["agent"], state["working"]) == ("bot", None, True)

    # Once for this wait. A later one is told too, in other words.
    time.sleep(SURE_SECONDS)
    assert len(stream.lines()) == 2
    site.answer("Here at last")
    stream.wait_for_text("Here at last")
    forgotten.send(text="And when does it come?")
    stream.wait(lambda stream: len(stream.lines()) == 5)
    again = stream.lines()[4]
    assert is_wording_of("utter_bot_slow", "en", again["text"])
    assert again["text"] != said["text"]

    # The button needs no bot, and in the queue nobody is told again.
    forgotten.send(button=again["buttons"][0]["id"])
    stream.wait_for_state(owner="queue", working=False)
    assert is_wording_of("utter_handoff_nobody", "en", stream.texts()[-1])
    forgotten.send(text="is anyone there?")
    time.sleep(SURE_SECONDS)
    assert is_wording_of("utter_handoff_kept", "en", stream.texts()[-1])
    assert len(stream.lines()) == 9

    # The one whose message was in hand all the time heard nothing.
    assert other.texts() == ["hello"]
    site.commit(turn, Reply("An answer in time"))
    other.wait_for_state(working=False)
    assert other.texts() == ["hello", "An answer in time"]


def test_in_the_language_of_each_conversation(make_site: SiteMaker) -> None:
    site = make_site(TURN_SLOW_NOTICE_SECONDS=NOTICE_SECONDS)
    chinese, silent = site.customer("zh-CN"), site.customer()
    chinese.send(text="我的订单到哪里了？")
    silent.send(event="opened")  # the page waits for its welcome as well
    for customer, language, title in ((chinese, "zh-Hans", "转人工"), (silent, "en", None)):
        stream = site.stream(customer)
        stream.wait(lambda stream: any(line["author"] == "system" for line in stream.lines()))
        said = stream.lines()[-1]
        assert is_wording_of("utter_bot_slow", language, said["text"])
        assert title in (None, said["buttons"][0]["title"])


def test_a_worker_that_died_counts_as_none(make_site: SiteMaker) -> None:
    site = make_site(TURN_SLOW_NOTICE_SECONDS=NOTICE_SECONDS)
    customer = site.customer()
    customer.send(text="hello")
    turn = site.claim("hello")
    stream = site.stream(customer)
    time.sleep(SURE_SECONDS)
    assert stream.texts() == ["hello"]
    with site.engine.begin() as connection:  # as when the lease has run out
        connection.exec_driver_sql(
            "UPDATE conversation SET lease_until = '2020-01-01 00:00:00.000000'"
        )
    stream.wait(lambda stream: len(stream.lines()) == 2, 3)
    assert is_wording_of("utter_bot_slow", "en", stream.texts()[1])
    # The worker was only slow, after all: its answer still counts.
    assert site.commit(turn, Reply("Hello to you"))
    stream.wait_for_text("Hello to you")


def test_what_tells_a_language_is_ready_before_the_first_message(
    databases: Path, tmp_path: Path
) -> None:
    """Else the first customer would wait a second for it, with the database locked."""
    root = make_root(tmp_path, databases)
    with socket.socket() as free:
        free.bind((LOOPBACK, 0))
        port = free.getsockname()[1]
    ran = subprocess.run(
        [sys.executable, "-c", BEGIN, str(root), str(port)],
        cwd=PROJECT,
        capture_output=True,
        text=True,
        check=True,
    )
    assert ran.stdout.split() == ["0", "0", "1", "1"]
