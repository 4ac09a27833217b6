"""Compare what a customer gives as proof with what the shop has stored, in constant time.

Used by `orders.find_proved_order`. Comparisons run on keyed digests, so that neither the length
nor the place of a difference can be read from the time they take.
"""

import hmac
import re
import secrets
import unicodedata

MAX_CONTACT = 254  # the longest e-mail address there can be
MIN_PHONE_DIGITS = 7

# The calling codes that ITU-T E.164 gives to countries: of one digit, of two, of three.
_CALLING_CODE = re.compile(
    "1|7"
    "|2[07]|3[0-469]|4[013-9]|5[1-8]|6[0-6]|8[1246]|9[0-58]"
    "|(?:21|22|23|24|25|26|29|35|37|38|42|50|59|67|68|69|80|85|87|88|96|97|99)[0-9]"
)
_KEY = secrets.token_bytes(32)


def same_contact(given: str, email: str, phone: str) -> bool:
    """Tell whether the given contact is this e-mail address or this phone number.

    Both are always compared. An empty one, or too short a number, is the same as nothing.
    """
    given = given[:MAX_CONTACT]
    return same_email(given, email) | same_phone(given, phone)


def same_email(given: str, stored: str) -> bool:
    """Tell whether two e-mail addresses are the same, but for case, width and outer spaces."""
    given, stored = _folded(given), _folded(stored)
    return _equal(given, stored) & ("@" in given)


def same_phone(given: str, stored: str) -> bool:
    """Tell whether two phone numbers are the same, with or without a country's calling code.

    `+86 154 0000 0101`, `0086-15400000101`, `8615400000101` and `154 0000 0101` are one number,
    and so are `+81 90 0000 0131` and `090-0000-0131`.
    """
    longer, shorter = _significant_digits(given), _significant_digits(stored)
    if len(longer) < len(shorter):
        longer, shorter = shorter, longer
    split = len(longer) - len(shorter)
    code, number = longer[:split], longer[split:]
    return (
        _equal(number, shorter)
        & (code == "" or _CALLING_CODE.fullmatch(code) is not None)
        & (len(shorter) >= MIN_PHONE_DIGITS)
    )


def _folded(text: str) -> str:
    return unicodedata.normalize("NFKC", text).strip().casefold()


def _significant_digits(phone: str) -> str:
    """Return the digits without the zeros of a country's or a town's prefix."""
    text = unicodedata.normalize("NFKC", phone).replace("(0)", "")
    return re.sub("[^0-9]", "", text).lstrip("0")


def _equal(one: str, other: str) -> bool:
    return hmac.compare_digest(_digest(one), _digest(other))


def _digest(text: str) -> bytes:
    return hmac.digest(_KEY, text.encode("utf-8", "surrogatepass"), "sha256")
