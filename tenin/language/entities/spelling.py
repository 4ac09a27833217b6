"""Gives a text in one plain spelling, as long as before, for the rules to match on.

Full-width signs, strange dashes and spaces become plain ones, and so do digits that are
read out sign by sign in Chinese or Japanese numerals.
"""

from collections.abc import Callable
from functools import lru_cache

import regex

from tenin.language.entities.words import table
from tenin.language.scripts import narrow

_SPACES = dict.fromkeys(map(ord, "\u00a0\u2002\u2003\u2007\u2009\u202f\t"), " ")
_MONEY = {0xFFE5: "¥", 0xFFE1: "£", 0xFFE6: "₩"}
_SMALL = {code: code + 32 for code in range(ord("A"), ord("Z") + 1)}
_DASH = regex.compile("(?<=[0-9])[\u2010-\u2015\u2212\u30fc\uff70](?=[0-9])")
# As many digits as the shortest telephone number with its area.
_FEWEST_READ_OUT = 10


def plain(text: str) -> str:
    """Give `text` in plain spelling, letters as large or small as they are."""
    text = narrow(text).translate(_SPACES | _MONEY)
    return _read_out()(_DASH.sub("-", text))


def small(text: str) -> str:
    """Give `text` with the letters A to Z small, as long as before."""
    return text.translate(_SMALL)


@lru_cache(maxsize=1)
def _read_out() -> Callable[[str], str]:
    numerals = table()["numerals"]
    numeral = "[" + regex.escape("".join(numerals["digits"])) + "]"
    pause = "[" + regex.escape(" -" + numerals["pauses"]) + "]"
    some = f"(?:{numeral}|[0-9])"
    run = regex.compile(
        f"(?<![0-9]){numeral}(?:{pause}{{0,2}}{some}){{{_FEWEST_READ_OUT - 1},}}"
        f"|(?<![0-9])[0-9](?:{pause}?{some}){{0,9}}{numeral}(?:{pause}{{0,2}}{some}){{2,}}"
    )
    spelt = {ord(sign): str(digit) for sign, digit in numerals["digits"].items()}
    spelt |= dict.fromkeys(map(ord, numerals["pauses"]), " ")
    any_numeral = regex.compile(numeral)

    def read(text: str) -> str:
        if not any_numeral.search(text):
            return text
        return run.sub(lambda match: _digits(match.group(), spelt), text)

    return read


def _digits(run: str, spelt: dict[int, str]) -> str:
    found = run.translate(spelt)
    return found if sum(sign.isdigit() for sign in found) >= _FEWEST_READ_OUT else run
