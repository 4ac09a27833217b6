"""What the bot makes of a message, from how it and its clauses are judged.

Beside the need itself: a second wish in the same message, what a wish for a person is about, and
the topics near a message that is not understood. `tenin.bot.classifier` tells Rasa so; the
trainers' workshop (`tenin.training`) shows the same without Rasa.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, fields
from typing import Any

from tenin.language.classification import OUT_OF_SCOPE, Judgement
from tenin.language.clauses import clauses

MOST_NEAR = 3

Judge = Callable[[str], Judgement]


@dataclass(frozen=True)
class Rules:
    """What config.yml may set of this.

    `talk`: needs that are neither offered as topics nor taken for a second wish. `near`: how
    confident a topic must be to be offered. `sure`: how confident each of two wishes in one
    message must be, judged by itself. `person`: the need that goes before any other wish.
    """

    talk: frozenset[str] = frozenset()
    near: float = 0.15
    sure: float = 0.75
    person: str = "human_agent"

    @classmethod
    def of(cls, config: Mapping[str, Any]) -> Rules:
        """Take what a component's part of config.yml sets of it."""
        given = {each.name: config[each.name] for each in fields(cls) if each.name in config}
        talk: Iterable[str] = given.pop("talk", ())
        return cls(talk=frozenset(talk), **given)


@dataclass(frozen=True)
class Reading:
    """A message as the bot takes it; `judgement` is led by the wish that goes first.

    `near` are needs, the likeliest first, of a message refused; `second` a second wish;
    `about` what a wish for a person is about.
    """

    judgement: Judgement
    second: str | None = None
    near: tuple[str, ...] = ()
    about: str | None = None

    @property
    def need(self) -> str | None:
        """The need, in full; None for a message that is not understood."""
        return None if self.judgement.refused else self.judgement.confidences[0][0]


def read(text: str, judge: Judge, rules: Rules) -> Reading:
    """Make out what a message wants; `judge` judges it, and each of its clauses, by itself."""
    # The clauses of a message are looked at for several things; each is judged once.
    judge = functools.cache(judge)
    judgement = judge(text)
    second: str | None = None
    near: tuple[str, ...] = ()
    about: str | None = None
    wishes = _wishes(text, judge, rules)
    if wishes:
        judgement = _led_by(judgement, wishes[0])
        second = wishes[1] if len(wishes) > 1 else None
    elif judgement.refused:
        near = _near(judgement, rules)
    if not judgement.refused and judgement.confidences[0][0] == rules.person:
        about = _about(text, judge, rules)
    return Reading(judgement, second, near, about)


def _near(judgement: Judgement, rules: Rules) -> tuple[str, ...]:
    """Give the topics that a refused message may be about, the likeliest first.

    None if it may as well be out of scope.
    """
    if dict(judgement.confidences).get(OUT_OF_SCOPE, 0.0) >= rules.near:
        return ()
    topics = [
        need
        for need, confidence in judgement.confidences
        if confidence >= rules.near and need not in rules.talk
    ]
    return tuple(topics[:MOST_NEAR])


def _wishes(text: str, judge: Judge, rules: Rules) -> list[str]:
    """Give the two wishes of a message that has two, or the wish for a person in it.

    Each is a clause of it that is understood by itself, and one of them is what the whole
    was understood as, so that a story does not fall apart into wishes.
    """
    whole = judge(text)
    likeliest = whole.confidences[0][0]
    if any(_sure_of(judge(each), rules) == rules.person for each in clauses(text, commas=True)):
        return [rules.person]
    if likeliest == rules.person:
        return []
    found: list[str] = []
    for clause in clauses(text):
        need = _sure_of(judge(clause), rules)
        if need and need not in rules.talk and need not in found:
            found.append(need)
    if len(found) < 2:
        return []
    return found[:2] if likeliest in found[:2] or whole.refused else []


def _about(text: str, judge: Judge, rules: Rules) -> str | None:
    """Give what else a message that asks for a person wishes for."""
    for clause in clauses(text, commas=True):
        need = _sure_of(judge(clause), rules)
        if need and need != rules.person and need not in rules.talk:
            return need
    return None


def _sure_of(judgement: Judgement, rules: Rules) -> str | None:
    """Give the need of a clause that is surely understood by itself."""
    need, confidence = judgement.confidences[0]
    return None if judgement.refused or confidence < rules.sure else need


def _led_by(judgement: Judgement, need: str) -> Judgement:
    """Give the judgement with `need` as the likeliest, understood."""
    others = [each for each in judgement.confidences if each[0] != need]
    return Judgement([(need, 1.0), *((each, 0.0) for each, _ in others)], False, judgement.score)
