"""What the running bot did in a test, as it committed it, kept for `tenin blueprint check`.

`Tracing` follows the customers of one test; only a test that passes leaves a trace.
"""

from __future__ import annotations

import hashlib
from functools import cache
from pathlib import Path
from typing import Any

from sqlalchemy import select
from sqlalchemy.engine import Engine

from tenin.conversation.models import Author, InboxRow, Line, OutboxRow, TrackerEvent, WebSession
from tenin.database import make_engine, read_transaction
from tenin.journey import traces
from tenin.journey.model import NamedTest
from tenin.journey.traces import Turn
from tests.answers import PLACEHOLDER, is_wording_of, voice
from tests.customer import Customer
from tests.system import PROJECT, System


def conversation_of(engine: Engine, customer: Customer) -> str:
    """The id of a customer's conversation."""
    token_hash = hashlib.sha256(customer.token.encode()).hexdigest()
    with read_transaction(engine) as session:
        return str(session.get(WebSession, token_hash).conversation_id)


class Tracing:
    """The traces of one test: `follow` the customers, then `close` with whether it passed."""

    def __init__(self, system: System, test: NamedTest) -> None:
        """Nothing is followed yet; `test` is what a trace is named after unless another is."""
        self.engine = make_engine(f"sqlite:///{system.root}/var/tenin.db")
        self._test = test
        self._followed: list[tuple[NamedTest, str]] = []

    def follow(self, customer: Customer, file: Path | None = None, name: str = "") -> None:
        """Keep what the bot does for this customer, under the test's own name or another."""
        test = self._test
        if file is not None:
            test = NamedTest(file.relative_to(PROJECT).as_posix(), name)
        traces.forget(PROJECT, test)
        self._followed.append((test, conversation_of(self.engine, customer)))

    def close(self, passed: bool) -> None:
        """Write the traces of a test that passed, in the order its customers came."""
        turns: dict[NamedTest, list[Turn]] = {}
        for test, conversation in self._followed:
            turns.setdefault(test, []).extend(turns_of(self.engine, conversation))
        if passed:
            for test, found in turns.items():
                traces.write(PROJECT, test, found)
        self.engine.dispose()


def turns_of(engine: Engine, conversation: str) -> list[Turn]:
    """The turns of a conversation: one for each message of the customer or event of the page."""
    with read_transaction(engine) as session:

        def rows(model: Any) -> list[Any]:
            mine = select(model).where(model.conversation_id == conversation)
            return list(session.execute(mine.order_by(model.id)).scalars())

        inbox, lines, events = rows(InboxRow), rows(Line), rows(TrackerEvent)
        asked = {row.line_number: row.inbox_id for row in rows(OutboxRow)}
    said: dict[int, list[Line]] = {row.id: [] for row in inbox}
    for line in lines:
        if line.author == Author.CUSTOMER.value:
            continue
        before = [row.id for row in inbox if row.line_number and row.line_number < line.number]
        owner = asked.get(line.number) or (before[-1] if before else inbox[0].id)
        said[owner].append(line)
    return [
        _turn([each.event for each in events if each.inbox_id == row.id], said[row.id])
        for row in inbox
    ]


def _turn(events: list[dict[str, Any]], lines: list[Line]) -> Turn:
    users = [event for event in events if event["event"] == "user"]
    bots = [event for event in events if event["event"] == "bot"]
    named = {event["text"]: event.get("metadata", {}).get("utter_action") for event in bots}
    names = [named.get(line.text) or _wording(line.text) for line in lines]
    actions = [event["name"] for event in events if event["event"] == "action"]
    forms = [event["name"] for event in events if event["event"] == "active_loop"]
    return Turn(
        intent=_intent(users[-1]["parse_data"]) if users else None,
        forms=_once(each for each in (*forms, *actions) if each and each.endswith("_form")),
        actions=_once(each for each in actions if each and each != "action_listen"),
        responses=_once(each for each in names if each),
        authors=_once(line.author for line in lines),
    )


def _once(names: Any) -> tuple[str, ...]:
    return tuple(dict.fromkeys(names))


def _intent(parsed: dict[str, Any]) -> str | None:
    """The need that was understood; of a frequent question, which one."""
    for selected in (parsed.get("response_selector") or {}).values():
        key = isinstance(selected, dict) and (selected.get("response") or {}).get(
            "intent_response_key"
        )
        if key and key.split("/")[0] == parsed["intent"]["name"]:
            return str(key)
    name: str | None = parsed["intent"]["name"]
    return name


@cache
def _wording(text: str) -> str | None:
    """The response that a line outside of Rasa's own is a wording of: the one least vague."""
    found = {
        key: max(len(PLACEHOLDER.sub("", each.text)) for each in variations)
        for key, variations in voice().responses.variations.items()
        if any(is_wording_of(key, each.language, text) for each in variations)
    }
    return max(found, key=lambda key: found[key]) if found else None
