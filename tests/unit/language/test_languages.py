"""The language of a message, and which of ours a browser's language means."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tenin.language.languages import LanguageError, Languages, detect, load_languages, match

BOTH = Languages("en", {"en": "English", "zh-Hans": "简体中文"}, ("en", "zh-Hans"))
ENGLISH = Languages("en", {"en": "English", "zh-Hans": "简体中文"}, ("en",))
WIDER = Languages("en", {}, ("en", "zh-Hant", "zh-Hans", "ja"))


@pytest.mark.parametrize("previous", [None, "en", "zh-Hans"])
@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("Where is my order?", "en"),
        ("order status", "en"),
        ("agent please", "en"),
        ("agent", "en"),
        ("i’m looking for a size 42 shoe", "en"),
        ("My name is 王小明", "en"),
        ("what about 人民币?", "en"),
        ("Ｗｈｅｒｅ ｉｓ ｍｙ ｏｒｄｅｒ", "en"),
        ("我的订单到哪了", "zh-Hans"),
        ("我的order什么时候到", "zh-Hans"),
        ("please 帮我查", "zh-Hans"),
        ("转人工", "zh-Hans"),
        ("退货", "zh-Hans"),
        ("订单202611050042", "zh-Hans"),
        ("OK谢谢", "zh-Hans"),
    ],
)
def test_a_message_with_words_tells_its_language(
    text: str, language: str, previous: str | None
) -> None:
    assert detect(text, previous, "en", BOTH) == language


@pytest.mark.parametrize("previous", ["en", "zh-Hans"])
@pytest.mark.parametrize(
    "text",
    [
        "", "ok", "OK!", "thanks", "hi", "202611050042", "20261105-0042", "12345", "me@example.com",
        "order.help@example.com", "13812345678", "John Smith", "Will Smith", "Mary Ann Jones",
        "iPhone 15 Pro Max", "https://shop.example/where/is/my/order", "😀 ???", "１２３",
    ],
)  # fmt: skip
def test_what_has_no_language_holds_the_conversations(text: str, previous: str) -> None:
    assert detect(text, previous, "en", BOTH) == previous


def test_a_chinese_name_holds_english() -> None:
    assert detect("王小明", "en", "en", BOTH) == "en"


def test_without_a_language_so_far_the_given_default_stands() -> None:
    assert detect("ok", None, "zh-Hans", BOTH) == "zh-Hans"
    assert detect("ok", None, None, BOTH) == "en"
    assert detect("ok", None, "xx", BOTH) == "en"


@pytest.mark.parametrize(
    "text", ["注文はどこですか", "色は何ですか", "안녕하세요 order", "где мой заказ"]
)
def test_a_language_of_another_script_is_not_taken_for_one_of_ours(text: str) -> None:
    assert detect(text, "zh-Hans", "en", BOTH) == "zh-Hans"
    assert detect(text, "en", "en", BOTH) == "en"


@given(st.text(), st.sampled_from([None, "en", "zh-Hans", "ja"]), st.sampled_from([BOTH, ENGLISH]))
def test_only_a_ready_language_is_given(
    text: str, previous: str | None, languages: Languages
) -> None:
    assert detect(text, previous, "zh-Hans", languages) in languages.ready


def test_chinese_is_not_given_before_it_is_ready() -> None:
    assert detect("我的订单到哪了", "en", None, ENGLISH) == "en"


@pytest.mark.parametrize(
    ("browser", "language"),
    [
        ("zh-CN", "zh-Hans"), ("zh", "zh-Hans"), ("zh-SG", "zh-Hans"), ("zh-Hans-CN", "zh-Hans"),
        ("ZH_cn", "zh-Hans"), ("zh-CN,zh;q=0.9,en;q=0.8", "zh-Hans"), ("zh-TW", "zh-Hans"),
        ("en", "en"), ("en-GB", "en"), ("en-US,en;q=0.5", "en"), ("ja", "en"), ("fr-FR", "en"),
        ("", "en"), (None, "en"), ("*", "en"), ("english", "en"),
        ("x" * 10_000, "en"), ("\0", "en"),
    ],
)  # fmt: skip
def test_a_browsers_language_is_matched(browser: str | None, language: str) -> None:
    assert match(browser, BOTH) == language


def test_a_browsers_script_is_matched_where_it_is_ready() -> None:
    assert match("zh-TW", WIDER) == match("zh-HK", WIDER) == match("zh-Hant", WIDER) == "zh-Hant"
    assert match("zh-CN", WIDER) == match("zh", WIDER) == "zh-Hans"
    assert match("ja-JP", WIDER) == "ja"


def test_the_projects_own_file_is_read() -> None:
    found = load_languages()
    assert found.default == "en"
    assert set(found.ready) >= {"en", "zh-Hans"}


def test_a_default_that_is_not_ready_is_refused_with_the_remedy(tmp_path: Path) -> None:
    file = tmp_path / "languages.yml"
    file.write_text(
        "default: ja\nlanguages:\n  ja: {name: 日本語, ready: false}\n  en: {ready: true}\n"
    )
    with pytest.raises(LanguageError, match=r"languages\.yml.*'ja' isn't ready.*\(en\)"):
        load_languages(file)
