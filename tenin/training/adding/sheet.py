"""A trainer's sheet: what is to be added, in one YAML file or from a command's options.

    faq: gift_wrapping
    about: Whether goods can be wrapped as a gift.
    menu: ordering
    en:
      title: Can you wrap it as a gift?
      examples: [do you do gift wrapping, …]
      held_out: [can it come wrapped, …]
      answer: Yes, for {gift_fee:money}.

What one language says stands under its code.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tenin.language.yamlfile import read_yaml
from tenin.training.adding.project import AddingError, Project

SHARED = frozenset({"about", "menu", "skill", "offer", "action", "then"})
TEXTS = ("title",)
LISTS = ("examples", "held_out", "answer")
MORE = "answers"  # of the turns after the first, by response


@dataclass
class Sheet:
    """What is to be added: what all languages share, and the words of each."""

    name: str
    shared: dict[str, Any] = field(default_factory=dict)
    words: dict[str, dict[str, Any]] = field(default_factory=dict)

    def texts(self, what: str) -> dict[str, Any]:
        """Give one thing in every language that has it."""
        return {code: words[what] for code, words in self.words.items() if words.get(what)}


def read_sheet(path: Path, kind: str, project: Project) -> Sheet:
    """Read a sheet whose first line is `kind: name`.

    Raises:
        AddingError: naming what it doesn't know; YAMLFileError; OSError.
    """
    try:
        found = read_yaml(path)
    except OSError as error:
        raise AddingError(f"{path} can't be read ({error.strerror}). Correct --from") from error
    if not isinstance(found, dict) or not isinstance(found.get(kind), str):
        raise AddingError(f"{path} names no {kind}. Begin it with a line `{kind}: name`")
    sheet = Sheet(found.pop(kind))
    for key, value in found.items():
        if key in SHARED:
            sheet.shared[key] = value
        elif key in project.languages.names:
            sheet.words[key] = _words(path, key, value)
        else:
            raise AddingError(
                f"{path} has {key!r}, which is neither a language of languages.yml nor one of "
                f"{', '.join(sorted(SHARED))}. Correct it"
            )
    return sheet


def _words(path: Path, code: str, value: Any) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise AddingError(f"{path}: under {code} write title, examples, held_out, answer")
    words: dict[str, Any] = {}
    for key, each in value.items():
        if key == MORE and isinstance(each, dict):
            words[key] = {name: _listed(path, code, name, text) for name, text in each.items()}
        elif key in LISTS:
            words[key] = _listed(path, code, key, each)
        elif key in TEXTS and isinstance(each, str):
            words[key] = each
        else:
            raise AddingError(
                f"{path}: {key!r} under {code} is not known, or not written as it should be. Known "
                f"are title (a text), examples, held_out and answer (lists), answers (by response)"
            )
    return words


def _listed(path: Path, code: str, key: str, value: Any) -> list[str]:
    found = [value] if isinstance(value, str) else value
    if not isinstance(found, list) or not all(isinstance(each, str) for each in found):
        raise AddingError(
            f"{path}: {key} under {code} must be texts. Put each on a line `- …`, between quotes "
            f"where it is a number or has a colon"
        )
    return found


def by_language(given: Iterable[str], option: str, project: Project) -> dict[str, list[str]]:
    """Read options of the form `en=words`. Raises AddingError."""
    found: dict[str, list[str]] = {}
    for each in given:
        code, sign, words = each.partition("=")
        if not sign or code not in project.languages.names:
            raise AddingError(
                f"--{option} {each!r} says no language. Write it as {project.languages.default}="
                f'"words", with a code of languages.yml ({", ".join(project.languages.names)})'
            )
        found.setdefault(code, []).append(words)
    return found


def missing(sheet: Sheet, wanted: Iterable[str], ready: Iterable[str]) -> list[str]:
    """Name what a sheet lacks, as `en: title`."""
    return [
        f"{code}: {what}"
        for code in ready
        for what in wanted
        if not sheet.words.get(code, {}).get(what)
    ]


def of_options(
    name: str, shared: Mapping[str, Any], words: Mapping[str, Mapping[str, Any]]
) -> Sheet:
    """Make a sheet of a command's options; `words` are by kind, then by language."""
    sheet = Sheet(name, {key: value for key, value in shared.items() if value})
    for kind, texts in words.items():
        for code, value in texts.items():
            sheet.words.setdefault(code, {})[kind] = value[0] if kind in TEXTS else value
    return sheet
