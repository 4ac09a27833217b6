"""What operators set: `tenin.yml`, the environment, and the secrets.

Every process calls `load_settings` once, at its start. A value comes from the environment
(`TENIN_WEB_PORT` for `web.port`), else from `tenin.yml`, else from the defaults below. Whatever
is wrong is one SettingsError that names the file or variable, the key, the fault and the remedy.
Secrets come from the environment alone, or from `var/secret`, which is made once.
"""

import ipaddress
import os
import re
import secrets
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

from pydantic import Field, ValidationError, root_validator, validator
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError

from tenin.database import busy_timeout_ms
from tenin.settings_desk import ChatwootSettings, check_chatwoot
from tenin.settings_limits import LimitsSettings
from tenin.settings_section import HEADER_VALUE, LOOPBACK, checked_api_url, checked_origin
from tenin.settings_section import Section as _Section
from tenin.settings_sources import (
    BOT_TOKEN_VARIABLE,
    CHATWOOT_TOKEN_VARIABLE,
    CHATWOOT_WEBHOOK_SECRET_VARIABLE,
    EMAIL_PASSWORD_VARIABLE,
    IDENTITY_SECRET_VARIABLE,
    METRICS_TOKEN_VARIABLE,
    SECRET_VARIABLE,
    SETTINGS_FILE,
    SHOP_API_TOKEN_VARIABLE,
    SettingsError,
    explain,
    read_environment,
    read_file,
)

__all__ = ["Settings", "SettingsError", "describe", "load_settings"]

SECRET_LENGTH = 32
SQLITE_DRIVERS = ("sqlite", "sqlite+pysqlite")
POSTGRESQL_DRIVERS = ("postgresql", "postgresql+psycopg2", "postgres")

FILE_TYPES = ("jpeg", "png", "webp", "pdf", "txt")

SENDER = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]+@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)*")

PUBLIC_URL = re.compile(r"(https?://[A-Za-z0-9.:_\[\]-]+(?:/[A-Za-z0-9._~/-]*)?)?")
DATABASES = (("database", "url"), ("shop", "database_url"))

Network = ipaddress.IPv4Network | ipaddress.IPv6Network


class DatabaseSettings(_Section):
    """Where conversations are kept."""

    url: str = "sqlite:///var/tenin.db"

    @validator("url")
    def _is_a_database(cls, value: str) -> str:
        return _checked_url(value)


class ShopSettings(_Section):
    """Where the shop keeps its goods; and its orders and customers, unless its API has them."""

    database_url: str = "sqlite:///var/shop.db"
    api_url: str = ""
    api_timeout_seconds: float = Field(5, gt=0, le=300)

    @validator("database_url")
    def _is_a_database(cls, value: str) -> str:
        return _checked_url(value)

    @validator("api_url")
    def _is_an_address(cls, value: str) -> str:
        example = "https://shop.example/api"
        return checked_api_url(value, example, SHOP_API_TOKEN_VARIABLE) if value else value


class WebSettings(_Section):
    """The one public address, the proxies that are believed, the sites that may show the chat."""

    host: str = Field("127.0.0.1", regex=r"^[0-9A-Za-z.:_-]+$")
    port: int = Field(8080, ge=1, le=65535)
    trusted_proxies: tuple[Network, ...] = ()
    public_url: str = Field("", max_length=200)
    sites: tuple[str, ...] = ()

    @validator("sites", pre=True)
    def _are_sites(cls, value: object) -> tuple[str, ...]:
        if not isinstance(value, list | tuple):
            raise ValueError("a list of sites is needed, as in [https://shop.example]")
        return tuple(checked_origin(entry) for entry in value)

    @validator("public_url")
    def _is_an_address(cls, value: str) -> str:
        if not PUBLIC_URL.fullmatch(value):
            raise ValueError("write where customers reach Tenin, as in https://chat.shop.example")
        return value.rstrip("/")

    @validator("trusted_proxies", pre=True)
    def _are_networks(cls, value: object) -> tuple[Network, ...]:
        if not isinstance(value, list | tuple):
            raise ValueError("a list of addresses or networks is needed, as in [10.0.0.0/8]")
        return tuple(ipaddress.ip_network(entry, strict=False) for entry in value)


class BotSettings(_Section):
    """The bot tier, on loopback."""

    port: int = Field(5005, ge=1, le=65535)
    workers_at_once: int = Field(8, ge=1, le=256)


