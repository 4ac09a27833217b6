"""Draws which needs are taken for which: an SVG with the confused ones alone."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tenin.training.evaluate.figures import Comparison

MOST = 24
FEWEST = 2  # a single sentence taken for another need is no confusion yet
ALL_OF_FEW = 12

_TITLE = "Held-out sentences taken for another need"
_ROWS = "the need of the sentence"
_COLUMNS = "what it was taken for"
_NOTHING = "No need is taken for another."


def confusions(comparison: Comparison) -> Counter[tuple[str, str]]:
    """Count which need was taken for which, all languages together."""
    return Counter((each.sentence.need, each.answer.understood) for each in comparison.wrong)


def shown(counted: Counter[tuple[str, str]]) -> list[tuple[tuple[str, str], int]]:
    """Give the confusions worth a look, the most frequent first: all, if there are few."""
    ranked = sorted(counted.items(), key=lambda item: (-item[1], item[0]))
    if len(ranked) <= ALL_OF_FEW:
        return ranked
    return [each for each in ranked if each[1] >= FEWEST][:MOST]


def draw(comparison: Comparison, file: Path) -> Path:
    """Draw the confusions as SVG into a file and return it; the same ones give the same bytes."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    found = shown(confusions(comparison))
    rows = list(dict.fromkeys(need for (need, _), _ in found))
    columns = sorted({taken for (_, taken), _ in found})
    file.parent.mkdir(parents=True, exist_ok=True)
    # Letters stay letters: the picture can be searched, and read aloud.
    with matplotlib.rc_context({"svg.fonttype": "none", "svg.hashsalt": "tenin"}):
        size = 3.2 + 0.42 * max(len(columns), 6), 2.4 + 0.34 * max(len(rows), 3)
        figure, axes = pyplot.subplots(figsize=size, layout="constrained")
        if found:
            _cells(axes, rows, columns, found)
        else:
            axes.text(0.5, 0.5, _NOTHING, ha="center", va="center")
            axes.set_axis_off()
        axes.set_title(_TITLE, fontsize=11)
        figure.savefig(file, format="svg", metadata={"Date": None})
        pyplot.close(figure)
    return file


def _cells(
    axes: Any,
    rows: Sequence[str],
    columns: Sequence[str],
    found: Sequence[tuple[tuple[str, str], int]],
) -> None:
    import numpy as np

    most = max(count for _, count in found)
    grid = np.full((len(rows), len(columns)), np.nan)
    for (need, taken), count in found:
        row, column = rows.index(need), columns.index(taken)
        grid[row, column] = count
        colour = "white" if count > most * 0.6 else "black"
        middle = {"ha": "center", "va": "center"}
        axes.text(column, row, str(count), fontsize=8, color=colour, **middle)
    axes.imshow(grid, cmap="Oranges", vmin=0, aspect="auto")
    axes.set_xticks(range(len(columns)), columns, rotation=60, ha="right", fontsize=8)
    axes.set_yticks(range(len(rows)), rows, fontsize=8)
    axes.set_xlabel(_COLUMNS, fontsize=9)
    axes.set_ylabel(_ROWS, fontsize=9)
    axes.set_xticks(np.arange(-0.5, len(columns)), minor=True)
    axes.set_yticks(np.arange(-0.5, len(rows)), minor=True)
    axes.grid(which="minor", color="#dddddd", linewidth=0.5)
    axes.tick_params(which="both", length=0)
