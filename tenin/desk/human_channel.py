"""Where the persons sit who serve: at our desk, or at another's.

Which one is a line in `tenin.yml` (`desk.serves`). Whichever it is, a conversation has one owner
here, lines are kept here, and the bot is silent while a person serves; a channel only brings the
request to the persons and their words back.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from sqlalchemy.engine import Engine
from starlette.routing import BaseRoute

from tenin.conversation.people import People
from tenin.conversation.voice import Voice
from tenin.desk.chatwoot.channel import ChatwootChannel
from tenin.settings import Settings

# Does what is due and returns the conversations that moved. Called about every second, off the
# event loop, by every process of the web tier; each of a channel's runs beside the others.
Work = Callable[[Engine, Voice], list[str]]


class HumanChannel(Protocol):
    """A way to persons."""

    @property
    def people(self) -> People:
        """Those who serve, for what may be promised."""

    @property
    def routes(self) -> Sequence[BaseRoute]:
        """What they call."""

    @property
    def work(self) -> Sequence[Work]:
        """What is done again and again."""

    def close(self) -> None:
        """Give back what is held."""


@dataclass(frozen=True)
class OwnDesk:
    """Our desk: agents fetch what waits themselves; its pages and calls are always served."""

    people: People
    work: Sequence[Work] = ()
    routes: Sequence[BaseRoute] = ()

    def close(self) -> None:
        """Nothing is held."""


def chosen(settings: Settings, own: People, own_work: Sequence[Work] = ()) -> HumanChannel:
    """The channel that the settings name.

    Args:
        own: those of our desk.
        own_work: what our desk does again and again: offers, agents who are gone.
    """
    if settings.desk.serves == "chatwoot":
        return ChatwootChannel(settings, own, own_work)
    return OwnDesk(own, own_work)