class ActionsSettings(_Section):
    """The action tier, on loopback, and how long the actions of a turn may take."""

    port: int = Field(5055, ge=1, le=65535)
    deadline_seconds: float = Field(8, gt=0, le=300)
    give_up_seconds: float = Field(9, gt=0, le=310)

    @root_validator(skip_on_failure=True)
    def _bot_waits_longer(cls, values: dict[str, Any]) -> dict[str, Any]:
        if values["give_up_seconds"] <= values["deadline_seconds"]:
            raise ValueError("give_up_seconds must be greater than deadline_seconds")
        return values


class TurnSettings(_Section):
    """How the turn of a message is leased and tried again, and when its delay is admitted."""

    lease_seconds: float = Field(10, ge=1, le=600)
    attempts: int = Field(5, ge=1, le=100)
    slow_notice_seconds: float = Field(8, ge=1, le=600)


class ProofSettings(_Section):
    """How many wrong proofs of an order are allowed, and within what time."""

    failures: int = Field(5, ge=1, le=1000)
    window_minutes: float = Field(30, gt=0, le=10_080)
    remembered_minutes: float = Field(60, gt=0, le=1440)


class IdentitySettings(_Section):
    """How the shop signs the token that says who is signed in on its page.

    HS256 goes with TENIN_IDENTITY_SECRET, RS256 with the public key in a file.
    """

    algorithm: Literal["HS256", "RS256"] = "HS256"
    public_key_file: str = ""
    audience: str = Field("tenin", min_length=1, max_length=200)
    issuer: str = Field("", max_length=200)
    leeway_seconds: float = Field(10, ge=0, le=120)


class DemoSettings(_Section):
    """The demo shop's sign-in. Its password is no secret: the page shows it."""

    sign_in_word: str = Field("kodama", max_length=64)


class EmailSettings(_Section):
    """The server that takes our mail, and whom it comes from; without a host there is no mail."""

    host: str = Field("", regex=r"^[0-9A-Za-z.:_-]*$")
    port: int = Field(587, ge=1, le=65535)
    tls: Literal["starttls", "tls", "plain"] = "starttls"
    user: str = Field("", max_length=254)
    sender: str = Field("", max_length=254)
    timeout_seconds: float = Field(10, gt=0, le=120)
    attempts: int = Field(8, ge=1, le=100)

    @root_validator(skip_on_failure=True)
    def _can_be_sent(cls, values: dict[str, Any]) -> dict[str, Any]:
        host = values["host"]
        if host and not SENDER.fullmatch(values["sender"]):
            raise ValueError("sender must be an address such as service@shop.example")
        if host and values["user"] and values["tls"] == "plain" and host not in LOOPBACK:
            raise ValueError("tls must not be plain where a user and a password are sent")
        return values


class InvoiceSettings(_Section):
    """The links by which customers open their invoices."""

    link_minutes: int = Field(30, ge=1, le=1440)


class NoticesSettings(_Section):
    """When customers are told what they didn't just ask for, and how long a link in it holds."""

    restock_seconds: float = Field(60, ge=0.1, le=86_400)
    answer_mail_seconds: float = Field(120, ge=0, le=86_400)
    answer_link_days: float = Field(7, gt=0, le=90)


class RetentionSettings(_Section):
    """After how many days without anything new what customers said and saw is erased; 0: never."""

    web_days: float = Field(180, ge=0, le=36_500)
    customer_days: float = Field(730, ge=0, le=36_500)
    page_days: float = Field(30, ge=0, le=36_500)
    check_minutes: float = Field(10, ge=0.01, le=1440)


class DeskSettings(_Section):
    """The agents' desk: whose it is, its links and sessions, offers, wrong passwords."""

    serves: Literal["tenin", "chatwoot"] = "tenin"
    agent_name: str = Field("Demo agent", min_length=1, max_length=80)
    link_minutes: float = Field(30, gt=0, le=1440)
    cookie_hours: float = Field(12, gt=0, le=720)
    accept_seconds: float = Field(30, ge=1, le=3600)
    gone_seconds: float = Field(60, ge=1, le=3600)
    idle_hours: float = Field(4, gt=0, le=720)
    sign_in_failures: int = Field(5, ge=1, le=1000)
    sign_in_failures_by_address: int = Field(20, ge=1, le=10_000)
    sign_in_window_minutes: float = Field(15, gt=0, le=1440)


