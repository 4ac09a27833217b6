"""Rasa's replies, worded by `tenin.language`: by language first, then by channel.

Rasa's own generator lets a channel's variation win over the language's.
"""

from __future__ import annotations

import asyncio
import logging
from typing import Any

from rasa.core.nlg.generator import NaturalLanguageGenerator
from rasa.shared.core.domain import Domain
from rasa.shared.core.events import BotUttered
from rasa.shared.core.trackers import DialogueStateTracker
from rasa.utils.endpoints import EndpointConfig
from sqlalchemy.exc import SQLAlchemyError

from tenin.bot.runtime import RunningTurn, running
from tenin.conversation.voice import Voice
from tenin.database import make_engine, read_transaction
from tenin.desk.hours import default_schedule, load_schedule, said_as, tells_hours
from tenin.desk.schedule import Schedule
from tenin.language.languages import detect
from tenin.language.wording import GETS_MAIL, NO_MAIL_YET, WHEN, say
from tenin.settings import load_settings

# What rasa_sdk sends beside the values of an utterance, and Rasa's own argument.
NOT_VALUES = {
    "attachment",
    "buttons",
    "choices",
    "custom",
    "domain_responses",
    "elements",
    "image",
    "offer",
    "template",
    "text",
}
RECENT = 6

logger = logging.getLogger(__name__)


class WordingGenerator(NaturalLanguageGenerator):
    """Named in endpoints.yml under `nlg`."""

    def __init__(
        self, endpoint_config: EndpointConfig | None = None, domain: Domain | None = None
    ) -> None:
        """Read wording, menus and languages below the project root."""
        settings = load_settings()
        self._voice = Voice.load(settings.root)
        self._sends_mail = bool(settings.email.host)
        self._engine = make_engine(settings.database.url)

    async def generate(
        self,
        utter_action: str,
        tracker: DialogueStateTracker,
        output_channel: str,
        **kwargs: Any,
    ) -> dict[str, Any] | None:
        """The message for `utter_action`; None after marking the turn failed if there is none.

        Besides values an action may give `language` (else the conversation's), `offer`, needs
        or menus whose buttons come first, and `choices`, further buttons with title and payload.
        """
        turn = running.get()
        language = kwargs.get("language") or self._language(tracker)
        try:
            values = {
                **tracker.current_slot_values(),
                **await self._hours(utter_action, language),
                **{name: value for name, value in kwargs.items() if name not in NOT_VALUES},
            }
            said = say(
                self._voice.responses,
                utter_action,
                language,
                channel=output_channel,
                values=values,
                recent=[*turn.turn.recent, *turn.said] if turn else _recent(tracker),
                menus=self._voice.menus,
                menu=tracker.get_slot("menu"),
                offer=kwargs.get("offer") or (),
                holds=self._holds(turn),
            )
        except Exception:
            # Rasa would drop the reply and go on: the customer would get silence.
            logger.exception("no wording for %s", utter_action)
            if turn is not None:
                turn.failed = turn.failed or utter_action
            return None
        if turn is not None:
            turn.said.append(said.text)
        message: dict[str, Any] = {"text": said.text}
        buttons = [
            *(kwargs.get("choices") or ()),
            *({"title": button.title, "payload": button.payload} for button in said.buttons),
        ]
        if buttons:
            message["buttons"] = buttons
        if said.custom:
            message["custom"] = dict(said.custom)
        return message

    def _holds(self, turn: RunningTurn | None) -> set[str]:
        """What is so for the customer of a turn, for the buttons that depend on it."""
        if turn is None:
            return set(WHEN)
        mail = turn.turn.mail
        offered = {NO_MAIL_YET} if self._sends_mail and not mail.notices else set()
        return offered | ({GETS_MAIL} if mail.anything else set())

    async def _hours(self, utter_action: str, language: str) -> dict[str, str]:
        """The hours in words as they are now, if this response tells them."""
        responses = self._voice.responses
        if responses.policy is None or not tells_hours(responses, utter_action):
            return {}
        default = default_schedule(responses.policy)
        return said_as(await asyncio.to_thread(self._schedule, default), language, responses)

    def _schedule(self, default: Schedule) -> Schedule:
        try:
            with read_transaction(self._engine) as session:
                return load_schedule(session, default)
        except SQLAlchemyError:
            # No tables, as in `rasa test`; in a turn nothing of it could be committed either.
            logger.warning("the hours can't be read; policy.yml's are told", exc_info=True)
            return default

    def _language(self, tracker: DialogueStateTracker) -> str:
        known: str | None = tracker.get_slot("language")
        if known:
            return known
        # `rasa shell` and tests: no turn has set the slot.
        return detect((tracker.latest_message and tracker.latest_message.text) or "")


def _recent(tracker: DialogueStateTracker) -> list[str]:
    texts = [event.text for event in tracker.events if isinstance(event, BotUttered) and event.text]
    return texts[-RECENT:]
