"""What Tenin says: chooses a response's wording and fills it in.

The bot tier's NLG class and the web tier's own messages (queue, apologies) both come
here with a response's name; the texts stand in data/responses/<need>.yml.
"""

import logging
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tenin.language.fill import PlaceholderError, fill, placeholders
from tenin.language.languages import configured
from tenin.language.menus import FIRST, Button, MenuError, Menus
from tenin.language.policy import Policy, check_policy
from tenin.language.yamlfile import YAMLFileError, read_yaml

CURRENT = "current"
# What a button may say under `when`: it is only shown while that is so.
NO_MAIL_YET, GETS_MAIL = "no_mail_yet", "gets_mail"
WHEN = (NO_MAIL_YET, GETS_MAIL)

logger = logging.getLogger(__name__)


class WordingError(KeyError):
    """A wording is missing or faulty; the message names the place and the remedy."""

    def __str__(self) -> str:
        """Give the message as it is, without the quotes that KeyError puts round it."""
        return str(self.args[0]) if self.args else ""


@dataclass(frozen=True)
class Variation:
    """One wording of a response, for one language and all channels or one.

    `when` says of a button's payload under which condition it is shown.
    """

    text: str
    language: str
    channel: str | None = None
    buttons: tuple[Button, ...] = ()
    when: Mapping[str, str] = field(default_factory=dict)
    custom: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Responses:
    """All responses of a folder, the shop's terms, and the language that stands in for others."""

    default: str
    variations: Mapping[str, tuple[Variation, ...]]
    files: Mapping[str, Path]
    policy: Policy | None = None


@dataclass(frozen=True)
class Said:
    """A response as it is said to one customer."""

    text: str
    buttons: tuple[Button, ...]
    custom: Mapping[str, Any]
    key: str


def load_responses(
    folder: Path, default: str | None = None, policy: Policy | None = None
) -> Responses:
    """Read all YAML files below `folder`; `default` is else that of languages.yml.

    The terms of `policy` fill the placeholders that no other value is given for.

    Raises WordingError naming file, response and remedy, also for one defined twice.
    """
    variations: dict[str, tuple[Variation, ...]] = {}
    files: dict[str, Path] = {}
    for path in sorted([*folder.rglob("*.yml"), *folder.rglob("*.yaml")]):
        for key, entries in _responses_in(path).items():
            if key in files:
                raise WordingError(
                    f"The response {key!r} is in {files[key]} and in {path}. Keep it in one file, "
                    f"all languages and channels side by side."
                )
            files[key] = path
            variations[key] = variations_of(path, key, entries)
    if not files:
        raise WordingError(f"There is no response in {folder}. Put data/responses/*.yml back.")
    return Responses(default or configured().default, variations, files, policy)


def _responses_in(path: Path) -> dict[str, list[Any]]:
    try:
        found = read_yaml(path)
    except YAMLFileError as error:
        raise WordingError(str(error)) from error
    found = found or {}
    responses = found.get("responses", {}) if isinstance(found, dict) else None
    if not isinstance(responses, dict):
        raise WordingError(f"{path}: the file must begin with 'responses:' and list them below.")
    for key, entries in responses.items():
        if not isinstance(entries, list) or not entries:
            raise WordingError(
                f"{path}: {key!r} has no wording. Add '- text: …' for each language."
            )
    return responses


def variations_of(path: Path, key: str, entries: Iterable[Any]) -> tuple[Variation, ...]:
    """Give the wordings of a response as its file lists them. Raises WordingError."""
    return tuple(_variation(path, key, entry) for entry in entries)


