"""What is learnt from the files: as in training; kept; refitted when little changed."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tenin.language.learning import Settings, calibration_of, examples_of, train
from tenin.language.pipeline import build_pipeline
from tenin.training.corpus import TRAINED, read_sentences
from tenin.training.understanding import CACHE, Learnt, UnderstandingError, learn
from tests.unit.training.small_project import CONFIG, add, nowhere


def test_it_learns_what_a_training_learns(project: Path) -> None:
    labelled = [(each.text, each.need) for each in read_sentences(project, TRAINED)]
    pipeline = build_pipeline(project / "var/cache")
    trained = train(examples_of(labelled, pipeline), Settings(refused=0.1))
    found = learn(project, nowhere).model
    assert found.vocabulary == trained.vocabulary
    assert np.array_equal(found.weights, trained.weights)
    assert found.thresholds == trained.thresholds
    assert found.learner == trained.learner


def test_what_was_learnt_is_kept(project: Path) -> None:
    told: list[str] = []
    found = learn(project, told.append)
    assert (found.learnt.way, found.learnt.changed, told) == ("kept", 0, [])
    assert found.read("where is my parcel").need == "track_order"


def test_few_changes_refit_the_weights_alone(project: Path) -> None:
    before = learn(project, nowhere)
    odd = "zwiebelkuchen perhaps, quoth she"
    add(project, "data/nlu/en/returns_policy.yml", odd)
    found = learn(project, nowhere)
    assert (found.learnt.way, found.learnt.changed) == ("weights", 1)
    assert before.read(odd).need != "faq/returns_policy"
    assert found.read(odd).need == "faq/returns_policy"
    assert calibration_of(found.model) == calibration_of(before.model)
    # The weights are those of a whole training with the same learner.
    labelled = [(each.text, each.need) for each in read_sentences(project, TRAINED)]
    learner = calibration_of(before.model).learner
    examples = examples_of(labelled, found.pipeline)
    whole = train(examples, Settings(learners=(learner,)))
    assert np.array_equal(found.model.weights, whole.weights)
    assert np.array_equal(found.model.intercepts, whole.intercepts)
    # Kept too, and said to be what it is; asked for, it is learnt wholly.
    assert str(learn(project, nowhere).learnt).startswith("learnt before, 1 sentences after")
    assert learn(project, nowhere, whole=True).learnt.way == "whole"


def test_changes_add_up_until_all_is_learnt_anew(project: Path) -> None:
    add(project, "data/nlu/en/greet.yml", *(f"ahoy number {at} there" for at in range(20)))
    assert learn(project, nowhere).learnt.changed == 20
    add(project, "data/nlu/en/greet.yml", *(f"ahoy sailor {at} there" for at in range(60)))
    told: list[str] = []
    assert learn(project, told.append).learnt.way == "whole"
    assert "takes a minute" in told[0]


def test_a_moved_sentence_changes_nothing_but_its_place(project: Path) -> None:
    file = project / "data/nlu/en/returns_policy.yml"
    before = learn(project, nowhere).nearest("can i return it", 1)
    file.write_text("# one line more\n" + file.read_text(encoding="utf-8"), encoding="utf-8")
    found = learn(project, nowhere)
    [near] = found.nearest("can i return it", 1)
    assert found.learnt.way == "kept"
    assert (near.sentence.file, near.sentence.text) == (file, before[0].sentence.text)
    assert near.sentence.line == before[0].sentence.line + 1
    said = file.read_text(encoding="utf-8").splitlines()[near.sentence.line - 1]
    assert said.strip() == f"- {near.sentence.text}"


def test_nearest_are_ordered_and_stand_in_the_files(project: Path) -> None:
    found = learn(project, nowhere).nearest("where is my parcel, please", 4)
    assert len(found) == 4
    assert [each.likeness for each in found] == sorted((e.likeness for e in found), reverse=True)
    assert found[0].sentence.need == "track_order"
    assert learn(project, nowhere).nearest("ꙮꙮꙮ") == []


def test_it_tells_words_entities_and_what_decided(project: Path) -> None:
    found = learn(project, nowhere)
    assert "parcel" in found.tokens("Where is my Parcel?")[3].lower()
    assert [each.label for each in found.entities("order 202611050042")] == ["order_number"]
    reasons = dict(found.reasons("where is my parcel", "track_order"))
    assert reasons["parcel"] > 0
    row = found.model.reasons({"w parcel": 1}, "track_order")
    assert found.model.reasons({"w ꙮ": 1}, "track_order") == {}
    assert row["w parcel"] > 0


def test_a_damaged_cache_is_learnt_anew(project: Path) -> None:
    folder = project / CACHE
    for file in folder.rglob("*"):
        if file.is_file():
            file.write_bytes(file.read_bytes()[:100])
    assert learn(project, nowhere).learnt.way == "whole"
    assert learn(project, nowhere).learnt.way == "kept"


@pytest.mark.parametrize(
    ("config", "remedy"),
    [
        ("pipeline: []\n", "put it back"),
        (CONFIG.replace("model: tenin", "model: en_core_web_md"), "set `model: tenin`"),
    ],
    ids=["no classifier", "another pipeline"],
)
def test_a_config_it_can_not_learn_by_is_told(tmp_path: Path, config: str, remedy: str) -> None:
    (tmp_path / "config.yml").write_text(config, encoding="utf-8")
    with pytest.raises(UnderstandingError, match=remedy):
        learn(tmp_path, nowhere)


def test_without_sentences_or_config_it_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(UnderstandingError, match="folder of the project"):
        learn(tmp_path, nowhere)
    (tmp_path / "config.yml").write_text(CONFIG, encoding="utf-8")
    with pytest.raises(UnderstandingError, match="at least two needs"):
        learn(tmp_path, nowhere)


def test_how_it_came_to_be_is_told_in_words() -> None:
    assert str(Learnt("weights", 3, 20.4)).startswith("fitted anew in 20 s; 3 sentences changed")
    assert str(Learnt("kept", 0, 1)) == "learnt before (1 s)"
    assert str(Learnt("whole", 0, 84)) == "learnt anew (84 s)"
