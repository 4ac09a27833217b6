"""Files change in what was asked for and in nothing else; several are written all or none."""

from __future__ import annotations

import difflib
import os
import stat
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tenin.language.yamlfile import load_yaml
from tenin.training.writing import Changes, Document, WritingError, block, quoted, scalar

PROJECT = Path(__file__).parents[3]
LANGUAGES = sorted(path.name for path in (PROJECT / "data/nlu").iterdir())
LANGUAGE = {"type": "slot", "name": "language"}
STRANGE = 'what\'s "this": {a} # [b] \\ ／ 贈り物?'


def changed(before: str, after: str) -> list[str]:
    """The lines that differ, as `diff` shows them."""
    lines = difflib.ndiff(before.splitlines(), after.splitlines())
    return [line for line in lines if line[0] in "+-"]


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("folder", ["data/nlu", "tests/nlu"])
def test_one_example_changes_one_line_of_every_file(folder: str, language: str) -> None:
    files = sorted((PROJECT / folder / language).glob("*.yml"))
    assert len(files) > 50
    for file in files:
        before = file.read_bytes().decode()
        document = Document(before, file.name)
        document.add_examples(["nlu", 0, "examples"], [STRANGE])
        assert changed(before, document.text()) == [f"+       - {STRANGE}"], file
        assert document.text().startswith(before.rstrip("\n"))


@pytest.mark.parametrize(
    ("name", "place", "key", "value", "line"),
    [
        ("menus.yml", ["titles"], "faq/gift", {"en": "A gift?", "ja": "贈"},
         '+   faq/gift: {en: "A gift?", ja: "贈"}'),
        ("policy.yml", ["delivery", "carriers"], "nl", ["DHL", "PostNL 24"],
         '+     nl: [DHL, "PostNL 24"]'),
    ],
)  # fmt: skip
def test_one_entry_is_one_line(
    name: str, place: list[str], key: str, value: Any, line: str
) -> None:
    before = (PROJECT / name).read_bytes().decode()
    document = Document(before, name)
    document.add_entry(place, key, value)
    assert changed(before, document.text()) == [line]


def test_a_text_in_one_more_language_goes_between_the_braces() -> None:
    document = Document('a: {en: "x, }", ja: y}   # kept\nb: 1\n')
    document.add_entry(["a"], "no", "it's: so")
    assert document.text() == 'a: {en: "x, }", ja: y, "no": "it\'s: so"}   # kept\nb: 1\n'


@pytest.mark.parametrize(
    "before",
    ["", "\ufeff", "# \U0001f381 \ufeff 贈\n", 'z: "a\u2028b"\n', 'z: "1\t2"\n'],
    ids=["nothing", "mark of order", "wide signs", "separator of lines", "tab"],
)
@pytest.mark.parametrize("newline", ["\n", "\r\n"], ids=["LF", "CRLF"])
def test_places_count_every_sign(before: str, newline: str) -> None:
    given = f'{before}a: [x, "é \U0001f600"] # kept\nb: {{c: d}}\n'.replace("\n", newline)
    document = Document(given)
    document.add_item(["a"], "new", at=1)
    document.set_text(["b", "c"], "other")
    wanted = given.replace("[x, ", "[x, new, ").replace("c: d", 'c: "other"')
    assert document.text() == wanted


def test_a_need_is_put_where_it_stands_by_its_letters_and_a_menu_leads_to_it() -> None:
    domain = (PROJECT / "domain.yml").read_bytes().decode()
    document = Document(domain)
    document.add_item(["intents"], {"gift": {"use_entities": []}}, before="goodbye")
    after = document.text()
    assert changed(domain, after) == ["+   - gift: {use_entities: []}"]
    assert "  - gift: {use_entities: []}\n  - goodbye:" in after
    menus = (PROJECT / "menus.yml").read_bytes().decode()
    document = Document(menus)
    document.add_item(["menus", "payment", "choices"], "faq/gift", before="human_agent")
    assert "choices: [faq/payment_methods, payment_problem, invoice, faq/gift, human_agent]" in (
        document.text()
    )


