"""The classifier on public messages: HINT3 v1 (two shops) and BANKING77.

Learns from the training files with the code of `rasa train` and its defaults; the
test files are read only here. HINT3 counts a refused message, like one labelled
NO_NODES_DETECTED, as one more class; its measure is Matthews' correlation over all
test messages (Arora et al., "HINT3", 2020), with a 95 % interval from 2,000 bootstrap
samples of the test messages. BANKING77 (Casanueva et al., 2020) has no such class:
its measure is the accuracy of the likeliest need, learnt from all training messages
and from ten of each class, drawn with the seeds 0 to 4. What a class is called is an
example of it too, as for the product's own needs.

Run from the project's root with the folder that holds `hint3` and `banking77`; the
results keep count of the runs, since each is a look at the test files:
    .venv/bin/python -m benchmarks.public_intents --data FOLDER
"""

import argparse
import csv
import json
import platform
import time
from collections import defaultdict
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.metrics import matthews_corrcoef
from spacy.language import Language

from tenin.language.classification import Judgement, NeedModel
from tenin.language.learning import Example, examples_of, train
from tenin.language.pipeline import build_pipeline

RESULTS = Path(__file__).parent / "results" / "public_intents.json"
NONE_OF_THEM = "NO_NODES_DETECTED"
SHOPS = ("sofmattress", "curekart")
BEST_PUBLISHED = {"sofmattress": 0.638, "curekart": 0.603}
DRAWS = 5
A_CLASS = 10
SAMPLES = 2000

Labelled = list[tuple[Example, str]]


def read(path: Path, nlp: Language) -> list[Example]:
    """Give the examples of one file: two columns, text and label."""
    with path.open(encoding="utf-8", newline="") as file:
        rows = [(text, label) for text, label in csv.reader(file)][1:]
    return examples_of(rows, nlp)


def messages(path: Path, nlp: Language) -> list[Example]:
    """Give the messages of one test file, without what the labels are called."""
    return [each for each in read(path, nlp) if not each.named]


def judge(model: NeedModel, asked: Sequence[Example]) -> list[Judgement]:
    """Judge every example as a message."""
    return [model.judge(each.features, each.script) for each in asked]


def bootstrap(true: np.ndarray[Any, Any], told: np.ndarray[Any, Any]) -> tuple[float, float]:
    """Give the 95 % interval of Matthews' correlation over samples of the messages."""
    random = np.random.default_rng(0)
    found = [
        matthews_corrcoef(true[at], told[at])
        for at in (random.integers(len(true), size=len(true)) for _ in range(SAMPLES))
    ]
    low, high = np.quantile(found, [0.025, 0.975])
    return float(low), float(high)


def shop(folder: Path, name: str, nlp: Language) -> dict[str, Any]:
    """Measure one shop of HINT3."""
    known = read(folder / "hint3" / f"{name}_train.csv", nlp)
    asked = messages(folder / "hint3" / f"{name}_test.csv", nlp)
    began = time.process_time()
    model = train(known)
    seconds = time.process_time() - began
    judgements = judge(model, asked)
    true = np.array([each.need for each in asked])
    likeliest = np.array([each.confidences[0][0] for each in judgements])
    refused = np.array([each.refused for each in judgements])
    told = np.where(refused, NONE_OF_THEM, likeliest)
    within = true != NONE_OF_THEM
    low, high = bootstrap(true, told)
    return {
        "mcc": round(float(matthews_corrcoef(true, told)), 3),
        "mcc_95": [round(low, 3), round(high, 3)],
        "best_published_mcc": BEST_PUBLISHED[name],
        "accuracy": round(float((told == true).mean()), 3),
        "in_scope_accuracy_without_threshold": round(float((likeliest == true)[within].mean()), 3),
        "in_scope_refused": round(float(refused[within].mean()), 3),
        "out_of_scope_found": round(float(refused[~within].mean()), 3),
        "training_cpu_seconds": round(seconds, 1),
    }


def accuracy(model: NeedModel, asked: Sequence[Example]) -> float:
    """Give the share of examples whose need is the likeliest."""
    judged = judge(model, asked)
    return float(
        np.mean([j.confidences[0][0] == e.need for j, e in zip(judged, asked, strict=False)])
    )


def draw(known: Sequence[Example], seed: int) -> list[Example]:
    """Give `A_CLASS` examples of each class."""
    random = np.random.default_rng(seed)
    by_need: dict[str, list[Example]] = defaultdict(list)
    for each in known:
        if not each.named:
            by_need[each.need].append(each)
    names = [each for each in known if each.named]
    return names + [
        examples[at]
        for _, examples in sorted(by_need.items())
        for at in random.permutation(len(examples))[:A_CLASS]
    ]


def banking(folder: Path, nlp: Language) -> dict[str, Any]:
    """Measure BANKING77, all of it and ten examples a class."""
    known = read(folder / "banking77" / "train.csv", nlp)
    asked = messages(folder / "banking77" / "test.csv", nlp)
    began = time.process_time()
    whole = accuracy(train(known), asked)
    seconds = time.process_time() - began
    few = [accuracy(train(draw(known, seed)), asked) for seed in range(DRAWS)]
    return {
        "accuracy": round(whole, 4),
        "accuracy_ten_a_class": [round(each, 4) for each in few],
        "accuracy_ten_a_class_mean": round(float(np.mean(few)), 4),
        "cpu_seconds_whole": round(seconds, 1),
    }


def main() -> None:
    """Measure all and keep the results."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, required=True, help="holds hint3/ and banking77/")
    folder = parser.parse_args().data
    runs = json.loads(RESULTS.read_text())["runs"] if RESULTS.exists() else 0
    nlp = build_pipeline()
    found: dict[str, Any] = {
        "date": date.today().isoformat(),
        "machine": f"{platform.machine()}, Python {platform.python_version()}",
        "runs": runs + 1,
        **{name: shop(folder, name, nlp) for name in SHOPS},
        "banking77": banking(folder, nlp),
    }
    RESULTS.write_text(json.dumps(found, indent=2) + "\n")
    print(json.dumps(found, indent=2))


if __name__ == "__main__":
    main()
