"""Telling whether a contact is the customer's, however it is written."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tenin.shop.contact import same_contact, same_email, same_phone

EMAIL = "lin.xiaoyu@example.com"
PHONE = "+86 154 0000 0101"


@pytest.mark.parametrize(
    ("given_", "stored"),
    [
        ("154 0000 0101", PHONE),
        ("15400000101", PHONE),
        ("+8615400000101", "154-0000-0101"),
        ("8615400000101", "154 0000 0101"),
        ("0086 154 0000 0101", PHONE),
        ("(+86)154-0000-0101", PHONE),
        ("＋８６　１５４０００００１０１", PHONE),
        ("电话：15400000101", PHONE),
        ("0900000121", "+886 900 000 121"),
        ("+886-900-000-122", "0900-000-122"),
        ("090-0000-0131", "+81 90 0000 0131"),
        ("+81 (0)90 0000 0132", "090-0000-0132"),
        ("020 7946 0141", "+44 20 7946 0141"),
        ("+44 (0)20 7946 0141", "+44 20 7946 0141"),
        ("202-555-0144", "+1 202 555 0144"),
        ("+1 303 555 0145", "(303) 555-0145"),
    ],
)
def test_one_number_in_many_forms(given_: str, stored: str) -> None:
    assert same_phone(given_, stored)
    assert same_phone(stored, given_)


@pytest.mark.parametrize(
    "given_",
    [
        "",
        "0",
        "0000000",
        "101",
        "0000 0101",  # the end of it
        "4 0000 0101",
        "154 0000 010",  # the beginning of it
        "154 0000 0102",
        "154 0000 01010",
        "111 154 0000 0101",  # no country has this code
        "\0",
        "\ud800",
        "phone",
    ],
)
def test_other_numbers_are_other_numbers(given_: str) -> None:
    assert not same_phone(given_, PHONE)
    assert not same_phone(given_, "154 0000 0101")


@pytest.mark.parametrize(
    "given_",
    [EMAIL, " Lin.Xiaoyu@Example.COM\n", "ｌｉｎ.ｘｉａｏｙｕ＠example.com"],
)
def test_one_address_in_many_forms(given_: str) -> None:
    assert same_email(given_, EMAIL)


@pytest.mark.parametrize(
    "given_",
    ["", "@", "lin.xiaoyu", "linxiaoyu@example.com", EMAIL + "x", EMAIL[:-1], "\0", "\ud800@"],
)
def test_other_addresses_are_other_addresses(given_: str) -> None:
    assert not same_email(given_, EMAIL)


@given(st.text())
def test_nothing_is_the_contact_of_one_who_has_none(text: str) -> None:
    assert not same_contact(text, "no address", "")


@given(st.text(st.characters(exclude_categories=["Nd", "No", "Nl", "Lo"]), max_size=30))
def test_any_words_around_a_number_are_left_out(words: str) -> None:
    digits = "15400000101"
    assert same_phone(words.replace("(", "") + digits, PHONE)


@given(st.from_regex(r"[1-9][0-9]{8,11}", fullmatch=True), st.integers(0, 11), st.integers(1, 9))
def test_a_wrong_digit_is_a_wrong_number(number: str, place: int, change: int) -> None:
    place %= len(number)
    wrong = number[:place] + str((int(number[place]) + change) % 10) + number[place + 1 :]
    if wrong.startswith("0"):  # one digit fewer: the rest of it may be the number of a country
        return
    assert not same_phone(wrong, number)
