"""What stands where in a drawing of a blueprint: the boxes of all cells, then heights and widths.

Steps are columns, what they need are lanes. `drawing` writes the result down as SVG; nothing here
knows of that, or of colours: a box names its kind, a line of text its tone.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from tenin.journey.labels import label, of
from tenin.journey.measure import shorten, wrap
from tenin.journey.model import Blueprint, FailPoint, Persona, Step
from tenin.journey.wording import Said

MARGIN, LABEL, COLUMN, GAP = 28.0, 152.0, 196.0, 20.0
PAD, BETWEEN, LANE_PAD, PARAGRAPH = 10.0, 8.0, 14.0, 5.0
SIZE, SMALL, CODE_SIZE, LEADING = 13.0, 11.5, 11.5, 1.36
EVERY = 10  # columns after which the lanes' names stand again
BAND = 34.0  # height of a stage's head and of a boundary's line
MARKS = 32.0  # height of the marks above a column
FOOT = 56.0  # height of the legend with the space around it
LONGEST_LINE = 1100.0
MOST_SAID = 3  # lines of what the bot says

LANES = ("evidence", "customer", "frontstage", "backstage", "support")
BOUNDARIES = {"customer": "interaction", "frontstage": "visibility", "backstage": "internal"}
FAIL = "fail"  # the kind of a fail point's box, besides the lanes


@dataclass(frozen=True)
class Row:
    """One line of text in a box; `above` is the space over it."""

    text: str
    size: float = SIZE
    code: bool = False
    tone: str = "ink"
    bold: bool = False
    above: float = 0.0

    @property
    def height(self) -> float:
        """How high it is, with the space over it."""
        return self.above + self.size * LEADING


@dataclass
class Box:
    """Rows in a frame, as one cell of a lane has them; `kind` is the lane's name or FAIL."""

    kind: str
    rows: list[Row] = field(default_factory=list)

    @property
    def height(self) -> float:
        """How high it is with all its rows."""
        return 2 * PAD + rows_height(self.rows)

    def add(self, text: str, **style: Any) -> None:
        """Add a text, wrapped to the width of a column.

        A name of code belongs to what it stands beneath; anything else is a paragraph of its own.
        """
        above = PARAGRAPH if self.rows and not style.get("code") else 0.0
        self.rows += rows_of(text, COLUMN - 2 * PAD, above=above, **style)


@dataclass(frozen=True)
class Layout:
    """A blueprint laid out: what stands in each cell of a lane, and where lanes and columns are."""

    steps: Sequence[Step]
    cells: Mapping[str, Sequence[Sequence[Box]]]
    head: Sequence[Row]

    @property
    def width(self) -> float:
        """The whole drawing's."""
        return width_of(len(self.steps))

    @property
    def head_height(self) -> float:
        """Where the stages begin, below title and persona."""
        return MARGIN + rows_height(self.head) + 18

    @property
    def marks_top(self) -> float:
        """Where the marks above the columns begin."""
        return self.head_height + BAND + 8

    @property
    def top(self) -> float:
        """Where the lanes begin."""
        marked = any(step.peak or step.end or step.wait for step in self.steps)
        return self.marks_top + (MARKS if marked else 0.0)

    @property
    def height(self) -> float:
        """The whole drawing's."""
        lanes = sum(self.lane_height(lane) for lane in LANES)
        return self.top + lanes + BAND * len(BOUNDARIES) + FOOT

    def lane_height(self, lane: str) -> float:
        """How high a lane is: as its highest cell."""
        return max((stacked(boxes) for boxes in self.cells[lane]), default=0.0) + 2 * LANE_PAD


def lay_out(
    blueprint: Blueprint, persona: Persona | None, language: str, said: Said | None
) -> Layout:
    """Return a blueprint laid out in a language; what it takes is what `drawing.draw` takes."""
    steps = list(blueprint.steps)
    cells = {lane: [_cell(lane, step, language, said) for step in steps] for lane in LANES}
    return Layout(steps, cells, _head(blueprint, persona, language, width_of(len(steps))))


def column(index: int) -> float:
    """Where a column begins, from the left."""
    return MARGIN + index * (COLUMN + GAP) + LABEL * (1 + index // EVERY)


def width_of(steps: int) -> float:
    """How wide a drawing of so many steps is."""
    return column(steps - 1) + COLUMN + GAP + MARGIN


def rows_of(text: str, most: float, limit: int | None = None, **style: Any) -> list[Row]:
    """Return a text in lines of at most that width, and of at most `limit` lines.

    `style` is what a Row has besides its text; `above` is for the first.
    """
    size, code = style.get("size", SIZE), style.get("code", False)
    above = style.pop("above", 0.0)
    # A bold face is wider.
    lines = wrap(text, most / (1.08 if style.get("bold") else 1.0), size, code)
    lines = shorten(lines, limit) if limit else lines
    return [Row(line, above=0.0 if at else above, **style) for at, line in enumerate(lines)]


def rows_height(rows: Iterable[Row]) -> float:
    """How high rows are beneath each other."""
    return sum(row.height for row in rows)


def stacked(boxes: Sequence[Box]) -> float:
    """How high boxes are beneath each other."""
    return sum(box.height for box in boxes) + BETWEEN * max(0, len(boxes) - 1)


def _cell(lane: str, step: Step, language: str, said: Said | None) -> list[Box]:
    box = Box(lane)
    boxes = [box]
    front, back = step.frontstage, step.backstage
    if lane == "evidence":
        box.add(of(step.evidence, language))
    elif lane == "customer":
        box.add(of(step.customer, language))
        if front.intent:
            box.add(front.intent, size=CODE_SIZE, code=True, tone="grey")
    elif lane == "frontstage":
        if front.form:
            box.add(f"{label('words', 'form', language)}:", size=SMALL, tone="grey")
            box.add(front.form, size=CODE_SIZE, code=True)
        for response in front.responses:
            if said is not None:
                box.add(said(response, language), limit=MOST_SAID)
            box.add(response, size=CODE_SIZE, code=True, tone="grey")
        if back.agent is not None:
            box.add(label("words", "agent", language), bold=True)
        boxes += [_fail_point(each, language) for each in step.fail_points]
    elif lane == "backstage":
        if back.agent is not None:
            box.add(of(back.agent, language))
        for action in back.actions:
            box.add(action, size=CODE_SIZE, code=True)
    else:
        boxes = []
        for key in step.support:
            each = Box(lane)
            each.add(label("support", key, language))
            boxes.append(each)
    return [each for each in boxes if each.rows]


def _fail_point(point: FailPoint, language: str) -> Box:
    box = Box(FAIL)
    box.add(f"⚠ {of(point.what, language)}", tone="fail")
    box.add(f"↺ {of(point.recovery, language)}")
    for name in (*point.actions, *point.responses):
        box.add(name, size=CODE_SIZE, code=True, tone="grey")
    return box


def _head(
    blueprint: Blueprint, persona: Persona | None, language: str, whole_width: float
) -> list[Row]:
    most = max(whole_width - 2 * MARGIN, COLUMN)
    rows = rows_of(of(blueprint.title, language), most, size=24.0, bold=True)
    if persona is not None:
        name = f"{label('words', 'persona', language)}: {of(persona.name, language)}"
        rows += rows_of(name, most, size=15.0, bold=True)
        for key in ("situation", "goal", "way_of_writing"):
            text = f"{label('words', key, language)}: {of(getattr(persona, key), language)}"
            rows += rows_of(text, min(most, LONGEST_LINE), tone="grey")
    return rows
