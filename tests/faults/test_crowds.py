"""What comes at the wrong moment: a flood, an older message after a newer, a person meanwhile.

The one who floods waits for itself alone and has every answer, in order; a message that is late is
answered when it comes; what a turn says after a person came is for the agent's eyes.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator

import pytest
from rasa.core.channels.channel import UserMessage

from tests.faults.small_system import PATIENCE, Small, worker_beside
from tests.faults.worker_alone import tell_epoch
from tests.invariants import check
from tests.unit.bot.scripted import Behaviour
from tests.unit.web.conftest import SiteMaker

FLOOD = 100


@pytest.fixture
def small(make_site: SiteMaker, monkeypatch: pytest.MonkeyPatch) -> Iterator[Small]:
    with worker_beside(make_site(), monkeypatch) as small:
        yield small


def test_a_hundred_messages_of_one_while_others_talk(
    make_site: SiteMaker, monkeypatch: pytest.MonkeyPatch
) -> None:
    site = make_site()
    flood, *others = (site.customer() for _ in range(4))
    for number in range(FLOOD):
        flood.send(text=f"flood {number}")
    for customer in others:
        customer.send(text="and me")
    everybody = asyncio.Event()
    together: set[str] = set()

    async def wait_for_the_others(message: UserMessage) -> str:
        """The flood's first turns end only once each of the others has a turn of their own."""
        together.add(message.sender_id)
        if len(together) == 4:
            everybody.set()
        await asyncio.wait_for(everybody.wait(), 30)
        return await tell_epoch(message)

    with worker_beside(site, monkeypatch, wait_for_the_others) as small:
        small.settled()
    check(site.engine)
    assert len(together) == 4
    assert {row["attempts"] for row in site.rows()["inbox"]} == {1}  # nobody waited in vain
    said = [line["text"] for line in flood.lines() if line["author"] == "bot"]
    assert said == [f"you said: flood {number} [begun under 0]" for number in range(FLOOD)]


def test_an_older_message_comes_after_a_newer(small: Small) -> None:
    """The answer to the first was lost on its way, so that it is sent again after the second."""
    customer = small.site.customer()
    assert customer.post({"text": "second"}, "key-2").status_code == 202
    small.settled()
    assert customer.post({"text": "first"}, "key-1").status_code == 202
    assert customer.post({"text": "second"}, "key-2").status_code == 200
    small.settled()
    assert customer.post({"text": "first"}, "key-1").status_code == 200
    small.settled()
    check(small.site.engine, keys={"key-1", "key-2"})
    said = [line["text"].removesuffix(" [begun under 0]") for line in customer.lines()]
    assert said == ["second", "you said: second", "first", "you said: first"]


@pytest.mark.parametrize("how", ["take", "take and hand back"])
def test_a_person_comes_during_a_slow_turn(
    make_site: SiteMaker, monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    site = make_site()
    begun, go_on = threading.Event(), threading.Event()

    def slow(behave: Behaviour) -> Behaviour:
        async def slowly(message: UserMessage) -> str:
            begun.set()
            await asyncio.to_thread(go_on.wait, PATIENCE)
            return await behave(message)

        return slowly

    customer, mei = site.customer(), site.agent("Mei")
    customer.send(text="slow one")
    conversation = site.conversation(customer).id
    with worker_beside(site, monkeypatch, slow(tell_epoch)) as small:
        small.until(begun.is_set, "the turn to begin")
        mei.take(conversation)
        mei.write(conversation, "I am here now.")
        if how == "take and hand back":
            mei.hand_back(conversation)
        go_on.set()
        small.until(
            lambda: any(line["author"] == "bot" for line in mei.look(conversation)["lines"]),
            "the turn to be committed",
        )
    check(site.engine)
    [late] = [line for line in mei.look(conversation)["lines"] if line["author"] == "bot"]
    assert (late["visibility"], late["delivery"]) == ("desk", "suppressed")
    assert "bot" not in {line["author"] for line in customer.lines()}
