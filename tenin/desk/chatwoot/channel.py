"""Chatwoot as a `HumanChannel`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import timedelta

from sqlalchemy import select
from sqlalchemy.engine import Engine
from starlette.routing import BaseRoute

from tenin.clock import utcnow
from tenin.conversation.people import People
from tenin.conversation.voice import Voice
from tenin.database import read_transaction, write_transaction
from tenin.desk.chatwoot import webhook
from tenin.desk.chatwoot.api import ChatwootAPI
from tenin.desk.chatwoot.forwarder import Forwarder
from tenin.desk.chatwoot.promises import ChatwootPeople, tell_what_holds
from tenin.desk.models import OtherDeskDelivery
from tenin.settings import Settings

# A worker says nothing during one call, which takes at most twice its timeout.
MARGIN_SECONDS = 20

Work = Callable[[Engine, Voice], list[str]]


class ChatwootChannel:
    """Passes requests on to Chatwoot; our own desk sees them too, and may take them."""

    def __init__(self, settings: Settings, own: People, own_work: Sequence[Work]) -> None:
        """Take the settings, which were checked, and what our own desk promises and does."""
        self._api = ChatwootAPI(settings.chatwoot, settings.chatwoot_token or "")
        lease = timedelta(seconds=2 * settings.chatwoot.timeout_seconds + MARGIN_SECONDS)
        remembered = timedelta(minutes=settings.proof.remembered_minutes)
        self._forwarder = Forwarder(self._api, lease, remembered)
        self.people: People = ChatwootPeople(own)
        self.routes: Sequence[BaseRoute] = tuple(webhook.routes)
        self.work: Sequence[Work] = (self._forwarder.pass_on, _keep_told, *own_work)

    def close(self) -> None:
        """Give back the connections."""
        self._api.close()


def _keep_told(engine: Engine, voice: Voice) -> list[str]:
    """Tell what has turned out otherwise, and forget what nobody repeats."""
    now = utcnow()
    old = select(OtherDeskDelivery.delivery_id).where(OtherDeskDelivery.at < now - webhook.KEPT)
    with read_transaction(engine) as session:
        has_old = session.execute(old.limit(1)).first() is not None
    if has_old:
        with write_transaction(engine) as session:
            webhook.forget_old(session, now)
    return tell_what_holds(engine, voice)
