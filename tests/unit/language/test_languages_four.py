"""The language of a message where all four are ready: told by script and wording, and held."""

import itertools

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tenin.language.languages import Languages, detect

CODES = ("en", "zh-Hans", "zh-Hant", "ja")
FOUR = Languages("en", {}, CODES)
SOME = [
    Languages(ready[0], {}, ready)
    for size in (1, 2, 3, 4)
    for ready in itertools.permutations(CODES, size)
]

TOLD = {
    "en": [
        "Where is my order?", "cancel it please", "can i return this jacket", "refund policy",
        "My name is 王小明", "what about 人民币?", "is the テント waterproof?",
        "u got this in red?",
        "can you help me check 我的 order please",
    ],
    "zh-Hans": [
        "我的订单到哪了", "退货", "怎么退货", "我的order什么时候到", "发票开错了", "哪里可以查快递",
        "这个テント多少钱", "好的，谢谢，ありがとう", "请问の字怎么打", "cancel我的订单",
        "几天能到",
        "LUMINEの帐篷有货吗", "请问スノーピーク的帐篷还有货吗", "转人工", "ok谢谢",
    ],
    "zh-Hant": [
        "我的訂單到哪了", "退貨", "請問什麼時候出貨", "可以開統編嗎", "我要改宅配地點", "好ㄉ謝謝",
        "森の家的帳篷還有貨嗎", "唔該幫我查下個包裹", "我啲嘢寄咗邊", "這個テント多少錢",
        "發票載具",
         "想買の帳篷太貴了",
    ],
    "ja": [
        "注文はどこですか", "返品したい", "領収書発行", "返品送料", "発送状況", "注文確認",
        "支払方法変更",
        "deliveryのstatus見たい",
        "ﾆﾎﾝｺﾞ ﾃﾞ", "ﾊｲｿｳ ｼﾞｮｳｷｮｳ", "在庫確認お願いします", "全部で何円？",
        "这个はいくらですか", "田中です、荷物まだですか", "色は何ですか",
        "sumimasen chuumon shitai desu",
        "ありがとうございます", "こんにちは", "(´・ω・`) 届きません",
    ],
}  # fmt: skip

HELD = [
    "", "ok", "OK!", "thanks", "hi", "202611050042", "20261105-0042", "12345", "１２３", "😀 ???",
    "me@example.com", "13812345678", "+81 90 0000 4567", "https://shop.example/where/is/my/order",
    "John Smith", "王小明", "劉小明", "佐藤健", "田中 太郎", "iPhone 15 Pro Max", "SPX-2200-L",
    "广东省深圳市南山区科技路1号", "台北市信義區松山路100號", "東京都渋谷区神南1-2-3", "の",
    "ありがとう", "안녕하세요 order", "где мой заказ", "dónde está mi pedido", "(・∀・)ノ", "3Q",
]  # fmt: skip


def cases() -> list[tuple[str, str]]:
    return [(text, language) for language, texts in TOLD.items() for text in texts]


@pytest.mark.parametrize("previous", [None, *CODES])
@pytest.mark.parametrize(("text", "language"), cases())
def test_a_message_tells_its_language(text: str, language: str, previous: str | None) -> None:
    assert detect(text, previous, "en", FOUR) == language


@pytest.mark.parametrize("previous", CODES)
@pytest.mark.parametrize("text", HELD)
def test_what_has_no_language_holds_the_conversations(text: str, previous: str) -> None:
    assert detect(text, previous, "en", FOUR) == previous


@pytest.mark.parametrize("text", ["我要退款", "要多久", "可以再便宜一些", "不喜"])
def test_chinese_of_signs_common_to_both_holds_or_takes_the_default(text: str) -> None:
    for previous in ("zh-Hans", "zh-Hant"):
        assert detect(text, previous, "en", FOUR) == previous
    assert detect(text, "en", "zh-Hant", FOUR) == "zh-Hant"
    assert detect(text, None, "zh-Hant", FOUR) == "zh-Hant"
    assert detect(text, "en", "ja", FOUR) == "zh-Hans"


@pytest.mark.parametrize(
    ("text", "hans", "hant"),
    [
        ("我要訂帳篷，华夏牌", "zh-Hant", "zh-Hant"),  # more traditional
        ("我要买帐篷，寄臺中", "zh-Hans", "zh-Hans"),  # more simplified
        ("买買", "zh-Hans", "zh-Hant"),  # as much of both
        ("皇后", "zh-Hans", "zh-Hant"),  # 后 is no simplified sign here
        ("以后再说", "zh-Hans", "zh-Hans"),
    ],
)
def test_mixed_signs_follow_the_majority(text: str, hans: str, hant: str) -> None:
    assert detect(text, "zh-Hans", None, FOUR) == hans
    assert detect(text, "zh-Hant", None, FOUR) == hant


