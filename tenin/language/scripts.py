"""The scripts a text is written in.

The first look at any message: `languages` tells the language by it, `pipeline` cuts
the text where the script changes, `entities` reads full-width signs as plain ones.
"""

from collections.abc import Iterator
from typing import NamedTuple

import regex

# Full-width ASCII and the ideographic space, sign by sign, so that offsets stay.
_NARROW = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)} | {0x3000: 0x20}

_RUN = regex.compile(
    r"(?P<han>\p{Han}+)"
    r"|(?P<kana>[\p{Hiragana}\p{Katakana}ー\uff70\uff9e\uff9f]+)"
    r"|(?P<mark>[\u3000-\u303f\uff00-\uff0f\uff1a-\uff20\uff3b-\uff40\uff5b-\uff65])"
    r"|(?P<other>[^\p{Han}\p{Hiragana}\p{Katakana}ー\uff70\uff9e\uff9f"
    r"\u3000-\u303f\uff00-\uff0f\uff1a-\uff20\uff3b-\uff40\uff5b-\uff65]+)"
)


class Run(NamedTuple):
    """A stretch of text in one script: `han`, `kana`, `mark` (East Asian) or `other`."""

    kind: str
    start: int
    end: int


def narrow(text: str) -> str:
    """Give `text` with full-width letters, digits and signs as plain ones, as long as before."""
    return text.translate(_NARROW)


def runs(text: str) -> Iterator[Run]:
    """Cut `text` where its script changes; the runs follow each other without a gap."""
    for found in _RUN.finditer(text):
        assert found.lastgroup is not None
        yield Run(found.lastgroup, found.start(), found.end())
