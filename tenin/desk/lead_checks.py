"""What leads may save: each check gives the value as it is kept, or a Problem that says what helps.

`fingerprint` is how a page says what it saw: a change of something that is no longer so is refused.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from tenin.desk.figures import Days, DaysError
from tenin.desk.schedule import Schedule, ScheduleError, read_schedule
from tenin.language.fill import PlaceholderError, placeholders
from tenin.web import Problem, text_of

SKILL = re.compile(r"[a-z0-9][a-z0-9_-]{0,31}")
SHORTCUT = re.compile(r"[^\s/]{1,32}")
PLACEHOLDERS = ("customer", "agent", "order")
LONGEST_TITLE = 60
MOST_SKILLS, MOST_REPLIES, MOST_HOLIDAYS = 50, 500, 400
VERSION = re.compile(r"[0-9a-f]{16}")
DAY = re.compile(r"\d{4}-\d{2}-\d{2}")


@dataclass(frozen=True)
class Known:
    """What a lead's change may name."""

    languages: Collection[str]
    categories: Collection[str]
    skills: Collection[str] = ()


def refusal(code: str, message: str, remedy: str) -> Problem:
    """A value that can't be kept."""
    return Problem(422, code, message, remedy)


def changed_meanwhile() -> Problem:
    """Somebody else was faster."""
    return Problem(
        409,
        "changed_meanwhile",
        "Somebody has changed this since you opened it.",
        "Load it again, and make your change to what stands there now.",
    )


def fingerprint(value: Any) -> str:
    """What a page is told of a value, and names when it changes it."""
    text = json.dumps(value, sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:16]


def check_version(body: Mapping[str, Any], current: Any) -> None:
    """Raise Problem unless the page saw what is there: 422 without a version, 409 otherwise."""
    version = body.get("version")
    if not isinstance(version, str) or not VERSION.fullmatch(version):
        raise refusal(
            "no_version", "`version` is missing.", "Send the version that came with what you saw."
        )
    if version != fingerprint(current):
        raise changed_meanwhile()


def skills(value: object, known: Known) -> list[dict[str, Any]]:
    """The list of skills: ids, titles in every ready language, and the needs they are for."""
    if not isinstance(value, list) or not all(isinstance(each, dict) for each in value):
        raise refusal("not_a_list", "`skills` is no list of skills.", "Send a list of objects.")
    if len(value) > MOST_SKILLS:
        raise refusal(
            "too_many", f"There are more than {MOST_SKILLS} skills.", "Put some of them together."
        )
    found: list[dict[str, Any]] = []
    owners: dict[str, str] = {}
    for each in value:
        key = each.get("id")
        if not isinstance(key, str) or not SKILL.fullmatch(key):
            raise refusal(
                "bad_skill_id",
                f"{key!r} is no name of a skill.",
                "Write 1 to 32 of a–z, 0–9, _ and -, a letter or digit first.",
            )
        if key in {other["id"] for other in found}:
            raise refusal("skill_doubled", f"{key} is there twice.", "Remove one of them.")
        titles = texts(each.get("titles"), known.languages, LONGEST_TITLE)
        needs = _needs(key, each.get("categories"), known.categories, owners)
        found.append({"id": key, "titles": titles, "categories": needs})
    return found


def _needs(skill: str, value: object, known: Collection[str], owners: dict[str, str]) -> list[str]:
    if not isinstance(value, list) or not all(isinstance(each, str) for each in value):
        raise refusal("not_a_list", "`categories` is no list.", "Send a list of needs.")
    for need in value:
        if need not in known:
            raise refusal(
                "unknown_category",
                f"There is no need {need!r}.",
                "Choose of those under 'titles' in menus.yml or in desk.yml.",
            )
        if owners.setdefault(need, skill) != skill:
            raise refusal(
                "category_doubled",
                f"{need} belongs to {owners[need]} and to {skill}.",
                "Leave it with one of them.",
            )
    return list(dict.fromkeys(value))


