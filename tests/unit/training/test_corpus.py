"""The sentences of the project, and where each stands."""

from __future__ import annotations

from pathlib import Path

import pytest

from tenin.language.yamlfile import YAMLFileError
from tenin.training.corpus import HELD_OUT, TRAINED, folded, read_sentences

PROJECT = Path(__file__).parents[3]
FILE = """\
version: "3.1"

nlu:
  # asked often
  - intent: greet
    examples: |
      - hi there

      - Ｈｅｌｌｏ
  - lookup: size
    examples: |
      - M
  - intent: faq/returns_policy
    examples: |
      - can I send it back
"""


def write(root: Path, name: str, text: str) -> None:
    file = root / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text, encoding="utf-8")


def test_each_sentence_comes_with_its_place(tmp_path: Path) -> None:
    write(tmp_path, "data/nlu/en/talk.yml", FILE)
    found = read_sentences(tmp_path, TRAINED)
    assert [(each.text, each.need, each.language, each.line) for each in found] == [
        ("hi there", "greet", "en", 7),
        ("Ｈｅｌｌｏ", "greet", "en", 9),
        ("can I send it back", "faq/returns_policy", "en", 15),
    ]
    assert found[1].folded == "hello"
    assert read_sentences(tmp_path, TRAINED, "ja") == []
    assert read_sentences(tmp_path, HELD_OUT) == []


@pytest.mark.parametrize("folder", [TRAINED, HELD_OUT])
def test_the_projects_own_stand_where_they_are_said_to(folder: str) -> None:
    lines: dict[Path, list[str]] = {}
    found = read_sentences(PROJECT, folder)
    assert len(found) > 1000
    for each in found:
        if each.file not in lines:
            lines[each.file] = each.file.read_text(encoding="utf-8").splitlines()
        assert lines[each.file][each.line - 1].strip() == f"- {each.text}"


def test_what_is_no_yaml_is_named(tmp_path: Path) -> None:
    write(tmp_path, "data/nlu/en/broken.yml", "nlu:\n\t- intent: x\n")
    with pytest.raises(YAMLFileError, match=r"broken\.yml, line 2"):
        read_sentences(tmp_path, TRAINED)


def test_folding_leaves_what_is_said() -> None:
    assert folded(" Ｗhere’s MY order ") == "where’s my order"


def test_places_are_right_however_the_file_is_written(tmp_path: Path) -> None:
    write(
        tmp_path,
        "data/nlu/en/strange.yml",
        "nlu:\n- examples: |+\n   - one\n   - examples: |\n  intent: a\n"
        '- intent: b\n  "examples": |   # why\n    - two\n- {intent: c, lookup: d}\n',
    )
    found = read_sentences(tmp_path, TRAINED)
    assert [(each.text, each.line) for each in found] == [
        ("one", 3),
        ("examples: |", 4),
        ("two", 8),
    ]
