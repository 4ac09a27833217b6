"""The command `tenin evaluate`."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Sequence
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from tenin.settings import Settings

if TYPE_CHECKING:  # commands import when they run
    from tenin.training.evaluate.trained import Ran

PICTURE = "var/evaluate/confusion.svg"


def add_commands(add: Callable[..., argparse.ArgumentParser]) -> None:
    """Add the command, by what takes a name, a function and a line of help."""
    text = "Compare what is understood with the base; exit code 1 if too much is lost."
    evaluate = add("evaluate", run, text)
    evaluate.add_argument("--base", metavar="REV", help="the git revision to compare with")
    evaluate.add_argument(
        "--without-base", action="store_true", help="compare with nothing: floors alone"
    )
    evaluate.add_argument(
        "--whole", action="store_true", help="learn all anew, however little changed"
    )
    evaluate.add_argument(
        "--stories", action="store_true", help="run the stories too, on the trained model"
    )
    evaluate.add_argument(
        "--dialogues", action="store_true", help="hold the dialogues too, with the whole system"
    )
    evaluate.add_argument("--markdown", type=Path, metavar="FILE", help="write a summary")
    evaluate.add_argument("--json", type=Path, metavar="FILE", help="write all of it as data")
    evaluate.add_argument(
        "--picture", type=Path, metavar="FILE", help=f"where to draw it (default: {PICTURE})"
    )
    evaluate.add_argument(
        "--set-floors", action="store_true", help="write these figures as floors in quality.yml"
    )


def run(settings: Settings, given: argparse.Namespace) -> int:
    """Learn, compare and show; return 1 when the change may not go."""
    from tenin.training.corpus import HELD_OUT, read_sentences
    from tenin.training.evaluate import report as shown
    from tenin.training.evaluate.asking import ask
    from tenin.training.evaluate.base import ask_base, find_base
    from tenin.training.evaluate.figures import compare
    from tenin.training.evaluate.picture import draw
    from tenin.training.evaluate.quality import (
        QualityError,
        judge,
        read_quality,
        set_floors,
    )
    from tenin.training.understanding import learn

    root = settings.root
    quality = read_quality(root)
    sentences = read_sentences(root, HELD_OUT)
    if not sentences:
        raise QualityError(f"{root / HELD_OUT} has no sentences: nothing to evaluate with")
    texts = [each.text for each in sentences]
    base = None if given.without_base or given.set_floors else find_base(root, given.base)
    before, known = None, None
    learnt: list[str] = []
    if base is not None:
        _say(f"base: {base.name} ({base.commit[:10]})")
        before = ask_base(root, base, texts, _say)
        known = read_sentences(base.folder, HELD_OUT)
        learnt.append(f"base: {base.name}, {base.commit[:10]}")
    understanding = learn(root, _say, whole=given.whole)
    learnt.append(f"change: {understanding.learnt}")
    comparison = compare(sentences, ask(understanding, texts, _say), before, known or [])
    if given.set_floors:
        _say(f"floors set in {set_floors(root, comparison.after, date.today())}")
        quality = read_quality(root)
    faults, ran = judge(comparison, quality), []
    for each in _trained(root, given):
        faults += each.faults
        ran.append(each.line)
    report = shown.Report(root, comparison, faults, base.name if base else None, learnt, ran)
    picture = draw(comparison, given.picture or settings.path(PICTURE))
    print(shown.as_text(report))
    _say(f"picture: {picture}")
    _write(given.markdown, shown.as_markdown(report))
    _write(given.json, json.dumps(shown.as_data(report), ensure_ascii=False, indent=1) + "\n")
    return 1 if faults else 0


def _trained(root: Path, given: argparse.Namespace) -> Sequence[Ran]:
    from tenin import model
    from tenin.training.evaluate.trained import run_dialogues, run_stories

    found: list[Ran] = []
    if given.stories or given.dialogues:
        trained = model.train(root, _say)
        if given.stories:
            found.append(run_stories(root, trained, _say))
        if given.dialogues:
            found.append(run_dialogues(root, _say))
    return found


def _write(file: Path | None, text: str) -> None:
    from tenin.training.evaluate.quality import QualityError

    if file is None:
        return
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
    except OSError as error:
        raise QualityError(
            f"{file} can't be written ({error.strerror}): name another file"
        ) from error
    _say(f"written: {file}")


def _say(line: str) -> None:
    """Tell the progress; the report alone goes to stdout."""
    print(line, file=sys.stderr, flush=True)
