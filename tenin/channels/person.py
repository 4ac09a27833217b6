"""The web channel's side of waiting for a person and of talking to one.

That the customer types, what they thought of the service, and the message they leave with an
address for its answer.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from tenin.channels.limits import limit_messages
from tenin.channels.sessions import conversation_of
from tenin.clock import utcnow
from tenin.conversation import consent, ownership
from tenin.conversation.models import Author, Conversation, InboxRow, InboxStatus, Owner
from tenin.conversation.ratings import (
    HIGHEST,
    LONGEST_WORD,
    LOWEST,
    NothingToRate,
    RatedAlready,
    rate,
)
from tenin.conversation.transcript import Reply, add_line, lock_conversation, lock_for_customer
from tenin.conversation.voice import Voice
from tenin.language.languages import detect
from tenin.services import services_of
from tenin.web import Problem, client_address, idempotency_key, json_body, text_of

CONTACT = "contact"  # the kind of row that a sent form is in the inbox
LARGEST_NUMBER = 2**63 - 1


async def typing(request: Request) -> Response:
    """`POST /chat/typing`: the customer types; told to agents alone, and kept nowhere."""
    services = services_of(request)
    conversation_id = await conversation_of(request, services)

    def with_a_person(session: Session) -> bool:
        conversation = session.get(Conversation, conversation_id)
        return conversation is not None and conversation.owner != Owner.BOT.value

    if await services.read(with_a_person):
        services.hub.signal(conversation_id, "typing", who="customer")
    return Response(status_code=204)


async def rating(request: Request) -> Response:
    """`POST /chat/rating`: 1 to 5 and a word for a person's service, once."""
    services = services_of(request)
    conversation_id = await conversation_of(request, services)
    body = await json_body(request)
    handoff, given = _number(body.get("handoff")), _number(body.get("rating"))
    if given is None or not LOWEST <= given <= HIGHEST:
        raise Problem(
            422,
            "bad_rating",
            "`rating` is not a whole number within the scale.",
            f"Send one from {LOWEST} to {HIGHEST}.",
        )
    word = body.get("word")
    if isinstance(word, str) and not word.strip():
        word = None
    if word is not None:
        word = text_of(word, LONGEST_WORD)

    def write(session: Session) -> None:
        if handoff is None or not 0 < handoff <= LARGEST_NUMBER:
            raise NothingToRate(handoff)
        rate(session, handoff, conversation_id, given, word)
        conversation = lock_conversation(session, conversation_id)
        services.voice.add_system_line(session, conversation, "utter_rated")

    try:
        await services.write(write)
    except NothingToRate:
        raise Problem(
            404,
            "nothing_to_rate",
            "There is no service of this number in this conversation that has ended.",
            "Send `handoff` as the card with the rating names it.",
        ) from None
    except RatedAlready:
        raise Problem(
            409, "rated_already", "This was rated before.", "Nothing is to be done: it is kept."
        ) from None
    services.hub.moved(conversation_id)
    return Response(status_code=204)


async def contact(request: Request) -> Response:
    """`POST /chat/contact`: a message for a person, and the address for its answer."""
    limit_messages(request)
    services = services_of(request)
    conversation_id = await conversation_of(request, services)
    key = idempotency_key(request)
    body = await json_body(request)
    address, text = body.get("address"), body.get("text")
    if not isinstance(address, str):
        raise Problem(422, "no_address", "`address` is missing.", "Send an e-mail address.")
    if not consent.is_address(address.strip()):
        raise Problem(422, "bad_address", "This is no e-mail address.", "Correct the address.")
    if isinstance(text, str) and not text.strip():
        text = None
    if text is not None:
        text = text_of(text, services.settings.chat.max_characters)
    client = client_address(request, services.settings)

    def write(session: Session) -> tuple[int | None, bool]:
        return _keep(session, conversation_id, address.strip(), text, key, client, services.voice)

    line, fresh = await services.write(write)
    services.hub.moved(conversation_id)
    return JSONResponse({"line": line}, status_code=202 if fresh else 200)


routes = [
    Route("/chat/typing", typing, methods=["POST"]),
    Route("/chat/rating", rating, methods=["POST"]),
    Route("/chat/contact", contact, methods=["POST"]),
]


def _keep(
    session: Session,
    conversation_id: str,
    address: str,
    text: str | None,
    key: str,
    client: str | None,
    voice: Voice,
) -> tuple[int | None, bool]:
    """Keep message and address once; the number of the customer's line, and whether it is new."""
    now = utcnow()
    conversation = lock_for_customer(session, conversation_id)
    known = session.execute(
        select(InboxRow).where(
            InboxRow.channel == conversation.channel,
            InboxRow.account == conversation_id,
            InboxRow.external_id == key,
        )
    ).scalar_one_or_none()
    if known is not None:
        return known.line_number, False
    line = None
    if text is not None:
        conversation.language = detect(text, conversation.language)
        line = add_line(session, conversation, Author.CUSTOMER, Reply(text), key=key, now=now)
    row = InboxRow(
        conversation_id=conversation_id,
        channel=conversation.channel,
        account=conversation_id,
        external_id=key,
        kind=CONTACT,
        text=text or "",
        language=conversation.language,
        address=client,
        line_number=None if line is None else line.number,
        status=InboxStatus.PERSON.value,
        attempts=0,
        available_at=now,
        received_at=now,
        done_at=now,
    )
    session.add(row)
    ownership.await_answer(session, conversation, voice, now)
    consent.give_consent(session, conversation_id, address, now, answers=True)
    voice.add_system_line(session, conversation, "utter_message_kept", address=address)
    return row.line_number, True


def _number(value: Any) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) else None
