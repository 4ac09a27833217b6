"""Which language a customer asks to go on in."""

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tenin.language.languages import Languages, load_languages
from tenin.language.requests import requested

FILE = Path(__file__).parents[3] / "languages.yml"
TWO = load_languages(FILE)
FOUR = replace(TWO, ready=("en", "zh-Hans", "zh-Hant", "ja"))


@pytest.mark.parametrize("previous", [None, "en", "zh-Hans", "zh-Hant", "ja"])
@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("English please", "en"), ("说英文", "en"), ("換英語", "en"), ("英語でお願いします", "en"),
        ("can you speak english? my chinese is bad", "en"), ("no chinese, english pls", "en"),
        ("ＥＮＧＬＩＳＨ", "en"), ("我看不懂中文，能用英文吗", "en"), ("eng pls", "en"),
        ("中国語じゃわからん、英語で書いて", "en"), ("switch from Chinese to English", "en"),
        ("简体", "zh-Hans"), ("换成简体中文", "zh-Hans"), ("能说中文吗", "zh-Hans"),
        ("simplified chinese please", "zh-Hans"), ("不要英文，要简体", "zh-Hans"),
        ("簡体字で表示して", "zh-Hans"), ("页面是日文的怎么改中文", "zh-Hans"),
        ("換成繁體", "zh-Hant"), ("traditional chinese pls", "zh-Hant"), ("繁体字で", "zh-Hant"),
        ("介面變簡體了，改回正體", "zh-Hant"), ("轉返中文啦，講國語都得", "zh-Hant"),
        ("日本語でお願いします", "ja"), ("in japanese", "ja"), ("にほんごで", "ja"),
        ("ﾆﾎﾝｺﾞ ﾃﾞ", "ja"),
        ("有日语服务吗", "ja"), ("日文可以嗎", "ja"), ("日本語しかわからへん", "ja"),
        ("nihongo de", "ja"),
        ("なんで中国語で返ってくるの？日本語がいい", "ja"),
        ("espanol?", None), ("español por favor", None), ("韩国语", None),
        ("language", None), ("", None),
        ("フランス語はできますか", None), ("i dont understand chinese", None),
        ("别跟我说英语", None), ("why are you answering in japanese", None),
        ("怎么变成英语了，调回来", None), ("bengali or engineering?", None),
        ("I speak French, no English", None), ("翻訳して日本語で出してください、今の中国語", "ja"),
        ("switch to english, this chinese page", "en"), ("english? or french", "en"),
    ],
)  # fmt: skip
def test_the_language_asked_for_is_found(
    text: str, language: str | None, previous: str | None
) -> None:
    assert requested(text, previous, FOUR) == language


@pytest.mark.parametrize(
    "text", ["中文", "chinese", "can we speak chinese", "中国語で", "Mandarin?"]
)
def test_chinese_is_the_one_of_the_conversation_else_the_first(text: str) -> None:
    assert requested(text, "zh-Hant", FOUR) == "zh-Hant"
    assert requested(text, "zh-Hans", FOUR) == "zh-Hans"
    for previous in (None, "en", "ja"):
        assert requested(text, previous, FOUR) == "zh-Hans"


def test_chinese_is_the_one_of_the_message() -> None:
    for previous in (None, "en", "ja", "zh-Hans"):
        assert requested("切換成中文", previous, FOUR) == "zh-Hant"


def test_a_language_that_is_not_ready_is_not_given() -> None:
    two = replace(FOUR, ready=("en", "zh-Hans"))
    assert requested("日本語でお願いします", None, two) is None
    assert requested("換成繁體", None, two) is None
    assert requested("切換成中文", "en", two) == "zh-Hans"
    assert requested("English please", None, replace(FOUR, ready=("ja",))) is None


def test_every_language_of_the_project_can_be_asked_for_by_its_own_name() -> None:
    assert set(TWO.names) == {"en", "zh-Hans", "zh-Hant", "ja"}
    for code, name in TWO.names.items():
        assert requested(name, None, FOUR) == code


def test_without_names_nothing_is_asked_for() -> None:
    assert requested("English please", None, Languages("en", {}, ("en",))) is None


PIECES = st.sampled_from(
    [
        *(name for names in TWO.asked_as.values() for name in names),
        "no ",
        "を",
        "不要",
        ", ",
        " in ",
    ]
)


@given(
    st.lists(PIECES, max_size=6).map("".join) | st.text(),
    st.sampled_from([None, "en", "zh-Hans", "zh-Hant", "ja"]),
    st.sampled_from([FOUR, replace(FOUR, ready=("en", "zh-Hant")), replace(FOUR, ready=("ja",))]),
)
def test_only_a_ready_language_is_given(
    text: str, previous: str | None, languages: Languages
) -> None:
    assert requested(text, previous, languages) in (None, *languages.ready)
