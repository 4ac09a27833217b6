"""The drawing of a blueprint: whole in every language, every text within its box."""

from __future__ import annotations

import re
from dataclasses import replace
from xml.etree import ElementTree

import pytest

from tenin.journey.drawing import draw
from tenin.journey.labels import labels
from tenin.journey.layout import LANES
from tenin.journey.measure import shorten, width, wrap
from tenin.journey.model import Blueprint
from tenin.journey.reading import read_all
from tenin.journey.wording import load_sayer
from tenin.language.languages import configured
from tests.system import PROJECT

SVG = "{http://www.w3.org/2000/svg}"
READ = read_all(PROJECT)
BLUEPRINTS = {each.key: each for each in READ.blueprints}
SAID = load_sayer(PROJECT)
each_language = pytest.mark.parametrize("language", configured().ready)


def drawn(blueprint: Blueprint, language: str) -> str:
    return draw(blueprint, READ.personas[blueprint.persona], language, SAID)


def texts(svg: str) -> list[str]:
    tree = ElementTree.fromstring(svg)
    return ["".join(each.itertext()) for each in tree.iter(f"{SVG}text")]


@each_language
@pytest.mark.parametrize("name", list(BLUEPRINTS))
def test_a_drawing_shows_lanes_lines_marks_and_fail_points(name: str, language: str) -> None:
    blueprint = BLUEPRINTS[name]
    svg = drawn(blueprint, language)
    said = "".join(texts(svg)).replace(" ", "")
    for lane in LANES:
        assert labels()["lanes"][lane][language].replace(" ", "") in said
    for boundary in labels()["boundaries"].values():
        assert boundary[language].replace(" ", "") in said
    for step in blueprint.steps:
        assert step.customer[language].replace(" ", "") in said
        assert step.evidence[language].replace(" ", "") in said
        for point in step.fail_points:
            assert point.what[language].replace(" ", "") in said
            assert point.recovery[language].replace(" ", "") in said
    for mark in ("peak", "end"):  # on its step and in the legend
        assert said.count(labels()["words"][mark][language]) >= 2


@each_language
def test_a_drawing_can_be_read_without_being_seen(language: str) -> None:
    blueprint = BLUEPRINTS["return_item"]
    svg = drawn(blueprint, language)
    tree = ElementTree.fromstring(svg)
    assert tree.get("role") == "img"
    assert tree.get("lang") == language
    title, description = tree.find(f"{SVG}title"), tree.find(f"{SVG}desc")
    assert title is not None
    assert description is not None
    assert tree.get("aria-labelledby") == title.get("id")
    assert tree.get("aria-describedby") == description.get("id")
    assert title.text == blueprint.title[language]
    for step in blueprint.steps:
        assert step.customer[language] in (description.text or "")


def test_a_page_without_inline_styles_may_hold_a_drawing() -> None:
    svg = drawn(BLUEPRINTS["first_visit"], "en")
    for forbidden in ("<style", " style=", "<script", "href="):
        assert forbidden not in svg


def test_words_of_a_blueprint_are_only_words() -> None:
    evil = '<script>alert(1)</script> & "quotes"'
    blueprint = replace(READ.blueprints[0], title={"en": evil})
    svg = draw(blueprint, None, "en")
    assert "<script" not in svg
    assert ElementTree.fromstring(svg).findtext(f"{SVG}title") == evil


def test_thirty_steps_are_wide_and_say_the_lanes_again() -> None:
    first = READ.blueprints[0]
    stages = tuple(stage for each in READ.blueprints for stage in each.stages)
    svg = draw(replace(first, stages=stages), READ.personas[first.persona], "en")
    steps = len(list(replace(first, stages=stages).steps))
    assert steps >= 30
    assert texts(svg).count("Evidence") == -(-steps // 10)  # again after each tenth step
    [wide] = re.findall(r'<svg[^>]* width="([\d.]+)"', svg)
    assert steps * 196 < float(wide) < steps * 260


@each_language
def test_labels_are_there_in_every_language(language: str) -> None:
    for group in labels().values():
        for key, text in group.items():
            assert text[language].strip(), key


@pytest.mark.parametrize(
    ("text", "most", "lines"),
    [
        ("one two three", 50, ["one two", "three"]),
        ("一二三四五六", 50, ["一二三四五", "六"]),
        ("一二三四五。", 50, ["一二三四", "五。"]),  # no line begins with a full stop
        ("一二三四「五」", 50, ["一二三四", "「五」"]),  # none ends with an opening mark
        ("テントです", 40, ["テントで", "す"]),
        ("ワーカー待ち", 25, ["ワー", "カー", "待ち"]),  # nor does one begin with a lengthening
        ("go 到 shop", 40, ["go 到", "shop"]),
        ("Donaudampfschiff", 50, ["Donauda", "mpfschif", "f"]),
        ("", 50, []),
    ],
)
def test_texts_break_where_their_script_allows_it(text: str, most: float, lines: list[str]) -> None:
    found = wrap(text, most, 10)
    assert all(width(line, 10) <= most for line in found)
    assert found == lines


def test_names_of_code_break_after_an_underscore() -> None:
    found = wrap("utter_ask_track_order_form", 100, 10, code=True)
    assert "".join(found) == "utter_ask_track_order_form"
    assert found[0].endswith("_")


def test_the_wording_has_the_shops_terms_and_a_gap_for_what_is_not_known() -> None:
    assert "199" in SAID("utter_faq/shipping_cost", "en")
    assert "…" in SAID("utter_order_shipped", "ja")
    assert SAID("utter_nothing", "en") == ""


def test_what_is_left_out_shows_as_an_ellipsis() -> None:
    assert shorten(["one two", "three four", "five"], 2) == ["one two", "three…"]
    assert shorten(["一二", "三四"], 1) == ["一…"]
    assert shorten(["one"], 2) == ["one"]
