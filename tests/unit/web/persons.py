"""What a person at a desk does to a conversation, for tests of what its customer gets of it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from tenin.conversation import ownership
from tenin.conversation.models import Conversation
from tenin.conversation.transcript import lock_conversation
from tenin.database import write_transaction
from tests.unit.web.served import Site


@contextmanager
def locked(site: Site, conversation_id: str) -> Iterator[tuple[Any, Conversation]]:
    """A write transaction that holds a conversation; the streams hear of it by the poll."""
    with write_transaction(site.engine) as session:
        yield session, lock_conversation(session, conversation_id)


def wait_for(site: Site, conversation_id: str) -> None:
    """Let the customer ask for a person."""
    with locked(site, conversation_id) as (session, conversation):
        ownership.request_person(session, conversation, "asked", site.voice)


def take(site: Site, conversation_id: str, agent: str = "Mei") -> int:
    """Let an agent take it; the number of the service."""
    with locked(site, conversation_id) as (session, conversation):
        epoch = conversation.epoch
        ownership.take(session, conversation, epoch, agent.lower(), agent, site.voice)
        return int(conversation.handoff_id or 0)


def write(site: Site, conversation_id: str, text: str, agent: str = "Mei") -> int:
    """Let the agent write; the line's number."""
    with locked(site, conversation_id) as (session, conversation):
        return ownership.say_as_agent(
            session, conversation, agent.lower(), text, f"key of {text}", site.voice
        )


def resolve(site: Site, conversation_id: str, agent: str = "Mei") -> None:
    """Let the agent come to the end of it."""
    with locked(site, conversation_id) as (session, conversation):
        epoch = conversation.epoch
        ownership.resolve(session, conversation, epoch, agent.lower(), "solved", site.voice)


def served(site: Site, conversation_id: str) -> int:
    """Ask, take and resolve; the number of the service, to be rated."""
    wait_for(site, conversation_id)
    handoff = take(site, conversation_id)
    resolve(site, conversation_id)
    return handoff
