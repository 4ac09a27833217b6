"""Learns the model of `classification` from examples, and when to refuse a message.

What a need is called is an example of it too. A linear support vector machine or a
logistic regression is fitted for each need against the rest; where the examples are
few, which of them is chosen by cross-validation.

No example of what is out of scope goes into the threshold: training leaves out a part
of the examples at a time, sees with which score the held-out ones are understood
rightly, and sets the threshold, for messages with Han signs and for others apart, so
that only a small share of these would have been refused.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import regex
from numpy.typing import NDArray
from scipy.optimize import minimize_scalar
from scipy.sparse import csr_matrix, diags
from sklearn.linear_model import LogisticRegression
from sklearn.svm import LinearSVC
from spacy.language import Language

from tenin.language.classification import (
    SHARES,
    Features,
    Floats,
    Integers,
    NeedModel,
    aside_of,
    is_long_run,
    is_word,
    near_of,
    scores_of,
    softmax,
)
from tenin.language.features import features, script

_NONE_LEFT = 1e-4
# What joins the words of a need's name: `faq/returns_policy`.
_SIGNS = regex.compile(r"[_/\-]+")


class TrainingError(ValueError):
    """The examples are too few to learn from; the message names the remedy."""


@dataclass(frozen=True)
class Learner:
    """What is fitted for each need: `svm` or `logistic`, and the weight of an error."""

    kind: str
    cost: float


@dataclass(frozen=True)
class Settings:
    """How to train.

    Up to `few` examples all `learners` are tried by cross-validation in `folds` parts and
    the best is taken. Beyond, where that would take minutes, it is the first, there are
    `folds_of_many` parts, and runs of three signs and more that one example alone has are
    left out: of 20,000 examples' features that is three in five, and cross-validation
    found the others better without them.

    `refused` is the share of rightly understood held-out messages that the threshold may
    refuse; a kind of text with fewer than `enough` of them shares the others'.
    """

    learners: tuple[Learner, ...] = (
        Learner("svm", 2.0),
        Learner("logistic", 20.0),
        Learner("logistic", 50.0),
    )
    few: int = 2000
    folds: int = 10
    folds_of_many: int = 3
    refused: float = 0.05
    enough: int = 50
    seed: int = 1


@dataclass(frozen=True)
class Example:
    """One training example: the need it expresses, its features, its kind of script.

    `named` ones are the names of needs: learnt from, but never held out to be asked.
    """

    need: str
    features: Features
    script: str
    named: bool = False


def examples_of(labelled: Sequence[tuple[str, str]], pipeline: Language) -> list[Example]:
    """Make examples of pairs of text and need, and of the needs' own names."""
    names = names_of(need for _, need in labelled)
    docs = pipeline.pipe([text for text, _ in [*labelled, *names]])
    return [
        Example(need, features(doc), script(doc), named=at >= len(labelled))
        for at, ((_, need), doc) in enumerate(zip([*labelled, *names], docs, strict=True))
    ]


@dataclass(frozen=True)
class Calibration:
    """What cross-validation finds out: which learner, how honest, when to refuse.

    `accuracy` is the share of examples understood rightly when they were held out.
    """

    learner: Learner
    temperature: float
    thresholds: Mapping[str, float]
    accuracy: float


def names_of(needs: Iterable[str]) -> list[tuple[str, str]]:
    """Give each need's name as words, and the need: they are examples too."""
    return [(_SIGNS.sub(" ", need), need) for need in sorted(set(needs))]