def texts(value: object, languages: Collection[str], longest: int) -> dict[str, str]:
    """A text for every ready language, and for no other."""
    if not isinstance(value, dict):
        raise refusal("missing_language", "The texts are missing.", "Send one for each language.")
    for language in value:
        if language not in languages:
            raise refusal(
                "unknown_language",
                f"{language!r} is none of the ready languages.",
                f"Use {', '.join(languages)}.",
            )
    for language in languages:
        text = value.get(language)
        if text is None or (isinstance(text, str) and not text.strip()):
            raise refusal(
                "missing_language",
                f"The text in {language} is missing.",
                "Write it in every ready language.",
            )
    return {language: text_of(value[language], longest) for language in languages}


def canned(body: Mapping[str, Any], known: Known, longest: int) -> dict[str, Any]:
    """A canned reply: shortcut, skill or none, and a text in every ready language."""
    shortcut = body.get("shortcut")
    if not isinstance(shortcut, str) or not shortcut.strip().removeprefix("/"):
        raise refusal("shortcut_empty", "The shortcut is empty.", "Give it a short name.")
    shortcut = shortcut.strip().removeprefix("/")
    if not SHORTCUT.fullmatch(shortcut) or not shortcut.isprintable():
        raise refusal(
            "bad_shortcut",
            "The shortcut can't be taken.",
            "Write at most 32 letters or digits, without blanks and slashes.",
        )
    skill = body.get("skill")
    if skill is not None and (not isinstance(skill, str) or skill not in known.skills):
        raise refusal("unknown_skill", f"There is no skill {skill!r}.", "Choose one, or none.")
    kept = texts(body.get("texts"), known.languages, longest)
    for language, text in kept.items():
        _check_placeholders(language, text)
    return {"shortcut": shortcut, "skill": skill, "texts": kept}


def _check_placeholders(language: str, text: str) -> None:
    try:
        named = placeholders(text)
    except PlaceholderError as error:
        raise refusal("unknown_placeholder", f"{language}: {error}", _HOW) from None
    for name, form in named:
        if name not in PLACEHOLDERS or form:
            shown = f"{{{name}:{form}}}" if form else f"{{{name}}}"
            raise refusal("unknown_placeholder", f"{language}: nothing fills {shown}.", _HOW)


_HOW = "Use {customer}, {agent} and {order}; write a brace that is meant as one twice."


def schedule(hours: object, holidays: object = ()) -> Schedule:
    """The hours and holidays; at most so many of these as a page can show."""
    if isinstance(holidays, list) and len(holidays) > MOST_HOLIDAYS:
        raise refusal(
            "too_many", f"There are more than {MOST_HOLIDAYS} holidays.", "Remove those gone by."
        )
    try:
        return read_schedule(hours, holidays)
    except ScheduleError as error:
        message, _, remedy = str(error).rpartition(": ")
        code = "bad_zone" if message.startswith("zone: ") else "bad_hours"
        raise refusal(code, f"{message}.", f"{remedy[:1].upper()}{remedy[1:]}.") from None


def days(query: Mapping[str, str], today: date, zone: Any) -> Days:
    """The days that a query asks for: `day`, or `from` and `to`; without any, today."""
    if "day" in query or not {"from", "to"} & set(query):
        first = last = _day(query["day"]) if "day" in query else today
    else:
        first, last = _day(query.get("from", "")), _day(query.get("to", ""))
    try:
        return Days(first, last, zone)
    except DaysError as error:
        message, _, remedy = str(error).partition(": ")
        raise refusal("bad_day", f"{message}.", f"{remedy[:1].upper()}{remedy[1:]}") from None


def _day(text: str) -> date:
    try:
        if not DAY.fullmatch(text) or not text.isascii():
            raise ValueError(text)
        return date.fromisoformat(text)
    except ValueError:
        raise refusal(
            "bad_day", "That is no day.", "Write year, month and day, as in 2026-11-22."
        ) from None
