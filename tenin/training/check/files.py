"""Files that lie where nobody reads them, and those that must be there."""

from __future__ import annotations

from pathlib import Path

from tenin.training.check.findings import Code
from tenin.training.check.kinds import BESIDE, FOLDERS, KINDS, kind_of
from tenin.training.check.project import Project
from tenin.training.check.sources import Source

OTHER_ENDINGS = (".yaml", ".txt", ".yml.txt", ".yaml.txt")


def check_files(project: Project) -> None:
    """Add files with a wrong ending or in a folder too deep or too high, and those missing."""
    for kind in KINDS:
        if kind.required and not project.of(kind):
            project.add(
                kind.glob,
                1,
                Code.FILE_MISSING,
                kind.glob,
                f"The file with {kind.what} is missing.",
                f"Put {kind.glob} back into the project's folder.",
            )
    roots = {Path(kind.glob).stem for kind in KINDS if "/" not in kind.glob}
    for path in sorted(project.root.iterdir()):
        if path.is_file() and path.name.partition(".")[0] in roots and _is_other(path):
            _ending(project, path)
    for folder in FOLDERS:
        for path in sorted((project.root / folder).rglob("*")):
            if not path.is_file() or path.name.startswith("."):
                continue
            if path.suffix != ".yml" and path.suffix not in BESIDE:
                _ending(project, path)
    for name, source in project.sources.items():
        if name.startswith(FOLDERS) and kind_of(name)[0] is None:
            _place(source, name)


def _is_other(path: Path) -> bool:
    return path.suffix in (".yaml", ".yml.txt") or path.name.endswith(OTHER_ENDINGS)


def _ending(project: Project, path: Path) -> None:
    name = path.relative_to(project.root).as_posix()
    stem = path.name.partition(".")[0]
    project.add(
        name,
        1,
        Code.ENDING,
        path.name,
        "The file doesn't end in .yml, so it isn't read.",
        f"Rename it to {stem}.yml, or move it elsewhere. (If you see no ending, have the "
        "computer show them.)",
    )


def _place(source: Source, name: str) -> None:
    folder = next(each for each in FOLDERS if name.startswith(each))
    kind = next(each for each in KINDS if each.glob.startswith(folder))
    wanted = kind.glob.replace("*/", "<language>/").replace("*", "<name>")
    message = "The file lies where none of its kind is looked for."
    source.add(1, Code.WRONG_FOLDER, source.path.name, message, f"Move it to {wanted}.")
