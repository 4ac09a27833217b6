"""Money, sizes, quantities and colours in the words of customers, and their false friends."""

import re
from pathlib import Path

import pytest

from tenin.language.entities import find_entities

SAMPLE = Path(__file__).parents[3] / "tenin" / "shop" / "sample" / "orders.yml"


def valued(text: str, label: str) -> list[str | None]:
    return [entity.value for entity in find_entities(text) if entity.label == label]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("¥199", "199.00 CNY"),
        ("￥１９９", "199.00 CNY"),
        ("预算199元", "199.00 CNY"),
        ("两百块能买啥", "200.00 CNY"),
        ("兩百塊", "200.00 CNY"),
        ("两百五十块钱", "250.00 CNY"),
        ("两百五块", "250.00 CNY"),
        ("一块钱", "1.00 CNY"),
        ("3块5", "3.50 CNY"),
        ("1.5万元", "15000.00 CNY"),
        ("NT$300", "300.00 TWD"),
        ("500台幣", "500.00 TWD"),
        ("新台幣500元", "500.00 TWD"),
        ("3,000円", "3000.00 JPY"),
        ("1万円", "10000.00 JPY"),
        ("1万2千円", "12000.00 JPY"),
        ("予算は¥5000です", "5000.00 JPY"),
        ("$20", "20.00 USD"),
        ("$1,299.50 is a lot", "1299.50 USD"),
        ("20 bucks", "20.00 USD"),
        ("差$300可以退嗎", "300.00"),
        ("300 yuan", "300.00 CNY"),
        ("rmb 80", "80.00 CNY"),
        ("€35", "35.00 EUR"),
        ("50 quid", "50.00 GBP"),
        ("HK$120", "120.00 HKD"),
    ],
)
def test_money_is_an_amount_and_its_currency(text: str, value: str) -> None:
    assert valued(text, "money") == [value]


@pytest.mark.parametrize(
    "text",
    [
        "一块去",
        "一块儿买",
        "这块布",
        "元旦",
        "三元素",
        "円周率",
        "20",
        "$",
        "¥",
        "一元化",
        "千元",
        "20 buckets",
        "5 yearning",
    ],
)
def test_what_is_no_money(text: str) -> None:
    assert valued(text, "money") in ([], ["1000.00 CNY"] if text == "千元" else [])


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("size m", ["M"]),
        ("size S please", ["S"]),
        ("sizes M and L", ["M", "L"]),
        ("M or L?", ["M", "L"]),
        ("S/M/L", ["S", "M", "L"]),
        ("do you have it in M", ["M"]),
        ("M", ["M"]),
        ("xl", ["XL"]),
        ("XXXXL", ["4XL"]),
        ("M码改成S码", ["M", "S"]),
        ("黑色M號還有嗎", ["M"]),
        ("Ｍサイズありますか", ["M"]),
        ("白のLがほしい", ["L"]),
        ("MとLで迷っています", ["M", "L"]),
        ("选M还是L", ["M", "L"]),
        ("42码", ["42"]),
        ("４２码", ["42"]),
        ("四十二码", ["42"]),
        ("size 42", ["42"]),
        ("EU 42", ["42"]),
        ("eu42.5", ["42.5"]),
        ("US 9", ["US 9"]),
        ("size 6 uk", ["UK 6"]),
        ("im usually a UK 8.5", ["UK 8.5"]),
        ("我要38号", ["38"]),
        ("27.5cm", ["27.5cm"]),
        ("２７．５ｃｍ", ["27.5cm"]),
        ("26センチはありますか", ["26cm"]),
        ("サイズを24.5に訂正", ["24.5"]),
        ("均码", ["one"]),
        ("フリーサイズ", ["one"]),
    ],
)
def test_sizes_in_all_their_writings(text: str, values: list[str]) -> None:
    assert valued(text, "size") == values


