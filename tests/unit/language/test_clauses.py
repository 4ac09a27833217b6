"""A message is cut where another wish may begin, and nowhere else."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tenin.language.clauses import clauses


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("cancel it, and when do I get the money?", ["cancel it", "when do I get the money"]),
        ("Where is my order? Also cancel it", ["Where is my order", "cancel it"]),
        ("track my parcel AND change the address", ["track my parcel", "change the address"]),
        ("the zip broke; one more thing do you ship to Japan", [
            "the zip broke", "do you ship to Japan",
        ]),
        ("where is it\ncancel it", ["where is it", "cancel it"]),
        ("取消订单，另外退款多久到账", ["取消订单", "退款多久到账"]),
        ("帮我取消订单还有运费退吗", ["帮我取消订单", "运费退吗"]),
        ("我要取消訂單，順便問運費怎麼算", ["我要取消訂單", "問運費怎麼算"]),
        ("注文をキャンセルしたい。それと返金はいつですか", [
            "注文をキャンセルしたい", "返金はいつですか",
        ]),
        ("届きません、あと返品したい", ["届きません", "返品したい"]),
        ("认证码不来,运费多少", ["认证码不来", "运费多少"]),
        ("Hi, where is my order?", ["where is my order"]),
    ],
)  # fmt: skip
def test_a_message_is_cut_into_its_wishes(text: str, found: list[str]) -> None:
    assert clauses(text) == (found if len(found) > 1 else [])


@pytest.mark.parametrize(
    "text",
    [
        "", "   ", "where is my order", "我的订单到哪了？", "注文はどこですか",
        "the sandals for Andrea",  # "and" only as a part of words
        "k. n", "...", "1; 2; 3",  # too short for a wish
        "the shoes came on monday, they pinch",  # a comma ends a reason as often as a wish
        "認証コードが来なくて、登録が終わりません",
    ],
)  # fmt: skip
def test_one_wish_is_not_cut(text: str) -> None:
    assert clauses(text) == []


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("my mail is mei@mail.example.com. where is my order", [
            "my mail is mei@mail.example.com", "where is my order",
        ]),
        ("it cost $1,299.00 and I want it back", ["it cost $1,299.00", "I want it back"]),
        ("bought on Nov 5, 2026. where is it", ["bought on Nov 5, 2026", "where is it"]),
    ],
)  # fmt: skip
def test_what_is_named_is_not_cut(text: str, found: list[str]) -> None:
    assert clauses(text) == found


@pytest.mark.parametrize("text", ["my mail is mei@example.com", "订单金额¥1,299.00"])
def test_a_sign_within_an_entity_is_no_joint(text: str) -> None:
    assert clauses(text) == []


def test_a_story_is_not_cut() -> None:
    six = [f"clause number {word}" for word in ("one", "two", "three", "four", "five", "six")]
    assert clauses("; ".join(six)) == six
    assert clauses("; ".join([*six, "clause number seven"])) == []


@given(st.lists(st.sampled_from(["订单", "order", " and ", "，", "?", "a@b.co", "また、", " "])))
def test_clauses_are_parts_of_the_message_in_their_order(pieces: list[str]) -> None:
    text = "".join(pieces)
    found = clauses(text)
    at = 0
    for each in found:
        at = text.index(each, at) + len(each)
        assert each == each.strip(" ,、")
        assert len(each) >= 2
    assert len(found) != 1
