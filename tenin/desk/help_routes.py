"""The desk's calls that help an agent: the case card, suggestions, search, ready replies, examples.

Nothing here says anything to a customer. What is slow (the shop, the bot tier, the first search)
runs off the event loop and within limits.
"""

from __future__ import annotations

import asyncio
from typing import Any

from sqlalchemy.orm import Session
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from tenin.conversation.identity import customer_of
from tenin.conversation.transcript import NoSuchConversation
from tenin.conversation.voice import Voice
from tenin.desk import audit, card
from tenin.desk.accounts import LEAD, SERVE, TRAIN, Account
from tenin.desk.conversations import CONVERSATION, id_of, no_conversation
from tenin.desk.examples import NotACustomersLine, mark_example
from tenin.desk.guard import guard, reader_language
from tenin.desk.hours import voice_now
from tenin.desk.suggestions import Case, canned_replies, case_of, found, suggestions
from tenin.desk.understanding import understand
from tenin.language.languages import configured
from tenin.services import Services
from tenin.shop.interface import ShopError
from tenin.web import Problem, client_address, fresh, json_body

LONGEST_QUERY = 200
NAME_SECONDS = 1.0  # a ready reply waits no longer for the customer's name
EXAMPLE_MARKED = "example_marked"
# What a ready reply or a search is filled with where no conversation is named.
NOBODY: dict[str, str | None] = {"customer": None, "agent": None, "order": None}


async def _card(request: Request, services: Services, _: Account) -> Response:
    """`GET …/card`: what is known of the case; a shop that is down is an error in it."""
    conversation_id, reader = id_of(request), reader_language(request)
    menus = services.voice.menus
    try:
        known = await services.read(
            lambda session: card.known(session, conversation_id, menus, reader)
        )
    except NoSuchConversation:
        raise no_conversation() from None
    named = await services.read_shop(lambda session: card.with_products(session, known, reader))
    return fresh(await card.case_card(services.shop, named, reader))


async def _suggestions(request: Request, services: Services, account: Account) -> Response:
    """`GET …/suggestions`: what the last line may mean, and replies in the customer's language."""
    case = await _case(services, id_of(request))
    said = case.last and understand(services.settings, case.last, case.language)
    understood = await said if said else None
    reader, voice = reader_language(request), await _voice(services)
    canned = await _canned_for(services, voice, case, account, case.language)
    made = await asyncio.to_thread(suggestions, voice, case, understood, canned, reader)
    return fresh(made)


async def _search(request: Request, services: Services, _: Account) -> Response:
    """`GET /desk/api/search?q=&language=`: answers, terms and ready replies."""
    query = request.query_params.get("q", "").strip()
    if len(query) > LONGEST_QUERY:
        raise Problem(
            422,
            "query_too_long",
            f"A search has at most {LONGEST_QUERY} characters.",
            "Search for fewer words.",
        )
    language = _language(request)
    if not query:
        return fresh({"results": []})
    voice = await _voice(services)
    canned = await services.read(lambda session: canned_replies(session, voice, language, NOBODY))
    results = await asyncio.to_thread(found, voice, query, language, canned)
    return fresh({"results": results})


async def _canned(request: Request, services: Services, account: Account) -> Response:
    """`GET /desk/api/canned?language=&conversation=`: ready replies, filled for a conversation."""
    language, voice = _language(request), await _voice(services)
    named = request.query_params.get("conversation")
    if named is None:
        values = {**NOBODY, "agent": account.name}
        canned = await services.read(
            lambda session: canned_replies(session, voice, language, values)
        )
    else:
        if not CONVERSATION.fullmatch(named):
            raise no_conversation()
        canned = await _canned_for(services, voice, await _case(services, named), account, language)
    return fresh({"canned": canned})


async def _example(request: Request, services: Services, account: Account) -> Response:
    """`POST …/example {line, need}`: keep a customer's sentence for training, masked."""
    conversation_id, body = id_of(request), await json_body(request)
    line, need = body.get("line"), body.get("need")
    if not isinstance(line, int) or isinstance(line, bool) or not 0 < line < 2**31:
        raise Problem(422, "no_line", "`line` is missing.", "Send the number of the line.")
    known = isinstance(need, str) and need in services.voice.menus.titles
    if need is not None and not known:
        raise Problem(
            422, "no_such_need", "There is no such need.", "Name one of menus.yml, or null."
        )
    customer = await _name(services, await _customer(services, conversation_id))
    address = client_address(request, services.settings)

    def mark(session: Session) -> int:
        example = mark_example(
            session, conversation_id, line, need, account.id, names=[customer or ""]
        )
        detail = {"line": line, "need": need}
        audit.record(session, account, EXAMPLE_MARKED, conversation_id, detail, address)
        return int(example.id)

    try:
        example_id = await services.write(mark)
    except NoSuchConversation:
        raise no_conversation() from None
    except NotACustomersLine:
        raise Problem(
            404,
            "no_such_line",
            "The customer has said no such line.",
            "Mark a line of the customer's.",
        ) from None
    return JSONResponse({"example": example_id}, status_code=201)


routes = [
    Route("/desk/api/conversations/{id}/card", guard(_card), methods=["GET"]),
    Route("/desk/api/conversations/{id}/suggestions", guard(_suggestions), methods=["GET"]),
    Route(
        "/desk/api/conversations/{id}/example",
        guard(_example, permission=(LEAD, TRAIN), changes=True),
        methods=["POST"],
    ),
    Route("/desk/api/search", guard(_search, permission=(SERVE, TRAIN)), methods=["GET"]),
    Route("/desk/api/canned", guard(_canned), methods=["GET"]),
]


async def _case(services: Services, conversation_id: str) -> Case:
    try:
        return await services.read(lambda session: case_of(session, conversation_id))
    except NoSuchConversation:
        raise no_conversation() from None


async def _canned_for(
    services: Services, voice: Voice, case: Case, account: Account, language: str
) -> list[dict[str, Any]]:
    values = {
        "customer": await _name(services, case.customer_id),
        "agent": account.name,
        "order": case.order,
    }
    return await services.read(lambda session: canned_replies(session, voice, language, values))


async def _voice(services: Services) -> Voice:
    """The shop's wording, with the hours that hold now."""
    return await services.read(lambda session: voice_now(session, services.voice))


async def _customer(services: Services, conversation_id: str) -> str | None:
    return await services.read(lambda session: customer_of(session, conversation_id))


async def _name(services: Services, customer_id: str | None) -> str | None:
    """The customer's name, if somebody is signed in and the shop tells it in time."""
    if customer_id is None:
        return None
    try:
        return await card.in_time(
            lambda: card.customer_name(services.shop, customer_id), NAME_SECONDS
        )
    except (ShopError, asyncio.TimeoutError):
        return None


def _language(request: Request) -> str:
    """The language that is asked for, if the shop speaks it; else the reader's."""
    named = request.query_params.get("language", "")
    return named if named in configured().ready else reader_language(request)
