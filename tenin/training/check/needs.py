"""Needs are complete: examples, held-out sentences and an answer in every ready language."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import PurePosixPath

from tenin.training.check import kinds
from tenin.training.check.findings import Code
from tenin.training.check.kinds import Kind
from tenin.training.check.project import NAME, Project, dict_of, list_of

FEWEST_HELD_OUT = 8
FALLBACK = "nlu_fallback"  # Rasa's own word for what wasn't understood
# Rasa's own.
RASAS_ACTIONS = frozenset(
    {
        *("action_listen", "action_restart", "action_session_start", "action_default_fallback"),
        *("action_deactivate_loop", "action_revert_fallback_events", "action_extract_slots"),
        *("action_default_ask_affirmation", "action_default_ask_rephrase", "action_back"),
        *("action_two_stage_fallback", "action_unlikely_intent", "action_send_text"),
    }
)


def check_needs(project: Project) -> None:
    """Add what a need lacks."""
    _ready(project)
    _names(project)
    for need in sorted(_asked(project)):
        for language in project.ready:
            _in_language(project, need, language)
        _answered(project, need)
    _dialogues(project)


def _asked(project: Project) -> set[str]:
    """Every need that somebody may type: of the domain, of the answers and of the examples."""
    named = {said.need for said in (*project.trained, *project.held_out)}
    return {*project.needs, *named} - project.retrieval


def _file(kind: Kind, language: str, need: str) -> str:
    """The file where a need's sentences stand, or should."""
    end = need.rpartition("/")[2]
    return kind.glob.replace("*/*", f"{language}/{end}")


def _in_language(project: Project, need: str, language: str) -> None:
    for kind, count, code in (
        (kinds.NLU, project.trained_counts, Code.NO_EXAMPLES),
        (kinds.HELD_OUT, project.held_out_counts, Code.FEW_HELD_OUT),
    ):
        name = _file(kind, language, need)
        source = project.sources.get(name)
        if source is not None and (source.broken or source.malformed):
            continue
        found = count[need, language]
        if code is Code.NO_EXAMPLES and not found:
            project.add(
                name,
                1,
                code,
                need,
                f"The need {need!r} has no examples in {language!r}.",
                f"Write some in {name}, as customers write it, or take the need out of "
                f"{'data/responses' if '/' in need else 'domain.yml'}.",
            )
        elif code is Code.FEW_HELD_OUT and found < FEWEST_HELD_OUT:
            if not project.trained_counts[need, language]:
                continue  # what nobody types has neither; the lack of examples is told
            project.add(
                name,
                1,
                code,
                need,
                f"The need {need!r} has {found or 'no'} held-out sentences in {language!r}; "
                f"{FEWEST_HELD_OUT} are the least that grade it.",
                f"Have somebody who hasn't read the examples write more into {name}.",
            )


def _answered(project: Project, need: str) -> None:
    begin = need.split("/")[0]
    if begin not in project.intents and begin not in project.spoken_for:
        _unknown(project, need)
        return
    if "/" in need:
        if f"utter_{need}" in project.wordings or f"utter_{need}" in project.spoken_for:
            return
        project.add(
            *_place(project, need),
            Code.NO_ANSWER,
            need,
            f"The question {need!r} has no answer.",
            f"Write `utter_{need}:` into data/responses/{need.split('/')[1]}.yml.",
        )
    elif need not in project.played and need not in project.spoken_for:
        project.add(
            *_place(project, need),
            Code.NO_ANSWER,
            need,
            f"Nothing follows the need {need!r}: no rule and no story begins with it.",
            "Write a rule in data/rules: `- intent:` with its name, then `- action:` with the "
            "reply.",
        )


def _unknown(project: Project, need: str) -> None:
    if project.is_broken(kinds.DOMAIN):
        return
    project.add(
        *_place(project, need),
        Code.NO_INTENT,
        need,
        f"The need {need!r} isn't in domain.yml.",
        "Correct the name, or add it there under `intents:`.",
    )


