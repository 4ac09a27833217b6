"""Shows a comparison: as tables in the terminal, as Markdown for a pull request, as JSON."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from tabulate import tabulate

from tenin.training.evaluate.figures import Changed, Comparison, Count
from tenin.training.evaluate.quality import Fault

FORMAT = 1
MOST_SENTENCES = 40
LOWEST_NEEDS = 10
_HEADS = ["", "base", "change", "points", "better", "worse"]


@dataclass(frozen=True)
class Report:
    """All that was found out: the comparison, why it fails, and what it was made of.

    `base` names the base; None without one. `learnt` says how base and change were learnt,
    `ran` what else was run and how it went, a line each.
    """

    root: Path
    comparison: Comparison
    faults: Sequence[Fault]
    base: str | None
    learnt: Sequence[str]
    ran: Sequence[str] = field(default=())


def as_text(report: Report) -> str:
    """Give the report for a terminal."""
    parts = [*report.learnt, ""]
    parts += [_table(_language_rows(report.comparison), "simple"), ""]
    if rows := _need_rows(report.comparison):
        parts += ["Needs that changed:", _table(rows, "simple"), ""]
    for title, changed in _lists(report.comparison):
        parts += [f"{title} ({len(changed)}):"]
        parts += [f"  {_sentence(report, each)}" for each in changed[:MOST_SENTENCES]]
        parts += _more(changed)
        parts += [""]
    if report.comparison.new:
        parts += [
            f"Held-out sentences that the base doesn't have: {len(report.comparison.new)}",
            "",
        ]
    parts += ["Lowest needs:", _lowest(report.comparison, "simple"), ""]
    parts += [*report.ran, *([""] if report.ran else [])]
    parts += [_verdict(report), *(f"  {fault.text}" for fault in report.faults)]
    return "\n".join(parts)


def as_markdown(report: Report) -> str:
    """Give the report as the summary of a pull request."""
    parts = [f"## {_verdict(report)}", ""]
    parts += [*(f"- {fault.text}" for fault in report.faults), *([""] if report.faults else [])]
    parts += [_table(_language_rows(report.comparison), "github"), ""]
    if rows := _need_rows(report.comparison):
        parts += ["### Needs that changed", "", _table(rows, "github"), ""]
    for title, changed in _lists(report.comparison):
        parts += [f"<details><summary>{title}: {len(changed)}</summary>", ""]
        heads = ["sentence", "its need", "base", "change"]
        lines = [
            [
                _escaped(f"{each.sentence.text}{' (new)' if _is_new(report, each) else ''}"),
                f"{each.sentence.need} ({each.sentence.language})",
                each.before.understood,
                each.after.understood,
            ]
            for each in changed[:MOST_SENTENCES]
        ]
        parts += [tabulate(lines, heads, "github", disable_numparse=True), *_more(changed)]
        parts += ["", "</details>", ""]
    parts += ["<details><summary>Lowest needs</summary>", ""]
    parts += [_lowest(report.comparison, "github"), "", "</details>", ""]
    parts += [f"- {line}" for line in [*report.learnt, *report.ran]]
    return "\n".join(parts) + "\n"


def as_data(report: Report) -> dict[str, Any]:
    """Give the report as plain data, for JSON."""
    comparison = report.comparison
    before = comparison.before
    return {
        "format": FORMAT,
        "passed": not report.faults,
        "base": report.base,
        "faults": [asdict(fault) for fault in report.faults],
        "languages": {
            language: {
                "change": asdict(comparison.after.count(language=language)),
                "base": asdict(before.count(language=language)) if before else None,
            }
            for language in comparison.after.languages
        },
        "needs": [
            {
                "need": need,
                "language": language,
                "change": asdict(count),
                "base": asdict(before.count(need, language)) if before else None,
            }
            for (need, language), count in comparison.after.cells.items()
        ],
        "changed": [
            {
                **_place(report, each.sentence),
                "base": asdict(each.before),
                "change": asdict(each.after),
                "new": _is_new(report, each),
            }
            for each in comparison.changed
        ],
        "wrong": [
            {**_place(report, each.sentence), "change": asdict(each.answer)}
            for each in comparison.wrong
        ],
        "learnt": list(report.learnt),
        "ran": list(report.ran),
    }


def _verdict(report: Report) -> str:
    if report.faults:
        return f"Quality gate: failed, for {len(report.faults)} reasons"
    lost = report.comparison.lost()
    if report.base is None:
        return "Quality gate: passed; nothing is under its floor"
    change = f"{-lost} sentences more" if lost < 0 else f"{lost} sentences fewer"
    against = f"{change} understood than {report.base}" if lost else f"as many as {report.base}"
    return f"Quality gate: passed; {against}"


def _language_rows(comparison: Comparison) -> list[list[str]]:
    names: list[str | None] = [*comparison.after.languages, None]
    return [_row(comparison, language or "all", None, language) for language in names]


def _need_rows(comparison: Comparison) -> list[list[str]]:
    moved = {each.sentence.need for each in comparison.changed if each.better or each.worse}
    order = sorted(moved, key=lambda need: (-comparison.lost(need), need))
    return [_row(comparison, need, need, None) for need in order]


def _row(comparison: Comparison, name: str, need: str | None, language: str | None) -> list[str]:
    def mine(changed: Sequence[Changed]) -> int:
        return sum(
            need in (None, each.sentence.need) and language in (None, each.sentence.language)
            for each in changed
        )

    after = comparison.after.count(need, language)
    if comparison.before is None:
        return [name, "", _percent(after), "", "", ""]
    before = comparison.before.count(need, language)
    points = 100 * (after.share - before.share)
    moved = [str(mine(comparison.better)), str(mine(comparison.worse))]
    return [name, _percent(before), _percent(after), f"{points:+.1f}", *moved]


def _table(rows: list[list[str]], form: str) -> str:
    right = ("left", "right", "right", "right", "right", "right")
    return str(tabulate(rows, _HEADS, form, colalign=right, disable_numparse=True))


def _lowest(comparison: Comparison, form: str) -> str:
    after = comparison.after
    lowest = sorted(after.needs, key=lambda need: (after.count(need).share, need))[:LOWEST_NEEDS]
    rows = [
        [need, *(_cell(after.cells.get((need, language))) for language in after.languages)]
        for need in lowest
    ]
    return str(tabulate(rows, ["", *after.languages], form, disable_numparse=True))


def _cell(count: Count | None) -> str:
    return str(count) if count else "none"


def _percent(count: Count) -> str:
    return f"{count} ({100 * count.share:.1f} %)"


def _lists(comparison: Comparison) -> list[tuple[str, list[Changed]]]:
    other = [each for each in comparison.changed if not each.better and not each.worse]
    lists = [
        ("Worse", comparison.worse),
        ("Better", comparison.better),
        ("Wrong as before, but taken for something else", other),
    ]
    return [(title, changed) for title, changed in lists if changed]


def _more(changed: Sequence[Changed]) -> list[str]:
    more = len(changed) - MOST_SENTENCES
    return [f"  and {more} more: see them by --json"] if more > 0 else []


def _sentence(report: Report, each: Changed) -> str:
    new = " (new)" if _is_new(report, each) else ""
    return (
        f"{each.sentence.text!r}{new}: {each.sentence.need} ({each.sentence.language}), "
        f"was {each.before.understood} {each.before.confidence:.2f}, "
        f"is {each.after.understood} {each.after.confidence:.2f}"
    )


def _is_new(report: Report, each: Changed) -> bool:
    return each.sentence in report.comparison.new


def _place(report: Report, sentence: Any) -> dict[str, Any]:
    return {
        "text": sentence.text,
        "need": sentence.need,
        "language": sentence.language,
        "file": sentence.file.relative_to(report.root).as_posix(),
        "line": sentence.line,
    }


def _escaped(text: str) -> str:
    """Give a customer's words so that they are no markup, and stay in their cell."""
    for sign in "\\`*_[]<>|":
        text = text.replace(sign, f"\\{sign}")
    return text
