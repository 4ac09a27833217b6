"""A desk as an agent uses it: what `tenin.desk.human_channel` promises of any of them."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Protocol, TypeVar

from tests.agent import DeskAgent
from tests.customer import Customer
from tests.unit.human_channel.chatwoot_server import SAM, Chatwoot, Person
from tests.unit.web.served import Site

PATIENCE = 25.0
T = TypeVar("T")


def until(found: Callable[[], T], what: str, seconds: float = PATIENCE) -> T:
    """What is found at last; fails after a while."""
    deadline = time.monotonic() + seconds
    while not (last := found()):
        assert time.monotonic() < deadline, f"waited in vain: {what}"
        time.sleep(0.05)
    return last


def asks_for_a_person(site: Site, customer: Customer, before: str = "where is it?") -> str:
    """Let a customer talk to the bot and press the button for a person; the conversation's id."""
    customer.send(text=before)
    site.answer("I have looked.", buttons=[("Talk to a person", "/human_agent")])
    customer.send(button=customer.lines()[-1]["buttons"][0]["id"])
    return str(site.conversation(customer).id)


class Desk(Protocol):
    """An agent at either desk. The names they have are `agent`."""

    site: Site
    agent: str

    def story(self, conversation_id: str) -> str:
        """All that the agent is shown when a request arrives; waits for it."""

    def customers_lines(self, conversation_id: str, count: int) -> list[str]:
        """What the customer wrote from the asking on, as the agent sees it; waits for so many."""

    def write(self, conversation_id: str, text: str) -> None:
        """Answer, taking the conversation first if need be."""

    def end(self, conversation_id: str) -> None:
        """The agent is done."""


class TeninDesk:
    """Mei, at our desk's own calls."""

    agent = "Mei"

    def __init__(self, site: Site) -> None:
        self.site = site
        self.mei: DeskAgent = site.agent(self.agent)

    def story(self, conversation_id: str) -> str:
        until(
            lambda: [
                each
                for each in self.mei.conversations()
                if each["id"] == conversation_id and each["owner"] == "queue"
            ],
            "a request",
        )
        shown = self.mei.look(conversation_id)
        return "\n".join([shown["language"], *(line["text"] for line in shown["lines"])])

    def customers_lines(self, conversation_id: str, count: int) -> list[str]:
        def found() -> list[str]:
            lines = self.mei.look(conversation_id)["lines"]
            said = [line["text"] for line in lines if line["author"] == "customer"]
            asked = [number for number, text in enumerate(said) if text == "Talk to a person"]
            return said[asked[-1] :]

        return until(lambda: said if len(said := found()) >= count else [], f"{count} lines")

    def write(self, conversation_id: str, text: str) -> None:
        if self.mei.look(conversation_id)["owner"] != "agent":
            self.mei.take(conversation_id)
        self.mei.write(conversation_id, text)

    def end(self, conversation_id: str) -> None:
        self.mei.hand_back(conversation_id)


class ChatwootDesk:
    """Sam, at Chatwoot."""

    agent = "Sam"

    def __init__(self, site: Site, chatwoot: Chatwoot) -> None:
        self.site, self.chatwoot = site, chatwoot

    def number(self, conversation_id: str) -> int:
        """Chatwoot's number of a conversation; waits for it."""
        return until(lambda: self._number(conversation_id), "the conversation at Chatwoot")

    def _number(self, conversation_id: str) -> int | None:
        for number, row in list(self.chatwoot.conversations.items()):
            contact = self.chatwoot.contacts[row["contact_id"]]
            if contact["identifier"] == f"tenin-{conversation_id}":
                return number
        return None

    def story(self, conversation_id: str) -> str:
        number = self.number(conversation_id)
        return "\n".join(until(lambda: self.chatwoot.said(number, "note"), "the story"))

    def customers_lines(self, conversation_id: str, count: int) -> list[str]:
        number = self.number(conversation_id)

        def found() -> list[str]:
            said = self.chatwoot.said(number)
            asked = [at for at, text in enumerate(said) if text == "Talk to a person"]
            return said[asked[-1] :] if asked else []

        return until(lambda: said if len(said := found()) >= count else [], f"{count} lines")

    def write(self, conversation_id: str, text: str, who: Person = SAM) -> None:
        self.chatwoot.write(self.number(conversation_id), who, text)
        self.chatwoot.settle()

    def end(self, conversation_id: str) -> None:
        self.chatwoot.set_status(self.number(conversation_id), "resolved")
        self.chatwoot.settle()
