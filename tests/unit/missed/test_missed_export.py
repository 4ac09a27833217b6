"""What was accepted becomes examples: as a patch, on a branch or here; nothing else changes."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from tenin.language.yamlfile import read_yaml
from tenin.training.adding.project import Project
from tenin.training.adding.sheet import read_sheet
from tenin.training.corpus import HELD_OUT, TRAINED, read_file
from tenin.training.missed import export
from tenin.training.missed.export import Accepted, ExportError, Plan, on_branch, plan, write_sheets
from tests.unit.conversation.room import PROJECT

AREA = "data/nlu/en/delivery_area.yml"
FILES = (AREA, "data/nlu/en/track_order.yml", "data/nlu/ja/delivery_area.yml")


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A small project: three files of examples, and the held-out ones of one need."""
    held = next((PROJECT / HELD_OUT / "en").rglob("*delivery_area*"), None)
    assert held is not None
    for name in (*FILES, held.relative_to(PROJECT).as_posix()):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(PROJECT / name, tmp_path / name)
    return tmp_path


def git(root: Path, *arguments: str) -> str:
    environ = {**os.environ, "GIT_CONFIG_NOSYSTEM": "1", "HOME": str(root)}
    done = subprocess.run(
        ["git", "-C", str(root), *arguments],
        env=environ,
        check=True,
        capture_output=True,
        text=True,
    )
    return done.stdout


@pytest.fixture
def repository(root: Path) -> Path:
    """The project under git, with one commit."""
    git(root, "init", "--quiet", "-b", "main")
    git(root, "config", "user.name", "Mei")
    git(root, "config", "user.email", "mei@example.com")
    git(root, "add", ".")
    git(root, "commit", "--quiet", "-m", "begin")
    return root


def of(text: str, need: str, language: str = "en", number: int = 1, answer: str = "") -> Accepted:
    return Accepted(number, text, need, language, answer or None)


def examples(root: Path, name: str) -> list[str]:
    return [each.text for each in read_file(root / name, Path(name).parts[2])]


NEW = [
    of("do you deliver to the moon base", "faq/delivery_area"),
    of("moon base delivery: possible?", "faq/delivery_area", number=2),
    of("月面基地に届きますか", "faq/delivery_area", "ja", 3),
]


def test_here_nothing_but_the_new_lines_changes(root: Path) -> None:
    before = {name: (root / name).read_text("utf-8").splitlines() for name in FILES}
    made = plan(root, NEW)
    assert {name: (root / name).read_text("utf-8").splitlines() for name in FILES} == before
    assert made.changes.write() == [AREA, "data/nlu/ja/delivery_area.yml"]
    assert made.settled == [1, 2, 3]
    after = (root / AREA).read_text("utf-8").splitlines()
    new = ["      - do you deliver to the moon base", "      - moon base delivery: possible?"]
    assert [line for line in after if line not in new] == before[AREA]
    assert examples(root, AREA)[-2:] == [each.text for each in NEW[:2]]
    assert examples(root, "data/nlu/ja/delivery_area.yml")[-1] == NEW[2].text
    assert plan(root, NEW).changes.names == []


def test_a_patch_applies(repository: Path) -> None:
    made = plan(repository, NEW)
    (repository / "missed.patch").write_text(made.changes.patch(), encoding="utf-8", newline="")
    git(repository, "apply", "missed.patch")
    assert examples(repository, AREA)[-2:] == [each.text for each in NEW[:2]]


def test_a_branch_has_one_commit_and_what_is_checked_out_stays(repository: Path) -> None:
    (repository / "note.txt").write_text("not committed")
    on_branch(repository, "missed", NEW)
    assert git(repository, "branch", "--show-current").strip() == "main"
    assert git(repository, "status", "--short") == "?? note.txt\n"
    assert git(repository, "worktree", "list").count("\n") == 1
    assert git(repository, "log", "--format=%s", "main..missed") == f"{export.SUBJECT}\n"
    changed = git(repository, "diff", "--stat", "main", "missed")
    assert "2 files changed, 3 insertions(+)" in changed


