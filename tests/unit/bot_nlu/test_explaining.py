"""The words and places of a running model's examples, looked up in the files."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from tenin.bot.explaining import AT_WORK, Examples
from tenin.training.understanding import Near, Understanding, learn
from tests.unit.training import small_project

TEXTS = (
    "where is my order 202611190042",
    "返品できますか",
    "how much is the shipping",
    "I WANT A PERSON",
    "hello there",
)


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small project."""
    made = tmp_path_factory.mktemp("explained")
    small_project.make(made)
    return made


@pytest.fixture(scope="module")
def learnt(root: Path) -> Understanding:
    """What is learnt of it, which knows the words of its examples."""
    return learn(root, small_project.nowhere)


def nearest(learnt: Understanding, root: Path, text: str) -> list[Near]:
    """The same as from `learnt`, but with the words found in the files of `root`."""
    examples = Examples(learnt.model, learnt.pipeline, root)
    asyncio.run(examples.find(text))
    found = Understanding(
        learnt.model,
        learnt.rules,
        examples.sentences,
        examples.rows,
        AT_WORK,
        lambda: learnt.pipeline,
    )
    return found.nearest(text)


@pytest.mark.parametrize("text", TEXTS)
def test_the_nearest_are_found_as_if_their_words_were_known(
    learnt: Understanding, root: Path, text: str
) -> None:
    expected = learnt.nearest(text)
    assert len(expected) == 5
    assert nearest(learnt, root, text) == expected


def test_what_shares_nothing_has_no_nearest(learnt: Understanding, root: Path) -> None:
    assert nearest(learnt, root, "\u0e01") == []


def test_only_what_the_model_has_learnt_is_shown(learnt: Understanding, tmp_path: Path) -> None:
    small_project.make(tmp_path)
    examples = Examples(learnt.model, learnt.pipeline, tmp_path)
    text = "where is my zibbling order"
    asyncio.run(examples.find(text))
    known = {said for said in examples.rows if said}
    assert known
    name = "data/nlu/en/track_order.yml"
    small_project.add(tmp_path, name, text)
    gone = next(
        each for each in examples.sentences if each.text in known and name in str(each.file)
    )
    lines = (tmp_path / name).read_text(encoding="utf-8").splitlines(keepends=True)
    del lines[gone.line - 1]
    (tmp_path / name).write_text("".join(lines), encoding="utf-8")
    found = {near.sentence.text for near in nearest(learnt, tmp_path, text)}
    assert found
    assert text not in found
    assert gone.text not in found
    # What was read before is read again where a file has changed.
    asyncio.run(examples.find(text))
    assert gone not in examples.sentences
