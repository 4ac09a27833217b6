"""Reads numbers: 1,299.50, 两百五, 1万2千, 二十一, twenty, "two zero two six".

Used by the rules of money, quantities, sizes and dates.
"""

from decimal import Decimal, InvalidOperation
from functools import lru_cache
from typing import NamedTuple

import regex

from tenin.language.entities.words import either, table


class _Signs(NamedTuple):
    digits: dict[str, int]
    units: dict[str, int]
    myriads: str
    words: dict[str, int]


@lru_cache(maxsize=1)
def _signs() -> _Signs:
    found = table()["numerals"]
    return _Signs(found["digits"], found["units"], found["myriad"], found["words"])


def han() -> str:
    """Give all signs that numbers are written with in Han, for use in a set of signs."""
    signs = _signs()
    return "".join(signs.digits) + "".join(signs.units) + signs.myriads


def number() -> str:
    """Give a pattern for a number in digits or in Han signs; `read` may still refuse it."""
    sign = f"0-9{han()}"
    return f"(?<![{sign}])(?<![{sign}][.,])[{sign}](?:[{sign}.,]{{0,14}}[{sign}])?(?![{sign}])"


def word_number() -> str:
    """Give a pattern for a whole number in digits or in English words."""
    return rf"(?:(?<![a-z0-9.,$])[0-9]{{1,4}}(?![a-z0-9]|[.,][0-9])|{either(_signs().words)})"


def read_int(text: str) -> int | None:
    """Read a whole number as `number` and `word_number` find it; None if it is none."""
    found = read(text)
    return int(found) if found is not None and found == found.to_integral_value() else None


def read(text: str) -> Decimal | None:
    """Read a number as `number` and `word_number` find it; None if it is none."""
    signs = _signs()
    if text in signs.words:
        return Decimal(signs.words[text])
    if text.isascii():
        return _read_plain(text)
    total = Decimal(0)
    for part in regex.splititer(f"(?<=[{signs.myriads}])", text):
        if not part:
            continue
        times = 10_000 if part[-1] in signs.myriads else 1
        # 两万五 is 25,000
        short = total > 0 and times == 1 and len(part) == 1 and part in signs.digits
        value = _read_part(part[:-1] if times > 1 else part)
        if value is None or (times > 1 and total):
            return None
        total += value * (1_000 if short else times)
    return total


def _read_plain(text: str) -> Decimal | None:
    if not regex.fullmatch(r"[0-9]{1,3}(?:,[0-9]{3})+(?:\.[0-9]+)?|[0-9]+(?:\.[0-9]+)?", text):
        return None
    try:
        return Decimal(text.replace(",", ""))
    except InvalidOperation:
        return None


def _read_part(text: str) -> Decimal | None:
    """Read what stands before a myriad, or all: 1.5, 三千二百, 二〇二六."""
    signs = _signs()
    if not text:
        return None
    if text.isascii():
        return _read_plain(text)
    if not any(unit in text for unit in signs.units):
        if not all(sign in signs.digits for sign in text):
            return None
        return Decimal("".join(str(signs.digits[sign]) for sign in text))
    total, held, last, zero = Decimal(0), None, 10_000, False
    for found in regex.finditer(r"[0-9][0-9.,]*|.", text):
        sign = found.group()
        if sign in signs.units:
            unit = signs.units[sign]
            if unit >= last or (held is None and sign != text[0] and unit != 10):
                return None
            total += (Decimal(1) if held is None else held) * unit
            held, last, zero = None, unit, False
            continue
        value = Decimal(signs.digits[sign]) if sign in signs.digits else _read_plain(sign)
        if value is None or held is not None:
            return None
        if value == 0:
            zero = True
        else:
            held = value
    if held is not None:
        # 两百五 is 250, 两百零五 is 205
        total += held * (last // 10) if last > 10 and not zero and held < 10 else held
    return total


@lru_cache(maxsize=1)
def run() -> regex.Pattern[str]:
    """Give a pattern for digits and Han signs of numbers in a row."""
    return regex.compile(f"[0-9{han()}]+")


@lru_cache(maxsize=1)
def digit_words() -> frozenset[str]:
    """Give the English words that digits are read out with."""
    found = table()["numerals"]
    return frozenset([*found["spoken"], *found["repeats"]])


@lru_cache(maxsize=1)
def spoken() -> regex.Pattern[str]:
    """Give a pattern for ten digits or more read out in English words."""
    found = table()["numerals"]
    one = f"(?:{either(found['repeats'])} )?(?:{either(found['spoken'])}|(?<![a-z0-9])[0-9]+)"
    pause = "(?: - |, | |-|,)"
    first = f"(?<!{either(digit_words())}[ ,-]{{1,3}})"
    return regex.compile(f"{first}{one}(?:{pause}{one}){{5,}}(?![a-z0-9])")


def read_spoken(text: str) -> str:
    """Give the digits of what `spoken` finds."""
    found = table()["numerals"]
    digits = ""
    times = 1
    for word in regex.findall("[a-z]+|[0-9]+", text):
        if word in found["repeats"]:
            times = found["repeats"][word]
        else:
            digits += str(found["spoken"].get(word, word)) * times
            times = 1
    return digits
