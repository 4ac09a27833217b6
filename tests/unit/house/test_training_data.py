"""The training data: complete in every ready language, and never mixed with what grades it."""

from __future__ import annotations

import re
from collections import Counter
from typing import Any

import pytest

from tests.unit.house.tree import (
    FALLBACK,
    NEVER_TYPED,
    OUT_OF_SCOPE,
    PROJECT,
    READY,
    content,
    folded,
    intents,
    name_of,
    sentences,
    yaml_files,
)

FEWEST_HELD_OUT = 8
TYPED = intents() - NEVER_TYPED


@pytest.mark.parametrize("path", yaml_files("data"), ids=name_of)
def test_every_file_says_its_version(path: Any) -> None:
    assert content(path)["version"] == "3.1"


@pytest.mark.parametrize("path", yaml_files("tests/nlu"), ids=name_of)
def test_every_held_out_file_says_its_version(path: Any) -> None:
    assert content(path)["version"] == "3.1"


@pytest.mark.parametrize("language", READY)
def test_every_need_has_examples(language: str) -> None:
    assert {need.split("/")[0] for need, _, _ in sentences("data/nlu", language)} == TYPED


@pytest.mark.parametrize("language", READY)
def test_every_need_has_held_out_sentences(language: str) -> None:
    held_out = Counter(need for need, _, _ in sentences("tests/nlu", language))
    trained = {need for need, _, _ in sentences("data/nlu", language)}
    assert set(held_out) == trained | {OUT_OF_SCOPE}
    assert {need: count for need, count in held_out.items() if count < FEWEST_HELD_OUT} == {}


def test_only_ready_languages_are_trained_and_graded() -> None:
    for folder in ("data/nlu", "tests/nlu"):
        assert {path.name for path in (PROJECT / folder).iterdir()} == set(READY), folder


def test_a_file_is_named_after_its_need() -> None:
    """An answer to a frequent question is a need like any other: `faq/returns` in returns.yml."""
    for folder in ("data/nlu", "tests/nlu"):
        for language in READY:
            for need, _, path in sentences(folder, language):
                assert need.removeprefix("faq/") == path.stem, name_of(path)


def test_no_held_out_sentence_is_a_training_example() -> None:
    trained = {
        folded(sentence): name_of(path)
        for language in READY
        for _, sentence, path in sentences("data/nlu", language)
    }
    shared = [
        f"{name_of(path)}: {sentence!r} is in {trained[folded(sentence)]}"
        for language in READY
        for _, sentence, path in sentences("tests/nlu", language)
        if folded(sentence) in trained
    ]
    assert shared == []


@pytest.mark.parametrize("folder", ["data/nlu", "tests/nlu"])
def test_no_sentence_means_two_things(folder: str) -> None:
    meanings: dict[str, str] = {}
    for language in READY:
        for need, sentence, path in sentences(folder, language):
            known = meanings.setdefault(folded(sentence), need)
            assert known == need, f"{name_of(path)}: {sentence!r} is {need} and {known}"


def test_story_tests_say_other_sentences_than_the_training_data() -> None:
    trained = {
        folded(sentence) for language in READY for _, sentence, _ in sentences("data/nlu", language)
    }
    marked = re.compile(r"\[([^\]]*)\]\([^)]*\)")
    said = [
        folded(marked.sub(r"\1", step["user"]))
        for path in yaml_files("tests/stories")
        for story in content(path)["stories"]
        for step in story["steps"]
        if "user" in step
    ]
    assert said
    assert trained.intersection(said) == set()


def test_rules_stories_and_their_tests_name_needs_of_the_domain() -> None:
    folders = ("data/rules", "data/stories", "tests/stories")
    for path in [each for folder in folders for each in yaml_files(folder)]:
        for entry in [*content(path).get("rules", []), *content(path).get("stories", [])]:
            steps = [each for step in entry["steps"] for each in step.get("or", [step])]
            named = {str(step["intent"]).split("/")[0] for step in steps if "intent" in step}
            assert named <= intents() | {FALLBACK}, name_of(path)
