"""The words of a drawing that are not the blueprint's own, from labels.yml, by language."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

from babel.units import format_unit

from tenin.journey.model import Step, Text
from tenin.language.languages import locale_of
from tenin.language.yamlfile import read_yaml


@lru_cache(maxsize=1)
def labels() -> dict[str, dict[str, Text]]:
    """Return the labels of labels.yml: lanes, boundaries, stages, support and words."""
    found: dict[str, dict[str, Text]] = read_yaml(Path(__file__).with_name("labels.yml"))
    return found


def of(text: Text, language: str) -> str:
    """Return a text in a language, or in the first it is there in."""
    return text.get(language) or next(iter(text.values()))


def label(group: str, key: str, language: str) -> str:
    """Return one of `labels` in a language."""
    return of(labels()[group][key], language)


def wait_of(step: Step, language: str) -> str | None:
    """Return how long a customer waits in a step, in words; None: not at all."""
    if step.wait is None:
        return None
    amount = step.wait.amount
    locale = locale_of(language)
    whole = int(amount) if amount == int(amount) else amount
    return str(format_unit(whole, f"duration-{step.wait.unit}", "long", locale=locale))
