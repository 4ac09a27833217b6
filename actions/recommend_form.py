"""The questions before a recommendation: what for, how much, which kind. Each can be left open.

A message that answers nothing is no answer: the form rejects it, so that whatever it asks for is
done by its own rule, and the question is put again.
"""

from __future__ import annotations

import json
from typing import Any

from rasa_sdk import Action, Tracker
from rasa_sdk.events import SlotSet
from rasa_sdk.executor import CollectingDispatcher

from actions import context, goods, need
from tenin.database import read_transaction
from tenin.language import wishes
from tenin.shop.catalogue import list_products

FORM = "recommend_form"
# Needs whose message may be an answer; any other is a wish of its own, whatever words it has.
ANSWERS = (
    "affirm",
    "deny",
    "doubt_undecided",
    "inform",
    "nlu_fallback",
    "out_of_scope",
    "product_info",
    "recommend_product",
)
MOST_KINDS = 8


class ValidateRecommendForm(Action):
    """Take what the message says of the need."""

    def name(self) -> str:
        """The action's name in domain.yml."""
        return f"validate_{FORM}"

    async def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]
    ) -> list[dict[str, Any]]:
        """Fill the slots; all of them when the customer wants no questions."""
        intent = str(tracker.latest_message["intent"]["name"])
        text, asked = need.text_of(tracker), tracker.get_slot("requested_slot")
        # Rasa opens the form before it asks here, so what tells is that no question was put.
        opening = asked not in need.QUESTIONS

        def read() -> dict[str, str]:
            with read_transaction(context.shop()) as session:
                return need.said(tracker, session, None if opening else asked)

        hurried = wishes.is_hurried(text) or "all" in goods.named(tracker, "skip")
        if not (opening or hurried or intent in ANSWERS or _is_short_answer(tracker, text)):
            return []
        found = await context.in_time(read)
        known = {name: found.get(name) or tracker.get_slot(name) for name in need.QUESTIONS}
        asked_again = intent == "recommend_product" and not opening and not found
        others = opening and not found and bool(goods.shown(tracker))  # than those shown
        if others or hurried or asked_again or tracker.get_slot("impatient"):
            for name in need.open_questions(known):
                found[name] = need.OPEN
        if "budget" in found and need.foreign_currency(tracker):
            dispatcher.utter_message(response="utter_budget_currency", currency=context.currency())
        events = [SlotSet(name, value) for name, value in found.items()]
        if hurried and events:
            events.append(SlotSet("impatient", True))
        return events


class ActionAskPreference(Action):
    """Ask which kind of goods, with a button for each kind there is."""

    def name(self) -> str:
        """The action's name in domain.yml."""
        return f"action_ask_{FORM}_preference"

    async def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]
    ) -> list[dict[str, Any]]:
        """Look the kinds up."""
        language = context.language(tracker)

        def kinds() -> dict[str, str]:
            with read_transaction(context.shop()) as session:
                found = list_products(session, language)
            return {good.category: good.category_name for good in found if good.in_stock}

        found = await context.in_time(kinds)
        dispatcher.utter_message(
            response=f"utter_ask_{FORM}_preference",
            choices=[
                {"title": name, "payload": "/recommend_product" + json.dumps({"category": code})}
                for code, name in list(found.items())[:MOST_KINDS]
            ],
        )
        return []


def _is_short_answer(tracker: Tracker, text: str) -> bool:
    """Whether a message that was taken for another need is an answer all the same.

    "For rainy days", "300 or so" stand in no example: what they are taken for is chance. A
    question is none, nor what names a need of its own by a button.
    """
    asked = tracker.get_slot("requested_slot")
    if need.is_question(text) or goods.named(tracker, "order_number") or len(text) > 40:
        return False
    if str(tracker.latest_message["intent"]["name"]) == "human_agent":
        return False
    confidence = float(tracker.latest_message["intent"].get("confidence") or 0)
    if confidence >= 1:  # a button
        return False
    if asked == "budget":
        return bool(goods.named(tracker, "money")) or (
            wishes.most_to_spend(text, asked=True) is not None or wishes.wants_little_spent(text)
        )
    if asked == "purpose":
        return bool(wishes.purposes(text)) or wishes.leaves_open(text)
    return bool(goods.named(tracker, "category")) or wishes.leaves_open(text)
