"""Which shop answers: chosen here for the actions and the web tier alike, from the settings."""

from decimal import Decimal

from sqlalchemy.engine import Engine

from tenin.language.policy import Policy
from tenin.settings import Settings
from tenin.shop.database_shop import DatabaseShop
from tenin.shop.http_shop import HttpShop
from tenin.shop.interface import Shop
from tenin.shop.terms import Terms


def chosen_shop(settings: Settings, engine: Engine, terms: Terms) -> Shop:
    """Return the shop that the settings name: its API if they name one, else its tables.

    Args:
        settings: the project's.
        engine: the shop's own database, for a shop whose orders are kept there.
        terms: what that shop promises, of `terms_of`.
    """
    chosen = settings.shop
    if not chosen.api_url:
        return DatabaseShop(engine, terms)
    # The settings hold no address without its token.
    token = str(settings.shop_api_token)
    return HttpShop(chosen.api_url, token, chosen.api_timeout_seconds)


def terms_of(policy: Policy) -> Terms:
    """Return the shop's terms as far as orders go by them, from policy.yml."""
    said = policy.shared
    fee, currency = said["cancellation_fee"]
    return Terms(
        return_days=said["returns_days"],
        exchange_days=said["exchange_days"],
        cancellation_fee=Decimal(fee),
        refund_working_days=said["refund_working_days"],
        currency=currency,
        most_pieces=said["ordering_most_pieces"],
        shop_name=dict(policy.by_language["shop_name"]),
    )
