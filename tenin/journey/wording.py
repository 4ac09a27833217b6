"""What the bot says in a step, for the drawings: the first wording of a response.

Of the shop's terms the values stand in it; what is known only in a conversation shows as a gap.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

from tenin.language.fill import fill
from tenin.language.languages import load_languages
from tenin.language.policy import load_policy
from tenin.language.wording import load_responses

GAP = "…"
_PLACEHOLDER = re.compile(r"\{(\w+)[^{}]*\}")


def sayer(root: Path) -> Callable[[str, str], str]:
    """Return a function of a response's name and a language that gives its wording, or "".

    Raises:
        WordingError, PolicyError: if the project's wording or terms can't be read.
    """
    languages = load_languages(root / "languages.yml")
    policy = load_policy(root / "policy.yml", languages.names)
    responses = load_responses(root / "data" / "responses", policy=policy)

    terms = {code: policy.values(code, languages.default) for code in languages.ready}

    def say(response: str, language: str) -> str:
        known = terms.get(language, {})

        def filled(found: re.Match[str]) -> str:
            return fill(found[0], known, language) if found[1] in known else GAP

        for variation in responses.variations.get(response, ()):
            if variation.language == language:
                return _PLACEHOLDER.sub(filled, variation.text)
        return ""

    return say
