"""Fills the placeholders of a wording: `{name}`, `{expected:date}`, `{total:money}`.

Forms are dates, moments, money, numbers, spans of time, times of day and lists, each as Babel
has it for the language (units with their plural). Used by `wording` alone. A value is only
ever put in as it is or formatted; what a customer wrote is never read as a placeholder.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime, time
from decimal import Decimal, InvalidOperation
from functools import partial
from string import Formatter
from typing import Any
from unicodedata import category
from zoneinfo import ZoneInfo

from babel import Locale
from babel.core import get_global
from babel.dates import (
    format_date,
    format_skeleton,
    format_time,
    get_timezone_gmt,
    get_timezone_name,
)
from babel.lists import format_list
from babel.numbers import format_currency, format_decimal, get_currency_symbol
from babel.units import format_unit

from tenin.language.languages import locale_of


class PlaceholderError(ValueError):
    """A placeholder can't be filled; the message says which one and why."""


_UNSPACED = ("ja", "zh")


def _date(value: Any, locale: Locale) -> str:
    if isinstance(value, str):
        value = datetime.fromisoformat(value)
    if not isinstance(value, date):
        raise ValueError("not a date")
    return str(format_date(value, format="long", locale=locale))


def _aware(value: Any) -> datetime:
    if isinstance(value, str):
        value = datetime.fromisoformat(value)
    if not isinstance(value, datetime) or value.utcoffset() is None:
        raise ValueError("not a moment with its time zone")
    return value


def _moment(value: Any, locale: Locale) -> str:
    """Day and time on the clock of the value's own zone: the day as it is in a sentence."""
    at = _aware(value)
    if locale.language in _UNSPACED:
        day = format_skeleton("MMMEd", at, tzinfo=at.tzinfo, locale=locale)
        return f"{day} {_clock(at, locale)}"
    return f"{format_date(at, 'EEEE d MMMM', locale=locale)}, {_clock(at, locale)}"


def _clock(value: Any, locale: Locale) -> str:
    return str(format_time(_aware(value).time(), "H:mm", locale=locale))


def _zone(value: Any, locale: Locale) -> str:
    at = _aware(value)
    return zone_name(at.tzinfo, locale) if isinstance(at.tzinfo, ZoneInfo) else _offset(at, locale)


def zone_name(zone: ZoneInfo, locale: Locale) -> str:
    """A time zone as a customer reads it: "China Time"; one of no country by its offset."""
    if get_global("zone_territories").get(zone.key) in (None, "001", "ZZ"):
        return _offset(datetime.now(zone), locale)
    return str(get_timezone_name(zone.key, "long", zone_variant="generic", locale=locale))


def _offset(at: datetime, locale: Locale) -> str:
    return str(get_timezone_gmt(at, locale=locale))


def _money(value: Any, locale: Locale) -> str:
    if not isinstance(value, (list, tuple)):
        raise ValueError("not a pair of amount and currency")
    amount, currency = _decimal(value[0]), value[1]
    symbol = get_currency_symbol(currency, locale=locale)
    whole = amount == int(amount)
    if not any(category(sign) == "Sc" for sign in symbol):
        # A bare word (Japanese: 元) stands after the number, as people write it.
        number = format_decimal(amount, "#,##0" if whole else "#,##0.00", locale=locale)
        return f"{number}{symbol}"
    return str(
        format_currency(
            amount,
            currency,
            # Whole amounts are said without decimals, as people do.
            format=_whole(locale) if whole else None,
            locale=locale,
            currency_digits=not whole,
        )
    )


def _whole(locale: Locale) -> str:
    return str(locale.currency_formats["standard"].pattern).replace(".00", "")


def _span(unit: str, value: Any, locale: Locale) -> str:
    said = str(format_unit(_decimal(value), f"duration-{unit}", length="long", locale=locale))
    # Babel puts a space before the unit, which Chinese and Japanese sentences don't have.
    return said.replace(" ", "") if locale.language in _UNSPACED else said


def _time(value: Any, locale: Locale) -> str:
    hour = time.fromisoformat(value) if isinstance(value, str) else value
    if not isinstance(hour, time):
        raise ValueError("not a time of day")
    return str(format_time(hour, format="short", locale=locale))


def _list(value: Any, locale: Locale) -> str:
    if not isinstance(value, (list, tuple)) or not value:
        raise ValueError("not a list")
    return str(format_list([str(each) for each in value], locale=locale))


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
    "clock": _clock,
    "date": _date,
    "days": partial(_span, "day"),
    "list": _list,
    "minutes": partial(_span, "minute"),
    "moment": _moment,
    "money": _money,
    "months": partial(_span, "month"),
    "number": _number,
    "time": _time,
    "zone": _zone,
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
        except (ValueError, TypeError, LookupError, InvalidOperation, AttributeError) as error:
            raise PlaceholderError(
                f"{{{name}:{format_spec}}} can't be made of {value!r} ({error})."
            ) from error


def fill(text: str, values: Mapping[str, Any], language: str) -> str:
    """Give `text` with its placeholders filled in the language's way.

    Dates are ISO strings or date objects, money a pair of amount and currency; `moment`, `clock`
    and `zone` take aware datetimes, or their ISO strings, and tell them in their own zone.
    Raises PlaceholderError when a value is missing or doesn't suit its format.
    """
    placeholders(text)
    return _Filler(locale_of(language)).vformat(text, (), values)
