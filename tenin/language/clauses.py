"""Cuts a message into the clauses that may each hold a wish of their own.

`tenin.bot.classifier` judges each by itself to find a second wish ("cancel it, and when
do I get the money?"). Words that join wishes stand in clauses.yml.
"""

import re
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path

from tenin.language.entities import find_entities
from tenin.language.yamlfile import read_yaml

_FILE = Path(__file__).with_name("clauses.yml")
# A clause of fewer signs holds no wish: 退货 is one, "ok" is none that counts.
_FEWEST = 2
_EDGES = " \t\r\u3000,、"
# Beyond this a message tells a story, and cutting it up finds wishes that nobody has.
_MOST = 6


@lru_cache(maxsize=2)
def _joint(commas: bool) -> re.Pattern[str]:
    joints = read_yaml(_FILE)
    spaced = "|".join(rf"\b{re.escape(word)}\b" for word in joints["spaced"])
    unspaced = "|".join(re.escape(word) for word in joints["unspaced"])
    comma = r"[,、]" if commas else r"(?<=[\u3400-\u9fff]),"
    return re.compile(rf"[.;:!?\n。，；：！？…～]+|{comma}|{spaced}|{unspaced}", re.IGNORECASE)


def clauses(text: str, commas: bool = False) -> list[str]:
    """Give the clauses of a message in their order; none if there are fewer than two, or many.

    The commas of English and Japanese end a reason as often as a wish ("they came on monday,
    they pinch"), so they count only where that does no harm: with `commas`.
    """
    found = [each.strip(_EDGES) for each in _pieces(text, commas)]
    found = [each for each in found if len(each) >= _FEWEST]
    return found if 2 <= len(found) <= _MOST else []


def _pieces(text: str, commas: bool) -> Iterator[str]:
    """Cut at every joint but those within an entity: the dot of an address, a date's comma."""
    entities = find_entities(text)
    start = 0
    for joint in _joint(commas).finditer(text):
        at = joint.start()
        if not any(entity.start < at < entity.end - 1 for entity in entities):
            yield text[start:at]
            start = joint.end()
    yield text[start:]
