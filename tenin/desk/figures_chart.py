"""Draws how many asked for a person and how many were served, hour by hour or day by day.

Everything is styled by attributes, so that a page that forbids inline styles may hold the drawing.
What it shows stands in its title too, for those who don't see it.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence

import drawsvg as dw

ASKED, SERVED = "#d9a441", "#2c5a45"
SOFT, RULE = "#56615a", "#e2ddd0"
WIDTH, HEIGHT = 440, 170
LEFT, BOTTOM, TOP = 30, 24, 10
FONT = "system-ui, sans-serif"
MOST_LABELS = 8


def draw(steps: Sequence[tuple[int, int]], labels: Sequence[str], title: str) -> str:
    """Return an SVG element with two bars for each step: asked, and served.

    Args:
        steps: asked and served of each.
        labels: what each step is called; some are left out where they are many.
        title: what the drawing shows, in words.
    """
    drawing = dw.Drawing(WIDTH, HEIGHT, id_prefix="figures-", role="img")
    drawing.append_title(title)
    most = _round_up(max((max(step) for step in steps), default=0))
    floor, room = HEIGHT - BOTTOM, HEIGHT - BOTTOM - TOP
    for part in (0, 0.5, 1):
        y = floor - room * part
        drawing.append(dw.Line(LEFT, y, WIDTH, y, stroke=RULE, stroke_width=1))
        drawing.append(_text(f"{most * part:g}", LEFT - 6, y + 4, "end"))
    step_width = (WIDTH - LEFT) / max(1, len(steps))
    bar = min(24.0, step_width * 0.36)
    every = -(-len(steps) // MOST_LABELS)
    for place, (pair, label) in enumerate(zip(steps, labels, strict=True)):
        middle = LEFT + step_width * (place + 0.5)
        for value, x, colour in zip(pair, (middle - bar, middle), (ASKED, SERVED), strict=True):
            if value:
                high = room * value / most
                drawing.append(dw.Rectangle(x, floor - high, bar, high, fill=colour, rx=1.5))
        if place % every == 0:
            drawing.append(_text(label, middle, HEIGHT - 7, "middle"))
    svg: str = drawing.as_svg()
    return svg[svg.index("<svg") :]


def _text(text: str, x: float, y: float, anchor: str) -> dw.Text:
    return dw.Text(text, 12, x, y, text_anchor=anchor, fill=SOFT, font_family=FONT)


def _round_up(most: int) -> int:
    """The top of the scale: an even number that reads well."""
    scale = (base * int(10**power) for power in itertools.count() for base in (2, 4, 10))
    return next(top for top in scale if top >= most)
