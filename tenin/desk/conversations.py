"""The desk's calls on one conversation: take it, write, pass it on, end it.

Each names the epoch that the agent's page showed, so that a click on a stale page changes nothing.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from sqlalchemy.orm import Session
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from tenin.clock import utcnow
from tenin.conversation import ownership
from tenin.conversation.models import Conversation
from tenin.conversation.ownership import OwnershipConflict
from tenin.conversation.transcript import NoSuchConversation, lock_conversation
from tenin.conversation.wake import wake
from tenin.desk import routing
from tenin.desk.accounts import Account
from tenin.desk.guard import guard
from tenin.desk.models import Agent, Skill
from tenin.desk.views import conversation_view, mark_read
from tenin.services import Services
from tenin.web import Problem, fresh, idempotency_key, json_body, text_of

CONVERSATION = re.compile(r"[0-9a-f]{32}")
RESOLUTIONS = ("solved", "informed", "unreachable", "spam", "other")
SLOTS_TO_LEARN = ("order_number", "language")
LARGEST_LINE = 2**31 - 1


async def _one(request: Request, services: Services, agent: Account) -> Response:
    return fresh(await _viewed(services, id_of(request), agent))


async def _take(request: Request, services: Services, agent: Account) -> Response:
    epoch = _epoch(await json_body(request))

    def work(session: Session, conversation: Conversation) -> None:
        ownership.take(session, conversation, epoch, agent.id, agent.name, services.voice)

    return await _changed(request, services, agent, work)


async def _decline(request: Request, services: Services, agent: Account) -> Response:
    def work(session: Session, conversation: Conversation) -> None:
        routing.decline(session, conversation, agent.id)

    return await _changed(request, services, agent, work)


async def _hand_back(request: Request, services: Services, agent: Account) -> Response:
    body = await json_body(request)
    epoch, learnt = _epoch(body), _learnt(body.get("slots"))

    def work(session: Session, conversation: Conversation) -> None:
        voice = services.voice
        ownership.hand_back(session, conversation, epoch, agent.id, voice, learnt)

    answer = await _changed(request, services, agent, work)
    wake(services.settings.bot.port, id_of(request))
    return answer


async def _resolve(request: Request, services: Services, agent: Account) -> Response:
    body = await json_body(request)
    epoch, resolution, note = _epoch(body), body.get("resolution"), _note(body, services)
    if resolution not in RESOLUTIONS:
        raise Problem(
            422,
            "no_resolution",
            "It isn't said how the conversation ended.",
            f"Send `resolution` as one of: {', '.join(RESOLUTIONS)}.",
        )

    def work(session: Session, conversation: Conversation) -> None:
        ownership.resolve(session, conversation, epoch, agent.id, resolution, services.voice)
        if note:
            ownership.add_note(session, conversation, agent.name, note, f"resolved-{epoch}")

    answer = await _changed(request, services, agent, work)
    wake(services.settings.bot.port, id_of(request))
    return answer


async def _transfer(request: Request, services: Services, agent: Account) -> Response:
    body = await json_body(request)
    epoch, note = _epoch(body), _note(body, services)
    to_agent, to_skill = body.get("agent"), body.get("skill")
    named = to_agent if to_agent is not None else to_skill
    if (to_agent is None) == (to_skill is None) or not isinstance(named, str):
        raise Problem(
            422,
            "no_target",
            "A conversation is passed on either to an agent or to a skill.",
            "Send exactly one of `agent` and `skill`, by its id.",
        )

    def work(session: Session, conversation: Conversation) -> None:
        now = utcnow()
        until = None
        if to_agent is not None:
            found = session.get(Agent, to_agent)
            if found is None or not found.active or found.id == agent.id:
                raise _no_such("agent", "GET /desk/api/agents lists them.")
            until = now + timedelta(seconds=services.settings.desk.accept_seconds)
        elif session.get(Skill, to_skill) is None:
            raise _no_such("skill", "GET /desk/api/agents lists them.")
        if note:
            ownership.add_note(session, conversation, agent.name, note, f"transfer-{epoch}")
        ownership.transfer(
            session,
            conversation,
            epoch,
            agent.id,
            services.voice,
            to_agent=to_agent,
            to_skill=to_skill,
            until=until,
            now=now,
        )

    return await _changed(request, services, agent, work)


async def _say(request: Request, services: Services, agent: Account) -> Response:
    key = idempotency_key(request)
    text = text_of((await json_body(request)).get("text"), services.settings.chat.max_characters)

    def work(session: Session, conversation: Conversation) -> int:
        return ownership.say_as_agent(session, conversation, agent.id, text, key, services.voice)

    line = await _change(request, services, work, "not_yours")
    return JSONResponse({"line": line}, status_code=202)


async def _note_down(request: Request, services: Services, agent: Account) -> Response:
    key = idempotency_key(request)
    text = text_of((await json_body(request)).get("text"), services.settings.chat.max_characters)

    def work(session: Session, conversation: Conversation) -> int:
        return ownership.add_note(session, conversation, agent.name, text, key)

    line = await _change(request, services, work, "changed_meanwhile")
    return JSONResponse({"line": line}, status_code=202)


async def _typing(request: Request, services: Services, agent: Account) -> Response:
    conversation_id = id_of(request)

    def is_theirs(session: Session) -> bool:
        conversation = session.get(Conversation, conversation_id)
        return conversation is not None and conversation.agent_id == agent.id

    if await services.read(is_theirs):
        services.hub.signal(conversation_id, "typing", who="agent")
    return Response(status_code=204)


async def _read(request: Request, services: Services, agent: Account) -> Response:
    conversation_id = id_of(request)
    line = (await json_body(request)).get("line")
    if not isinstance(line, int) or isinstance(line, bool) or not 0 <= line <= LARGEST_LINE:
        raise Problem(422, "bad_line", "`line` is not the number of a line.", "Send its id.")

    def work(session: Session) -> None:
        if session.get(Conversation, conversation_id) is None:
            raise no_conversation()
        mark_read(session, agent.id, conversation_id, line)

    await services.write(work)
    return Response(status_code=204)


PATH = "/desk/api/conversations/{id}"
routes = [
    Route(PATH, guard(_one), methods=["GET"]),
    *(
        Route(f"{PATH}/{name}", guard(handler, changes=True), methods=["POST"])
        for name, handler in {
            "take": _take,
            "decline": _decline,
            "handback": _hand_back,
            "resolve": _resolve,
            "transfer": _transfer,
            "messages": _say,
            "notes": _note_down,
            "typing": _typing,
            "read": _read,
        }.items()
    ),
]


async def _changed(
    request: Request,
    services: Services,
    agent: Account,
    work: Callable[[Session, Conversation], None],
) -> Response:
    await _change(request, services, work, "changed_meanwhile")
    return fresh(await _viewed(services, id_of(request), agent))


async def _change(
    request: Request,
    services: Services,
    change: Callable[[Session, Conversation], Any],
    conflict: str,
) -> Any:
    """Run `change` on the locked conversation of the path, and wake who listens to it."""
    conversation_id = id_of(request)

    def work(session: Session) -> Any:
        return change(session, lock_conversation(session, conversation_id))

    try:
        result = await services.write(work)
    except NoSuchConversation:
        raise no_conversation() from None
    except OwnershipConflict:
        raise Problem(
            409,
            conflict,
            "The conversation changed hands meanwhile, or is not yours.",
            "Look at it again.",
        ) from None
    services.hub.moved(conversation_id)
    return result


async def _viewed(services: Services, conversation_id: str, agent: Account) -> dict[str, Any]:
    remembered = timedelta(minutes=services.settings.proof.remembered_minutes)
    try:
        return await services.read(
            lambda session: conversation_view(session, conversation_id, agent.id, remembered)
        )
    except NoSuchConversation:
        raise no_conversation() from None


def id_of(request: Request) -> str:
    """The conversation that the path names; PostgreSQL wouldn't even look for some texts.

    Raises:
        Problem: 404 if that can be none.
    """
    named = str(request.path_params["id"])
    if not CONVERSATION.fullmatch(named):
        raise no_conversation()
    return named


def no_conversation() -> Problem:
    """The answer for a conversation that isn't there."""
    return Problem(
        404, "no_such_conversation", "There is no such conversation.", "Look at the list again."
    )


def _no_such(what: str, remedy: str) -> Problem:
    return Problem(404, f"no_such_{what}", f"There is no such {what}.", remedy)


def _epoch(body: dict[str, Any]) -> int:
    epoch = body.get("epoch")
    if not isinstance(epoch, int) or isinstance(epoch, bool):
        raise Problem(422, "no_epoch", "`epoch` is missing.", "Send the epoch you saw.")
    return epoch


def _note(body: dict[str, Any], services: Services) -> str | None:
    note = body.get("note")
    if note is None or note == "":
        return None
    return text_of(note, services.settings.chat.max_characters)


def _learnt(slots: object) -> dict[str, str]:
    """What the agent lets the bot know."""
    if slots is None:
        return {}
    known = isinstance(slots, dict) and all(
        name in SLOTS_TO_LEARN and isinstance(value, str) and value for name, value in slots.items()
    )
    if not known:
        raise Problem(
            422,
            "bad_slots",
            "`slots` names something that the bot can't be told.",
            f"Send texts for any of: {', '.join(SLOTS_TO_LEARN)}.",
        )
    assert isinstance(slots, dict)
    return slots
