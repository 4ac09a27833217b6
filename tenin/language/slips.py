"""Tells a slip of the fingers from another word, for names of goods.

`goods` asks here whether what a customer wrote may be a name with one letter wrong. Letters and
names come folded (`folding`).
"""

from tenin.language.folding import BREAK

# Han signs that tell one thing from another as a number does: "two of", "pair", "single".
_NUMERALS = frozenset(map(chr, (0x4E24, 0x53CC, 0x5355)))

# Where keys lie: those next to each other are what fingers mistake.
_KEYS = {
    key: (column + indent, row)
    for row, (keys, indent) in enumerate(
        (("qwertyuiop", 0.0), ("asdfghjkl", 0.25), ("zxcvbnm", 0.75))
    )
    for column, key in enumerate(keys)
}


def is_slip(name: str, written: str) -> bool:
    """Tell whether `written` is `name` with one slip: a letter more, less, other, or two swapped.

    The first letter is right in nearly all slips; numbers are never one.
    """
    shorter = min(len(name), len(written))
    left = 0
    while left < shorter and name[left] == written[left]:
        left += 1
    right = 0
    while right < shorter - left and name[-1 - right] == written[-1 - right]:
        right += 1
    lost, put = name[left : len(name) - right], written[left : len(written) - right]
    if not left or not (lost or put) or BREAK in put or has_numeral(lost + put):
        return False
    if len(lost) == len(put) == 2:
        return lost == put[::-1]
    if len(lost) == len(put) == 1:
        return (bool(right) and _mistaken(lost, put)) or (not right and _near(lost, put))
    if len(put) == 1 and not lost:
        beside = written[left - 1] + (written[left + 1] if right else "")
        return any(put == each or _near(put, each) for each in beside) or (
            bool(right) and not put.isascii()
        )
    return len(lost) == 1 and not put


def has_numeral(letters: str) -> bool:
    """Tell whether a number is among letters: another number is another thing, not a slip."""
    return any(letter.isnumeric() or letter in _NUMERALS for letter in letters)


def _mistaken(lost: str, put: str) -> bool:
    """Tell whether one letter may stand for another: keys side by side, vowels, other signs."""
    if lost.isascii() != put.isascii():
        return False
    return not lost.isascii() or _near(lost, put) or {lost, put} <= set("aeiou")


def _near(one: str, other: str) -> bool:
    if one not in _KEYS or other not in _KEYS or one == other:
        return False
    (x, y), (other_x, other_y) = _KEYS[one], _KEYS[other]
    return abs(x - other_x) <= 1 and abs(y - other_y) <= 1