class ChatSettings(_Section):
    """What a customer may send; files while a person serves, and that person too."""

    max_characters: int = Field(4000, ge=1, le=100_000)
    file_types: tuple[str, ...] = FILE_TYPES
    max_file_megabytes: float = Field(10, gt=0, le=50)
    max_files: int = Field(20, ge=1, le=1000)
    all_files_megabytes: float = Field(2000, gt=0, le=1_000_000)

    @validator("file_types", pre=True)
    def _are_kinds_of_files(cls, value: object) -> tuple[str, ...]:
        if not isinstance(value, list | tuple) or not set(map(str, value)) <= set(FILE_TYPES):
            raise ValueError(f"a list is needed, of any of {', '.join(FILE_TYPES)}, or []")
        return tuple(kind for kind in FILE_TYPES if kind in value)


class SnapshotSettings(_Section):
    """How many past turns of a conversation Rasa is given."""

    turns: int = Field(12, ge=1, le=1000)


class LogsSettings(_Section):
    """How the tiers write their logs."""

    format: Literal["text", "json"] = "text"


class Settings(_Section):
    """All settings, checked, with SQLite paths made absolute; `load_settings` makes it."""

    root: Path
    given_secret: str | None = Field(None, repr=False)
    bot_token: str | None = Field(None, repr=False)
    metrics_token: str | None = Field(None, repr=False)
    identity_secret: str | None = Field(None, repr=False)
    email_password: str | None = Field(None, repr=False)
    shop_api_token: str | None = Field(None, repr=False)
    chatwoot_token: str | None = Field(None, repr=False)
    chatwoot_webhook_secret: str | None = Field(None, repr=False)
    database: DatabaseSettings = DatabaseSettings()
    shop: ShopSettings = ShopSettings()
    web: WebSettings = WebSettings()
    bot: BotSettings = BotSettings()
    actions: ActionsSettings = ActionsSettings()
    turn: TurnSettings = TurnSettings()
    proof: ProofSettings = ProofSettings()
    identity: IdentitySettings = IdentitySettings()
    email: EmailSettings = EmailSettings()
    invoice: InvoiceSettings = InvoiceSettings()
    notices: NoticesSettings = NoticesSettings()
    retention: RetentionSettings = RetentionSettings()
    demo: DemoSettings = DemoSettings()
    desk: DeskSettings = DeskSettings()
    chatwoot: ChatwootSettings = ChatwootSettings()
    chat: ChatSettings = ChatSettings()
    limits: LimitsSettings = LimitsSettings()
    snapshot: SnapshotSettings = SnapshotSettings()
    logs: LogsSettings = LogsSettings()

    @root_validator(skip_on_failure=True)
    def _ports_differ(cls, values: dict[str, Any]) -> dict[str, Any]:
        taken: dict[int, str] = {}
        for section in ("web", "bot", "actions"):
            port = values[section].port
            if port in taken:
                raise ValueError(f"{taken[port]}.port and {section}.port are both {port}")
            taken[port] = section
        return values

    def path(self, *parts: str | Path) -> Path:
        """Return a path inside the project: `settings.path("var", "log")`."""
        return self.root.joinpath(*parts)

    @property
    def secret(self) -> str:
        """What signs the desk's forms, links to invoices and those that end mail.

        TENIN_SECRET, or `var/secret`, made when it is absent.

        Raises SettingsError when that file can't be read or made, or is too short.
        """
        return self.given_secret or _secret_in(self.path("var", "secret"))


SECTIONS: dict[str, dict[str, Any]] = {
    name: {key: entry.default for key, entry in field.type_.__fields__.items()}
    for name, field in Settings.__fields__.items()
    if isinstance(field.default, _Section)
}
"""The defaults by section and key."""


