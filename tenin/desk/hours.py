"""The hours that hold now, as leads have set them, and how customers are told them.

Leads' hours stand in the database (`DeskSetting` rows `hours` and `holidays`); until they set
any, policy.yml's hold, every day alike. Words are made of the pieces in data/responses/hours.yml.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import replace
from datetime import time
from functools import partial
from typing import Any, Protocol

from babel import Locale
from babel.dates import format_time, get_day_names
from babel.lists import format_list
from sqlalchemy import select
from sqlalchemy.orm import Session

from tenin.conversation.voice import Voice
from tenin.desk.models import DeskSetting
from tenin.desk.schedule import DAYS, MIDNIGHT, Schedule, ScheduleError, Span, Spans, read_schedule
from tenin.language.fill import placeholders, zone_name
from tenin.language.languages import locale_of
from tenin.language.policy import Policy
from tenin.language.wording import Responses, say

HOURS, HOLIDAYS = "hours", "holidays"
# What wording may ask for that isn't known before it is said.
SAID_AS = ("hours_week", "hours_zone")

_TERMS = ("opens", "closes", "time_zone")
_MOST_VOICES = 8
# By the voice itself too, so that no other one gets its id meanwhile.
_voices: dict[tuple[int, str, tuple[Spans, ...]], tuple[Voice, Voice]] = {}
_NEVER: dict[str, Any] = {"zone": "UTC", "week": {}}

logger = logging.getLogger(__name__)


class _Piece(Protocol):
    def __call__(self, key: str, **values: str) -> str: ...


def default_schedule(policy: Policy) -> Schedule:
    """The hours of policy.yml, every day alike.

    Raises:
        ScheduleError: if they are missing or impossible, naming the file and the remedy.
    """
    opens, closes, zone = (policy.shared.get(f"hours_{name}") for name in _TERMS)
    try:
        return read_schedule({"zone": zone, "week": {day: [[opens, closes]] for day in DAYS}})
    except ScheduleError as error:
        raise ScheduleError(
            f"{policy.path}: hours: {error}. Give opens, closes and time_zone under 'hours'."
        ) from error


def load_schedule(session: Session, default: Schedule) -> Schedule:
    """The hours that leads have set, `default` where they have set none.

    What can't be read is logged, and `default` holds: a customer who wants a person is answered
    whatever stands there.
    """
    rows = session.execute(
        select(DeskSetting.name, DeskSetting.value).where(DeskSetting.name.in_((HOURS, HOLIDAYS)))
    )
    saved = dict(rows.all())
    if not saved:
        return default
    try:
        holidays = read_schedule(_NEVER, saved.get(HOLIDAYS) or []).holidays
        if HOURS not in saved:
            return Schedule(default.zone, default.week, holidays)
        week = read_schedule(saved[HOURS])
        return Schedule(week.zone, week.week, holidays)
    except ScheduleError:
        logger.exception("the hours in the database can't be read; policy.yml's are used")
        return default


def words(schedule: Schedule, language: str, responses: Responses) -> str:
    """The week as a customer reads it: "Monday to Friday 9:00–21:00, Saturday 10:00–18:00".

    Days with the same hours are told together, closed ones not at all; holidays aren't told.
    Made to stand within a sentence.
    """
    locale = locale_of(language)
    piece: _Piece = partial(_piece, responses, language)
    groups: dict[Spans, list[int]] = {}
    for number, spans in enumerate(schedule.week):
        if spans:
            groups.setdefault(spans, []).append(number)
    if not groups:
        return piece("utter_hours_none")
    told = ""
    for spans, days in groups.items():
        times = format_list([_times(span, locale, piece) for span in spans], locale=locale)
        part = (
            piece("utter_hours_every_day", times=times)
            if len(days) == len(DAYS)
            else piece("utter_hours_days", days=_days(days, locale, piece), times=times)
        )
        told = piece("utter_hours_and", first=told, second=part) if told else part
    return told


def zone_words(schedule: Schedule, language: str, policy: Policy | None, default: str) -> str:
    """The schedule's time zone as a customer reads it: policy.yml's own words for its zone."""
    terms = policy.values(language, default) if policy is not None else {}
    if terms.get("hours_time_zone") == schedule.zone.key and terms.get("hours_zone"):
        return str(terms["hours_zone"])
    return zone_name(schedule.zone, locale_of(language))


def tells_hours(responses: Responses, key: str) -> bool:
    """Whether some wording of this response tells the hours, so that `said_as` must be given."""
    return any(
        name in SAID_AS
        for variation in responses.variations.get(key, ())
        for name, _ in placeholders(variation.text)
    )


def said_as(schedule: Schedule, language: str, responses: Responses) -> dict[str, str]:
    """What fills {hours_week} and {hours_zone} in a wording of this language."""
    zone = zone_words(schedule, language, responses.policy, responses.default)
    return dict(zip(SAID_AS, (words(schedule, language, responses), zone), strict=True))


def voice_now(session: Session, voice: Voice) -> Voice:
    """The same voice with the hours that hold now among its terms, instead of policy.yml's.

    The same object for the same hours, so that what is made of a voice may be kept by it.
    """
    policy = voice.responses.policy
    if policy is None:
        return voice
    schedule = load_schedule(session, default_schedule(policy))
    key = (id(voice), schedule.zone.key, schedule.week)
    if key not in _voices:
        if len(_voices) >= _MOST_VOICES:
            _voices.clear()
        _voices[key] = voice, _telling(voice, policy, schedule)
    return _voices[key][1]


def _telling(voice: Voice, policy: Policy, schedule: Schedule) -> Voice:
    responses = voice.responses
    languages = {said.language for said in responses.variations["utter_hours_span"]}
    told = {language: said_as(schedule, language, responses) for language in languages}
    hours = {name: {language: told[language][name] for language in languages} for name in SAID_AS}
    shared = {
        name: value
        for name, value in policy.shared.items()
        if name not in {f"hours_{term}" for term in _TERMS}
    }
    terms = Policy(policy.path, shared, {**policy.by_language, **hours})
    return replace(voice, responses=replace(responses, policy=terms))


def _piece(responses: Responses, language: str, key: str, **values: str) -> str:
    return say(responses, key, language, values=values).text


def _days(days: Sequence[int], locale: Locale, piece: _Piece) -> str:
    """Name days of the week, three and more in a row from the first to the last."""
    # In Chinese the short names are the ones that people use.
    names = get_day_names("abbreviated" if locale.language == "zh" else "wide", locale=locale)
    rows: list[list[int]] = []
    for day in days:
        if rows and rows[-1][-1] == day - 1:
            rows[-1].append(day)
        else:
            rows.append([day])
    told: list[str] = []
    for row in rows:
        if len(row) > 2:
            told.append(piece("utter_hours_range", first=names[row[0]], last=names[row[-1]]))
        else:
            told.extend(names[day] for day in row)
    return str(format_list(told, locale=locale))


def _times(span: Span, locale: Locale, piece: _Piece) -> str:
    key = "utter_hours_span" if span.closes <= MIDNIGHT else "utter_hours_overnight"
    closes = span.closes if span.closes <= MIDNIGHT else span.closes - MIDNIGHT
    return piece(key, opens=_clock(span.opens, locale), closes=_clock(closes, locale))


def _clock(minutes: int, locale: Locale) -> str:
    if minutes == MIDNIGHT:
        return "24:00"
    return str(format_time(time(minutes // 60, minutes % 60), "H:mm", locale=locale))
