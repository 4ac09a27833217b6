"""The place in a list that a customer names."""

from __future__ import annotations

import pytest

from tenin.language.choices import place


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("the first one please", 0),
        ("the newest", 0),
        ("my latest order", 0),
        ("the 2nd", 1),
        ("no. 3", 2),
        ("2", 1),
        ("３", 2),
        ("2.", 1),
        ("最新那笔", 0),
        ("最新那筆", 0),
        ("第二个", 1),
        ("一番目のです", 0),
        ("2つ目でお願いします", 1),
        ("新しい方", 0),
    ],
)
def test_a_place_is_named(text: str, expected: int) -> None:
    assert place(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "",
        "12",
        "202611210001",
        "where is it",
        "firstly I want to know when",
        "the first or the second",
        "second-hand goods and the first delivery I ever had from anybody at all",
        "0",
    ],
)
def test_none_is_named(text: str) -> None:
    assert place(text) is None
