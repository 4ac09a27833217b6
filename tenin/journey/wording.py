"""What the bot says in a step, for the drawings: the first wording of a response.

Of the shop's terms the values stand in it; what is known only in a conversation shows as a gap.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from typing import Any

from tenin.language.fill import fill
from tenin.language.languages import load_languages
from tenin.language.policy import load_policy
from tenin.language.wording import Responses, load_responses

GAP = "…"
_PLACEHOLDER = re.compile(r"\{(\w+)[^{}]*\}")

Said = Callable[[str, str], str]


def sayer(responses: Responses) -> Said:
    """Return a function of a response's name and a language that gives its wording, or ""."""

    @lru_cache
    def terms(language: str) -> dict[str, Any]:
        policy = responses.policy
        return {} if policy is None else policy.values(language, responses.default)

    def say(response: str, language: str) -> str:
        def filled(found: re.Match[str]) -> str:
            known = terms(language)
            return fill(found[0], known, language) if found[1] in known else GAP

        for variation in responses.variations.get(response, ()):
            if variation.language == language:
                return _PLACEHOLDER.sub(filled, variation.text)
        return ""

    return say


def load_sayer(root: Path) -> Said:
    """Return the same function for the wording and terms of the project at `root`.

    Raises:
        WordingError, PolicyError: if they can't be read.
    """
    languages = load_languages(root / "languages.yml")
    policy = load_policy(root / "policy.yml", languages.names)
    return sayer(load_responses(root / "data" / "responses", languages.default, policy))
