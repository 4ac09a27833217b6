"""What is known of what a customer wants: read from a message, kept in slots, made a wish.

The slots `purpose`, `budget` and `preference` hold the customer's words, a sum and a category's
code; OPEN is a question that the customer leaves open, and LITTLE a budget without a sum.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from rasa_sdk import Tracker

from actions import context, goods
from tenin.language import wishes
from tenin.shop.catalogue import products_by_sku
from tenin.shop.recommendations import Wish, names_goods, suits_something

OPEN = "open"
LITTLE = "little"
QUESTIONS = ("purpose", "budget", "preference")
LEEWAY = Decimal("1.2")  # "around 400" may be a little more


def text_of(tracker: Tracker) -> str:
    """The words of the customer's message."""
    return str(tracker.latest_message.get("text") or "")


def said(tracker: Tracker, session: Any, asked: str | None = None) -> dict[str, str]:
    """What a message says of the need, by slot; `asked` is the question that it may answer."""
    text, language = text_of(tracker), context.language(tracker)
    found: dict[str, str] = {}
    if wishes.purposes(text) or _suits(session, text, language, asked):
        found["purpose"] = text
    budget = _budget(tracker, text, asked)
    if budget is not None:
        found["budget"] = budget
    category = goods.category(tracker)
    named = products_by_sku(session, goods.named(tracker, "product"), language)
    if category is None and named:
        category = named[0].category
    if category is not None:
        found["preference"] = category
    if asked and asked not in found and _leaves_open(tracker, text):
        found[asked] = OPEN
    return found


def is_for_cheaper(tracker: Tracker) -> bool:
    """Whether the message asks for something that costs less than what was shown."""
    return bool(goods.shown(tracker)) and wishes.wants_cheaper(text_of(tracker))


def foreign_currency(tracker: Tracker) -> str | None:
    """The currency of a sum in the message, if it isn't the one that the shop sells in."""
    for value in goods.named(tracker, "money"):
        currency = value.rpartition(" ")[2]
        if currency and currency != context.currency():
            return currency
    return None


def wish(tracker: Tracker, known: dict[str, str], bought: list[str], looked_at: list[str]) -> Wish:
    """What the slots, and what the message says besides, come to."""
    slots = {name: known.get(name) or tracker.get_slot(name) for name in QUESTIONS}
    purpose, budget = slots["purpose"], slots["budget"]
    language = context.language(tracker)
    words, own = _words_of(purpose, language) if purpose and purpose != OPEN else ([], [])
    return Wish(
        category=slots["preference"] if slots["preference"] != OPEN else None,
        words=words,
        also=own,
        most=Decimal(budget) if budget and budget not in (OPEN, LITTLE) else None,
        cheap=budget == LITTLE,
        bought=bought,
        looked_at=looked_at,
    )


def _suits(session: Any, text: str, language: str, asked: str | None) -> bool:
    """Whether a wish names goods, or the answer to the first question what texts speak of."""
    if asked is None:
        return names_goods(session, language, wishes.own_words(text))
    if asked != "purpose" or is_question(text):
        return False
    if wishes.leaves_open(text) or wishes.is_hurried(text):
        return False
    return suits_something(session, language, _words_of(text, language)[0])


def _words_of(text: str, language: str) -> tuple[list[str], list[str]]:
    """The words that decide whether goods suit a text, and its own that rank what suits."""
    own = wishes.own_words(text)
    return wishes.purpose_words(text, language) or own, own


def is_question(text: str) -> bool:
    """Whether a message asks instead of answering."""
    return text.rstrip().endswith(("?", "？"))


def _budget(tracker: Tracker, text: str, asked: str | None) -> str | None:
    sums = [value.partition(" ") for value in goods.named(tracker, "money")]
    own = [Decimal(amount) for amount, _, currency in sums if currency == context.currency()]
    if own:
        return str(_with_leeway(max(own), text))
    if sums:
        return OPEN  # a sum in another currency: no rate is known
    if not any(goods.named(tracker, kind) for kind in ("order_number", "phone")):
        most = wishes.most_to_spend(text, asked == "budget")
        if most is not None:
            return str(_with_leeway(most, text))
    little = wishes.wants_little_spent(text) and not is_for_cheaper(tracker)
    return LITTLE if little else None


def _with_leeway(most: Decimal, text: str) -> Decimal:
    return most * LEEWAY if wishes.is_rough(text) else most


def _leaves_open(tracker: Tracker, text: str) -> bool:
    return bool(goods.named(tracker, "skip")) or wishes.leaves_open(text)


def open_questions(known: dict[str, Any]) -> list[str]:
    """The questions that nothing is known of."""
    return [name for name in QUESTIONS if known.get(name) is None]
