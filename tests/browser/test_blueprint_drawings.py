"""Drawings of blueprints in a real browser: of ten and of thirty steps, no text leaves its box."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from playwright.sync_api import BrowserContext

from tenin.journey.drawing import draw
from tenin.journey.reading import read_all
from tenin.journey.wording import load_sayer
from tenin.language.languages import configured
from tests.system import PROJECT

# Of each text the smallest box that it begins in, and whether it reaches beyond it.
BEYOND = """() => {
  const boxes = [...document.querySelectorAll("rect")].map((rect) => rect.getBBox());
  const area = (box) => box.width * box.height;
  const found = [];
  for (const text of document.querySelectorAll("text")) {
    const at = text.getBBox();
    const middle = at.y + at.height / 2;
    const [box] = boxes.filter((each) => at.x >= each.x && at.x <= each.x + each.width
      && middle >= each.y && middle <= each.y + each.height).sort((a, b) => area(a) - area(b));
    if (at.x + at.width > box.x + box.width || at.y < box.y - 1
      || at.y + at.height > box.y + box.height + 1) {
      found.push(text.textContent);
    }
  }
  return {texts: document.querySelectorAll("text").length, found};
}"""


@pytest.mark.parametrize("language", configured().ready)
def test_every_text_stays_in_its_box(
    new_context: Callable[..., BrowserContext], language: str
) -> None:
    read, said = read_all(PROJECT), load_sayer(PROJECT)
    first = read.blueprints[0]
    stages = tuple(stage for each in read.blueprints for stage in each.stages)
    thirty = replace(first, stages=stages)
    assert len(list(thirty.steps)) >= 30
    page = new_context().new_page()
    for blueprint in (*read.blueprints, thirty):
        svg = draw(blueprint, read.personas[blueprint.persona], language, said)
        page.set_content(svg[svg.index("<svg") :])
        seen = page.evaluate(BEYOND)
        assert seen["texts"] > 100
        assert seen["found"] == []
