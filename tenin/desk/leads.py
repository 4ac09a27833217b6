"""The leads' calls under /desk/api/lead: agents, skills, hours, canned replies, figures, the log.

A lead may change what an agent serves; accounts themselves are an admin's. Whatever is refused
says why and what helps (`lead_checks`), and what is changed stands in the audit log.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, timedelta
from typing import Any, TypeVar

from babel.dates import format_datetime
from sqlalchemy.orm import Session
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from tenin.clock import utcnow
from tenin.desk import accounts, audit, lead_store
from tenin.desk.accounts import ADMIN, LEAD, Account, AccountError
from tenin.desk.desk_file import FILE, load_desk_file
from tenin.desk.figures import MEASURES, Figures, Group, Measures, figures, figures_by_day
from tenin.desk.figures_export import as_csv
from tenin.desk.guard import guard, reader_language
from tenin.desk.hours import default_schedule, load_schedule, said_as
from tenin.desk.lead_checks import Known, check_version, days, fingerprint, refusal, schedule
from tenin.desk.lead_store import Change
from tenin.desk.models import Agent, Role
from tenin.desk.passwords import PasswordError
from tenin.desk.schedule import Schedule
from tenin.language.languages import configured, locale_of
from tenin.pages.rendering import strings
from tenin.services import Services
from tenin.web import Problem, client_address, fresh, json_body

# What of an account a lead may change; all else is an admin's.
LEADS_PART = ("skills", "languages", "capacity")
ADMINS_PART = ("login", "name", "role", "active")
CLASHES = {"login_taken", "last_admin"}
MOST_ENTRIES = 100

T = TypeVar("T")


def agents_view(session: Session) -> list[dict[str, Any]]:
    """All accounts as leads see them."""
    return [agent_view(agent) for agent in accounts.every(session)]


def agent_view(agent: Agent) -> dict[str, Any]:
    """One account as leads see it."""
    shown = _account(agent)
    return {
        "id": agent.id,
        **shown,
        "presence": agent.presence,
        "has_password": agent.password_hash is not None,
        "version": fingerprint(shown),
    }


def hours_view(session: Session, services: Services, language: str) -> dict[str, Any]:
    """Hours and holidays as they hold, and what customers are told of them."""
    found, week, holidays = lead_store.hours(session, default_hours(services))
    return {
        **week,
        "version": fingerprint(week),
        "holidays": holidays,
        "holidays_version": fingerprint(holidays),
        **_said(found, services, language),
    }


def default_hours(services: Services) -> Schedule:
    """The hours of policy.yml, which hold until a lead sets others."""
    policy = services.voice.responses.policy
    assert policy is not None  # the app doesn't start without
    return default_schedule(policy)


def today(session: Session, services: Services) -> tuple[date, Any]:
    """What day it is in the shop's time zone, and that zone."""
    zone = load_schedule(session, default_hours(services)).zone
    return utcnow().astimezone(zone).date(), zone


def needs(services: Services, session: Session, language: str) -> dict[str, str]:
    """What skills can be for, with what each is called: all that are offered, and others named."""
    found = {
        need: titles.get(language) or need for need, titles in services.voice.menus.titles.items()
    }
    others = strings(language)["leads"]["skills"]["others"]
    begun_with = load_desk_file(services.settings.root / FILE).skills
    named = [need for skill in begun_with for need in skill.categories]
    named += [need for skill in lead_store.skills(session) for need in skill["categories"]]
    for need in (*others, *named):
        found.setdefault(need, others.get(need, need))
    return found


def known(services: Services, session: Session) -> Known:
    """What a lead's change may name."""
    ready = configured().ready
    names = [each["id"] for each in lead_store.skills(session)]
    return Known(ready, needs(services, session, ready[0]).keys(), names)


def skill_titles(session: Session, language: str) -> dict[str, str]:
    """What each skill is called."""
    return {
        each["id"]: each["titles"].get(language) or each["id"]
        for each in lead_store.skills(session)
    }


async def _agents(_: Request, services: Services, __: Account) -> Response:
    return fresh({"agents": await services.read(agents_view)})


async def _new_agent(request: Request, services: Services, by: Account) -> Response:
    body = await json_body(request)
    values = {key: body[key] for key in (*LEADS_PART, "role") if key in body}
    password = _password(body)

    def work(change: Change) -> dict[str, Any]:
        agent = accounts.create(
            change.session,
            body.get("login", ""),
            body.get("name", ""),
            **values,
            password=password,
            by=change.by,
            address=change.address,
            now=change.now,
        )
        return agent_view(agent)

    made = await _changed(request, services, by, work, "agents")
    return JSONResponse({"agent": made}, status_code=201, headers={"cache-control": "no-store"})


