"""Anger that can be seen whatever the words are: faces, shouting, a row of exclamation marks.

Words of anger are the classifier's (`frustration`); this is for messages that ask for something
and are angry beside it. It knows no language, so it holds in all of them.
"""

import regex

_FACES = regex.compile("[\U0001f620\U0001f621\U0001f624\U0001f92c\U0001f47f\U0001f4a2\U0001f595]")
_SHOUTED = regex.compile(r"[!！]{3,}|(?:[?？][!！]){2,}")
_CAPITAL = regex.compile(r"\p{Lu}")
_SMALL = regex.compile(r"\p{Ll}")
_WORD = regex.compile(r"\p{Lu}{2,}")
LEAST_LETTERS, LEAST_WORDS = 12, 3


def shows_anger(text: str) -> bool:
    """Whether a message looks angry: an angry face, three exclamation marks, all in capitals."""
    if _FACES.search(text) or _SHOUTED.search(text):
        return True
    if _SMALL.search(text):
        return False
    capitals = len(_CAPITAL.findall(text))
    return capitals >= LEAST_LETTERS and len(_WORD.findall(text)) >= LEAST_WORDS
