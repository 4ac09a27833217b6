"""What the actions about goods share: which goods a message names, and how they are shown."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from rasa_sdk import Tracker

from tenin.shop.catalogue import ProductView
from tenin.shop.recommendations import Recommendation

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


def meant(tracker: Tracker) -> list[str]:
    """The SKUs named in the message, else the one talked about last."""
    if named(tracker, "category"):
        return named(tracker, "product")
    last = tracker.get_slot("product")
    return named(tracker, "product") or ([last] if last else [])


def card(good: ProductView) -> dict[str, Any]:
    """A product with what is to be known of it."""
    return _card(good, f"{good.description} {good.reason}")


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
