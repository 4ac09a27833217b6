"""What `tenin run` does: ports, databases, demo shop, model, then the three tiers, kept running.

`tenin.cli` calls `run`; the tiers are kept by `tenin.supervisor`. What can go wrong on a new
machine is found here, before any process is started, and told in one line with its remedy.
"""

import contextlib
import fcntl
import os
import sys
from collections.abc import Iterator
from datetime import date
from pathlib import Path

from sqlalchemy.engine import Engine

from tenin import logs, model, processes, release, releasing
from tenin.conversation import models as conversation
from tenin.database import SchemaError, check_schema, make_engine, migrate, write_transaction
from tenin.settings import Settings
from tenin.settings_sources import variable_name
from tenin.shop import models as shop
from tenin.supervisor import Say, SupervisorError, Tier, supervise

LOOPBACK = "127.0.0.1"
EVERYWHERE = {"0.0.0.0": LOOPBACK, "::": "::1"}  # noqa: S104 (read, not listened on)


def run(settings: Settings, say: Say, only: str | None = None) -> None:
    """Set up what is missing, then run all tiers until a signal asks to stop.

    With `only`, `web` or `bot` (and its actions) alone run, as one of several, on databases that
    `tenin migrate` and a model that `tenin train` made.

    Raises SettingsError, SchemaError, ModelError or SupervisorError, each with a line to show.
    """
    with _only_one(settings):
        check_ports(settings)
        if only is None:
            migrate_all(settings, say)
            load_demo_shop(settings, say)
        if only == "web":
            address = web_address(settings)
            web = tiers(settings, model.model_path(settings.root))[:1]
            supervise(web, settings.root, say, lambda: say(f"{'web':<10} serves at {address}"))
            return
        trained = _model(settings, say)
        say(f"{'model':<10} {trained.relative_to(settings.root)} is ready")
        supervise(
            tiers(settings, trained) if only is None else pair(settings, trained),
            settings.root,
            say,
            (lambda: _opened(settings, say)) if only is None else (lambda: None),
            lambda kept: releasing.watch(
                kept, settings.root, lambda path, spare: pair(settings, path, spare), say
            ),
        )


def _model(settings: Settings, say: Say) -> Path:
    """Give the model to begin with: the one released last, or one trained from the files."""
    released = release.at_work(settings.root)
    if released != model.model_path(settings.root):
        say(f"{'model':<10} the one released last, until the files change or `tenin release`")
        return released
    return model.train(settings.root, lambda phase: say(f"{'model':<10} {phase}"))


def tiers(settings: Settings, trained: Path) -> list[Tier]:
    """Return the three tiers in the order of their start: web, bot, actions."""
    env = _environment(settings)
    python = [sys.executable, "-m"]
    web = [*python, "uvicorn", "--factory", "tenin.app:create_app"]
    web += ["--host", settings.web.host, "--port", str(settings.web.port)]
    # Uvicorn would believe forwarded headers from loopback; `web.trusted_proxies` decides instead.
    # Its access log would hold the desk's one-time keys.
    web += ["--no-proxy-headers", "--no-access-log", "--no-server-header"]
    # Rasa's pin of websockets is older than what uvicorn can load; the web tier uses none.
    web += ["--ws", "none", "--timeout-graceful-shutdown", "3", "--log-config", str(logs.CONFIG)]
    web_tier = Tier("web", web, env, f"{web_address(settings)}ready")
    return [web_tier, *pair(settings, trained)]


def pair(settings: Settings, trained: Path, spare: bool = False) -> list[Tier]:
    """Return bot and actions with a model; on the project's ports, or on ones that are free now."""
    ports = {"bot": settings.bot.port, "actions": settings.actions.port}
    if spare:
        ports = dict(zip(ports, processes.free_ports(LOOPBACK, len(ports)), strict=True))
    names = {variable_name(section, "port"): str(port) for section, port in ports.items()}
    env = _environment(settings) | names
    python = [sys.executable, "-m"]
    bot = [*python, "rasa", "run", "-i", LOOPBACK, "-p", str(ports["bot"])]
    bot += ["--model", str(trained)]
    bot += ["--endpoints", "endpoints.yml", "--credentials", "credentials.yml"]
    bot += ["--logging-config-file", str(logs.CONFIG)]
    actions = [*python, "rasa_sdk", "--actions", "actions", "-p", str(ports["actions"])]
    actions += ["--logging-config_file", str(logs.CONFIG)]
    bot_url = f"http://{LOOPBACK}:{ports['bot']}/webhooks/inbox/health"
    actions_url = f"http://{LOOPBACK}:{ports['actions']}/health"
    return [
        Tier("bot", bot, env, bot_url, drains=True),
        Tier("actions", actions, env, actions_url),
    ]


def _environment(settings: Settings) -> dict[str, str]:
    return model.rasa_environment() | {
        "TENIN_ROOT": str(settings.root),
        logs.FORMAT_VARIABLE: settings.logs.format,
        "SANIC_HOST": LOOPBACK,  # where the action server listens; its default is everywhere
    }