async def _change_agent(request: Request, services: Services, by: Account) -> Response:
    body = await json_body(request)
    wanted = set(body) - {"version"}
    if unknown := sorted(wanted - {*LEADS_PART, *ADMINS_PART, "password"}):
        raise refusal(
            "unknown_value",
            f"An account has no {unknown[0]} to change.",
            f"Change {', '.join((*LEADS_PART, *ADMINS_PART))}.",
        )
    if wanted - set(LEADS_PART) and ADMIN not in by.permissions:
        raise Problem(
            403,
            "not_allowed",
            "Accounts, roles and passwords are for admins.",
            "Ask an admin to change this.",
        )
    password = _password(body)
    values = {key: value for key, value in body.items() if key not in ("version", "password")}

    def work(change: Change) -> dict[str, Any]:
        who: dict[str, Any] = {"by": change.by, "address": change.address, "now": change.now}
        agent = accounts.by_id(change.session, str(request.path_params["id"]))
        check_version(body, _account(agent))
        agent = accounts.change(change.session, agent.id, values, **who)
        if password is not None:
            agent = accounts.set_password(change.session, agent.id, password, **who)
        return agent_view(agent)

    return fresh({"agent": await _changed(request, services, by, work, "agents")})


async def _skills(_: Request, services: Services, __: Account) -> Response:
    found = await services.read(lead_store.skills)
    return fresh({"skills": found, "version": fingerprint(found)})


async def _save_skills(request: Request, services: Services, by: Account) -> Response:
    body = await json_body(request)

    def work(change: Change) -> None:
        lead_store.save_skills(change, body, known(services, change.session))

    await _changed(request, services, by, work, "agents")
    return await _skills(request, services, by)


async def _hours(request: Request, services: Services, _: Account) -> Response:
    language = reader_language(request)
    return fresh(await services.read(lambda session: hours_view(session, services, language)))


async def _preview_hours(request: Request, services: Services, _: Account) -> Response:
    body = await json_body(request)
    given = {"zone": body.get("zone"), "week": body.get("week")}
    found = schedule(given, body.get("holidays") or [])
    return fresh(_said(found, services, reader_language(request)))


async def _save_hours(request: Request, services: Services, by: Account) -> Response:
    body = await json_body(request)

    def work(change: Change) -> None:
        lead_store.save_hours(change, body, default_hours(services))

    await _changed(request, services, by, work)
    return await _hours(request, services, by)


async def _holidays(request: Request, services: Services, _: Account) -> Response:
    found = await services.read(
        lambda session: hours_view(session, services, reader_language(request))
    )
    return fresh({"holidays": found["holidays"], "version": found["holidays_version"]})


async def _save_holidays(request: Request, services: Services, by: Account) -> Response:
    body = await json_body(request)

    def work(change: Change) -> None:
        lead_store.save_holidays(change, body, default_hours(services))

    await _changed(request, services, by, work)
    return await _holidays(request, services, by)


async def _canned(_: Request, services: Services, __: Account) -> Response:
    return fresh({"canned": await services.read(lead_store.canned)})


async def _add_canned(request: Request, services: Services, by: Account) -> Response:
    body = await json_body(request)
    longest = services.settings.chat.max_characters

    def work(change: Change) -> None:
        lead_store.add_canned(change, body, known(services, change.session), longest)

    await _changed(request, services, by, work)
    return await _canned(request, services, by)


async def _save_canned(request: Request, services: Services, by: Account) -> Response:
    body = await json_body(request)
    longest = services.settings.chat.max_characters

    def work(change: Change) -> None:
        may = known(services, change.session)
        lead_store.save_canned(change, request.path_params["id"], body, may, longest)

    await _changed(request, services, by, work)
    return await _canned(request, services, by)


async def _remove_canned(request: Request, services: Services, by: Account) -> Response:
    body = await json_body(request)

    def work(change: Change) -> None:
        lead_store.remove_canned(change, request.path_params["id"], body)

    await _changed(request, services, by, work)
    return await _canned(request, services, by)


async def _order_canned(request: Request, services: Services, by: Account) -> Response:
    body = await json_body(request)
    await _changed(request, services, by, lambda change: lead_store.order_canned(change, body))
    return await _canned(request, services, by)


async def _figures(request: Request, services: Services, _: Account) -> Response:
    query = dict(request.query_params)
    language = reader_language(request)

    def read(session: Session) -> tuple[Figures, dict[str, str]]:
        wanted = days(query, *today(session, services))
        return figures(session, wanted), skill_titles(session, language)

    found, titles = await services.read(read)

    def group(each: Group) -> dict[str, Any]:
        name = each.name if each.name is not None else titles.get(each.id or "", each.id)
        return {"id": each.id, "name": name, **_plain(each.measures)}

    return fresh(
        {
            "from": found.days.first.isoformat(),
            "to": found.days.last.isoformat(),
            "zone": str(found.days.zone),
            "agents": [group(each) for each in found.agents],
            "skills": [group(each) for each in found.skills],
            "total": _plain(found.total),
            "now": {"waiting": found.waiting_now, "serving": found.serving_now},
        }
    )


async def _figures_csv(request: Request, services: Services, _: Account) -> Response:
    query = dict(request.query_params)
    language = reader_language(request)

    def read(session: Session) -> tuple[list[Figures], dict[str, str]]:
        wanted = days(query, *today(session, services))
        return figures_by_day(session, wanted), skill_titles(session, language)

    by_day, titles = await services.read(read)
    first, last = by_day[0].days.first, by_day[-1].days.last
    name = f"figures-{first}" + ("" if first == last else f"-{last}")
    return Response(
        as_csv(by_day, titles, strings(language)["leads"]["figures"]).encode(),
        media_type="text/csv; charset=utf-8",
        headers={
            "cache-control": "no-store",
            "content-disposition": f'attachment; filename="{name}.csv"',
        },
    )


