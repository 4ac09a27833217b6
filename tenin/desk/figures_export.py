"""The leads' figures as a file for spreadsheets: a row for each day, of each agent and skill."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from tenin.desk.figures import MEASURES, Figures, Measures

# By it spreadsheets know UTF-8.
BYTE_ORDER_MARK = "\ufeff"
# What a spreadsheet takes for the beginning of a formula.
FORMULA = ("=", "+", "-", "@", "\t", "\r")
TIMES = {
    "waiting_median",
    "waiting_p90",
    "message_median",
    "first_answer_median",
    "handling_median",
}
COLUMNS = tuple(name for name in MEASURES if name != "open_now")


def as_csv(by_day: Iterable[Figures], titles: Mapping[str, str], words: Mapping[str, Any]) -> str:
    """The figures of each day, with headings in the reader's language.

    Args:
        by_day: one for each day.
        titles: the skills' titles by their ids.
        words: the wording `leads.figures`.
    """
    lines = io.StringIO()
    writer = csv.writer(lines)
    writer.writerow(_safe(each) for each in _headings(words))
    for figures in by_day:
        day = figures.days.first.isoformat()
        for kind, name, measures in _groups(figures, titles, words):
            row = [day, words["kinds"][kind], name]
            row += [_value(measures, column) for column in COLUMNS]
            writer.writerow(_safe(each) for each in row)
    return BYTE_ORDER_MARK + lines.getvalue()


def _headings(words: Mapping[str, Any]) -> Iterator[str]:
    yield from (words["day"], words["kind"], words["name"])
    for column in COLUMNS:
        heading = str(words["columns"][column])
        yield words["in_seconds"].replace("{what}", heading) if column in TIMES else heading


def _groups(
    figures: Figures, titles: Mapping[str, str], words: Mapping[str, Any]
) -> Iterator[tuple[str, str, Measures]]:
    for each in figures.agents:
        yield "agent", str(each.name), each.measures
    for each in figures.skills:
        name = words["no_skill"] if each.id is None else titles.get(each.id, each.id)
        yield "skill", name, each.measures
    yield "all", "", figures.total


def _value(measures: Measures, column: str) -> str:
    value = getattr(measures, column)
    return "" if value is None else str(value)


def _safe(cell: str) -> str:
    """A cell that is text and nothing else to a spreadsheet."""
    return f"'{cell}" if cell.startswith(FORMULA) else cell
