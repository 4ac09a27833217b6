"""The desk's calls on who is on the shop's pages, having agreed to it: see them, invite one."""

from __future__ import annotations

import asyncio
import re
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from tenin.clock import utcnow
from tenin.database import read_transaction
from tenin.desk import audit
from tenin.desk.accounts import Account
from tenin.desk.guard import guard, reader_language
from tenin.invitation import visits
from tenin.invitation.models import Visitor
from tenin.services import Services
from tenin.shop.catalogue import products_by_sku
from tenin.web import Problem, client_address, fresh, json_body, text_of

LONGEST_INVITATION = 200
INVITED = "visitor_invited"
_VISITOR = re.compile(r"[0-9a-f]{64}")


async def _list(request: Request, services: Services, _: Account) -> Response:
    """`GET /desk/api/visitors`: who browses now, the latest comers first."""
    language, now = reader_language(request), utcnow()
    found = await services.read(lambda session: visits.here(session, now))
    skus = {sku for visitor in found for sku in visitor.products}

    def names() -> dict[str, str]:
        with read_transaction(services.shop_engine) as session:
            return {each.sku: each.name for each in products_by_sku(session, skus, language)}

    known = await asyncio.to_thread(names) if skus else {}
    return fresh({"visitors": [_shown(visitor, known, now) for visitor in found]})


async def _invite(request: Request, services: Services, agent: Account) -> Response:
    """`POST /desk/api/visitors/{id}/invite {text}`: invite one by hand, in the agent's name."""
    visitor = str(request.path_params["id"])
    text = text_of((await json_body(request)).get("text"), LONGEST_INVITATION)
    address = client_address(request, services.settings)

    def work(session: Session) -> bool:
        invited = _VISITOR.fullmatch(visitor) is not None and visits.invite_by_hand(
            session, visitor, agent.id, agent.name, text
        )
        if invited:
            detail = {"text": text}
            audit.record(session, agent, INVITED, visitor[:8], detail, address)
        return invited

    if not await services.write(work):
        raise Problem(
            409,
            "visitor_gone",
            "The visitor has gone, or is chatting already.",
            "Look at the list again.",
        )
    return Response(status_code=204)


routes = [
    Route("/desk/api/visitors", guard(_list), methods=["GET"]),
    Route("/desk/api/visitors/{id}/invite", guard(_invite, changes=True), methods=["POST"]),
]


def _shown(visitor: Visitor, names: dict[str, str], now: datetime) -> dict[str, Any]:
    return {
        "id": visitor.id,
        "language": visitor.language,
        "since": visitor.began_at.isoformat().replace("+00:00", "Z"),
        "visits": visitor.visits,
        "page": visitor.page,
        "products": [names[sku] for sku in reversed(visitor.products) if sku in names],
        "conversation": visitor.conversation_id if visits.is_chatting(visitor) else None,
        "invited": visitor.hand_text is not None and visitor.hand_at is not None,
    }
