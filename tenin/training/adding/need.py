"""A new need in all its files: a frequent question, or an intent with what is done for it."""

from __future__ import annotations

from collections.abc import Mapping

from tenin.training.adding.parts import (
    check_answer,
    checked_name,
    put_answer,
    put_choice,
    put_file,
    put_in_domain,
    put_sentences,
    put_skill,
    put_title,
    yaml_file,
)
from tenin.training.adding.project import FAQ, RESPONSES, AddingError, Project
from tenin.training.adding.sheet import MORE, Sheet, missing
from tenin.training.corpus import HELD_OUT, TRAINED
from tenin.training.writing import Changes

WANTED = ("title", "examples", "held_out", "answer")
NEW_ACTION = "new"
# What a dialogue test hears of it: nobody is at the desk in one.
WITH_NOBODY_THERE = {"action_handoff": "utter_handoff_nobody"}

ACTION = '''\
"""{need}: {about}"""

from __future__ import annotations

from typing import Any

from rasa_sdk import Action, Tracker
from rasa_sdk.executor import CollectingDispatcher


class {class_name}(Action):
    """Answer {need}; look up here what the answer needs to know."""

    def name(self) -> str:
        """The action's name in domain.yml."""
        return "{action}"

    async def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]
    ) -> list[dict[str, Any]]:
        """Say the answer."""
        dispatcher.utter_message(response="{response}")
        return []
'''


def add_faq(project: Project, sheet: Sheet) -> Changes:
    """Make the changes for a question with one fixed answer.

    Raises AddingError: something is missing, or there in another way.
    """
    bare = checked_name(sheet.name)
    _complete(project, sheet)
    if bare in project.intents or bare in project.needs:
        raise AddingError(f"{bare} is an intent already. Take another name for the question")
    changes = Changes(project.root)
    need = f"{FAQ}/{bare}"
    _put_words(changes, project, sheet, need, f"utter_{need}")
    check_answer(changes, project, f"utter_{need}")
    return changes


def add_intent(project: Project, sheet: Sheet) -> Changes:
    """Make the changes for a need of its own: with an action, or with several turns.

    The sheet's `action` is `new` (a module that says the reply is written), the name of one of the
    domain, or nothing: then the reply itself is what is done. `then` gives for the intents that
    may follow what is said or done, as in `affirm: utter_gift_card_yes`.

    Raises AddingError: something is missing, or there in another way.
    """
    bare = checked_name(sheet.name)
    _complete(project, sheet)
    if f"{FAQ}/{bare}" in project.needs:
        raise AddingError(f"{FAQ}/{bare} is a need already. Take another name for the intent")
    changes = Changes(project.root)
    response, then = f"utter_{bare}", _followed(project, sheet)
    action = _action(changes, project, sheet, bare, response)
    put_in_domain(changes, project, "intents", bare)
    _put_words(changes, project, sheet, bare, response)
    told = _told(sheet)
    rule = [{"rule": told, "steps": [{"intent": bare}, {"action": action}]}]
    put_file(
        changes,
        f"data/rules/{bare}.yml",
        yaml_file(None, {"version": "3.1"}, {"rules": rule}),
    )
    for said in sorted({each for each in then.values() if each.startswith("utter_")}):
        texts = {code: (words.get(MORE) or {}).get(said) for code, words in sheet.words.items()}
        if any(texts.values()):
            given = {code: each for code, each in texts.items() if each}
            put_answer(changes, project, said, f"{RESPONSES}/{bare}.yml", given)
    if then:
        _put_stories(changes, bare, told, action, then)
    for code in project.languages.ready:
        _put_dialogue(changes, project, sheet, code, response, then)
    for each in (response, *then.values()):
        check_answer(changes, project, each)
    return changes


def _complete(project: Project, sheet: Sheet) -> None:
    lacking = missing(sheet, WANTED, project.languages.ready)
    if lacking:
        raise AddingError(
            f"{sheet.name} lacks {'; '.join(lacking)}. Give each in every ready language"
        )


def _put_words(changes: Changes, project: Project, sheet: Sheet, need: str, response: str) -> None:
    """Put what both kinds of needs have: sentences, answer, title, place in menu and skills."""
    bare = need.rpartition("/")[2]
    about = sheet.shared.get("about")
    for code, words in sheet.words.items():
        if words.get("examples"):
            put_sentences(changes, project, TRAINED, need, code, words["examples"], about)
        if words.get("held_out"):
            put_sentences(changes, project, HELD_OUT, need, code, words["held_out"])
    offer = sheet.shared.get("offer")
    like = {"custom": {"offer": list(offer)}} if offer else None
    put_answer(changes, project, response, f"{RESPONSES}/{bare}.yml", sheet.texts("answer"), like)
    put_title(changes, project, need, sheet.texts("title"))
    if menu := sheet.shared.get("menu"):
        put_choice(changes, project, str(menu), need)
    if skill := sheet.shared.get("skill"):
        put_skill(changes, project, str(skill), need)


