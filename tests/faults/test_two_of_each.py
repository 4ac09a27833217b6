"""Two web processes and two pairs of bot and actions on one PostgreSQL, each killed under load.

Customers write all along, to whichever web process takes it, as pages behind a load balancer do: a
message is sent again under its key until it is acknowledged. At the end every acknowledged message
was answered once, in its order, and no other is there. With TENIN_NIGHTLY=1 it goes on for longer,
with every process killed in turn and with a rolling restart.
"""

from __future__ import annotations

import contextlib
import os
import random
import signal
import threading
import time
import uuid
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator

import httpx
import pytest
from sqlalchemy import func, select

from tenin.conversation.models import Author, InboxRow, InboxStatus, Line, OutboxRow, TrackerEvent
from tenin.database import read_transaction
from tests.answers import is_wording_of
from tests.customer import Customer
from tests.fleet import METRICS_TOKEN, Fleet, Member, running_fleet
from tests.postgres import PostgresMissing

CUSTOMERS = 6
PATIENCE = 180.0
NIGHTLY = os.environ.get("TENIN_NIGHTLY") == "1"
NIGHTLY_KILLS = 30
SAID = ("hello", "thanks", "is delivery free?", "tell me about the Cloud Sleeping Mat")


@pytest.fixture(scope="module")
def fleet() -> Iterator[Fleet]:
    with contextlib.ExitStack() as stack:
        try:
            fleet = stack.enter_context(running_fleet())
        except PostgresMissing as missing:
            if os.environ.get("TENIN_REQUIRE_ALL") == "1":
                pytest.fail(str(missing))
            pytest.skip(str(missing))
        yield fleet


class Load:
    """Customers who write until they are told to end; `acknowledged` are their keys in order."""

    def __init__(self, fleet: Fleet) -> None:
        self._urls = [web.url for web in fleet.webs]
        self._ended = threading.Event()
        self.acknowledged: dict[str, list[str]] = {}
        self.customers = [Customer(fleet.webs[number % 2].url) for number in range(CUSTOMERS)]
        self._threads = [
            threading.Thread(target=self._write, args=(customer, random.Random(number)))
            for number, customer in enumerate(self.customers)
        ]

    def __enter__(self) -> Load:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        for thread in self._threads:
            thread.join(PATIENCE)
            assert not thread.is_alive()

    def count(self) -> int:
        return sum(map(len, list(self.acknowledged.values())))

    def goes_on(self, messages: int = 2 * CUSTOMERS) -> None:
        """Wait until so many more are taken: what was killed is missed by nobody for long."""
        enough = self.count() + messages
        wait_for(lambda: self.count() >= enough, "messages to be taken")

    def _write(self, customer: Customer, chance: random.Random) -> None:
        keys = self.acknowledged[customer.token] = []
        while not self._ended.is_set():
            key = uuid.uuid4().hex
            self._send(customer, key, SAID[len(keys) % len(SAID)], chance)
            keys.append(key)
            # Some write on before they are answered.
            self._ended.wait(chance.choice((0.05, 0.5, 1.0)))

    def _send(self, customer: Customer, key: str, text: str, chance: random.Random) -> None:
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            customer.http.base_url = httpx.URL(chance.choice(self._urls))
            with contextlib.suppress(httpx.TransportError):
                answer = customer.post({"text": text}, key)
                if answer.status_code in (200, 202):
                    return
                assert answer.status_code >= 500, answer.text
            time.sleep(0.2)
        raise AssertionError(f"never taken: {key}")


def wait_for(what: Callable[[], bool], why: str) -> None:
    deadline = time.monotonic() + PATIENCE
    while not what():
        assert time.monotonic() < deadline, f"waited {PATIENCE} s for {why}"
        time.sleep(0.1)


def waiting(fleet: Fleet) -> int:
    with read_transaction(fleet.engine) as session:
        wanted = select(func.count()).where(InboxRow.status == InboxStatus.WAITING.value)
        return int(session.execute(wanted).scalar_one())


def killed(member: Member) -> Member:
    member.stop(signal.SIGKILL)
    return member


def back(member: Member) -> None:
    member.start()
    member.wait()


def check(fleet: Fleet, load: Load) -> None:
    """Every acknowledged message was answered once, in order, and nothing else was."""
    wait_for(lambda: waiting(fleet) == 0, "everything to be answered")
    with read_transaction(fleet.engine) as session:
        rows = session.execute(select(InboxRow).order_by(InboxRow.id)).scalars().all()
        heard = session.execute(
            select(TrackerEvent.conversation_id, TrackerEvent.inbox_id)
            .where(TrackerEvent.event["event"].as_string() == "user")
            .order_by(TrackerEvent.id)
        ).all()
        replies = session.execute(
            select(OutboxRow.inbox_id, OutboxRow.conversation_id, Line.at)
            .join(
                Line,
                (Line.conversation_id == OutboxRow.conversation_id)
                & (Line.number == OutboxRow.line_number),
            )
            .where(Line.author == Author.BOT.value)
            .order_by(OutboxRow.conversation_id, OutboxRow.line_number)
        ).all()
    given = [key for keys in load.acknowledged.values() for key in keys]
    assert Counter(row.external_id for row in rows) == Counter(given), "each taken once, none lost"
    assert Counter(row.status for row in rows) == {InboxStatus.DONE.value: len(given)}
    assert Counter(inbox for _, inbox in heard) == {row.id: 1 for row in rows}, "one turn for each"
    moments: dict[int, set[object]] = defaultdict(set)
    for inbox, _, at in replies:
        moments[inbox].add(at)
    assert {inbox: len(each) for inbox, each in moments.items()} == {row.id: 1 for row in rows}
    by_conversation: dict[str, list[str]] = defaultdict(list)
    for row in rows:
        by_conversation[row.conversation_id].append(row.external_id)
    # Each customer's in the order in which they wrote, heard in it and answered in it.
    assert sorted(by_conversation.values()) == sorted(filter(None, load.acknowledged.values()))
    for answered in (
        [(conversation, inbox) for conversation, inbox in heard],
        [(conversation, inbox) for inbox, conversation, _ in replies],
    ):
        order: dict[str, list[int]] = defaultdict(list)
        for conversation, inbox in answered:
            order[conversation].append(inbox)
        assert all(each == sorted(each) for each in order.values())


