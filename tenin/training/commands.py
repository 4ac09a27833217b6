"""The commands of the trainers' workshop; each room's own are plugged in by a line."""

from __future__ import annotations

import argparse
from collections.abc import Callable

from tenin.settings import Settings
from tenin.training import try_command
from tenin.training.adding import commands as adding
from tenin.training.check.commands import add_check
from tenin.training.evaluate import command as evaluate
from tenin.training.missed import commands as missed

Command = Callable[[Settings, argparse.Namespace], int | None]
Add = Callable[[str, Command, str], argparse.ArgumentParser]


def add_commands(add: Add) -> None:
    """Add the workshop's commands by `add`, which takes a name, a function and a line of help."""
    add_check(add)
    adding.add_commands(add)
    missed.add_commands(add)
    try_command.add_commands(add)
    evaluate.add_commands(add)


def known_faults() -> tuple[type[Exception], ...]:
    """Return the faults of the workshop that are told in a line; asked for when one was raised."""
    from tenin.language.languages import LanguageError
    from tenin.language.menus import MenuError
    from tenin.training.adding.project import AddingError
    from tenin.training.faults import (
        BaseError,
        QualityError,
        TrainedError,
        UnderstandingError,
    )
    from tenin.training.missed.decisions import DecisionError
    from tenin.training.missed.export import ExportError
    from tenin.training.missed.gathering import GatheringError
    from tenin.training.writing import WritingError

    return (
        AddingError,
        WritingError,
        LanguageError,
        MenuError,
        DecisionError,
        ExportError,
        GatheringError,
        UnderstandingError,
        BaseError,
        QualityError,
        TrainedError,
    )
