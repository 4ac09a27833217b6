"""What to recommend: what suits the stated need, was looked at, goes with what was bought, sells.

Only what is in stock, by plain SQL on the shop's own tables.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import pairwise
from typing import Any, Literal

from sqlalchemy import and_, case, distinct, func, literal, select, union_all
from sqlalchemy.orm import Session

from tenin.shop.catalogue import (
    ProductView,
    get_product,
    image_path,
    list_products,
    products_of_category,
)
from tenin.shop.models import order_items, orders, product_alias, product_text, products

MOST_PER_CATEGORY = 2
_BEFORE_WORDS = "-/(\"'"  # besides a space
_SPACES = str.maketrans(dict.fromkeys(_BEFORE_WORDS, " "))

# Why a product is recommended: it suits what was said, was looked at, who bought the same bought
# it, it sells.
Because = Literal["need", "looked_at", "history", "popular"]


@dataclass(frozen=True)
class Recommendation:
    """A product to recommend, with the reason to buy it and why it was chosen."""

    sku: str
    name: str
    text: str
    price: Decimal
    currency: str
    image: str
    because: Because = "popular"
    suits: int = 0  # how many of the wish's words its texts have


@dataclass(frozen=True)
class Wish:
    """What is known of what a customer wants; what isn't known is left out.

    Args:
        category: a category's code.
        words: words that the texts of suitable goods have, in small letters.
        also: words that rank what suits, and don't make anything suitable.
        most: the most to be spent on a piece.
        cheap: whether the least expensive come first among what suits.
        bought: SKUs of what the customer has bought; they are not recommended again.
        looked_at: SKUs of what the customer has looked at, as far as they agreed to tell; among
            what suits alike these come first, unless the least expensive do.
    """

    category: str | None = None
    words: Sequence[str] = ()
    also: Sequence[str] = ()
    most: Decimal | None = None
    cheap: bool = False
    bought: Sequence[str] = ()
    looked_at: Sequence[str] = ()


def recommend(
    session: Session,
    language: str,
    limit: int = 3,
    category: str | None = None,
    exclude: Sequence[str] = (),
    wish: Wish | None = None,
) -> list[Recommendation]:
    """Return up to `limit` products in stock, with their texts in `language`.

    What suits the most words of the wish comes first, then what was looked at, then what was bought
    most by customers who bought the same, then what sells. Among equals the best of each category
    comes first, then each category's second; with a category, only its own products, as many as
    are asked for.
    Products whose SKU is in `exclude` are left out. Nothing suitable gives an empty list.
    """
    wish = wish or Wish()
    category = category or wish.category
    suits, together = _suits(wish.words), _bought_together(wish.bought)
    also, looked_at = _suits(wish.also), _is_one_of([] if wish.cheap else wish.looked_at)
    by_sales: tuple[Any, ...] = (products.c.sold.desc(), products.c.sku)
    if wish.cheap:
        by_sales = (products.c.price, *by_sales)
    ranked = (
        select(
            products,
            product_text.c.name,
            product_text.c.reason,
            suits.label("suits"),
            also.label("also"),
            looked_at.label("looked_at"),
            together.label("together"),
            func.row_number()
            .over(
                partition_by=products.c.category,
                order_by=(suits.desc(), also.desc(), looked_at.desc(), together.desc(), *by_sales),
            )
            .label("place"),
        )
        .join(
            product_text,
            and_(product_text.c.product_id == products.c.id, product_text.c.language == language),
        )
        .where(products.c.stock > 0, products.c.sku.not_in([*exclude, *wish.bought]))
    )
    if category is not None:
        ranked = ranked.where(products.c.category == category)
    if wish.most is not None:
        ranked = ranked.where(products.c.price <= wish.most)
    goods = ranked.subquery()
    ordered: tuple[Any, ...] = (goods.c.place, goods.c.sold.desc(), goods.c.sku)
    if wish.cheap:
        ordered = (goods.c.price, *ordered)
    statement = (
        select(goods)
        .where(goods.c.place <= (limit if category is not None else MOST_PER_CATEGORY))
        .order_by(
            goods.c.suits.desc(),
            goods.c.also.desc(),
            goods.c.looked_at.desc(),
            goods.c.together.desc(),
            *ordered,
        )
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
            because=_because(row),
            suits=row.suits,
        )
        for row in session.execute(statement)
    ]


def _because(row: Any) -> Because:
    if row.suits:
        return "need"
    if row.looked_at:
        return "looked_at"
    return "history" if row.together else "popular"


def suits_something(session: Session, language: str, words: Sequence[str]) -> bool:
    """Tell whether the texts of any product, sold out or not, have one of the words."""
    statement = (
        select(products.c.id)
        .join(
            product_text,
            and_(product_text.c.product_id == products.c.id, product_text.c.language == language),
        )
        .where(_suits(words) > 0)
        .limit(1)
    )
    return session.execute(statement).first() is not None


def names_goods(session: Session, language: str, words: Sequence[str]) -> bool:
    """Tell whether the name of any product, sold out or not, has one of the words."""
    statement = (
        select(product_text.c.product_id)
        .where(product_text.c.language == language, _count(words, product_text.c.name) > 0)
        .limit(1)
    )
    return session.execute(statement).first() is not None


def nearest_in_stock(
    session: Session, language: str, sku: str, exclude: Sequence[str] = ()
) -> ProductView | None:
    """Return the product in stock that is nearest to one: of its category, most alike by name.

    Alike are names and aliases, of all languages, that have pairs of letters in common: a
    sleeping mat is nearer to a sleeping bag than a chair is. Among equals the price decides.
    """
    wanted = get_product(session, sku, language)
    if wanted is None:
        return None
    others = [
        good
        for good in products_of_category(session, wanted.category, language)
        if good.in_stock and good.sku not in (sku, *exclude)
    ]
    pairs = _pairs_of_letters(session, [sku, *(good.sku for good in others)])

    def distance(good: ProductView) -> tuple[float, Decimal]:
        common, either = pairs[sku] & pairs[good.sku], pairs[sku] | pairs[good.sku]
        return -len(common) / max(len(either), 1), abs(good.price - wanted.price)

    return min(others, key=distance, default=None)


def _pairs_of_letters(session: Session, skus: Sequence[str]) -> dict[str, set[str]]:
    """Give for each product the pairs of letters in its names and aliases."""
    names = (
        select(products.c.sku, product_text.c.name)
        .join(product_text, product_text.c.product_id == products.c.id)
        .where(products.c.sku.in_(skus))
    )
    aliases = (
        select(products.c.sku, product_alias.c.alias)
        .join(product_alias, product_alias.c.product_id == products.c.id)
        .where(products.c.sku.in_(skus))
    )
    found: dict[str, set[str]] = {sku: set() for sku in skus}
    for sku, name in session.execute(union_all(names, aliases)):
        found[sku].update(one + other for one, other in pairwise(name.casefold()))
    return found


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


def _suits(words: Sequence[str]) -> Any:
    """How many of the words stand in a product's texts."""
    texts = (product_text.c.name, product_text.c.description, product_text.c.reason)
    return _count(words, texts[0] + " " + texts[1] + " " + texts[2])


