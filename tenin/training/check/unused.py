"""What nothing uses: it would be kept up for nobody."""

from __future__ import annotations

from collections.abc import Iterator

from tenin.language.fill import PlaceholderError, placeholders
from tenin.training.check import kinds
from tenin.training.check.findings import Code
from tenin.training.check.needs import FALLBACK
from tenin.training.check.project import Project, dict_of, list_of, made_by_forms
from tenin.training.check.replies import policy_terms

# Beginnings that would make everything used; the questions of forms are seen to by their names.
TOO_SHORT = {"utter_", "utter_ask_"}


def check_unused(project: Project) -> None:
    """Add replies, slots, forms, actions, entities and terms that nothing names."""
    _replies(project)
    _terms(project)
    if project.is_broken(kinds.DOMAIN):
        return
    named = _named_in_steps(project)
    _slots(project, named)
    _of_domain(project, Code.UNUSED_FORM, "forms", "form", dict.fromkeys(project.forms, 0), named)
    _of_domain(
        project,
        Code.UNUSED_ACTION,
        "actions",
        "action",
        project.actions,
        named | set(made_by_forms(project)) | set(_in_config(project)),
    )
    filled = {
        str(mapping.get("entity"))
        for entry in project.slots.values()
        for mapping in map(dict_of, list_of(dict_of(entry).get("mappings")))
    }
    _of_domain(
        project,
        Code.UNUSED_ENTITY,
        "entities",
        "entity",
        project.entities,
        filled | project.code.words | set(_in_config(project)),
    )
    _intents(project, named)


def _named_in_steps(project: Project) -> set[str]:
    found = {FALLBACK}
    for step in project.steps():
        found |= {str(value) for value in step.content.values() if isinstance(value, str)}
        for each in list_of(step.content.get("slot_was_set")):
            found |= set(map(str, each)) if isinstance(each, dict) else {str(each)}
    return found


def _replies(project: Project) -> None:
    if project.is_broken(kinds.DOMAIN):
        return
    named = {*project.code.replies, *_named_in_steps(project), *_asked_by_forms(project)}
    begun = tuple(
        each for each in project.code.begun if each.startswith("utter_") and each not in TOO_SHORT
    )
    retrieval = tuple(f"utter_{each}/" for each in project.retrieval)
    for reply, wordings in project.wordings.items():
        if reply in named or reply in project.spoken_for or reply.startswith(begun):
            continue
        if reply.startswith(retrieval):
            continue  # an answer; whether it is asked for is seen by its examples
        source = wordings[0].source
        source.add(
            source.line("responses", reply),
            Code.UNUSED_REPLY,
            reply,
            f"Nothing says the reply {reply!r}.",
            "Name it in a rule, or delete it.",
        )


def _asked_by_forms(project: Project) -> Iterator[str]:
    for form, entry in project.forms.items():
        for slot in list_of(dict_of(entry).get("required_slots")):
            own = f"utter_ask_{form}_{slot}"
            yield own if own in project.wordings else f"utter_ask_{slot}"


def _in_config(project: Project) -> Iterator[str]:
    for group in ("pipeline", "policies"):
        for component in map(dict_of, list_of(project.content(kinds.CONFIG).get(group))):
            for value in component.values():
                yield from map(str, value) if isinstance(value, list) else [str(value)]


def _terms(project: Project) -> None:
    source = project.one(kinds.POLICY)
    if source is None:
        return
    said = set[str]()
    for wordings in project.wordings.values():
        for wording in wordings:
            try:
                said |= {name for name, _ in placeholders(wording.text)}
            except PlaceholderError:
                continue
    begun = tuple(each for each in project.code.begun if each != "utter_")
    for name in policy_terms(project):
        if name in said or name in project.code.words or name in project.spoken_for:
            continue
        if name.startswith(begun):
            continue
        topic = next(
            each
            for each in project.content(kinds.POLICY)
            if name.startswith(f"{each}_")
            and name.removeprefix(f"{each}_") in dict_of(project.content(kinds.POLICY)[each])
        )
        source.add(
            source.line(topic, name.removeprefix(f"{topic}_")),
            Code.UNUSED_POLICY,
            name,
            f"Nothing says the term {{{name}}}.",
            "Say it in a reply of data/responses, or delete it.",
        )


def _slots(project: Project, named: set[str]) -> None:
    said = {name for _, name in _placeholders(project)}
    asked = {
        str(slot)
        for entry in project.forms.values()
        for slot in list_of(dict_of(entry).get("required_slots"))
    }
    _of_domain(
        project,
        Code.UNUSED_SLOT,
        "slots",
        "slot",
        dict.fromkeys(map(str, project.slots), 0),
        named | said | asked | project.code.words,
    )


def _placeholders(project: Project) -> Iterator[tuple[str, str]]:
    for reply, wordings in project.wordings.items():
        for wording in wordings:
            try:
                yield from ((reply, name) for name, _ in placeholders(wording.text))
            except PlaceholderError:
                continue


def _intents(project: Project, named: set[str]) -> None:
    """Of a need with examples the lack of an answer is told; this one has neither."""
    from_slots = {
        str(mapping.get("intent"))
        for entry in project.slots.values()
        for mapping in map(dict_of, list_of(dict_of(entry).get("mappings")))
    }
    used = named | from_slots | project.trained_needs | project.retrieval | project.code.words
    _of_domain(project, Code.UNUSED_INTENT, "intents", "need", project.intents, used)


def _of_domain(
    project: Project,
    code: Code,
    key: str,
    what: str,
    names: dict[str, int],
    used: set[str] | frozenset[str],
) -> None:
    source = project.one(kinds.DOMAIN)
    assert source is not None
    for name, line in names.items():
        if name not in used and name not in project.spoken_for:
            source.add(
                line or source.line(key, name),
                code,
                name,
                f"Nothing uses the {what} {name!r}.",
                "Use it, or delete it.",
            )
