"""Asks what was learnt for every held-out sentence; as a process of its own for older code.

    python -m tenin.training.evaluate.asking SENTENCES ANSWERS

learns in the current folder, with the code found there, and writes what is understood of the
texts in a JSON file: a base whose code differs is asked so.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass
from pathlib import Path

from tenin.language.classification import OUT_OF_SCOPE
from tenin.training.understanding import Understanding, learn


@dataclass(frozen=True)
class Answer:
    """What is understood of a text: the need, `out_of_scope` if refused, and how surely."""

    understood: str
    likeliest: str
    confidence: float


def ask(
    understanding: Understanding, texts: Iterable[str], say: Callable[[str], None]
) -> dict[str, Answer]:
    """Ask for each text as the bot takes it: with its clauses, and what goes first of two wishes.

    `say` is told when it begins.
    """
    wanted = list(dict.fromkeys(texts))
    say(f"asking for {len(wanted)} held-out sentences")
    answers: dict[str, Answer] = {}
    for text in wanted:
        judgement = understanding.read(text).judgement
        need, confidence = judgement.confidences[0]
        answers[text] = Answer(OUT_OF_SCOPE if judgement.refused else need, need, confidence)
    return answers


def read_answers(file: Path) -> dict[str, Answer]:
    """Read what a process has written. Raises OSError, ValueError, TypeError or KeyError."""
    found = json.loads(file.read_text(encoding="utf-8"))
    return {text: Answer(**answer) for text, answer in found["answers"].items()}


def main(arguments: list[str]) -> None:
    """Learn here, ask for the texts of one file, write the other."""
    texts = json.loads(Path(arguments[0]).read_text(encoding="utf-8"))

    def say(line: str) -> None:
        print(line, file=sys.stderr, flush=True)

    understanding = learn(Path.cwd(), say)
    answers = ask(understanding, texts, say)
    written = {"answers": {text: asdict(answer) for text, answer in answers.items()}}
    Path(arguments[1]).write_text(json.dumps(written), encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
