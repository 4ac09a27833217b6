"""What is named by rule: found in any language, without a neighbour, in no other thing's place."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tenin.language.entities import find_entities

PIECES = [
    "202611050042",
    "20261105-0042",
    "2026 1105 0042",
    "a.b@example.com",
    "13812345678@qq.com",
    "13812345678",
    "+86 138 1234 5678",
    "+44 20 7946 0018",
    "我的订单",
    " order ",
    "，",
    " ",
    "#",
    "-",
    "1",
    "2 0",
    "@",
]


def named(text: str) -> list[tuple[str, str]]:
    return [(entity.label, text[entity.start : entity.end]) for entity in find_entities(text)]


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("202611050042", "202611050042"),
        ("我的订单202611050042到哪了", "202611050042"),
        ("订单号:202611050042", "202611050042"),
        ("#202611050042", "202611050042"),
        ("No.202611050042, please", "202611050042"),
        ("order 20261105-0042?", "20261105-0042"),
        ("order 2026-11-05-0042", "2026-11-05-0042"),
        ("2026 1105 0042", "2026 1105 0042"),
        ("2 0 2 6 1 1 0 5 0 0 4 2", "2 0 2 6 1 1 0 5 0 0 4 2"),
        ("单号２０２６１１０５００４２", "２０２６１１０５００４２"),
        ("２０２６１１０５－００４２谢谢", "２０２６１１０５－００４２"),
        ("https://shop.example/orders/202611050042", "202611050042"),
    ],
)
def test_an_order_number_is_found_however_it_is_written(text: str, number: str) -> None:
    assert named(text) == [("order_number", number)]


@pytest.mark.parametrize(
    "text",
    [
        "20261105004",
        "2026110500421",
        "192611050042",
        "2011 2233 4455 6677",
        "4 202611050042".replace(" ", ""),
    ],
)
def test_other_numbers_are_no_order_numbers(text: str) -> None:
    assert "order_number" not in [label for label, _ in named(text)]


@pytest.mark.parametrize(
    ("text", "phone"),
    [
        ("13812345678", "13812345678"),
        ("电话13812345678谢谢", "13812345678"),
        ("138 1234 5678", "138 1234 5678"),
        ("138-1234-5678", "138-1234-5678"),
        ("+8613812345678", "+8613812345678"),
        ("+86 138 1234 5678", "+86 138 1234 5678"),
        ("008613812345678", "008613812345678"),
        ("１３８１２３４５６７８", "１３８１２３４５６７８"),
        ("call +44 20 7946 0018 pls", "+44 20 7946 0018"),
        ("+1 (415) 555-0132", "+1 (415) 555-0132"),
        ("415-555-0132", "415-555-0132"),
        ("07700 900417", "07700 900417"),
        ("010-12345678", "010-12345678"),
    ],
)
def test_a_telephone_number_is_found_however_it_is_written(text: str, phone: str) -> None:
    assert named(text) == [("phone", phone)]


@pytest.mark.parametrize(
    ("text", "email"),
    [
        ("me@example.com", "me@example.com"),
        ("我的邮箱是a.b+c@mail.example.com谢谢", "a.b+c@mail.example.com"),
        ("13812345678@qq.com", "13812345678@qq.com"),
        ("202611050042@163.com", "202611050042@163.com"),
        ("ｍｅ＠ｅｘａｍｐｌｅ．ｃｏｍ", "ｍｅ＠ｅｘａｍｐｌｅ．ｃｏｍ"),
        ("Me@Example.COM.", "Me@Example.COM"),
    ],
)
def test_an_address_is_found_and_keeps_its_digits(text: str, email: str) -> None:
    assert named(text) == [("email", email)]


@pytest.mark.parametrize(
    "text",
    [
        "202611050042 13812345678",
        "13812345678 202611050042",
        "20261105-0042 13812345678",
        "订单号202611050042，电话138 1234 5678",
        "+86 13812345678 202611050042",
        "电话138 1234 5678，订单号：2026 1105 0042",
    ],
)
def test_a_telephone_number_swallows_no_order_number(text: str) -> None:
    assert sorted(label for label, _ in named(text)) == ["order_number", "phone"]


@given(st.lists(st.sampled_from(PIECES) | st.text(max_size=5)).map("".join))
def test_entities_stand_in_order_and_apart(text: str) -> None:
    ends = 0
    for entity in find_entities(text):
        assert ends <= entity.start < entity.end <= len(text)
        ends = entity.end


@pytest.mark.parametrize("piece", ["a", "1 ", "+1 ", "a@", "a@b.", "2 0 ", "((", "20", "-", "1-("])
def test_a_long_message_is_gone_through(piece: str) -> None:
    """A rule that tries every way to cut it would not end before the tests are stopped."""
    text = (piece * 20_000)[:20_000]
    assert all(entity.end <= len(text) for entity in find_entities(text))
