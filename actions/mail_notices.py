"""mail_notices: the notices of a conversation by e-mail as well. Behind a button, never typed."""

from __future__ import annotations

import logging
from typing import Any

from rasa_sdk import Action, Tracker
from rasa_sdk.events import SlotSet
from rasa_sdk.executor import CollectingDispatcher

from actions import context, notice_mail
from tenin.conversation.consent import give_consent
from tenin.database import write_transaction

FORM = "mail_form"

logger = logging.getLogger(__name__)


class ValidateMailForm(Action):
    """Take the address that a message names."""

    def name(self) -> str:
        """The action's name in domain.yml."""
        return f"validate_{FORM}"

    async def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]
    ) -> list[dict[str, Any]]:
        """Fill the slot, if there is an address; where no mail is sent, ask nothing."""
        return notice_mail.answer(tracker, may_be_here=False)


class ActionAskMailAddress(Action):
    """Ask for the address, with a button for the one that is known."""

    def name(self) -> str:
        """The action's name in domain.yml."""
        return f"action_ask_{FORM}_{notice_mail.SLOT}"

    async def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]
    ) -> list[dict[str, Any]]:
        """Put the question."""
        dispatcher.utter_message(
            response=f"utter_ask_{FORM}_{notice_mail.SLOT}",
            choices=notice_mail.choices(tracker, "mail_notices"),
        )
        return []


class ActionMailNotices(Action):
    """Note that the customer agrees to mail at the address of the form."""

    def name(self) -> str:
        """The action's name in domain.yml."""
        return "action_mail_notices"

    async def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]
    ) -> list[dict[str, Any]]:
        """Give consent, and say where mail goes and that it can be stopped."""
        address = tracker.get_slot(notice_mail.SLOT)
        done = [SlotSet(notice_mail.SLOT, None)]
        if not notice_mail.is_sent() or address in (None, notice_mail.HERE):
            dispatcher.utter_message(response="utter_mail_none")
            return done

        def give() -> None:
            with write_transaction(context.conversations()) as session:
                give_consent(session, tracker.sender_id, address)

        try:
            await context.in_time(give)
        except Exception:
            logger.exception("consent to mail could not be kept")
            dispatcher.utter_message(response="utter_mail_failed")
        else:
            dispatcher.utter_message(response="utter_mail_agreed", address=address)
        return done
