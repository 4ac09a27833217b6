"""/desk/train/try: `tenin try` as a page, of the bot that is running; for trainers and admins.

A plain form, so that it works without scripts; what is tried is written down nowhere.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route

from tenin.desk import forms
from tenin.desk.accounts import TRAIN, Account
from tenin.desk.guard import check_same_site, guard_page, reader_language
from tenin.desk.shell import MISSED, TRAINERS_PAGES, TRY, trainers_shell
from tenin.desk.understanding import NotExplainedError, explanation
from tenin.language.languages import configured
from tenin.pages.rendering import render, strings
from tenin.services import Services
from tenin.web import form_body

PAGE = TRAINERS_PAGES[TRY]
# What can be said of a try that failed, and with which status.
STATUS = {
    "stale": 403,
    "empty": 422,
    "text_too_long": 422,
    "not_explainable": 502,
    "no_model": 503,
    "no_secret": 502,
    "bot_away": 503,
    "bot_too_slow": 504,
}


async def _first(_: Request, __: Services, ___: Account) -> Response:
    return RedirectResponse(TRAINERS_PAGES[MISSED], status_code=303)


async def _show(request: Request, services: Services, account: Account) -> Response:
    return await _page(request, services, account)


async def _try(request: Request, services: Services, account: Account) -> Response:
    """`POST /desk/train/try` with `token`, `text` and `language` (empty: found out)."""
    settings = services.settings
    check_same_site(request, settings)
    form = await form_body(request)
    text = form.get("text", "").replace("\r\n", "\n").strip()
    chosen = form.get("language", "")
    language = chosen if chosen in configured().ready else None

    async def refused(code: str) -> Response:
        known = code if code in STATUS else "bot_failed"
        return await _page(request, services, account, text, language, problem=known)

    given = form.get(forms.FIELD, "")
    if not await asyncio.to_thread(forms.is_within, settings, request, given):
        return await refused("stale")
    if not text:
        return await refused("empty")
    if len(text) > settings.chat.max_characters:
        return await refused("text_too_long")
    try:
        found = await explanation(settings, text, language)
        titles = services.voice.menus.titles
        shown = told(found, titles, reader_language(request))
    except NotExplainedError as error:
        return await refused(error.code)
    except (KeyError, TypeError, ValueError, IndexError):  # of another version
        return await refused("bot_failed")
    return await _page(request, services, account, text, language, found=shown)


routes = [
    Route("/desk/train", guard_page(_first, TRAIN), methods=["GET"]),
    Route(PAGE, guard_page(_show, TRAIN), methods=["GET"]),
    Route(PAGE, guard_page(_try, TRAIN), methods=["POST"]),
]


def told(
    found: Mapping[str, Any], titles: Mapping[str, Mapping[str, str]], language: str
) -> dict[str, Any]:
    """Give an explanation as the page shows it, needs with their titles in the reader's language.

    Raises:
        KeyError, TypeError, ValueError, IndexError: for what is no explanation.
    """

    def need(name: str) -> dict[str, str]:
        return {"name": name, "title": titles.get(name, {}).get(language, "")}

    ranking = [
        {**need(each["need"]), "share": f"{float(each['confidence']):.0%}"}
        for each in found["ranking"]
    ]
    return {
        **found,
        "likeliest": ranking[0],
        "runners_up": ranking[1:],
        "rival": need(found["against"]),
        "second_need": need(found["second"]) if found["second"] else None,
        "about_need": need(found["about"]) if found["about"] else None,
        "near_needs": [need(each) for each in found["near"]],
        "language_name": configured().names.get(found["language"], found["language"]),
        "words": [
            {**each, "shown": f"{float(each['weight']):+.2f}", "for": float(each["weight"]) >= 0}
            for each in found["words"]
        ],
        "nearest": [
            {**each, **need(each["need"]), "shown": f"{float(each['likeness']):.2f}"}
            for each in found["nearest"]
        ],
    }


async def _page(
    request: Request,
    services: Services,
    account: Account,
    text: str = "",
    language: str | None = None,
    *,
    found: Mapping[str, Any] | None = None,
    problem: str | None = None,
) -> Response:
    reader = reader_language(request)

    def rendered() -> str:
        return render(
            "desk_train_try.html",
            language=reader,
            strings=strings(reader)["train"],
            languages=configured(),
            longest=services.settings.chat.max_characters,
            text=text,
            chosen=language,
            found=found,
            problem=problem,
            **trainers_shell(services, request, account, reader, TRY),
        )

    html = await asyncio.to_thread(rendered)
    status = 200 if problem is None else STATUS.get(problem, 502)
    return HTMLResponse(html, status_code=status, headers={"cache-control": "no-store"})
