"""What a model says of itself: version, data hash, languages and figures, beside its archive.

Written by `tenin.model` when a model was trained (`models/tenin-<hash>.json`), shown by `tenin
models`, given figures before a release, and looked at before an older model is put to work again:
one that other code has trained is refused.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timezone
from importlib.metadata import version
from pathlib import Path
from typing import Any

from tenin import __version__
from tenin.language.languages import LanguageError, load_languages
from tenin.language.yamlfile import YAMLFileError

FORMAT = 1
MEASURING_SECONDS = 600
ASKED = "tests/nlu"
_MEASURING = "tenin.training.model_figures"


class CardError(ValueError):
    """A model's card is missing, damaged or of another version; the message names the remedy."""


@dataclass(frozen=True)
class Card:
    """What is known of a model.

    `data` is the hash of all that it was trained from, `code` that of the code alone. `figures`
    are the held-out sentences understood rightly, as `732 of 812`, by language; none where they
    could not be asked.
    """

    version: str
    rasa: str
    data: str
    code: str
    trained_at: str
    languages: tuple[str, ...]
    figures: Mapping[str, str]


def make(root: Path, data: str, code: str) -> Card:
    """Make the card of a model that was just trained, without figures: `measured` adds them."""
    try:
        languages = load_languages(root / "languages.yml").ready
    except (LanguageError, YAMLFileError, OSError, AttributeError):
        languages = ()
    return Card(
        version=__version__,
        rasa=version("rasa"),
        data=data,
        code=code,
        trained_at=datetime.now(timezone.utc).isoformat(timespec="seconds"),
        languages=languages,
        figures={},
    )


def card_file(model: Path) -> Path:
    """Give where the card of a model belongs."""
    return model.with_name(model.name.removesuffix(".tar.gz") + ".json")


def write(card: Card, file: Path) -> None:
    """Write a card."""
    written = {"format": FORMAT, **asdict(card)}
    file.write_text(json.dumps(written, indent=1) + "\n", encoding="utf-8")


def read(model: Path) -> Card:
    """Read the card of a model. Raises CardError."""
    file = card_file(model)
    try:
        found: Any = json.loads(file.read_text(encoding="utf-8"))
        if found.pop("format") != FORMAT:
            raise CardError(f"{model} was trained by another version of Tenin: run `make train`")
        card = Card(**{**found, "languages": tuple(found["languages"])})
        dict(card.figures)
    except FileNotFoundError:
        raise CardError(
            f"{model} has no card ({file.name}): an older version of Tenin trained it; "
            "run `make train`"
        ) from None
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        if isinstance(error, CardError):
            raise
        raise CardError(f"{file} is damaged: delete {model.name} and run `make train`") from error
    return card


def measured(root: Path, model: Path) -> Card:
    """Give a model's card with figures; asks it for the held-out sentences if it has none yet.

    That takes a minute or two of one core. Raises CardError.
    """
    card = read(model)
    if not card.figures:
        card = replace(card, figures=_figures(root, model))
        write(card, card_file(model))
    return card


def check_version(model: Path, code: str) -> Card:
    """Give the card of a model that this code can work with. Raises CardError."""
    card = read(model)
    if card.code != code or card.rasa != version("rasa"):
        raise CardError(
            f"{model} was trained by other code (Tenin {card.version}, Rasa {card.rasa}): "
            "check that version out, or run `make train`"
        )
    return card


def _figures(root: Path, model: Path) -> dict[str, str]:
    """Ask a model for the held-out sentences, in a process of its own; nothing if it can't be."""
    if not (root / ASKED).is_dir():
        return {}
    with suppress(OSError, ValueError, subprocess.TimeoutExpired):
        done = subprocess.run(  # noqa: S603 (ours)
            [sys.executable, "-m", _MEASURING, str(root), str(model)],
            capture_output=True,
            text=True,
            timeout=MEASURING_SECONDS,
            check=False,
        )
        return {str(key): str(value) for key, value in json.loads(done.stdout).items()}
    return {}
