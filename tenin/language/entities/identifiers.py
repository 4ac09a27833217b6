"""Rules for what is told apart by its signs: addresses, order, tracking and phone numbers.

They look at signs, not at words, so they hold in every language and in text without
spaces. The exception are numbers that follow a word for tracking number, and digits read
out in English words.
"""

from collections.abc import Callable

import regex

from tenin.language.entities import numerals
from tenin.language.entities.model import CODE, DIGITS, SPOKEN, Rule
from tenin.language.entities.words import either, table, triggers

_EMAIL = r"""
    (?<![a-z0-9._%+\-])
    [a-z0-9][a-z0-9._%+\-]{0,63} @ (?:[a-z0-9][a-z0-9\-]{0,62}\.){1,8} [a-z]{2,24}
    (?![a-z0-9])
"""

# Twelve digits beginning with 20. Unbroken ones are taken whatever stands beside them;
# broken ones only if they are not the beginning of something longer (a card number).
_ORDER_UNBROKEN = r"(?<![0-9+]) 20[0-9]{10} (?![0-9])"
_ORDER_BROKEN = r"""
    (?<![0-9+]) (?<![0-9][\ \-])
    2[\ \-]?0 (?:(?:[\ \-]|\ -\ )?[0-9]){10}
    (?![0-9]) (?![\ \-][0-9]{1,6}(?![0-9]))
"""

# By the carriers' own letters (SF, YT, JD…), by UPU S10 (two letters, nine digits, two
# letters) and by UPS (1Z).
_TRACKING_LETTERS = r"""
    (?<![a-z0-9])
    (?: (?:sf|yt|jt|lp|zt|zto|dpk|ky) (?:[\ \-]?[0-9]){12,16}
      | jd[a-z]{0,3} (?:[\ \-]?[0-9]){10,15}
      | [a-z]{2}[0-9]{9}[a-z]{2}
      | 1z[0-9a-z]{16} )
    (?![a-z0-9]) (?![\ \-][0-9])
"""
_TRACKING_S10_BROKEN = r"""
    (?<![A-Za-z0-9]) [A-Z]{2} (?:[\ \-]?[0-9]){9} [\ \-]? [A-Z]{2} (?![A-Za-z0-9])
"""
# Japanese couriers' twelve digits, alone or by fours, and ZTO's and STO's that begin with 7.
_TRACKING_DIGITS = r"""
    (?<![0-9+]) (?<![0-9][\ \-.])
    (?: (?!20)[1-9][0-9]{11}
      | (?!20)[1-9][0-9]{3} (?P<by>[\ \-]) [0-9]{4} (?P=by) [0-9]{4}
      | 7[0-9]{12,14}
      | 7[0-9]{3} (?P<four>[\ \-]) [0-9]{4} (?P=four) [0-9]{4} (?P=four) [0-9]{2} )
    (?![0-9]) (?![\ \-][0-9])
"""
_TRACKING_NAMED = r"[a-z]{0,4} [0-9] (?:[\ \-]?[0-9]){8,19} [a-z]{0,3} (?![a-z0-9])"

_PHONE_CHINESE_MOBILE = r"""
    (?<![0-9+]) (?:(?:\+|00)?86[\ \-]?)? 1[3-9](?:[\ \-]?[0-9]){9}
    (?![0-9]) (?!-[0-9])
"""
_PHONE_INTERNATIONAL = r"(?<![0-9]) \+[1-9](?:[\ \-.()]{0,2}[0-9]){6,14} (?![0-9])"
_PHONE_NATIONAL = r"""
    (?<![0-9+]) (?<![0-9][\ \-])
    (?: \(?[0-9]{3}\)?[\ \-.]{1,2}[0-9]{3}[\ \-.][0-9]{4} | 0(?:[\ \-]?[0-9]){9,11} )
    (?![0-9]) (?!-[0-9])
"""
_ADDRESS_STARTS = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789")
_CHINA = regex.compile("86(1[3-9][0-9]{9})")


def rules() -> list[Rule]:
    """Give the rules in the order in which they are to be tried.

    An address may begin with digits, an order number may look like a telephone.
    """
    tracking = table()["tracking"]
    named = (
        f"{either(tracking['words'])}(?:[ :#.,]|{either(tracking['between'])}){{0,6}}"
        f"(?<![a-z0-9])(?P<it>(?x:{_TRACKING_NAMED}))"
    )
    return [
        Rule("email", _compiled(_EMAIL), _address, _ADDRESS_STARTS, frozenset("@")),
        _rule("tracking_number", _TRACKING_LETTERS, _code, CODE),
        _rule("tracking_number", _TRACKING_S10_BROKEN, _code, CODE, cased=True),
        *(_spoken(label) for label in ("order_number", "tracking_number", "phone")),
        Rule(
            "tracking_number",
            regex.compile(named, regex.ASCII),
            _named,
            triggers(tracking["words"]),
        ),
        _rule("order_number", _ORDER_UNBROKEN, _code),
        _rule("phone", _PHONE_INTERNATIONAL, _phone, "+"),
        _rule("order_number", _ORDER_BROKEN, _code),
        _rule("phone", _PHONE_CHINESE_MOBILE, _phone, "+"),
        _rule("phone", _PHONE_NATIONAL, _phone, "("),
        _rule("tracking_number", _TRACKING_DIGITS, _code),
    ]


def _compiled(pattern: str) -> regex.Pattern[str]:
    return regex.compile(pattern, regex.VERBOSE | regex.ASCII)


def _rule(
    label: str,
    pattern: str,
    value: Callable[[regex.Match[str]], str | None],
    *starts: str,
    cased: bool = False,
) -> Rule:
    return Rule(label, _compiled(pattern), value, frozenset({DIGITS, *starts}), cased=cased)


def _spoken(label: str) -> Rule:
    """Give the rule for a number read out in English words: judged by its digits."""
    judged = {
        "order_number": [(_ORDER_UNBROKEN, _code)],
        "tracking_number": [(_TRACKING_DIGITS, _code)],
        "phone": [(_PHONE_CHINESE_MOBILE, _phone), (_PHONE_NATIONAL, _phone)],
    }[label]
    patterns = [(_compiled(pattern), value) for pattern, value in judged]

    def value(match: regex.Match[str]) -> str | None:
        digits = numerals.read_spoken(match.group())
        for pattern, of in patterns:
            if whole := pattern.fullmatch(digits):
                return of(whole)
        return None

    return Rule(label, numerals.spoken(), value, frozenset({SPOKEN}))


def _address(match: regex.Match[str]) -> str:
    return match.group()


def _code(match: regex.Match[str]) -> str:
    return regex.sub(r"[^0-9A-Za-z]", "", match.group()).upper()


def _named(match: regex.Match[str]) -> str | None:
    """Give a number that is said to be a tracking number, unless it is an order's."""
    code = regex.sub(r"[^0-9a-z]", "", match["it"]).upper()
    return None if regex.fullmatch("20[0-9]{10}", code) else code


def _phone(match: regex.Match[str]) -> str:
    text = match.group().replace("(0)", "")
    digits = regex.sub(r"[^0-9]", "", text)
    if text.startswith("+"):
        return f"+{digits}"
    digits = regex.sub("^00(?=86)", "", digits)
    china = _CHINA.fullmatch(digits)
    return f"+{digits}" if china else digits
