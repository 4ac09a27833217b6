"""Asks a trainer at a terminal for what a sheet lacks; without one, all is given as options."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Any

from tenin.training.adding.project import AddingError, Project
from tenin.training.adding.sheet import LISTS, Sheet

QUESTIONS = {
    "title": "What does its button say?",
    "answer": "What is the answer?",
    "examples": "What do customers write? One sentence at a time, an empty one ends",
    "held_out": "And to grade it, other sentences, better by somebody else? An empty one ends",
}


def at_terminal() -> bool:
    """Tell whether somebody can be asked."""
    return sys.stdin.isatty() and sys.stdout.isatty()


def ask_text(question: str) -> str:
    """Ask for a line; Ctrl-C ends the command."""
    import questionary

    return str(questionary.text(question).unsafe_ask()).strip()


def ask_choice(question: str, choices: Sequence[str], default: str | None = None) -> str:
    """Ask for one of several."""
    import questionary

    return str(questionary.select(question, choices=list(choices), default=default).unsafe_ask())


def ask_lines(question: str) -> list[str]:
    """Ask for lines until an empty one."""
    lines: list[str] = []
    while line := ask_text(f"{question} ({len(lines) + 1}):"):
        lines.append(line)
    return lines


def fill(sheet: Sheet, project: Project, wanted: Sequence[str]) -> None:
    """Ask for what a sheet lacks in the ready languages."""
    for code in project.languages.ready:
        for what in wanted:
            words: dict[str, Any] = sheet.words.setdefault(code, {})
            if words.get(what):
                continue
            question = f"[{project.languages.names[code]}] {QUESTIONS[what]}"
            if what in LISTS and what != "answer":
                words[what] = ask_lines(question)
            else:
                said = ask_text(question)
                words[what] = [said] if what == "answer" else said


def need_name(given: str | None, kind: str) -> str:
    """Give the name that was given or ask for it. Raises AddingError without a terminal."""
    if given:
        return given
    if not at_terminal():
        raise AddingError(
            f"no name was given. Name the {kind}, as in `tenin add {kind} gift_wrapping`, or give "
            f"a sheet with --from"
        )
    return ask_text(f"What is the {kind} called? (small letters and underscores)")
