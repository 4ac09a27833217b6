"""While a person serves, or is asked for: whatever fails, the bot is silent and nothing is lost."""

from __future__ import annotations

import contextlib
import os
import signal
import sqlite3
import threading
import time
import uuid
from collections.abc import Iterator
from datetime import timedelta

import httpx
import pytest
from sqlalchemy import update
from sqlalchemy.engine import Engine

from tenin.clock import utcnow
from tenin.conversation.models import Conversation, Line
from tenin.database import make_engine, write_transaction
from tests.agent import DeskAgent
from tests.answers import is_wording_of
from tests.customer import Customer
from tests.faults.test_tiers_down import stopped, wait_until_up
from tests.system import System
from tests.trace import Tracing

# Longer than a writer waits; `make nightly` has the full thirty.
LOCKED_SECONDS = float(os.environ.get("TENIN_FAULT_LOCKED_SECONDS", "7"))
QUIET_SECONDS = 3.0


@pytest.fixture
def customer(system: System, trace: Tracing) -> Iterator[Customer]:
    customer = Customer(system.url, "en")
    trace.follow(customer)
    yield customer
    customer.close()


@pytest.fixture
def mei(system: System) -> Iterator[DeskAgent]:
    agent = DeskAgent(system.url, system.new_desk_link("Mei"))
    yield agent
    agent.http.close()


@pytest.fixture(scope="module")
def engine(system: System) -> Iterator[Engine]:
    engine = make_engine(f"sqlite:///{system.root}/var/tenin.db")
    yield engine
    engine.dispose()


def served_by(mei: DeskAgent, customer: Customer) -> str:
    """A conversation that Mei has; its id."""
    words = f"I am number {uuid.uuid4().hex[:8]}"
    customer.ask(text="let me talk to a human please")
    customer.send(text=words)
    conversation = mei.find(words)
    mei.take(conversation)
    mei.write(conversation, "Hello, this is Mei.")
    customer.read_until(lambda lines, _: any(line["author"] == "agent" for line in lines), 10)
    return conversation


def by_bot(customer: Customer) -> list[str]:
    return [line["text"] for line in customer.lines() if line["author"] == "bot"]


@contextlib.contextmanager
def locked(system: System, seconds: float) -> Iterator[None]:
    """Hold the one write lock of the conversations' database for so long."""
    holds = threading.Event()

    def hold() -> None:
        with contextlib.closing(
            sqlite3.connect(system.root / "var" / "tenin.db", isolation_level=None, timeout=30)
        ) as connection:
            connection.execute("BEGIN IMMEDIATE")
            holds.set()
            time.sleep(seconds)
            connection.execute("ROLLBACK")

    thread = threading.Thread(target=hold)
    thread.start()
    assert holds.wait(30)
    try:
        yield
    finally:
        thread.join()


def test_bot_killed_while_a_person_is_asked_for(
    system: System, customer: Customer, mei: DeskAgent
) -> None:
    with stopped(system.pid("actions")):
        customer.send(text="let me talk to a human please")
        time.sleep(1.0)
        os.kill(system.pid("bot"), signal.SIGKILL)
    wait_until_up(system, "bot")
    lines = customer.read_until(lambda _, state: state["owner"] == "queue", 60)
    assert lines
    told = [
        line["text"]
        for line in customer.lines()
        if is_wording_of("utter_handoff_nobody", "en", line["text"])
        or is_wording_of("utter_handoff_queued", "en", line["text"])
    ]
    assert len(told) == 1, told


def test_an_hour_of_silence_restart_typed_and_the_bot_restarted(
    system: System, customer: Customer, mei: DeskAgent, engine: Engine
) -> None:
    conversation = served_by(mei, customer)
    before = by_bot(customer)
    with write_transaction(engine) as session:  # an hour ago
        hour = timedelta(hours=1)
        row = session.get(Conversation, conversation)
        row.updated_at = utcnow() - hour
        session.execute(
            update(Line)
            .where(Line.conversation_id == conversation)
            .values(at=utcnow() - hour)
            .execution_options(synchronize_session=False)
        )
    for text in ("/restart", "where is my order SO1042?", "hello?"):
        customer.send(text=text)
    os.kill(system.pid("bot"), signal.SIGKILL)
    wait_until_up(system, "bot")
    customer.send(text="is anybody there")
    time.sleep(QUIET_SECONDS)
    assert by_bot(customer) == before
    assert mei.look(conversation)["owner"] == "agent"
    mei.write(conversation, "I am still here.")
    customer.read_until(lambda lines, _: any("still here" in line["text"] for line in lines), 10)


def test_a_locked_database_loses_nothing_and_wakes_no_bot(
    system: System, customer: Customer, mei: DeskAgent
) -> None:
    """Sent again until it is taken, as the pages do, each line is there once and in order."""
    conversation = served_by(mei, customer)
    before = by_bot(customer)
    with locked(system, LOCKED_SECONDS):
        texts = [f"line {number} while it is locked" for number in range(3)]
        for text in texts:
            _sent_until_taken(customer, text)
    said = [line["text"] for line in mei.look(conversation)["lines"]]
    assert [text for text in said if text in texts] == texts
    mei.write(conversation, "All of it has arrived.")
    time.sleep(QUIET_SECONDS)
    assert by_bot(customer) == before


def _sent_until_taken(customer: Customer, text: str) -> None:
    key = uuid.uuid4().hex
    deadline = time.monotonic() + LOCKED_SECONDS + 30
    while time.monotonic() < deadline:
        with contextlib.suppress(httpx.TransportError):
            answer = customer.post({"text": text}, key)
            if answer.status_code in (200, 202):
                return
            assert answer.status_code >= 500, answer.text
        time.sleep(0.5)
    raise AssertionError(f"never taken: {text}")


def test_handed_back_in_the_middle_of_a_form(
    system: System, customer: Customer, mei: DeskAgent
) -> None:
    """The bot neither repeats the form's question nor forgets the order that the agent learnt."""
    question = customer.say("I want to cancel my order").splitlines()[-1]
    assert is_wording_of("utter_ask_order_form_order_number", "en", question), question
    customer.ask(text="let me talk to a human please")
    words = f"it is {uuid.uuid4().hex[:8]}"
    customer.send(text=words)
    conversation = mei.find(words)
    mei.take(conversation)
    mei.write(conversation, "I have seen to it.")
    epoch = mei.look(conversation)["epoch"]
    answer = mei.change(
        conversation, "handback", {"epoch": epoch, "slots": {"order_number": "SO1042"}}
    )
    assert answer.status_code == 200, answer.text
    lines = customer.read_until(lambda _, state: state["owner"] == "bot", 10)
    assert question not in [line["text"] for line in lines]
    assert question not in customer.say("thank you")
    said = customer.say("where is my order?")
    # It knows which order, and only asks whether it is theirs.
    assert is_wording_of("utter_ask_track_order_form_contact", "en", said), said
