"""Finds what a message names by rule: order numbers, e-mail addresses, telephone numbers.

`pipeline` sets what is found here as the entities of a spaCy document. The rules look
at signs, not at words, so they hold in every language and in text without spaces.
"""

from typing import NamedTuple

import regex

from tenin.language.scripts import narrow

# Stands where an entity was found already; private use, so no rule matches it.
_TAKEN = "\ue000"

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

# In this order: an address may begin with digits, an order number may look like a telephone.
_RULES = tuple(
    (label, regex.compile(pattern, regex.VERBOSE | regex.IGNORECASE | regex.ASCII))
    for label, pattern in (
        ("email", _EMAIL),
        ("order_number", _ORDER_UNBROKEN),
        ("phone", _PHONE_INTERNATIONAL),
        ("order_number", _ORDER_BROKEN),
        ("phone", _PHONE_CHINESE_MOBILE),
        ("phone", _PHONE_NATIONAL),
    )
)


class Entity(NamedTuple):
    """Where in the text something is named, and what it is."""

    label: str
    start: int
    end: int


def find_entities(text: str) -> list[Entity]:
    """Find all entities of `text`, in its order, none overlapping another."""
    left = narrow(text)
    found: list[Entity] = []
    for label, rule in _RULES:
        for match in rule.finditer(left):
            found.append(Entity(label, match.start(), match.end()))
        left = rule.sub(lambda match: _TAKEN * len(match.group()), left)
    return sorted(found, key=lambda entity: entity.start)
