"""YAML files of trainers: read by Rasa's rules, and their faults named with the place."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from tenin.language.yamlfile import YAMLFileError, place_of, read_yaml
from tests.system import PROJECT

TEXT = """# head
menus:
  start:
    title: {en: Main}
    choices: [orders, faq/returns]
  orders:
    choices:
      - track_order

      - human_agent
4: {a: b}
"""


def saved(folder: Path, text: str | bytes) -> Path:
    path = folder / "some.yml"
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return path


@pytest.mark.parametrize(
    ("keys", "line"),
    [
        ((), 1),
        (("menus",), 2),
        (("menus", "start"), 3),
        (("menus", "start", "title", "en"), 4),
        (("menus", "start", "choices", "faq/returns"), 5),
        (("menus", "orders", "choices", "track_order"), 8),
        (("menus", "orders", "choices", "human_agent"), 10),
        (("4", "a"), 11),
        (("menus", "orders", "choices", "gone"), 7),  # as far down as they are there
        (("menus", "orders", "title", "en"), 6),
        (("menus", "gone", "choices"), 2),
        (("gone", "menus"), 1),
        (("menus", "start", "title", "en", "Main"), 4),
    ],
)
def test_the_place_of_an_entry_is_its_line(
    tmp_path: Path, keys: tuple[str, ...], line: int
) -> None:
    path = saved(tmp_path, TEXT)
    assert place_of(path, *keys) == f"{path}, line {line}"


@pytest.mark.parametrize("text", ["", "# nothing\n", "word\n"])
def test_a_file_without_entries_is_a_place(tmp_path: Path, text: str) -> None:
    path = saved(tmp_path, text)
    assert place_of(path, "menus") == f"{path}, line 1"


@pytest.mark.parametrize("read", [read_yaml, place_of])
@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("a: {\n", r"some\.yml, line 2: .*Correct the YAML there"),
        ("a: b\n  c: d\n", r"some\.yml, line 2: .*Correct the YAML there"),
        (b"a: \xff\n", r"some\.yml: .*Save it as YAML in UTF-8"),
        ("a: \x07\n", r"some\.yml: .*Save it as YAML in UTF-8"),
    ],
)
def test_what_is_no_yaml_is_named(
    tmp_path: Path, read: Callable[[Path], Any], text: str | bytes, named: str
) -> None:
    path = saved(tmp_path, text)
    with pytest.raises(YAMLFileError, match="(?s)" + named) as raised:
        read(path)
    assert str(path) in str(raised.value)


@pytest.mark.parametrize("read", [read_yaml, place_of])
def test_a_file_that_is_not_there_is_an_os_error(
    tmp_path: Path, read: Callable[[Path], Any]
) -> None:
    with pytest.raises(FileNotFoundError):
        read(tmp_path / "gone.yml")


def test_a_key_given_twice_is_named_with_its_line(tmp_path: Path) -> None:
    with pytest.raises(YAMLFileError, match=r"line 3: .*duplicate key .a.\. Correct"):
        read_yaml(saved(tmp_path, "a: 1\nb: 2\na: 3\n"))


def test_words_are_words_as_rasa_reads_them(tmp_path: Path) -> None:
    found = read_yaml(saved(tmp_path, "a: no\nb: [yes?, on]\nc: 09:00\n"))
    assert found == {"a": "no", "b": ["yes?", "on"], "c": "09:00"}


@pytest.mark.parametrize(
    "text",
    [
        "a: [no, on, 012, 1_000, 1:30, 0o14, ~, 1e3, .5, 2020-01-01, '\\u2028', 😀]",
        "a: &x 1\nb: *x\nc: {<<: {d: 1}}",
        "{a: yes?, b: 1}",
        "a:\tb",
        "%YAML 1.1\n---\na: no",
        "a: x\x85y",
        "a: |\n  x\n",
        "a: 'x",
        "a: 1\na: 2",
        "a: {b",
        "a: \x07",
        *(file.read_text(encoding="utf-8") for file in (PROJECT / "data").rglob("handoff.yml")),
    ],
)
def test_the_fast_reading_says_what_the_slow_one_says(tmp_path: Path, text: str) -> None:
    path = tmp_path / "a.yml"
    path.write_text(text, encoding="utf-8")
    try:
        wanted = repr(YAML(typ="safe", pure=True).load(text))
    except YAMLError:
        with pytest.raises(YAMLFileError):
            read_yaml(path)
    else:
        assert repr(read_yaml(path)) == wanted
