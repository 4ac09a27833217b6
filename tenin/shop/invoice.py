"""Writes the invoice of an order as an HTML document, in the customer's language.

Its form is `documents/invoice.html.j2`, its words are `documents/words.yml`; `DatabaseShop` gives
it the number.
"""

import functools
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import yaml
from babel.dates import format_date
from babel.numbers import format_currency
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from tenin.language.languages import locale_of
from tenin.shop.interface import Order
from tenin.shop.terms import Terms

FOLDER = Path(__file__).parent / "documents"
FALLBACK = "en"
# The currency's code before the amount: its signs are shared by several.
_MONEY = "¤¤\xa0#,##0.00"


def write_invoice(
    order: Order, customer: str, number: str, issued_on: date, terms: Terms, language: str
) -> str:
    """Return the invoice of an order as an HTML document that needs nothing from elsewhere.

    In English if there are no words for `language`. Everything that isn't the template's own is
    escaped.
    """
    all_words = _words()
    if language not in all_words:
        language = FALLBACK
    locale = locale_of(language)
    words = all_words[language]

    def money(amount: Decimal) -> str:
        return str(format_currency(amount, order.currency, format=_MONEY, locale=locale))

    def day(value: date) -> str:
        return str(format_date(value, format="long", locale=locale))

    names = terms.shop_name
    return (
        _environment()
        .get_template("invoice.html.j2")
        .render(
            language=language,
            words=words,
            seller=names.get(language) or names.get(FALLBACK) or next(iter(names.values()), ""),
            customer=customer,
            number=number,
            issued_on=day(issued_on),
            order=order,
            placed_on=day(order.placed_on),
            kinds={
                item.id: _kind(item.size, item.colour, words["colours"]) for item in order.items
            },
            money=money,
        )
    )


def _kind(size: str | None, colour: str | None, colours: dict[str, str]) -> list[str]:
    return [part for part in (size, colours.get(colour, colour) if colour else None) if part]


@functools.lru_cache(maxsize=1)
def _words() -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = yaml.safe_load(
        (FOLDER / "words.yml").read_text(encoding="utf-8")
    )
    return found


@functools.lru_cache(maxsize=1)
def _environment() -> Environment:
    return Environment(
        loader=FileSystemLoader(FOLDER),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
