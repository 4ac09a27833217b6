"""Placeholders: filled in the language's way, and a value is never read as one."""

from datetime import date, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tenin.language.fill import PlaceholderError, fill, placeholders


@pytest.mark.parametrize(
    ("text", "values", "english", "chinese"),
    [
        ("{d:date}", {"d": "2026-11-05"}, "November 5, 2026", "2026年11月5日"),
        ("{d:date}", {"d": "2026-11-05T23:59:00+00:00"}, "November 5, 2026", "2026年11月5日"),
        ("{d:date}", {"d": date(2026, 1, 2)}, "January 2, 2026", "2026年1月2日"),
        ("{d:date}", {"d": datetime(2026, 1, 2, 3)}, "January 2, 2026", "2026年1月2日"),
        ("{m:money}", {"m": ["1329.5", "CNY"]}, "CN¥1,329.50", "¥1,329.50"),
        ("{m:money}", {"m": (Decimal("0.1"), "USD")}, "$0.10", "US$0.10"),
        ("{n:number}", {"n": 12345.5}, "12,345.5", "12,345.5"),
        ("{n}/{n}", {"n": 7}, "7/7", "7/7"),
        ("{{{n}}}", {"n": 7}, "{7}", "{7}"),
    ],
)
def test_values_are_formatted_in_the_languages_way(
    text: str, values: dict[str, object], english: str, chinese: str
) -> None:
    assert fill(text, values, "en") == english
    assert fill(text, values, "zh-Hans") == chinese


@given(st.text())
def test_a_customers_text_is_put_in_as_it_is(text: str) -> None:
    assert fill("<{name}>", {"name": text}, "en") == f"<{text}>"


@pytest.mark.parametrize("said", ["{secret}", "{0.__class__}", "{name.__class__}", "%s", "{", "}"])
def test_a_customers_text_is_not_interpreted(said: str) -> None:
    assert fill("{name} {other}", {"name": said, "other": said, "secret": "x"}, "en") == (
        f"{said} {said}"
    )


@pytest.mark.parametrize(
    "text",
    [
        "{a.b}",
        "{a[0]}",
        "{a.__class__}",
        "{}",
        "{0}",
        "{a!r}",
        "{a:x}",
        "{a:{b}}",
        "{a",
        "a}",
        "{a b}",
    ],
)
def test_anything_but_a_name_and_a_known_format_is_refused(text: str) -> None:
    with pytest.raises(PlaceholderError):
        fill(text, {"a": "1", "b": "date"}, "en")
    with pytest.raises(PlaceholderError):
        placeholders(text)


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("{a}", {}),
        ("{a}", {"a": None}),
        ("{a:date}", {"a": "tomorrow"}),
        ("{a:date}", {"a": 5}),
        ("{a:money}", {"a": "12"}),
        ("{a:money}", {"a": ["x", "CNY"]}),
        ("{a:money}", {"a": ["1"]}),
        ("{a:number}", {"a": "nan"}),
        ("{a:number}", {"a": "many"}),
    ],
)
def test_a_missing_or_unfit_value_is_named(text: str, values: dict[str, object]) -> None:
    with pytest.raises(PlaceholderError, match=r"\{a"):
        fill(text, values, "en")


def test_placeholders_are_listed_with_their_formats() -> None:
    assert placeholders("{a} {b:date} {{c}} {a}") == [("a", ""), ("b", "date"), ("a", "")]
