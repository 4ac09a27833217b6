"""The command `tenin check`."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path

from tenin.settings import Settings

Command = Callable[[Settings, argparse.Namespace], int | None]
Add = Callable[[str, Command, str], argparse.ArgumentParser]

TEXT = "Check everything that trainers and the shop write; exit code 1 if something is wrong."


def add_check(add: Add) -> None:
    """Add the command by `add`, which takes a name, a function and a line of help."""
    check = add("check", _check, TEXT)
    check.set_defaults(root_alone=True)
    check.add_argument(
        "files", nargs="*", type=Path, metavar="FILE", help="tell of these files or folders alone"
    )
    how = check.add_mutually_exclusive_group()
    how.add_argument("--json", action="store_true", help="print the findings as JSON")
    how.add_argument("--ci", action="store_true", help="print them as annotations of a CI service")


def _check(settings: Settings, given: argparse.Namespace) -> int:
    from tenin.settings import SettingsError
    from tenin.training.check.output import as_json, for_ci, for_people
    from tenin.training.check.whole import check

    root = settings.root
    if not any((root / name).exists() for name in ("domain.yml", "data", "menus.yml")):
        raise SettingsError(
            f"{root} has no domain.yml: change to the folder of the project, or set TENIN_ROOT"
        )
    wanted = []
    for file in given.files:
        path = file.resolve() if file.is_absolute() else (Path.cwd() / file).resolve()
        if not path.exists() or not path.is_relative_to(root):
            raise SettingsError(f"{file} is no file of the project: name one below {root}")
        wanted.append(path.relative_to(root).as_posix())
    findings = [
        finding
        for finding in check(root)
        if not wanted
        or any(
            each == "." or finding.file == each or finding.file.startswith(f"{each}/")
            for each in wanted
        )
    ]
    if given.json:
        print(as_json(findings))
    else:
        for line in for_ci(findings) if given.ci else for_people(findings):
            print(line)
    return 1 if findings else 0
