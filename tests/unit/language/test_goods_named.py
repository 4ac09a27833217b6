"""Goods are found in messages by any of their names, in four languages, and nothing else is."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from spacy.language import Language

from tenin.language.goods import Found, Matcher, Name

NAMES = [
    Name("product", "KS-101", "Moss Trail Walking Shoes"),
    Name("product", "KS-101", "苔径低帮徒步鞋"),
    Name("product", "KS-101", "モストレイル ウォーキングシューズ"),
    Name("product", "KS-101", "KS-101"),
    Name("product", "KS-102", "KS-102"),
    Name("product", "KJ-201", "衝鋒衣"),
    Name("product", "KC-301", "美利奴日常 T 恤"),
    Name("product", "KC-304", "徒步羊毛袜（两双装）"),
    Name("product", "KW-502", "Trail Steel Bottle 750 ml"),
    Name("product", "KT-601", "鸟巢双人帐篷"),
    Name("product", "KB-403", "Café Tote"),
    Name("category", "shoes", "shoes"),
    Name("category", "shoes", "sneakers"),
    Name("category", "shoes", "trainers"),
    Name("category", "shoes", "鞋"),
    Name("category", "shoes", "鞋子"),
    Name("category", "shoes", "靴"),
    Name("category", "shoes", "くつ"),
    Name("category", "shoes", "シューズ"),
    Name("category", "jackets", "jackets"),
    Name("category", "jackets", "レインコート"),
    Name("category", "bags", "包"),
    Name("category", "bags", "バッグ"),
    Name("category", "bags", "Batteries"),
    Name("category", "bags", "Boxes"),
    Name("category", "clothing", "t-shirt"),
    Name("category", "clothing", "dress"),
]
GOODS = Matcher(NAMES)


def found(text: str, matcher: Matcher = GOODS) -> list[tuple[str, str]]:
    """What is found in a text without words: code and piece of text."""
    return [(each.code, text[each.start : each.end]) for each in matcher.find(text)]


@pytest.mark.parametrize(
    ("text", "code", "piece"),
    [
        ("is the moss trail walking shoes in stock", "KS-101", "moss trail walking shoes"),
        ("MOSS-TRAIL  Walking shoes!!", "KS-101", "MOSS-TRAIL  Walking shoes"),
        ("mosstrailwalkingshoes", "KS-101", "mosstrailwalkingshoes"),
        ("one moss trail walking shoe", "KS-101", "moss trail walking shoe"),
        ("苔徑低幫徒步鞋還有貨嗎", "KS-101", "苔徑低幫徒步鞋"),
        ("我想买那个冲锋衣", "KJ-201", "冲锋衣"),
        ("美利奴日常T恤多少钱", "KC-301", "美利奴日常T恤"),
        ("美利奴日常 Ｔ恤多少钱", "KC-301", "美利奴日常 Ｔ恤"),
        ("徒步羊毛袜(两双装)有吗", "KC-304", "徒步羊毛袜(两双装"),
        (
            "モストレイルウォーキングシューズはありますか",
            "KS-101",
            "モストレイルウォーキングシューズ",
        ),
        ("ﾓｽﾄﾚｲﾙ ｳｫｰｷﾝｸﾞｼｭｰｽﾞ", "KS-101", "ﾓｽﾄﾚｲﾙ ｳｫｰｷﾝｸﾞｼｭｰｽﾞ"),
        ("れいんこーとありますか", "jackets", "れいんこーと"),
        ("ランニングシューズ", "shoes", "シューズ"),
        ("ks101还有吗", "KS-101", "ks101"),
        ("ＫＳ－１０２?", "KS-102", "ＫＳ－１０２"),
        ("trail steel bottle 750ml", "KW-502", "trail steel bottle 750ml"),
        ("a cafe tote", "KB-403", "cafe tote"),
        ("t shirts", "clothing", "t shirts"),
        ("any TSHIRT?", "clothing", "TSHIRT"),
        ("my battery", "bags", "battery"),
        ("a box", "bags", "box"),
        ("dresses", "clothing", "dresses"),
        ("鞋", "shoes", "鞋"),
        ("shoes😀", "shoes", "shoes"),
        ("我的sneakers到哪了", "shoes", "sneakers"),
    ],
)
def test_a_name_is_found_however_it_is_written(text: str, code: str, piece: str) -> None:
    assert found(text) == [(code, piece)]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "   ",
        "horseshoes",
        "shoestring",
        "KS-1011",
        "XKS-101",
        "包邮吗",
        "靴下はありますか",
        "くつろぐ",
        "シューズケース",
        "バッグパック",
        "t. shirt",
        "s hoes",
        "\ud800",
        "苔径。低帮徒步鞋"[:4],
    ],
)
def test_a_part_of_another_word_is_no_name(text: str) -> None:
    assert found(text) == []


@pytest.mark.parametrize(
    "text",
    ["snekaers", "snaekers", "sneekers", "sneakrs", "sneakerrs", "sneakets", "jakcets", "jacketd"],
)
def test_one_slip_in_a_long_name_is_forgiven(text: str) -> None:
    assert [piece for _, piece in found(f"my {text} please")] == [text]


@pytest.mark.parametrize(
    "text",
    [
        *("speakers", "scandals", "packets", "rackets", "strainers", "shose", "sneakkeers"),
        *("鸟巢四人帐篷", "鸟巢单人帐篷", "trail steel bottle 650 ml", "t-shift"),
    ],
)
def test_another_word_or_number_is_no_slip(text: str) -> None:
    assert not {code for code, _ in found(text)} & {"KT-601", "KW-502", "jackets", "shoes"}


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("苔径低邦徒步鞋", "KS-101"),
        ("鸟巢双人帐", "KT-601"),
        ("moss trial walking shoes", "KS-101"),
    ],
)
def test_a_slip_in_any_script(text: str, code: str) -> None:
    assert found(f"{text}?")[0] == (code, text)


def test_a_slip_that_may_mean_two_things_means_none() -> None:
    matcher = Matcher([Name("product", "A", "abcdefgh"), Name("product", "B", "abcdrfgh")])
    assert found("abcdefgh abcdrfgh", matcher) == [("A", "abcdefgh"), ("B", "abcdrfgh")]
    assert found("abcd4fgh abcdfgh", matcher) == []


def test_digits_swapped_in_the_middle_are_another_number() -> None:
    matcher = Matcher([Name("product", "X", "abcd12efgh")])
    assert found("abcd12efgh abcd21efgh", matcher) == [("X", "abcd12efgh")]


def test_the_longest_name_wins() -> None:
    assert found("walking shoes, moss trail walking shoes, shoes") == [
        ("shoes", "shoes"),
        ("KS-101", "moss trail walking shoes"),
        ("shoes", "shoes"),
    ]
    assert found("moss trail wlaking shoes") == [("KS-101", "moss trail wlaking shoes")]


def test_a_name_of_several_goods_gives_them_all() -> None:
    matcher = Matcher([Name("product", code, "Nest Tent") for code in ("B", "A", "A")])
    assert matcher.find("nest tents") == [Found("product", c, 0, 10) for c in ("B", "A")]


def test_a_name_itself_goes_before_another_ones_plural() -> None:
    matcher = Matcher([Name("category", "hats", "Hats"), Name("product", "H-1", "Hat")])
    assert found("a hat and hats", matcher) == [("H-1", "hat"), ("hats", "hats")]


def test_what_is_taken_already_is_left_alone() -> None:
    text = "write to shoes@example.com about shoes"
    assert GOODS.find(text, taken=[(9, 26)]) == [Found("category", "shoes", 33, 38)]


def test_single_signs_are_found_where_they_are_words(pipeline: Language) -> None:
    for text, expected in {
        "想买包": ["bags"],
        "包邮吗": [],
        "有没有靴": ["shoes"],
    }.items():
        words = [(token.idx, token.idx + len(token)) for token in pipeline(text)]
        assert [each.code for each in GOODS.find(text, words)] == expected
    assert [each.code for each in GOODS.find("鞋很好", [(0, 1), (1, 3)])] == ["shoes"]
    assert GOODS.find("鞋很好", [(0, 3)]) == []
    assert GOODS.find("くつを", [(0, 2), (2, 3)])[0].code == "shoes"


@pytest.mark.parametrize("text", ["", " ", "-", "A", "7", "42", "...", "（）", "\ud800"])
def test_what_is_no_name_is_not_looked_for(text: str) -> None:
    matcher = Matcher([Name("product", "X", text)])
    assert matcher.find(f"{text} A 7 42 a - ... x") == []


NOISE = st.text(st.characters() | st.sampled_from("鞋包shoe スーﾞﾟー́‍ 1.-。🏃"), max_size=30)


@given(before=NOISE, after=NOISE, name=st.sampled_from(NAMES))
def test_a_name_stands_where_it_is_said_to_stand(before: str, after: str, name: Name) -> None:
    text = f"{before}. {name.text} .{after}"
    start = len(before) + 2
    end = start + len(name.text.rstrip("）"))
    assert Found(name.kind, name.code, start, end) in GOODS.find(text)


@given(text=NOISE, words=st.lists(st.tuples(st.integers(0, 30), st.integers(0, 30))))
def test_places_lie_in_the_text_in_order_and_apart(text: str, words: list[tuple[int, int]]) -> None:
    last = 0
    for each in GOODS.find(text, words):
        assert last <= each.start < each.end <= len(text)
        last = each.end


@given(st.text(st.sampled_from("abcdefst鞋双"), min_size=7, max_size=12), st.data())
def test_every_swap_of_neighbours_after_the_first_is_forgiven(
    name: str, data: st.DataObject
) -> None:
    at = data.draw(st.integers(1, len(name) - 2))
    written = name[:at] + name[at + 1] + name[at] + name[at + 2 :]
    letters = sum(letter not in "鞋双" for letter in name)
    matcher = Matcher([Name("product", "X", name)])
    expected = letters >= 6 and "双" not in written[at : at + 2]
    if expected or written == name:
        assert [each.code for each in matcher.find(written)] == ["X"]
