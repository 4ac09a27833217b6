"""`tenin try`: what is understood of a message and why, from the files as they are now."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from tenin.cli import main
from tenin.training import trying
from tenin.training.understanding import Understanding, learn
from tests.unit.training.conftest import copy_of_project

KEPT = {"greet", "human_agent", "out_of_scope", "reviews", "shipping_cost", "track_order", "inform"}


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy with a few needs in two languages, so that learning takes a moment."""
    root = copy_of_project(tmp_path_factory.mktemp("try") / "project")
    for folder in ("data/nlu", "tests/nlu"):
        for file in (root / folder).glob("*/*.yml"):
            if file.stem not in KEPT or file.parent.name not in ("en", "ja"):
                file.unlink()
    return root


@pytest.fixture(scope="module")
def understanding(small: Path) -> Understanding:
    return learn(small, lambda line: None)


@pytest.fixture
def explain(small: Path, understanding: Understanding) -> Any:
    bot = trying.Bot(small)
    return lambda text: trying.explain(understanding, bot, small, text)


def test_a_message_is_explained_from_its_language_to_the_reply(explain: Any, small: Path) -> None:
    found = explain("what does it cost to ship two jackets")
    assert (found["language"], found["need"], found["refused"]) == (
        "en",
        "faq/shipping_cost",
        False,
    )
    assert "jackets" in found["tokens"]
    assert found["ranking"][0]["need"] == "faq/shipping_cost"
    assert len(found["ranking"]) == 6
    assert found["action"] == "utter_faq/shipping_cost"
    assert "199" in found["reply"]
    assert found["buttons"]
    assert found["against"] == found["ranking"][1]["need"]
    for near in found["nearest"]:
        line = (small / near["file"]).read_text(encoding="utf-8").splitlines()[near["line"] - 1]
        assert line.strip() == f"- {near['text']}"
    likenesses = [near["likeness"] for near in found["nearest"]]
    assert likenesses == sorted(likenesses, reverse=True)


def test_the_words_that_decided_are_words_of_the_message(explain: Any) -> None:
    found = explain("what does it cost to ship two jackets")
    weights = {each["word"]: each["weight"] for each in found["words"]}
    assert max(weights, key=lambda word: weights[word]) in {"cost", "ship"}
    ordered = [abs(each) for each in weights.values()]
    assert ordered == sorted(ordered, reverse=True)


def test_what_is_found_by_rule_is_told_with_its_value(explain: Any) -> None:
    found = explain("where is my order 202611190042")
    [number] = [each for each in found["entities"] if each["entity"] == "order_number"]
    assert (number["text"], number["value"]) == ("202611190042", "202611190042")
    assert (number["start"], number["end"]) == (18, 30)
    assert found["action"] == "track_order_form"
    assert not any("\ue000" in each["word"] for each in found["words"])


def test_what_is_not_understood_says_so_in_the_customers_language(explain: Any) -> None:
    found = explain("くぁｗせｄｒｆｔｇｙふじこ")
    assert (found["need"], found["language"]) == (None, "ja")
    assert found["action"] == "action_not_understood"
    assert found["reply"]


def test_a_wish_for_a_person_goes_first_and_what_it_is_about_is_told(explain: Any) -> None:
    found = explain("送料はいくらですか。あと担当者に代わってください")
    assert found["need"] == "human_agent"
    assert found["about"] in (None, "faq/shipping_cost")
    assert found["action"] == "action_handoff"


def test_an_example_of_a_minute_ago_counts(
    small: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    root = tmp_path / "own"
    shutil.copytree(small, root)
    monkeypatch.setenv("TENIN_ROOT", str(root))
    odd = "zibble my frobnicator"
    assert main(["try", "--json", odd]) == 0
    assert json.loads(capsys.readouterr().out)["need"] != "faq/reviews"
    words = ["--need", "reviews", "--language", "en", "--no-check", f"{odd} please", f"pls {odd}"]
    assert main(["add", "example", *words]) == 0
    capsys.readouterr()
    assert main(["try", "--json", odd]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["need"] == "faq/reviews"
    assert {near["text"] for near in found["nearest"][:2]} == {f"{odd} please", f"pls {odd}"}


def test_people_read_a_table_and_texts_come_from_standard_input(
    small: Path,
    understanding: Understanding,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
) -> None:
    monkeypatch.setenv("TENIN_ROOT", str(small))
    lines = tmp_path / "lines"
    lines.write_text("what does shipping cost\n\nI want to talk to a human\n", encoding="utf-8")
    with lines.open(encoding="utf-8") as file:
        monkeypatch.setattr("sys.stdin", file)
        assert main(["try"]) == 0
    said = capsys.readouterr().out
    assert said.count("nearest examples") == 2
    assert "faq/shipping_cost" in said
    assert "action_handoff" in said
    assert "data/nlu/en/shipping_cost.yml:" in said


def test_a_language_that_is_only_begun_is_answered_in_on_demand(
    small: Path,
    understanding: Understanding,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
) -> None:
    root = Path(shutil.copytree(small, tmp_path / "project"))
    monkeypatch.setenv("TENIN_ROOT", str(root))
    assert main(["add", "language", "nl", "--name", "Nederlands", "--no-check"]) == 0
    sheet = root / "nl.yml"
    title, said = "menus.yml > titles > faq/shipping_time", "utter_faq/shipping_cost > 1"
    words = [
        {"what": title, "nl": "Hoe lang duurt het?"},
        {"what": said, "nl": "Vanaf {shipping_fee:money}."},
    ]
    sheet.write_text(json.dumps({"language": "nl", "say": words}), encoding="utf-8")
    add = ["add", "language", "nl", "--from", str(sheet), "--no-check"]
    assert main(add) == 0
    capsys.readouterr()

    def tried(*options: str) -> tuple[int, str, str]:
        code = main(["try", "--json", *options, "what does shipping cost"])
        return (code, *capsys.readouterr())

    code, told, _ = tried("--language", "nl")
    found = json.loads(told)
    assert (code, found["language"], found["need"]) == (0, "nl", "faq/shipping_cost")
    assert found["reply"].startswith("Vanaf")
    assert found["buttons"][0] == "Hoe lang duurt het?"
    assert len(found["buttons"]) > 1  # and the others in the default's words
    english = json.loads(tried()[1])
    assert (english["language"], english["reply"][:5] == "Vanaf") == ("en", False)
    code, _, error = tried("--language", "tlh")
    assert code == 2
    assert "nl" in error


def test_nothing_to_try_is_told(
    small: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("TENIN_ROOT", str(small))
    assert main(["try", " "]) == 2
    assert "Write what a customer would say" in capsys.readouterr().err
