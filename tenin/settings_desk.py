"""The settings of another desk than ours: where Chatwoot is."""

from pydantic import Field, validator

from tenin.settings_section import Section, checked_api_url
from tenin.settings_sources import (
    CHATWOOT_TOKEN_VARIABLE,
    CHATWOOT_WEBHOOK_SECRET_VARIABLE,
    SettingsError,
)

NEEDED = {
    "url": "the address of the Chatwoot installation, as https://chat.shop.example",
    "account_id": "the number after /accounts/ in Chatwoot's own address",
    "inbox_id": "the number of the API inbox, after /inboxes/ in the address of its settings",
}


class ChatwootSettings(Section):
    """The Chatwoot installation that serves if `desk.serves` says so, and its API inbox."""

    url: str = ""
    account_id: int = Field(0, ge=0)
    inbox_id: int = Field(0, ge=0)
    timeout_seconds: float = Field(10, gt=0, le=60)

    @validator("url")
    def _is_an_address(cls, value: str) -> str:
        if not value:
            return value
        example = "https://chat.shop.example"
        return checked_api_url(value, example, CHATWOOT_TOKEN_VARIABLE).rstrip("/")


def check_chatwoot(
    settings: ChatwootSettings, token: str | None, webhook_secret: str | None
) -> None:
    """Raise SettingsError, with the remedy, unless Chatwoot can serve with these."""
    for key, what in NEEDED.items():
        if not getattr(settings, key):
            raise SettingsError(
                f"tenin.yml: chatwoot.{key}: missing, and desk.serves is chatwoot: "
                f"write {what} (docs/chatwoot.md), or set desk.serves to tenin"
            )
    for variable, secret, what in (
        (CHATWOOT_TOKEN_VARIABLE, token, "the access token of an agent of Chatwoot's"),
        (CHATWOOT_WEBHOOK_SECRET_VARIABLE, webhook_secret, "the secret of the API inbox"),
    ):
        if secret is None:
            raise SettingsError(
                f"environment: {variable}: missing, and desk.serves is chatwoot: "
                f"set it to {what} (docs/chatwoot.md), or set desk.serves to tenin"
            )
