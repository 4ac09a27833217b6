"""The web channel's language: what the customer chooses in the chat's menu.

The next turn answers in it. What they write in another language afterwards changes it again, as it
always does (`tenin.language.languages.detect`).
"""

from __future__ import annotations

from functools import partial

from sqlalchemy.orm import Session
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from tenin.channels.sessions import conversation_of
from tenin.conversation.transcript import lock_conversation
from tenin.language.languages import configured
from tenin.services import services_of
from tenin.web import Problem, json_body


async def change(request: Request) -> Response:
    """`POST /chat/language`: the conversation goes on in this language."""
    services = services_of(request)
    conversation_id = await conversation_of(request, services)
    language = (await json_body(request)).get("language")
    ready = configured().ready
    if not isinstance(language, str) or language not in ready:
        raise Problem(
            422,
            "no_such_language",
            "The chat does not speak this language.",
            f"Send as `language` one of: {', '.join(ready)}.",
        )
    await services.write(partial(set_language, conversation_id=conversation_id, language=language))
    return Response(status_code=204)


def set_language(session: Session, conversation_id: str, language: str) -> None:
    """Go on in `language`, which must be a ready one.

    Raises:
        NoSuchConversation: if there is none of that id.
    """
    lock_conversation(session, conversation_id).language = language


routes = [Route("/chat/language", change, methods=["POST"])]
