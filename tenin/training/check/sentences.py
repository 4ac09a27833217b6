"""Sentences mean one thing, and what grades the bot was not learnt by heart."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np
from rapidfuzz.distance import Levenshtein
from rapidfuzz.process import cdist

from tenin.training.check import kinds
from tenin.training.check.findings import Code
from tenin.training.check.mistakes import WIDE_HYPHENS, WIDE_SPACES
from tenin.training.check.project import Project, Said, example_lines
from tenin.training.corpus import folded

# One less the Levenshtein distance over the length of the longer, after NFKC and case folding.
LIKE = 0.85
# How many of a need's examples may be like another of them.
MOST_ALIKE = 0.10
_MARKED = re.compile(r"\[([^\]]*)\](?:\([^)]*\)|\{[^}]*\})")


class Pair(NamedTuple):
    """Two sentences and their likeness."""

    one: Said
    other: Said
    likeness: float


def check_sentences(project: Project) -> None:
    """Add what is wrong with the examples, the held-out sentences and those of story tests."""
    _lines(project)
    known = _two_needs(project)
    _held_out(project)
    by_language: dict[str, list[list[Said]]] = defaultdict(lambda: [[], []])
    for at, said in enumerate((project.trained, project.held_out)):
        for each in said:
            by_language[each.language][at].append(each)
    for trained, held_out in by_language.values():
        _alike(project, trained, known)
        for pair in alike(held_out, trained):
            if pair.one.folded != pair.other.folded:
                _add(
                    project,
                    pair.other,
                    Code.EXAMPLE_LIKE_HELD_OUT,
                    f"The example is nearly the held-out sentence {pair.one.text!r} of "
                    f"{pair.one.need!r} ({_place(pair.one)}).",
                    "Write another example: what grades the bot must not be learnt by heart.",
                )
    _story_tests(project)


def alike(asked: Sequence[Said], known: Sequence[Said]) -> Iterator[Pair]:
    """Give every pair of `asked` and `known` that is within the limit, each once.

    Only sentences of nearly the same length are held against each other: others can't be within it.
    """
    same = asked is known
    by_length: dict[int, list[int]] = defaultdict(list)
    for at, said in enumerate(known):
        by_length[len(said.folded)].append(at)
    wanted: dict[int, list[int]] = defaultdict(list)
    for at, said in enumerate(asked):
        wanted[len(said.folded)].append(at)
    for length, rows in wanted.items():
        least = length if same else -(-length * 85 // 100)
        columns = [
            at for near in range(least, int(length / LIKE) + 1) for at in by_length.get(near, ())
        ]
        if not columns:
            continue
        likeness = cdist(
            [asked[row].folded for row in rows],
            [known[column].folded for column in columns],
            scorer=Levenshtein.normalized_similarity,
            score_cutoff=LIKE,
            dtype=np.float32,
        )
        for row, column in np.argwhere(likeness):
            one, other = rows[row], columns[column]
            # Those of one length meet twice, and themselves.
            if same and (one == other or (length == len(known[other].folded) and one > other)):
                continue
            yield Pair(asked[one], known[other], float(likeness[row, column]))


def _lines(project: Project) -> None:
    for source in project.of(kinds.NLU, kinds.HELD_OUT):
        for _, number, line in example_lines(source):
            if line.startswith("- ") and line[2:].strip():
                continue
            body = line.lstrip(" \t" + WIDE_SPACES)
            if (body[:1] and body[:1] in WIDE_HYPHENS) or re.match(rf"-[{WIDE_SPACES}]", body):
                source.add(
                    number,
                    Code.FULL_WIDTH_SIGN,
                    body[:60],
                    "The sentence doesn't begin with a plain hyphen and a plain space, so it isn't "
                    "read.",
                    "Begin it with `- `, written with the keyboard set to English.",
                )
            elif "\t" in line[: len(line) - len(body)] + body[1:2]:
                message = "There is a tab before the sentence, so it isn't read."
                source.add(number, Code.TAB, body[:60], message, "Write plain spaces instead.")
            elif body.startswith("- ") and body[2:].strip():
                source.add(
                    number,
                    Code.INDENT,
                    body[:60],
                    "The sentence is indented deeper than those around it, so it isn't read.",
                    "Give it as many spaces at its beginning as the others have.",
                )
            else:
                source.add(
                    number,
                    Code.NO_HYPHEN,
                    body[:60],
                    "The line isn't read as a sentence.",
                    "Begin it with a hyphen and a space, `- `; one sentence for each line.",
                )


def _two_needs(project: Project) -> set[str]:
    """Sentences under two needs, or twice under one; give them."""
    found = set[str]()
    for sentences in (project.trained, project.held_out):
        first: dict[str, Said] = {}
        here: dict[tuple[str, str], Said] = {}
        for said in sentences:
            known = first.setdefault(said.folded, said)
            if known.need != said.need:
                found.add(said.folded)
                _add(
                    project,
                    said,
                    Code.TWO_NEEDS,
                    f"The sentence is {said.need!r} here and {known.need!r} in {_place(known)}.",
                    "Keep it where it belongs (docs/needs.md says which), and delete the other.",
                )
            known = here.setdefault((said.folded, said.language), said)
            if known is not said and known.need == said.need:
                message = f"The sentence is there already, in {_place(known)}."
                _add(project, said, Code.TWICE, message, "Delete one of them.")
    return found


def _alike(project: Project, trained: Sequence[Said], known: set[str]) -> None:
    within: dict[str, set[int]] = defaultdict(set)
    examples = {id(said): said for said in trained}
    for pair in alike(trained, trained):
        if pair.one.need == pair.other.need:
            within[pair.one.need] |= {id(pair.one), id(pair.other)}
        elif pair.one.folded not in known and pair.other.folded not in known:
            one, other = sorted(pair[:2], key=lambda said: (said.source.name, said.sentence.line))
            _add(
                project,
                one,
                Code.ALIKE,
                f"The example of {one.need!r} is nearly {other.text!r} of {other.need!r} "
                f"({_place(other)}).",
                "Write one of them in other words, or delete it; if both are right, excuse it in "
                "checks.yml.",
            )
    counted: dict[str, int] = defaultdict(int)
    for said in trained:
        counted[said.need] += 1
    for need, found in sorted(within.items()):
        if len(found) > max(1, counted[need] * MOST_ALIKE) and len(found) > 2:
            first = min((examples[each] for each in found), key=lambda said: said.sentence.line)
            shown = sorted(examples[each].text for each in found)[:4]
            project.add(
                first.source.name,
                first.sentence.line,
                Code.TOO_ALIKE,
                need,
                f"{len(found)} of {counted[need]} examples of {need!r} are nearly another of "
                f"them, as {', '.join(map(repr, shown))}.",
                f"Write them in more varied words; {MOST_ALIKE:.0%} are the most.",
            )


def _held_out(project: Project) -> None:
    graded: dict[str, Said] = {}
    for said in project.held_out:
        graded.setdefault(said.folded, said)
    for said in project.trained:
        known = graded.get(said.folded)
        if known is not None:
            _add(
                project,
                said,
                Code.EXAMPLE_IS_HELD_OUT,
                f"The example is a held-out sentence too ({_place(known)}).",
                "Delete it here: what grades the bot must not be learnt by heart.",
            )


def _story_tests(project: Project) -> None:
    trained: dict[str, Said] = {}
    for said in project.trained:
        trained.setdefault(said.folded, said)
    for step in project.steps(kinds.STORY_TESTS):
        words: Any = step.content.get("user")
        if isinstance(words, str):
            text = _MARKED.sub(r"\1", words).strip()
            known = trained.get(folded(text))
            if known is not None:
                step.source.add(
                    step.line,
                    Code.EXAMPLE_IN_STORY_TEST,
                    text,
                    f"The customer says a training example ({_place(known)}).",
                    "Let them say it in other words, or the test shows nothing.",
                )


def _add(project: Project, said: Said, code: Code, message: str, remedy: str) -> None:
    project.add(said.source.name, said.sentence.line, code, said.text, message, remedy)


def _place(said: Said) -> str:
    return f"{said.source.name}:{said.sentence.line}"
