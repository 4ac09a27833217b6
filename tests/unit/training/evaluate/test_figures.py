"""Counts, comparison, floors and margins: what fails a change and what chance explains."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from tenin.training.corpus import HELD_OUT, Sentence, read_sentences
from tenin.training.evaluate.asking import Answer
from tenin.training.evaluate.figures import Comparison, Count, Figures, compare
from tenin.training.evaluate.quality import (
    FILE,
    Quality,
    QualityError,
    is_under,
    judge,
    lowest,
    read_quality,
    set_floors,
)

PROJECT = Path(__file__).parents[4]
FLOORS = """\
# kept
margins: {language: 5, need: 10, fewest: 2}
chance: 0.05
floors:
  new: 0.6 # also kept
  languages:
    en: 18 of 20
  needs:
    greet: {en: 9 of 10}
"""


def sentences(need: str, count: int, language: str = "en") -> list[Sentence]:
    file = Path(f"tests/nlu/{language}/{need}.yml")
    return [
        Sentence(f"{need} {language} {at}", need, language, file, at + 1) for at in range(count)
    ]


def answers(given: list[Sentence], wrong: int = 0, need: str | None = None) -> dict[str, Answer]:
    """The right answer to each, but for the first of a need."""
    left, found = wrong, {}
    for each in given:
        miss = left > 0 and need in (None, each.need)
        left -= miss
        understood = "other" if miss else each.need
        found[each.text] = Answer(understood, understood, 0.8)
    return found


def quality(**changes: object) -> Quality:
    return Quality(
        **{
            "language": 5.0,
            "need": 10.0,
            "fewest": 2,
            "chance": 0.05,
            "new": 0.6,
            "languages": {},
            "needs": {},
            **changes,
        }
    )  # type: ignore[arg-type]


def comparison(right: int, of: int = 10) -> Comparison:
    asked = sentences("greet", of)
    return compare(asked, answers(asked, of - right), None)


def test_counts_by_need_and_language() -> None:
    asked = [*sentences("greet", 4), *sentences("greet", 3, "ja"), *sentences("deny", 3)]
    figures = Figures.of(asked, answers(asked, 2, "deny"))
    assert figures.cells == {
        ("deny", "en"): Count(1, 3),
        ("greet", "en"): Count(4, 4),
        ("greet", "ja"): Count(3, 3),
    }
    assert figures.count() == Count(8, 10)
    assert figures.count("greet") == Count(7, 7)
    assert figures.count(language="en") == Count(5, 7)
    assert (figures.needs, figures.languages) == (["deny", "greet"], ["en", "ja"])
    assert str(figures.count()) == "8 of 10"


def test_each_changed_sentence_is_better_worse_or_neither() -> None:
    asked = sentences("greet", 4)
    before = answers(asked, 2)
    after = answers(list(reversed(asked)), 1) | {asked[0].text: Answer("third", "third", 0.4)}
    found = compare(asked, after, before, asked[:3])
    assert [each.sentence.text for each in found.better] == [asked[1].text]
    assert [each.sentence.text for each in found.worse] == [asked[3].text]
    assert [each.sentence.text for each in found.changed] == [
        asked[0].text,
        asked[1].text,
        asked[3].text,
    ]
    assert (found.lost(), found.lost("greet", "ja")) == (0, 0)
    assert found.new == [asked[3]]
    assert [each.answer.understood for each in found.wrong] == ["third", "other"]


@pytest.mark.parametrize(
    ("right", "under"), [(10, False), (9, False), (8, False), (7, True), (6, True), (0, True)]
)
def test_one_or_two_of_ten_are_chance(right: int, under: bool) -> None:
    assert is_under(Count(right, 10), Count(10, 10), 0.05) is under
    faults = judge(comparison(right), quality(needs={"greet": {"en": Count(10, 10)}}))
    assert [fault.kind for fault in faults] == (["floor"] if under else [])
    if under:
        assert "at least 8 are asked for" in faults[0].text


def test_the_more_sentences_the_less_is_chance() -> None:
    floor = Count(700, 770)
    assert not is_under(Count(688, 770), floor, 0.05)
    assert is_under(Count(680, 770), floor, 0.05)
    assert lowest(Count(10, 10), 10, 0.05) == 8
    assert lowest(Count(0, 10), 10, 0.05) == 0


def test_a_need_without_a_floor_must_have_its_share() -> None:
    assert judge(comparison(5), quality()) == []
    [fault] = judge(comparison(2), quality())
    assert (fault.kind, "is new and has 2 of 10" in fault.text) == ("floor", True)


def test_a_floor_without_sentences_is_told() -> None:
    [fault] = judge(comparison(10), quality(needs={"deny": {"en": Count(9, 10)}}))
    assert "deny (en) has a floor and no held-out sentences" in fault.text


def test_a_loss_beyond_the_margin_fails() -> None:
    asked = [*sentences("greet", 40), *sentences("deny", 40)]
    whole = answers(asked)
    small = compare(asked, answers(asked, 4, "deny"), whole, asked)
    assert judge(small, quality(needs={"deny": {"en": Count(38, 40)}})) == []
    large = compare(asked, answers(asked, 6, "deny"), whole, asked)
    faults = judge(large, quality(needs={"deny": {"en": Count(34, 40)}}))
    assert [fault.kind for fault in faults] == ["loss", "loss"]
    assert faults[0].text.startswith("en loses 6 sentences (80 of 80 before, 74 of 80 now): 7.5")
    assert faults[1].text.startswith("deny loses 6 sentences")
    assert judge(large, quality(fewest=7, needs={"deny": {"en": Count(34, 40)}})) == []


def test_the_projects_own_floors_are_of_its_held_out_sentences() -> None:
    own = read_quality(PROJECT)
    found = {(each.need, each.language) for each in read_sentences(PROJECT, HELD_OUT)}
    floors = {(need, language) for need, cells in own.needs.items() for language in cells}
    assert floors == found
    assert set(own.languages) == {language for _, language in found}
    for language, count in own.languages.items():
        cells = [cells[language] for cells in own.needs.values() if language in cells]
        assert sum(cells, Count(0, 0)) == count
        assert count.share > 0.85


def test_floors_are_set_and_all_else_stays(tmp_path: Path) -> None:
    (tmp_path / FILE).write_text(FLOORS, encoding="utf-8")
    set_floors(tmp_path, comparison(7).after, date(2026, 11, 22))
    written = (tmp_path / FILE).read_text(encoding="utf-8")
    assert written.startswith("# kept\nmargins: {language: 5, need: 10, fewest: 2}\n")
    assert "new: 0.6 # also kept" in written
    own = read_quality(tmp_path)
    assert own.languages == {"en": Count(7, 10)}
    assert own.needs == {"greet": {"en": Count(7, 10)}}
    set_floors(tmp_path, comparison(7).after, date(2026, 11, 22))
    assert (tmp_path / FILE).read_text(encoding="utf-8") == written


@pytest.mark.parametrize(
    ("was", "becomes", "told"),
    [
        ("language: 5", "language: much", "'margins, language' is 'much': write a number"),
        ("chance: 0.05", "chance: true", "'chance' is True"),
        ("chance: 0.05", "", "'chance' is None"),
        ("9 of 10", "90%", "'floors, needs, greet, en' is '90%': write how many of how many"),
        ("9 of 10", "11 of 10", "as in 7 of 9"),
        ("{en: 9 of 10}", "9", "as in 7 of 9"),
        ("margins:", "margin:", "has no 'margins'"),
    ],
)
def test_what_is_wrong_in_the_file_is_told(
    tmp_path: Path, was: str, becomes: str, told: str
) -> None:
    assert was in FLOORS
    (tmp_path / FILE).write_text(FLOORS.replace(was, becomes), encoding="utf-8")
    with pytest.raises(QualityError, match=told):
        read_quality(tmp_path)


def test_without_the_file_it_says_where_one_is(tmp_path: Path) -> None:
    with pytest.raises(QualityError, match="take the one of the repository"):
        read_quality(tmp_path)
