"""A tier that is stopped, hangs or is killed: what the customer hears, and that nothing is lost.

Each test leaves the shared system as it found it: all tiers up.
"""

from __future__ import annotations

import contextlib
import os
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest
from sqlalchemy import func, select
from sqlalchemy.engine import Engine

from tenin.conversation.models import Conversation, InboxRow, TrackerEvent
from tenin.database import make_engine, read_transaction
from tests.agent import DeskAgent
from tests.answers import is_wording_of
from tests.customer import Customer
from tests.system import System, send_agents_away
from tests.trace import Tracing

HEARD_WITHIN = 10.0
RECOVERY = 180.0


@pytest.fixture
def customer(system: System, trace: Tracing) -> Iterator[Customer]:
    send_agents_away(system)
    customer = Customer(system.url, "en")
    trace.follow(customer)
    yield customer
    customer.close()


@pytest.fixture(scope="module")
def engine(system: System) -> Iterator[Engine]:
    engine = make_engine(f"sqlite:///{system.root}/var/tenin.db")
    yield engine
    engine.dispose()


@contextlib.contextmanager
def stopped(pid: int) -> Iterator[None]:
    """Hold a process still, as a machine that swaps or a debugger does."""
    os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(pid, signal.SIGCONT)


def wait_for(what: Callable[[], bool], seconds: float, why: str) -> None:
    deadline = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < deadline, f"waited {seconds} s for {why}"
        time.sleep(0.05)


def is_up(system: System, tier: str, path: str) -> bool:
    try:
        url = f"http://127.0.0.1:{system.ports[tier]}{path}"
        return httpx.get(url, timeout=2, trust_env=False).status_code == 200
    except httpx.HTTPError:
        return False


def wait_until_up(system: System, tier: str) -> None:
    path = {"bot": "/webhooks/inbox/health"}.get(tier, "/health")
    wait_for(lambda: is_up(system, tier, path), RECOVERY, f"{tier} to be up again")


def answered(language: str, key: str, lines: list[dict[str, object]]) -> bool:
    return any(is_wording_of(key, language, str(line["text"])) for line in lines)


def test_action_server_hangs(system: System, customer: Customer) -> None:
    with stopped(system.pid("actions")):
        began = time.monotonic()
        lines = customer.ask(text="can you recommend me something nice")
        assert time.monotonic() - began < HEARD_WITHIN
        assert answered("en", "utter_action_failed", lines), lines
        assert [button["title"] for button in lines[-1]["buttons"]] == ["Talk to a person"]
        # Asking for a person in words needs its action too, and is not refused.
        began = time.monotonic()
        lines = customer.ask(text="let me talk to a human please")
        assert time.monotonic() - began < HEARD_WITHIN
        assert answered("en", "utter_handoff_nobody", lines), lines
        assert not answered("en", "utter_action_failed", lines), lines


def test_action_server_killed(system: System, customer: Customer) -> None:
    os.kill(system.pid("actions"), signal.SIGKILL)
    began = time.monotonic()
    lines = customer.ask(text="tell me about the Cloud Sleeping Mat")
    assert time.monotonic() - began < HEARD_WITHIN
    first = lines[-1]["text"]
    assert answered("en", "utter_action_failed", lines), lines
    lines = customer.ask(text="tell me about the Cloud Sleeping Mat")
    assert lines[-1]["text"] != first
    wait_until_up(system, "actions")
    assert customer.ask(text="tell me about the Cloud Sleeping Mat")[-1]["cards"]


def test_bot_does_not_answer(system: System, customer: Customer) -> None:
    DeskAgent(system.url, system.new_desk_link("Mei")).http.close()
    with stopped(system.pid("bot")):
        began = time.monotonic()
        customer.send(text="is delivery free?")
        lines = customer.read_until(lambda lines, _: bool(lines), HEARD_WITHIN)
        assert time.monotonic() - began < HEARD_WITHIN
        assert answered("en", "utter_bot_slow", lines), lines
        clicked = customer.lines()[-1]["buttons"][0]
        assert clicked["title"] == "Talk to a person"
        customer.send(button=clicked["id"])
        lines = customer.read_until(lambda _, state: state["owner"] == "queue", 5)
        assert answered("en", "utter_handoff_queued", lines), lines
    # The bot is back, and keeps quiet: a person has the conversation now.
    time.sleep(3)
    assert {line["author"] for line in customer.lines()} == {"customer", "system"}


def test_bot_comes_back_and_answers_what_waited(system: System, customer: Customer) -> None:
    with stopped(system.pid("bot")):
        customer.send(text="is delivery free?")
        customer.read_until(lambda lines, _: bool(lines), HEARD_WITHIN)
    lines = customer.read_until(lambda lines, state: bool(lines) and not state["working"])
    assert [is_wording_of("utter_faq/shipping_cost", "en", line["text"]) for line in lines] == [
        True
    ]


def test_bot_killed_in_the_middle_of_a_turn(
    system: System, customer: Customer, engine: Engine
) -> None:
    key = "killed-turn"
    with stopped(system.pid("actions")):
        assert (
            customer.post({"text": "tell me about the Cloud Sleeping Mat"}, key).status_code == 202
        )
        wait_for(lambda: in_turn(engine, key), 5, "the turn to begin")
        time.sleep(0.5)
        os.kill(system.pid("bot"), signal.SIGKILL)
    lines = customer.read_until(lambda _, state: not state["working"], RECOVERY)
    wait_until_up(system, "bot")
    time.sleep(2)
    replies = [line for line in customer.lines() if line["author"] == "bot"]
    assert len(replies) == 1, replies
    assert replies[0]["cards"], lines
    with read_transaction(engine) as session:
        row = session.execute(select(InboxRow).where(InboxRow.external_id == key)).scalar_one()
        uttered = session.execute(
            select(func.count())
            .select_from(TrackerEvent)
            .where(
                TrackerEvent.conversation_id == row.conversation_id,
                TrackerEvent.event["event"].as_string() == "user",
            )
        ).scalar_one()
    assert (row.status, row.attempts, uttered) == ("done", 2, 1)


def test_web_tier_killed_with_streams_open(system: System, customer: Customer) -> None:
    customer.say("hello")
    before = customer.lines()
    os.kill(system.pid("web"), signal.SIGKILL)
    wait_until_up(system, "web")
    again = Customer(system.url, token=customer.token)
    assert again.lines() == before
    again.seen = before[-1]["id"]
    assert again.say("what are your opening hours for support")
    again.close()


def in_turn(engine: Engine, key: str) -> bool:
    with read_transaction(engine) as session:
        token = session.execute(
            select(Conversation.lease_token)
            .join(InboxRow, InboxRow.conversation_id == Conversation.id)
            .where(InboxRow.external_id == key)
        ).scalar_one_or_none()
    return token is not None


def test_logs_hold_no_tokens(system: System, customer: Customer) -> None:
    customer.say("hello")
    logs = "".join(
        file.read_text(errors="replace") for file in Path(system.root, "var", "log").glob("*.log")
    )
    assert customer.token not in logs
    assert system.desk_link.partition("key=")[2] not in logs
