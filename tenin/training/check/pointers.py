"""What points at something points at something that is there."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from tenin.invitation.rules import InvitationsError, check_invitations, load_invitations
from tenin.language.menus import FIRST, LEVELS, WITHOUT_BOT
from tenin.training.check import kinds
from tenin.training.check.findings import Code
from tenin.training.check.needs import FALLBACK, RASAS_ACTIONS
from tenin.training.check.project import Project, Step, Wording, dict_of, list_of, made_by_forms
from tenin.training.check.sources import Source

CURRENT = "current"
DESK_QUESTION = "desk_question"  # what dialogues call the question of desk.yml
MENU = "menu"  # and a name: a menu's prompt
# Rasa's own.
SLOTS = frozenset({"requested_slot", "session_started_metadata"})
_PAYLOAD = re.compile(r"/(?P<need>[^{\s]+)(?P<values>\{.*\})?")


def check_pointers(project: Project) -> None:
    """Add whatever names something that isn't there."""
    _menus(project)
    _wordings(project)
    _desk(project)
    _invitations(project)
    _steps(project)
    _domain(project)
    _dialogues(project)
    _code(project)


def _is_there(project: Project, name: str, *among: Any) -> bool:
    return name in project.spoken_for or any(name in each for each in among)


# Menus.


def _menus(project: Project) -> None:
    source = project.one(kinds.MENUS)
    if source is None or source.root is None:
        return
    content = project.content(kinds.MENUS)
    titles, menus = dict_of(content.get("titles")), dict_of(content.get("menus"))
    for need in titles:
        if not _is_need(project, str(need)) and need not in WITHOUT_BOT:
            source.add(
                source.line("titles", need),
                Code.NO_CHOICE,
                str(need),
                f"There is no need {need!r}.",
                "Correct the name, or give it examples in data/nlu.",
            )
    leads: dict[str, str] = {}
    for name, entry in menus.items():
        for choice in map(str, list_of(dict_of(entry).get("choices"))):
            line = source.line("menus", name, "choices", choice)
            if choice not in titles and choice not in menus:
                source.add(
                    line,
                    Code.NO_CHOICE,
                    choice,
                    f"The menu {name!r} offers {choice!r}, which is neither a menu nor a need with "
                    "a title.",
                    "Correct the name, or add it under `titles:` or `menus:`.",
                )
            elif choice in titles and choice in menus:
                _tree(source, line, choice, f"{choice!r} is a menu and has a title as a need.")
            elif choice in menus and (choice == FIRST or choice in leads):
                other = "is the first one" if choice == FIRST else f"{leads[choice]!r} leads to"
                message = f"The menu {name!r} leads to {choice!r}, which {other} already."
                _tree(source, line, choice, message)
            elif choice in menus:
                leads[choice] = str(name)
    _reached(source, menus, leads)


def _reached(source: Source, menus: Mapping[str, Any], leads: Mapping[str, str]) -> None:
    if FIRST not in menus:
        message = f"There is no menu {FIRST!r}, where everything begins."
        source.add(source.line("menus"), Code.MENU_TREE, FIRST, message, "Add it under `menus:`.")
        return
    for name in map(str, menus):
        way = [name]
        while way[-1] in leads and leads[way[-1]] not in way:
            way.append(leads[way[-1]])
        line = source.line("menus", name)
        if way[-1] != FIRST:
            if way[-1] == name or way[-1] in leads:
                _tree(source, line, name, f"No way leads from the menu {FIRST!r} to {name!r}.")
        elif len(way) > LEVELS:
            said = f"The menu {name!r} is on level {len(way)}; {LEVELS} are the most."
            _tree(source, line, name, said)


def _tree(source: Source, line: int, words: str, message: str) -> None:
    source.add(
        line,
        Code.MENU_TREE,
        words,
        message,
        f"Let each menu but {FIRST!r} stand among the choices of exactly one other, {LEVELS} "
        "levels deep at most.",
    )


def _is_need(project: Project, need: str) -> bool:
    if _is_there(project, need, project.needs, {FALLBACK}):
        return True
    # Of an answer whose file can't be read wholly.
    return f"utter_{need}" in project.spoken_for or project.is_broken(kinds.DOMAIN)


# Replies.


