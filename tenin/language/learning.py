"""Learns the model of `classification` from examples, and when to refuse a message.

No example of what is out of scope goes into it: training leaves out a tenth of the
examples at a time, sees with which score the held-out ones are understood rightly, and
sets the threshold, for messages with Han signs and for others apart, so that only a
small share of these would have been refused.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize_scalar
from scipy.sparse import csr_matrix, diags
from sklearn.linear_model import LogisticRegression

from tenin.language.classification import (
    Features,
    Floats,
    Integers,
    NeedModel,
    is_word,
    scores_of,
    softmax,
)

_NONE_LEFT = 1e-4


class TrainingError(ValueError):
    """The examples are too few to learn from; the message names the remedy."""


@dataclass(frozen=True)
class Settings:
    """How to train.

    `costs` are the weights of an error to choose from by cross-validation in `folds`;
    `refused` is the share of rightly understood held-out messages that the threshold
    may refuse; a kind of text with fewer than `enough` of them shares the others'.
    """

    costs: tuple[float, ...] = (5.0, 20.0)
    folds: int = 10
    refused: float = 0.05
    enough: int = 50
    seed: int = 1


@dataclass(frozen=True)
class Example:
    """One training example: the need it expresses, its features, its kind of script."""

    need: str
    features: Features
    script: str


def train(examples: Sequence[Example], settings: Settings | None = None) -> NeedModel:
    """Learn from examples; the same examples in any order give the same model.

    Raises TrainingError unless two needs have two different examples each.
    """
    settings = settings or Settings()
    examples = _sorted(examples)
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
    cost, logits, scores, tested = _cross_validate(counts, words, labels, len(needs), settings)
    right = tested & (logits.argmax(1) == labels)
    rarity = _rarity(counts)
    matrix = _weigh(counts, rarity, words)
    weights, intercepts = _fit(matrix, labels, len(needs), cost, settings.seed)
    return NeedModel(
        needs=needs,
        vocabulary=vocabulary,
        rarity=rarity,
        unknown_rarity=float(np.log(1 + len(examples)) + 1),
        weights=weights,
        intercepts=intercepts,
        examples=matrix,
        example_needs=labels,
        temperature=_temperature(logits[tested], labels[tested]),
        thresholds=_thresholds(scores, right, [example.script for example in examples], settings),
        accuracy=float(right.sum() / tested.sum()),
    )


def _sorted(examples: Sequence[Example]) -> list[Example]:
    """Give the examples in an order of their own, each once."""
    keyed = {
        (example.need, example.script, tuple(sorted(example.features.items()))): example
        for example in examples
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
            values.append(1 + np.log(count))
    return csr_matrix((values, (rows, columns)), shape=(len(examples), len(vocabulary)))


def _rarity(counts: csr_matrix) -> Floats:
    """Give each feature's inverse document frequency, smoothed; unseen ones are the rarest."""
    seen = np.bincount(counts.indices, minlength=counts.shape[1])
    return np.asarray(np.log((1 + counts.shape[0]) / (1 + seen)) + 1)


def _weigh(counts: csr_matrix, rarity: Floats, words: NDArray[np.bool_]) -> csr_matrix:
    """Weigh counts by rarity; words and characters each make half of a row's length."""
    weighed = counts @ diags(rarity)
    squares = weighed.power(2)
    scale = [
        1 / np.sqrt(2 * np.maximum(np.asarray(squares[:, block].sum(1)).ravel(), _NONE_LEFT))
        for block in (words, ~words)
    ]
    weighed = csr_matrix(weighed)
    row_of = np.repeat(np.arange(counts.shape[0]), np.diff(weighed.indptr))
    weighed.data *= np.where(words[weighed.indices], scale[0][row_of], scale[1][row_of])
    return weighed


def _fit(
    matrix: csr_matrix, labels: Integers, needs: int, cost: float, seed: int
) -> tuple[Floats, Floats]:
    """Fit one regression per need against the rest; a need without examples gets none."""
    regression = LogisticRegression(
        C=cost,
        solver="liblinear",
        dual=True,
        class_weight="balanced",
        random_state=seed,
        max_iter=10_000,
    ).fit(matrix, labels)
    coefficients, offsets = regression.coef_, regression.intercept_
    if len(regression.classes_) == 2:
        coefficients, offsets = np.vstack([-coefficients, coefficients]), np.r_[-offsets, offsets]
    weights, intercepts = np.zeros((matrix.shape[1], needs)), np.full(needs, -20.0)
    weights[:, regression.classes_] = coefficients.T
    intercepts[regression.classes_] = offsets
    return weights, intercepts


def _cross_validate(
    counts: csr_matrix,
    words: NDArray[np.bool_],
    labels: Integers,
    needs: int,
    settings: Settings,
) -> tuple[float, Floats, Floats, NDArray[np.bool_]]:
    """Choose the cost; give it with each example's logits and score from when it was held out.

    The last result tells which examples were tested: those whose need still had others.
    """
    fold_of = _folds(labels, settings)
    logits = {cost: np.zeros((len(labels), needs)) for cost in settings.costs}
    scores = {cost: np.zeros(len(labels)) for cost in settings.costs}
    tested = np.zeros(len(labels), dtype=bool)
    for fold in range(settings.folds):
        seen, held = np.flatnonzero(fold_of != fold), np.flatnonzero(fold_of == fold)
        if not len(held) or len(set(labels[seen])) < 2:
            continue
        tested[held] = np.isin(labels[held], labels[seen])
        rarity = _rarity(counts[seen])
        known = _weigh(counts[seen], rarity, words)
        asked = _weigh(counts[held], rarity, words)
        likeness = (asked @ known.T).toarray()
        for cost in settings.costs:
            weights, intercepts = _fit(known, labels[seen], needs, cost, settings.seed)
            logits[cost][held] = asked @ weights + intercepts
            scores[cost][held] = scores_of(logits[cost][held], likeness, labels[seen])
    best = max(
        settings.costs,
        key=lambda cost: ((logits[cost].argmax(1) == labels)[tested].sum(), -cost),
    )
    return best, logits[best], scores[best], tested


def _folds(labels: Integers, settings: Settings) -> Integers:
    """Deal each need's examples out over the folds."""
    random = np.random.default_rng(settings.seed)
    fold_of = np.zeros(len(labels), dtype=np.int64)
    for label in np.unique(labels):
        mine = random.permutation(np.flatnonzero(labels == label))
        fold_of[mine] = (np.arange(len(mine)) + random.integers(settings.folds)) % settings.folds
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
