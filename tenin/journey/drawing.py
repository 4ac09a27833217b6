"""Draws a blueprint as service designers do, as SVG: what `layout` has put in its place.

From top to bottom evidence, customer, the line of interaction, frontstage, the line of visibility,
backstage, the line of internal interaction, support. Everything is styled by attributes, so that
a page that forbids inline styles may hold the drawing.
"""

from __future__ import annotations

from collections.abc import Iterable
from html import escape
from typing import Any

import drawsvg as dw

from tenin.journey import layout
from tenin.journey.labels import label, of, wait_of
from tenin.journey.layout import BAND, COLUMN, GAP, LABEL, LANES, MARGIN, Box, Row, column
from tenin.journey.measure import width
from tenin.journey.model import Blueprint, Persona
from tenin.journey.wording import Said

SANS = "system-ui, 'Noto Sans', 'Segoe UI', 'Helvetica Neue', sans-serif"
SANS_OF = {
    "zh-Hans": f"'Noto Sans CJK SC', 'PingFang SC', 'Microsoft YaHei', {SANS}",
    "zh-Hant": f"'Noto Sans CJK TC', 'PingFang TC', 'Microsoft JhengHei', {SANS}",
    "ja": f"'Noto Sans CJK JP', 'Hiragino Sans', 'Yu Gothic', {SANS}",
}
MONO = "ui-monospace, 'DejaVu Sans Mono', Menlo, Consolas, monospace"

INK, GREY, PAPER, RULE = "#1f2a24", "#56635b", "#ffffff", "#c9d1cc"
FAIL, PEAK, END = "#b3261e", "#8a5300", "#1d5f8a"
FAIL_FILL, PEAK_FILL, END_FILL, WAIT_FILL = "#fdeceb", "#ffe2ad", "#cfe8f8", "#f3f5f4"
STAGE_FILL = "#2f5d46"
TONES = {"ink": INK, "grey": GREY, "fail": FAIL}
FILLS = {
    "evidence": ("#fff7e0", "#d9b44a"),
    "customer": ("#e4f1fb", "#5b9bd0"),
    "frontstage": ("#e6f4ea", "#5aa873"),
    "backstage": ("#f1ebfa", "#9079c0"),
    "support": ("#eef0f2", "#8b959e"),
    layout.FAIL: (FAIL_FILL, FAIL),
}
DASHES = {"interaction": None, "visibility": "10 6", "internal": "2 5"}
MARKS = {
    "peak": ("★ ", PEAK, PEAK_FILL),
    "end": ("⚑ ", END, END_FILL),
    "wait": ("◷ ", GREY, WAIT_FILL),
    "fail_point": ("⚠ ", FAIL, FAIL_FILL),
    "recovery": ("↺ ", INK, PAPER),
}


def draw(
    blueprint: Blueprint, persona: Persona | None, language: str, said: Said | None = None
) -> str:
    """Return the drawing as an SVG document.

    Args:
        blueprint: what to draw.
        persona: whose journey it is, for the head of the drawing.
        language: which of the texts; the first one there is where it is missing.
        said: the wording of a response in a language, shown beneath its name; none: names only.
    """
    laid_out = layout.lay_out(blueprint, persona, language, said)
    return _Drawing(blueprint, laid_out, language).svg()


