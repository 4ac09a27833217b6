"""/desk/train/missed: what was missed, for trainers and admins; and the calls of the page.

The page looks for what is new first. What is decided on it goes nowhere by itself: an operator or
the trainer exports it (`tenin missed export`), and the gate measures it before it is released.
"""

from __future__ import annotations

import asyncio
from typing import Any

from sqlalchemy.orm import Session
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from tenin.database import read_transaction
from tenin.desk.accounts import TRAIN, Account
from tenin.desk.guard import guard, guard_page, reader_language
from tenin.desk.shell import MISSED, TRAINERS_PAGES, trainers_shell
from tenin.language.languages import configured
from tenin.pages.rendering import render, strings
from tenin.services import Services
from tenin.training.missed import decisions
from tenin.training.missed.decisions import DecisionError, Group
from tenin.training.missed.gathering import GatheringError, gather, names_from
from tenin.web import Problem, client_address, fresh, json_body

PAGE = TRAINERS_PAGES[MISSED]
API = "/desk/api/train/missed"
MOST_SHOWN = 40
MOST_SENTENCES = 500
STATUS = {"no_such_group": 404, "changed_meanwhile": 409}


async def _page(request: Request, services: Services, account: Account) -> Response:
    language = reader_language(request)
    named = request.query_params.get("language")
    only = named if named in configured().names else None

    def rendered() -> str:
        looked = True
        try:
            gather(services.engine, services.settings.root, names_from(services.shop))
        except GatheringError:
            looked = False
        with read_transaction(services.engine) as session:
            found = decisions.groups(session, only)
        titles = services.voice.menus.titles
        needs = decisions.needs_of(services.settings.root)
        return render(
            "desk_train_missed.html",
            language=language,
            strings=strings(language)["missed"],
            **trainers_shell(services, request, account, language, MISSED),
            groups=found[:MOST_SHOWN],
            more=max(0, len(found) - MOST_SHOWN),
            looked=looked,
            languages=configured(),
            only=only,
            needs=needs,
            titles={need: titles[need].get(language, need) for need in needs if need in titles},
        )

    html = await asyncio.to_thread(rendered)
    return HTMLResponse(html, headers={"cache-control": "no-store"})


async def _accept(request: Request, services: Services, account: Account) -> Response:
    """`POST …/{group}/accept {version, need, sentences: {id: text}}`."""
    body = await json_body(request)
    version, need = _text(body, "version"), _text(body, "need")
    wordings = _sentences(body.get("sentences"))
    needs = await asyncio.to_thread(decisions.needs_of, services.settings.root)

    def work(session: Session) -> dict[str, Any]:
        count = decisions.accept(
            session,
            str(request.path_params["group"]),
            need,
            needs,
            wordings,
            version=version,
            by=account,
            address=client_address(request, services.settings),
        )
        return {"accepted": count}

    return fresh(await _decided(services, work))


async def _dismiss(request: Request, services: Services, account: Account) -> Response:
    """`POST …/{group}/dismiss {version}`."""
    version = _text(await json_body(request), "version")

    def work(session: Session) -> dict[str, Any]:
        count = decisions.dismiss(
            session,
            str(request.path_params["group"]),
            version=version,
            by=account,
            address=client_address(request, services.settings),
        )
        return {"dismissed": count}

    return fresh(await _decided(services, work))


async def _groups(request: Request, services: Services, _: Account) -> Response:
    """`GET …?language=`: the groups, as they were when it was looked last."""
    only = request.query_params.get("language")
    found = await services.read(lambda session: decisions.groups(session, only))
    return fresh({"groups": [_plain(each) for each in found]})


routes = [
    Route(PAGE, guard_page(_page, TRAIN), methods=["GET"]),
    Route(API, guard(_groups, TRAIN), methods=["GET"]),
    Route(f"{API}/{{group}}/accept", guard(_accept, TRAIN, changes=True), methods=["POST"]),
    Route(f"{API}/{{group}}/dismiss", guard(_dismiss, TRAIN, changes=True), methods=["POST"]),
]


async def _decided(services: Services, work: Any) -> dict[str, Any]:
    try:
        done: dict[str, Any] = await services.write(work)
    except DecisionError as error:
        message, remedy = (
            f"{text[:1].upper()}{text[1:]}." for text in (error.message, error.remedy)
        )
        raise Problem(STATUS.get(error.code, 422), error.code, message, remedy) from None
    return done


def _text(body: dict[str, Any], name: str) -> str:
    value = body.get(name)
    if not isinstance(value, str):
        raise Problem(422, "no_text", f"`{name}` is missing.", f"Send `{name}` as a text.")
    return value


def _sentences(value: Any) -> dict[int, str]:
    """The wordings by the messages' ids, as a page sends them; Problem (422) if they aren't."""
    well = (
        isinstance(value, dict)
        and len(value) <= MOST_SENTENCES
        and all(
            key.isascii() and key.isdecimal() and len(key) < 16 and isinstance(text, str)
            for key, text in value.items()
        )
    )
    if not well:
        raise Problem(
            422, "no_sentences", "`sentences` are missing.", "Send texts by the messages' ids."
        )
    return {int(key): text for key, text in value.items()}


def _plain(group: Group) -> dict[str, Any]:
    return {
        "id": group.id,
        "language": group.language,
        "name": group.name,
        "version": group.version,
        "needs": list(group.needs),
        "persons": group.persons,
        "decided": group.decided,
        "answers": group.answers,
        "messages": [
            {
                "id": each.id,
                "text": each.text,
                "wording": each.wording,
                "reasons": list(each.reasons),
                "need": each.need,
                "confidence": each.confidence,
            }
            for each in group.messages
        ],
    }
