"""invitations.yml: when a visitor is invited to chat, and in which words.

The format is explained at the head of the file, and checked against `invitations.schema.json`.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator

from tenin.language.yamlfile import Lines, YAMLFileError, read_yaml

FILE = "invitations.yml"
SCHEMA = Path(__file__).with_name("invitations.schema.json")


class InvitationsError(ValueError):
    """invitations.yml says something impossible; the message names file, line and remedy."""


@dataclass(frozen=True)
class Invitation:
    """One rule: conditions that must all hold, and what is said; without texts the bot opens."""

    name: str
    when: Mapping[str, Any]
    texts: Mapping[str, str] = field(default_factory=dict)
    promises_person: bool = False

    @property
    def opens_with_product(self) -> bool:
        """Whether the bot itself opens, speaking of the product that is looked at."""
        return not self.texts


@dataclass(frozen=True)
class Invitations:
    """All of invitations.yml. A shop that has no such file invites nobody.

    Rests are in minutes; `after_dismissal` by the number of dismissals, the last for all further.
    """

    rules: Mapping[str, Invitation] = field(default_factory=dict)
    per_page: int = 1
    per_session: int = 2
    per_week: int = 4
    after_showing: float = 3
    after_dismissal: tuple[float, ...] = (60, 1440, 10080)
    held_out_percent: int = 0

    def for_page(self, language: str) -> dict[str, Any]:
        """What a page needs to know to judge when to ask for one, in the order of the file.

        A rule whose text isn't there in the language is left out.
        """
        return {
            "per_page": self.per_page,
            "rules": [
                {"name": rule.name, "when": rule.when, "text": rule.texts.get(language)}
                for rule in self.rules.values()
                if rule.opens_with_product or language in rule.texts
            ],
        }


def load_invitations(path: Path) -> Invitations:
    """Read invitations.yml.

    Raises:
        InvitationsError: with all that is wrong with it, a line for each.
    """
    if not path.is_file():
        return Invitations()
    try:
        found = read_yaml(path) or {}
    except YAMLFileError as error:
        raise InvitationsError(str(error)) from error
    faults = sorted(_validator().iter_errors(found), key=lambda fault: list(map(str, fault.path)))
    if faults:
        lines = Lines(path)
        raise InvitationsError(
            "\n".join(
                f"{path}, line {lines.of(fault.absolute_path)}: {_said(fault)}. "
                f"Write it as the head of the file says."
                for fault in faults
            )
        )
    rules = {
        name: Invitation(name, entry["when"], entry.get("text", {}), "promises" in entry)
        for name, entry in (found.get("invitations") or {}).items()
    }
    rest = found.get("rest", {})
    after = {
        key: rest[name]
        for key, name in (
            ("after_showing", "after_showing_minutes"),
            ("after_dismissal", "after_dismissal_minutes"),
        )
        if name in rest
    }
    if "after_dismissal" in after:
        after["after_dismissal"] = tuple(after["after_dismissal"])
    return Invitations(
        rules,
        **found.get("budget", {}),
        **after,
        held_out_percent=found.get("held_out_percent", 0),
    )


def check_invitations(
    invitations: Invitations, languages: Iterable[str], skus: Collection[str], currency: str
) -> list[str]:
    """Name every text that lacks a language, and what can never hold in this shop."""
    faults = []
    for rule in invitations.rules.values():
        named = f"{FILE}: the invitation {rule.name!r}"
        if rule.texts:
            faults += [
                f"{named} has no text in {language!r}. Add '{language}: …' to it."
                for language in languages
                if not rule.texts.get(language, "").strip()
            ]
        elif "product" not in rule.when and rule.when.get("page") != ["product"]:
            faults.append(
                f"{named} opens with a product, and may be shown where none is looked at. Add "
                f"'page: [product]' to its conditions."
            )
        faults += [
            f"{named} waits for the product {sku!r}, which the catalogue lacks. Correct the SKU."
            for sku in rule.when.get("product", ())
            if sku not in skus
        ]
        value = rule.when.get("order_value", {})
        if value and value["currency"] != currency:
            faults.append(
                f"{named} waits for an order in {value['currency']}, and the shop sells in "
                f"{currency}. Correct the currency."
            )
        if "below" in value and value["below"] <= value["from"]:
            faults.append(
                f"{named} waits for an order of {value['from']} or more and of less than "
                f"{value['below']}. Make 'below' the greater one."
            )
    return faults


def _said(fault: Any) -> str:
    where = ".".join(str(part) for part in fault.absolute_path) or "the file"
    if fault.validator == "oneOf":
        return f"{where}: it needs either 'text' or 'opening'"
    return f"{where}: {fault.message[:160]}"


@cache
def _validator() -> Draft202012Validator:
    return Draft202012Validator(json.loads(SCHEMA.read_text(encoding="utf-8")))
