"""How like messages are, and groups of those that are alike; knows neither database nor needs.

Messages are compared folded (`tenin.language.folding`), by their words and by pieces of them, which
carries Chinese, Japanese and misspelt words. What is common in the project's examples counts
little. What was masked counts as one sign of its kind. scikit-learn does the counting and the
grouping.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import regex

from tenin.language.folding import BREAK, fold

# How far apart the messages of a group may be on average, from 0 to 1, and how much of that comes
# from what the bot took them for. Of the project's held-out sentences, groups made so are about one
# need in nine of ten cases, groups made of wording alone in five.
FARTHEST = 0.75
RANKING_COUNTS = 0.3
# More at once would take more memory than grouping is worth: the square of it.
MOST = 3_000
_RUNS = (1, 2)
_MASKED = regex.compile(r"\[(\w+)\]")


@dataclass(frozen=True)
class Message:
    """A message to be grouped.

    `ranking` has needs with the bot's confidence, `group` the group that it is in already.
    """

    text: str
    ranking: Mapping[str, float] = field(default_factory=dict)
    group: str | None = None


@dataclass(frozen=True)
class Grouped:
    """The group of each message, in the order they were given, and how central each is in it.

    New groups are numbered from 0; those that were there before keep their names.
    """

    groups: list[str | int]
    central: list[float]


def group(messages: Sequence[Message], common: Sequence[str] = ()) -> Grouped:
    """Put messages of one language into groups.

    A message without a group joins the group it is likest to, if it is near enough; what is left
    is grouped among itself. Nothing leaves the group that it is in.

    Args:
        common: sentences of the same language, by which it is told what is common in it.
    """
    if not messages:
        return Grouped([], [])
    far = _distances(messages, common)
    found: list[Any] = [each.group for each in messages]
    members = _members(found)
    members.pop(None, None)
    new = [at for at, each in enumerate(messages) if each.group is None]
    for at in new:
        reached = [(float(far[at, those].mean()), name) for name, those in members.items()]
        if reached and min(reached)[0] <= FARTHEST:
            found[at] = min(reached)[1]
    left = [at for at in new if found[at] is None]
    for at, number in zip(left, _clustered(far, left), strict=True):
        found[at] = number
    return Grouped(found, _central(far, found))


def _distances(messages: Sequence[Message], common: Sequence[str]) -> Any:
    # Brings SciPy along, a second's work that nothing else of the web tier waits for.
    import numpy as np
    from sklearn.feature_extraction import DictVectorizer
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.preprocessing import normalize

    vectorizer = TfidfVectorizer(analyzer=pieces, sublinear_tf=True)
    texts = [each.text for each in messages]
    words = vectorizer.fit([*common, *texts]).transform(texts)
    like = (words @ words.T).toarray()
    ranked = [at for at, each in enumerate(messages) if each.ranking]
    if ranked:
        taken = DictVectorizer().fit_transform([dict(messages[at].ranking) for at in ranked])
        taken = normalize(taken)
        both = np.ix_(ranked, ranked)
        like[both] += RANKING_COUNTS * ((taken @ taken.T).toarray() - like[both])
    far = np.clip(1.0 - like, 0.0, 1.0)
    np.fill_diagonal(far, 0.0)
    return far


def _clustered(far: Any, those: list[int]) -> list[int]:
    if len(those) < 2:
        return [0] * len(those)
    import numpy as np
    from sklearn.cluster import AgglomerativeClustering

    cluster = AgglomerativeClustering(
        n_clusters=None, affinity="precomputed", linkage="average", distance_threshold=FARTHEST
    )
    return [int(label) for label in cluster.fit_predict(far[np.ix_(those, those)])]


def _central(far: Any, groups: Sequence[Any]) -> list[float]:
    members = _members(groups)
    return [1.0 - float(far[at, members[name]].mean()) for at, name in enumerate(groups)]


def _members(groups: Sequence[Any]) -> dict[Any, list[int]]:
    found: dict[Any, list[int]] = {}
    for at, name in enumerate(groups):
        found.setdefault(name, []).append(at)
    return found


def pieces(text: str) -> list[str]:
    """Give what a message is compared by: its words, and runs of its letters."""
    kinds = _MASKED.findall(text)
    folded = fold(_MASKED.sub(" ", text).replace("_", " "))
    found: Counter[str] = Counter(f"[{kind}]" for kind in kinds)
    stretch, was = "", ""
    for letter, of, gap in zip(folded.letters, folded.kinds, folded.gaps, strict=True):
        kind = "a" if of in "a0." else "w"
        if stretch and (kind != was or gap == " " or letter == BREAK):
            found.update(_pieces(stretch, was))
            stretch = ""
        if letter != BREAK:
            stretch, was = stretch + letter, kind
    if stretch:
        found.update(_pieces(stretch, was))
    return list(found.elements()) or [" "]


def _pieces(stretch: str, kind: str) -> list[str]:
    if kind == "a":  # a word, and what it is made of
        whole = f" {stretch} "
        return [whole, *(whole[at : at + 4] for at in range(len(whole) - 3))]
    return [
        stretch[at : at + length] for length in _RUNS for at in range(len(stretch) - length + 1)
    ]