def test_a_branch_with_nothing_new_is_not_made(repository: Path) -> None:
    there = examples(repository, AREA)[0]
    on_branch(repository, "missed", [of(there, "faq/delivery_area")])
    assert git(repository, "branch", "--list", "missed") == ""


@pytest.mark.parametrize("name", ["main", "no good", "--force", ".."])
def test_a_branch_that_git_refuses_is_told(repository: Path, name: str) -> None:
    before = git(repository, "for-each-ref")
    with pytest.raises(ExportError, match="use --patch or --here"):
        on_branch(repository, name, NEW)
    assert git(repository, "for-each-ref") == before
    assert git(repository, "worktree", "list").count("\n") == 1


def test_without_a_repository_it_is_told(root: Path) -> None:
    with pytest.raises(ExportError, match="use --patch or --here"):
        on_branch(root, "missed", NEW)


def why(made: Plan) -> list[tuple[str, bool]]:
    return [(each.why, each.settled) for each in made.left_out]


def test_what_is_there_already_is_not_taken_again(root: Path) -> None:
    first = next(read_file(root / AREA, "en"))
    made = plan(root, [of(first.text.upper(), "faq/delivery_area")])
    assert why(made) == [(f"is an example already ({AREA}:{first.line})", True)]
    twice = plan(root, [NEW[0], of(NEW[0].text, "faq/delivery_area", number=9)])
    assert [each.id for each in twice.taken] == [1]
    assert why(twice) == [("is an example already (among these)", True)]


def test_an_example_of_another_need_is_left_for_a_person_to_decide(root: Path) -> None:
    first = next(read_file(root / AREA, "en"))
    made = plan(root, [of(first.text, "track_order")])
    [(told, settled)] = why(made)
    assert told.startswith(f"is an example of faq/delivery_area ({AREA}:{first.line})")
    assert (settled, made.settled, made.changes.names) == (False, [], [])


def test_what_is_held_out_is_never_taken(root: Path) -> None:
    [file] = (root / HELD_OUT / "en").rglob("*.yml")
    held = next(read_file(file, "en"))
    made = plan(root, [of(f" {held.text}", "faq/delivery_area")])
    at = f"{file.relative_to(root)}:{held.line}"
    assert why(made) == [(f"is held out to measure by ({at})", True)]
    assert made.changes.names == []


def test_a_need_without_examples_in_the_language_is_told(root: Path) -> None:
    made = plan(root, [of("注文はどこですか、教えて", "track_order", "ja")])
    [(told, settled)] = why(made)
    assert "track_order has no examples in ja yet" in told
    assert not settled


def test_a_new_faq_becomes_a_sheet_with_the_agents_answer(root: Path) -> None:
    made = plan(
        root,
        [
            of("who pays customs duty", "faq/customs_duty", answer="We do."),
            of('is "duty" included: yes?', "faq/customs_duty", number=2, answer="We pay it all."),
            of("関税は誰が払いますか", "faq/customs_duty", "ja", 3),
        ],
    )
    assert made.changes.names == []
    [file] = write_sheets(root, made)
    assert file == root / "var/missed/customs_duty.yml"
    assert read_yaml(file) == {
        "faq": "customs_duty",
        "en": {
            "title": "",
            "examples": ["who pays customs duty", 'is "duty" included: yes?'],
            "held_out": [],
            "answer": ["We pay it all."],
        },
        "zh-Hans": {"title": "", "examples": [], "held_out": [], "answer": []},
        "zh-Hant": {"title": "", "examples": [], "held_out": [], "answer": []},
        "ja": {
            "title": "",
            "examples": ["関税は誰が払いますか"],
            "held_out": [],
            "answer": [],
        },
    }
    assert made.settled == [1, 2, 3]
    assert TRAINED not in file.read_text("utf-8")


def test_tenin_add_reads_the_sheet(root: Path) -> None:
    made = plan(root, [of("who pays customs duty", "faq/customs_duty", answer="We do.")])
    [file] = write_sheets(root, made)
    sheet = read_sheet(file, "faq", Project(PROJECT))
    assert sheet.name == "customs_duty"
    assert sheet.words["en"]["examples"] == ["who pays customs duty"]
    assert sheet.words["en"]["answer"] == ["We do."]
