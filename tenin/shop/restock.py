"""What is back in stock, and that those who wished for it in the shop's own list were told.

`tenin.restock_watch` asks; the wishes themselves are told by `tenin.conversation.restock`. A
product that was withdrawn from sale is not in the catalogue, and so never back.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from tenin.shop.catalogue import products_by_sku
from tenin.shop.models import products, restock_wishes


def back_in_stock(
    session: Session, wanted: Mapping[str, Iterable[str]]
) -> dict[str, dict[str, str]]:
    """Of these SKUs, by language, those that can be bought: their names by SKU and language."""
    found: dict[str, dict[str, str]] = {}
    for language, skus in wanted.items():
        for good in products_by_sku(session, skus, language):
            if good.in_stock:
                found.setdefault(good.sku, {})[language] = good.name
    return found


def mark_told(session: Session, wishes: Iterable[tuple[str, str]], now: datetime) -> None:
    """Note in the shop's list that these, by product and contact, are told.

    Marked again it stays as it was; a wish made anew after that is open anew.
    """
    by_sku: dict[str, set[str]] = {}
    for sku, contact in wishes:
        by_sku.setdefault(sku, set()).add(contact)
    for sku, contacts in by_sku.items():
        product = select(products.c.id).where(products.c.sku == sku).scalar_subquery()
        session.execute(
            update(restock_wishes)
            .where(
                restock_wishes.c.product_id == product,
                restock_wishes.c.contact.in_(sorted(contacts)),
                restock_wishes.c.told_at.is_(None),
            )
            .values(told_at=now)
        )
