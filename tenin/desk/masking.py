"""Takes personal data out of a sentence: what the entity rules find, names, addresses, numbers.

What is masked becomes its kind in brackets. The patterns stand in masking.yml.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache, partial
from pathlib import Path

import regex

from tenin.language.entities import IDENTIFIERS, find_entities
from tenin.language.yamlfile import read_yaml

PATTERNS = Path(__file__).with_suffix(".yml")
KNOWN_NAME = "name"
_TIMEOUT = 1.0  # seconds; no sentence takes a thousandth of it


def masked(text: str, names: Iterable[str] = ()) -> str:
    """Give a text without personal data.

    Args:
        text: what a customer or an agent wrote.
        names: of people in the conversation, as they are known; masked wherever they stand.
    """
    # A name may be part of an address for mail, which is masked whole.
    entities = [entity for entity in find_entities(text) if entity.label in IDENTIFIERS]
    for entity in sorted(entities, key=lambda entity: -entity.start):
        text = f"{text[: entity.start]}[{entity.label}]{text[entity.end :]}"
    for name in sorted({name.strip() for name in names if name.strip()}, key=len, reverse=True):
        text = regex.sub(_whole(name), f"[{KNOWN_NAME}]", text, flags=regex.IGNORECASE)
    for kind, patterns in _patterns():
        for pattern in patterns:
            text = pattern.sub(partial(_replaced, kind), text, timeout=_TIMEOUT)
    return text


def _replaced(kind: str, match: regex.Match[str]) -> str:
    whole, begin = match.group(), match.start()
    start, end = match.start("it") - begin, match.end("it") - begin
    if whole[start:end].startswith("[") and whole[start:end].endswith("]"):
        return str(whole)  # masked already, by what says more
    return f"{whole[:start]}[{kind}]{whole[end:]}"


def _whole(name: str) -> str:
    begin = r"(?<![\p{Latin}\d\[])" if regex.match(r"[\p{Latin}\d]", name) else ""
    end = r"(?![\p{Latin}\d])" if regex.search(r"[\p{Latin}\d]$", name) else ""
    return begin + regex.escape(name) + end


@lru_cache(maxsize=1)
def _patterns() -> list[tuple[str, list[regex.Pattern[str]]]]:
    return [
        (str(kind), [regex.compile(pattern) for pattern in patterns])
        for kind, patterns in read_yaml(PATTERNS).items()
    ]
