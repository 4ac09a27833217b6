"""Who is to be told that a product is back; the wishes come from `DatabaseShop.wish_restock`.

Whoever tells them reads the wishes due, hands the notices on under each wish's id, so that none
goes out twice, and then marks them told.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from tenin.shop.models import products, restock_wishes


@dataclass(frozen=True)
class RestockWish:
    """A wish whose product is in stock again."""

    id: int
    sku: str
    contact: str
    language: str


def due_wishes(session: Session, limit: int = 100) -> list[RestockWish]:
    """Return wishes that nobody was told of and whose product is in stock, the oldest first."""
    statement = (
        select(restock_wishes, products.c.sku)
        .join(products, products.c.id == restock_wishes.c.product_id)
        .where(restock_wishes.c.told_at.is_(None), products.c.stock > 0)
        .order_by(restock_wishes.c.wished_at, restock_wishes.c.id)
        .limit(limit)
    )
    return [
        RestockWish(row.id, row.sku, row.contact, row.language)
        for row in session.execute(statement)
    ]


def mark_told(session: Session, wishes: Iterable[RestockWish], now: datetime) -> None:
    """Note that these have been told; a wish made anew after that is told anew."""
    statement = update(restock_wishes).where(restock_wishes.c.id.in_([each.id for each in wishes]))
    session.execute(statement.values(told_at=now))
