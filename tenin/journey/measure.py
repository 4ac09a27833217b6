"""How wide a text will be, and where to break it, without knowing the reader's fonts.

Widths are those of a wide sans serif (DejaVu Sans), so that a text measured here fits in the
usual ones, which are narrower. What East Asian fonts draw in a square counts as one.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from functools import cache

SQUARE = 1.0
CODE = 0.62  # each character of a monospaced font
WIDTHS = (
    (" ", 0.33),
    ("iljI.,:;'|!", 0.38),
    ('ft()[]{}/\\-`"r', 0.47),
    ("mwMWOQ@%&—…+=<>~^#", 1.0),
    ("ABCDEFGHJKLNPRSTUVXYZ", 0.76),
)
OTHERS = 0.65


@cache
def _width(character: str) -> float:
    if _is_square(character):
        return SQUARE
    if unicodedata.combining(character):
        return 0.0
    return next((width for characters, width in WIDTHS if character in characters), OTHERS)


def width(text: str, size: float, code: bool = False) -> float:
    """Return at most how wide a text will be, in the unit of `size`; `code` is monospaced."""
    if code:
        return len(text) * CODE * size
    return sum(map(_width, text)) * size


def wrap(text: str, most: float, size: float, code: bool = False) -> list[str]:
    """Break a text into lines no wider than `most`; a piece that is too long is cut.

    Breaks at spaces, between East Asian characters where their rules allow it, and in names of
    code after `_` and `/`.
    """
    lines: list[str] = []
    line = ""
    for piece in _pieces(text):
        if line and width(line + piece.rstrip(), size, code) > most:
            lines.append(line.rstrip())
            line = ""
            piece = piece.lstrip()
        line += piece
        while width(line.rstrip(), size, code) > most and len(line) > 1:
            cut = next(
                n
                for n in range(len(line) - 1, 0, -1)
                if n == 1 or width(line[:n], size, code) <= most
            )
            lines.append(line[:cut])
            line = line[cut:]
    if line.strip():
        lines.append(line.rstrip())
    return lines


def shorten(lines: list[str], most: int) -> list[str]:
    """Return at most `most` lines; what was left out shows as an ellipsis."""
    if len(lines) <= most:
        return lines
    last = lines[most - 1]
    kept = last.rpartition(" ")[0] or last[:-1]
    return [*lines[: most - 1], f"{kept}…"]


def _pieces(text: str) -> Iterator[str]:
    """What must not be broken: words with the blank after them, single East Asian characters."""
    piece = ""
    for index, character in enumerate(text):
        piece += character
        following = text[index + 1 : index + 2]
        if following and _may_break(character, following):
            yield piece
            piece = ""
    if piece:
        yield piece


def _may_break(before: str, after: str) -> bool:
    if after.isspace() or _begins_no_line(after) or unicodedata.category(before) in ("Ps", "Pi"):
        return False
    if before.isspace() or before in "_/":
        return True
    return _is_square(before) or _is_square(after)


def _is_square(character: str) -> bool:
    return unicodedata.east_asian_width(character) in "WF"


def _begins_no_line(character: str) -> bool:
    """Closing marks, and of Japanese the small letters and the marks that lengthen or repeat."""
    if unicodedata.category(character) in ("Pe", "Pf", "Po"):
        return True
    name = unicodedata.name(character, "")
    return _is_square(character) and any(
        mark in name for mark in ("LETTER SMALL", "SOUND MARK", "ITERATION MARK")
    )
