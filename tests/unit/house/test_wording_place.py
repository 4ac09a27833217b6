"""What is said stands in data/responses, all languages side by side, and all of it is needed."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import regex

from tenin.conversation.voice import Voice
from tenin.language import wording
from tenin.language.menus import check_menus
from tenin.shop.models import ORDER_STATUSES
from tests.unit.house.tree import (
    PROJECT,
    READY,
    content,
    domain,
    name_of,
    parsed,
    python_files,
    sentences,
    texts,
    yaml_files,
)

CJK = regex.compile(r"[\p{Han}\p{Hiragana}\p{Katakana}\p{Hangul}\p{Bopomofo}]")
NO_RESPONSES = {"utter_action", "utter_message"}  # words of Rasa and its SDK
UTTER = re.compile(r"utter_[a-z_]+(?:/[a-z_]+)?")
VOICE = Voice.load(PROJECT)
RESPONSES = VOICE.responses
# A name made of a part and a value: all its values must be there. The questions of forms are
# seen to by `named_by_forms`.
MADE: dict[str, list[str]] = {
    "utter_order_": [f"utter_order_{status}" for status in ORDER_STATUSES],
    "utter_ask_": [],
}
# What is read to have everything made before the first customer, and never said.
NEVER_SAID = {("tenin/app.py", "1字の"), ("tenin/language/pipeline.py", "1字")}


def test_no_words_to_customers_in_python() -> None:
    found = [
        f"{name_of(path)}:{node.lineno}: {node.value!r}"
        for path in python_files("tenin", "actions")
        for node in texts(path)
        if CJK.search(node.value) and (name_of(path), node.value) not in NEVER_SAID
    ]
    assert found == []


def test_actions_say_responses_and_nothing_else() -> None:
    """`utter_message` takes a text as well: then it would be in one language."""
    calls = 0
    for path in python_files("actions"):
        for node in ast.walk(parsed(path)):
            if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)):
                continue
            if not node.func.attr.startswith("utter_"):
                continue
            calls += 1
            given = {keyword.arg for keyword in node.keywords}
            place = f"{name_of(path)}:{node.lineno}"
            assert node.func.attr == "utter_message", place
            assert not node.args, place
            assert "response" in given, place
            assert not given & {"text", "buttons", "template"}, place
    assert calls


def test_words_in_python_are_found_and_docstrings_are_none(tmp_path: Path) -> None:
    """Or the test above would see nothing."""
    file = tmp_path / "module.py"
    file.write_text('"""文"""\nx = "语"\ndef f():\n    """言"""\n    return f"词{x}"\n', "utf-8")
    assert [node.value for node in texts(file)] == ["语", "词"]
    assert all(CJK.search(node.value) for node in texts(file))
    assert not CJK.search("／、é")


def named_in_data() -> Iterator[tuple[str, str]]:
    for path in [*yaml_files("data/rules"), *yaml_files("data/stories")]:
        for kind in ("rules", "stories"):
            for entry in content(path).get(kind, []):
                for step in entry["steps"]:
                    if str(step.get("action", "")).startswith("utter_"):
                        yield step["action"], name_of(path)


def named_in_python() -> Iterator[tuple[str, str]]:
    for path in python_files("tenin", "actions"):
        for node in texts(path):
            name = node.value
            if UTTER.fullmatch(name) and name not in NO_RESPONSES:
                for each in MADE.get(name, [name]):
                    yield each, name_of(path)


def named_by_forms() -> Iterator[tuple[str, str]]:
    """Rasa asks for a form's slot with a response for the form and slot, or the slot alone."""
    for form, entry in domain().get("forms", {}).items():
        for slot in entry["required_slots"]:
            own = f"utter_ask_{form}_{slot}"
            yield own if own in RESPONSES.variations else f"utter_ask_{slot}", "domain.yml"


def named() -> dict[str, str]:
    """Each response that something names, with the place."""
    found: dict[str, str] = {}
    for source in (named_in_data, named_in_python, named_by_forms):
        for name, place in source():
            for each in answers(name):
                found.setdefault(each, place)
    return found


def answers(name: str) -> list[str]:
    """The responses behind a name: a retrieval intent's answers, or the one itself."""
    below = [key for key in RESPONSES.variations if key.startswith(f"{name}/")]
    return below or [name]


def test_what_is_named_is_there_and_what_is_there_is_named() -> None:
    names = named()
    missing = {name: place for name, place in names.items() if name not in RESPONSES.variations}
    unused = sorted(set(RESPONSES.variations) - set(names))
    assert missing == {}
    assert unused == []


@pytest.mark.parametrize("kind", [named_in_data, named_in_python, named_by_forms])
def test_every_kind_of_place_names_some(kind: object) -> None:
    """Or the test above would have overlooked a kind."""
    assert len({name for name, _ in kind()}) >= 2  # type: ignore[operator]


def test_every_response_and_menu_is_there_in_every_ready_language() -> None:
    assert wording.check(RESPONSES, READY, VOICE.menus) == []
    assert check_menus(VOICE.menus, READY) == []
    for key, variations in RESPONSES.variations.items():
        assert {said.language for said in variations} >= set(READY), key


@pytest.mark.parametrize("language", READY)
def test_every_answer_to_a_frequent_question_has_its_examples(language: str) -> None:
    asked = {need for need, _, _ in sentences("data/nlu", language) if "/" in need}
    answered = {
        key.removeprefix("utter_") for key in RESPONSES.variations if key.startswith("utter_faq/")
    }
    assert answered
    assert asked == answered
