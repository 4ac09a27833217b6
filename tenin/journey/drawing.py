"""Draws a blueprint as service designers do: steps are columns, what they need are lanes.

From top to bottom evidence, customer, the line of interaction, frontstage, the line of visibility,
backstage, the line of internal interaction, support. Everything is styled by attributes, so that
a page that forbids inline styles may hold the drawing.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import lru_cache
from html import escape
from pathlib import Path
from typing import Any

import drawsvg as dw
from babel.units import format_unit

from tenin.journey.measure import shorten, width, wrap
from tenin.journey.model import Blueprint, FailPoint, Persona, Step, Text
from tenin.journey.wording import Said
from tenin.language.yamlfile import read_yaml

SANS = "system-ui, 'Noto Sans', 'Segoe UI', 'Helvetica Neue', sans-serif"
SANS_OF = {
    "zh-Hans": f"'Noto Sans CJK SC', 'PingFang SC', 'Microsoft YaHei', {SANS}",
    "zh-Hant": f"'Noto Sans CJK TC', 'PingFang TC', 'Microsoft JhengHei', {SANS}",
    "ja": f"'Noto Sans CJK JP', 'Hiragino Sans', 'Yu Gothic', {SANS}",
}
MONO = "ui-monospace, 'DejaVu Sans Mono', Menlo, Consolas, monospace"
BABEL = {"zh-Hans": "zh_Hans", "zh-Hant": "zh_Hant"}

MARGIN, LABEL, COLUMN, GAP = 28.0, 152.0, 196.0, 20.0
PAD, BETWEEN, LANE_PAD = 10.0, 8.0, 14.0
SIZE, SMALL, CODE_SIZE, LEADING = 13.0, 11.5, 11.5, 1.36
EVERY = 10  # columns after which the lanes' names stand again
BAND = 34.0  # height of a stage's head and of a boundary's line
MOST_SAID = 3  # lines of what the bot says

INK, GREY, PAPER, RULE = "#1f2a24", "#56635b", "#ffffff", "#c9d1cc"
LANES = ("evidence", "customer", "frontstage", "backstage", "support")
FILLS = {
    "evidence": ("#fff7e0", "#d9b44a"),
    "customer": ("#e4f1fb", "#5b9bd0"),
    "frontstage": ("#e6f4ea", "#5aa873"),
    "backstage": ("#f1ebfa", "#9079c0"),
    "support": ("#eef0f2", "#8b959e"),
}
BOUNDARIES = {"customer": "interaction", "frontstage": "visibility", "backstage": "internal"}
DASHES = {"interaction": None, "visibility": "10 6", "internal": "2 5"}
FAIL, PEAK, END = "#b3261e", "#8a5300", "#1d5f8a"
FAIL_FILL, PEAK_FILL, END_FILL = "#fdeceb", "#ffe2ad", "#cfe8f8"


@dataclass(frozen=True)
class Row:
    """One line of text in a box."""

    text: str
    size: float = SIZE
    code: bool = False
    colour: str = INK
    bold: bool = False


@dataclass
class Box:
    """Rows in a frame, as one cell of a lane has them."""

    fill: str
    stroke: str
    rows: list[Row] = field(default_factory=list)

    @property
    def height(self) -> float:
        """How high it is with all its rows."""
        return 2 * PAD + sum(row.size * LEADING for row in self.rows)

    def add(self, text: str, **style: Any) -> None:
        """Add a text, wrapped to the width of a column."""
        self.rows += _rows(text, COLUMN - 2 * PAD, **style)


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
    return _Drawing(blueprint, persona, language, said).svg()


@lru_cache(maxsize=1)
def labels() -> dict[str, dict[str, Text]]:
    """Return the labels of labels.yml: lanes, boundaries, stages, support and words."""
    found: dict[str, dict[str, Text]] = read_yaml(Path(__file__).with_name("labels.yml"))
    return found


def of(text: Text, language: str) -> str:
    """Return a text in a language, or in the first it is there in."""
    return text.get(language) or next(iter(text.values()))


def _rows(text: str, most: float, limit: int | None = None, **style: Any) -> list[Row]:
    size, code = style.get("size", SIZE), style.get("code", False)
    # A bold face is wider.
    lines = wrap(text, most / (1.08 if style.get("bold") else 1.0), size, code)
    return [Row(line, **style) for line in (shorten(lines, limit) if limit else lines)]


class _Drawing:
    """One drawing: the boxes of all cells first, then the lanes' heights, then the picture."""

    def __init__(
        self, blueprint: Blueprint, persona: Persona | None, language: str, said: Said | None
    ) -> None:
        self.blueprint, self.persona, self.language = blueprint, persona, language
        self.said = said
        self.font = SANS_OF.get(language, SANS)
        self.steps = list(blueprint.steps)
        self.cells = {lane: [self._cell(lane, step) for step in self.steps] for lane in LANES}
        self.heights = {
            lane: max((_stacked(boxes) for boxes in cells), default=0.0) + 2 * LANE_PAD
            for lane, cells in self.cells.items()
        }
        self.width = self._x(len(self.steps) - 1) + COLUMN + GAP + MARGIN
        self.head = self._head()
        self.head_height = MARGIN + _rows_height(self.head) + 18
        self.top = self.head_height + BAND + 8 + self._marks_height()
        lanes = sum(self.heights.values()) + BAND * len(BOUNDARIES)
        self.height = self.top + lanes + 56

    def label(self, group: str, key: str) -> str:
        return of(labels()[group][key], self.language)

    def text(self, text: Text) -> str:
        return of(text, self.language)

    # what stands in the cells

    def _cell(self, lane: str, step: Step) -> list[Box]:
        fill, stroke = FILLS[lane]
        box = Box(fill, stroke)
        front, back = step.frontstage, step.backstage
        boxes = [box]
        if lane == "evidence":
            box.add(self.text(step.evidence))
        elif lane == "customer":
            box.add(self.text(step.customer))
            if front.intent:
                box.add(front.intent, size=CODE_SIZE, code=True, colour=GREY)
        elif lane == "frontstage":
            if front.form:
                box.add(f"{self.label('words', 'form')}:", size=SMALL, colour=GREY)
                box.add(front.form, size=CODE_SIZE, code=True)
            for response in front.responses:
                if self.said is not None:
                    box.add(self.said(response, self.language), limit=MOST_SAID)
                box.add(response, size=CODE_SIZE, code=True, colour=GREY)
            if back.agent is not None:
                box.add(self.label("words", "agent"), bold=True)
            boxes += [self._fail_point(each) for each in step.fail_points]
        elif lane == "backstage":
            if back.agent is not None:
                box.add(self.text(back.agent))
            for action in back.actions:
                box.add(action, size=CODE_SIZE, code=True)
        else:
            boxes = []
            for key in step.support:
                each = Box(fill, stroke)
                each.add(self.label("support", key))
                boxes.append(each)
        return [each for each in boxes if each.rows]

    def _fail_point(self, point: FailPoint) -> Box:
        box = Box(FAIL_FILL, FAIL)
        box.add(f"⚠ {self.text(point.what)}", colour=FAIL)
        box.add(f"↺ {self.text(point.recovery)}")
        for name in (*point.actions, *point.responses):
            box.add(name, size=CODE_SIZE, code=True, colour=GREY)
        return box

    def _head(self) -> list[Row]:
        most = max(self.width - 2 * MARGIN, COLUMN)
        rows = _rows(self.text(self.blueprint.title), most, size=24.0, bold=True)
        if self.persona is not None:
            name = f"{self.label('words', 'persona')}: {self.text(self.persona.name)}"
            rows += _rows(name, most, size=15.0, bold=True)
            for key in ("situation", "goal", "way_of_writing"):
                text = f"{self.label('words', key)}: {self.text(getattr(self.persona, key))}"
                rows += _rows(text, min(most, 1100.0), colour=GREY)
        return rows

    def _marks_height(self) -> float:
        marked = any(step.peak or step.end or step.wait for step in self.steps)
        return 32.0 if marked else 0.0

    def _wait(self, step: Step) -> str | None:
        if step.wait is None:
            return None
        amount = step.wait.amount
        locale = BABEL.get(self.language, self.language)
        whole = int(amount) if amount == int(amount) else amount
        return str(format_unit(whole, f"duration-{step.wait.unit}", "long", locale=locale))

    def described(self) -> str:
        """The drawing in words, for who doesn't see it."""
        parts = []
        for number, step in enumerate(self.steps, 1):
            marks = [self.label("words", key) for key in ("peak", "end") if getattr(step, key)]
            wait = self._wait(step)
            if wait:
                marks.append(f"{self.label('words', 'wait')}: {wait}")
            said = f"{self.label('words', 'step')} {number}: {self.text(step.customer)}"
            notes = [f"({', '.join(marks)})"] if marks else []
            notes += [
                f"{self.label('words', 'fail_point')}: {self.text(each.what)} "
                f"{self.label('words', 'recovery')}: {self.text(each.recovery)}"
                for each in step.fail_points
            ]
            parts.append(" ".join([said, *notes]))
        return "\n".join(parts)

    # the picture

    def svg(self) -> str:
        """The whole picture."""
        name = f"blueprint-{self.blueprint.key}"
        drawing = dw.Drawing(
            self.width,
            self.height,
            id_prefix=f"{name}-",
            role="img",
            lang=self.language,
            aria_labelledby=f"{name}-title",
            aria_describedby=f"{name}-desc",
            font_family=self.font,
        )
        title = escape(self.text(self.blueprint.title))
        drawing.append(dw.Raw(f'<title id="{name}-title">{title}</title>'))
        drawing.append(dw.Raw(f'<desc id="{name}-desc">{escape(self.described())}</desc>'))
        drawing.append(dw.Rectangle(0, 0, self.width, self.height, fill=PAPER))
        self._write(drawing, self.head, MARGIN, MARGIN)
        self._stages(drawing)
        self._lanes(drawing)
        self._marks(drawing)
        self._legend(drawing)
        return str(drawing.as_svg())

    def _x(self, index: int) -> float:
        """Where a column begins."""
        return MARGIN + index * (COLUMN + GAP) + LABEL * (1 + index // EVERY)

    def _stages(self, drawing: dw.Drawing) -> None:
        index = 0
        for stage in self.blueprint.stages:
            begin = self._x(index)
            wide = self._x(index + len(stage.steps) - 1) + COLUMN - begin
            drawing.append(dw.Rectangle(begin, self.head_height, wide, BAND, rx=6, fill="#2f5d46"))
            text = self.label("stages", stage.key)
            self._line(
                drawing,
                Row(text, 14.0, colour=PAPER, bold=True),
                begin + PAD,
                self.head_height + 22,
            )
            index += len(stage.steps)

    def _marks(self, drawing: dw.Drawing) -> None:
        """Above each column its number, its wait, and whether it is the peak or the end."""
        y = self.head_height + BAND + 8
        for index, step in enumerate(self.steps):
            x = self._x(index)
            drawing.append(dw.Circle(x + 11, y + 14, 11, fill=RULE))
            number = Row(str(index + 1), SMALL, bold=True)
            self._line(drawing, number, x + 11, y + 18, text_anchor="middle")
            at = x + 30
            wait = self._wait(step)
            chips = [("peak", "★ ", PEAK, PEAK_FILL), ("end", "⚑ ", END, END_FILL)]
            for key, sign, colour, fill in chips:
                if getattr(step, key):
                    at += self._chip(drawing, sign + self.label("words", key), at, y, colour, fill)
            if wait:
                self._chip(drawing, f"◷ {wait}", at, y, GREY, "#f3f5f4")

    def _chip(
        self, drawing: dw.Drawing, text: str, x: float, y: float, colour: str, fill: str
    ) -> float:
        wide = width(text, SMALL) * 1.08 + 14
        drawing.append(dw.Rectangle(x, y + 3, wide, 22, rx=11, fill=fill, stroke=colour))
        self._line(drawing, Row(text, SMALL, colour=colour, bold=True), x + 7, y + 18)
        return wide + 6

    def _lanes(self, drawing: dw.Drawing) -> None:
        y = self.top
        self._remembered(drawing)
        for lane in LANES:
            height = self.heights[lane]
            fill, stroke = FILLS[lane]
            drawing.append(
                dw.Rectangle(
                    MARGIN, y, self.width - 2 * MARGIN, height, fill=fill, fill_opacity=0.28
                )
            )
            heading = _rows(self.label("lanes", lane), LABEL - 26, size=14.0, bold=True)
            for first in range(0, len(self.steps), EVERY):
                x = self._x(first) - LABEL
                drawing.append(dw.Rectangle(x, y, 5, height, fill=stroke))
                self._write(drawing, heading, x + 14, y + LANE_PAD)
            for index, boxes in enumerate(self.cells[lane]):
                self._stack(drawing, boxes, self._x(index), y + LANE_PAD)
                if lane == "customer" and index + 1 < len(self.steps):
                    begin, to = self._x(index) + COLUMN, self._x(index + 1)
                    self._arrow(drawing, begin, to, y + LANE_PAD + 22)
            y += height
            if lane in BOUNDARIES:
                self._boundary(drawing, BOUNDARIES[lane], y)
                self._crossings(drawing, lane, y)
                y += BAND

    def _remembered(self, drawing: dw.Drawing) -> None:
        """Behind the peak and the end a band from top to bottom."""
        top = self.head_height + BAND + 4
        for index, step in enumerate(self.steps):
            if step.peak or step.end:
                fill = PEAK_FILL if step.peak else END_FILL
                x, wide = self._x(index) - 7, COLUMN + 14
                high = self.height - 56 - top
                drawing.append(dw.Rectangle(x, top, wide, high, fill=fill, fill_opacity=0.5))

    def _crossings(self, drawing: dw.Drawing, lane: str, y: float) -> None:
        """Where a step crosses a boundary, a short arrow does so too."""
        below = LANES[LANES.index(lane) + 1]
        for index in range(len(self.steps)):
            if self.cells[lane][index] and self.cells[below][index]:
                x = self._x(index) + COLUMN - 22
                drawing.append(dw.Line(x, y + 4, x, y + BAND - 8, stroke=GREY, stroke_width=1.5))
                self._head_of_arrow(drawing, x, y + BAND - 4, 0, 1)

    def _boundary(self, drawing: dw.Drawing, key: str, y: float) -> None:
        middle = y + BAND / 2
        style = {"stroke_dasharray": DASHES[key]} if DASHES[key] else {}
        drawing.append(
            dw.Line(
                MARGIN, middle, self.width - MARGIN, middle, stroke=INK, stroke_width=1.6, **style
            )
        )
        # Beside the lanes' names, where no step crosses it.
        text = self.label("boundaries", key)
        wide = width(text, SMALL) * 1.08 + 16
        for first in range(0, len(self.steps), EVERY):
            x = self._x(first) - LABEL + 6
            drawing.append(dw.Rectangle(x, middle - 10, wide, 20, fill=PAPER))
            self._line(drawing, Row(text, SMALL, colour=INK, bold=True), x + 8, middle + 4)

    def _arrow(self, drawing: dw.Drawing, begin: float, to: float, y: float) -> None:
        if to - begin > GAP:  # on to the columns beyond the lanes' names, which it must not cross
            drawing.append(dw.Line(begin + 2, y, begin + GAP - 8, y, stroke=GREY, stroke_width=1.5))
            begin = to - GAP
        drawing.append(dw.Line(begin + 2, y, to - 6, y, stroke=GREY, stroke_width=1.5))
        self._head_of_arrow(drawing, to - 2, y, 1, 0)

    def _head_of_arrow(self, drawing: dw.Drawing, x: float, y: float, dx: int, dy: int) -> None:
        back, side = 6, 4
        points = (
            x, y,
            x - dx * back - dy * side, y - dy * back - dx * side,
            x - dx * back + dy * side, y - dy * back + dx * side,
        )  # fmt: skip
        drawing.append(dw.Lines(*points, close=True, fill=GREY))

    def _stack(self, drawing: dw.Drawing, boxes: Iterable[Box], x: float, y: float) -> None:
        for box in boxes:
            drawing.append(
                dw.Rectangle(x, y, COLUMN, box.height, rx=6, fill=box.fill, stroke=box.stroke)
            )
            self._write(drawing, box.rows, x + PAD, y + PAD)
            y += box.height + BETWEEN

    def _legend(self, drawing: dw.Drawing) -> None:
        x, y = MARGIN, self.height - 44
        for key, sign, colour, fill in (
            ("peak", "★ ", PEAK, PEAK_FILL),
            ("end", "⚑ ", END, END_FILL),
            ("wait", "◷ ", GREY, "#f3f5f4"),
            ("fail_point", "⚠ ", FAIL, FAIL_FILL),
            ("recovery", "↺ ", INK, PAPER),
        ):
            x += self._chip(drawing, sign + self.label("words", key), x, y, colour, fill)

    def _write(self, drawing: dw.Drawing, rows: Iterable[Row], x: float, y: float) -> None:
        for row in rows:
            self._line(drawing, row, x, y + row.size)
            y += row.size * LEADING

    def _line(self, drawing: dw.Drawing, row: Row, x: float, y: float, **style: Any) -> None:
        if row.code:
            style["font_family"] = MONO
        if row.bold:
            style["font_weight"] = 600
        drawing.append(dw.Text(row.text, row.size, x, y, fill=row.colour, **style))


def _rows_height(rows: Iterable[Row]) -> float:
    return sum(row.size * LEADING for row in rows)


def _stacked(boxes: list[Box]) -> float:
    return sum(box.height for box in boxes) + BETWEEN * max(0, len(boxes) - 1)
