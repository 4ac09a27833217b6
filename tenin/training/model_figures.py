"""How many held-out sentences a trained model understands rightly, by language.

    python -m tenin.training.model_figures ROOT MODEL

prints it as JSON; `tenin.model_card` keeps it. The understanding is taken out of the archive, so
that it is the model's own.
"""

from __future__ import annotations

import json
import sys
import tarfile
import tempfile
from pathlib import Path

from tenin.language.model_file import read_model
from tenin.language.pipeline import build_pipeline
from tenin.training.corpus import HELD_OUT, read_sentences
from tenin.training.evaluate.asking import ask
from tenin.training.evaluate.figures import Figures
from tenin.training.understanding import Learnt, Understanding, configured

_FILES = ("need_model.json", "need_model.npz")


def figures_of(root: Path, model: Path) -> dict[str, str]:
    """Ask the understanding in an archive for the held-out sentences of a project.

    Raises ModelFileError for an archive without one.
    """
    with tempfile.TemporaryDirectory() as scratch:
        with tarfile.open(model) as archive:
            for member in archive:
                name = Path(member.name).name
                stream = archive.extractfile(member) if name in _FILES else None
                if stream is not None:
                    Path(scratch, name).write_bytes(stream.read())
        learnt = read_model(Path(scratch))
    _, rules, jieba = configured(root)
    made = Learnt("kept", 0, 0.0)
    rows = [None] * learnt.examples.shape[0]
    understanding = Understanding(
        learnt, rules, (), rows, made, lambda: build_pipeline(root / jieba)
    )
    sentences = read_sentences(root, HELD_OUT)
    answers = ask(understanding, [each.text for each in sentences], lambda _line: None)
    figures = Figures.of(sentences, answers)
    return {language: str(figures.count(language=language)) for language in figures.languages}


if __name__ == "__main__":
    print(json.dumps(figures_of(Path(sys.argv[1]), Path(sys.argv[2]))))
