"""What agents at another desk are told before the customer's words: the case, and what was said.

Worded in the customer's language: who answers it, reads it.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from tenin.conversation.identity import REMEMBERED
from tenin.conversation.models import Author, Awaiting, Conversation, Line, Visibility
from tenin.conversation.transcript import words_of
from tenin.conversation.voice import Voice
from tenin.desk.errands import errands
from tenin.language.fill import fill
from tenin.language.menus import MenuError
from tenin.pages.rendering import strings

LONGEST = 50_000  # characters of transcript; what is older stays here
MOST_LINES = 2_000


def story(
    session: Session,
    conversation: Conversation,
    voice: Voice,
    after: int = 0,
    remembered: timedelta = REMEMBERED,
) -> str:
    """The note that opens a service: the case in a few lines, then the transcript.

    Args:
        after: the number of the last line that is known there.
        remembered: how long an order that was proved counts as that.
    """
    return "\n".join(
        [
            *_case(session, conversation, voice, remembered),
            "",
            _worded(voice, conversation, "utter_chatwoot_transcript"),
            *_transcript(session, conversation, voice, after),
        ]
    )


def _case(
    session: Session, conversation: Conversation, voice: Voice, remembered: timedelta
) -> list[str]:
    desk = strings(conversation.language)["desk"]
    message = conversation.awaiting == Awaiting.MESSAGE.value
    key = "utter_chatwoot_message" if message else "utter_chatwoot_request"
    why = [str(conversation.reason), *(conversation.signs or [])]
    reasons = [str(desk["reason"].get(each, each)) for each in dict.fromkeys(why)]
    lines = [
        _worded(voice, conversation, key),
        _worded(voice, conversation, "utter_chatwoot_language", code=conversation.language),
        _worded(
            voice,
            conversation,
            "utter_chatwoot_urgent" if conversation.priority else "utter_chatwoot_reasons",
            reasons=reasons,
        ),
    ]
    if conversation.category:
        title = _title(voice, conversation, conversation.category)
        lines.append(_worded(voice, conversation, "utter_chatwoot_about", category=title))
    found = errands(session, conversation.id, remembered)
    return [*lines, *(_errand(each, desk["errand"], conversation.language) for each in found)]


def _errand(errand: dict[str, Any], words: dict[str, Any], language: str) -> str:
    said = [words["need"].get(errand["need"], words["other"])]
    if errand["order"]:
        proved = {True: "proved", False: "unproved"}.get(errand["proved"])
        order = fill(words["order"], {"number": errand["order"]}, language)
        said.append(f"{order} ({words[proved]})" if proved else order)
    if errand["item"]:
        said.append(errand["item"])
    for kind, values in errand["wish"].items():
        said += [fill(words[kind], {"value": value}, language) for value in values]
    return f"{words['failed' if errand['failed'] else 'about']}: {' · '.join(said)}"


def _transcript(
    session: Session, conversation: Conversation, voice: Voice, after: int
) -> list[str]:
    """The lines after a number, oldest first; of very many the latest."""
    wanted = select(Line).where(
        Line.conversation_id == conversation.id,
        Line.number > after,
        (Line.visibility == Visibility.ALL.value) | (Line.author == Author.NOTE.value),
    )
    latest = session.execute(wanted.order_by(Line.number.desc()).limit(MOST_LINES)).scalars()
    authors = strings(conversation.language)["desk"]["author"]
    said: list[str] = []
    left = LONGEST
    for line in latest:
        who = authors.get(line.author, line.author)
        who = f"{who} ({line.name})" if line.name else who
        text = f"{line.at:%Y-%m-%d %H:%M} {who}: {words_of(line)}"
        left -= len(text)
        if left < 0:
            said.append(_worded(voice, conversation, "utter_chatwoot_earlier"))
            break
        said.append(text)
    return said[::-1]


def _title(voice: Voice, conversation: Conversation, need: str) -> str:
    try:
        return voice.menus.button(need, conversation.language).title
    except MenuError:
        return need


def _worded(voice: Voice, conversation: Conversation, key: str, **values: Any) -> str:
    return voice.reply(key, conversation.language, conversation.channel, **values).text