def test_killed_one_after_another_under_load(fleet: Fleet) -> None:
    """A web process, a bot, an action server and PostgreSQL, each in mid-load."""
    began = waiting(fleet)
    assert began == 0
    with Load(fleet) as load:
        load.goes_on()
        web = killed(fleet.webs[0])
        load.goes_on()  # by the other
        web.start()
        bot = killed(fleet.bots[0])
        load.goes_on()
        killed(fleet.actions[0])  # of the bot that is gone: a pair goes together
        fleet.postgres.restart()
        load.goes_on()
        web.wait()
        for member in (fleet.actions[0], bot):
            member.start()
    for member in (fleet.actions[0], bot):
        member.wait()
    try:
        check(fleet, load)
        for number, customer in enumerate(load.customers):
            # Each sees it all, by whichever web process; both serve.
            customer.http.base_url = httpx.URL(fleet.webs[number % 2].url)
            lines = customer.lines()
            thanked = sum(line["text"] == "thanks" for line in lines)
            thanks = [line for line in lines if is_wording_of("utter_thanks", "en", line["text"])]
            assert len(thanks) == thanked > 0
            customer.close()
    except AssertionError as error:
        raise AssertionError(f"{error}\n{fleet.logs()}") from error


def test_each_wakes_all_at_the_commit(fleet: Fleet) -> None:
    """What one web process takes is shown by the other's stream, answered by whichever bot."""
    first, second = fleet.webs
    customer = Customer(first.url)
    elsewhere = Customer(second.url, token=customer.token)
    lines = [elsewhere.ask(text="thanks") for _ in range(3)]
    customer.send(text="thanks")
    lines.append(elsewhere.read_until(lambda found, state: bool(found) and not state["working"]))
    for said in lines:
        assert any(is_wording_of("utter_thanks", "en", line["text"]) for line in said)
    customer.close()
    elsewhere.close()


def test_each_tier_is_measured_and_writes_about_what(fleet: Fleet) -> None:
    """By token alone; the lines of a log are JSON and say which conversation and message."""
    customer = Customer(fleet.webs[0].url)
    customer.ask(text="tell me about the Cloud Sleeping Mat")
    asked = [(web, "/metrics") for web in fleet.webs]
    asked += [(bot, "/webhooks/inbox/metrics") for bot in fleet.bots]
    asked += [(actions, "/metrics") for actions in fleet.actions]
    told = ""
    for member, path in asked:
        url = f"{member.url}{path}"
        assert httpx.get(url, trust_env=False).status_code == 404
        shown = {"authorization": f"Bearer {METRICS_TOKEN}"}
        answer = httpx.get(url, trust_env=False, headers=shown)
        assert answer.status_code == 200, url
        told += answer.text
    assert told.count("tenin_inbox_waiting 0.0") == len(fleet.webs)
    assert 'tenin_bot_turn_seconds_count{ended="committed"}' in told
    assert 'tenin_action_seconds_count{action="action_product_info",status="200"}' in told
    for member in fleet.members:
        lines = member.log.read_text().splitlines()
        assert [line for line in lines if line.startswith('{"at": ')], member.log
    customer.close()


@pytest.mark.skipif(not NIGHTLY, reason="for the night: TENIN_NIGHTLY=1")
def test_any_of_them_at_random_all_night(fleet: Fleet) -> None:
    """Any process, or PostgreSQL, killed at a random moment and brought back, again and again."""
    chance = random.Random(20)
    with Load(fleet) as load:
        for _ in range(NIGHTLY_KILLS):
            load.goes_on(chance.randint(1, 3 * CUSTOMERS))
            victim = chance.choice([*fleet.members, None])
            if victim is None:
                fleet.postgres.restart()
            else:
                killed(victim)
                load.goes_on(CUSTOMERS)
                back(victim)
    check(fleet, load)


@pytest.mark.skipif(not NIGHTLY, reason="for the night: TENIN_NIGHTLY=1")
def test_a_rolling_restart(fleet: Fleet) -> None:
    """Each process is asked to end (TERM) and started again, one by one."""
    with Load(fleet) as load:
        for member in fleet.members:
            load.goes_on()
            member.stop(signal.SIGTERM)
            load.goes_on()
            back(member)
    check(fleet, load)
