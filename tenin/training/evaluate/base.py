"""The base of a comparison: another state of the project, taken from git into var/cache/base."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from tenin.training.evaluate.asking import Answer, ask, read_answers
from tenin.training.faults import BaseError as BaseError
from tenin.training.understanding import learn

FOLDER = "var/cache/base"
KEPT = 3
FILES = ("config.yml", "languages.yml", "data/nlu", "tests/nlu")
# With another state of these the base learns by its own code, if that can be asked.
CODE = ("tenin/language", "tenin/training")
ASKING = "tenin/training/evaluate/asking.py"
MAIN = ("main", "origin/main", "master", "origin/master")

Say = Callable[[str], None]


@dataclass(frozen=True)
class Base:
    """A state of the project: its commit, how it was named, the folder that it was taken to.

    `own_code` tells that the code that learns is another there, and is taken along.
    """

    commit: str
    name: str
    folder: Path
    own_code: bool


def find_base(root: Path, revision: str | None = None) -> Base:
    """Take the base out of git: the revision, or what a change is likely to be compared with.

    That is the last commit while something isn't committed; else where the branch left main, and
    on main the commit before. Raises BaseError.
    """
    if revision is None:
        revision, name = _likely(root)
    else:
        name = revision
    commit = _git(root, "rev-parse", "--verify", "--quiet", f"{revision}^{{commit}}")
    if not commit:
        raise BaseError(
            f"git knows no revision {revision!r} here: name a branch, a tag or a commit by --base"
        )
    own_code = _git(root, "diff", "--name-only", commit, "--", "tenin/language") != ""
    has_asking = _git(root, "ls-tree", "--name-only", commit, ASKING) != ""
    folder = _taken(root, commit, [*FILES, *(["tenin"] if own_code and has_asking else [])])
    return Base(commit, name, folder, own_code and has_asking)


def ask_base(root: Path, base: Base, texts: Iterable[str], say: Say) -> dict[str, Answer]:
    """Learn the base and ask it for the texts.

    Raises UnderstandingError, YAMLFileError or BaseError.
    """
    if not base.own_code:
        return ask(learn(base.folder, say, like=root), texts, say)
    with tempfile.TemporaryDirectory(prefix="asking-", dir=base.folder.parent) as scratch:
        asked, answered = Path(scratch, "texts.json"), Path(scratch, "answers.json")
        asked.write_text(json.dumps(list(texts)), encoding="utf-8")
        say("the code that learns differs: the base is asked by its own")
        command = [sys.executable, "-m", "tenin.training.evaluate.asking"]
        done = subprocess.run(  # noqa: S603 (ours)
            [*command, str(asked), str(answered)],
            cwd=base.folder,
            env=os.environ | {"PYTHONPATH": str(base.folder), "TENIN_ROOT": str(base.folder)},
            capture_output=True,
            text=True,
            check=False,
        )
        try:
            return read_answers(answered)
        except (OSError, ValueError, TypeError, KeyError) as error:
            last = done.stderr.strip().splitlines()[-1:] or ["it said nothing"]
            raise BaseError(
                f"the base {base.name} can't be asked ({last[0]}): choose another by --base"
            ) from error


def _likely(root: Path) -> tuple[str, str]:
    if not shutil.which("git") or _git(root, "rev-parse", "HEAD") == "":
        raise BaseError("this folder is no git repository with a commit: leave out the comparison")
    if _git(root, "status", "--porcelain", "--", *FILES, *CODE):
        return "HEAD", "the last commit"
    for main in MAIN:
        if found := _git(root, "merge-base", "HEAD", main):
            if found != _git(root, "rev-parse", "HEAD"):
                return found, f"where the branch left {main}"
            break
    if not _git(root, "rev-parse", "--verify", "--quiet", "HEAD^"):
        raise BaseError("there is only one commit: nothing to compare with yet")
    return "HEAD^", "the commit before"


def _taken(root: Path, commit: str, names: list[str]) -> Path:
    """Give the folder with these files of a commit; taken once."""
    there = [name for name in names if _git(root, "ls-tree", "--name-only", commit, name)]
    folder = root / FOLDER / f"{commit[:16]}-{len(there)}"
    if not folder.is_dir():
        folder.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix="new-", dir=folder.parent) as made:
            archive = Path(made, "base.tar")
            _git(root, "archive", "--format=tar", f"--output={archive}", commit, "--", *there)
            with tarfile.open(archive) as tar:
                tar.extractall(Path(made, "tree"))  # noqa: S202 (git's own)
            Path(made, "tree").rename(folder)
    folder.touch()
    others = sorted(
        (each for each in folder.parent.iterdir() if each.name[:1] != "n" and each != folder),
        key=lambda each: each.stat().st_mtime,
    )
    for old in others[: max(0, len(others) - KEPT + 1)]:
        shutil.rmtree(old, ignore_errors=True)
    return folder


def _git(root: Path, *arguments: str) -> str:
    """Give what git says, stripped; nothing when it refuses."""
    done = subprocess.run(  # noqa: S603
        ["git", *arguments],  # noqa: S607
        cwd=root,
        capture_output=True,
        text=True,
        check=False,
    )
    return done.stdout.strip() if done.returncode == 0 else ""
