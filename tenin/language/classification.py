"""Tells which need a message expresses, and when it is better to say: not understood.

The numbers behind `tenin.bot.classifier`, without Rasa; `learning` makes the model.
Features (`features`) are weighted by TF-IDF, words and characters each brought to a
length of its own; a feature never seen counts in the length, so a message of strange
words comes out weak. One line per need, each against the rest, gives the confidence.
A message is refused when confidence and likeness to the nearest examples of the need
are together below a threshold; where there is a need for what is out of scope, how far
the message is from it counts too.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

Floats = NDArray[np.float64]
SmallFloats = NDArray[np.float32]
Integers = NDArray[np.int64]
Features = Mapping[str, int]

# How long words and characters are in a message; as squares they make one.
SHARES = (0.625, 0.7806)

OUT_OF_SCOPE = "out_of_scope"
_NEIGHBOURS = 3
_LEAD = 0.3
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

    `weights` and `examples` are large and of single precision; the examples stand in the
    order of their needs. `accuracy` is the share of examples understood rightly when they
    were held out; `learner` the kind of lines and the weight of an error they were fitted with.
    """

    needs: tuple[str, ...]
    vocabulary: tuple[str, ...]
    rarity: Floats
    unknown_rarity: float
    weights: SmallFloats
    intercepts: Floats
    examples: csr_matrix
    example_needs: Integers
    temperature: float
    thresholds: Mapping[str, float]
    accuracy: float
    learner: tuple[str, float]
    _index: dict[str, int] = field(init=False, repr=False, compare=False)
    _starts: Integers = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Prepare the look-up of features, and where each need's examples start."""
        index = {feature: at for at, feature in enumerate(self.vocabulary)}
        starts = np.searchsorted(self.example_needs, np.arange(len(self.needs) + 1))
        object.__setattr__(self, "_index", index)
        object.__setattr__(self, "_starts", starts)

    def judge(self, features: Features, script: str) -> Judgement:
        """Judge one message by its features and its kind of script."""
        known = self._known(features)
        if not known:
            even = 1.0 / len(self.needs)
            return Judgement([(need, even) for need in self.needs], True, float("-inf"))
        row = self._row(known, features)
        logits = np.asarray(row @ self.weights)[0] + self.intercepts
        confidences = softmax(logits[np.newaxis] / self.temperature)[0]
        nearness = near(self._likeness(row, int(logits.argmax()))[np.newaxis])
        score = float(scores_of(confidences[np.newaxis], nearness, aside_of(self.needs))[0])
        order = np.argsort(-confidences, kind="stable")
        return Judgement(
            [(self.needs[at], float(confidences[at])) for at in order],
            score < self.thresholds[script if script in self.thresholds else ""],
            score,
        )

    def nearest(self, features: Features, count: int) -> list[tuple[int, float]]:
        """Give the examples most like a message, of any need: row and likeness, the nearest first.

        None for a message that shares nothing with any.
        """
        known = self._known(features)
        if not known:
            return []
        likeness = (self.examples @ self._row(known, features).T).toarray().ravel()
        order = np.argsort(-likeness, kind="stable")[:count]
        return [(int(at), float(likeness[at])) for at in order if likeness[at] > 0]

    def reasons(self, features: Features, need: str) -> dict[str, float]:
        """Give how much each feature of a message speaks for a need, or, below zero, against it.

        Their sum, with the need's own offset, is its logit.
        """
        known = self._known(features)
        if not known:
            return {}
        row, line = self._row(known, features), self.weights[:, self.needs.index(need)]
        return {
            self.vocabulary[at]: float(value * line[at])
            for at, value in zip(row.indices, row.data, strict=True)
        }

    def _known(self, features: Features) -> dict[int, int]:
        return {
            self._index[feature]: count
            for feature, count in features.items()
            if feature in self._index
        }

    def _likeness(self, row: csr_matrix, need: int) -> Floats:
        """Give the likeness of a message to each example of a need."""
        message = np.zeros(len(self.vocabulary))
        message[row.indices] = row.data
        # A product by hand: scipy copies the rows that are cut from a matrix.
        ends = self.examples.indptr[self._starts[need] : self._starts[need + 1] + 1]
        inside = slice(ends[0], ends[-1])
        sums = np.cumsum(self.examples.data[inside] * message[self.examples.indices[inside]])
        return np.diff(np.concatenate([[0.0], sums])[ends - ends[0]])

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
            * SHARES[not is_word(self.vocabulary[at])]
            / np.sqrt(squares[is_word(self.vocabulary[at])])
            for at in columns
        ]
        # Of the type of the weights, or the product would make a copy of them all.
        return csr_matrix(
            (np.array(values, dtype=self.weights.dtype), columns, [0, len(columns)]),
            shape=(1, len(self.vocabulary)),
        )


def is_word(feature: str) -> bool:
    """Tell whether a feature is of words, else of characters."""
    return feature.startswith("w")


def is_long_run(feature: str) -> bool:
    """Tell whether a feature is a run of three signs or more."""
    return not is_word(feature) and len(feature) >= len("c ") + 3


def aside_of(needs: Sequence[str]) -> int | None:
    """Tell which need holds what is out of scope, if one does."""
    return needs.index(OUT_OF_SCOPE) if OUT_OF_SCOPE in needs else None


def near_of(
    logits: Floats, messages: csr_matrix, examples: csr_matrix, example_needs: Integers
) -> Floats:
    """Give for each message, a row each, how near the likeliest need's examples are."""
    likeliest = logits.argmax(1)
    nearness = np.zeros(len(logits))
    for need in np.unique(likeliest):
        mine = np.flatnonzero(likeliest == need)
        own = examples[np.flatnonzero(example_needs == need)]
        nearness[mine] = near((messages[mine] @ own.T).toarray())
    return nearness


def near(likeness: Floats) -> Floats:
    """Give the logarithm of the mean likeness to the nearest examples, a row for each message."""
    if not likeness.shape[1]:
        return np.full(len(likeness), np.log(_TINY))
    nearest = -np.sort(-likeness, axis=1)[:, :_NEIGHBOURS]
    return np.asarray(np.log(nearest.mean(1) + _TINY))


def scores_of(confidences: Floats, nearness: Floats, aside: int | None) -> Floats:
    """Score each message: the higher, the surer that its likeliest need is meant.

    The mean of two logarithms, of the confidence and of the nearness; and how much likelier
    the need is than `aside`, the one for what is out of scope.
    """
    likeliest = np.log(confidences.max(1) + _TINY)
    scores = (nearness + likeliest) / 2
    if aside is not None:
        scores = scores + _LEAD * (likeliest - np.log(confidences[:, aside] + _TINY))
    return np.asarray(scores)


def softmax(logits: Floats) -> Floats:
    """Turn each row of logits into confidences that add up to one."""
    raised = np.exp(logits - logits.max(1, keepdims=True))
    return np.asarray(raised / raised.sum(1, keepdims=True))
