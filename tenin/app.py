"""The web tier: everything the internet reaches, in one ASGI app. It never imports Rasa.

Beside the routes run: a poll once a second, the net under the wake-ups; the watch over messages
that no worker takes; the sending of mail; the watch over stock that is wished for; and what the
persons who serve need done (`tenin.desk.human_channel`), as the routing of who waits; and the
erasing of what is old (`tenin.forgetting`).
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import timedelta
from functools import partial

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import Mount

from tenin import demo_shop, invoice_page, metrics, watching
from tenin.channels import (
    context,
    continuing,
    email,
    invitations,
    language,
    mail_stop,
    person,
    privacy,
    sites,
    uploads,
)
from tenin.channels import web as web_channel
from tenin.channels.customer_token import load_rules
from tenin.channels.gate import Gate
from tenin.channels.hub import Hub
from tenin.channels.limits import Limits
from tenin.clock import utcnow
from tenin.conversation import inbox
from tenin.conversation import models as conversation
from tenin.conversation.listening import Topic, listen
from tenin.conversation.transcript import NoSuchConversation
from tenin.conversation.voice import Voice
from tenin.database import check_schema, make_engine
from tenin.desk import blueprints as desk_blueprints
from tenin.desk import files as desk_files
from tenin.desk import help_routes as desk_help
from tenin.desk import lead_pages, leads
from tenin.desk import routes as desk_routes
from tenin.desk import sign_in as desk_sign_in
from tenin.desk import visitors as desk_visitors
from tenin.desk.human_channel import Work, chosen
from tenin.desk.promises import desk_of
from tenin.desk.routing import route
from tenin.fair_turns import SEVERAL, FairTurns
from tenin.forgetting import forget_old
from tenin.invitation.rules import FILE, load_invitations
from tenin.language.languages import configured, detect, match
from tenin.language.policy import load_policy
from tenin.pages.joined import FOLDER, JoinedFiles
from tenin.pages.rendering import STATIC, render, strings
from tenin.pages.static_files import PageFiles
from tenin.restock_watch import tell_restocked
from tenin.services import Services
from tenin.settings import Settings, load_settings
from tenin.shop import models as shop
from tenin.shop.choice import chosen_shop, terms_of
from tenin.training import try_pages
from tenin.training.missed import pages as missed_pages
from tenin.web import SECURITY_HEADERS, Problem, SecurityHeaders, problem_response

POLL_SECONDS = 1.0
PERSONS_SECONDS = 1.0
WATCH_SECONDS = 0.5
MAIL_SECONDS = 2.0
# Has `detect` make all it needs, a second's work that no customer is to wait for.
FIRST_TEXT = "1字の"

logger = logging.getLogger(__name__)


def create_app(settings: Settings | None = None) -> Starlette:
    """The ASGI app on the settings given, or on the project's own.

    Raises:
        SettingsError, SchemaError, PolicyError, ScheduleError, DeskFileError, InvitationsError,
            WordingError, MenuError: with the remedy in the message.
    """
    settings = settings or load_settings()
    engine = make_engine(settings.database.url)
    shop_engine = make_engine(settings.shop.database_url)
    check_schema(engine, conversation.MIGRATIONS, conversation.VERSION_TABLE)
    check_schema(shop_engine, shop.MIGRATIONS, shop.VERSION_TABLE)
    policy = load_policy(settings.root / "policy.yml", configured().names)
    routing = partial(route, settings=settings.desk)
    limits = Limits(settings.limits)
    persons = chosen(settings, desk_of(settings, policy), [routing])
    app = Starlette(
        routes=[
            *demo_shop.routes,
            *watching.routes,
            Mount(f"/static/{FOLDER}", JoinedFiles(STATIC, "widget/widget.js")),
            Mount("/static", PageFiles(STATIC)),
            *sites.routes,
            *invoice_page.routes,
            *web_channel.routes,
            *person.routes,
            *language.routes,
            *uploads.routes,
            *context.routes,
            *privacy.routes,
            *continuing.routes,
            *invitations.routes,
            *mail_stop.routes,
            *desk_routes.routes,
            *desk_help.routes,
            *desk_files.routes,
            *desk_blueprints.routes,
            *desk_sign_in.routes,
            *desk_visitors.routes,
            *persons.routes,
            *leads.routes,
            *lead_pages.routes,
            *missed_pages.routes,
            *try_pages.routes,
        ],
        middleware=[
            Middleware(watching.Measured),
            Middleware(SecurityHeaders, settings=settings),
            Middleware(sites.Sites, settings=settings),
            Middleware(Gate, settings=settings, limits=limits),
        ],
        exception_handlers={
            Problem: problem_response,
            NoSuchConversation: privacy.gone,
            HTTPException: error_page,
            Exception: error_page,
        },
        lifespan=_lifespan,
    )
    app.state.services = Services(
        settings,
        engine,
        shop_engine,
        chosen_shop(settings, shop_engine, terms_of(policy)),
        Voice.load(settings.root, persons.people),
        Hub(),
        limits,
        load_rules(settings),
        load_invitations(settings.path(FILE)),
        FairTurns(1 if engine.dialect.name == "sqlite" else SEVERAL),
    )
    app.state.persons = persons
    return app


async def error_page(request: Request, error: Exception) -> Response:
    """What a browser or a program gets for an address that isn't served, or when we fail."""
    status, detail = 500, "Something failed on the server's side."
    headers = dict(SECURITY_HEADERS)  # a failure is answered outside of the middleware
    if isinstance(error, HTTPException):
        status, detail = error.status_code, error.detail
        headers |= error.headers or {}
    if "text/html" in request.headers.get("accept", ""):
        language = match(request.headers.get("accept-language", "").split(",")[0])
        html = render(
            "error.html", language=language, strings=strings(language)["error"], status=status
        )
        return HTMLResponse(html, status_code=status, headers=headers)
    body = {
        "code": "not_found" if status == 404 else f"http_{status}",
        "message": detail,
        "remedy": "Check the address and the method." if status < 500 else "Try again later.",
    }
    return JSONResponse({"error": body}, status_code=status, headers=headers)