def _count(words: Sequence[str], column: Any) -> Any:
    """How many of the words stand in a text; ASCII ones where a word begins.

    So "rain" is found in "rainy days", not in "train".
    """
    text: Any = func.lower(" " + column)
    for sign in _BEFORE_WORDS:
        text = func.replace(text, sign, " ")
    found: Any = literal(0)
    # NUL bytes and lone surrogates are left out: PostgreSQL takes no such text.
    for word in words:
        if word and word.isprintable():
            part = " " + word.translate(_SPACES) if word.isascii() else word
            found = found + case((text.contains(part, autoescape=True), 1), else_=0)
    return found


def _is_one_of(skus: Sequence[str]) -> Any:
    """1 for a product of these SKUs, else 0."""
    known = [sku for sku in skus if sku.isprintable()]
    return case((products.c.sku.in_(known), 1), else_=0) if known else literal(0)


def _bought_together(skus: Sequence[str]) -> Any:
    """By how many customers who bought one of `skus` a product was bought."""
    known = [sku for sku in skus if sku.isprintable()]
    if not known:
        return literal(0)
    same, bought = products.alias(), order_items.alias()
    buyers = (
        select(orders.c.customer_id)
        .join(order_items, order_items.c.order_id == orders.c.id)
        .join(same, same.c.id == order_items.c.product_id)
        .where(same.c.sku.in_(known), orders.c.status != "cancelled")
    )
    return (
        select(func.count(distinct(orders.c.customer_id)))
        .join(bought, bought.c.order_id == orders.c.id)
        .where(bought.c.product_id == products.c.id, orders.c.customer_id.in_(buyers))
        .correlate(products)
        .scalar_subquery()
    )
