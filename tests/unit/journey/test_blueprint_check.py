"""`tenin blueprint check` finds each kind of fault, with code, line and remedy, all at once."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from tenin.journey import traces
from tenin.journey.check import check
from tenin.journey.findings import Code, Finding
from tenin.journey.model import NamedTest
from tests.system import PROJECT
from tests.unit.journey.small_project import DIALOGUE, FAULT, Change, SmallProject


@pytest.fixture
def project(tmp_path: Path) -> SmallProject:
    return SmallProject(tmp_path)


def found(project: SmallProject, with_traces: bool = True) -> list[Finding]:
    project.write()
    return check(project.root, with_traces)


def put(step: int, key: str, value: Any) -> Change:
    return lambda project: project.steps[step].update({key: value})


def front(step: int, **named: Any) -> Change:
    return lambda project: project.steps[step]["frontstage"].update(named)


def fail_point(**named: Any) -> Change:
    return lambda project: project.steps[0]["fail_points"][0].update(named)


def top(**named: Any) -> Change:
    return lambda project: project.blueprint.update(named)


def story(name: str) -> Change:
    return lambda project: project.stories.update(
        {name: [{"intent": "greet"}, {"action": "utter_greet"}]}
    )


def traced(name: str, without: int) -> Change:
    return lambda project: project.traced[name].pop(without)


def test_a_blueprint_that_is_as_the_bot_is_has_no_findings(project: SmallProject) -> None:
    assert found(project) == []


@pytest.mark.parametrize(
    ("code", "change", "line"),
    [
        (Code.NOT_THE_SCHEMA, put(0, "colour", "red"), "- step: doubts"),
        (Code.NOT_THE_SCHEMA, front(0, intent=7), "intent: 7"),
        (Code.NOT_THE_SCHEMA, top(stages=[]), "stages: []"),
        (Code.NO_PERSONA, top(persona="bob"), "persona: bob"),
        (Code.NO_INTENT, front(2, intent="faq/price"), "- step: asks"),
        (Code.NO_RESPONSE, front(0, responses=["utter_doubt", "utter_x"]), "- step: doubts"),
        (Code.NO_RESPONSE, fail_point(responses=["utter_x"]), "- fail_point: down"),
        (Code.NO_ACTION, put(1, "backstage", {"actions": ["action_x"]}), "- step: tracks"),
        (Code.NO_ACTION, fail_point(actions=["action_unwritten"]), "- fail_point: down"),
        (Code.NO_FORM, front(1, form="other_form"), "- step: tracks"),
        (Code.PEAKS, lambda project: project.steps[0].pop("peak"), "stages:"),
        (Code.PEAKS, put(1, "peak", True), "- step: tracks"),
        (Code.ENDS, lambda project: project.steps[2].pop("end"), "- step: asks"),
        (Code.ENDS, put(1, "end", True), "- step: tracks"),
        (Code.LANGUAGE_MISSING, put(1, "evidence", {"en": "Only this"}), "- step: tracks"),
        (Code.LANGUAGE_MISSING, fail_point(recovery={"ja": "言葉"}), "- step: doubts"),
        (Code.LANGUAGE_MISSING, top(title={"en": "Only this"}), "title:"),
        (Code.NOT_REACHED, front(0, intent="human_agent"), "- step: doubts"),
        (Code.NOT_REACHED, front(0, responses=["utter_sorry"]), "- step: doubts"),
        (Code.NO_TEST, top(dialogue={**DIALOGUE, "name": "Bob asks"}), "dialogue:"),
        (
            Code.NO_TEST,
            fail_point(seen_in={"file": "tests/x.py", "name": "test_x"}),
            "- fail_point: down",
        ),
        (Code.NO_TRACE, lambda project: project.traced.pop("Ann asks"), "dialogue:"),
        (
            Code.NO_TRACE,
            lambda project: project.traced.pop("test_shop_is_down"),
            "- fail_point: down",
        ),
        (Code.STEP_NOT_SEEN, traced("Ann asks", 1), "- step: tracks"),
        (
            Code.STEP_NOT_SEEN,
            lambda project: project.traced["Ann asks"].reverse(),
            "- step: tracks",
        ),
        (
            Code.FAIL_POINT_NOT_SEEN,
            traced("test_shop_is_down", 0),
            "- fail_point: down",
        ),
        (
            Code.STORY_FILE_MISSING,
            top(stories=["data/stories/doubt.yml", "data/stories/x.yml"]),
            "- data/stories/x.yml",
        ),
        (Code.NAMED_TWICE, put(1, "step", "doubts"), "- step: doubts"),
    ],
)
def test_each_kind_is_found_on_its_line(
    project: SmallProject, code: Code, change: Change, line: str
) -> None:
    change(project)
    findings = [each for each in found(project) if each.code == code]
    assert findings, code
    lines = (project.root / "blueprints/journey.yml").read_text(encoding="utf-8").splitlines()
    for each in findings:
        assert each.file == "blueprints/journey.yml"
        assert each.message
        assert each.remedy.endswith(".")
    assert line in [lines[each.line - 1].strip() for each in findings]


def test_a_person_is_reached_only_by_a_handoff(project: SmallProject) -> None:
    text = {"en": "Words", "ja": "言葉"}
    project.steps[2]["frontstage"] = {"responses": ["utter_sorry"]}
    project.steps[2]["backstage"] = {"agent": text}
    assert [each.code for each in found(project, with_traces=False)] == [Code.NOT_REACHED]


def test_a_persons_step_needs_a_line_of_theirs(project: SmallProject) -> None:
    project.steps[2]["backstage"] = {"agent": {"en": "Words", "ja": "言葉"}}
    assert [each.code for each in found(project)] == [Code.STEP_NOT_SEEN]


def test_broken_yaml_is_told_with_its_line_and_hides_no_other(project: SmallProject) -> None:
    project.write()
    (project.root / "blueprints/broken.yml").write_text("title: {en: a\npersona: b\n")
    [finding] = [each for each in check(project.root) if each.code == Code.NOT_YAML]
    assert (finding.file, finding.line) == ("blueprints/broken.yml", 2)


def test_a_persona_is_checked_too(project: SmallProject) -> None:
    project.persona["goal"] = {"en": "Only this"}
    [finding] = found(project)
    assert (finding.code, finding.file) == (
        Code.LANGUAGE_MISSING,
        "blueprints/personas/ann.yml",
    )


def test_a_story_file_belongs_to_a_blueprint(project: SmallProject) -> None:
    story("alone")(project)
    [finding] = found(project)
    assert (finding.code, finding.file) == (Code.STORY_FILE_ALONE, "data/stories/alone.yml")
    story("inform")(project)  # named after a need: what follows on it, in whichever journey
    assert found(project) == [finding]
    project.blueprint["stories"].append("data/stories/alone.yml")
    [finding] = found(project, with_traces=False)
    assert finding.code == Code.STORY_FILE_UNUSED


def test_without_any_trace_it_says_how_to_make_them(project: SmallProject) -> None:
    project.traced.clear()
    [finding] = found(project)
    assert finding.code == Code.NO_TRACES
    assert "pytest tests/dialogues tests/faults" in finding.remedy
    assert found(project, with_traces=False) == []


@pytest.mark.parametrize("changed", ["data/rules/all.yml", "actions/order.py", DIALOGUE["file"]])
def test_a_trace_counts_only_for_the_bot_and_the_test_it_was_made_with(
    project: SmallProject, changed: str
) -> None:
    project.write()
    with (project.root / changed).open("a", encoding="utf-8") as file:
        file.write("# changed\n")
    codes = {each.code for each in check(project.root)}
    assert codes == {Code.OLD_TRACE}


def test_a_test_that_runs_anew_has_no_trace_until_it_passes(project: SmallProject) -> None:
    project.write()
    traces.forget(project.root, NamedTest(**FAULT))
    assert [each.code for each in check(project.root)] == [Code.NO_TRACE]


def test_all_findings_come_at_once_and_in_order(project: SmallProject) -> None:
    for change in (top(persona="bob"), front(0, intent="x"), put(2, "end", True)):
        change(project)
    project.steps[2].pop("end")
    findings = found(project)
    assert {Code.NO_PERSONA, Code.NO_INTENT, Code.ENDS} <= {each.code for each in findings}
    assert findings == sorted(findings)


def test_every_code_is_explained() -> None:
    text = (PROJECT / "docs/blueprints.md").read_text(encoding="utf-8")
    explained = re.findall(r"^\| (B\d{3}) \|", text, re.MULTILINE)
    assert explained == [code.value for code in Code]


def test_the_shipped_blueprints_are_as_the_bot_is() -> None:
    assert check(PROJECT, with_traces=False) == []
