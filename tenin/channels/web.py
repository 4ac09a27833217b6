"""The web channel: the widget's sessions, messages, stream and receipts.

A session is an unguessable token given by the server; the customer's side proves
itself by it alone, and never names a conversation. The shop's token, beside it, says
which customer it is; without one, or with one that proves nothing, the chat is anonymous.
"""

from __future__ import annotations

import hashlib
import logging
import re
import secrets
from functools import partial
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from tenin.channels.customer_token import BadTokenError, read_token
from tenin.channels.stream import conversation_events, streamed
from tenin.clock import utcnow
from tenin.conversation import consent, identity
from tenin.conversation.delivery import mark_received
from tenin.conversation.inbox import Incoming, accept
from tenin.conversation.models import Conversation, Owner, WebSession
from tenin.conversation.transcript import find_offer, new_conversation
from tenin.conversation.wake import wake
from tenin.language.languages import detect, match
from tenin.services import Services, services_of
from tenin.web import Problem, client_address, idempotency_key, json_body, text_of

CHANNEL = "web"
TOKEN_BYTES = 32
BUTTON = re.compile(r"[0-9a-f]{32}")
EVENT_ID = re.compile(r"[0-9]{1,10}")
PAGE_EVENTS = {"opened": "/page_opened"}
LARGEST_NUMBER = 2**31 - 1

logger = logging.getLogger(__name__)


async def create_session(request: Request) -> Response:
    """`POST /chat/session`: begin a conversation and give its token.

    With the shop's token as `customer` it begins as that customer's; one that proves
    nothing leaves it anonymous.
    """
    services = services_of(request)
    body = await json_body(request)
    wanted = body.get("language")
    language = match(wanted if isinstance(wanted, str) else "")
    token = secrets.token_urlsafe(TOKEN_BYTES)
    customer = None
    if body.get("customer") is not None:
        try:
            customer = read_token(body["customer"], services.token_rules)
        except BadTokenError as error:
            logger.warning("a customer's token was refused: %s", error)

    def write(session: Session) -> None:
        conversation = new_conversation(session, CHANNEL, language)
        session.add(
            WebSession(
                token_hash=_hash(token), conversation_id=conversation.id, created_at=utcnow()
            )
        )
        if customer is not None:
            identity.sign_in(session, conversation.id, customer.id, customer.until)

    await services.write(write)
    answer = {"token": token, "language": language, "signed_in": customer is not None}
    return JSONResponse(answer, status_code=201)


async def sign_in(request: Request) -> Response:
    """`POST /chat/sign-in`: the shop's token says whose conversation this is."""
    services = services_of(request)
    conversation_id = await _conversation_of(request, services)
    body = await json_body(request)
    try:
        customer = read_token(body.get("customer"), services.token_rules)
    except BadTokenError as error:
        logger.warning(
            "a customer's token was refused: %s (conversation %s)", error, conversation_id
        )
        raise Problem(
            401,
            "bad_customer_token",
            "The shop's token proves nothing.",
            "Go on without it, or get a new one from the shop.",
        ) from None

    def write(session: Session) -> None:
        identity.sign_in(session, conversation_id, customer.id, customer.until)

    try:
        await services.write(write)
    except identity.OtherCustomerError:
        logger.info("conversation %s is another customer's", conversation_id)
        raise Problem(
            409,
            "other_customer",
            "This conversation is another customer's.",
            "Begin a new one with POST /chat/session.",
        ) from None
    return Response(status_code=204)


async def sign_out(request: Request) -> Response:
    """`POST /chat/sign-out`: the customer has left the shop's page, or another comes."""
    services = services_of(request)
    conversation_id = await _conversation_of(request, services)
    await services.write(lambda session: identity.sign_out(session, conversation_id))
    return Response(status_code=204)


async def want_mail(request: Request) -> Response:
    """`POST /chat/mail`: the customer agrees to notices at an address, or no longer to any."""
    services = services_of(request)
    conversation_id = await _conversation_of(request, services)
    body = await json_body(request)
    address = body.get("address")

    def write(session: Session) -> None:
        if address is None:
            consent.withdraw_consent(session, conversation_id)
        else:
            consent.give_consent(session, conversation_id, address)

    if "address" not in body or not isinstance(address, str | None):
        raise Problem(
            422, "no_address", "`address` is missing.", "Send an address, or null for no mail."
        )
    if address is not None and not services.settings.email.host:
        raise Problem(
            409, "no_mail", "No mail is sent from here.", "Come back to the chat for an answer."
        )
    try:
        await services.write(write)
    except consent.BadAddressError:
        raise Problem(
            422, "bad_address", "This is no e-mail address.", "Correct the address."
        ) from None
    return Response(status_code=204)


