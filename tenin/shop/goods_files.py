"""A shop's own goods, from files: goods/<category>.yml, in the form of the demo shop's.

`tenin goods load` reads them all and makes the catalogue what they say; run again after a change,
it changes what changed. The demo shop loads its sample by the same code.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator
from sqlalchemy import Table, delete, insert, select, update
from sqlalchemy.orm import Session

from tenin.language.yamlfile import Lines, YAMLFileError, read_yaml
from tenin.shop.models import (
    categories,
    category_alias,
    category_text,
    order_items,
    product_alias,
    product_options,
    product_text,
    products,
)

SCHEMA = Path(__file__).parent / "goods.schema.json"
WORDS = ("name", "description", "reason")


class GoodsError(ValueError):
    """The goods can't be taken; the message has a line for each fault, with its remedy."""


@dataclass(frozen=True)
class Loaded:
    """How many goods were new, were there already, were taken out, and can't be bought any more.

    Those that orders name stay, sold out.
    """

    added: int
    kept: int
    removed: int
    withdrawn: int


def read_goods(folder: Path, languages: Sequence[str]) -> list[dict[str, Any]]:
    """Read the categories of a folder, with their goods, as the files have them.

    Args:
        folder: with a file *.yml for each category.
        languages: in which everything must be said.

    Raises:
        GoodsError: with all that is wrong, by file and line.
    """
    files = sorted(folder.glob("*.yml"))
    if not files:
        raise GoodsError(f"{folder} has no file *.yml: write one for each category of goods")
    groups, faults = [], []
    for file in files:
        try:
            group = read_yaml(file)
            found = list(faults_of(file, group, languages))
        except YAMLFileError as error:
            group, found = None, [str(error)]
        faults += found
        groups.append(group)
    if not faults:
        faults = _named_twice(zip(files, groups, strict=True))
    if faults:
        raise GoodsError("\n".join(faults))
    return groups


def faults_of(file: Path, group: Any, languages: Sequence[str]) -> Iterable[str]:
    """Give what is wrong with one file, a line each; the first fault of its form hides others."""
    lines: Lines | None = None
    for fault in sorted(
        _validator().iter_errors(group), key=lambda each: list(map(str, each.path))
    ):
        lines = lines or Lines(file)
        wanted = fault.schema.get("description", "what docs/trainers/make-this-shop-yours.md says")
        place = f"{file}, line {lines.of(fault.absolute_path)}"
        yield f"{place}: {fault.message[:120]}. Write {wanted}."
    if lines is not None:
        return
    lines = Lines(file)
    for language in languages:
        if language not in group["name"]:
            line = lines.of(["name"])
            yield f"{file}, line {line}: name is missing in {language!r}. Add '{language}: …'."
        for at, product in enumerate(group["products"]):
            if language not in product:
                line = lines.of(["products", at])
                yield (
                    f"{file}, line {line}: {product['sku']} says nothing in {language!r}. "
                    f"Add '{language}:' with name, description and reason."
                )


def store_goods(session: Session, groups: Iterable[dict[str, Any]], rest_goes: bool) -> Loaded:
    """Make the catalogue what the files say, in the session's transaction.

    Args:
        session: of the shop's database.
        groups: as `read_goods` gives them.
        rest_goes: whether goods that the files don't name leave the catalogue.
    """
    ids = dict(session.execute(select(products.c.sku, products.c.id)).all())
    before, named = set(ids), set()
    codes = set()
    for group in groups:
        codes.add(group["category"])
        _store_category(session, group)
        for product in group["products"]:
            named.add(product["sku"])
            _store_product(session, group, product, ids.get(product["sku"]))
    removed, withdrawn = _let_go(session, before - named, codes) if rest_goes else (0, 0)
    return Loaded(len(named - before), len(named & before), removed, withdrawn)