def train(
    examples: Sequence[Example],
    settings: Settings | None = None,
    calibration: Calibration | None = None,
) -> NeedModel:
    """Learn from examples; the same examples in any order give the same model.

    Cross-validation takes two thirds of the time. With the `calibration` of a model learnt from
    nearly the same examples it is left out, and the weights alone are fitted: they are those
    that a whole training with the same learner gives.

    Raises TrainingError unless two needs have two different examples each.
    """
    settings = settings or Settings()
    examples = in_order(examples)
    needs = tuple(sorted({example.need for example in examples}))
    labels = np.array([needs.index(example.need) for example in examples], dtype=np.int64)
    if len(needs) < 2 or sorted(Counter(labels.tolist()).values())[-2] < 2:
        raise TrainingError(
            "There are too few examples to learn from. Give at least two needs two different "
            "examples each in data/nlu."
        )
    vocabulary = tuple(sorted({feature for example in examples for feature in example.features}))
    counts = _count(examples, vocabulary)
    words = np.array([is_word(feature) for feature in vocabulary])
    long_runs = np.array([is_long_run(feature) for feature in vocabulary])
    few = len(labels) <= settings.few
    calibration = calibration or _calibrate(
        examples, counts, words, long_runs, labels, needs, settings
    )
    rarity = _rarity(counts)
    kept = _kept(counts, long_runs, few)
    # Weighed before: what is left out counts in the length, as what was never seen does.
    matrix = _weigh(counts, rarity, words)[:, kept]
    weights, intercepts = _fit(matrix, labels, len(needs), calibration.learner, settings.seed)
    return NeedModel(
        needs=needs,
        vocabulary=tuple(vocabulary[at] for at in kept),
        rarity=rarity[kept],
        unknown_rarity=float(rarity_of(np.zeros(1), len(examples))[0]),
        weights=weights.astype(np.float32),
        intercepts=intercepts,
        examples=matrix.astype(np.float32),
        example_needs=labels,
        temperature=calibration.temperature,
        thresholds=calibration.thresholds,
        accuracy=calibration.accuracy,
        learner=(calibration.learner.kind, calibration.learner.cost),
    )


def calibration_of(model: NeedModel) -> Calibration:
    """Give what a model was calibrated with, to learn another from nearly the same examples."""
    kind, cost = model.learner
    return Calibration(Learner(kind, cost), model.temperature, model.thresholds, model.accuracy)


def _calibrate(
    examples: Sequence[Example],
    counts: csr_matrix,
    words: NDArray[np.bool_],
    long_runs: NDArray[np.bool_],
    labels: Integers,
    needs: Sequence[str],
    settings: Settings,
) -> Calibration:
    named = np.array([example.named for example in examples])
    learner, logits, nearness, tested = _cross_validate(
        counts, words, long_runs, labels, named, len(needs), settings
    )
    temperature = _temperature(logits[tested], labels[tested])
    scores = scores_of(softmax(logits / temperature), nearness, aside_of(needs))
    right = tested & (logits.argmax(1) == labels)
    thresholds = _thresholds(scores, right, [example.script for example in examples], settings)
    return Calibration(learner, temperature, thresholds, accuracy=float(right.sum() / tested.sum()))


def in_order(examples: Sequence[Example]) -> list[Example]:
    """Give the examples in an order of their own, that of a model's rows, each once."""
    keyed = {
        (example.need, example.script, tuple(sorted(example.features.items()))): example
        # One that is written and a name too is a name, whichever comes first.
        for example in sorted(examples, key=lambda example: example.named)
        if example.features
    }
    return [keyed[key] for key in sorted(keyed)]


def _count(examples: Sequence[Example], vocabulary: Sequence[str]) -> csr_matrix:
    """Give one row per example: one plus the logarithm of each feature's count."""
    index = {feature: at for at, feature in enumerate(vocabulary)}
    rows, columns, values = [], [], []
    for row, example in enumerate(examples):
        for feature, count in sorted(example.features.items()):
            rows.append(row)
            columns.append(index[feature])
            values.append(count)
    weighed = 1 + np.log(np.array(values, dtype=np.float64))
    return csr_matrix((weighed, (rows, columns)), shape=(len(examples), len(vocabulary)))


def _kept(counts: csr_matrix, long_runs: NDArray[np.bool_], few: bool) -> Integers:
    """Give the features to keep: all, or without the long runs that one example alone has."""
    shared = np.bincount(counts.indices, minlength=counts.shape[1]) > 1
    return np.flatnonzero(shared | ~long_runs | few)


def _rarity(counts: csr_matrix) -> Floats:
    """Give each feature's inverse document frequency, smoothed; unseen ones are the rarest.

    Its square root: in short messages the full weight lets one rare word outweigh the rest.
    """
    seen = np.bincount(counts.indices, minlength=counts.shape[1])
    return rarity_of(seen, counts.shape[0])


def rarity_of(seen: Any, examples: int) -> Floats:
    """Give the weight of features that stand in `seen` of so many examples."""
    return np.asarray(np.sqrt(np.log((1 + examples) / (1 + seen)) + 1))


def _weigh(counts: csr_matrix, rarity: Floats, words: NDArray[np.bool_]) -> csr_matrix:
    """Weigh counts by rarity; words and characters have their share of a row's length."""
    weighed = counts @ diags(rarity)
    squares = weighed.power(2)
    scale = [
        share / np.sqrt(np.maximum(np.asarray(squares[:, block].sum(1)).ravel(), _NONE_LEFT))
        for share, block in zip(SHARES, (words, ~words), strict=True)
    ]
    weighed = csr_matrix(weighed)
    row_of = np.repeat(np.arange(counts.shape[0]), np.diff(weighed.indptr))
    weighed.data *= np.where(words[weighed.indices], scale[0][row_of], scale[1][row_of])
    return weighed


