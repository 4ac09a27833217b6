"""Counts what of the held-out sentences is understood rightly, and compares two such counts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from tenin.training.corpus import Sentence
from tenin.training.evaluate.asking import Answer

Cell = tuple[str, str]  # need, language


@dataclass(frozen=True)
class Count:
    """So many of so many sentences."""

    right: int
    of: int

    def __add__(self, other: Count) -> Count:
        """Add two up."""
        return Count(self.right + other.right, self.of + other.of)

    def __str__(self) -> str:
        """Give it as people write it."""
        return f"{self.right} of {self.of}"

    @property
    def share(self) -> float:
        """The share that is right, 0 to 1."""
        return self.right / self.of if self.of else 0.0


@dataclass(frozen=True)
class Changed:
    """A held-out sentence that is understood otherwise than in the base."""

    sentence: Sentence
    before: Answer
    after: Answer

    @property
    def better(self) -> bool:
        """It is understood rightly now."""
        return self.after.understood == self.sentence.need

    @property
    def worse(self) -> bool:
        """It was understood rightly before."""
        return self.before.understood == self.sentence.need


@dataclass(frozen=True)
class Wrong:
    """A held-out sentence that isn't understood rightly, and what it was taken for."""

    sentence: Sentence
    answer: Answer


@dataclass(frozen=True)
class Figures:
    """The counts of a state of the project by need and language."""

    cells: Mapping[Cell, Count]

    @classmethod
    def of(cls, sentences: Iterable[Sentence], answers: Mapping[str, Answer]) -> Figures:
        """Count; the answer to a sentence stands under its text."""
        right: Counter[Cell] = Counter()
        total: Counter[Cell] = Counter()
        for each in sentences:
            cell = each.need, each.language
            total[cell] += 1
            right[cell] += answers[each.text].understood == each.need
        return cls({cell: Count(right[cell], total[cell]) for cell in sorted(total)})

    @property
    def needs(self) -> list[str]:
        """All needs, in their order."""
        return sorted({need for need, _ in self.cells})

    @property
    def languages(self) -> list[str]:
        """All languages, in their order."""
        return sorted({language for _, language in self.cells})

    def count(self, need: str | None = None, language: str | None = None) -> Count:
        """Add up what is of a need, of a language, or all."""
        found = (
            count
            for (its_need, its_language), count in self.cells.items()
            if need in (None, its_need) and language in (None, its_language)
        )
        return sum(found, Count(0, 0))


@dataclass(frozen=True)
class Comparison:
    """The change beside the base, both asked for the held-out sentences of the change.

    Without a base (`before` is None) there are the figures of the change alone. `new` are
    sentences that the base's own held-out ones don't have.
    """

    after: Figures
    before: Figures | None
    changed: Sequence[Changed]
    wrong: Sequence[Wrong]
    new: Sequence[Sentence] = ()

    @property
    def better(self) -> list[Changed]:
        """Sentences understood rightly now that were not."""
        return [each for each in self.changed if each.better]

    @property
    def worse(self) -> list[Changed]:
        """Sentences no longer understood rightly."""
        return [each for each in self.changed if each.worse]

    def lost(self, need: str | None = None, language: str | None = None) -> int:
        """Give how many sentences more are lost than won, of a need, a language or all."""
        if self.before is None:
            return 0
        return self.before.count(need, language).right - self.after.count(need, language).right


def compare(
    sentences: Sequence[Sentence],
    after: Mapping[str, Answer],
    before: Mapping[str, Answer] | None,
    known: Iterable[Sentence] = (),
) -> Comparison:
    """Compare the answers to the same sentences.

    Args:
        sentences: the held-out ones of the change.
        after: what the change understands, by text.
        before: what the base understands of the same texts; None if there is no base.
        known: the held-out sentences of the base.
    """
    changed = [
        Changed(each, before[each.text], after[each.text])
        for each in sentences
        if before is not None and before[each.text].understood != after[each.text].understood
    ]
    wrong = [
        Wrong(each, after[each.text])
        for each in sentences
        if after[each.text].understood != each.need
    ]
    had = {(each.text, each.need, each.language) for each in known}
    new = [
        each
        for each in sentences
        if before is not None and (each.text, each.need, each.language) not in had
    ]
    figures_before = None if before is None else Figures.of(sentences, before)
    return Comparison(Figures.of(sentences, after), figures_before, changed, wrong, new)
