"""What the forms about mail share: the address that a message or a button names, and the offers.

Slot `notice_mail` holds the address, or HERE: in the conversation alone. An address is only taken
where mail is sent.
"""

from __future__ import annotations

import json
from typing import Any

from rasa_sdk import Tracker
from rasa_sdk.events import SlotSet

from actions import context, goods
from tenin.conversation.consent import is_address

SLOT = "notice_mail"
HERE = "here"


def is_sent() -> bool:
    """Whether any mail is sent from here."""
    return bool(context.settings().email.host)


def named(tracker: Tracker) -> str | None:
    """The address that the customer's message names; None if it names none that can be used."""
    return next((each for each in goods.named(tracker, "email") if is_address(each)), None)


def answer(tracker: Tracker, *, may_be_here: bool) -> list[dict[str, Any]]:
    """What a form's check makes of a message; an empty list: it is no answer."""
    if not is_sent():
        return [SlotSet(SLOT, HERE)]
    if may_be_here and goods.named(tracker, "skip"):
        return [SlotSet(SLOT, HERE)]
    if goods.named(tracker, "email"):
        return [SlotSet(SLOT, named(tracker))]  # None: asked for again
    return []


def choices(tracker: Tracker, need: str) -> list[dict[str, str]]:
    """A button with the address that the customer has already given in this conversation."""
    contact = tracker.get_slot("contact") or ""
    if not is_address(contact):
        return []
    return [{"title": contact, "payload": f"/{need}" + json.dumps({"email": contact})}]
