"""Whatever is done to a file, the check gives findings and never raises."""

from __future__ import annotations

import tempfile
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from tenin.training.check.kinds import kind_of
from tenin.training.check.project import read_project
from tenin.training.check.whole import check
from tests.unit.training.check import small

PROJECT = Path(__file__).parents[4]
REAL = (
    *("languages.yml", "menus.yml", "policy.yml", "desk.yml", "invitations.yml", "domain.yml"),
    *("config.yml", "tenin.yml", "checks.yml", "data/nlu/en/track_order.yml"),
    *("data/nlu/zh-Hans/greet.yml", "data/responses/track_order.yml", "data/rules/talk.yml"),
    *("data/stories/doubt.yml", "tests/stories/test_notices.yml", "tests/dialogues/en/orders.yml"),
    *("blueprints/return_item.yml", "blueprints/personas/emma.yml", "tests/nlu/ja/greet.yml"),
)
SIGNS = (
    *(
        "\t",
        " ",
        "  ",
        "\n",
        ":",
        "：",
        '"',
        "“",
        "'",
        "{",
        "}",
        "[",
        "]",
        "- ",
        "-",
        "－",
        "|",
        ">",
    ),
    *("#", "&a ", "*a", "!", "%", "@", "`", "?", "? ", ",", "\u3000", "\x00", "\ufeff", "\\", "~"),
    *("---\n", "...\n", "null", "1", "true", "<<: ", "{{", "/", "utter_", "{x:y}", "\r", "𠮷", "é"),
)
EDITS = st.lists(
    st.tuples(
        st.sampled_from(("insert", "delete", "double", "swap", "cut", "replace")),
        st.floats(0, 1, exclude_max=True),
        st.sampled_from(SIGNS),
        st.integers(1, 30),
    ),
    min_size=1,
    max_size=6,
)


def edited(text: str, edits: list[tuple[str, float, str, int]]) -> str:
    """The text after these edits, each at its share of the length."""
    for kind, share, sign, length in edits:
        at = int(share * len(text))
        lines = text.split("\n")
        line = int(share * len(lines))
        if kind == "insert":
            text = text[:at] + sign + text[at:]
        elif kind == "delete":
            text = text[:at] + text[at + length :]
        elif kind == "replace":
            text = text[:at] + sign + text[at + 1 :]
        elif kind == "double":
            text = "\n".join([*lines[: line + 1], *lines[line:]])
        elif kind == "swap":
            text = "\n".join([*lines[:line], *reversed(lines[line : line + 2]), *lines[line + 2 :]])
        else:
            text = text[:at]
    return text


@settings(max_examples=60)
@given(name=st.sampled_from(REAL), edits=EDITS)
def test_reading_an_edited_file_never_raises(
    name: str, edits: list[tuple[str, float, str, int]]
) -> None:
    text = edited((PROJECT / name).read_text(encoding="utf-8"), edits)
    with tempfile.TemporaryDirectory() as folder:
        root = small.write(Path(folder), {name: text})
        [source] = read_project(root).sources.values()
        assert kind_of(name)[0] is not None
        for finding in source.findings:
            assert 1 <= finding.line <= len(source.lines)
            assert finding.remedy


@settings(max_examples=8)
@given(name=st.sampled_from(REAL), edits=EDITS)
def test_checking_a_project_with_an_edited_file_never_raises(
    name: str, edits: list[tuple[str, float, str, int]]
) -> None:
    text = edited((PROJECT / name).read_text(encoding="utf-8"), edits)
    with tempfile.TemporaryDirectory() as folder:
        check(small.write(Path(folder), small.files() | {name: text}))


@settings(max_examples=8)
@given(name=st.sampled_from(sorted(small.files())), edits=EDITS)
def test_checking_an_edited_project_never_raises(
    name: str, edits: list[tuple[str, float, str, int]]
) -> None:
    files = small.files()
    with tempfile.TemporaryDirectory() as folder:
        check(small.write(Path(folder), files | {name: edited(files[name], edits)}))


@settings(max_examples=40)
@given(raw=st.binary(max_size=400))
def test_reading_any_bytes_never_raises(raw: bytes) -> None:
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "data/nlu/en/greet.yml")
        file.parent.mkdir(parents=True)
        file.write_bytes(raw)
        read_project(Path(folder))