@contextlib.asynccontextmanager
async def _lifespan(app: Starlette) -> AsyncIterator[None]:
    services: Services = app.state.services
    await asyncio.to_thread(detect, FIRST_TEXT)
    port, hub = services.settings.web.port, services.hub
    wakes = await listen(services.engine, port, Topic.MOVED, hub.woken)
    tasks = [
        asyncio.create_task(_forever(partial(services.hub.poll, services.read), POLL_SECONDS)),
        asyncio.create_task(_forever(partial(_tell_slow, services), WATCH_SECONDS)),
        asyncio.create_task(_forever(partial(_send_mail, services), MAIL_SECONDS)),
        asyncio.create_task(
            _forever(partial(_tell_restocked, services), services.settings.notices.restock_seconds)
        ),
        asyncio.create_task(
            _forever(partial(_forget_old, services), services.settings.retention.check_minutes * 60)
        ),
        *(
            asyncio.create_task(_forever(partial(_work, services, work), PERSONS_SECONDS))
            for work in app.state.persons.work
        ),
    ]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        if wakes is not None:
            wakes.close()
        app.state.persons.close()
        services.threads.shutdown()
        services.engine.dispose()
        services.shop_engine.dispose()


async def _forever(work: Callable[[], Awaitable[None]], seconds: float) -> None:
    while True:
        try:
            await work()
        except Exception:
            name = getattr(work, "func", work).__name__.lstrip("_")
            metrics.BACKGROUND_FAILURES.labels(name).inc()
            logger.exception("background work failed; trying again")
        await asyncio.sleep(seconds)


async def _tell_slow(services: Services) -> None:
    """Tell customers whose message no worker has taken in time."""
    now = utcnow()
    before = now - timedelta(seconds=services.settings.turn.slow_notice_seconds)
    waiting = await services.read(
        partial(inbox.slow_conversations, received_before=before, now=now)
    )
    for conversation_id in waiting:
        told = await services.write(
            partial(
                inbox.tell_slow,
                conversation_id=conversation_id,
                received_before=before,
                voice=services.voice,
            )
        )
        if told:
            services.hub.moved(conversation_id)


async def _send_mail(services: Services) -> None:
    """Send the mail that waits, and show the desk what came of it."""
    ended = await asyncio.to_thread(
        email.send_waiting, services.engine, services.settings, services.voice
    )
    for conversation_id in set(ended):
        services.hub.moved(conversation_id)


async def _work(services: Services, work: Work) -> None:
    """Do what is due between customers and the persons who serve."""
    moved = await asyncio.to_thread(work, services.engine, services.voice)
    for conversation_id in set(moved):
        services.hub.moved(conversation_id)


async def _tell_restocked(services: Services) -> None:
    """Tell those who wait for a product that it is back."""
    told = await asyncio.to_thread(
        tell_restocked, services.engine, services.shop_engine, services.voice
    )
    for conversation_id in set(told):
        services.hub.moved(conversation_id)


async def _forget_old(services: Services) -> None:
    """Erase what is older than it may be; what is left of it at the next time."""
    for conversation_id in await asyncio.to_thread(forget_old, services.engine, services.settings):
        services.hub.moved(conversation_id)
