"""Compares the blueprints with the bot: what they name, what reaches it, what a test has shown.

`check` gives every finding there is, in the order of files and lines. What the codes mean and how
each is mended stands in docs/blueprints.md.
"""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path, PurePosixPath
from typing import Any

from tenin.journey import reading, traces
from tenin.journey.findings import Code, Finding, place
from tenin.journey.model import Blueprint, FailPoint, NamedTest, Step, Text
from tenin.journey.project import PlayedTurn, Project, read_project
from tenin.journey.traces import Trace, Turn
from tenin.language.yamlfile import YAMLFileError, read_yaml

HANDOFF = "action_handoff"
AGENT = "agent"
HOW_TO_TRACE = "Run `pytest tests/dialogues tests/faults`: each test that passes leaves its trace."

Add = Callable[[int, Code, str, str], None]


def check(root: Path, with_traces: bool = True) -> list[Finding]:
    """Return all that is wrong with the blueprints of the project at `root`.

    Args:
        root: the project's folder.
        with_traces: whether steps and fail points must have been seen in a test.

    Raises:
        YAMLFileError: if domain, rules, stories or responses can't be read.
    """
    project = read_project(root)
    read = reading.read_all(root)
    found = list(read.findings)
    for key, persona in sorted(read.personas.items()):
        file = f"{reading.FOLDER}/personas/{key}.yml"
        for text in (persona.name, persona.situation, persona.goal, persona.way_of_writing):
            found += _languages(project, file, 1, f"The persona {key}", text)
    for blueprint in read.blueprints:
        found += _of_one(root, project, blueprint, set(read.personas))
    found += _stories(project, read.blueprints)
    if with_traces and read.blueprints:
        found += _seen(root, read.blueprints)
    return sorted(set(found))


def _of_one(
    root: Path, project: Project, blueprint: Blueprint, personas: set[str]
) -> Iterator[Finding]:
    file = place(root, blueprint.file)
    found: list[Finding] = []

    def add(line: int, code: Code, message: str, remedy: str) -> None:
        found.append(Finding(file, line, code, message, remedy))

    if blueprint.persona not in personas:
        add(
            blueprint.lines["persona"],
            Code.NO_PERSONA,
            f"There is no persona {blueprint.persona!r}.",
            f"Write blueprints/personas/{blueprint.persona}.yml, or name another.",
        )
    found += _languages(project, file, blueprint.lines["title"], "The title", blueprint.title)
    _remembered(blueprint, add)
    _tests(root, blueprint, add)
    handed_over = False
    twice = Counter(step.key for step in blueprint.steps)
    for step in blueprint.steps:
        named = f"The step {step.key!r}"
        if twice[step.key] > 1:
            add(step.line, Code.NAMED_TWICE, f"{named} is there twice.", "Give each its own name.")
        _names(project, step, add)
        texts = [step.customer, step.evidence]
        texts += [] if step.backstage.agent is None else [step.backstage.agent]
        texts += [text for each in step.fail_points for text in (each.what, each.recovery)]
        for text in texts:
            found += _languages(project, file, step.line, named, text)
        handed_over |= HANDOFF in step.backstage.actions
        if not _is_reached(project, step, handed_over):
            add(
                step.line,
                Code.NOT_REACHED,
                f"{named} is reached by no story and no rule.",
                "Write one in data/ whose intent is followed by what the step names"
                + ("." if step.frontstage.intent else ", or hand over to a person before it."),
            )
    yield from found


def _remembered(blueprint: Blueprint, add: Add) -> None:
    """One peak, and the end at the end: what a customer remembers of it all."""
    *_, last = blueprint.steps
    peaks = [step for step in blueprint.steps if step.peak]
    ends = [step for step in blueprint.steps if step.end]
    if len(peaks) != 1:
        add(
            peaks[1].line if peaks else blueprint.lines["stages"],
            Code.PEAKS,
            f"The journey has {len(peaks)} peaks.",
            "Mark the one step that should be remembered best with `peak: true`.",
        )
    if ends != [last]:
        add(
            ends[0].line if ends else last.line,
            Code.ENDS,
            f"The journey has {len(ends)} ends"
            + (", and not where it ends." if len(ends) == 1 else "."),
            f"Mark its last step, {last.key!r}, and no other with `end: true`.",
        )


