"""The story tests grade what was learnt: none of them repeats a story that was learnt by heart."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import Any

from tests.unit.house.tree import content, name_of, yaml_files

FEWEST_DIGRESSIONS = 40


def told(folder: str) -> Iterator[tuple[str, str, list[Any]]]:
    for path in yaml_files(folder):
        for story in content(path).get("stories", []):
            yield name_of(path), story["story"], story["steps"]


def sequences(steps: list[Any]) -> set[tuple[str, ...]]:
    """What is said and done, in its order: one for each way through the alternatives."""
    ways: list[list[str]] = []
    for step in steps:
        for kind in ("intent", "action"):
            if kind in step:
                ways.append([step[kind]])
        if "or" in step:
            ways.append([each["intent"] for each in step["or"]])
    return set(itertools.product(*ways))


def test_no_story_test_repeats_a_training_story() -> None:
    learnt = {
        sequence: f"{file}: {name}"
        for file, name, steps in told("data/stories")
        for sequence in sequences(steps)
    }
    repeated = [
        f"{file}: {name!r} is {learnt[sequence]!r}"
        for file, name, steps in told("tests/stories")
        for sequence in sequences(steps)
        if sequence in learnt
    ]
    assert learnt
    assert repeated == []


def test_a_way_through_each_alternative() -> None:
    """Or the test above would see only some of what is learnt."""
    steps = [{"or": [{"intent": "a"}, {"intent": "b"}]}, {"action": "c"}, {"active_loop": None}]
    assert sequences(steps) == {("a", "c"), ("b", "c")}


def test_the_journey_s_forms_are_turned_aside_from_often_enough() -> None:
    turned_aside = [name for _, name, _ in told("tests/stories") if "in the middle of" in name]
    assert len(turned_aside) >= FEWEST_DIGRESSIONS
