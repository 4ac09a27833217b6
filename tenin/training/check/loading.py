"""The net below the other checks: what the running tiers refuse to load is always a finding."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from tenin.desk.desk_file import DeskFileError, load_desk_file
from tenin.invitation.rules import InvitationsError, load_invitations
from tenin.language.languages import LanguageError, load_languages
from tenin.language.menus import MenuError, load_menus
from tenin.language.wording import WordingError, load_responses
from tenin.language.yamlfile import YAMLFileError
from tenin.settings import SettingsError, load_settings
from tenin.training.check import kinds
from tenin.training.check.findings import Code
from tenin.training.check.project import Project

REFUSED = (
    *(DeskFileError, InvitationsError, LanguageError, MenuError, WordingError, YAMLFileError),
    SettingsError,
)


def check_loading(project: Project) -> None:
    """Add what a loader refuses in a file in which nothing else was found."""
    root = project.root
    loaders: tuple[tuple[str, Callable[[Path], object]], ...] = (
        (kinds.LANGUAGES.glob, load_languages),
        (kinds.MENUS.glob, load_menus),
        (kinds.DESK.glob, load_desk_file),
        (kinds.INVITATIONS.glob, load_invitations),
        ("data/responses", lambda path: load_responses(path, "")),
        (kinds.SETTINGS.glob, lambda path: load_settings(path.parent, {})),
    )
    told = {
        finding.file
        for source in project.sources.values()
        for finding in (*source.findings, *project.findings)
    } | {finding.file for finding in project.findings}
    for name, load in loaders:
        if any(file == name or file.startswith(f"{name}/") for file in told):
            continue
        try:
            load(root / name)
        except REFUSED as error:
            said = str(error).replace(f"{root}/", "")
            message, _, remedy = said.partition(". ")
            project.add(
                name,
                1,
                Code.NOT_LOADED,
                name,
                f"{message.rstrip('.')}.",
                remedy or "Correct it there.",
            )
        except OSError:
            continue  # told of as missing
