"""Placeholders: filled in the language's way, and a value is never read as one."""

from datetime import date, datetime, time
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tenin.language.fill import FORMATS, PlaceholderError, fill, placeholders

LANGUAGES = ("en", "zh-Hans", "zh-Hant", "ja")


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


@pytest.mark.parametrize(
    ("text", "value", "said"),
    [
        ("{a:days}", 1, ["1 day", "1天", "1天", "1日"]),
        ("{a:days}", 30, ["30 days", "30天", "30天", "30日"]),
        ("{a:days}", "2.5", ["2.5 days", "2.5天", "2.5天", "2.5日"]),
        ("{a:minutes}", 1, ["1 minute", "1分钟", "1分鐘", "1分"]),
        ("{a:minutes}", 30, ["30 minutes", "30分钟", "30分鐘", "30分"]),
        ("{a:months}", 1, ["1 month", "1个月", "1個月", "1か月"]),
        ("{a:months}", 12, ["12 months", "12个月", "12個月", "12か月"]),
        ("{a:list}", ["x"], ["x", "x", "x", "x"]),
        ("{a:list}", ("x", "y"), ["x and y", "x和y", "x和y", "x、y"]),
        ("{a:list}", ["x", "y", "z"], ["x, y, and z", "x、y和z", "x、y和z", "x、y、z"]),
        ("{a:time}", "09:00", ["9:00 AM", "上午9:00", "上午9:00", "9:00"]),
        ("{a:time}", time(21, 30), ["9:30 PM", "下午9:30", "下午9:30", "21:30"]),
    ],
)
def test_spans_lists_and_times_are_said_in_each_language(
    text: str, value: object, said: list[str]
) -> None:
    assert [fill(text, {"a": value}, language) for language in LANGUAGES] == said


@pytest.mark.parametrize(
    ("money", "said"),
    [
        (("199.00", "CNY"), ["CN¥199", "¥199", "CN¥199", "199元"]),
        (("199.50", "CNY"), ["CN¥199.50", "¥199.50", "CN¥199.50", "199.50元"]),
        (("1299", "CNY"), ["CN¥1,299", "¥1,299", "CN¥1,299", "1,299元"]),
        (("0.00", "CNY"), ["CN¥0", "¥0", "CN¥0", "0元"]),
        (("-12", "CNY"), ["-CN¥12", "-¥12", "-CN¥12", "-12元"]),
        (("12", "USD"), ["$12", "US$12", "US$12", "$12"]),
        (("12.5", "USD"), ["$12.50", "US$12.50", "US$12.50", "$12.50"]),
        (("1200", "JPY"), ["¥1,200", "JP¥1,200", "¥1,200", "￥1,200"]),
    ],
)
def test_money_is_said_as_people_do(money: tuple[str, str], said: list[str]) -> None:
    """Whole amounts without decimals; in Japanese 元 is a word and stands behind."""
    assert [fill("{a:money}", {"a": money}, language) for language in LANGUAGES] == said


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (
            datetime(2026, 11, 23, 9, tzinfo=ZoneInfo("Asia/Shanghai")),
            [
                "Monday 23 November, 9:00 (China Time)",
                "11月23日周一 9:00 (中国时间)",
                "11月23日 週一 9:00 (中國時間)",
                "11月23日(月) 9:00 (中国時間)",
            ],
        ),
        (
            # the day is that of its own zone: in UTC it is the day before
            datetime(2027, 3, 1, 0, 30, tzinfo=ZoneInfo("Asia/Tokyo")),
            [
                "Monday 1 March, 0:30 (Japan Time)",
                "3月1日周一 0:30 (日本时间)",
                "3月1日 週一 0:30 (日本時間)",
                "3月1日(月) 0:30 (日本時間)",
            ],
        ),
        (
            "2026-11-22T21:00:00+01:00",
            [
                "Sunday 22 November, 21:00 (GMT+01:00)",
                "11月22日周日 21:00 (GMT+01:00)",
                "11月22日 週日 21:00 (GMT+01:00)",
                "11月22日(日) 21:00 (GMT+01:00)",
            ],
        ),
    ],
    ids=["Shanghai", "Tokyo", "offset"],
)
def test_a_moment_is_told_in_its_own_zone(value: object, said: list[str]) -> None:
    text = "{a:moment} ({a:zone})"
    assert [fill(text, {"a": value}, language) for language in LANGUAGES] == said


def test_a_zone_of_no_country_is_told_by_its_offset() -> None:
    at = datetime(2026, 11, 23, 9, 5, tzinfo=ZoneInfo("UTC"))
    assert [fill("{a:zone}", {"a": at}, language) for language in LANGUAGES] == ["GMT+00:00"] * 4


def test_a_clock_shows_the_time_of_the_moments_zone() -> None:
    at = datetime(2026, 11, 23, 21, 5, tzinfo=ZoneInfo("Asia/Shanghai"))
    assert {fill("{a:clock}", {"a": at}, language) for language in LANGUAGES} == {"21:05"}


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
        ("{a:money}", {"a": ["1", None]}),
        ("{a:money}", {"a": []}),
        ("{a:days}", {"a": "many"}),
        ("{a:days}", {"a": [1]}),
        ("{a:minutes}", {"a": "inf"}),
        ("{a:months}", {"a": ""}),
        ("{a:list}", {"a": "x, y"}),
        ("{a:list}", {"a": []}),
        ("{a:time}", {"a": "25:00"}),
        ("{a:time}", {"a": 9}),
        ("{a:moment}", {"a": "2026-11-23T09:00:00"}),
        ("{a:moment}", {"a": datetime(2026, 11, 23, 9)}),
        ("{a:moment}", {"a": "tomorrow"}),
        ("{a:moment}", {"a": 5}),
        ("{a:clock}", {"a": "09:00"}),
        ("{a:zone}", {"a": datetime(2026, 11, 23, 9)}),
        ("{a:number}", {"a": "nan"}),
        ("{a:number}", {"a": "many"}),
    ],
)
def test_a_missing_or_unfit_value_is_named(text: str, values: dict[str, object]) -> None:
    with pytest.raises(PlaceholderError, match=r"\{a"):
        fill(text, values, "en")


def test_placeholders_are_listed_with_their_formats() -> None:
    assert placeholders("{a} {b:date} {{c}} {a}") == [("a", ""), ("b", "date"), ("a", "")]


@pytest.mark.parametrize("form", FORMATS)
def test_every_format_is_named_where_one_is_unknown(form: str) -> None:
    assert placeholders(f"{{a:{form}}}") == [("a", form)]
    with pytest.raises(PlaceholderError, match=rf"Known are .*\b{form}\b"):
        placeholders("{a:cash}")