def _store_category(session: Session, group: dict[str, Any]) -> None:
    code, position = group["category"], group["position"]
    there = update(categories).where(categories.c.code == code).values(position=position)
    if not session.execute(there).rowcount:
        session.execute(insert(categories).values(code=code, position=position))
    for table in (category_text, category_alias):
        session.execute(delete(table).where(table.c.category == code))
    said = {
        language: {"name": name, "aliases": group.get("aliases", {}).get(language, [])}
        for language, name in group["name"].items()
    }
    _insert_words(session, (category_text, category_alias), {"category": code}, said)


def _store_product(
    session: Session, group: dict[str, Any], product: dict[str, Any], product_id: int | None
) -> None:
    values = {
        "category": group["category"],
        "price": Decimal(product["price"]),
        "currency": group["currency"],
        "stock": product["stock"],
        "sold": product.get("sold", 0),
    }
    if product_id is None:
        made = session.execute(insert(products).values(sku=product["sku"], **values))
        product_id = int(made.inserted_primary_key[0])
    else:
        session.execute(update(products).where(products.c.id == product_id).values(**values))
        for table in (product_text, product_alias, product_options):
            session.execute(delete(table).where(table.c.product_id == product_id))
    # Sizes and colours that a product lacks are those of its category.
    options = [
        {"product_id": product_id, "kind": kind, "value": str(value)}
        for kind, plural in (("size", "sizes"), ("colour", "colours"))
        for value in (group | product).get(plural, ())
    ]
    if options:
        session.execute(insert(product_options), options)
    said = {
        key: value
        for key, value in product.items()
        if isinstance(value, dict) and value.keys() >= set(WORDS)
    }
    _insert_words(session, (product_text, product_alias), {"product_id": product_id}, said)


def _insert_words(
    session: Session, tables: tuple[Table, Table], key: dict[str, Any], said: dict[str, Any]
) -> None:
    """Insert what is said of a product or category by language, and its aliases."""
    words, aliases = tables
    for language, entry in said.items():
        row = {**key, "language": language}
        own = {name: entry[name] for name in WORDS if name in entry}
        session.execute(insert(words), {**row, **own})
        others = [{**row, "alias": alias} for alias in dict.fromkeys(entry.get("aliases", []))]
        if others:
            session.execute(insert(aliases), others)


def _let_go(session: Session, skus: set[str], codes: set[str]) -> tuple[int, int]:
    """Remove goods, or have them sold out where orders name them; and categories that are empty."""
    mine = products.c.sku.in_(skus)
    ordered = select(order_items.c.product_id)
    withdrawn = session.execute(
        update(products).where(mine, products.c.id.in_(ordered)).values(stock=0)
    ).rowcount
    gone = select(products.c.id).where(mine, products.c.id.not_in(ordered))
    numbers = list(session.execute(gone).scalars())
    for table in (product_text, product_alias, product_options):
        session.execute(delete(table).where(table.c.product_id.in_(numbers)))
    session.execute(delete(products).where(products.c.id.in_(numbers)))
    empty = select(categories.c.code).where(
        categories.c.code.not_in(codes),
        categories.c.code.not_in(select(products.c.category)),
    )
    left = list(session.execute(empty).scalars())
    for table in (category_text, category_alias):
        session.execute(delete(table).where(table.c.category.in_(left)))
    session.execute(delete(categories).where(categories.c.code.in_(left)))
    return len(numbers), int(withdrawn)


def _named_twice(groups: Iterable[tuple[Path, dict[str, Any]]]) -> list[str]:
    seen: dict[str, Path] = {}
    faults = []
    for file, group in groups:
        for what in (group["category"], *(product["sku"] for product in group["products"])):
            if what in seen:
                faults.append(f"{file}: {what!r} is in {seen[what]} too. Give it once.")
            seen.setdefault(what, file)
    return faults


@cache
def _validator() -> Draft202012Validator:
    return Draft202012Validator(json.loads(SCHEMA.read_text(encoding="utf-8")))