def _variation(path: Path, key: str, entry: Any) -> Variation:
    text = entry.get("text") if isinstance(entry, dict) else None
    if not isinstance(text, str) or not text.strip():
        raise WordingError(f"{path}: a wording of {key!r} has no text. Add 'text: …' to it.")
    conditions = entry.get("condition") or []
    if not (
        isinstance(conditions, list)
        and len(conditions) == 1
        and isinstance(conditions[0], dict)
        and conditions[0].get("type") == "slot"
        and conditions[0].get("name") == "language"
        and isinstance(conditions[0].get("value"), str)
    ):
        raise WordingError(
            f"{path}: the wording {text[:40]!r} of {key!r} must say its language and nothing "
            f"else. Add 'condition: [{{type: slot, name: language, value: en}}]'."
        )
    buttons, custom = entry.get("buttons") or [], entry.get("custom") or {}
    if not (isinstance(custom, dict) and _are_names(custom.get("offer", []))) or not all(
        isinstance(button, dict)
        and isinstance(button.get("title"), str)
        and isinstance(button.get("payload"), str)
        and button.get("when", WHEN[0]) in WHEN
        for button in buttons
    ):
        raise WordingError(
            f"{path}: the buttons or the custom part of {key!r} are not as they should be. Write "
            f"'buttons: [{{title: …, payload: /need}}]', if need be with 'when: "
            f"{' (or '.join(WHEN)})', and 'custom: {{menu: start, offer: [need]}}'."
        )
    return Variation(
        text=text,
        language=conditions[0]["value"],
        channel=entry.get("channel"),
        buttons=tuple(Button(button["title"], button["payload"]) for button in buttons),
        when={button["payload"]: button["when"] for button in buttons if "when" in button},
        custom=custom,
    )


def _are_names(offer: Any) -> bool:
    return isinstance(offer, list) and all(isinstance(each, str) for each in offer)


def say(
    responses: Responses,
    key: str,
    language: str,
    channel: str = "web",
    values: Mapping[str, Any] | None = None,
    recent: Collection[str] = (),
    menus: Menus | None = None,
    menu: str | None = None,
    offer: Sequence[str] = (),
    holds: Collection[str] = WHEN,
) -> Said:
    """Choose a wording of the response `key` and fill it in.

    `values` fill the placeholders; `recent` are the texts said lately, oldest first: a
    wording not among them is preferred, else the one said longest ago. `menu` is the
    menu the customer is in, one of `menus`; `offer` names needs or menus whose buttons
    stand before those of the wording itself; `holds` are the conditions of WHEN that are so.

    Raises WordingError when there is no such response, a value is missing, or what is
    offered isn't in menus.yml.
    """
    variations = _for_language(responses, key, language)
    language = variations[0].language
    candidates = [variation for variation in variations if variation.channel == channel]
    candidates = candidates or [variation for variation in variations if not variation.channel]
    if not candidates:
        raise WordingError(
            f"{responses.files[key]}: {key!r} has no wording in {language!r} for the channel "
            f"{channel!r}. Add one without 'channel'."
        )
    known = dict(values or {})
    if responses.policy is not None:
        known = {**responses.policy.values(language, responses.default), **_told(known)}
    filled = [
        _say(responses, key, variation, language, dict(known), menus, menu, offer, holds)
        for variation in candidates
    ]
    said_at = {text: at for at, text in enumerate(recent)}
    return min(filled, key=lambda said: said_at.get(said.text, -1))


def _for_language(responses: Responses, key: str, language: str) -> list[Variation]:
    if key not in responses.variations:
        raise WordingError(
            f"There is no response {key!r}. Add it to a file in data/responses, in all languages."
        )
    for tried in (language, responses.default):
        found = [
            variation for variation in responses.variations[key] if variation.language == tried
        ]
        if found:
            if tried != language:
                logger.warning(
                    "%s: %r has no wording in %r, so %r was said. Add one.",
                    responses.files[key],
                    key,
                    language,
                    tried,
                )
            return found
    raise WordingError(
        f"{responses.files[key]}: {key!r} has no wording in {language!r} nor in "
        f"{responses.default!r}. Add one for each language."
    )


