"""Runs what needs the trained model: the stories (`rasa test core`) and the dialogues (pytest)."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import xml.etree.ElementTree as ElementTree
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from tenin import model
from tenin.language.yamlfile import YAMLFileError, read_yaml
from tenin.training.evaluate.quality import Fault
from tenin.training.faults import TrainedError as TrainedError

STORIES = "tests/stories"
DIALOGUES = "tests/dialogues"
FOLDER = "var/evaluate"

Say = Callable[[str], None]


@dataclass(frozen=True)
class Ran:
    """What was run, in a line, and what broke."""

    line: str
    faults: tuple[Fault, ...]


def run_stories(root: Path, trained: Path, say: Say) -> Ran:
    """Run the story tests on a trained model. Raises TrainedError when they don't run."""
    say("running the stories")
    out = root / FOLDER / "stories"
    shutil.rmtree(out, ignore_errors=True)
    command = [sys.executable, "-m", "rasa", "test", "core", "--stories", STORIES]
    command += ["--model", str(trained), "--out", str(out), "--no-plot"]
    done = _run(command, root, model.rasa_environment())
    failed = out / "failed_test_stories.yml"
    if done.returncode != 0 or not failed.is_file():
        raise TrainedError(f"the stories can't be run ({_last(done)}): try `make check`")
    return broken_stories(failed)


def broken_stories(file: Path) -> Ran:
    """Read what `rasa test core` writes of the stories that broke. Raises TrainedError."""
    try:
        found = read_yaml(file) or {}
    except (OSError, YAMLFileError) as error:
        raise TrainedError(
            f"what the stories gave can't be read ({error}): run it again"
        ) from error
    names = [str(each.get("story", "?")) for each in found.get("stories") or []]
    told = f"{len(names)} broke" if names else "all hold"
    return Ran(
        f"stories: {told}",
        tuple(Fault("story", f"the story {name!r} broke: see {file}") for name in names),
    )


def run_dialogues(root: Path, say: Say) -> Ran:
    """Hold the written dialogues with the running system. Raises TrainedError."""
    if not (root / DIALOGUES).is_dir():
        raise TrainedError(f"{root / DIALOGUES} isn't there: leave out --dialogues")
    say("holding the dialogues with the whole system; this takes minutes")
    out = root / FOLDER / "dialogues.xml"
    out.parent.mkdir(parents=True, exist_ok=True)
    out.unlink(missing_ok=True)
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", DIALOGUES]
    done = _run([*command, f"--junitxml={out}"], root, os.environ)
    if not out.is_file():
        raise TrainedError(f"the dialogues can't be held ({_last(done)}): run `make test` once")
    return broken_dialogues(out)


def broken_dialogues(file: Path) -> Ran:
    """Read what pytest writes of the dialogues that broke. Raises TrainedError."""
    try:
        cases = list(ElementTree.parse(file).iter("testcase"))  # noqa: S314
    except (OSError, ElementTree.ParseError) as error:
        raise TrainedError(
            f"what the dialogues gave can't be read ({error}): run it again"
        ) from error
    broken = [
        str(case.get("name"))
        for case in cases
        if case.find("failure") is not None or case.find("error") is not None
    ]
    if not cases:
        raise TrainedError(f"{file} has no dialogues: run `make test` once")
    told = f"{len(broken)} of {len(cases)} broke" if broken else f"all {len(cases)} hold"
    faults = (Fault("dialogue", f"the dialogue {name!r} broke: see {file}") for name in broken)
    return Ran(f"dialogues: {told}", tuple(faults))


def _run(
    command: list[str], root: Path, env: Mapping[str, str]
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(  # noqa: S603 (ours)
        command, cwd=root, env=dict(env), capture_output=True, text=True, check=False
    )


def _last(done: subprocess.CompletedProcess[str]) -> str:
    lines = [line for line in (done.stdout + done.stderr).splitlines() if line.strip()]
    return lines[-1].strip()[:200] if lines else f"exit code {done.returncode}"