def test_items_of_many_lines_stand_as_those_beside_them() -> None:
    rules = (PROJECT / "data/rules/service.yml").read_bytes().decode()
    document = Document(rules)
    steps = [{"intent": "gift"}, {"action": "utter_gift"}]
    document.add_item(["rules"], {"rule": "A gift", "steps": steps})
    assert document.text() == (
        f"{rules}\n  - rule: A gift\n    steps:\n      - intent: gift\n      - action: utter_gift\n"
    )


def test_a_wording_goes_after_the_others_of_its_response() -> None:
    before = (
        "responses:\n  utter_a:\n    - text: one\n      condition: [{type: slot}]   # why\n\n"
        "  utter_b:\n  - text: two\n# end\n"
    )
    document = Document(before)
    document.add_item(["responses", "utter_a"], {"text": "x", "condition": [LANGUAGE]})
    document.add_item(["responses", "utter_b"], {"text": "y"})
    assert document.text() == (
        "responses:\n  utter_a:\n    - text: one\n      condition: [{type: slot}]   # why\n"
        '    - text: "x"\n      condition: [{type: slot, name: language}]\n\n'
        '  utter_b:\n  - text: two\n  - text: "y"\n# end\n'
    )


def test_words_and_flags_are_replaced_in_place() -> None:
    document = Document("a:\n  - text: 'old'  # note\n    ready: false\nb: c\n")
    document.set_text(["a", 0, "text"], 'new "one"')
    document.set_flag(["a", 0, "ready"], True)
    assert document.text() == 'a:\n  - text: "new \\"one\\""  # note\n    ready: true\nb: c\n'


def test_line_ends_and_a_missing_last_one_are_kept() -> None:
    document = Document("nlu:\r\n- intent: a\r\n  examples: |\r\n    - x\r\n\r\n- intent: b\r\n")
    document.add_examples(["nlu", 0, "examples"], ["y", "z"])
    assert document.text() == (
        "nlu:\r\n- intent: a\r\n  examples: |\r\n    - x\r\n    - y\r\n    - z\r\n\r\n"
        "- intent: b\r\n"
    )
    document = Document("nlu:\n- intent: a\n  examples: |\n    - x")
    document.add_examples(["nlu", 0, "examples"], ["y"])
    assert document.text() == "nlu:\n- intent: a\n  examples: |\n    - x\n    - y\n"


def test_what_ends_a_block_is_no_part_of_it() -> None:
    before = "nlu:\n- intent: a\n  examples: |\n    - x\n\n  # of b\n- intent: b\n"
    document = Document(before)
    document.add_examples(["nlu", 0, "examples"], ["y"])
    assert document.text() == before.replace("    - x\n", "    - x\n    - y\n")


@pytest.mark.parametrize(
    ("text", "change", "said"),
    [
        ("a: [1\n", lambda document: None, "isn't YAML"),
        ("a: {b: c}\n", lambda it: it.add_examples(["a"], ["x"]), "isn't a text"),
        ("a: b\n", lambda it: it.add_examples(["a"], ["x"]), "isn't a block of lines"),
        ("a: b\n", lambda it: it.add_item(["a"], "x"), "isn't a list"),
        ("a: b\n", lambda it: it.add_item(["c"], "x"), "has no c"),
        ("a: {b: c}\n", lambda it: it.add_entry(["a"], "b", "x"), "is there already"),
        ("a: |\n  b\n", lambda it: it.set_text(["a"], "x"), "by hand"),
        ("", lambda it: it.add_item([], "x"), "is empty"),
    ],
    ids=range(8),
)
def test_what_cannot_be_changed_is_told(text: str, change: Any, said: str) -> None:
    with pytest.raises(WritingError, match=said):
        change(Document(text, "some.yml"))


