"""Invitations on the web: what the shop's pages tell of a visitor who agreed, and who is invited.

A visitor is an id that their browser made and keeps, having been asked. A browser that says it
wants no tracking (Global Privacy Control, Do Not Track) is answered as a shop that invites nobody,
and nothing of it is kept. Whoever accepts begins a chat with `POST /chat/session`, which names the
visitor and the invitation.
"""

from __future__ import annotations

import json
import re
from decimal import Decimal, InvalidOperation
from functools import partial
from typing import Any

from sqlalchemy.orm import Session
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from tenin.channels.context import wants_privacy
from tenin.channels.limits import limit_visits
from tenin.channels.sessions import conversation_of
from tenin.clock import utcnow
from tenin.conversation import ownership
from tenin.conversation.inbox import Incoming, accept
from tenin.conversation.models import Author, Conversation, Owner
from tenin.conversation.page_views import KINDS
from tenin.conversation.transcript import Reply, add_line, lock_conversation
from tenin.conversation.voice import Voice
from tenin.conversation.wake import wake
from tenin.desk import routing
from tenin.desk.models import Agent, Presence
from tenin.invitation import visits
from tenin.invitation.models import BY_HAND, Answer, Invited
from tenin.invitation.visits import Page
from tenin.language.languages import match
from tenin.services import Services, services_of
from tenin.settings import Settings
from tenin.web import Problem, fresh, json_body

OWN_ID = re.compile(r"[A-Za-z0-9_-]{16,64}")
LONGEST = {"path": 200, "title": 200, "sku": 64}
MOST_PIECES = 10_000
SKU = re.compile(r"[A-Za-z0-9._-]{1,64}")
CURRENCY = re.compile(r"[A-Z]{3}")
LARGEST_NUMBER = 2**63 - 1
NOBODY_INVITED = {"per_page": 0, "rules": [], "by_hand": None}


async def visit(request: Request) -> Response:
    """`POST /chat/visits {visitor, language, page, ordered?}`: a visitor looks at a page, or still.

    A browser that has a chat sends its session's token besides. Answers the rules to judge by,
    and what an agent has invited this visitor with, once.
    """
    limit_visits(request)
    services = services_of(request)
    chat = await _chat_of(request, services)
    body = await json_body(request)
    own_id, page = _own_id(body), _page(body.get("page"))
    order = _order(body.get("ordered"))
    language = match(body["language"] if isinstance(body.get("language"), str) else "")
    if wants_privacy(request) or not services.invitations.rules:
        return fresh(NOBODY_INVITED)
    visitor = visits.visitor_id(own_id)

    def see(session: Session) -> dict[str, Any] | None:
        now = utcnow()
        rules = services.invitations
        visits.see(session, visitor, page, language, rules, now, conversation_id=chat)
        if order is not None:
            visits.ordered(session, visitor, *order, now)
        taken = visits.take_by_hand(session, visitor, now)
        if taken is None:
            return None
        row, agent = taken
        return {"id": row.id, "text": row.text, "agent": agent}

    def still(session: Session) -> bool:
        return order is None and visits.is_known(
            session, visitor, page, language, conversation_id=chat
        )

    # Every open page says so four times a minute: hardly any of that is worth a write.
    by_hand = None if await services.read(still) else await services.write(see)
    return fresh({**services.invitations.for_page(language), "by_hand": by_hand})


async def ask(request: Request) -> Response:
    """`POST /chat/invitations {visitor, invitation}`: a rule's conditions hold; may it be shown?"""
    limit_visits(request)
    services = services_of(request)
    body = await json_body(request)
    own_id, rule = _own_id(body), services.invitations.rules.get(str(body.get("invitation")))
    if rule is None:
        raise Problem(
            422,
            "no_such_invitation",
            "There is no such invitation.",
            "Send the name of one that POST /chat/visits answered.",
        )
    if wants_privacy(request):
        return fresh({"show": None})
    free = partial(routing.free_room, settings=services.settings.desk)
    visitor = visits.visitor_id(own_id)

    def decide(session: Session) -> int | None:
        made = visits.invite(session, visitor, rule, services.invitations, free)
        return int(made.id) if isinstance(made, Invited) else None

    return fresh({"show": await services.write(decide)})


async def answer(request: Request) -> Response:
    """`POST /chat/invitations/{id} {visitor, answer}`: `dismissed`, or `accepted`.

    Accepted with a session's token, what was said stands in that chat; without one, the chat is
    begun by `POST /chat/session`.
    """
    limit_visits(request)
    services = services_of(request)
    body = await json_body(request)
    chat = await _chat_of(request, services)
    own_id, number = _own_id(body), int(request.path_params["id"])
    if body.get("answer") not in (Answer.ACCEPTED.value, Answer.DISMISSED.value):
        raise Problem(
            422, "no_answer", "`answer` is missing.", "Send `answer` as accepted or dismissed."
        )
    visitor = visits.visitor_id(own_id)
    wanted = Answer(body["answer"])

    def keep(session: Session) -> bool:
        if wanted is Answer.ACCEPTED and chat is not None:
            begin(session, chat, visitor, number, services)
        return visits.answered(session, visitor, number, wanted)

    if number > LARGEST_NUMBER or not await services.write(keep):
        raise Problem(
            404,
            "no_such_invitation",
            "There is no such invitation.",
            "Send the id that was answered to this visitor.",
        )
    if chat is not None:
        wake(services.settings.bot.port, chat)
        services.hub.moved(chat)
    return Response(status_code=204)


async def forget(request: Request) -> Response:
    """`POST /chat/visits/forget {visitor}`: the visitor agrees no longer; nothing of them stays."""
    limit_visits(request)
    services = services_of(request)
    visitor = visits.visitor_id(_own_id(await json_body(request)))
    await services.write(lambda session: visits.forget(session, visitor))
    return Response(status_code=204)


