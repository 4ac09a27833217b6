"""What the web tier and the commit of a turn say by themselves, in the shop's wording.

Queue messages, apologies and change-overs come from the same response files as
the bot's replies.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from sqlalchemy.orm import Session

from tenin.conversation.models import Author, Conversation, Line
from tenin.conversation.people import NobodyKnown, People
from tenin.conversation.transcript import Reply, add_line, recent_texts
from tenin.language.languages import configured
from tenin.language.menus import Menus, load_menus
from tenin.language.policy import load_policy
from tenin.language.wording import Responses, load_responses, say


@dataclass(frozen=True)
class Voice:
    """The wording and menus that system lines are made of, and who can say what is promised."""

    responses: Responses
    menus: Menus
    people: People

    @classmethod
    def load(cls, root: Path, people: People | None = None) -> Voice:
        """Read wording, menus and the shop's terms below the project's root."""
        policy = load_policy(root / "policy.yml", configured().names)
        return cls(
            load_responses(root / "data" / "responses", policy=policy),
            load_menus(root / "menus.yml"),
            people or NobodyKnown(),
        )

    def shop_name(self, language: str) -> str:
        """The shop's name as policy.yml has it; empty where it says none."""
        policy = self.responses.policy
        terms = policy.values(language, self.responses.default) if policy is not None else {}
        return str(terms.get("shop_name", ""))

    def reply(
        self, key: str, language: str, channel: str, recent: Collection[str] = (), **values: Any
    ) -> Reply:
        """The wording of `key`, not one of the `recent` texts where there is another."""
        said = say(
            self.responses,
            key,
            language,
            channel=channel,
            values=values,
            recent=recent,
            menus=self.menus,
        )
        return Reply(said.text, [(button.title, button.payload) for button in said.buttons])

    def add_system_line(
        self,
        session: Session,
        conversation: Conversation,
        key: str,
        cards: Sequence[Mapping[str, Any]] = (),
        **values: Any,
    ) -> Line:
        """Add the wording of `key`, and `cards`, to a locked conversation as the system's line."""
        recent = recent_texts(session, conversation.id)
        reply = self.reply(key, conversation.language, conversation.channel, recent, **values)
        if cards:
            reply = replace(reply, cards=cards)
        return add_line(session, conversation, Author.SYSTEM, reply)