def test_what_would_say_something_else_is_not_written() -> None:
    document = Document("a: &same [x]\nb: *same\n")  # one list in two places
    document.add_item(["b"], "y")
    with pytest.raises(WritingError, match="by hand"):
        document.text()


@pytest.mark.parametrize("text", [STRANGE, "no", "a\tb", "\x85\u2028", "1", "{x}", "- a", " ", ""])
def test_quoted_words_are_read_as_they_were(text: str) -> None:
    assert load_yaml(f"a: {quoted(text)}\n") == {"a": text}
    assert load_yaml(f"a: [{scalar(text)}]\n") == {"a": [text]}


def test_new_files_are_in_the_houses_form() -> None:
    value = {
        "version": "3.1",
        "responses": {"utter_a": [{"text": "Hi", "custom": {"offer": ["human_agent"]}}]},
        "nlu": [{"intent": "a", "examples": "- x: y\n- z\n"}],
    }
    lines = block(value)
    assert load_yaml("\n".join(lines) + "\n") == value
    assert lines == [
        'version: "3.1"',
        "responses:",
        "  utter_a:",
        '    - text: "Hi"',
        "      custom: {offer: [human_agent]}",
        "nlu:",
        "  - intent: a",
        "    examples: |",
        "      - x: y",
        "      - z",
    ]


def a_project(root: Path) -> Changes:
    (root / "one.yml").write_text("a: 1\n")
    os.chmod(root / "one.yml", 0o640)
    changes = Changes(root)
    changes.put("one.yml", "a: 2\n")
    changes.put("new/two.yml", "b: 3\n")
    changes.put("one.yml", changes.read("one.yml") + "c: 4\n")
    return changes


def test_files_are_written_with_their_rights_and_nothing_is_left_behind(tmp_path: Path) -> None:
    changes = a_project(tmp_path)
    assert (tmp_path / "one.yml").read_text() == "a: 1\n"
    assert changes.write() == ["new/two.yml", "one.yml"]
    assert (tmp_path / "one.yml").read_text() == "a: 2\nc: 4\n"
    assert (tmp_path / "new/two.yml").read_text() == "b: 3\n"
    assert stat.S_IMODE((tmp_path / "one.yml").stat().st_mode) == 0o640
    assert sorted(path.name for path in tmp_path.rglob("*.yml*")) == ["one.yml", "two.yml"]


def test_all_or_none(tmp_path: Path) -> None:
    changes = a_project(tmp_path)
    (tmp_path / "zz.yml").mkdir()  # a file can't take a folder's place
    (tmp_path / "zz.yml" / "inside").write_text("")
    changes.put("zz.yml", "d: 5\n")
    with pytest.raises(OSError, match=r"zz\.yml"):
        changes.write()
    assert (tmp_path / "one.yml").read_text() == "a: 1\n"
    assert [path.name for path in tmp_path.rglob("*") if path.is_file()] == ["one.yml", "inside"]


def test_what_stays_the_same_is_not_written(tmp_path: Path) -> None:
    changes = a_project(tmp_path)
    changes.put("one.yml", "a: 1\n")
    assert changes.names == ["new/two.yml"]


def test_the_patch_is_one_that_git_takes(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    subprocess.run(["git", "init", "-q", tmp_path / "a"], check=True)
    patch = a_project(tmp_path / "a").patch()
    subprocess.run(["git", "-C", tmp_path / "a", "apply"], input=patch, text=True, check=True)
    assert (tmp_path / "a/one.yml").read_text() == "a: 2\nc: 4\n"
    assert (tmp_path / "a/new/two.yml").read_text() == "b: 3\n"


def test_a_file_that_is_no_utf8_is_named(tmp_path: Path) -> None:
    (tmp_path / "x.yml").write_bytes("a: é\n".encode("latin-1"))
    with pytest.raises(WritingError, match=r"x\.yml"):
        Changes(tmp_path).read("x.yml")
