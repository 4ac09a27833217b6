"""Where things stand in a drawing: each text in its box, each box in its lane and column."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tenin.journey import layout
from tenin.journey.layout import BAND, COLUMN, EVERY, GAP, LABEL, LANES, PAD, Box, column, lay_out
from tenin.journey.measure import width
from tenin.journey.model import Blueprint
from tenin.journey.reading import read_all
from tenin.journey.wording import load_sayer
from tenin.language.languages import configured
from tests.system import PROJECT

READ = read_all(PROJECT)
SAID = load_sayer(PROJECT)
STAGES = tuple(stage for each in READ.blueprints for stage in each.stages)
BLUEPRINTS = {
    **{each.key: each for each in READ.blueprints},
    "thirty": replace(READ.blueprints[0], stages=STAGES),
}


def laid_out(blueprint: Blueprint, language: str) -> layout.Layout:
    return lay_out(blueprint, READ.personas[blueprint.persona], language, SAID)


@pytest.mark.parametrize("language", configured().ready)
@pytest.mark.parametrize("name", list(BLUEPRINTS))
def test_everything_has_its_place(name: str, language: str) -> None:
    found = laid_out(BLUEPRINTS[name], language)
    heights = 0.0
    for lane in LANES:
        cells = found.cells[lane]
        assert len(cells) == len(found.steps)
        for boxes in cells:
            assert layout.stacked(boxes) + 2 * layout.LANE_PAD <= found.lane_height(lane)
            for box in boxes:
                assert box.rows
                for row in box.rows:
                    assert width(row.text, row.size, row.code) <= COLUMN - 2 * PAD, row.text
        heights += found.lane_height(lane)
    assert found.top + heights + BAND * len(layout.BOUNDARIES) < found.height
    for row in found.head:
        assert layout.MARGIN + width(row.text, row.size) <= found.width
    assert found.head_height < found.marks_top < found.top


def test_columns_stand_apart_and_leave_room_for_the_lanes_names() -> None:
    assert column(0) == layout.MARGIN + LABEL
    for index in range(1, 40):
        apart = column(index) - column(index - 1) - COLUMN
        assert apart == GAP + (LABEL if index % EVERY == 0 else 0)
    assert layout.width_of(40) > column(39) + COLUMN


def test_a_name_of_code_stands_close_to_what_it_belongs_to() -> None:
    box = Box("frontstage")
    box.add("One sentence that is long enough to be broken into two lines.")
    box.add("utter_name", code=True)
    box.add("Another.")
    above = [row.above for row in box.rows]
    assert [row.text for row in box.rows][-2:] == ["utter_name", "Another."]
    assert above[-1] > 0
    assert set(above[:-1]) == {0.0}
    assert box.height == 2 * PAD + sum(row.size * layout.LEADING for row in box.rows) + above[-1]
