"""What a project has already, as far as additions look at it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from tenin.language.languages import Languages, load_languages
from tenin.language.yamlfile import read_yaml
from tenin.training.corpus import HELD_OUT, TRAINED, Sentence, read_sentences

DOMAIN, MENUS, LANGUAGES, DESK = "domain.yml", "menus.yml", "languages.yml", "desk.yml"
POLICY = "policy.yml"
RESPONSES = "data/responses"
FAQ = "faq"


class AddingError(ValueError):
    """What is to be added can't be; the message is one line and names the remedy."""


@dataclass(frozen=True)
class Project:
    """A project's files, each read once, when it is first asked for."""

    root: Path

    @cached_property
    def languages(self) -> Languages:
        """What languages.yml says."""
        return load_languages(self.root / LANGUAGES)

    @cached_property
    def trained(self) -> list[Sentence]:
        """The training examples."""
        return read_sentences(self.root, TRAINED)

    @cached_property
    def held_out(self) -> list[Sentence]:
        """The held-out sentences."""
        return read_sentences(self.root, HELD_OUT)

    @cached_property
    def by_words(self) -> dict[str, list[Sentence]]:
        """All sentences by their words, without what makes no difference."""
        found: dict[str, list[Sentence]] = {}
        for each in (*self.trained, *self.held_out):
            found.setdefault(each.folded, []).append(each)
        return found

    @cached_property
    def domain(self) -> dict[str, Any]:
        """What domain.yml says."""
        return read_yaml(self.root / DOMAIN) or {}

    @cached_property
    def menus(self) -> dict[str, Any]:
        """What menus.yml says."""
        return read_yaml(self.root / MENUS) or {}

    @cached_property
    def responses(self) -> dict[str, tuple[str, list[dict[str, Any]]]]:
        """The wordings of each response, and the name of its file."""
        return {
            key: (file.relative_to(self.root).as_posix(), entries)
            for file in sorted((self.root / RESPONSES).rglob("*.yml"))
            for key, entries in ((read_yaml(file) or {}).get("responses") or {}).items()
        }

    @property
    def intents(self) -> list[str]:
        """The intents of the domain, in its order."""
        listed = self.domain.get("intents") or []
        return [str(next(iter(each)) if isinstance(each, dict) else each) for each in listed]

    @property
    def needs(self) -> list[str]:
        """All needs with examples, in full."""
        return sorted({each.need for each in self.trained})

    def need(self, name: str) -> str:
        """Give a need in full: `returns_policy` is `faq/returns_policy`. Raises AddingError."""
        for full in (name, f"{FAQ}/{name}"):
            if full in self.needs:
                return full
        raise AddingError(
            f"there is no need {name!r}. Take one of data/nlu, as in {self._some(name)}; a new one "
            f"is made by `tenin add faq` or `tenin add intent`"
        )

    def language(self, code: str) -> str:
        """Give a code of languages.yml. Raises AddingError for another."""
        if code in self.languages.names:
            return code
        raise AddingError(
            f"languages.yml has no language {code!r}. Take one of "
            f"{', '.join(self.languages.names)}; a new one is made by `tenin add language`"
        )

    def _some(self, name: str) -> str:
        import difflib

        near = difflib.get_close_matches(name, [each.split("/")[-1] for each in self.needs], 3)
        return ", ".join(near or self.needs[:3])
