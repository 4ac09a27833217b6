"""Missed messages in the database of a site, in groups, for the tests of their page."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select

from tenin.clock import utcnow
from tenin.conversation.models import Conversation
from tenin.database import read_transaction, write_transaction
from tenin.training.missed.models import MissedMessage
from tests.unit.web.served import Site

DUTY = ("who pays customs duty", "is customs duty included", "parcel [order_number] has duty")


def add_missed(site: Site, *texts: str, group: str = "abcd1234", **values: Any) -> list[int]:
    """Messages of one group, each of a conversation of its own; their ids."""
    now, found = utcnow(), []
    with write_transaction(site.engine) as session:
        for at, text in enumerate(texts):
            conversation = Conversation(
                id=f"{group}{at:024x}", channel="web", language="en", created_at=now, updated_at=now
            )
            row = MissedMessage(
                **{
                    "conversation_id": conversation.id,
                    "line_number": 1,
                    "language": "en",
                    "text": text,
                    "ranking": [["faq/shipping_cost", 0.3], ["track_order", 0.1]],
                    "reasons": ["refused"],
                    "at": now,
                    "group_id": group,
                    "central": 1.0 - at / 10,
                    **values,
                }
            )
            session.add(conversation)
            session.flush()
            session.add(row)
            session.flush()
            found.append(int(row.id))
    return found


def kept(site: Site) -> list[MissedMessage]:
    """All missed messages, by their ids."""
    with read_transaction(site.engine) as session:
        wanted = select(MissedMessage).order_by(MissedMessage.id)
        return list(session.execute(wanted).scalars())
