"""What may be told of an address: never more than the end of its postcode."""

import re
import unicodedata

SHOWN = 3

# Of China, Korea, the United States and others (five or six digits), Japan, the United Kingdom.
_POSTCODE = re.compile(
    r"(?<![0-9-])(?:[0-9]{3}-[0-9]{4}|[0-9]{5,6})(?![0-9-])"
    r"|\b[A-Z]{1,2}[0-9][0-9A-Z]? ?[0-9][A-Z]{2}\b"
)


def clean(text: str) -> str:
    """Return what a customer typed on one line, without what no database takes."""
    return " ".join("".join(sign if sign.isprintable() else " " for sign in text).split())


def destination_of(address: str) -> str | None:
    """Return the end of an address's postcode, or None if it shows none."""
    codes = _POSTCODE.findall(unicodedata.normalize("NFKC", address).upper())
    return f"…{codes[-1][-SHOWN:]}" if codes else None