def _wordings(project: Project) -> None:
    content = project.content(kinds.MENUS)
    menus, titles = dict_of(content.get("menus")), dict_of(content.get("titles"))
    readable = not project.is_broken(kinds.MENUS)
    told = set[tuple[str, str]]()

    def once(reply: str, words: str) -> bool:
        new = (reply, words) not in told
        told.add((reply, words))
        return new

    for reply, wordings in project.wordings.items():
        for wording in wordings:
            custom = dict_of(wording.entry.get("custom"))
            menu = custom.get("menu")
            offered = map(str, list_of(custom.get("offer")))
            if (
                isinstance(menu, str)
                and readable
                and not _is_there(project, menu, menus, {CURRENT})
            ):
                _strange_choice(
                    wording, once, menu, f"shows the menu {menu!r}, which menus.yml lacks"
                )
            for choice in offered if readable else ():
                if not _is_there(project, choice, menus, titles):
                    said = f"offers {choice!r}, which is neither a menu nor a need with a title"
                    _strange_choice(wording, once, choice, said)
            for button in map(dict_of, list_of(wording.entry.get("buttons"))):
                fault = _payload(project, str(button.get("payload", "")))
                if fault and once(reply, str(button.get("payload"))):
                    wording.source.add(
                        wording.line,
                        Code.NO_NEED,
                        str(button.get("payload")),
                        f"A button of {reply!r} stands for {fault}.",
                        "Write the need behind a slash, as in /track_order, and entities of "
                        'domain.yml as in /inform{"size": "M"}.',
                    )


def _strange_choice(
    wording: Wording, once: Callable[[str, str], bool], choice: str, said: str
) -> None:
    if once(wording.reply, choice):
        wording.source.add(
            wording.line,
            Code.NO_CHOICE,
            choice,
            f"The reply {wording.reply!r} {said}.",
            "Correct the name, or add it to menus.yml.",
        )


def _payload(project: Project, payload: str) -> str | None:
    """What is wrong with what a button stands for; a shape that is none is the schema's."""
    found = _PAYLOAD.fullmatch(payload)
    if found is None:
        return None
    if not _is_need(project, found["need"]) and found["need"] not in WITHOUT_BOT:
        return f"{found['need']!r}, which is no need"
    if found["values"]:
        try:
            values = json.loads(found["values"])
        except ValueError:
            return None if re.search(r"\{\w+\}|\{\{", payload) else f"{payload!r}, which isn't JSON"
        strange = [name for name in values if not _is_there(project, name, project.entities)]
        if strange and not project.is_broken(kinds.DOMAIN):
            return f"{strange[0]!r}, which is no entity"
    return None


# The desk.


def _desk(project: Project) -> None:
    source = project.one(kinds.DESK)
    if source is None:
        return
    content = project.content(kinds.DESK)
    skills = dict_of(content.get("skills"))
    named: list[tuple[tuple[str | int, ...], Any]] = [
        (("skills", str(skill), "categories"), dict_of(entry).get("categories"))
        for skill, entry in skills.items()
    ]
    named += [
        (("questions", at, "categories"), dict_of(entry).get("categories"))
        for at, entry in enumerate(list_of(content.get("questions")))
    ]
    for path, categories in named:
        for category in map(str, list_of(categories)):
            if not _is_there(project, category, project.trained_needs):
                source.add(
                    source.line(*path, category),
                    Code.NO_CATEGORY,
                    category,
                    f"There is no need {category!r} in data/nlu.",
                    "Correct the name, or take it out.",
                )
    for at, entry in enumerate(list_of(content.get("canned"))):
        skill = dict_of(entry).get("skill")
        if skill is not None and skill not in skills:
            source.add(
                source.line("canned", at, "skill"),
                Code.NO_CATEGORY,
                str(skill),
                f"There is no skill {skill!r}.",
                "Correct or remove it.",
            )


def _invitations(project: Project) -> None:
    source = project.one(kinds.INVITATIONS)
    if source is None or source.broken or source.malformed:
        return
    try:
        invitations = load_invitations(source.path)
    except InvitationsError:
        return  # told of by the schema
    skus = {
        str(dict_of(product).get("sku"))
        for name, sample in project.sources.items()
        if name.startswith("tenin/shop/sample/")
        for part in dict_of(sample.value).values()
        for product in list_of(part)
    }
    currency = dict_of(project.content(kinds.POLICY).get("payment")).get("currency")
    for fault in check_invitations(invitations, (), skus, str(currency)):
        said, _, remedy = fault.removeprefix(f"{source.name}: ").partition(". ")
        if "order in" in said and currency is None:
            continue
        quoted = re.findall(r"'([^']*)'", said)
        source.add(
            source.line("invitations", quoted[0], "when"),
            Code.INVITATION,
            quoted[-1],
            f"{said[0].upper()}{said[1:]}.",
            remedy,
        )


# Rules, stories and the domain.


def _steps(project: Project) -> None:
    if project.is_broken(kinds.DOMAIN):
        return
    for step in project.steps(kinds.RULES, kinds.STORIES, kinds.STORY_TESTS):
        content = step.content
        if isinstance(content.get("intent"), str) and not _is_intent(project, content["intent"]):
            _nowhere(step, Code.NO_NEED, content["intent"], "need", "intents:")
        if isinstance(content.get("action"), str):
            _action(project, step, content["action"])
        form = content.get("active_loop")
        if isinstance(form, str) and not _is_there(project, form, project.forms):
            _nowhere(step, Code.NO_FORM, form, "form", "forms:")
        for slot in _slots(content.get("slot_was_set")):
            if not _is_there(project, slot, project.slots, SLOTS):
                _nowhere(step, Code.NO_SLOT, slot, "slot", "slots:")


