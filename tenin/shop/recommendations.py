"""What to recommend when nothing is known of the customer: what sells, is in stock, and varies."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from sqlalchemy import and_, func, select
from sqlalchemy.orm import Session

from tenin.shop.catalogue import ProductView, image_path, list_products, products_of_category
from tenin.shop.models import product_text, products

MOST_PER_CATEGORY = 2


@dataclass(frozen=True)
class Recommendation:
    """A product to recommend, with the reason to buy it."""

    sku: str
    name: str
    text: str
    price: Decimal
    currency: str
    image: str


def recommend(
    session: Session,
    language: str,
    limit: int = 3,
    category: str | None = None,
    exclude: Sequence[str] = (),
) -> list[Recommendation]:
    """Return up to `limit` products in stock, with their texts in `language`.

    The best sold product of each category comes first, then each category's second; with a
    `category`, only its own products, as many as are asked for. Products whose SKU is in
    `exclude` are left out. Nothing suitable gives an empty list.
    """
    ranked = (
        select(
            products,
            product_text.c.name,
            product_text.c.reason,
            func.row_number()
            .over(
                partition_by=products.c.category,
                order_by=(products.c.sold.desc(), products.c.sku),
            )
            .label("place"),
        )
        .join(
            product_text,
            and_(product_text.c.product_id == products.c.id, product_text.c.language == language),
        )
        .where(products.c.stock > 0, products.c.sku.not_in(exclude))
    )
    if category is not None:
        ranked = ranked.where(products.c.category == category)
    goods = ranked.subquery()
    statement = (
        select(goods)
        .where(goods.c.place <= (limit if category is not None else MOST_PER_CATEGORY))
        .order_by(goods.c.place, goods.c.sold.desc(), goods.c.sku)
        .limit(limit)
    )
    return [
        Recommendation(
            sku=row.sku,
            name=row.name,
            text=row.reason,
            price=row.price,
            currency=row.currency,
            image=image_path(row.category),
        )
        for row in session.execute(statement)
    ]


def goods_to_choose_from(
    session: Session, language: str, limit: int, category: str | None = None
) -> Sequence[ProductView | Recommendation]:
    """Return up to `limit` goods for a customer who has yet to say which is meant.

    Those of `category`, sold out or not; without one, or if it has none, what sells, else
    anything there is. Empty only if the shop has no goods in `language`.
    """
    of_category = products_of_category(session, category, language) if category else []
    return (
        of_category[:limit]
        or recommend(session, language, limit)
        or list_products(session, language)[:limit]
    )
