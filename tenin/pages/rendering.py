"""Rendering the pages: templates with the wording of a language.

The web tier's routes call `render` and `strings`; `STATIC` is what it serves
under /static: scripts, styles, pictures, and the wording itself for the scripts.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from decimal import Decimal
from functools import cache, lru_cache
from itertools import groupby
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from tenin.language.fill import fill

STATIC = Path(__file__).parent / "static"
_LOCALES = STATIC / "locale"


class NoWordingError(LookupError):
    """The pages have no wording in a language; the message names the remedy."""


def render(name: str, **context: Any) -> str:
    """Return the page made of the template `name` and of what it needs, as HTML.

    Every template takes `language` and `strings`, its own part of the wording. Raises
    jinja2.TemplateNotFound, and jinja2.UndefinedError for anything the template lacks.
    """
    return _environment().get_template(name).render(context)


@cache
def strings(language: str) -> dict[str, Any]:
    """Return the pages' wording in a language: `widget`, `desk`, `shop`, `error` and so on.

    Raises:
        NoWordingError: if there is no folder of that language.
    """
    folder = _LOCALES / language
    if language not in wordings() or not folder.is_dir():
        raise NoWordingError(
            f"The pages don't speak {language!r}: add the folder {language} to {_LOCALES}, "
            "and its code to index.json there."
        )
    return {file.stem: json.loads(file.read_text("utf-8")) for file in folder.glob("*.json")}


@lru_cache(maxsize=1)
def wordings() -> tuple[str, ...]:
    """Return the languages the pages have wording in, as the scripts are told them."""
    index = json.loads((_LOCALES / "index.json").read_text(encoding="utf-8"))
    return tuple(index["languages"])


@lru_cache(maxsize=1)
def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["money"] = _money
    environment.filters["shelves"] = _shelves
    return environment


def _money(amount: Decimal, currency: str, language: str) -> str:
    return fill("{amount:money}", {"amount": (amount, currency)}, language)


def _shelves(products: Iterable[Any]) -> list[dict[str, Any]]:
    """The products, already ordered, by category."""
    return [
        {"category": category, "name": name, "products": list(members)}
        for (category, name), members in groupby(
            products, key=lambda product: (product.category, product.category_name)
        )
    ]
