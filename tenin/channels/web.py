"""The web channel: the widget's sessions, messages, stream and receipts.

A session is an unguessable token given by the server; the customer's side proves
itself by it alone, and never names a conversation. The shop's token, beside it, says
which customer it is; without one, or with one that proves nothing, the chat is anonymous.
"""

from __future__ import annotations

import logging
import re
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session
from starlette.background import BackgroundTask
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from tenin.channels import invitations
from tenin.channels.asked_again import hear
from tenin.channels.customer_token import BadTokenError, read_token
from tenin.channels.limits import limit_messages, limit_sessions
from tenin.channels.sessions import bearer, conversation_of, new_session, signed_in, token_hash
from tenin.channels.stream import conversation_events, streamed
from tenin.conversation import consent, identity
from tenin.conversation.delivery import mark_received
from tenin.conversation.inbox import Accepted, Incoming, accept
from tenin.conversation.models import Conversation, Owner
from tenin.conversation.transcript import find_offer, new_conversation
from tenin.conversation.wake import wake
from tenin.language.languages import detect, match
from tenin.services import services_of
from tenin.web import Problem, client_address, idempotency_key, json_body, text_of

CHANNEL = "web"
BUTTON = re.compile(r"[0-9a-f]{32}")
EVENT_ID = re.compile(r"[0-9]{1,10}")
PAGE_EVENTS = {"opened": "/page_opened"}
LARGEST_NUMBER = 2**31 - 1

logger = logging.getLogger(__name__)


async def create_session(request: Request) -> Response:
    """`POST /chat/session`: begin a conversation and give its token.

    With the shop's token as `customer` it begins as that customer's; one that proves
    nothing leaves it anonymous. A visitor who was invited names the `visitor` and the
    `invitation`: if that has `greeted` them, the page says nothing of being opened.
    """
    limit_sessions(request)
    services = services_of(request)
    body = await json_body(request)
    wanted = body.get("language")
    language = match(wanted if isinstance(wanted, str) else "")
    customer = None
    if body.get("customer") is not None:
        try:
            customer = read_token(body["customer"], services.token_rules)
        except BadTokenError as error:
            logger.warning("a customer's token was refused: %s", error)

    visitor = invitations.visitor_of(body)

    def write(session: Session) -> tuple[str, str, bool]:
        conversation = new_conversation(session, CHANNEL, language)
        if customer is not None:
            identity.sign_in(session, conversation.id, customer.id, customer.until)
        token = new_session(session, conversation.id)
        greeted = visitor is not None and invitations.begin(
            session, conversation.id, *visitor, services
        )
        return token, str(conversation.id), greeted

    token, conversation_id, greeted = await services.write(write)
    if greeted:
        wake(services.settings.bot.port, conversation_id)
        services.hub.moved(conversation_id)
    answer = {
        "token": token,
        "language": language,
        "signed_in": customer is not None,
        "greeted": greeted,
    }
    return JSONResponse(answer, status_code=201)


async def sign_in(request: Request) -> Response:
    """`POST /chat/sign-in`: the shop's token says whose conversation this is."""
    services = services_of(request)
    conversation_id = await conversation_of(request, services)
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
        signed_in(session, conversation_id, token_hash(bearer(request)))

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
    services.hub.moved(conversation_id)  # a stream whose session is over ends
    return Response(status_code=204)


async def sign_out(request: Request) -> Response:
    """`POST /chat/sign-out`: the customer has left the shop's page, or another comes."""
    services = services_of(request)
    conversation_id = await conversation_of(request, services)
    await services.write(lambda session: identity.sign_out(session, conversation_id))
    return Response(status_code=204)


async def want_mail(request: Request) -> Response:
    """`POST /chat/mail`: the customer agrees to notices at an address, or no longer to any."""
    services = services_of(request)
    conversation_id = await conversation_of(request, services)
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
    limit_messages(request)
    services = services_of(request)
    conversation_id = await conversation_of(request, services)
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

    def write(session: Session) -> tuple[Accepted, str]:
        incoming = _incoming(session, conversation_id, kind, value, key, address)
        return accept(session, conversation_id, incoming, services.voice), incoming.language

    accepted, language = await services.write(write)
    if accepted.owner is Owner.BOT:
        wake(services.settings.bot.port, conversation_id)
    services.hub.moved(conversation_id)
    again = None
    if accepted.owner is Owner.QUEUE and accepted.fresh and kind == "text":
        again = BackgroundTask(hear, services, conversation_id, value, language)
    status = 202 if accepted.fresh else 200
    return JSONResponse({"line": accepted.line_number}, status_code=status, background=again)


async def stream(request: Request) -> Response:
    """`GET /chat/stream`: what was said after Last-Event-ID, and all that comes."""
    services = services_of(request)
    conversation_id = await conversation_of(request, services)
    given = request.headers.get("last-event-id", "0").strip() or "0"
    if not EVENT_ID.fullmatch(given) or int(given) > LARGEST_NUMBER:
        raise Problem(
            400,
            "bad_event_id",
            "Last-Event-ID is not the number of a line.",
            "Send the last event id received, or leave the header out.",
        )
    token = token_hash(bearer(request))
    events = conversation_events(services.read, services.hub, conversation_id, int(given), token)
    return streamed(request, events)


async def received(request: Request) -> Response:
    """`POST /chat/received`: the browser has shown all lines up to this one."""
    services = services_of(request)
    conversation_id = await conversation_of(request, services)
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
