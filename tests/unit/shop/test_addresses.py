"""Of an address nothing is told but the end of its postcode."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tenin.shop.addresses import SHOWN, clean, destination_of


@pytest.mark.parametrize(
    ("address", "told"),
    [
        ("上海市静安区示例路 12 号 302 室 200040", "…040"),
        ("上海市静安区示例路12号，邮编２０００４０，电话 15400000101", "…040"),
        ("〒150-0001 東京都渋谷区見本町 1-2-3", "…001"),
        ("14 Example Street, London se1 0aa", "…0AA"),
        ("120 Example Avenue, Springfield 00045", "…045"),
        ("台北市大安區範例路一段 25 號 4 樓", None),
        ("Example Road 7, phone 15400000101", None),
        ("+86-154-0000-0101", None),
        ("", None),
    ],
)
def test_the_end_of_a_postcode(address: str, told: str | None) -> None:
    assert destination_of(address) == told


@given(st.text())
def test_never_more_than_the_end(address: str) -> None:
    told = destination_of(clean(address))
    assert told is None or len(told) == SHOWN + 1


@given(st.text())
def test_an_address_is_one_line_that_any_database_takes(address: str) -> None:
    cleaned = clean(address)
    assert cleaned.isprintable()
    assert cleaned == cleaned.strip() == clean(cleaned)
    cleaned.encode()
