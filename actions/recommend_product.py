"""recommend_product: goods in stock that suit what is known, each with the reason to choose it.

What was shown is kept: "something else" leaves it out, and "why these?" is answered from it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from rasa_sdk import Action, Tracker
from rasa_sdk.events import SlotSet
from rasa_sdk.executor import CollectingDispatcher

from actions import context, customer, goods, need
from tenin.database import read_transaction
from tenin.shop.catalogue import ProductView, products_by_sku
from tenin.shop.recommendations import Recommendation, Wish, recommend

MOST_REJECTED = 50  # the list is in every turn of the conversation
BY_FAR = 2  # so many times the words of the need that suit
CENT = Decimal("0.01")


@dataclass(frozen=True)
class _Found:
    goods: list[Recommendation]
    best: ProductView | None
    over_budget: bool = False
    cheapest: bool = False
    seen: bool = False
    by_price: bool = False


class ActionRecommendProduct(Action):
    """Show at most three goods as cards."""

    def name(self) -> str:
        """The action's name in domain.yml."""
        return "action_recommend_product"

    async def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]
    ) -> list[dict[str, Any]]:
        """Look up what suits and is in stock, and say why these."""
        # Asked again after a recommendation: for something else than what was shown.
        rejected = with_rejected(tracker)

        def look_up() -> _Found:
            known, looked_at = customer.known(tracker), customer.looked_at(tracker)
            language = context.language(tracker)
            with read_transaction(context.shop()) as session:
                said = need.said(tracker, session)
                wish = need.wish(tracker, said, known.bought if known else [], looked_at)
                if need.is_for_cheaper(tracker):
                    return _cheaper(session, tracker, wish, rejected)
                return _look_up(session, language, wish, rejected)

        found = await context.in_time(look_up)
        _say(dispatcher, found)
        return [
            SlotSet("stage", "recommend"),
            SlotSet("rejected", rejected or None),
            SlotSet("shown", [f"{good.sku} {good.because}" for good in found.goods] or None),
            SlotSet("offered", "goods" if found.goods else None),
            # What "is it in stock?" is about: nothing certain where several were shown.
            SlotSet("product", found.goods[0].sku if len(found.goods) == 1 else None),
        ]


def with_rejected(tracker: Tracker) -> list[str]:
    """What the customer has turned down, with what was recommended last."""
    skus = [*(tracker.get_slot("rejected") or ()), *(sku for sku, _ in goods.shown(tracker))]
    return list(dict.fromkeys(skus))[-MOST_REJECTED:]


def _look_up(session: Any, language: str, wish: Wish, rejected: Sequence[str]) -> _Found:
    found = recommend(session, language, exclude=rejected, wish=wish)
    over = False
    if wish.most is not None:
        dearer = recommend(
            session, language, exclude=rejected, wish=replace(wish, most=None), limit=1
        )
        # What merely isn't dear is no answer to a need that something dearer meets.
        if dearer and (not found or dearer[0].suits > BY_FAR * found[0].suits):
            found, over = dearer, True
    # What merely sells doesn't stand beside what suits, as if it suited too.
    found = [good for good in found if good.because == "need"] or found
    best = products_by_sku(session, [found[0].sku], language) if found else []
    of_category = wish.category is not None
    return _Found(
        found,
        best[0] if best and of_category else None,
        over and bool(found),
        seen=bool(rejected),
        by_price=wish.cheap,
    )


def _cheaper(session: Any, tracker: Tracker, wish: Wish, rejected: Sequence[str]) -> _Found:
    """What costs less than all that was shown last; if nothing does, that is to be said."""
    language = context.language(tracker)
    last = products_by_sku(session, [sku for sku, _ in goods.shown(tracker)], language)
    prices = [good.price for good in last]
    most = min([*prices, *([wish.most] if wish.most is not None else [])], default=None)
    category = wish.category or (last[0].category if last else None)
    below = replace(
        wish, looked_at=(), most=None if most is None else most - CENT, category=category
    )
    found = recommend(session, language, exclude=rejected, wish=below)
    return _Found(found, None, cheapest=not found)


def _say(dispatcher: CollectingDispatcher, found: _Found) -> None:
    cards = {"cards": [goods.recommendation_card(good) for good in found.goods]}
    reasons = {good.because for good in found.goods}
    if found.cheapest:
        dispatcher.utter_message(response="utter_recommend_cheapest")
    elif not found.goods:
        seen = "utter_recommend_seen" if found.seen else "utter_recommend_none"
        dispatcher.utter_message(response=seen)
    elif found.over_budget:
        nearest = found.goods[0]
        dispatcher.utter_message(
            response="utter_recommend_over_budget",
            product=nearest.name,
            price=[float(nearest.price), nearest.currency],
            json_message=cards,
        )
    elif found.by_price and not reasons <= {"history", "looked_at"}:
        dispatcher.utter_message(response="utter_recommend_cheap", json_message=cards)
    elif reasons == {"need"}:
        dispatcher.utter_message(response="utter_recommend_for_need", json_message=cards)
    elif "looked_at" in reasons:
        dispatcher.utter_message(
            response="utter_recommend_looked_at",
            product=next(good.name for good in found.goods if good.because == "looked_at"),
            json_message=cards,
        )
    elif "history" in reasons:
        dispatcher.utter_message(response="utter_recommend_history", json_message=cards)
    elif found.best is not None:
        dispatcher.utter_message(
            response="utter_recommend_category",
            category=found.best.category_name,
            json_message=cards,
        )
    else:
        dispatcher.utter_message(response="utter_recommend", json_message=cards)