routes = [
    Route("/chat/visits", visit, methods=["POST"]),
    Route("/chat/visits/forget", forget, methods=["POST"]),
    Route("/chat/invitations", ask, methods=["POST"]),
    Route("/chat/invitations/{id:int}", answer, methods=["POST"]),
]


def visitor_of(body: dict[str, Any]) -> tuple[str, int | None] | None:
    """The visitor and the invitation that a new session names, if it names a visitor.

    Raises:
        Problem: 422 for what can be neither.
    """
    if body.get("visitor") is None:
        return None
    own_id, number = _own_id(body), body.get("invitation")
    if number is not None and (
        not isinstance(number, int) or isinstance(number, bool) or not 0 < number <= LARGEST_NUMBER
    ):
        raise Problem(
            422,
            "no_such_invitation",
            "`invitation` is not the number of one.",
            "Send the id that was answered to this visitor, or leave it out.",
        )
    return visits.visitor_id(own_id), number


def begin(
    session: Session,
    conversation_id: str,
    visitor: str,
    number: int | None,
    services: Services,
) -> bool:
    """A visitor begins to chat, or goes on; by an accepted invitation, with what it said.

    The text of a rule stands first; a promised person is put on the line; who invited by hand has
    the conversation; at a product the bot opens by itself.

    Returns:
        Whether the customer has been greeted by that.
    """
    row = visits.began_chat(session, visitor, conversation_id, number)
    if row is None:
        return False
    conversation = lock_conversation(session, conversation_id)
    if conversation.owner != Owner.BOT.value:
        return True
    if row.invitation == BY_HAND:
        agent = _there(session, row.agent_id, services.settings)
        if agent is None:
            ownership.request_person(session, conversation, "invited", services.voice)
            return True
        names = (str(agent.id), str(agent.name))
        ownership.take(session, conversation, conversation.epoch, *names, services.voice)
        key = f"invited-{row.id}"
        ownership.say_as_agent(session, conversation, names[0], str(row.text), key, services.voice)
        return True
    if row.text is None:
        return _opens(session, conversation, row, services.voice)
    add_line(session, conversation, Author.BOT, Reply(str(row.text)))
    if row.promises_person:
        ownership.request_person(session, conversation, "invited", services.voice)
    return True


def _opens(session: Session, conversation: Conversation, row: Invited, voice: Voice) -> bool:
    """Let the bot open with the product, in place of its welcome (the same event)."""
    if row.sku is None:
        return False
    payload = f"/page_lingering{json.dumps({'product': row.sku})}"
    incoming = Incoming(
        account=str(conversation.id),
        external_id="event:opened" if conversation.last_line == 0 else f"event:invited-{row.id}",
        kind="event",
        text="",
        language=str(conversation.language),
        payload=payload,
    )
    accept(session, str(conversation.id), incoming, voice)
    return True


def _there(session: Session, agent_id: str | None, settings: Settings) -> Agent | None:
    agent = session.get(Agent, agent_id) if agent_id else None
    if agent is None:
        return None
    present = routing.presence_of(agent, settings.desk, utcnow())
    return None if present is Presence.AWAY else agent


async def _chat_of(request: Request, services: Services) -> str | None:
    """The conversation whose token came along, if any did."""
    if "authorization" not in request.headers:
        return None
    return await conversation_of(request, services)


def _own_id(body: dict[str, Any]) -> str:
    own_id = body.get("visitor")
    if not isinstance(own_id, str) or not OWN_ID.fullmatch(own_id):
        raise Problem(
            422,
            "no_visitor",
            "`visitor` is missing or not of the form expected.",
            "Send 16 to 64 random letters, digits, hyphens or underscores that the browser keeps.",
        )
    return own_id


def _page(said: object) -> Page:
    """What a page says of itself; what is wrong with it is left out, but for what it is."""
    if not isinstance(said, dict) or said.get("kind") not in KINDS:
        raise Problem(
            422,
            "no_page",
            "`page` is missing or doesn't say what it is.",
            f"Send `page` with a `kind` of: {', '.join(KINDS)}.",
        )
    words = {name: _words(said.get(name), longest) for name, longest in LONGEST.items()}
    cart = said.get("cart") if isinstance(said.get("cart"), dict) else {}
    items = cart.get("count") if isinstance(cart, dict) else None
    if not isinstance(items, int) or not 0 <= items <= MOST_PIECES:
        items = 0
    value, currency = _money(cart)
    return Page(
        kind=said["kind"],
        path=_path(words["path"]),
        title=words["title"],
        sku=words["sku"] if SKU.fullmatch(words["sku"]) else None,
        cart_items=int(items),
        cart_value=value,
        currency=currency,
    )


def _path(said: str) -> str:
    """The path alone: a query may hold what is nobody's business."""
    return re.split(r"[?#]", said)[0] if said.startswith("/") else "/"


def _order(said: object) -> tuple[Decimal | None, str | None] | None:
    return _money(said) if isinstance(said, dict) else None


def _money(said: object) -> tuple[Decimal | None, str | None]:
    if not isinstance(said, dict) or not isinstance(said.get("value"), int | float | str):
        return None, None
    try:
        value = round(Decimal(str(said["value"])[:20]), 2)
    except InvalidOperation:
        return None, None
    currency = said.get("currency")
    named = isinstance(currency, str) and CURRENCY.fullmatch(currency)
    if not value.is_finite() or not 0 <= value < 10**9 or not named:
        return None, None
    return value, str(currency)


def _words(said: object, longest: int) -> str:
    if not isinstance(said, str) or not said.isprintable():
        return ""
    return said.strip()[:longest]