def _action(changes: Changes, project: Project, sheet: Sheet, bare: str, response: str) -> str:
    """Give what is done for the need, having written it if it is new."""
    wanted = sheet.shared.get("action")
    if not wanted:
        return response
    if wanted != NEW_ACTION:
        known = [*(project.domain.get("actions") or []), *(project.domain.get("forms") or {})]
        if wanted not in known:
            raise AddingError(
                f"domain.yml has no action {wanted!r}. Take one of it, or `{NEW_ACTION}` to have "
                f"one written"
            )
        return str(wanted)
    action = f"action_{bare}"
    put_in_domain(changes, project, "actions", action)
    words = ACTION.format(
        need=bare,
        about=_about(sheet),
        class_name="".join(part.capitalize() for part in action.split("_")),
        action=action,
        response=response,
    )
    name = f"actions/{bare}.py"
    if name not in changes:  # one that was filled with life is left as it is
        changes.put(name, words)
    return action


def _about(sheet: Sheet) -> str:
    about = str(sheet.shared.get("about") or "what the customer asks for is answered.")
    first = about.splitlines()[0].replace('"', "'").replace("\\", "/").rstrip()
    first = first[:80].rstrip()
    return first if first.endswith(".") else f"{first}."


def _followed(project: Project, sheet: Sheet) -> Mapping[str, str]:
    then = sheet.shared.get("then") or {}
    if not isinstance(then, dict) or not all(isinstance(each, str) for each in then.values()):
        raise AddingError("`then` says what follows. Write it as {affirm: utter_…, deny: utter_…}")
    actions = [*(project.domain.get("actions") or []), *(project.domain.get("forms") or {})]
    for intent, said in then.items():
        if intent not in project.intents:
            raise AddingError(f"`then` waits for {intent!r}, which is no intent of domain.yml")
        if said in actions or said in project.responses:
            continue
        lacking = [
            code
            for code in project.languages.ready
            if said not in (sheet.words.get(code, {}).get(MORE) or {})
        ]
        if lacking or not said.startswith("utter_"):
            raise AddingError(
                f"`then` leads to {said!r}, which is no action of domain.yml and no response. Give "
                f"its words under `answers` in {', '.join(lacking or project.languages.ready)}"
            )
    return then


def _told(sheet: Sheet) -> str:
    return sheet.name.replace("_", " ").capitalize()


def _put_stories(
    changes: Changes, bare: str, told: str, action: str, then: Mapping[str, str]
) -> None:
    stories = [
        {
            "story": f"{told}, then {intent.replace('_', ' ')}",
            "steps": [{"intent": bare}, {"action": action}, {"intent": intent}, {"action": said}],
        }
        for intent, said in then.items()
    ]
    name = f"data/stories/{bare}.yml"
    put_file(changes, name, yaml_file(None, {"version": "3.1"}, {"stories": stories}))


def _put_dialogue(
    changes: Changes,
    project: Project,
    sheet: Sheet,
    code: str,
    response: str,
    then: Mapping[str, str],
) -> None:
    """The dialogues in a ready language: the first example and the reply, then each way on.

    An example, since a dialogue shows what is done, and held-out sentences what is understood.
    Who goes on says what the button of that intent says. A way on whose reply nobody knows
    beforehand, or whose intent has no button, is left to the trainer.
    """
    words, titles = sheet.words[code], project.menus.get("titles") or {}
    name = f"tests/dialogues/{code}/{checked_name(sheet.name)}.yml"
    if name in changes:
        return
    first = {"said": words["examples"][0], "answered": response}
    dialogues = [
        {
            "dialogue": f"{words['title']} → {titles[intent][code]}",
            "turns": [first, {"said": titles[intent][code], "answered": answer}],
        }
        for intent, action in then.items()
        if code in titles.get(intent, {}) and (answer := _answer_of(action))
    ]
    alone = [{"dialogue": words["title"], "turns": [first]}]
    parts = [[each] for each in dialogues or alone]
    changes.put(name, yaml_file(None, *parts))


def _answer_of(action: str) -> str | None:
    """Give the reply to expect of an action; None where only the running bot can tell."""
    return WITH_NOBODY_THERE.get(action, action if action.startswith("utter_") else None)