def _fit(
    matrix: csr_matrix, labels: Integers, needs: int, learner: Learner, seed: int
) -> tuple[Floats, Floats]:
    """Fit one line per need against the rest; a need without examples gets none."""
    if learner.kind == "svm":
        lines = LinearSVC(
            C=learner.cost, class_weight="balanced", random_state=seed, max_iter=10_000
        )
    else:
        lines = LogisticRegression(
            C=learner.cost,
            solver="liblinear",
            dual=True,
            class_weight="balanced",
            random_state=seed,
            max_iter=10_000,
        )
    lines.fit(matrix, labels)
    coefficients, offsets = lines.coef_, lines.intercept_
    if len(lines.classes_) == 2:
        coefficients, offsets = np.vstack([-coefficients, coefficients]), np.r_[-offsets, offsets]
    weights, intercepts = np.zeros((matrix.shape[1], needs)), np.full(needs, -20.0)
    weights[:, lines.classes_] = coefficients.T
    intercepts[lines.classes_] = offsets
    return weights, intercepts


def _cross_validate(
    counts: csr_matrix,
    words: NDArray[np.bool_],
    long_runs: NDArray[np.bool_],
    labels: Integers,
    named: NDArray[np.bool_],
    needs: int,
    settings: Settings,
) -> tuple[Learner, Floats, Floats, NDArray[np.bool_]]:
    """Choose the learner; give each example's logits and nearness from when it was held out.

    The last result tells which examples were tested: those whose need still had others.
    """
    few = len(labels) <= settings.few
    learners = settings.learners if few else settings.learners[:1]
    folds = settings.folds if few else settings.folds_of_many
    fold_of = np.where(named, -1, _folds(labels, folds, settings.seed))
    logits = {learner: np.zeros((len(labels), needs)) for learner in learners}
    nearness = {learner: np.zeros(len(labels)) for learner in learners}
    tested = np.zeros(len(labels), dtype=bool)
    for fold in range(folds):
        seen, held = np.flatnonzero(fold_of != fold), np.flatnonzero(fold_of == fold)
        if not len(held) or len(set(labels[seen])) < 2:
            continue
        tested[held] = np.isin(labels[held], labels[seen])
        rarity = _rarity(counts[seen])
        kept = _kept(counts[seen], long_runs, few)
        known = _weigh(counts[seen], rarity, words)[:, kept]
        asked = _weigh(counts[held], rarity, words)[:, kept]
        for learner in learners:
            weights, intercepts = _fit(known, labels[seen], needs, learner, settings.seed)
            logits[learner][held] = asked @ weights + intercepts
            nearness[learner][held] = near_of(logits[learner][held], asked, known, labels[seen])
    best = max(learners, key=lambda learner: (logits[learner].argmax(1) == labels)[tested].sum())
    return best, logits[best], nearness[best], tested


def _folds(labels: Integers, folds: int, seed: int) -> Integers:
    """Deal each need's examples out over the folds."""
    random = np.random.default_rng(seed)
    fold_of = np.zeros(len(labels), dtype=np.int64)
    for label in np.unique(labels):
        mine = random.permutation(np.flatnonzero(labels == label))
        fold_of[mine] = (np.arange(len(mine)) + random.integers(folds)) % folds
    return fold_of


def _temperature(logits: Floats, labels: Integers) -> float:
    """Give the divisor of the logits with which held-out confidences are most honest."""

    def surprise(logarithm: float) -> float:
        chosen = softmax(logits / np.exp(logarithm))[np.arange(len(labels)), labels]
        return float(-np.log(chosen + 1e-12).mean())

    return float(np.exp(minimize_scalar(surprise, bounds=(-3, 3), method="bounded").x))


def _thresholds(
    scores: Floats, right: NDArray[np.bool_], scripts: Sequence[str], settings: Settings
) -> dict[str, float]:
    """Give the threshold of each kind of script, and under "" the one for any other."""
    if not right.any():
        return {"": float("-inf")}
    thresholds = {"": float(np.quantile(scores[right], settings.refused))}
    kinds = np.array(scripts)
    for kind in sorted(set(scripts)):
        mine = scores[right & (kinds == kind)]
        if len(mine) >= settings.enough:
            thresholds[kind] = float(np.quantile(mine, settings.refused))
    return thresholds
