"""What the classifier sees of a message: its words and pieces of words, counted.

Between `pipeline` and `classification`. A word is a feature alone and with the next
one; of each stretch of text without a space, runs of one to five signs are features,
which is what carries Chinese and misspelt words. What is named by rule (an order
number, an address) is replaced by its kind, so that one number is as good as another.
"""

import unicodedata
from collections import Counter
from collections.abc import Iterator
from itertools import pairwise

import regex
from spacy.tokens import Doc

from tenin.language.entities import IDENTIFIERS
from tenin.language.scripts import runs
from tenin.language.signs import simplified

_CHARACTERS = range(1, 6)
# Digits in a row that are no entity but may be meant as one: a mistyped order number.
_LONG_NUMBER = regex.compile(r"(?<!\w)[0-9]{6,}(?!\w)", regex.ASCII)
_SAYS_SOMETHING = regex.compile(r"[\p{L}\p{N}\p{So}\ue000]")
_STRETCH = regex.compile(r"[\p{L}\p{N}\p{M}\p{So}']+")
_NAMED = "\ue000"


def features(doc: Doc) -> Counter[str]:
    """Count the features of one message, the document that `pipeline` made of it."""
    counted: Counter[str] = Counter()
    words = list(_words(doc))
    counted.update(f"w {word}" for word in words)
    counted.update(f"w {first} {second}" for first, second in pairwise(words))
    for text, label in _stretches(doc):
        if label:
            # Also without its kind, so that a kind that no example has still says something.
            counted[f"w {_NAMED}"] += 1
            counted[f"c {_NAMED}"] += 1
        else:
            for stretch in _STRETCH.findall(text):
                counted.update(f"c {piece}" for piece in _pieces(f" {stretch} "))
    return counted


def script(doc: Doc) -> str:
    """Tell the message's kind of script: `han` if it has a Han sign, else `spaced`."""
    return "han" if any(run.kind == "han" for run in runs(doc.text)) else "spaced"


def _fold(text: str) -> str:
    return simplified(unicodedata.normalize("NFKC", text).lower())


def _words(doc: Doc) -> Iterator[str]:
    for token in doc:
        if token.ent_type_ in IDENTIFIERS:
            if token.ent_iob_ == "B":
                yield f"{_NAMED}{token.ent_type_}"
            continue
        word = _LONG_NUMBER.sub(f"{_NAMED}number", _fold(token.norm_))
        if _SAYS_SOMETHING.search(word):
            yield word


def _stretches(doc: Doc) -> Iterator[tuple[str, str]]:
    """Give the text between entities, folded, and the entities' labels, in their order."""
    start = 0
    for entity in doc.ents:
        if entity.label_ not in IDENTIFIERS:
            continue
        yield from _numbers_apart(_fold(doc.text[start : entity.start_char]))
        yield "", entity.label_
        start = entity.end_char
    yield from _numbers_apart(_fold(doc.text[start:]))


def _numbers_apart(text: str) -> Iterator[tuple[str, str]]:
    start = 0
    for number in _LONG_NUMBER.finditer(text):
        yield text[start : number.start()], ""
        yield "", "number"
        start = number.end()
    yield text[start:], ""


def _pieces(stretch: str) -> Iterator[str]:
    for length in _CHARACTERS:
        if length > len(stretch):
            return
        for start in range(len(stretch) - length + 1):
            piece = stretch[start : start + length]
            if piece != " ":
                yield piece