async def send(request: Request) -> Response:
    """`POST /chat/messages`: take a text, a button or the page's event into the inbox."""
    services = services_of(request)
    conversation_id = await _conversation_of(request, services)
    key = idempotency_key(request)
    body = await json_body(request)
    kinds = [kind for kind in ("text", "button", "event") if kind in body]
    if len(kinds) != 1:
        raise Problem(
            422,
            "not_one_kind",
            "A message is either a text, a button or an event.",
            "Send exactly one of `text`, `button` and `event`.",
        )
    kind, value = kinds[0], body[kinds[0]]
    if kind == "text":
        value = text_of(value, services.settings.chat.max_characters)
    address = client_address(request, services.settings)

    def write(session: Session) -> tuple[int | None, bool, Owner]:
        incoming = _incoming(session, conversation_id, kind, value, key, address)
        accepted = accept(session, conversation_id, incoming, services.voice)
        return accepted.line_number, accepted.fresh, accepted.owner

    line, fresh, owner = await services.write(write)
    if owner is Owner.BOT:
        wake(services.settings.bot.port, conversation_id)
    services.hub.moved(conversation_id)
    return JSONResponse({"line": line}, status_code=202 if fresh else 200)


async def stream(request: Request) -> Response:
    """`GET /chat/stream`: what was said after Last-Event-ID, and all that comes."""
    services = services_of(request)
    conversation_id = await _conversation_of(request, services)
    given = request.headers.get("last-event-id", "0").strip() or "0"
    if not EVENT_ID.fullmatch(given) or int(given) > LARGEST_NUMBER:
        raise Problem(
            400,
            "bad_event_id",
            "Last-Event-ID is not the number of a line.",
            "Send the last event id received, or leave the header out.",
        )
    events = conversation_events(services.engine, services.hub, conversation_id, int(given))
    return streamed(request, events)


async def received(request: Request) -> Response:
    """`POST /chat/received`: the browser has shown all lines up to this one."""
    services = services_of(request)
    conversation_id = await _conversation_of(request, services)
    line = (await json_body(request)).get("line")
    if not isinstance(line, int) or isinstance(line, bool) or not 0 <= line <= LARGEST_NUMBER:
        raise Problem(422, "bad_line", "`line` is not the number of a line.", "Send its id.")
    newly = await services.write(lambda session: mark_received(session, conversation_id, line))
    if newly:
        services.hub.moved(conversation_id)
    return Response(status_code=204)


routes = [
    Route("/chat/session", create_session, methods=["POST"]),
    Route("/chat/sign-in", sign_in, methods=["POST"]),
    Route("/chat/sign-out", sign_out, methods=["POST"]),
    Route("/chat/mail", want_mail, methods=["POST"]),
    Route("/chat/messages", send, methods=["POST"]),
    Route("/chat/stream", stream, methods=["GET"]),
    Route("/chat/received", received, methods=["POST"]),
]


def _incoming(
    session: Session,
    conversation_id: str,
    kind: str,
    value: Any,
    key: str,
    address: str | None,
) -> Incoming:
    language = session.execute(
        select(Conversation.language).where(Conversation.id == conversation_id)
    ).scalar_one()
    text, payload = "", None
    if kind == "text":
        text = value
        language = detect(text, language)
    elif kind == "button":
        known = isinstance(value, str) and BUTTON.fullmatch(value)
        offer = find_offer(session, conversation_id, value) if known else None
        if offer is None:
            raise Problem(
                404,
                "no_such_button",
                "This button was not offered in this conversation.",
                "Choose one of the buttons shown, or write.",
            )
        text, payload = offer.title, offer.payload
    else:
        payload = PAGE_EVENTS.get(value) if isinstance(value, str) else None
        if payload is None:
            raise Problem(
                422,
                "no_such_event",
                "The page sent an event that is not known.",
                f"Send one of: {', '.join(PAGE_EVENTS)}.",
            )
        # Once in a conversation, however often the page says it; no message's key has a colon.
        key = f"event:{value}"
    return Incoming(
        account=conversation_id,
        external_id=key,
        kind=kind,
        text=text,
        language=language,
        payload=payload,
        address=address,
    )


async def _conversation_of(request: Request, services: Services) -> str:
    """The conversation whose token the request carries."""
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    found = None
    if scheme.lower() == "bearer" and token:
        found = await services.read(partial(_find_session, token_hash=_hash(token.strip())))
    if found is None:
        raise Problem(
            401,
            "no_session",
            "There is no chat session for this token.",
            "Begin a new one with POST /chat/session.",
        )
    return found


def _find_session(session: Session, token_hash: str) -> str | None:
    row = session.get(WebSession, token_hash)
    return str(row.conversation_id) if row is not None else None


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()
