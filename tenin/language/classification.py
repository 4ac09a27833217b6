"""Tells which need a message expresses, and when it is better to say: not understood.

The numbers behind `tenin.bot.classifier`, without Rasa; `learning` makes the model.
Features (`features`) are weighted by TF-IDF, words and characters each brought to
length one; a feature never seen counts in the length, so a message of strange words
comes out weak. One logistic regression per need, each against the rest, gives the
confidence. A message is refused when confidence and likeness to the nearest examples
of the need are together below a threshold.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
Features = Mapping[str, int]

_NEIGHBOURS = 3
_TINY = 1e-4


@dataclass(frozen=True)
class Judgement:
    """Every need with its confidence, most likely first, and whether the message is refused."""

    confidences: list[tuple[str, float]]
    refused: bool
    score: float


@dataclass(frozen=True)
class NeedModel:
    """What was learnt, in plain arrays; `model_file` writes and reads them.

    `accuracy` is the share of examples understood rightly when they were held out.
    """

    needs: tuple[str, ...]
    vocabulary: tuple[str, ...]
    rarity: Floats
    unknown_rarity: float
    weights: Floats
    intercepts: Floats
    examples: csr_matrix
    example_needs: Integers
    temperature: float
    thresholds: Mapping[str, float]
    accuracy: float
    _index: dict[str, int] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Prepare the look-up of features."""
        index = {feature: at for at, feature in enumerate(self.vocabulary)}
        object.__setattr__(self, "_index", index)

    def judge(self, features: Features, script: str) -> Judgement:
        """Judge one message by its features and its kind of script."""
        known = {
            self._index[feature]: count
            for feature, count in features.items()
            if feature in self._index
        }
        if not known:
            even = 1.0 / len(self.needs)
            return Judgement([(need, even) for need in self.needs], True, float("-inf"))
        row = self._row(known, features)
        logits = np.asarray(row @ self.weights)[0] + self.intercepts
        confidences = softmax(logits[np.newaxis] / self.temperature)[0]
        likeness = (row @ self.examples.T).toarray()
        score = float(scores_of(logits[np.newaxis], likeness, self.example_needs)[0])
        order = np.argsort(-confidences, kind="stable")
        return Judgement(
            [(self.needs[at], float(confidences[at])) for at in order],
            score < self.thresholds[script if script in self.thresholds else ""],
            score,
        )

    def _row(self, known: Mapping[int, int], features: Features) -> csr_matrix:
        squares = {True: 0.0, False: 0.0}
        for feature, count in features.items():
            at = self._index.get(feature)
            rarity = self.unknown_rarity if at is None else self.rarity[at]
            squares[is_word(feature)] += ((1 + np.log(count)) * rarity) ** 2
        columns = sorted(known)
        values = [
            (1 + np.log(known[at]))
            * self.rarity[at]
            / np.sqrt(2 * squares[is_word(self.vocabulary[at])])
            for at in columns
        ]
        return csr_matrix((values, columns, [0, len(columns)]), shape=(1, len(self.vocabulary)))


def is_word(feature: str) -> bool:
    """Tell whether a feature is of words, else of characters."""
    return feature.startswith("w")


def scores_of(logits: Floats, likeness: Floats, example_needs: Integers) -> Floats:
    """Give for each message the mean of two logarithms.

    Of the likeliest need's own confidence, and of the mean likeness to that need's
    nearest examples.
    """
    best = logits.argmax(1)
    own = np.where(example_needs[np.newaxis] == best[:, np.newaxis], likeness, 0.0)
    nearest = -np.sort(-own, axis=1)[:, :_NEIGHBOURS]
    near = np.log(nearest.mean(1) + _TINY)
    return np.asarray((near - np.logaddexp(0.0, -logits.max(1))) / 2)


def softmax(logits: Floats) -> Floats:
    """Turn each row of logits into confidences that add up to one."""
    raised = np.exp(logits - logits.max(1, keepdims=True))
    return np.asarray(raised / raised.sum(1, keepdims=True))
