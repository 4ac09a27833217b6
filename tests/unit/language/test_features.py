"""What the classifier sees of a message."""

import pytest
from spacy.language import Language

from tenin.language.features import features, script


def words(pipeline: Language, text: str) -> set[str]:
    return {feature[2:] for feature in features(pipeline(text)) if feature.startswith("w ")}


def pieces(pipeline: Language, text: str) -> set[str]:
    return {feature[2:] for feature in features(pipeline(text)) if feature.startswith("c ")}


def test_words_stand_alone_and_in_pairs(pipeline: Language) -> None:
    assert words(pipeline, "Where is it?") == {"where", "is", "it", "where is", "is it"}
    assert words(pipeline, "怎么退货") == {"怎么", "退货", "怎么 退货"}


def test_pieces_of_text_are_one_to_five_signs_long(pipeline: Language) -> None:
    assert pieces(pipeline, "退货吗") == {
        *("退", "货", "吗"),
        *(" 退", "退货", "货吗", "吗 "),
        *(" 退货", "退货吗", "货吗 "),
        *(" 退货吗", "退货吗 "),
        " 退货吗 ",
    }


def test_no_piece_reaches_over_a_space(pipeline: Language) -> None:
    assert not [piece for piece in pieces(pipeline, "pay ayy") if " " in piece.strip()]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("order 202611050042", "order 209912310001"),
        ("订单202611050042到哪了", "订单2026 1105 0043到哪了"),
        ("mail me@example.com", "mail another.one@mail.example.org"),
        ("call 13812345678", "call +44 20 7946 0018"),
        ("number 12345678", "number 987654321"),
        ("ＨＥＬＬＯ，there", "hello,there"),
    ],
)
def test_one_number_address_or_width_is_as_good_as_another(
    pipeline: Language, one: str, other: str
) -> None:
    assert features(pipeline(one)) == features(pipeline(other))


@pytest.mark.parametrize(
    ("one", "other", "shared"),
    [
        ("訂單", "订单", {"订单"}),
        ("訂單到哪了", "订单什么时候到", {"订单", "到"}),
        ("とどかない", "届きました", {"届く"}),
        ("届かない", "届きません", {"届く"}),
        ("ﾃﾝﾄは", "テントを", {"テント"}),
        ("ＯＲＤＥＲ", "Order", {"order"}),
    ],
)
def test_one_word_written_in_two_ways_is_one_feature(
    pipeline: Language, one: str, other: str, shared: set[str]
) -> None:
    assert words(pipeline, one) & words(pipeline, other) >= shared


def test_traditional_and_simplified_text_have_the_same_features(pipeline: Language) -> None:
    assert features(pipeline("我的訂單到哪了")) == features(pipeline("我的订单到哪了"))


@pytest.mark.parametrize("text", ["\ud83d", "我的\ud83d订单", "届\udc00く"])
def test_half_a_sign_hides_nothing(pipeline: Language, text: str) -> None:
    assert pieces(pipeline, text) >= {sign for sign in text if not "\ud800" <= sign <= "\udfff"}


def test_different_kinds_of_entities_are_told_apart(pipeline: Language) -> None:
    assert words(pipeline, "202611050042") != words(pipeline, "me@example.com")


@pytest.mark.parametrize("text", ["", "   ", "???", "！。，", "\u200b\n"])
def test_signs_alone_are_nothing(pipeline: Language, text: str) -> None:
    assert not features(pipeline(text))


def test_the_kind_of_script_is_told(pipeline: Language) -> None:
    assert script(pipeline("我的order")) == "han"
    assert script(pipeline("注文の")) == "han"
    assert script(pipeline("my order")) == "spaced"