def web_address(settings: Settings) -> str:
    """Return the address of the web tier as a browser on this machine opens it."""
    host = EVERYWHERE.get(settings.web.host, settings.web.host)
    return f"http://{f'[{host}]' if ':' in host else host}:{settings.web.port}/"


def check_ports(settings: Settings) -> None:
    """Raise SupervisorError unless every port that the tiers need is free."""
    hosts = {"web": settings.web.host, "bot": LOOPBACK, "actions": LOOPBACK}
    for section, host in hosts.items():
        port = getattr(settings, section).port
        variable = variable_name(section, "port")
        try:
            holder = processes.port_holder(host, port)
        except OSError as error:
            names = "web.host or web.port" if section == "web" else f"{section}.port"
            raise SupervisorError(
                f"port {port} of {host} can't be listened on ({error.strerror or error}): "
                f"change {names} in tenin.yml"
            ) from None
        if holder is not None:
            raise SupervisorError(
                f"port {port} is in use by {holder}: stop that, or choose another port "
                f"by {section}.port in tenin.yml or by {variable}"
            )


def migrate_all(settings: Settings, say: Say) -> None:
    """Bring both databases up to date, and give a new desk what it begins with.

    Raises SchemaError when one can't be used; DeskFileError, InvitationsError when desk.yml or
    invitations.yml can't, before anything is changed.
    """
    from tenin.desk.desk_file import FILE, load_desk_file
    from tenin.desk.seed import seed
    from tenin.invitation.rules import FILE as INVITATIONS
    from tenin.invitation.rules import load_invitations

    desk = load_desk_file(settings.path(FILE))
    load_invitations(settings.path(INVITATIONS))
    for url, folder, table in (
        (settings.shop.database_url, shop.MIGRATIONS, shop.VERSION_TABLE),
        (settings.database.url, conversation.MIGRATIONS, conversation.VERSION_TABLE),
    ):
        with _engine(url) as engine:
            shown = engine.url.render_as_string(hide_password=True)
            try:
                check_schema(engine, folder, table)
            except SchemaError:
                migrate(engine, folder, table)
                say(f"{'database':<10} {shown} was brought up to date")
            else:
                say(f"{'database':<10} {shown} is ready")
    with _engine(settings.database.url) as engine, write_transaction(engine) as session:
        skills, canned = seed(session, desk)
    if skills or canned:
        say(f"{'desk':<10} it begins with {skills} skills and {canned} canned replies")


def load_demo_shop(settings: Settings, say: Say) -> None:
    """Fill the shop's database with the demo shop's goods, customers and orders if it is empty."""
    from tenin.shop.sample_data import load_sample_data

    with _engine(settings.shop.database_url) as engine, write_transaction(engine) as session:
        loaded = load_sample_data(session, date.today())
    if loaded:
        say(f"{'shop':<10} the demo shop has {loaded} products")


def new_desk_link(
    settings: Settings,
    name: str | None = None,
    login: str | None = None,
    role: str = "agent",
) -> str:
    """Return a new one-time link to the desk, for the account of that login or name.

    One of that name is made, with that role, if there is none; with neither it is the admin of
    the settings. Raises SchemaError or AccountError.
    """
    from tenin.desk.access import new_link

    with _engine(settings.database.url) as engine:
        check_schema(engine, conversation.MIGRATIONS, conversation.VERSION_TABLE)
        key = new_link(engine, settings, name, role, login=login)
    return f"{web_address(settings)}desk/enter?key={key}"


def _opened(settings: Settings, say: Say) -> None:
    from tenin.desk.accounts import AccountError

    say("")
    say(f"Tenin is open:  {web_address(settings)}")
    try:
        link = new_desk_link(settings)
        say(f"Desk (one-time link, {settings.desk.link_minutes:g} min): {link}")
    except AccountError:  # its account was deactivated, or its name is no longer one's alone
        say(f"Desk (sign in): {web_address(settings)}desk/sign-in")
    say("Ctrl-C stops everything.")


@contextlib.contextmanager
def _engine(url: str) -> Iterator[Engine]:
    engine = make_engine(url)
    try:
        yield engine
    finally:
        engine.dispose()


@contextlib.contextmanager
def _only_one(settings: Settings) -> Iterator[None]:
    """Hold this project for one supervisor; the lock goes when its process does."""
    file = settings.path("var", "run", "tenin.pid")
    file.parent.mkdir(parents=True, exist_ok=True)
    with file.open("a+", encoding="ascii") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.seek(0)
            pid = lock.read().strip() or "?"
            raise SupervisorError(
                f"Tenin runs here already (process {pid}): use that one, or stop it "
                f"with Ctrl-C in its window or with `kill {pid}`"
            ) from None
        lock.truncate(0)
        lock.write(f"{os.getpid()}\n")
        lock.flush()
        yield
        lock.truncate(0)
