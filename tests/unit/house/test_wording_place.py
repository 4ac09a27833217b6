"""What is said stands in data/responses and not in Python; `tenin check` sees to the rest."""

from __future__ import annotations

import ast
from pathlib import Path

import regex

from tenin.conversation.people import Kind
from tenin.language.wording import load_responses
from tenin.shop.models import ORDER_STATUSES
from tests.unit.house.tree import PROJECT, name_of, parsed, python_files, texts

CJK = regex.compile(r"[\p{Han}\p{Hiragana}\p{Katakana}\p{Hangul}\p{Bopomofo}]")
# Replies whose names Python makes of a part and a value: all the values must be there.
MADE = [
    *(f"utter_order_{status}" for status in ORDER_STATUSES),
    *(f"utter_handoff_{kind.value}" for kind in Kind),
]
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


def test_names_made_of_a_part_and_a_value_are_there() -> None:
    """Those written out are seen to by `tenin check`."""
    responses = load_responses(PROJECT / "data" / "responses", "en").variations
    assert {name for name in MADE if name not in responses} == set()
