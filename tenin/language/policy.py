"""The shop's terms, from policy.yml: what wording fills in and what actions go by.

`wording` puts these values into its placeholders ({returns_days:days} is `days` under
`returns`), so that a term stands in one place and is said alike in every language.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from math import isfinite
from pathlib import Path
from typing import Any

from babel.numbers import is_currency

from tenin.language.yamlfile import YAMLFileError, read_yaml

MONEY = {"amount", "currency"}


class PolicyError(ValueError):
    """The policy file says something impossible; the message names file, place and remedy."""


@dataclass(frozen=True)
class Policy:
    """All terms by the names of their placeholders: shared ones, and those with a text each."""

    path: Path
    shared: Mapping[str, Any]
    by_language: Mapping[str, Mapping[str, Any]]

    def values(self, language: str, default: str) -> dict[str, Any]:
        """Give every term in `language`, or in `default` where it isn't there in it.

        Numbers, texts and lists as they stand in the file; money as a pair of amount and
        currency. A term in neither language is left out.
        """
        found = dict(self.shared)
        for name, texts in self.by_language.items():
            for tried in (language, default):
                if tried in texts:
                    found[name] = texts[tried]
                    break
        return found


def load_policy(path: Path, languages: Iterable[str]) -> Policy:
    """Read the policy file; `languages` are the codes that may key a term.

    Raises PolicyError, or OSError when the file can't be read.
    """
    codes = set(languages)
    try:
        found = read_yaml(path)
    except YAMLFileError as error:
        raise PolicyError(str(error)) from error
    if not isinstance(found, dict):
        raise PolicyError(f"{path}: the file must hold topics and below each its terms.")
    shared: dict[str, Any] = {}
    by_language: dict[str, Mapping[str, Any]] = {}
    for name, value in _terms(path, found):
        if name in shared or name in by_language:
            raise PolicyError(f"{path}: {name!r} is made by two terms. Rename one of them.")
        if isinstance(value, dict) and set(value) != MONEY:
            strange = sorted(set(map(str, value)) - codes)
            if strange:
                raise PolicyError(
                    f"{path}: the term {name!r} has {', '.join(strange)} where a language of "
                    f"languages.yml is expected. Correct the code."
                )
            by_language[name] = {code: _plain(path, name, each) for code, each in value.items()}
        else:
            shared[name] = _plain(path, name, value)
    return Policy(path, shared, by_language)


def check_policy(policy: Policy, languages: Iterable[str]) -> list[str]:
    """Name every term that lacks one of the languages; none: an empty list."""
    return [
        f"{policy.path}: the term {name!r} isn't there in {language!r}. Add '{language}: …' to it."
        for language in languages
        for name, texts in policy.by_language.items()
        if language not in texts
    ]


def _terms(path: Path, found: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    for topic, terms in found.items():
        if not isinstance(terms, dict) or not terms:
            raise PolicyError(
                f"{path}: {topic!r} must hold terms. Write it as '{topic}: {{days: 30}}'."
            )
        for term, value in terms.items():
            name = f"{topic}_{term}"
            if not name.isidentifier():
                raise PolicyError(
                    f"{path}: {topic!r} and {term!r} make no placeholder. Use letters, digits "
                    f"and underscores."
                )
            yield name, value


def _plain(path: Path, name: str, value: Any) -> Any:
    if isinstance(value, dict):
        try:
            amount, currency = Decimal(str(value["amount"])), value["currency"]
            if not (amount.is_finite() and isinstance(currency, str) and is_currency(currency)):
                raise ValueError(f"{amount} {currency}")
            return amount, currency
        except (KeyError, ValueError, InvalidOperation) as error:
            raise PolicyError(
                f"{path}: the term {name!r} is no money. Write it as "
                f'{{amount: "12.00", currency: CNY}}.'
            ) from error
    if isinstance(value, list) and value and all(isinstance(each, str) for each in value):
        return tuple(value)
    if isinstance(value, str) and value.strip():
        return value
    if isinstance(value, (int, float)) and not isinstance(value, bool) and isfinite(value):
        return value
    raise PolicyError(
        f"{path}: the term {name!r} has no value that can be said ({value!r}). Give a number, a "
        f"text, a list of texts or money."
    )
