"""What stands in parse data beside Rasa's own keys, and payloads of buttons as parse data.

Only payloads that the server itself offered come here; what a customer types
never does.
"""

from __future__ import annotations

import json
import re
from typing import Any

# Put there by the classifier: the topics nearest to a message that was not understood, the
# second wish of a message that holds two, and what a wish for a person is about. The actions and
# the conversation room read them by these names.
NEAR = "near"
SECOND_NEED = "second_need"
ABOUT = "about"

NEED = re.compile(r"/([^\s/]+(?:/[^\s/]+)?)\s*")


class PayloadError(ValueError):
    """A payload in a response or menu is not of the form /need{"slot": "value"}."""


def parse(payload: str, title: str) -> dict[str, Any]:
    """Parse data for `/need`, `/faq/returns_policy` or `/need{"entity": "value"}`.

    Args:
        payload: as written in a response or menu.
        title: the button's words, which stand as the customer's text.

    Raises:
        PayloadError: if the payload has another form.
    """
    name, brace, rest = payload.partition("{")
    named = NEED.fullmatch(name)
    if named is None:
        raise PayloadError(f"{payload!r}: a payload begins with a slash and a need")
    try:
        values = json.loads(brace + rest) if brace else {}
    except json.JSONDecodeError as error:
        raise PayloadError(f"{payload!r}: what follows the need is not JSON: {error}") from error
    need = named[1]
    intent = {"name": need.split("/")[0], "confidence": 1.0}
    data: dict[str, Any] = {
        "text": title,
        "intent": intent,
        "intent_ranking": [intent],
        "entities": [
            {"entity": entity, "value": value, "start": 0, "end": len(title), "confidence": 1.0}
            for entity, value in values.items()
        ],
    }
    if "/" in need:
        intent["full_retrieval_intent_name"] = need
        data["response_selector"] = {
            "all_retrieval_intents": [intent["name"]],
            intent["name"]: {
                "response": {
                    "responses": [],
                    "confidence": 1.0,
                    "intent_response_key": need,
                    "utter_action": f"utter_{need}",
                },
                "ranking": [{"confidence": 1.0, "intent_response_key": need}],
            },
        }
    return data


def as_plain_text(text: str) -> str:
    """The customer's text, such that Rasa takes no part of it for a command.

    Rasa strips a text and takes a leading slash for an intent; a full-width slash
    reads the same and is only text.
    """
    stripped = text.strip()
    return "／" + stripped[1:] if stripped.startswith("/") else stripped