@pytest.mark.parametrize("text", ["唔好咁", "我想攞嘢", "俾返我啦", "佢哋冇"])
def test_cantonese_is_traditional_unless_the_conversation_is_in_the_other(text: str) -> None:
    assert detect(text, "zh-Hans", None, FOUR) == "zh-Hans"
    for previous in (None, "en", "ja", "zh-Hant"):
        assert detect(text, previous, None, FOUR) == "zh-Hant"


def test_cantonese_in_simplified_signs_is_simplified() -> None:
    for previous in CODES:
        assert detect("唔该帮我查下快递寄咗未", previous, None, FOUR) == "zh-Hans"


@pytest.mark.parametrize("text", ["price match嗎", "in stock嗎？", "cancel我的order", "order呢"])
def test_chinese_with_english_words_stays_chinese(text: str) -> None:
    assert detect(text, "zh-Hant", "en", FOUR) == "zh-Hant"


@pytest.mark.parametrize("text", ["電池式", "配送可能", "確認中", "了解", "不要", "終了"])
def test_japanese_in_shared_signs_holds(text: str) -> None:
    assert detect(text, "ja", "en", FOUR) == "ja"


def test_one_katakana_word_is_a_products_name_in_chinese_talk_only() -> None:
    for previous in ("zh-Hans", "zh-Hant"):
        assert detect("スノーピーク", previous, None, FOUR) == previous
    for previous in (None, "en", "ja"):
        assert detect("スノーピーク", previous, None, FOUR) == "ja"


def test_a_conversation_does_not_flap() -> None:
    talk = [
        ("你好，想買帳篷", "zh-Hant"), ("ok", "zh-Hant"), ("有2人的嗎", "zh-Hant"),
        ("Hilleberg Anjan 2", "zh-Hant"), ("スノーピーク", "zh-Hant"), ("王小明", "zh-Hant"),
        ("台北市信義區松山路100號", "zh-Hant"), ("ありがとう", "zh-Hant"),
        ("can you answer in english from now on", "en"), ("ok", "en"), ("我要退款", "zh-Hans"),
        ("返品したいのですが", "ja"), ("202611050042", "ja"), ("注文確認", "ja"),
    ]  # fmt: skip
    language = "en"
    for text, expected in talk:
        language = detect(text, language, None, FOUR)
        assert language == expected, text


@pytest.mark.parametrize("previous", ["en", "zh-Hans"])
def test_traditional_is_answered_in_simplified_where_it_is_not_ready(previous: str) -> None:
    without = Languages("en", {}, ("en", "zh-Hans", "ja"))
    assert detect("我的訂單到哪了", previous, None, without) == "zh-Hans"


@pytest.mark.parametrize("previous", ["en", "zh-Hans"])
def test_a_language_that_is_not_ready_holds(previous: str) -> None:
    without = Languages("en", {}, ("en", "zh-Hans"))
    for text in TOLD["ja"][:3]:
        assert detect(text, previous, None, without) == previous
    assert detect("我的订单到哪了", previous, None, Languages("en", {}, ("en", "ja"))) == "en"


PIECES = [
    *(text for texts in TOLD.values() for text in texts), *HELD,
    *"的了退貨货发発価注文のテア王ㄉ咗嘅後后么㗎", "order", "my", "ﾃﾝﾄ", "쇼핑", " ", "，", "1",
]  # fmt: skip
TEXTS = st.text(max_size=30) | st.lists(st.sampled_from(PIECES), max_size=5).map("".join)
MAYBE = st.sampled_from([None, *CODES, "xx"])


@given(TEXTS, MAYBE, MAYBE, st.sampled_from(SOME))
@example("我的訂單到哪了 order", "en", None, SOME[0])
def test_a_ready_language_comes_out_and_stays(
    text: str, previous: str | None, default: str | None, languages: Languages
) -> None:
    told = detect(text, previous, default, languages)
    assert told in languages.ready
    assert detect(text, told, default, languages) == told


@pytest.mark.parametrize(
    "text", ["了解", "好的了解", "了解，那運費多少", "了解了，謝謝", "為了解決這件事"]
)
def test_words_that_both_chinese_write_alike_change_nothing(text: str) -> None:
    languages = Languages("en", {}, ("en", "zh-Hans", "zh-Hant", "ja"))
    assert detect(text, "zh-Hant", None, languages) == "zh-Hant"
