"""`tenin try "…"`: what the bot understands of a message, why, and what it would say.

Learnt from the files as they are now (`tenin.training.understanding`), so that an example of a
minute ago counts, without a trained model. The running bot explains itself with the same
functions (`tenin.bot.explaining`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

from tenin.language.languages import Languages, detect, load_languages
from tenin.language.menus import Menus, load_menus
from tenin.language.policy import load_policy
from tenin.language.wording import Responses, Said, WordingError, load_responses, say
from tenin.language.yamlfile import read_yaml
from tenin.training.understanding import Understanding

RUNNERS_UP = 5
NOT_UNDERSTOOD = "utter_not_understood"
# Stands in features for what is found by rule (tenin.language.features).
FOUND = "\ue000"
NOTHING_DOES = "action_not_understood"


@dataclass(frozen=True)
class Outcome:
    """What would be done: the action by name, and where it is a reply, what is said."""

    action: str
    said: str | None = None
    buttons: tuple[str, ...] = ()


class Bot:
    """What is done for a need, as the rules and responses of a project have it."""

    def __init__(
        self, root: Path, responses: Responses | None = None, menus: Menus | None = None
    ) -> None:
        """Take the project's root, and wording and menus if they are there already.

        Other files are read when they are first needed.
        """
        self._root = root
        self._given = (responses, menus)

    @cached_property
    def languages(self) -> Languages:
        """The languages of the project."""
        return load_languages(self._root / "languages.yml")

    @cached_property
    def _responses(self) -> Responses:
        if self._given[0] is not None:
            return self._given[0]
        policy = load_policy(self._root / "policy.yml", self.languages.names)
        return load_responses(self._root / "data/responses", self.languages.default, policy)

    @cached_property
    def _menus(self) -> Menus:
        return self._given[1] or load_menus(self._root / "menus.yml")

    @cached_property
    def _rules(self) -> Mapping[str, str]:
        """What is done first for each intent, from rules without a condition, then stories."""
        found: dict[str, str] = {}
        for folder, part in (("data/rules", "rules"), ("data/stories", "stories")):
            for file in sorted((self._root / folder).rglob("*.yml")):
                for entry in (read_yaml(file) or {}).get(part) or []:
                    if "condition" not in entry:
                        _first_done(entry.get("steps") or [], found)
        return found

    def outcome(
        self, need: str | None, near: tuple[str, ...], language: str, action: str | None = None
    ) -> Outcome:
        """Tell what is done for a need in full, or for none.

        `action` is what is done first, where that is known; else the rules tell it.
        """
        if need is None or need == "out_of_scope":
            said = self._say(NOT_UNDERSTOOD, language, near)
            return Outcome(action or NOTHING_DOES, *_told(said))
        if "/" in need and action in (None, f"utter_{need.split('/')[0]}"):
            action = f"utter_{need}"
        action = action or self._rules.get(need, NOTHING_DOES)
        said = self._say(action, language, ()) or self._say(f"utter_{need}", language, ())
        return Outcome(action, *_told(said))

    def _say(self, response: str, language: str, offer: tuple[str, ...]) -> Said | None:
        """Say a response; None if there is none, or an action has to fill it in."""
        if response not in self._responses.variations:
            return None
        menus = self._menus
        if language not in self.languages.ready:
            menus = _with_default(menus, language, self.languages.default)
        try:
            return say(self._responses, response, language, menus=menus, offer=offer)
        except WordingError:
            return None


def _with_default(menus: Menus, language: str, default: str) -> Menus:
    """Give the menus with the default's words where a language that is only begun has none."""

    def filled(texts: Mapping[str, str]) -> Mapping[str, str]:
        return {language: texts[default], **texts}

    return replace(
        menus,
        titles={need: filled(texts) for need, texts in menus.titles.items()},
        back=filled(menus.back),
        menus={
            name: replace(menu, title=filled(menu.title), prompt=filled(menu.prompt))
            for name, menu in menus.menus.items()
        },
    )


def _first_done(steps: list[Any], found: dict[str, str]) -> None:
    if len(steps) < 2 or not isinstance(steps[1], dict) or "action" not in steps[1]:
        return
    for each in steps[0].get("or") or [steps[0]]:
        if isinstance(each, dict) and "intent" in each:
            found.setdefault(str(each["intent"]), str(steps[1]["action"]))


def _told(said: Said | None) -> tuple[str | None, tuple[str, ...]]:
    return (said.text, tuple(each.title for each in said.buttons)) if said else (None, ())


def explain(
    understanding: Understanding,
    bot: Bot,
    root: Path,
    text: str,
    language: str | None = None,
    action: str | None = None,
) -> dict[str, Any]:
    """Give all that is told of one message, as plain data.

    Args:
        understanding: what judges it.
        bot: what is done for a need.
        root: of the project; places are told below it.
        text: the message.
        language: it is answered in; else it is found out.
        action: what is done first, where that is known.

    `need` is None for a message that is not understood; `words` are pairs of a word and how much
    it says for the likeliest need rather than for the runner-up, the most telling first.
    """
    language = language or detect(text, languages=bot.languages)
    reading = understanding.read(text)
    ranking = reading.judgement.confidences[: RUNNERS_UP + 1]
    likeliest, rival = ranking[0][0], ranking[1][0]
    outcome = bot.outcome(reading.need, reading.near, language, action)
    return {
        "text": text,
        "language": language,
        "tokens": understanding.tokens(text),
        "need": reading.need,
        "refused": reading.judgement.refused,
        "ranking": [{"need": need, "confidence": round(each, 4)} for need, each in ranking],
        "second": reading.second,
        "near": list(reading.near),
        "about": reading.about,
        "entities": [
            {
                "entity": each.label,
                "text": text[each.start : each.end],
                "value": each.value,
                "start": each.start,
                "end": each.end,
            }
            for each in understanding.entities(text)
        ],
        "words": [
            {"word": word, "weight": round(weight, 4)}
            for word, weight in decisive(understanding, text, likeliest, rival)
        ],
        "against": rival,
        "nearest": [
            {
                "text": near.sentence.text,
                "need": near.sentence.need,
                "file": near.sentence.file.relative_to(root).as_posix(),
                "line": near.sentence.line,
                "likeness": round(float(near.likeness), 4),
            }
            for near in understanding.nearest(text)
        ],
        "action": outcome.action,
        "reply": outcome.said,
        "buttons": list(outcome.buttons),
    }


def decisive(
    understanding: Understanding, text: str, need: str, rival: str, count: int = 6
) -> list[tuple[str, float]]:
    """Give the words that tell a need from its rival; below zero those that speak for the rival."""
    everything = len(text) + 1000
    own = dict(understanding.reasons(text, need, everything))
    other = dict(understanding.reasons(text, rival, everything))
    weights = {word: own.get(word, 0.0) - other.get(word, 0.0) for word in {*own, *other}}
    ranked = sorted(weights.items(), key=lambda item: (-abs(item[1]), item[0]))
    return [(_shown(word), float(weight)) for word, weight in ranked[:count]]


def _shown(word: str) -> str:
    """A word as people read it; what is found by rule is told by its kind."""
    return f"({word.replace(FOUND, '') or 'number or address'})" if FOUND in word else word
