"""What customers want goods for, and what they would spend, in their own words."""

from decimal import Decimal

import pytest

from tenin.language import wishes


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("for walking in the hills", ["hiking"]),
        ("想买去露营用的，雨天也能用", ["camping", "rain"]),
        ("想送我媽的生日禮物", ["gift"]),
        ("普段使いと通勤です", ["commute"]),
        ("something blue", []),
        ("my trainer is late", []),
    ],
)
def test_purposes(text: str, found: list[str]) -> None:
    assert wishes.purposes(text) == found


@pytest.mark.parametrize(
    "text", ["No preference", "都可以", "随便啦", "沒差", "特にないです", "Ｓｋｉｐ"]
)
def test_a_question_left_open(text: str) -> None:
    assert wishes.leaves_open(text)


@pytest.mark.parametrize("text", ["for camping", "300", "徒步", "テント", "skipping rope"])
def test_an_answer_is_not_left_open(text: str) -> None:
    assert not wishes.leaves_open(text)


@pytest.mark.parametrize(
    "text", ["just tell me which one", "别问了，直接推荐", "直接推薦就好", "とにかく見せてほしい"]
)
def test_no_more_questions(text: str) -> None:
    assert wishes.is_hurried(text)
    assert not wishes.is_hurried("take your time")


@pytest.mark.parametrize("text", ["not too expensive", "便宜点的", "不要太貴", "手頃なもの"])
def test_little_is_to_be_spent(text: str) -> None:
    assert wishes.wants_little_spent(text)


@pytest.mark.parametrize(
    ("text", "asked", "most"),
    [
        ("300", True, 300),
        ("between 200 and 300 I guess", True, 300),
        ("三百左右", True, 300),
        ("預算五百以內", False, 500),
        ("5000元まで", False, 5000),
        ("a tent for 4", False, None),
        ("202611050318", True, None),
        ("no idea", True, None),
    ],
)
def test_the_most_to_be_spent(text: str, asked: bool, most: int | None) -> None:
    assert wishes.most_to_spend(text, asked) == (None if most is None else Decimal(most))


def test_words_to_search_for_are_of_the_catalogue_s_language() -> None:
    assert "徒步" in wishes.purpose_words("hiking", "zh-Hans")
    assert "hills" in wishes.purpose_words("徒步", "en")
    assert wishes.purpose_words("waterproof kayak thing", "en")[:1] == ["rain"]
    assert wishes.own_words("waterproof kayak thing") == ["waterproof", "kayak", "thing"]
    assert wishes.purpose_words("", "ja") == wishes.own_words("") == []
