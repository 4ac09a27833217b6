"""What the actions about goods share: which goods a message names, and how they are shown."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from rasa_sdk import Tracker

from actions import context
from tenin.database import read_transaction
from tenin.shop.catalogue import ProductView, products_by_sku
from tenin.shop.recommendations import Recommendation, goods_to_choose_from

# A card for each; a button for each to choose from.
MOST_SHOWN = 4


def named(tracker: Tracker, kind: str) -> list[str]:
    """The products (SKUs) or categories that the customer's message names, each once."""
    values = (
        str(entity["value"])
        for entity in tracker.latest_message.get("entities", [])
        if entity["entity"] == kind
    )
    return list(dict.fromkeys(values))


def shown(tracker: Tracker) -> list[tuple[str, str]]:
    """SKU and reason of the goods that were recommended last."""
    kept = [str(each).partition(" ") for each in tracker.get_slot("shown") or ()]
    return [(sku, because) for sku, _, because in kept]


def category(tracker: Tracker) -> str | None:
    """The category that the customer's message names, the first of several."""
    return next(iter(named(tracker, "category")), None)


def _meant(tracker: Tracker) -> list[str]:
    """The SKUs named in the message, else the one talked about last."""
    skus = named(tracker, "product")
    last = tracker.get_slot("product")
    return skus or ([last] if last and not category(tracker) else [])


async def meant(
    tracker: Tracker,
) -> tuple[list[ProductView], Sequence[ProductView | Recommendation]]:
    """The products that are meant; if none, some to choose from.

    Those are of the category if one is named, else what was recommended last, else what sells.

    Raises what `context.in_time` raises when the shop doesn't answer.
    """
    language, skus = context.language(tracker), _meant(tracker)[:MOST_SHOWN]
    recommended = [sku for sku, _ in shown(tracker)]

    def look_up() -> tuple[list[ProductView], Sequence[ProductView | Recommendation]]:
        with read_transaction(context.shop()) as session:
            found = products_by_sku(session, skus, language)
            if found:
                return found, []
            last = [] if category(tracker) else products_by_sku(session, recommended, language)
            return [], last or goods_to_choose_from(
                session, language, MOST_SHOWN, category(tracker)
            )

    return await context.in_time(look_up)


def card(good: ProductView) -> dict[str, Any]:
    """A product with what is to be known of it."""
    return {**_card(good, f"{good.description} {good.reason}"), "in_stock": good.in_stock}


def recommendation_card(good: Recommendation) -> dict[str, Any]:
    """A product with the reason to choose it."""
    return _card(good, good.text)


def _card(good: ProductView | Recommendation, text: str) -> dict[str, Any]:
    return {
        "kind": "product",
        "title": good.name,
        "text": text,
        "price": float(good.price),
        "currency": good.currency,
        "image": good.image,
        "url": f"/#{good.sku}",
    }


def choices(goods: Sequence[ProductView | Recommendation], need: str) -> list[dict[str, str]]:
    """A button for each of a few goods that asks `need` about it."""
    return [
        {"title": good.name, "payload": f"/{need}" + json.dumps({"product": good.sku})}
        for good in goods[:MOST_SHOWN]
    ]