def _place(project: Project, need: str) -> tuple[str, int]:
    domain = project.one(kinds.DOMAIN)
    if need in project.intents and domain is not None:
        return domain.name, project.intents[need]
    for said in (*project.trained, *project.held_out):
        if said.need == need:
            return said.source.name, said.sentence.line
    wording = next(iter(project.wordings.get(f"utter_{need}", ())), None)
    if wording is not None:
        return wording.source.name, wording.source.line("responses", wording.reply)
    return "domain.yml", 1


def _ready(project: Project) -> None:
    seen = set[tuple[Kind, str]]()
    for name, language in sorted(project.languages_of.items()):
        kind = project.kinds[name]
        if language in (*project.ready, *project.begun) or (kind, language) in seen:
            continue
        seen.add((kind, language))
        project.add(
            name,
            1,
            Code.NOT_READY,
            language,
            f"The folder {PurePosixPath(name).parent} is of a language that languages.yml calls "
            "neither ready nor begun.",
            f"Correct the folder's name, name the language by `tenin add language {language}`, or "
            "say `ready: true` or `ready: false` for it there.",
        )


def _names(project: Project) -> None:
    """An answer to a frequent question is a need like any other: faq/returns in returns.yml."""
    for source in project.of(kinds.NLU, kinds.HELD_OUT):
        if source.broken:
            continue
        for at, entry in enumerate(list_of(dict_of(source.value).get("nlu"))):
            need = dict_of(entry).get("intent")
            stem = PurePosixPath(source.name).stem
            if not isinstance(need, str) or not NAME.fullmatch(need):
                continue  # told of by the schema
            if need.rpartition("/")[2] != stem:
                source.add(
                    source.line("nlu", at, "intent"),
                    Code.FILE_NAME,
                    need,
                    f"The need {need!r} stands in a file named after another.",
                    f"Move it to {need.rpartition('/')[2]}.yml, or correct the name.",
                )


def _dialogues(project: Project) -> None:
    """Where more follows a need than one reply, a dialogue shows that it works."""
    heard = set(project.answered) | project.spoken_for
    if project.is_broken(kinds.DIALOGUES):
        return
    for need in sorted(project.intents):
        if need in project.retrieval or need not in project.trained_needs:
            continue
        more = sorted(_more(project, need))
        if more and not heard & _replies_of(project, need):
            project.add(
                *_place(project, need),
                Code.NO_DIALOGUE,
                need,
                f"The need {need!r} leads to {more[0]}, and no dialogue shows it.",
                "Add one to tests/dialogues: what is said, and the reply that answers it, one of "
                f"data/responses/{need}.yml.",
            )


def _more(project: Project, need: str) -> Iterator[str]:
    for action in project.played.get(need, ()):
        own = action.startswith("action_") and action not in RASAS_ACTIONS
        if action in project.forms or own:
            yield action


def _replies_of(project: Project, need: str) -> set[str]:
    """The replies that show a need at work: those of its file, its own by name, its forms'."""
    own = {
        reply
        for reply, wordings in project.wordings.items()
        if PurePosixPath(wordings[0].source.name).stem == need
        or reply.removeprefix("utter_").startswith(need)
    }
    forms = [each for each in project.played.get(need, ()) if each in project.forms]
    for form in forms:
        slots = list_of(dict_of(project.forms[form]).get("required_slots"))
        own |= {f"utter_ask_{form}_{slot}" for slot in slots} | {
            f"utter_ask_{slot}" for slot in slots
        }
    actions = [each for each in project.played.get(need, ()) if each.startswith("action_")]
    for action in actions:
        topic = action.removeprefix("action_")
        own |= {
            reply
            for reply, wordings in project.wordings.items()
            if PurePosixPath(wordings[0].source.name).stem == topic
        }
    return own