def load_settings(root: Path | None = None, environ: Mapping[str, str] = os.environ) -> Settings:
    """Read and check all settings.

    Takes the project's folder (else TENIN_ROOT, else the current one) and the environment.
    Raises SettingsError, whose message is one line, at the first thing that is wrong.
    """
    root = Path(root or environ.get("TENIN_ROOT") or Path.cwd()).resolve()
    if not root.is_dir():
        raise SettingsError(f"environment: TENIN_ROOT: {root} is no folder: name the project's")
    given_secret = _given(environ, SECRET_VARIABLE, "to have one made in var/secret")
    identity_secret = _given(environ, IDENTITY_SECRET_VARIABLE, "to take no customer's word")
    shop_api_token = _header_value(environ, SHOP_API_TOKEN_VARIABLE, "the shop's API has")
    chatwoot_token = _header_value(environ, CHATWOOT_TOKEN_VARIABLE, "Chatwoot shows")
    webhook_secret = _header_value(environ, CHATWOOT_WEBHOOK_SECRET_VARIABLE, "Chatwoot shows")
    values = read_file(root / SETTINGS_FILE, SECTIONS)
    environment = read_environment(environ, SECTIONS)
    for (section, key), (_, value) in environment.items():
        values.setdefault(section, {})[key] = value
    try:
        settings = Settings(
            root=root,
            given_secret=given_secret,
            bot_token=environ.get(BOT_TOKEN_VARIABLE) or None,
            metrics_token=environ.get(METRICS_TOKEN_VARIABLE) or None,
            identity_secret=identity_secret,
            email_password=environ.get(EMAIL_PASSWORD_VARIABLE) or None,
            shop_api_token=shop_api_token,
            chatwoot_token=chatwoot_token,
            chatwoot_webhook_secret=webhook_secret,
            **values,
        )
    except ValidationError as error:
        raise SettingsError(explain(error, environment, SECTIONS)) from None
    if settings.shop.api_url and shop_api_token is None:
        raise SettingsError(
            f"environment: {SHOP_API_TOKEN_VARIABLE}: missing, and shop.api_url is set: "
            "set it to the token that the shop's API wants, or leave shop.api_url empty"
        )
    if settings.desk.serves == "chatwoot":
        check_chatwoot(settings.chatwoot, chatwoot_token, webhook_secret)
    database = DatabaseSettings(url=_absolute_url(settings.database.url, root))
    shop_url = _absolute_url(settings.shop.database_url, root)
    shop = settings.shop.copy(update={"database_url": shop_url})
    return settings.copy(update={"database": database, "shop": shop})


def describe(settings: Settings) -> dict[str, dict[str, Any]]:
    """Return the settings in effect as plain values by section and key, without any secret."""
    return {
        section: {
            key: _plain((section, key), value)
            for key, value in getattr(settings, section).dict().items()
        }
        for section in SECTIONS
    }


def _given(environ: Mapping[str, str], variable: str, otherwise: str) -> str | None:
    """Return a secret of the environment, None if there is none; one too short is an error."""
    secret = environ.get(variable) or None
    if secret is not None and len(secret) < SECRET_LENGTH:
        raise SettingsError(
            f"environment: {variable}: shorter than {SECRET_LENGTH} characters: "
            f"give a longer random text, or unset it {otherwise}"
        )
    return secret


def _header_value(environ: Mapping[str, str], variable: str, whose: str) -> str | None:
    """Return a secret as others gave it, None if there is none."""
    secret = environ.get(variable) or None
    if secret is not None and not HEADER_VALUE.fullmatch(secret):
        raise SettingsError(
            f"environment: {variable}: holds a blank, or a sign that no header may hold: "
            f"give it as {whose} it, in ASCII"
        )
    return secret


def _plain(place: tuple[str, str], value: Any) -> Any:
    if place in DATABASES:
        return make_url(value).render_as_string(hide_password=True)
    return [str(entry) for entry in value] if isinstance(value, tuple) else value


def _checked_url(value: str) -> str:
    try:
        url = make_url(value)
    except ArgumentError:
        raise ValueError("this is no database URL") from None
    if url.drivername in SQLITE_DRIVERS:
        if url.database in (None, "", ":memory:"):
            raise ValueError("three processes share the database, so SQLite needs a file")
        busy_timeout_ms(url)
    elif url.drivername not in POSTGRESQL_DRIVERS:
        raise ValueError(f"{url.drivername} is neither sqlite nor postgresql")
    return value


def _absolute_url(value: str, root: Path) -> str:
    url = make_url(value)
    if url.drivername not in SQLITE_DRIVERS:
        return value
    absolute = url.set(database=str(root / str(url.database)))
    return str(absolute.render_as_string(hide_password=False))


def _secret_in(file: Path) -> str:
    """Return the secret that a file keeps; several processes may make the file at once."""
    try:
        if not file.exists():
            file.parent.mkdir(parents=True, exist_ok=True)
            handle, made = tempfile.mkstemp(dir=file.parent, prefix="secret-")  # mode 0600
            with os.fdopen(handle, "w") as stream:
                stream.write(secrets.token_urlsafe(SECRET_LENGTH) + "\n")
            try:
                os.link(made, file)  # unlike a rename it fails if another process was first
            except FileExistsError:
                pass
            finally:
                os.unlink(made)
        secret = file.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(
            f"{file}: can't be read or made ({error}): correct its rights, or set {SECRET_VARIABLE}"
        ) from None
    if len(secret) < SECRET_LENGTH:
        raise SettingsError(f"{file}: shorter than {SECRET_LENGTH} characters: delete the file")
    return secret
