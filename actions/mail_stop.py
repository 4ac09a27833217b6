"""mail_stop: no more mail from this conversation. Behind a button, never typed."""

from __future__ import annotations

import logging
from typing import Any

from rasa_sdk import Action, Tracker
from rasa_sdk.executor import CollectingDispatcher

from actions import context
from tenin.conversation.consent import mail_wanted, withdraw_consent
from tenin.database import write_transaction

logger = logging.getLogger(__name__)


class ActionMailStop(Action):
    """Withdraw what the customer agreed to, also for a single wish."""

    def name(self) -> str:
        """The action's name in domain.yml."""
        return "action_mail_stop"

    async def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]
    ) -> list[dict[str, Any]]:
        """Say that it is stopped, or that there was nothing to stop."""

        def stop() -> bool:
            with write_transaction(context.conversations()) as session:
                wanted = mail_wanted(session, tracker.sender_id).anything
                withdraw_consent(session, tracker.sender_id)
            return wanted

        try:
            stopped = await context.in_time(stop)
        except Exception:
            logger.exception("consent to mail could not be withdrawn")
            dispatcher.utter_message(response="utter_mail_failed")
            return []
        dispatcher.utter_message(response="utter_mail_stopped" if stopped else "utter_mail_not_on")
        return []
