"""Which of a conversation's messages were missed, and why; told from what was said and remembered.

Looked at are messages that were typed and that the bot answered. What was meant as an answer to
one of its own questions is not missed when it was unsure of it; a button is never.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import regex

from tenin.conversation.wish import FALLBACK, NOT_UNDERSTOOD, TALK, need_said, needs_ranked
from tenin.training.missed.models import Reason

# Below it about four in ten answers were wrong on the held-out sentences, above it one in ten.
UNSURE = 0.6
SURE = 0.75
OUT_OF_SCOPE = "out_of_scope"
TURNS = 3  # a message so many turns before a person was wanted led there
WORST = 2  # a rating up to this is a bad one
RANKED = 5
GREETINGS = 3  # an agent's answer is looked for in so many of their first turns of speech
_SAYS_SOMETHING = regex.compile(r"\p{L}.*\p{L}", regex.DOTALL)


@dataclass(frozen=True)
class Heard:
    """One message that the bot took, and what it made of it."""

    line_number: int
    text: str
    typed: bool
    received_at: datetime
    done_at: datetime | None
    parsed: Mapping[str, Any]
    actions: Sequence[str]
    in_form: bool  # it came while a form was asking

    @property
    def need(self) -> str | None:
        """What it was taken for; None if it was refused."""
        said = need_said({"parse_data": self.parsed})
        return None if said == FALLBACK else said

    @property
    def confidence(self) -> float | None:
        """Of the likeliest need, refused or not."""
        return self.ranking[0][1] if self.ranking else None

    @property
    def ranking(self) -> list[tuple[str, float]]:
        """The likeliest needs."""
        return needs_ranked(self.parsed)[:RANKED]


@dataclass(frozen=True)
class Said:
    """One line of the transcript."""

    number: int
    agent: bool
    customer: bool
    text: str
    at: datetime


@dataclass(frozen=True)
class Service:
    """One time that a person was wanted."""

    asked_at: datetime
    ended_at: datetime | None
    rating: int | None


@dataclass(frozen=True)
class Missed:
    """A message that was missed, why, and what an agent said to it."""

    heard: Heard
    reasons: tuple[Reason, ...]
    answer: str | None


def missed(
    heard: Sequence[Heard], services: Sequence[Service], lines: Sequence[Said]
) -> list[Missed]:
    """Find the messages that were missed.

    Args:
        heard: the messages of one conversation that the bot took, in order.
        services: each time that a person was wanted in it, in order.
        lines: its transcript, in order.
    """
    reasons: dict[int, list[Reason]] = {}
    served: dict[int, Service] = {}
    for each in heard:
        if _refused(each):
            reasons.setdefault(each.line_number, []).append(Reason.REFUSED)
        elif _unsure(each):
            reasons.setdefault(each.line_number, []).append(Reason.UNSURE)
    since: datetime | None = None
    for service in services:
        bad = service.rating is not None and service.rating <= WORST
        for each in _led_to(heard, service, since):
            served.setdefault(each.line_number, service)
            if _itself_asks(each, service):
                if bad:
                    reasons.setdefault(each.line_number, []).append(Reason.RATING)
                continue
            found = [Reason.PERSON, Reason.RATING] if bad else [Reason.PERSON]
            reasons.setdefault(each.line_number, []).extend(found)
        since = service.ended_at or service.asked_at
    return [
        Missed(
            each,
            tuple(reasons[each.line_number]),
            answer_to(each.line_number, served.get(each.line_number), lines),
        )
        for each in heard
        if each.line_number in reasons and says_something(each.text)
    ]


def says_something(text: str) -> bool:
    """Whether a text has at least two letters."""
    return bool(_SAYS_SOMETHING.search(text))


def answer_to(line_number: int, service: Service | None, lines: Sequence[Said]) -> str | None:
    """What an agent said in a service that followed: the longest of their first turns of speech.

    The very first is often no more than a greeting.
    """
    if service is None:
        return None
    runs: list[list[str]] = []
    was_agent = False
    for line in lines:
        inside = line.at >= service.asked_at and (
            service.ended_at is None or line.at <= service.ended_at
        )
        if line.number <= line_number or not inside or not (line.agent or line.customer):
            continue
        if line.agent and line.text:
            if not was_agent:
                runs.append([])
            runs[-1].append(line.text)
        was_agent = line.agent
    said = ["\n".join(run) for run in runs[:GREETINGS]]
    return max(said, key=len) if said else None


def _refused(heard: Heard) -> bool:
    if not heard.typed or _rightly_out_of_scope(heard):
        return False
    return NOT_UNDERSTOOD in heard.actions or (heard.need is None and not heard.in_form)


def _rightly_out_of_scope(heard: Heard) -> bool:
    return heard.need == OUT_OF_SCOPE and (heard.confidence or 0.0) >= SURE


def _unsure(heard: Heard) -> bool:
    if not heard.typed or heard.in_form or heard.confidence is None or heard.need is None:
        return False
    return heard.confidence < UNSURE and (heard.need not in TALK or heard.need == OUT_OF_SCOPE)


def _led_to(heard: Sequence[Heard], service: Service, since: datetime | None) -> list[Heard]:
    """The messages in the turns before a person was wanted that were about something."""
    before = [
        each
        for each in heard
        if each.received_at <= service.asked_at and (since is None or each.received_at >= since)
    ]
    return [
        each
        for each in before[-TURNS:]
        if each.typed and not (each.in_form and each.need is None) and not _talks(each)
    ]


def _talks(heard: Heard) -> bool:
    return heard.need in TALK and heard.need != OUT_OF_SCOPE


def _itself_asks(heard: Heard, service: Service) -> bool:
    """Whether a message was surely understood, as one that a person sees to: nothing was missed."""
    return (
        heard.need is not None
        and (heard.confidence or 0.0) >= SURE
        and heard.done_at is not None
        and heard.done_at == service.asked_at
    )