@pytest.mark.parametrize(
    "text",
    [
        "I",
        "May I",
        "it's late",
        "what's up",
        "the customer's bag",
        "l",
        "s",
        "Model S1",
        "iPhone XS",
        "M&M",
        "5 L of water",
        "a 2L bottle",
        "AT&T",
        "I'm 178 cm",
        "158cm",
        "S$20",
        "give us 9 days",
        "GIVE US 9 DAYS",
        "in the UK 3 days",
        "what size am i",
        "size up",
        "need one size smaller",
        "ワンサイズ上",
        "頭囲60cm",
        "30 x 20 cm",
        "密码",
        "号码",
        "几码",
        "S.O.S",
        "L'Oreal",
        "Mr. S. Lee",
        "vitamin C",
        "5号",
        "大一号",
        "1,000 US dollars",
    ],
)
def test_what_is_no_size(text: str) -> None:
    assert valued(text, "size") == []


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("两件", ["2"]),
        ("兩雙襪子", ["2"]),
        ("要三顶帐篷", ["3"]),
        ("3個ください", ["3"]),
        ("３個", ["3"]),
        ("二十件", ["20"]),
        ("3つ頼みました", ["3"]),
        ("靴を2足", ["2"]),
        ("2 pairs", ["2"]),
        ("two black jackets", ["2"]),
        ("a pair of socks", ["1"]),
        ("a couple of jackets", ["2"]),
        ("a couple of them", ["2"]),
        ("a dozen bottles", ["12"]),
        ("x3", ["3"]),
        ("3 x", ["3"]),
        ("two of these", ["2"]),
        ("三件M的和兩雙", ["3", "2"]),
    ],
)
def test_quantities_of_goods(text: str, values: list[str]) -> None:
    assert valued(text, "quantity") == values


@pytest.mark.parametrize(
    "text",
    [
        "2 weeks",
        "a couple of days",
        "a couple of questions",
        "iPhone 15",
        "iPhone 15 case bag",
        "一下",
        "十分",
        "万一",
        "一直",
        "十足",
        "三包",
        "一个月",
        "两个问题",
        "第二双",
        "这两件",
        "一件事",
        "一着急",
        "一支持",
        "两个星期",
        "3ヶ月",
        "何個",
        "一本化",
        "一本正经",
        "星5つ",
        "30x20",
        "3x + 5",
        "the 2 person tent",
        "a 750 ml flask",
        "one of them",
        "one of those",
        "the two jackets",
        "0 items",
        "4 days",
        "10 emails",
        "2xl",
    ],
)
def test_what_is_no_quantity_of_goods(text: str) -> None:
    assert valued(text, "quantity") == []


@pytest.mark.parametrize(
    ("text", "codes"),
    [
        ("the black one or navy", ["black", "navy"]),
        ("sand coloured trousers", ["sand"]),
        ("the sand jacket", ["sand"]),
        ("the rust one", ["rust"]),
        ("colour: forest", ["forest"]),
        ("steel grey", ["steel"]),
        ("黑色还是军绿", ["black", "olive"]),
        ("黑的", ["black"]),
        ("藏青色", ["navy"]),
        ("沙色和锈红", ["sand", "rust"]),
        ("墨綠", ["forest"]),
        ("松针绿", ["pine"]),
        ("炭灰", ["charcoal"]),
        ("黒の26cm", ["black"]),
        ("紺から白に", ["navy", "white"]),
        ("ネイビーとオリーブ", ["navy", "olive"]),
        ("カーキ", ["olive"]),
        ("モスグリーン", ["moss"]),
    ],
)
def test_colours_by_the_shops_codes(text: str, codes: list[str]) -> None:
    assert valued(text, "colour") == codes


@pytest.mark.parametrize(
    "text",
    [
        "sink into sand",
        "will it rust",
        "a walk in the forest",
        "stainless steel bottle",
        "black friday",
        "黑色星期五",
        "ブラックフライデー",
        "サンドイッチ",
        "面白い",
        "真っ白",
        "告白",
        "空白",
        "Mr Brown",
        "黑店",
        "拉黑",
        "白问了",
        "greenhouse",
        "stone",
        "绿色通道",
        "紅白",
    ],
)
def test_what_is_no_colour(text: str) -> None:
    assert valued(text, "colour") == []


def test_every_colour_of_the_sample_orders_has_words() -> None:
    codes = set(re.findall(r"colour: ([a-z]+)", SAMPLE.read_text(encoding="utf-8")))
    assert codes
    for code in codes:
        assert valued(f"the {code} one", "colour") == [code]
