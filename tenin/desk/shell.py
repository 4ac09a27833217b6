"""What the pages beside the desk have in common: whose they are, the way on, back and out.

`desk_shell.html` is the frame of the leads' and the trainers' pages; `shell` gives what it needs.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from starlette.requests import Request

from tenin.desk.accounts import SERVE, TRAIN, Account
from tenin.desk.forms import token_within
from tenin.pages.rendering import strings
from tenin.services import Services

MISSED, TRY, BLUEPRINTS = "missed", "try", "blueprints"
TRAINERS_PAGES: Mapping[str, str] = {
    MISSED: "/desk/train/missed",
    TRY: "/desk/train/try",
    BLUEPRINTS: "/desk/blueprints",
}


def shell(services: Services, request: Request, account: Account, language: str) -> dict[str, Any]:
    """Give the frame of a page: account, names of desk and shop, and the token to sign out by."""
    words = strings(language)
    return {
        "account": account,
        "serves": SERVE in account.permissions,
        "shop": services.voice.shop_name(language),
        "sign_out": words["desk"]["account"]["sign_out"],
        "token": token_within(services.settings, request),
    }


def trainers_shell(
    services: Services, request: Request, account: Account, language: str, page: str
) -> dict[str, Any]:
    """Give the frame of one of the `TRAINERS_PAGES`, with links to those the account may see.

    Those who don't train see the blueprints alone, under their own name.
    """
    trains = TRAIN in account.permissions
    frame = strings(language)["train"]
    return {
        **shell(services, request, account, language),
        "frame": frame,
        "brand": frame["title"] if trains else frame["pages"][BLUEPRINTS],
        "pages": TRAINERS_PAGES if trains else {},
        "page": page,
    }
