"""How well held-out sentences are understood, per language.

Learns from data/nlu as `rasa train` does (the same code, without Rasa) and asks for
every sentence of tests/nlu/<language>/*.yml. Out of scope are those labelled
`out_of_scope`; they count as found when refused or understood as `out_of_scope`.

Run from the project's root, and keep what it prints beside it:
    .venv/bin/python -m benchmarks.held_out > benchmarks/results/held_out.txt
"""

import argparse
import platform
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from spacy.language import Language

from tenin.language.classification import Judgement, NeedModel
from tenin.language.features import features, script
from tenin.language.languages import load_languages
from tenin.language.learning import Settings, examples_of, train
from tenin.language.pipeline import build_pipeline
from tenin.training.corpus import HELD_OUT, TRAINED, read_sentences
from tenin.training.understanding import configured

ROOT = Path(__file__).parents[1]
OUT_OF_SCOPE = "out_of_scope"


@dataclass(frozen=True)
class Answer:
    """A held-out sentence, what it means, and what was understood."""

    text: str
    need: str
    judgement: Judgement

    @property
    def likeliest(self) -> str:
        """The likeliest need, refused or not."""
        return self.judgement.confidences[0][0]

    @property
    def understood(self) -> str:
        """The need as the bot acts on it."""
        return OUT_OF_SCOPE if self.judgement.refused else self.likeliest


def learn(pipeline: Language, share: float) -> NeedModel:
    """Learn from the project's training data."""
    texts = [(each.text, each.need) for each in read_sentences(ROOT, TRAINED)]
    return train(examples_of(texts, pipeline), Settings(refused=share))


def ask(pipeline: Language, model: NeedModel, language: str) -> list[Answer]:
    """Ask for every held-out sentence of a language."""
    answers = []
    for each in read_sentences(ROOT, HELD_OUT, language):
        doc = pipeline(each.text)
        answers.append(Answer(each.text, each.need, model.judge(features(doc), script(doc))))
    return answers


def report(language: str, answers: Sequence[Answer]) -> None:
    """Print the figures of a language, and the sentences that were not understood rightly."""
    inside = [answer for answer in answers if answer.need != OUT_OF_SCOPE]
    outside = [answer for answer in answers if answer.need == OUT_OF_SCOPE]
    print(f"\n{language}")
    right = [answer for answer in inside if answer.likeliest == answer.need]
    served = [answer for answer in inside if answer.understood == answer.need]
    lost = [answer for answer in inside if answer.understood == OUT_OF_SCOPE]
    found_out = [answer for answer in outside if answer.understood == OUT_OF_SCOPE]
    for what, found, of in (
        ("likeliest need is right", right, inside),
        ("understood rightly and not refused", served, inside),
        ("not understood though in scope", lost, inside),
        ("out of scope and found so", found_out, outside),
    ):
        share = 100 * len(found) / max(len(of), 1)
        print(f"  {what:36} {len(found):4} of {len(of):4}  {share:5.1f} %")
    for answer in sorted(answers, key=lambda answer: answer.need):
        if answer.understood != answer.need:
            refused = ", refused" if answer.judgement.refused else ""
            confidence = answer.judgement.confidences[0][1]
            print(
                f"    {answer.need}: {answer.text!r} → {answer.likeliest} {confidence:.2f}{refused}"
            )


def main() -> None:
    """Learn, ask and print."""
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument(
        "--refused", type=float, default=configured(ROOT)[0].refused, help="else that of config.yml"
    )
    share = arguments.parse_args().refused
    pipeline = build_pipeline(ROOT / "var" / "cache")
    began = time.process_time()
    model = learn(pipeline, share)
    seconds = time.process_time() - began
    print(f"{date.today()}, Python {platform.python_version()}, {platform.system()}")
    print(f"learnt {len(model.needs)} needs from {model.examples.shape[0]} different examples")
    print(f"in {seconds:.0f} s of CPU")
    print(f"of these, held out in turn, understood: {100 * model.accuracy:.1f} %")
    for language in load_languages().ready:
        report(language, ask(pipeline, model, language))


if __name__ == "__main__":
    main()
