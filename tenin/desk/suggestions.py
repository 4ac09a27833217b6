"""What an agent may say next: from what the bot understands, the shop's answers, ready replies.

Nothing is sent by itself: the desk's page inserts what is chosen.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from tenin.conversation import tracker
from tenin.conversation.identity import REMEMBERED, customer_of, proved_orders
from tenin.conversation.models import Author, Conversation, Line
from tenin.conversation.transcript import NoSuchConversation
from tenin.conversation.voice import Voice
from tenin.conversation.wish import TALK
from tenin.desk.knowledge import CANNED, Entry, answer_of, knowledge_of
from tenin.desk.models import CannedReply
from tenin.desk.understanding import Understood
from tenin.language.fill import PlaceholderError, fill

MOST_UNDERSTOOD, MOST_ANSWERS, MOST_CANNED, MOST_FOUND = 3, 3, 3, 12
LEAST_CONFIDENCE = 0.1
UNKNOWN = "…"  # in place of what isn't known, for the agent to fill in


@dataclass(frozen=True)
class Case:
    """What suggestions and ready replies for one conversation go by."""

    id: str
    language: str
    skill: str | None
    last: str | None  # what the customer said last
    unanswered: bool  # the agent has said nothing yet in this service
    agent: str | None
    customer_id: str | None
    order: str | None


def case_of(session: Session, conversation_id: str) -> Case:
    """Read a conversation.

    Raises:
        NoSuchConversation: if there is none of that id.
    """
    conversation = session.get(Conversation, conversation_id)
    if conversation is None:
        raise NoSuchConversation(conversation_id)
    of = Line.conversation_id == conversation_id
    last = session.execute(
        select(Line.text)
        .where(of, Line.author == Author.CUSTOMER.value, Line.text != "")
        .order_by(Line.number.desc())
        .limit(1)
    ).scalar_one_or_none()
    latest = session.execute(
        select(Line.author)
        .where(of, Line.author.in_([Author.AGENT.value, Author.BOT.value]))
        .order_by(Line.number.desc())
        .limit(1)
    ).scalar_one_or_none()
    slots = tracker.slots(tracker.load(session, conversation_id))
    proved = sorted(proved_orders(session, conversation_id, REMEMBERED))
    order = slots.get("order") or (proved[-1] if proved else None)
    return Case(
        id=conversation_id,
        language=conversation.language,
        skill=conversation.skill,
        last=last,
        unanswered=latest != Author.AGENT.value,
        agent=conversation.agent_name,
        customer_id=customer_of(session, conversation_id),
        order=str(order) if order else None,
    )


def canned_replies(
    session: Session, voice: Voice, language: str, values: Mapping[str, str | None]
) -> list[dict[str, Any]]:
    """The ready replies in a language, in the leads' order, with their placeholders filled.

    Args:
        values: of `customer`, `agent` and `order`; one that isn't known becomes an ellipsis.
    """
    rows = session.execute(select(CannedReply).order_by(CannedReply.place, CannedReply.id))
    found = []
    for reply in rows.scalars():
        text = reply.texts.get(language) or reply.texts.get(voice.responses.default)
        if text:
            filled = _filled(voice, text, language, values)
            found.append(
                {"id": reply.id, "shortcut": reply.shortcut, "skill": reply.skill, "text": filled}
            )
    return found


def suggestions(
    voice: Voice,
    case: Case,
    understood: Understood | None,
    canned: Sequence[Mapping[str, Any]],
    reader: str,
) -> dict[str, Any]:
    """What the customer's last line may be about, and what to answer.

    Args:
        understood: what the bot makes of that line; None while it is away: then answers are
            found by the line's words.
        canned: the ready replies in the customer's language, as `canned_replies` gives them.
        reader: the agent's language, for titles. The replies are in the customer's.
    """
    titles = voice.menus.titles
    needs = [
        (need, confidence)
        for need, confidence in (understood.ranking if understood else ())
        if need in titles and confidence >= LEAST_CONFIDENCE
    ][:MOST_UNDERSTOOD]
    if understood is not None:
        found = [answer_of(voice, need, case.language) for need, _ in needs if need not in TALK]
    else:
        found = list(
            knowledge_of(voice, case.language).search(case.last or "", MOST_ANSWERS)
            if case.last
            else ()
        )
    return {
        "understood": [
            {"need": need, "title": titles[need].get(reader, need), "confidence": confidence}
            for need, confidence in needs
        ],
        "replies": [
            *(
                {
                    "source": CANNED,
                    "id": str(reply["id"]),
                    "title": reply["shortcut"],
                    "text": reply["text"],
                }
                for reply in _suiting(voice, case, canned)
            ),
            *(
                {"source": "faq", "id": entry.id, "title": entry.title, "text": entry.text}
                for entry in found[:MOST_ANSWERS]
                if entry is not None
            ),
        ],
    }


def found(
    voice: Voice, query: str, language: str, canned: Sequence[Mapping[str, Any]]
) -> list[dict[str, str]]:
    """The answers, terms and ready replies that suit a query, the likest first."""
    entries = knowledge_of(voice, language).search(query, MOST_FOUND, _entries(canned))
    return [
        {"kind": entry.kind, "id": entry.id, "title": entry.title, "text": entry.text}
        for entry in entries
    ]


def _suiting(
    voice: Voice, case: Case, canned: Sequence[Mapping[str, Any]]
) -> list[Mapping[str, Any]]:
    """The leads' first one before anything was answered; the skill's; those like the last line."""
    fitting = [reply for reply in canned if reply["skill"] in (None, case.skill)]
    chosen = list(fitting[:1]) if case.unanswered else []
    chosen += [reply for reply in fitting if case.skill and reply["skill"] == case.skill]
    if case.last:
        known = knowledge_of(voice, case.language)
        like = known.search(case.last, len(known.entries) + len(fitting), _entries(fitting))
        ids = [entry.id for entry in like if entry.kind == CANNED]
        chosen += sorted(
            (reply for reply in fitting if str(reply["id"]) in ids),
            key=lambda reply: ids.index(str(reply["id"])),
        )
    unique = {reply["id"]: reply for reply in chosen}
    return list(unique.values())[:MOST_CANNED]


def _entries(canned: Sequence[Mapping[str, Any]]) -> list[Entry]:
    return [
        Entry(CANNED, str(reply["id"]), str(reply["shortcut"]), str(reply["text"]))
        for reply in canned
    ]


def _filled(voice: Voice, text: str, language: str, values: Mapping[str, str | None]) -> str:
    policy = voice.responses.policy
    terms = policy.values(language, voice.responses.default) if policy else {}
    known = {name: value or UNKNOWN for name, value in values.items()}
    try:
        return fill(text, {**terms, **known}, language)
    except PlaceholderError:
        # A lead's own text may name what nothing is known of: it stays readable.
        return re.sub(r"\{(\w+)[^{}]*\}", lambda match: str(known.get(match[1], UNKNOWN)), text)