def _names(project: Project, step: Step, add: Add) -> None:
    """Whether the bot has what the step and its fail points name."""
    front, back = step.frontstage, step.backstage
    if front.intent and front.intent not in project.intents:
        add(
            step.line,
            Code.NO_INTENT,
            f"There is no intent {front.intent!r}.",
            "Name one of domain.yml, or an answer as in `faq/shipping_cost`.",
        )
    if front.form and front.form not in project.forms:
        add(
            step.line,
            Code.NO_FORM,
            f"There is no form {front.form!r}.",
            "Name one of the forms of domain.yml.",
        )
    for line, responses, actions in (
        (step.line, front.responses, back.actions),
        *((each.line, each.responses, each.actions) for each in step.fail_points),
    ):
        for response in responses:
            if response not in project.responses:
                add(
                    line,
                    Code.NO_RESPONSE,
                    f"There is no response {response!r}.",
                    "Name one of data/responses, or write it there.",
                )
        for action in actions:
            missing = [
                where
                for where, names in (
                    ("domain.yml", project.actions),
                    ("actions/", project.coded_actions),
                )
                if action not in names
            ]
            if missing:
                add(
                    line,
                    Code.NO_ACTION,
                    f"The action {action!r} is not in {' nor in '.join(missing)}.",
                    "Name one that is in both, or add it.",
                )


def _languages(project: Project, file: str, line: int, owner: str, text: Text) -> Iterator[Finding]:
    missing = [language for language in project.languages if language not in text]
    if missing:
        begin = next(iter(text.values()))
        yield Finding(
            file,
            line,
            Code.LANGUAGE_MISSING,
            f"{owner} lacks {', '.join(missing)} where it says {begin!r}.",
            "Write the text in every language that languages.yml calls ready.",
        )


def _played(step: Step) -> set[str]:
    """What a step does, as rules and stories name it."""
    front = step.frontstage
    named = {response.split("/")[0] for response in front.responses}
    return named | set(step.backstage.actions) | ({front.form} if front.form else set())


def _is_reached(project: Project, step: Step, handed_over: bool) -> bool:
    if not step.frontstage.intent and not step.frontstage.form:
        return handed_over  # a person's work, or what is said on the way to a person
    return any(_reaches(turn, step) for turn in project.turns)


def _reaches(turn: PlayedTurn, step: Step) -> bool:
    """Whether a turn of a story or rule is the step's: its intent, or the open form's own turn."""
    front = step.frontstage
    intent = front.intent.split("/")[0] if front.intent else None
    if turn.intent is None:
        in_form = front.form is not None and front.form in turn.actions
    else:
        in_form = False
    if turn.intent != intent and not in_form:
        return False
    custom = set(step.backstage.actions)
    if custom:
        return bool(custom & turn.actions)
    return bool(_played(step) & turn.actions)


def _stories(project: Project, blueprints: list[Blueprint]) -> Iterator[Finding]:
    """Each story file belongs to a blueprint, one of whose steps it plays.

    One that is named after an intent tells what follows on that need, and may stand alone.
    """
    claimed = {story for blueprint in blueprints for story in blueprint.stories}
    for story in project.story_files:
        if story not in claimed and PurePosixPath(story).stem not in project.intents:
            yield Finding(
                story,
                1,
                Code.STORY_FILE_ALONE,
                "No blueprint goes through this file.",
                "Name it under `stories:` in the blueprint whose journey it tells.",
            )
    for blueprint in blueprints:
        file = f"{reading.FOLDER}/{blueprint.file.name}"
        for story in blueprint.stories:
            line = blueprint.lines[story]
            if story not in project.story_files:
                yield Finding(
                    file,
                    line,
                    Code.STORY_FILE_MISSING,
                    f"There is no file {story}.",
                    "Name one that is there.",
                )
                continue
            turns = [turn for turn in project.turns if turn.file == story]
            if not any(_reaches(turn, step) for turn in turns for step in blueprint.steps):
                yield Finding(
                    file,
                    line,
                    Code.STORY_FILE_UNUSED,
                    f"No step of this journey is played in {story}.",
                    "Take it out here, or add the step.",
                )


def _tests(root: Path, blueprint: Blueprint, add: Add) -> None:
    wanted = [(blueprint.lines["dialogue"], blueprint.dialogue)]
    wanted += [(each.line, each.seen_in) for step in blueprint.steps for each in step.fail_points]
    for line, test in wanted:
        if test.name not in _names_of_tests(root / test.file):
            add(
                line,
                Code.NO_TEST,
                f"{test.file} has no test {test.name!r}.",
                "Write it, or name one that is there.",
            )