class _Drawing:
    """One drawing, part after part."""

    def __init__(self, blueprint: Blueprint, laid_out: layout.Layout, language: str) -> None:
        self.blueprint, self.laid_out, self.language = blueprint, laid_out, language
        self.steps = laid_out.steps
        name = f"blueprint-{blueprint.key}"
        self.name = name
        self.drawing = dw.Drawing(
            laid_out.width,
            laid_out.height,
            id_prefix=f"{name}-",
            role="img",
            lang=language,
            aria_labelledby=f"{name}-title",
            aria_describedby=f"{name}-desc",
            font_family=SANS_OF.get(language, SANS),
        )

    def label(self, group: str, key: str) -> str:
        return label(group, key, self.language)

    def svg(self) -> str:
        """The whole picture."""
        title = escape(of(self.blueprint.title, self.language))
        self.drawing.append(dw.Raw(f'<title id="{self.name}-title">{title}</title>'))
        described = escape(self._described())
        self.drawing.append(dw.Raw(f'<desc id="{self.name}-desc">{described}</desc>'))
        self._rectangle(0, 0, self.laid_out.width, self.laid_out.height, fill=PAPER)
        self._write(self.laid_out.head, MARGIN, MARGIN)
        self._stages()
        self._remembered()
        self._lanes()
        self._marks()
        self._legend()
        return str(self.drawing.as_svg())

    def _described(self) -> str:
        """The drawing in words, for who doesn't see it."""
        parts = []
        for number, step in enumerate(self.steps, 1):
            marks = [self.label("words", key) for key in ("peak", "end") if getattr(step, key)]
            wait = wait_of(step, self.language)
            if wait:
                marks.append(f"{self.label('words', 'wait')}: {wait}")
            doing = of(step.customer, self.language)
            notes = [f"({', '.join(marks)})"] if marks else []
            notes += [
                f"{self.label('words', 'fail_point')}: {of(each.what, self.language)} "
                f"{self.label('words', 'recovery')}: {of(each.recovery, self.language)}"
                for each in step.fail_points
            ]
            parts.append(" ".join([f"{self.label('words', 'step')} {number}: {doing}", *notes]))
        return "\n".join(parts)

    # the parts

    def _stages(self) -> None:
        index, y = 0, self.laid_out.head_height
        for stage in self.blueprint.stages:
            begin = column(index)
            wide = column(index + len(stage.steps) - 1) + COLUMN - begin
            self._rectangle(begin, y, wide, BAND, rx=6, fill=STAGE_FILL)
            name = Row(self.label("stages", stage.key), 14.0, bold=True)
            self._line(name, begin + layout.PAD, y + 22, fill=PAPER)
            index += len(stage.steps)

    def _marks(self) -> None:
        """Above each column its number, its wait, and whether it is the peak or the end."""
        y = self.laid_out.marks_top
        for index, step in enumerate(self.steps):
            x = column(index)
            self.drawing.append(dw.Circle(x + 11, y + 14, 11, fill=RULE))
            number = Row(str(index + 1), layout.SMALL, bold=True)
            self._line(number, x + 11, y + 18, text_anchor="middle")
            at = x + 30
            for key in ("peak", "end"):
                if getattr(step, key):
                    at += self._chip(key, self.label("words", key), at, y)
            wait = wait_of(step, self.language)
            if wait:
                self._chip("wait", wait, at, y)

    def _chip(self, kind: str, text: str, x: float, y: float) -> float:
        sign, colour, fill = MARKS[kind]
        wide = width(sign + text, layout.SMALL) * 1.08 + 14
        self._rectangle(x, y + 3, wide, 22, rx=11, fill=fill, stroke=colour)
        self._line(Row(sign + text, layout.SMALL, bold=True), x + 7, y + 18, fill=colour)
        return wide + 6

    def _lanes(self) -> None:
        y = self.laid_out.top
        for lane in LANES:
            height = self.laid_out.lane_height(lane)
            fill, stroke = FILLS[lane]
            wide = self.laid_out.width - 2 * MARGIN
            self._rectangle(MARGIN, y, wide, height, fill=fill, fill_opacity=0.28)
            heading = layout.rows_of(self.label("lanes", lane), LABEL - 26, size=14.0, bold=True)
            for first in range(0, len(self.steps), layout.EVERY):
                x = column(first) - LABEL
                self._rectangle(x, y, 5, height, fill=stroke)
                self._write(heading, x + 14, y + layout.LANE_PAD)
            for index, boxes in enumerate(self.laid_out.cells[lane]):
                self._stack(boxes, column(index), y + layout.LANE_PAD)
                if lane == "customer" and index + 1 < len(self.steps):
                    begin, to = column(index) + COLUMN, column(index + 1)
                    self._arrow(begin, to, y + layout.LANE_PAD + 22)
            y += height
            if lane in layout.BOUNDARIES:
                self._boundary(layout.BOUNDARIES[lane], y)
                self._crossings(lane, y)
                y += BAND

    def _remembered(self) -> None:
        """Behind the peak and the end a band from top to bottom."""
        top = self.laid_out.head_height + BAND + 4
        for index, step in enumerate(self.steps):
            if step.peak or step.end:
                fill = PEAK_FILL if step.peak else END_FILL
                x, wide = column(index) - 7, COLUMN + 14
                high = self.laid_out.height - layout.FOOT - top
                self._rectangle(x, top, wide, high, fill=fill, fill_opacity=0.5)

    def _crossings(self, lane: str, y: float) -> None:
        """Where a step crosses a boundary, a short arrow does so too."""
        here, below = self.laid_out.cells[lane], LANES[LANES.index(lane) + 1]
        for index in range(len(self.steps)):
            if here[index] and self.laid_out.cells[below][index]:
                x = column(index) + COLUMN - 22
                self._stroke(x, y + 4, x, y + BAND - 8)
                self._head_of_arrow(x, y + BAND - 4, 0, 1)

    def _boundary(self, key: str, y: float) -> None:
        middle, right = y + BAND / 2, self.laid_out.width - MARGIN
        style = {"stroke_dasharray": DASHES[key]} if DASHES[key] else {}
        self._stroke(MARGIN, middle, right, middle, stroke=INK, stroke_width=1.6, **style)
        # Beside the lanes' names, where no step crosses it.
        text = self.label("boundaries", key)
        wide = width(text, layout.SMALL) * 1.08 + 16
        for first in range(0, len(self.steps), layout.EVERY):
            x = column(first) - LABEL + 6
            self._rectangle(x, middle - 10, wide, 20, fill=PAPER)
            self._line(Row(text, layout.SMALL, bold=True), x + 8, middle + 4)

    def _arrow(self, begin: float, to: float, y: float) -> None:
        if to - begin > GAP:  # on to the columns beyond the lanes' names, which it must not cross
            self._stroke(begin + 2, y, begin + GAP - 8, y)
            begin = to - GAP
        self._stroke(begin + 2, y, to - 6, y)
        self._head_of_arrow(to - 2, y, 1, 0)

    def _head_of_arrow(self, x: float, y: float, dx: int, dy: int) -> None:
        back, side = 6, 4
        points = (
            x, y,
            x - dx * back - dy * side, y - dy * back - dx * side,
            x - dx * back + dy * side, y - dy * back + dx * side,
        )  # fmt: skip
        self.drawing.append(dw.Lines(*points, close=True, fill=GREY))

    def _legend(self) -> None:
        x, y = MARGIN, self.laid_out.height - 44
        for kind in MARKS:
            x += self._chip(kind, self.label("words", kind), x, y)

    # what parts are made of

    def _stack(self, boxes: Iterable[Box], x: float, y: float) -> None:
        for box in boxes:
            fill, stroke = FILLS[box.kind]
            self._rectangle(x, y, COLUMN, box.height, rx=6, fill=fill, stroke=stroke)
            self._write(box.rows, x + layout.PAD, y + layout.PAD)
            y += box.height + layout.BETWEEN

    def _write(self, rows: Iterable[Row], x: float, y: float) -> None:
        for row in rows:
            self._line(row, x, y + row.above + row.size)
            y += row.height

    def _line(self, row: Row, x: float, y: float, **style: Any) -> None:
        if row.code:
            style["font_family"] = MONO
        if row.bold:
            style["font_weight"] = 600
        style.setdefault("fill", TONES[row.tone])
        self.drawing.append(dw.Text(row.text, row.size, x, y, **style))

    def _rectangle(self, x: float, y: float, wide: float, high: float, **style: Any) -> None:
        self.drawing.append(dw.Rectangle(x, y, wide, high, **style))

    def _stroke(self, x: float, y: float, to_x: float, to_y: float, **style: Any) -> None:
        style = {"stroke": GREY, "stroke_width": 1.5, **style}
        self.drawing.append(dw.Line(x, y, to_x, to_y, **style))