def _is_intent(project: Project, need: str) -> bool:
    begin = need.split("/")[0]
    if "/" in need and not _is_need(project, need):
        return False
    return _is_there(project, begin, project.intents, {FALLBACK})


def _action(project: Project, step: Step, action: str) -> None:
    if action.startswith("utter_"):
        retrieval = {f"utter_{each}" for each in project.retrieval}
        domain = dict_of(project.content(kinds.DOMAIN).get("responses"))
        if not _is_there(project, action, project.wordings, retrieval, domain):
            step.source.add(
                step.line,
                Code.NO_REPLY,
                action,
                f"There is no reply {action!r}.",
                "Correct the name, or write it in data/responses.",
            )
    elif not _is_there(project, action, project.actions, project.forms, RASAS_ACTIONS):
        _nowhere(step, Code.NO_ACTION, action, "action", "actions:")


def _slots(found: Any) -> Iterator[str]:
    for each in list_of(found):
        yield from map(str, each) if isinstance(each, dict) else [str(each)]


def _nowhere(step: Step, code: Code, name: str, what: str, key: str) -> None:
    step.source.add(
        step.line,
        code,
        name,
        f"There is no {what} {name!r}.",
        f"Correct the name, or add it to domain.yml under `{key}`.",
    )


def _domain(project: Project) -> None:
    source = project.one(kinds.DOMAIN)
    if source is None or source.broken:
        return
    for form, entry in project.forms.items():
        for slot in map(str, list_of(dict_of(entry).get("required_slots"))):
            if slot not in project.slots:
                line = source.line("forms", form, "required_slots", slot)
                message = f"The form {form!r} asks for {slot!r}, which is no slot."
                remedy = "Correct the name, or add it under `slots:`."
                source.add(line, Code.NO_SLOT, slot, message, remedy)
        for need in map(str, list_of(dict_of(entry).get("ignored_intents"))):
            if need not in project.intents:
                line = source.line("forms", form, "ignored_intents", need)
                message = f"The form {form!r} ignores {need!r}, which is no need."
                remedy = "Correct the name, or take it out."
                source.add(line, Code.NO_NEED, need, message, remedy)
    for slot, entry in project.slots.items():
        for at, mapping in enumerate(map(dict_of, list_of(dict_of(entry).get("mappings")))):
            line = source.line("slots", slot, "mappings", at)
            entity = mapping.get("entity")
            if isinstance(entity, str) and entity not in project.entities:
                message = f"The slot {slot!r} is filled from {entity!r}, which is no entity."
                remedy = "Correct the name, or add it under `entities:`."
                source.add(line, Code.NO_SLOT, entity, message, remedy)
            for key in ("intent", "not_intent"):
                named = mapping.get(key)
                for need in [named] if isinstance(named, str) else map(str, list_of(named)):
                    if not _is_intent(project, need):
                        message = f"The slot {slot!r} names {need!r}, which is no need."
                        remedy = "Correct the name, or add it under `intents:`."
                        source.add(line, Code.NO_NEED, need, message, remedy)
    made = set(made_by_forms(project))
    for action, line in project.actions.items():
        if action.startswith("utter_") or action in project.code.actions:
            continue
        if action in made and action.startswith(tuple(project.code.begun)):
            continue
        source.add(
            line,
            Code.NO_ACTION,
            action,
            f"The action {action!r} is in no module of actions/.",
            "Write it there, correct the name, or take it out.",
        )


def _dialogues(project: Project) -> None:
    menus = dict_of(project.content(kinds.MENUS).get("menus"))
    for reply, (source, path) in project.answered.items():
        begin, _, menu = reply.partition(" ")
        if begin == MENU and _is_there(project, menu, menus):
            continue
        if not _is_there(project, reply, project.wordings, {DESK_QUESTION}):
            source.add(
                source.line(*path),
                Code.NO_REPLY,
                reply,
                f"There is no reply {reply!r}.",
                "Correct the name, or write it in data/responses.",
            )


def _code(project: Project) -> None:
    retrieval = {f"utter_{each}" for each in project.retrieval}
    for reply, (file, line) in project.code.replies.items():
        if not _is_there(project, reply, project.wordings, retrieval, project.actions):
            project.add(
                file,
                line,
                Code.NO_REPLY,
                reply,
                f"There is no reply {reply!r}.",
                "Write it in data/responses, or correct the name.",
            )
