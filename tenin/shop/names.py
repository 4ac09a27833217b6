"""How customers call the shop's goods, for finding them in messages.

`tenin.bot.goods_extractor` asks for the version at every message, and reads the names again when
it has changed. Triggers in the database raise the version with every change of the catalogue,
whoever makes it (`migrations/versions/shop_0002_aliases.py`).
"""

from collections.abc import Iterator
from typing import Any

from sqlalchemy import literal, select, union_all
from sqlalchemy.orm import Session

from tenin.language.goods import CATEGORY, PRODUCT, Name
from tenin.shop.models import (
    catalogue_version,
    categories,
    category_alias,
    category_text,
    product_alias,
    product_text,
    products,
)


def names_version(session: Session) -> int:
    """Return the catalogue's version; another one means that the names may have changed.

    Raises sqlalchemy's DBAPIError when the database fails, NoResultFound when its one row is gone.
    """
    statement = select(catalogue_version.c.version).where(catalogue_version.c.id == 1)
    return int(session.execute(statement).scalar_one())


def read_names(session: Session) -> list[Name]:
    """Return every name and alias of every product and category, and the SKUs, in all languages.

    Read in the same transaction as `names_version`, they are the names of that version.
    """
    return list(_names(session))


def _names(session: Session) -> Iterator[Name]:
    for row in session.execute(_statement().order_by("kind", "code", "text")):
        yield Name(row.kind, row.code, row.text)


def _statement() -> Any:
    product, category = literal(PRODUCT).label("kind"), literal(CATEGORY).label("kind")
    sku, of_sku = products.c.sku.label("code"), products.c.id
    return union_all(
        select(product, sku, products.c.sku.label("text")),
        select(product, sku, product_text.c.name).join(
            product_text, product_text.c.product_id == of_sku
        ),
        select(product, sku, product_alias.c.alias).join(
            product_alias, product_alias.c.product_id == of_sku
        ),
        select(category, categories.c.code, category_text.c.name).join(
            category_text, category_text.c.category == categories.c.code
        ),
        select(category, categories.c.code, category_alias.c.alias).join(
            category_alias, category_alias.c.category == categories.c.code
        ),
    )
