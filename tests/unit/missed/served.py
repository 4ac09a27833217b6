"""Conversations for the tests of what was missed: the bot understands what a test says it does."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.engine import Engine

from tenin.conversation import ownership, ratings, turns
from tenin.conversation.transcript import Reply
from tenin.conversation.turns import Outcome, Turn
from tenin.database import read_transaction, write_transaction
from tenin.training.missed.gathering import gather
from tenin.training.missed.models import MissedMessage
from tests.unit.conversation.room import PROJECT, Room, after

FALLBACK = "nlu_fallback"


def parsed(need: str | None, confidence: float, others: Mapping[str, float]) -> dict[str, Any]:
    """What Rasa keeps of a message, as `NeedClassifier` makes it; no need: it was refused."""
    ranked = sorted(
        {**others, **({need: confidence} if need else {})}.items(), key=lambda each: -each[1]
    )
    faq = [(name, part) for name, part in ranked if name.startswith("faq/")]
    sums: dict[str, float] = {}
    for name, part in ranked:
        intent = name.split("/")[0]
        sums[intent] = sums.get(intent, 0.0) + part
    ranking = [{"name": name, "confidence": part} for name, part in sums.items()]
    ranking.sort(key=lambda each: -float(str(each["confidence"])))
    if need is None:
        ranking.insert(0, {"name": FALLBACK, "confidence": 0.6})
    found: dict[str, Any] = {"intent": ranking[0], "intent_ranking": ranking}
    if faq:
        total = sum(part for _, part in faq)
        answers = [{"intent_response_key": name, "confidence": part / total} for name, part in faq]
        found["response_selector"] = {"faq": {"response": answers[0], "ranking": answers}}
    return found


def events(
    turn: Turn,
    need: str | None,
    confidence: float,
    others: Mapping[str, float],
    more: Sequence[Mapping[str, Any]] = (),
) -> list[dict[str, Any]]:
    """What Rasa remembers of a turn."""
    not_understood = [{"event": "action", "name": "action_not_understood"}] if not need else []
    return [
        {
            "event": "user",
            "text": turn.text,
            "message_id": turn.message_id,
            "parse_data": parsed(need, confidence, others),
        },
        *not_understood,
        *map(dict, more),
        {"event": "action", "name": "action_listen"},
    ]


class Shop:
    """A conversation room with customers; `seconds` is when something happens."""

    def __init__(self, room: Room) -> None:
        """Take an empty room."""
        self.room = room

    @property
    def engine(self) -> Engine:
        """The database."""
        return self.room.engine

    def say(
        self,
        conversation: str,
        text: str,
        need: str | None = None,
        confidence: float = 0.95,
        *,
        seconds: float = 0,
        wanted: str | None = None,
        others: Mapping[str, float] | None = None,
        more: Sequence[Mapping[str, Any]] = (),
        **incoming: Any,
    ) -> int:
        """A customer writes, and the bot takes it for `need`; the line's number."""
        accepted = self.room.accept(conversation, text, now=after(seconds), **incoming)
        turn = self.room.begin_turn(after(seconds))
        new = events(turn, need, confidence, others or {}, more)
        base = self.room.load(conversation)
        outcome = Outcome(new, [*base, *new], [Reply("an answer")], len(base), wanted)
        turns.commit(self.engine, turn, outcome, self.room.voice, after(seconds + 0.5))
        assert accepted.line_number is not None
        return accepted.line_number

    def serve(
        self, conversation: str, *answers: str, seconds: float, rating: int | None = None
    ) -> None:
        """Mei takes the conversation, answers and ends it; the customer may rate her."""
        room = self.room
        room.take(conversation, room.conversation(conversation).epoch, now=after(seconds))
        for at, answer in enumerate(answers):
            room.say(conversation, answer, f"{seconds}-{at}", now=after(seconds + 1 + at))
            room.accept(conversation, "hm", now=after(seconds + 1.5 + at))
        handoff = room.conversation(conversation).handoff_id
        epoch = room.conversation(conversation).epoch
        room.do(ownership.resolve, conversation, epoch, "mei", "solved", now=after(seconds + 9))
        if rating is not None:
            with write_transaction(self.engine) as session:
                ratings.rate(session, handoff, conversation, rating, None, after(seconds + 10))

    def look(self, now: datetime | None = None, names: Mapping[str, str] | None = None) -> int:
        """Gather what was missed."""
        return gather(self.engine, PROJECT, (names or {}).get, now or after(1_000))

    def missed(self) -> list[MissedMessage]:
        """What is kept, oldest first."""
        with read_transaction(self.engine) as session:
            wanted = select(MissedMessage).order_by(MissedMessage.at, MissedMessage.id)
            return list(session.execute(wanted).scalars())

    def reasons(self) -> dict[str, list[str]]:
        """Why each message counts as missed, by its words."""
        return {row.text: list(row.reasons) for row in self.missed()}
