"""The leads' pages, /desk/leads/…: what is there, in forms that scripts send to the leads' calls.

A day that is none, or an entry, leads to the page without it.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from datetime import date, datetime, timedelta, timezone
from typing import Any
from zoneinfo import available_timezones

from babel.dates import format_datetime
from markupsafe import Markup
from sqlalchemy.orm import Session
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route

from tenin.clock import utcnow
from tenin.database import read_transaction
from tenin.desk import audit, figures_chart, lead_store, leads
from tenin.desk.accounts import ADMIN, LEAD, Account
from tenin.desk.figures import MEASURES, Days, Measures, asked_and_served, figures
from tenin.desk.figures_export import TIMES
from tenin.desk.guard import guard_page, reader_language
from tenin.desk.lead_checks import PLACEHOLDERS, days, fingerprint
from tenin.desk.lead_invitations import invitations_view
from tenin.desk.models import Role
from tenin.desk.schedule import DAYS
from tenin.desk.shell import shell
from tenin.language.languages import configured, locale_of
from tenin.pages.rendering import render, strings
from tenin.services import Services
from tenin.web import Problem

PAGES = ("agents", "skills", "hours", "canned", "figures", "invitations", "audit")
ROLES = tuple(role.value for role in Role)

Content = Callable[[Session, str], dict[str, Any]]


async def _first(_: Request, __: Services, ___: Account) -> Response:
    return RedirectResponse("/desk/leads/figures", status_code=303)


async def _agents(request: Request, services: Services, account: Account) -> Response:
    def content(session: Session, language: str) -> dict[str, Any]:
        return {
            "agents": leads.agents_view(session),
            "skills": leads.skill_titles(session, language),
            "languages": configured().names,
            "ready": configured().ready,
            "admin": ADMIN in account.permissions,
            "roles": strings(language)["desk"]["account"]["roles"],
        }

    return await _page(request, services, account, "agents", content)


async def _skills(request: Request, services: Services, account: Account) -> Response:
    def content(session: Session, language: str) -> dict[str, Any]:
        found = lead_store.skills(session)
        return {
            "skills": found,
            "version": fingerprint(found),
            "needs": leads.needs(services, session, language),
            "languages": configured().names,
            "ready": configured().ready,
        }

    return await _page(request, services, account, "skills", content)


async def _hours(request: Request, services: Services, account: Account) -> Response:
    def content(session: Session, language: str) -> dict[str, Any]:
        return {
            "hours": leads.hours_view(session, services, language),
            "days": DAYS,
            "zones": sorted(zone for zone in available_timezones() if "/" in zone),
        }

    return await _page(request, services, account, "hours", content)


async def _canned(request: Request, services: Services, account: Account) -> Response:
    def content(session: Session, language: str) -> dict[str, Any]:
        return {
            "replies": lead_store.canned(session),
            "skills": leads.skill_titles(session, language),
            "languages": configured().names,
            "ready": configured().ready,
            "placeholders": PLACEHOLDERS,
            "longest": services.settings.chat.max_characters,
        }

    return await _page(request, services, account, "canned", content)


async def _figures(request: Request, services: Services, account: Account) -> Response:
    query = {"day": request.query_params["day"]} if request.query_params.get("day") else {}

    try:
        days(query, date.today(), timezone.utc)
    except Problem:
        return RedirectResponse("/desk/leads/figures", status_code=303)

    def content(session: Session, language: str) -> dict[str, Any]:
        words = strings(language)["leads"]["figures"]
        present, zone = leads.today(session, services)
        wanted = days(query, present, zone)
        found = figures(session, wanted)
        titles = leads.skill_titles(session, language)
        return {
            "day": wanted.first,
            "today": present,
            "before": wanted.first - timedelta(days=1),
            "after": wanted.first + timedelta(days=1),
            "zone": zone,
            "found": found,
            "columns": MEASURES,
            "agents": [(each.name, _shown(each.measures)) for each in found.agents],
            "skills": [
                (
                    words["no_skill"] if each.id is None else titles.get(each.id, each.id),
                    _shown(each.measures),
                )
                for each in found.skills
            ],
            "total": _shown(found.total),
            "chart": Markup(_chart(session, wanted, words)),  # noqa: S704  our own drawing
        }

    return await _page(request, services, account, "figures", content)


async def _invitations(request: Request, services: Services, account: Account) -> Response:
    def content(session: Session, language: str) -> dict[str, Any]:
        words = strings(language)["leads"]["invitations"]
        return invitations_view(session, services.invitations, words, language, utcnow())

    return await _page(request, services, account, "invitations", content)


async def _audit(request: Request, services: Services, account: Account) -> Response:
    try:
        before = leads.before_of(request)
    except Problem:
        return RedirectResponse("/desk/leads/audit", status_code=303)

    def content(session: Session, language: str) -> dict[str, Any]:
        _, zone = leads.today(session, services)
        locale = locale_of(language)
        entries = audit.entries(session, before, leads.MOST_ENTRIES)
        for entry in entries:
            at = datetime.fromisoformat(entry["at"].replace("Z", "+00:00"))
            entry["told"] = format_datetime(at, "medium", tzinfo=zone, locale=locale)
            entry["detail"] = [
                (name, value if isinstance(value, str) else json.dumps(value, ensure_ascii=False))
                for name, value in entry["detail"].items()
            ]
        full = len(entries) == leads.MOST_ENTRIES
        return {"entries": entries, "older": entries[-1]["id"] if full else None, "before": before}

    return await _page(request, services, account, "audit", content)


_HANDLERS = {
    "agents": _agents,
    "skills": _skills,
    "hours": _hours,
    "canned": _canned,
    "figures": _figures,
    "invitations": _invitations,
    "audit": _audit,
}
routes = [
    Route("/desk/leads", guard_page(_first, LEAD), methods=["GET"]),
    *(
        Route(f"/desk/leads/{name}", guard_page(_HANDLERS[name], LEAD), methods=["GET"])
        for name in PAGES
    ),
]


async def _page(
    request: Request, services: Services, account: Account, name: str, content: Content
) -> Response:
    """The page in the reader's language, made of one snapshot of the database."""
    language = reader_language(request)

    def rendered() -> str:
        with read_transaction(services.engine) as session:
            return render(
                f"desk_leads_{name}.html",
                language=language,
                strings=strings(language)["leads"],
                page=name,
                pages=PAGES,
                **shell(services, request, account, language),
                **content(session, language),
            )

    html = await asyncio.to_thread(rendered)
    return HTMLResponse(html, headers={"cache-control": "no-store"})


def _shown(measures: Measures) -> list[str]:
    """The cells of a row, as people read them."""
    return [_cell(name, getattr(measures, name)) for name in MEASURES]


def _cell(name: str, value: Any) -> str:
    if value is None:
        return "–"
    if name in TIMES:
        minutes, seconds = divmod(value, 60)
        hours, minutes = divmod(minutes, 60)
        return f"{hours}:{minutes:02}:{seconds:02}"
    if name == "resolved_share":
        return f"{value:.0%}"
    return f"{value:.1f}" if name == "rating_mean" else str(value)


def _chart(session: Session, wanted: Days, words: dict[str, Any]) -> str:
    steps = asked_and_served(session, wanted)
    title = words["chart"]
    for name, total in zip(("asked", "served"), map(sum, zip(*steps, strict=True)), strict=True):
        title = title.replace(f"{{{name}}}", str(total))
    return figures_chart.draw(steps, [f"{hour}:00" for hour in range(24)], title)
