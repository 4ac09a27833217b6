"""The catalogue in one language, for the shop's pages and for what actions tell of goods."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

from sqlalchemy import and_, select
from sqlalchemy.orm import Session

from tenin.shop.models import categories, category_text, product_text, products

_PICTURES = Path(__file__).parents[1] / "pages/static/products"


@dataclass(frozen=True)
class ProductView:
    """A product as a page shows it."""

    sku: str
    category: str
    category_name: str
    name: str
    description: str
    reason: str
    price: Decimal
    currency: str
    in_stock: bool
    image: str


def list_products(session: Session, language: str) -> list[ProductView]:
    """Return all products that have texts in `language`, by category, the best sold first."""
    statement = _in_language(language).order_by(
        categories.c.position, products.c.sold.desc(), products.c.sku
    )
    return list(_views(session, statement))


def get_product(session: Session, sku: str, language: str) -> ProductView | None:
    """Return one product in `language`, or None if there is no such product."""
    return next(iter(products_by_sku(session, [sku], language)), None)


def products_by_sku(session: Session, skus: Iterable[str], language: str) -> list[ProductView]:
    """Return the products of these SKUs in `language`, in the order of `skus`, each once.

    What there is no such product of, or no text in `language`, is left out.
    """
    # NUL bytes and lone surrogates are left out: PostgreSQL takes no such text.
    wanted = [sku for sku in dict.fromkeys(skus) if sku.isprintable()]
    if not wanted:
        return []
    statement = _in_language(language).where(products.c.sku.in_(wanted))
    found = {product.sku: product for product in _views(session, statement)}
    return [found[sku] for sku in wanted if sku in found]


def products_of_category(session: Session, category: str, language: str) -> list[ProductView]:
    """Return a category's products in `language`, the best sold first; empty if there are none."""
    if not category.isprintable():
        return []
    statement = (
        _in_language(language)
        .where(products.c.category == category)
        .order_by(products.c.sold.desc(), products.c.sku)
    )
    return list(_views(session, statement))


def stock_of(session: Session, sku: str) -> int | None:
    """Return how many of a product are in stock now, or None if there is no such product."""
    if not sku.isprintable():
        return None
    statement = select(products.c.stock).where(products.c.sku == sku)
    stock: int | None = session.execute(statement).scalar_one_or_none()
    return stock


def image_path(category: str) -> str:
    """Return the path of a category's picture on the web tier; a parcel's where it has none."""
    drawn = category if (_PICTURES / f"{category}.svg").is_file() else "other"
    return f"/static/products/{drawn}.svg"


def _in_language(language: str) -> Any:
    return (
        select(
            products,
            product_text.c.name,
            product_text.c.description,
            product_text.c.reason,
            category_text.c.name.label("category_name"),
        )
        .join(categories, categories.c.code == products.c.category)
        .join(
            category_text,
            and_(
                category_text.c.category == products.c.category,
                category_text.c.language == language,
            ),
        )
        .join(
            product_text,
            and_(product_text.c.product_id == products.c.id, product_text.c.language == language),
        )
    )


def _views(session: Session, statement: Any) -> Iterator[ProductView]:
    for row in session.execute(statement):
        yield ProductView(
            sku=row.sku,
            category=row.category,
            category_name=row.category_name,
            name=row.name,
            description=row.description,
            reason=row.reason,
            price=row.price,
            currency=row.currency,
            in_stock=row.stock > 0,
            image=image_path(row.category),
        )
