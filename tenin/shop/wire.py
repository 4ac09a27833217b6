"""The shop's questions and answers as JSON, for `http_shop` and `reference_api`.

A dataclass is an object with its fields, an amount a text ("12.00"), a day a text (2026-03-02).
Reading is strict: what isn't exactly what is expected is refused, so that a shop's nonsense never
reaches a customer. The form is written down in docs/shop-api.md.
"""

import dataclasses
import functools
import types
from collections.abc import Callable
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any, Literal, TypeVar, Union, get_args, get_origin, get_type_hints

from tenin.shop.interface import (
    Cancel,
    Change,
    ChangeAddress,
    ChangeItem,
    Exchange,
    Return,
    Urge,
)

CHANGES: dict[str, type] = {
    "cancel": Cancel,
    "change_address": ChangeAddress,
    "change_item": ChangeItem,
    "return": Return,
    "exchange": Exchange,
    "urge": Urge,
}
_NAMES = {kind: name for name, kind in CHANGES.items()}
_LARGEST = Decimal(10) ** 10

T = TypeVar("T")


class WireError(ValueError):
    """What was read is not what was expected; the message names the place, never the value."""


def write(value: Any) -> Any:
    """Return a dataclass, or a list of them, as what `json.dumps` takes."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {
            field.name: write(getattr(value, field.name)) for field in dataclasses.fields(value)
        }
    if isinstance(value, list | tuple):
        return [write(each) for each in value]
    if isinstance(value, Decimal):
        return f"{value:.2f}"
    if isinstance(value, date):
        return value.isoformat()
    return value


def write_change(change: Change) -> dict[str, Any]:
    """Return a change as an object with its `kind`."""
    return {"kind": _NAMES[type(change)], **write(change)}


def read_change(found: Any) -> Change:
    """Return the change that an object says; raises WireError."""
    if not isinstance(found, dict) or found.get("kind") not in CHANGES:
        raise WireError("change: unknown kind")
    fields = {name: value for name, value in found.items() if name != "kind"}
    change: Change = read(CHANGES[found["kind"]], fields, "change")
    return change


def read(kind: Any, found: Any, place: str) -> Any:
    """Return what JSON holds as a value of `kind`, a dataclass or a type that one may hold.

    Fields that the dataclass doesn't know are left out; a shop may say more than is asked for.
    Raises WireError.
    """
    if dataclasses.is_dataclass(kind) and isinstance(kind, type):
        return _read_dataclass(kind, found, place)
    if kind in _READERS:
        return _READERS[kind](found, place)
    origin, arguments = get_origin(kind), get_args(kind)
    if origin is Literal:
        return _expect(any(found is each or found == each for each in arguments), found, place)
    if origin in (Union, types.UnionType):
        if found is None:
            return _expect(type(None) in arguments, None, place)
        [only] = [each for each in arguments if each is not type(None)]
        return read(only, found, place)
    if origin in (list, tuple):
        _expect(isinstance(found, list), found, place)
        listed = [read(arguments[0], each, f"{place}[{i}]") for i, each in enumerate(found)]
        return listed if origin is list else tuple(listed)
    raise TypeError(f"no way to read {kind}")


@functools.cache
def _hints(kind: type) -> dict[str, Any]:
    return get_type_hints(kind)


def _read_dataclass(kind: type, found: Any, place: str) -> Any:
    _expect(isinstance(found, dict), found, place)
    values = {}
    for field in dataclasses.fields(kind):
        if field.name in found:
            hint = _hints(kind)[field.name]
            values[field.name] = read(hint, found[field.name], f"{place}.{field.name}")
        else:
            _expect(field.default is not dataclasses.MISSING, None, f"{place}.{field.name}")
    return kind(**values)


def _read_text(found: Any, place: str) -> str:
    return str(_expect(isinstance(found, str), found, place))


def _read_number(found: Any, place: str) -> int:
    # JSON's true is a bool, which Python counts among the numbers.
    good = isinstance(found, int) and not isinstance(found, bool) and abs(found) < _LARGEST
    return int(_expect(good, found, place))


def _read_truth(found: Any, place: str) -> bool:
    return bool(_expect(isinstance(found, bool), found, place))


def _read_amount(found: Any, place: str) -> Decimal:
    try:
        amount = Decimal(_read_text(found, place))
        good = amount.is_finite() and 0 <= amount < _LARGEST and amount == round(amount, 2)
    except InvalidOperation:
        raise WireError(f"{place}: no amount") from None
    return Decimal(_expect(good, amount, place))


def _read_day(found: Any, place: str) -> date:
    try:
        return date.fromisoformat(_read_text(found, place))
    except ValueError:
        raise WireError(f"{place}: no day") from None


_READERS: dict[Any, Callable[[Any, str], Any]] = {
    str: _read_text,
    int: _read_number,
    bool: _read_truth,
    Decimal: _read_amount,
    date: _read_day,
}


def _expect(good: bool, value: T, place: str) -> T:
    if not good:
        raise WireError(f"{place}: missing or not of its kind")
    return value
