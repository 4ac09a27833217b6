"""What the leads' page on invitations shows: what came of each in the last weeks, in words."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from babel import Locale
from babel.numbers import format_percent
from sqlalchemy.orm import Session

from tenin.invitation.figures import ALL, Difference, Outcome, Share, outcomes
from tenin.invitation.models import BY_HAND
from tenin.invitation.rules import Invitations
from tenin.language.languages import locale_of

DAYS = 28
# Below so many visitors in either group an interval says nothing yet.
ENOUGH = 20


def invitations_view(
    session: Session, rules: Invitations, words: dict[str, Any], language: str, now: datetime
) -> dict[str, Any]:
    """The rows of the table, in the order of invitations.yml, by hand and all at the end."""
    found = {each.invitation: each for each in outcomes(session, now - timedelta(days=DAYS), now)}
    names = [*rules.rules, *(found.keys() - rules.rules.keys() - {BY_HAND, ALL}), BY_HAND]
    locale = locale_of(language)
    titles = {BY_HAND: words["by_hand"]}
    return {
        "days": DAYS,
        "held_out": rules.held_out_percent,
        "rows": [
            (titles.get(name, name), _cells(found[name], words, locale))
            for name in names
            if name in found
        ],
        "total": _cells(found[ALL], words, locale),
    }


def _cells(outcome: Outcome, words: dict[str, Any], locale: Locale) -> list[str]:
    return [
        str(outcome.shown),
        str(outcome.accepted),
        str(outcome.dismissed),
        _shares(outcome.chatted, outcome.chatted_held_out, words, locale),
        _difference(outcome.adds_chats, outcome.chatted, outcome.chatted_held_out, words, locale),
        _shares(outcome.ordered, outcome.ordered_held_out, words, locale),
        _difference(outcome.adds_orders, outcome.ordered, outcome.ordered_held_out, words, locale),
    ]


def _shares(invited: Share, held_out: Share, words: dict[str, Any], locale: Locale) -> str:
    shown = [
        "–" if each.value is None else str(format_percent(each.value, "#,##0.0%", locale=locale))
        for each in (invited, held_out)
    ]
    return str(words["shares"]).format(invited=shown[0], held_out=shown[1])


def _difference(
    found: Difference | None,
    invited: Share,
    held_out: Share,
    words: dict[str, Any],
    locale: Locale,
) -> str:
    if found is None or min(invited.of, held_out.of) < ENOUGH:
        return str(words["too_few"])
    value, low, high = (
        format_percent(each, "+#,##0.0%;-#,##0.0%", locale=locale)
        for each in (found.value, found.low, found.high)
    )
    return str(words["difference"]).format(value=value, low=low, high=high)
