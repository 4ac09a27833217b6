"""How varied the training data is, and how far the held-out sentences are from it.

The likeness of two sentences is their character edit ratio: one less the Levenshtein
distance over the length of the longer, after Unicode NFKC and case folding. Listed are:

- examples within 0.85 of another of the same need and language (at most 10 % of a need);
- examples that stand under two needs, in whatever language;
- held-out sentences within 0.85 of a training example of any need.

`tenin check` holds these limits, and tells of what breaks them by file and line; here the figures
are. Ends with exit code 1 when a limit is broken. Run from the project's root, and keep
what it prints beside it:
    .venv/bin/python -m benchmarks.variety > benchmarks/results/variety.txt
    .venv/bin/python -m benchmarks.variety ja --need track_order    # while writing
"""

import argparse
import sys
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from rapidfuzz.distance import Levenshtein
from rapidfuzz.process import cdist

from tenin.training.check.sentences import LIKE, MOST_ALIKE
from tenin.training.corpus import HELD_OUT, TRAINED, Sentence, read_sentences

ROOT = Path(__file__).parents[1]


class Pair(NamedTuple):
    """Two sentences and their likeness."""

    one: Sentence
    other: Sentence
    likeness: float

    def __str__(self) -> str:
        """One line for a reader."""
        return (
            f"{self.likeness:.2f}  {self.one.file.relative_to(ROOT)}: {self.one.text!r}"
            f" ~ {self.other.need}: {self.other.text!r}"
        )


def alike(asked: Sequence[Sentence], known: Sequence[Sentence]) -> list[Pair]:
    """Give each of `asked` that is within the limit of one of `known`, with the likest."""
    if not asked or not known:
        return []
    likeness = cdist(
        [each.folded for each in asked],
        [each.folded for each in known],
        scorer=Levenshtein.normalized_similarity,
        score_cutoff=LIKE,
    )
    if asked is known:
        for at in range(len(asked)):
            likeness[at, at] = 0
    best = likeness.argmax(1)
    return [
        Pair(one, known[at], float(likeness[row, at]))
        for row, (one, at) in enumerate(zip(asked, best, strict=True))
        if likeness[row, at] >= LIKE
    ]


def under_two_needs(sentences: Sequence[Sentence]) -> list[Pair]:
    """Give each sentence that stands under another need too."""
    first: dict[str, Sentence] = {}
    found = []
    for each in sentences:
        known = first.setdefault(each.folded, each)
        if known.need != each.need:
            found.append(Pair(each, known, 1.0))
    return found


def report(languages: Sequence[str], need: str | None) -> bool:
    """Print the figures and offenders of these languages; tell whether all limits hold."""
    everything = read_sentences(ROOT, TRAINED)
    doubled = [pair for pair in under_two_needs(everything) if need in (None, pair.one.need)]
    print(f"under two needs: {len(doubled)}")
    print(*(f"    {pair}" for pair in doubled), sep="\n", end="\n" if doubled else "")
    holds = not doubled
    for language in languages:
        trained = [each for each in everything if each.language == language]
        by_need: dict[str, list[Sentence]] = defaultdict(list)
        for each in trained:
            if need in (None, each.need):
                by_need[each.need].append(each)
        pairs = {name: alike(examples, examples) for name, examples in by_need.items()}
        shares = {name: len(found) / len(by_need[name]) for name, found in pairs.items()}
        worst = max(shares.values(), default=0.0)
        asked = [s for s in read_sentences(ROOT, HELD_OUT, language) if need in (None, s.need)]
        near = alike(asked, trained)
        holds = holds and worst <= MOST_ALIKE and not near
        print(
            f"{language}: {sum(map(len, by_need.values()))} examples of {len(by_need)} needs, "
            f"{sum(map(len, pairs.values()))} like another of their need "
            f"(most in one need {worst:.1%}, allowed {MOST_ALIKE:.0%}); {len(near)} of "
            f"{len(asked)} held-out sentences like a training example"
        )
        for name, found in sorted(pairs.items()):
            over = "  over the limit" if shares[name] > MOST_ALIKE else ""
            if found:
                print(f"  {name}: {shares[name]:.1%} of {len(by_need[name])}{over}")
            print(*(f"    {pair}" for pair in found), sep="\n", end="\n" if found else "")
        print(*(f"  held out: {pair}" for pair in near), sep="\n", end="\n" if near else "")
    return holds


def main() -> int:
    """Report on the languages named, else on all that have training data."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("languages", nargs="*")
    parser.add_argument("--need", help="look at one need alone, as in faq/returns_policy")
    chosen = parser.parse_args()
    known = sorted(path.name for path in (ROOT / "data/nlu").iterdir())
    return 0 if report(chosen.languages or known, chosen.need) else 1


if __name__ == "__main__":
    sys.exit(main())
