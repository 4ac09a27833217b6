"""Fills the placeholders of a wording: `{name}`, `{expected:date}`, `{total:money}`.

Used by `wording` alone. A value is only ever put in as it is or formatted in the
language's way; what a customer wrote is never read as a placeholder itself.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from string import Formatter
from typing import Any

from babel import Locale
from babel.dates import format_date
from babel.numbers import format_currency, format_decimal


class PlaceholderError(ValueError):
    """A placeholder can't be filled; the message says which one and why."""


def _date(value: Any, locale: Locale) -> str:
    if isinstance(value, str):
        value = datetime.fromisoformat(value)
    if not isinstance(value, date):
        raise ValueError("not a date")
    return str(format_date(value, format="long", locale=locale))


def _money(value: Any, locale: Locale) -> str:
    if not isinstance(value, (list, tuple)):
        raise ValueError("not a pair of amount and currency")
    amount, currency = value
    return str(format_currency(_decimal(amount), currency, locale=locale))


def _number(value: Any, locale: Locale) -> str:
    return str(format_decimal(_decimal(value), locale=locale))


def _decimal(value: Any) -> Decimal:
    number = Decimal(str(value))
    if not number.is_finite():
        raise ValueError("not a number")
    return number


def _plain(value: Any, locale: Locale) -> str:
    return str(value)


_FORMATS: dict[str, Callable[[Any, Locale], str]] = {
    "": _plain,
    "date": _date,
    "money": _money,
    "number": _number,
}
FORMATS = tuple(name for name in _FORMATS if name)


def placeholders(text: str) -> list[tuple[str, str]]:
    """Give name and format of each placeholder in `text`.

    Raises PlaceholderError for broken braces and for anything but a name and a format.
    """
    found = []
    try:
        for _, name, form, conversion in Formatter().parse(text):
            if name is None:
                continue
            if not name.isidentifier() or conversion:
                raise PlaceholderError(
                    f"{{{name}{f'!{conversion}' if conversion else ''}}} isn't a placeholder. "
                    f"Write {{name}} or {{name:format}}."
                )
            if (form or "") not in _FORMATS:
                raise PlaceholderError(
                    f"{{{name}:{form}}} has an unknown format. Known are {', '.join(FORMATS)}."
                )
            found.append((name, form or ""))
    except PlaceholderError:
        raise
    except ValueError as error:
        raise PlaceholderError(
            f"{error} in {text!r}. Write a brace that is meant as one twice: {{{{ or }}}}."
        ) from error
    return found


class _Filler(Formatter):
    """Looks up plain names only, and formats in one language's way."""

    def __init__(self, locale: Locale) -> None:
        self._locale = locale

    def get_field(
        self, field_name: str, args: Sequence[Any], kwargs: Mapping[str, Any]
    ) -> tuple[Any, str]:
        """Look a name up, never an attribute or an item of what it names."""
        value = kwargs.get(field_name)
        if value is None:
            raise PlaceholderError(f"There is no value for {{{field_name}}}.")
        return (field_name, value), field_name

    def format_field(self, value: Any, format_spec: str) -> str:
        """Format a value in the way that its placeholder names."""
        name, value = value
        try:
            return _FORMATS[format_spec](value, self._locale)
        except (ValueError, TypeError, InvalidOperation, AttributeError) as error:
            raise PlaceholderError(
                f"{{{name}:{format_spec}}} can't be made of {value!r} ({error})."
            ) from error


def fill(text: str, values: Mapping[str, Any], language: str) -> str:
    """Give `text` with its placeholders filled in the language's way.

    Dates are ISO strings or date objects, money a pair of amount and currency.
    Raises PlaceholderError when a value is missing or doesn't suit its format.
    """
    placeholders(text)
    return _Filler(Locale.parse(language, sep="-")).vformat(text, (), values)
