"""Whether what was said is a wording of a given response, whatever variation it is."""

from __future__ import annotations

import re
from functools import cache, lru_cache

from tenin.conversation.voice import Voice
from tenin.desk.desk_file import FILE, load_desk_file
from tests.system import PROJECT

PLACEHOLDER = re.compile(r"\{[^{}]+\}")


@lru_cache(maxsize=1)
def voice() -> Voice:
    """The project's wording and menus."""
    return Voice.load(PROJECT)


def is_wording_of(key: str, language: str, text: str) -> bool:
    """Whether `text` is the response `key` in `language`.

    `menu <name>` is a menu's prompt, `desk_question` a question of desk.yml.
    """
    if key == "desk_question":
        return text in {entry.asks[language] for entry in load_desk_file(PROJECT / FILE).questions}
    if key.startswith("menu "):
        return text == voice().menus.prompt(key.removeprefix("menu "), language)
    return any(
        _pattern(variation.text).fullmatch(text)
        for variation in voice().responses.variations[key]
        if variation.language == language
    )


@cache
def _pattern(text: str) -> re.Pattern[str]:
    parts = [re.escape(part) for part in PLACEHOLDER.split(text)]
    return re.compile(".+".join(parts), re.DOTALL)