async def _audit(request: Request, services: Services, _: Account) -> Response:
    before = before_of(request)
    found = await services.read(lambda session: audit.entries(session, before, MOST_ENTRIES))
    return fresh({"entries": found})


def before_of(request: Request) -> int | None:
    """The entry that a query wants those before of; Problem (422) if it is no number."""
    given = request.query_params.get("before")
    if given is None:
        return None
    if not (given.isascii() and given.isdecimal()) or len(given) > 18:
        raise refusal("bad_entry", "`before` is no entry's number.", "Send the id of an entry.")
    return int(given)


PATH = "/desk/api/lead"
routes = [
    Route(f"{PATH}/agents", guard(_agents, LEAD), methods=["GET"]),
    Route(f"{PATH}/agents", guard(_new_agent, ADMIN, changes=True), methods=["POST"]),
    Route(f"{PATH}/agents/{{id}}", guard(_change_agent, LEAD, changes=True), methods=["PATCH"]),
    Route(f"{PATH}/skills", guard(_skills, LEAD), methods=["GET"]),
    Route(f"{PATH}/skills", guard(_save_skills, LEAD, changes=True), methods=["PUT"]),
    Route(f"{PATH}/hours", guard(_hours, LEAD), methods=["GET"]),
    Route(f"{PATH}/hours", guard(_save_hours, LEAD, changes=True), methods=["PUT"]),
    Route(f"{PATH}/hours/preview", guard(_preview_hours, LEAD, changes=True), methods=["POST"]),
    Route(f"{PATH}/holidays", guard(_holidays, LEAD), methods=["GET"]),
    Route(f"{PATH}/holidays", guard(_save_holidays, LEAD, changes=True), methods=["PUT"]),
    Route(f"{PATH}/canned", guard(_canned, LEAD), methods=["GET"]),
    Route(f"{PATH}/canned", guard(_add_canned, LEAD, changes=True), methods=["POST"]),
    Route(f"{PATH}/canned", guard(_order_canned, LEAD, changes=True), methods=["PUT"]),
    Route(f"{PATH}/canned/{{id}}", guard(_save_canned, LEAD, changes=True), methods=["PUT"]),
    Route(f"{PATH}/canned/{{id}}", guard(_remove_canned, LEAD, changes=True), methods=["DELETE"]),
    Route(f"{PATH}/figures", guard(_figures, LEAD), methods=["GET"]),
    Route(f"{PATH}/figures.csv", guard(_figures_csv, LEAD), methods=["GET"]),
    Route(f"{PATH}/audit", guard(_audit, LEAD), methods=["GET"]),
]


async def _changed(
    request: Request,
    services: Services,
    by: Account,
    work: Callable[[Change], T],
    news: str | None = None,
) -> T:
    """Run a change alone, in one transaction; `news` is what the open desks are told."""
    address = client_address(request, services.settings)
    try:
        done = await services.write(lambda session: work(Change(session, by, address)))
    except AccountError as error:
        missing, clash = error.code == "no_such_account", error.code in CLASHES
        raise _put(404 if missing else 409 if clash else 422, error) from None
    except PasswordError as error:
        raise _put(422, error) from None
    if news is not None:
        services.hub.signal("", news)
    return done


def _put(status: int, error: AccountError | PasswordError) -> Problem:
    message, remedy = (f"{text[:1].upper()}{text[1:]}." for text in (error.message, error.remedy))
    return Problem(status, error.code, message, remedy)


def _password(body: Mapping[str, Any]) -> str | None:
    password = body.get("password")
    if password is None or isinstance(password, str):
        return password
    raise refusal("password_not_text", "The password is no text.", "Send a text, or leave it out.")


def _account(agent: Agent) -> dict[str, Any]:
    return {
        "login": agent.login,
        "name": agent.name,
        "role": Role(agent.role).value,
        "skills": list(agent.skills),
        "languages": list(agent.languages),
        "capacity": agent.capacity,
        "active": agent.active,
    }


def _said(found: Schedule, services: Services, language: str) -> dict[str, Any]:
    """What customers hear of these hours in the reader's language, and how it is now."""
    words = said_as(found, language, services.voice.responses)
    now = utcnow()
    is_open = found.is_open(now)
    until = found.closes_at(now) if is_open else found.opens_at(now)
    locale = locale_of(language)
    said = until and format_datetime(until, "EEEE HH:mm", tzinfo=found.zone, locale=locale)
    if until is not None and until - now > timedelta(days=6):
        said = format_datetime(until, "medium", tzinfo=found.zone, locale=locale)
    return {
        "says": f"{words['hours_week']} ({words['hours_zone']})",
        "now": {"open": is_open, "until": said},
    }


def _plain(measures: Measures) -> dict[str, Any]:
    return {name: getattr(measures, name) for name in MEASURES}