def _say(
    responses: Responses,
    key: str,
    variation: Variation,
    language: str,
    values: dict[str, Any],
    menus: Menus | None,
    menu: str | None,
    offer: Sequence[str],
    holds: Collection[str],
) -> Said:
    custom = dict(variation.custom)
    buttons = tuple(
        button
        for button in variation.buttons
        if button.payload not in variation.when or variation.when[button.payload] in holds
    )
    offered = list(dict.fromkeys(offer))
    own = [choice for choice in custom.pop("offer", ()) if choice not in offered]
    if menus is None and (offered or own or "menu" in custom):
        what = "shows a menu" if "menu" in custom else "offers topics"
        raise WordingError(f"{responses.files[key]}: {key!r} {what}. Load menus.yml and give it.")
    try:
        if menus is not None:
            buttons = (
                *(menus.button(choice, language) for choice in offered),
                *buttons,
                *(menus.button(choice, language) for choice in own),
            )
            if "menu" in custom:
                custom["menu"] = _menu_named(custom["menu"], menu, menus)
                buttons += menus.buttons(custom["menu"], language)
                values.setdefault("menu_prompt", menus.prompt(custom["menu"], language))
        return Said(fill(variation.text, values, language), buttons, custom, key)
    except (MenuError, PlaceholderError) as error:
        raise WordingError(f"{responses.files[key]}: {key!r} in {language!r}: {error}") from error


def _told(values: Mapping[str, Any]) -> dict[str, Any]:
    """Leave out what has no value: an empty slot doesn't hide a term of the same name."""
    return {name: value for name, value in values.items() if value is not None}


def _menu_named(wanted: str, menu: str | None, menus: Menus) -> str:
    if wanted != CURRENT:
        return wanted
    if menu is not None and menu not in menus.menus:
        logger.warning("There is no menu %r (any more); %r was shown.", menu, FIRST)
    return menu if menu in menus.menus else FIRST  # type: ignore[return-value]


def check(
    responses: Responses, languages: Collection[str], menus: Menus | None = None
) -> list[str]:
    """Name what keeps the responses from being complete in all `languages`.

    Each response in each language; in all of them the same placeholders, buttons and
    custom parts; each format known; with `menus`, each menu known. None: an empty list.
    """
    faults: list[str] = []
    for key, variations in sorted(responses.variations.items()):
        place = f"{responses.files[key]}: {key!r}"
        parts: dict[str, list[set[str]]] = {}
        for language in languages:
            here = [variation for variation in variations if variation.language == language]
            if not any(variation.channel is None for variation in here):
                faults.append(f"{place} has no wording in {language!r}. Add one without 'channel'.")
                continue
            try:
                parts[language] = _parts(here)
            except PlaceholderError as error:
                faults.append(f"{place} in {language!r}: {error}")
        for what, index in (("placeholders", 0), ("buttons", 1), ("custom parts", 2)):
            if len({frozenset(part[index]) for part in parts.values()}) > 1:
                differing = "; ".join(
                    f"{language}: {', '.join(sorted(part[index])) or 'none'}"
                    for language, part in parts.items()
                )
                faults.append(
                    f"{place} has other {what} in one language than in another "
                    f"({differing}). Make them the same."
                )
        faults.extend(
            f"{place} shows the menu {variation.custom['menu']!r}, which menus.yml doesn't have. "
            f"Correct the name."
            for variation in variations
            if menus is not None
            and variation.custom.get("menu", CURRENT) not in {CURRENT, *menus.menus}
        )
    faults.extend(
        f"{responses.files[key]}: {key!r} offers {choice!r}, which is neither a menu nor a need "
        f"with a title in menus.yml. Correct the name, or add it there."
        for key, variations in sorted(responses.variations.items())
        for choice in sorted({each for said in variations for each in said.custom.get("offer", ())})
        if menus is not None and choice not in menus.menus and choice not in menus.titles
    )
    if responses.policy is not None:
        faults.extend(check_policy(responses.policy, languages))
    return faults


def _parts(variations: Iterable[Variation]) -> list[set[str]]:
    found: list[set[str]] = [set(), set(), set()]
    for variation in variations:
        for name, form in placeholders(variation.text):
            found[0].add(f"{{{name}:{form}}}" if form else f"{{{name}}}")
        found[1].update(
            f"{button.payload} {variation.when.get(button.payload, '')}".strip()
            for button in variation.buttons
        )
        found[2].update(f"{name}: {value}" for name, value in variation.custom.items())
    return found