def _names_of_tests(file: Path) -> set[str]:
    """The dialogues of a YAML file of tests, or the test functions of a module."""
    try:
        if file.suffix == ".py":
            tree = ast.parse(file.read_text(encoding="utf-8"))
            return {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}
        content: Any = read_yaml(file)
    except (OSError, SyntaxError, YAMLFileError):
        return set()
    return {each["dialogue"] for each in content if isinstance(each, dict) and "dialogue" in each}


def _seen(root: Path, blueprints: list[Blueprint]) -> Iterator[Finding]:
    kept = traces.read_all(root)
    if not kept:
        message = "There are no traces yet, so no step is known to work."
        yield Finding(traces.FOLDER, 1, Code.NO_TRACES, message, HOW_TO_TRACE)
        return
    for blueprint in blueprints:
        yield from _seen_of_one(place(root, blueprint.file), blueprint, kept)


def _seen_of_one(
    file: str, blueprint: Blueprint, kept: Mapping[NamedTest, Trace]
) -> Iterator[Finding]:
    trace = kept.get(blueprint.dialogue)
    yield from _usable(file, blueprint.lines["dialogue"], blueprint.dialogue, trace)
    if trace is not None and trace.fresh:
        for step in _unseen_steps(blueprint.steps, trace.turns):
            yield Finding(
                file,
                step.line,
                Code.STEP_NOT_SEEN,
                f"The step {step.key!r} was not seen at its place in the dialogue "
                f"{blueprint.dialogue.name!r}: {_wanted(step)}.",
                "Correct the step or the dialogue, whichever is wrong.",
            )
    for step in blueprint.steps:
        for point in step.fail_points:
            trace = kept.get(point.seen_in)
            if point.seen_in != blueprint.dialogue:
                yield from _usable(file, point.line, point.seen_in, trace)
            if trace is not None and trace.fresh and not _is_recovered(point, trace.turns):
                wanted = ", ".join((*point.actions, *point.responses))
                yield Finding(
                    file,
                    point.line,
                    Code.FAIL_POINT_NOT_SEEN,
                    f"The fail point {point.key!r} was not seen in {point.seen_in.name!r}: "
                    f"it has no {wanted}.",
                    "Correct the fail point, or name the test that shows it.",
                )


def _usable(file: str, line: int, test: NamedTest, trace: Trace | None) -> Iterator[Finding]:
    if trace is None:
        message = f"The test {test.name!r} of {test.file} has left no trace: it didn't run or pass."
        yield Finding(file, line, Code.NO_TRACE, message, HOW_TO_TRACE)
    elif not trace.fresh:
        message = f"The trace of {test.name!r} is of an earlier bot or test."
        yield Finding(file, line, Code.OLD_TRACE, message, HOW_TO_TRACE)


def _unseen_steps(steps: Iterable[Step], turns: tuple[Turn, ...]) -> Iterator[Step]:
    """The steps that have no turn of their own in the dialogue, in the journey's order.

    A step of a person's work may share the turn before it; every other one has its own.
    """
    at = 0
    for step in steps:
        begin = at if step.frontstage.intent else max(0, at - 1)
        index = next((i for i in range(begin, len(turns)) if _shows(turns[i], step)), None)
        if index is None:
            yield step
        else:
            at = index + 1


def _shows(turn: Turn, step: Step) -> bool:
    front = step.frontstage
    return (
        (front.intent is None or front.intent == turn.intent)
        and (front.form is None or front.form in turn.forms)
        and set(front.responses) <= set(turn.responses)
        and set(step.backstage.actions) <= set(turn.actions)
        and (step.backstage.agent is None or AGENT in turn.authors)
    )


def _is_recovered(point: FailPoint, turns: tuple[Turn, ...]) -> bool:
    """Whether the test saw all that the recovery names; it may take more than one turn."""
    said = {response for turn in turns for response in turn.responses}
    done = {action for turn in turns for action in turn.actions}
    return set(point.responses) <= said and set(point.actions) <= done


def _wanted(step: Step) -> str:
    front = step.frontstage
    named = [front.intent, front.form, *step.backstage.actions, *front.responses]
    agent = ["a line of an agent"] if step.backstage.agent is not None else []
    return ", ".join([*(each for each in named if each), *agent])
