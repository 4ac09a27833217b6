"""The command on a small project with a history: base, report, picture, and its exit code."""

from __future__ import annotations

import json
import subprocess
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import pytest

from tenin.cli import main
from tenin.training.evaluate import base as bases
from tenin.training.evaluate.asking import ask
from tenin.training.evaluate.base import BaseError, ask_base, find_base
from tenin.training.evaluate.trained import TrainedError, broken_dialogues, broken_stories
from tenin.training.understanding import learn
from tests.unit.training.small_project import PROJECT, add, nowhere

QUALITY = """\
margins: {language: 3, need: 10, fewest: 2}
chance: 0.05
floors:
  new: 0.3
"""
GIT = ("git", "-c", "user.name=a", "-c", "user.email=a@example.com", "-c", "commit.gpgsign=false")


def git(root: Path, *arguments: str) -> str:
    done = subprocess.run([*GIT, *arguments], cwd=root, check=True, capture_output=True, text=True)
    return done.stdout.strip()


@pytest.fixture
def repository(project: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The small project, committed on main."""
    (project / "quality.yml").write_text(QUALITY, encoding="utf-8")
    (project / ".gitignore").write_text("/var/\n", encoding="utf-8")
    git(project, "init", "-q", "-b", "main")
    git(project, "add", ".")
    git(project, "commit", "-q", "-m", "first")
    monkeypatch.setenv("TENIN_ROOT", str(project))
    return project


def commit(root: Path, message: str) -> str:
    git(root, "commit", "-q", "-a", "-m", message)
    return git(root, "rev-parse", "HEAD")


def empty(root: Path, name: str, keep: int) -> None:
    """Leave few examples of a need."""
    lines = (root / name).read_text(encoding="utf-8").splitlines(keepends=True)
    at = [index for index, line in enumerate(lines) if line.startswith("      - ")]
    kept = [line for index, line in enumerate(lines) if index not in at[keep:]]
    (root / name).write_text("".join(kept), encoding="utf-8")


def test_a_harmless_change_passes(repository: Path, capsys: pytest.CaptureFixture[str]) -> None:
    add(repository, "data/nlu/en/track_order.yml", "has my parcel set off already, I wonder")
    written = repository / "var/report.json"
    assert main(["evaluate", "--json", str(written)]) == 0
    told = capsys.readouterr()
    assert "Quality gate: passed" in told.out
    assert "base: the last commit" in told.err
    assert "1 sentences changed: fitting the weights anew" in told.err
    report = json.loads(written.read_text(encoding="utf-8"))
    assert (report["passed"], report["faults"]) == (True, [])
    assert set(report["languages"]) == {"en", "ja"}
    ElementTree.parse(repository / "var/evaluate/confusion.svg")


def test_a_harmful_change_fails_and_names_the_sentences(
    repository: Path, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    empty(repository, "data/nlu/en/track_order.yml", 2)
    add(repository, "tests/nlu/en/track_order.yml", "any sign of the thing I bought off you")
    summary, written = tmp_path / "new/summary.md", tmp_path / "report.json"
    given = ["evaluate", "--markdown", str(summary), "--json", str(written)]
    assert main([*given, "--picture", str(tmp_path / "picture.svg")]) == 1
    told = capsys.readouterr().out
    report = json.loads(written.read_text(encoding="utf-8"))
    assert any(fault["text"].startswith("track_order loses ") for fault in report["faults"])
    worse = [
        each
        for each in report["changed"]
        if each["base"]["understood"] == each["need"] != each["change"]["understood"]
    ]
    assert worse
    for each in worse:
        assert repr(each["text"]) in told
        line = (repository / each["file"]).read_text(encoding="utf-8").splitlines()
        assert each["text"] in line[each["line"] - 1]
    assert "Held-out sentences that the base doesn't have: 1" in told
    markdown = summary.read_text(encoding="utf-8")
    assert markdown.startswith("## Quality gate: failed")
    assert "| track_order" in markdown
    assert "track_order" in (tmp_path / "picture.svg").read_text(encoding="utf-8")


def test_the_same_project_is_as_it_was(
    repository: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["evaluate", "--base", "HEAD"]) == 0
    assert "as many as HEAD" in capsys.readouterr().out


def test_floors_are_set_and_then_hold(repository: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["evaluate", "--set-floors"]) == 0
    assert "track_order: {en: " in (repository / "quality.yml").read_text(encoding="utf-8")
    assert main(["evaluate", "--without-base"]) == 0
    empty(repository, "data/nlu/en/track_order.yml", 1)
    assert main(["evaluate", "--without-base"]) == 1
    assert "track_order (en) is under its floor" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "remedy"),
    [
        (["--base", "nowhere"], "name a branch, a tag or a commit by --base"),
        ([], "there is only one commit"),
        (["--without-base", "--json", "quality.yml/x"], "name another file"),
    ],
    ids=["unknown revision", "one commit", "unwritable"],
)
def test_what_can_not_be_done_is_told_in_a_line(
    repository: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    arguments: list[str],
    remedy: str,
) -> None:
    monkeypatch.chdir(repository)
    assert main(["evaluate", *arguments]) == 2
    assert remedy in capsys.readouterr().err.splitlines()[-1]


def test_the_base_is_what_the_change_came_from(repository: Path) -> None:
    first = git(repository, "rev-parse", "HEAD")
    add(repository, "data/nlu/en/greet.yml", "ahoy there")
    assert find_base(repository).commit == first  # not committed yet
    second = commit(repository, "second")
    assert find_base(repository).commit == first  # on main: the commit before
    git(repository, "checkout", "-q", "-b", "change")
    for at in range(2):
        add(repository, "data/nlu/en/greet.yml", f"ahoy sailor {at}")
        commit(repository, f"change {at}")
    found = find_base(repository)
    assert (found.commit, found.name, found.own_code) == (
        second,
        "where the branch left main",
        False,
    )
    assert "ahoy there" in (found.folder / "data/nlu/en/greet.yml").read_text(encoding="utf-8")
    assert not list(found.folder.parent.glob("new-*"))


def test_a_base_with_other_code_is_asked_by_its_own(repository: Path) -> None:
    for name in ("tenin/__init__.py", "tenin/language", "tenin/training"):
        (repository / "tenin").mkdir(exist_ok=True)
        subprocess.run(["cp", "-r", str(PROJECT / name), str(repository / name)], check=True)
    rooms = repository / "tenin/language/clauses.py"
    git(repository, "add", ".")
    git(repository, "commit", "-q", "-m", "with code")
    rooms.write_text(rooms.read_text(encoding="utf-8") + "\n", encoding="utf-8")
    base = find_base(repository)
    assert base.own_code
    texts = ["where is my parcel", "hello there"]
    told: list[str] = []
    found = ask_base(repository, base, texts, told.append)
    assert told == ["the code that learns differs: the base is asked by its own"]
    assert found == ask(learn(repository, nowhere), texts, nowhere)
    asking = base.folder / bases.ASKING
    asking.write_text("raise SystemExit('no way')\n", encoding="utf-8")
    with pytest.raises(BaseError, match=r"\(no way\): choose another by --base"):
        ask_base(repository, base, texts, nowhere)


def test_without_git_there_is_no_base(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(project.parent))
    with pytest.raises(BaseError, match="no git repository"):
        find_base(project)


def test_broken_stories_and_dialogues_are_named(tmp_path: Path) -> None:
    stories = tmp_path / "failed_test_stories.yml"
    stories.write_text("# None of the stories failed\n", encoding="utf-8")
    assert (broken_stories(stories).line, broken_stories(stories).faults) == (
        "stories: all hold",
        (),
    )
    stories.write_text("version: '3.1'\nstories:\n- story: buying (x.yml)\n  steps: []\n")
    assert [fault.kind for fault in broken_stories(stories).faults] == ["story"]
    assert "'buying (x.yml)' broke" in broken_stories(stories).faults[0].text
    dialogues = tmp_path / "dialogues.xml"
    dialogues.write_text(
        "<testsuites><testsuite><testcase name='en: greets'/>"
        "<testcase name='ja: asks'><failure/></testcase></testsuite></testsuites>"
    )
    ran = broken_dialogues(dialogues)
    assert ran.line == "dialogues: 1 of 2 broke"
    assert "'ja: asks' broke" in ran.faults[0].text
    dialogues.write_text("<testsuites/>")
    with pytest.raises(TrainedError, match="has no dialogues"):
        broken_dialogues(dialogues)
    dialogues.write_text("<testsui")
    with pytest.raises(TrainedError, match="can't be read"):
        broken_dialogues(dialogues)
