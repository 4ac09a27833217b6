"""`tenin models --measure`: a trained model is asked for the held-out sentences, once."""

from __future__ import annotations

import tarfile
from pathlib import Path

import pytest

from tenin import model, model_card
from tenin.cli import main
from tenin.training.corpus import HELD_OUT, read_sentences
from tenin.training.understanding import CACHE, learn
from tests.unit.training import small_project

UNDERSTANDING = ("need_model.json", "need_model.npz")


@pytest.fixture
def archive(project: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """What the small project learnt, as Rasa packs it, with a card without figures."""
    (project / "languages.yml").write_text(
        "default: en\nlanguages:\n  en: {name: English, ready: true}\n"
        "  ja: {name: 日本語, ready: true}\n",
        encoding="utf-8",
    )
    [learnt] = (project / CACHE).glob("model-*")
    path = project / "models" / "tenin-1.tar.gz"
    path.parent.mkdir()
    with tarfile.open(path, "w:gz") as packed:
        for name in UNDERSTANDING:
            packed.add(learnt / name, f"./components/train_NeedClassifier2/{name}")
    model_card.write(model_card.make(project, "1", "1"), model_card.card_file(path))
    monkeypatch.setenv("TENIN_ROOT", str(project))
    assert [each.name for each in model.older(project)] == [path.name]
    return path


def test_a_model_is_measured_on_demand_and_keeps_its_figures(
    project: Path, archive: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["models"]) == 0
    assert "en, ja: not measured (--measure)" in capsys.readouterr().out

    understanding = learn(project, small_project.nowhere)
    sentences = read_sentences(project, HELD_OUT)
    right = [each for each in sentences if understanding.read(each.text).need == each.need]
    wanted = {
        language: (
            sum(each.language == language for each in right),
            sum(each.language == language for each in sentences),
        )
        for language in ("en", "ja")
    }
    assert main(["models", "--measure"]) == 0
    said = capsys.readouterr().out
    for language, (some, all_) in wanted.items():
        assert 0 < some <= all_
        assert f"{language} {some} of {all_}" in said
    assert "not measured" not in said

    # Kept on the card: told from now on, and not asked again, whatever the sentences are then.
    small_project.add(project, "tests/nlu/en/greet.yml", "a sentence more")
    for options in ((), ("--measure",)):
        assert main(["models", *options]) == 0
        assert f"en {wanted['en'][0]} of {wanted['en'][1]}" in capsys.readouterr().out


def test_what_has_no_understanding_stays_unmeasured_and_no_card_is_told(
    archive: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with tarfile.open(archive, "w:gz"):
        pass  # an archive of nothing
    assert main(["models", "--measure"]) == 0
    assert "not measured" in capsys.readouterr().out
    model_card.card_file(archive).unlink()
    assert main(["models", "--measure"]) == 0
    assert "no card" in capsys.readouterr().out
