"""Rules for money: ¥199, NT$300, 199元, 两百块, 3块5, 1万円, 20 bucks.

The value is `amount currency` with two decimals ("199.00 CNY"), or the amount alone where
the currency is not told. ¥ is Japanese in a text with kana and else Chinese; $ alone is
the American one unless the text is Chinese or Japanese.
"""

from collections.abc import Iterable
from decimal import Decimal

import regex

from tenin.language.entities import numerals
from tenin.language.entities.model import NUMBER, Rule
from tenin.language.entities.words import either, not_before, table, triggers

_MOST = Decimal(100_000_000)
_KANA = regex.compile(r"[\p{Hiragana}\p{Katakana}]")
_CJK = regex.compile(r"[\p{Han}\p{Hiragana}\p{Katakana}]")
_SIGNS = {"¥": "¥", "$": "$"}


def rules() -> list[Rule]:
    """Give the rules in the order in which they are to be tried."""
    words = table()["money"]
    before = {**words["before"], **_SIGNS}
    after = words["after"]
    pieces, alone = words["pieces"], words["pieces_alone"]
    amount = numerals.number()

    def first(match: regex.Match[str]) -> str | None:
        return _value(match["amount"], before[match["currency"]], match.string)

    def last(match: regex.Match[str]) -> str | None:
        together = match["currency"] in pieces and not match["amount"].isascii()
        if together and numerals.read(match["amount"]) == 1:
            return None
        return _value(match["amount"], after[match["currency"]], match.string)

    def broken(match: regex.Match[str]) -> str | None:
        whole, tenths = numerals.read_int(match["whole"]), numerals.read_int(match["tenths"])
        if whole is None or tenths is None or not 0 < tenths < 10:
            return None
        return _value(f"{whole}.{tenths}", after[match["piece"]], match.string)

    numeral = f"[0-9{numerals.han()}]"
    numbers = frozenset({NUMBER})
    return [
        Rule(
            "money",
            regex.compile(
                f"(?P<whole>{amount})(?P<piece>{_any(pieces)})(?P<tenths>{numeral})(?!{numeral})"
                rf"(?:{either(alone)}|(?![^\s\p{{P}}]))"
            ),
            broken,
            numbers,
            triggers(pieces),
        ),
        Rule(
            "money",
            regex.compile(f"(?<![a-z])(?P<currency>{_any(before)}) ?(?P<amount>{amount})(?![a-z])"),
            first,
            triggers(before),
        ),
        Rule(
            "money",
            regex.compile(
                f"(?P<amount>{amount}) ?(?P<currency>{_any(after)})(?:(?<![a-z])|(?![a-z0-9]))"
                f"{not_before(words['not_before'])}"
            ),
            last,
            numbers,
            triggers(after),
        ),
    ]


def _any(words: Iterable[str]) -> str:
    ordered = sorted(words, key=lambda word: (-len(word), word))
    return "(?:" + "|".join(regex.escape(word, literal_spaces=True) for word in ordered) + ")"


def _value(amount: str, currency: str, text: str) -> str | None:
    number = numerals.read(amount)
    if number is None or number >= _MOST:
        return None
    if currency == "¥":
        currency = "JPY" if _KANA.search(text) else "CNY"
    elif currency == "$":
        currency = "" if _CJK.search(text) else "USD"
    return f"{number:.2f} {currency}".strip()
