"""A service blueprint and the person it is drawn for, as plain data."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

Text = dict[str, str]  # by language


@dataclass(frozen=True)
class Persona:
    """A customer on paper: who they are, what brings them, what they want, how they write."""

    key: str
    name: Text
    language: str
    situation: Text
    goal: Text
    way_of_writing: Text


@dataclass(frozen=True)
class NamedTest:
    """A test that shows something: a dialogue of a file of tests, or a function of a module."""

    file: str
    name: str


@dataclass(frozen=True)
class Frontstage:
    """What the customer meets in the chat: the need understood, the form open, what is said."""

    intent: str | None
    form: str | None
    responses: tuple[str, ...]


@dataclass(frozen=True)
class Backstage:
    """What the customer doesn't see: custom actions, and the work of a person at the desk."""

    actions: tuple[str, ...]
    agent: Text | None


@dataclass(frozen=True)
class Wait:
    """How long the customer is expected to wait; `unit` as CLDR names it."""

    amount: float
    unit: str


@dataclass(frozen=True)
class FailPoint:
    """What can go wrong in a step, what is done then, and the test that shows it."""

    key: str
    line: int
    what: Text
    recovery: Text
    responses: tuple[str, ...]
    actions: tuple[str, ...]
    seen_in: NamedTest


@dataclass(frozen=True)
class Step:
    """One touchpoint: a column of the drawing."""

    key: str
    line: int
    customer: Text
    frontstage: Frontstage
    backstage: Backstage
    support: tuple[str, ...]
    evidence: Text
    wait: Wait | None
    fail_points: tuple[FailPoint, ...]
    peak: bool
    end: bool


@dataclass(frozen=True)
class Stage:
    """Steps that belong together; the key is one of those in labels.yml."""

    key: str
    line: int
    steps: tuple[Step, ...]


@dataclass(frozen=True)
class Blueprint:
    """One journey of one persona; `lines` says where its top-level keys stand."""

    key: str
    file: Path
    title: Text
    persona: str
    dialogue: NamedTest
    stories: tuple[str, ...]
    stages: tuple[Stage, ...]
    lines: dict[str, int]

    @property
    def steps(self) -> Iterator[Step]:
        """The steps of all stages, in their order."""
        return (step for stage in self.stages for step in stage.steps)
